"""Signals, GPUs and inference services on the screen: every number with its unit, and nothing shown as zero."""

from __future__ import annotations

from typing import Any

from tests import builders
from tests.builders import NOW, a_gpu, a_model, a_node, a_signal
from tests.tui.harness import SIZES, Desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.gpus import GpuProcess, GpuRow
from wfconsole.observations.signals import SignalHistoryRow
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.listings import listings_of

P99: dict[str, Any] = {"title": "p99", "unit": "seconds", "warning": 0.8, "critical": 2.0, "place": 1}
END = NOW // MINUTE * MINUTE


def an_hour(*newest: float | None, before: float | None = 0.001) -> SignalHistoryRow:
    points = (*[before] * (60 - len(newest)), *newest)
    return SignalHistoryRow(points, END, MINUTE)


def a_desk() -> Desk:
    desk = Desk()
    signals = [
        a_signal("errors", 0.078, promql="sum(rate(failed[5m])) / sum(rate(all[5m]))"),
        a_signal("errors", 0.2, group="production/checkout"),
        a_signal("errors", 0.0, group="production/orders"),
        a_signal("p99", 0.3, **P99),
        a_signal("node-cpu", None, title="node cpu", warning=0.9, critical=None, place=2, slo=False),
    ]
    desk.tell("signals", signals, interval_ms=10 * SECOND)
    desk.tell("signal_history", {"errors": an_hour(0.02, 0.05, 0.078)}, interval_ms=60 * SECOND)
    desk.tell("nodes", [a_node(gpus=4, gpus_allocated=3)])
    desk.tell("gpus", [a_gpu(), a_gpu("1", utilization=None, power=None, xid=None, memory_total=None)])
    desk.tell("inference", [a_model(queue=60.0, queue_low=5.0), a_model("reranker", latency=None, cache=None)])
    return desk


def cells_of(desk: Desk, pane: int, view: str, key: str) -> list[str]:
    listing = next(each for each in listings_of(pane) if each.name == view)
    return [cell.text for cell in listing.cells(frame_of(desk, UNICODE, observer=False), key)]


def test_signals_that_are_as_bad_stand_as_they_are_told_in_every_console() -> None:
    desk, rules = Desk(), [f"rule-{number}" for number in range(20)]
    desk.tell("signals", [a_signal(rule) for rule in rules])
    golden = listings_of(2)[0]
    assert list(golden.keys(frame_of(desk, UNICODE, observer=False), "worst")) == rules


async def test_the_golden_signals_are_totals_with_the_worst_first() -> None:
    async with war_room(a_desk(), SIZES[1]) as room:
        assert "err 7.8% (SLO 1.0)" in room.text
        await room.press("2")
        rows = [
            line for line in room.lines if (" all " in line and "%" in line) or "0.30s" in line or "node cpu" in line
        ]
        assert [" ".join(row.split()[2:6]) for row in rows[:1]] == ["err all 7.8% 1.0%"]
        assert "production/checkout" not in room.text
        assert "no such series" in room.text
        assert "1 rule without series" in room.text


async def test_services_are_a_view_of_their_own() -> None:
    async with war_room(a_desk(), SIZES[1]) as room:
        await room.press("2", "v")
        assert "production/checkout" in room.text
        assert "node cpu" not in room.text
        assert room.text.index("production/checkout") < room.text.index("production/orders")


async def test_a_signal_opens_with_its_question_its_hour_and_its_services() -> None:
    async with war_room(a_desk(), SIZES[1]) as room:
        await room.press("2", "enter")
        said = flat(room.text)
        assert "sum(rate(failed[5m])) / sum(rate(all[5m]))" in said
        assert "warning above 1.0% critical above 5.0% a promise to users" in said
        assert "0.1% to 7.8%" in said
        assert "production/checkout" in said


async def test_an_hour_that_is_old_says_how_old_it_is() -> None:
    desk = a_desk()
    desk.clock.advance(5 * MINUTE)
    async with war_room(desk, SIZES[1]) as room:
        await room.press("2", "enter")
        said = flat(room.text)
        assert "as it was 5m00s ago" in said
        assert "until 14:32:00Z, 5m07s ago" in said


def test_what_has_no_value_is_no_number() -> None:
    desk = a_desk()
    assert cells_of(desk, 2, "golden", "node-cpu")[3] == "--"
    assert cells_of(desk, 2, "golden", "node-cpu")[6] == "no such series"
    assert cells_of(desk, 2, "per service", "errors/production/orders")[3] == "0%"
    card = cells_of(desk, 5, "gpu use", "gpu-1/1/llm-1")
    assert card[4:9] == ["--", "--", "63 C", "--", "--"]
    model = cells_of(desk, 5, "inference", "reranker")
    assert model[4:8] == ["--", "", "24", "--"]


def test_cells_of_a_trend_stand_on_the_same_minutes_in_every_row() -> None:
    desk = Desk()
    desk.tell("signals", [a_signal("errors", 0.05), a_signal("p99", 2.0, **P99)])
    desk.tell("signal_history", {"errors": an_hour(0.05, before=0.0), "p99": an_hour(2.4, before=0.0)})
    rows = [cells_of(desk, 2, "golden", key)[5] for key in ("errors", "p99")]
    assert {len(row) for row in rows} == {20}
    assert all(row[-1] != row[-2] and len(set(row[:-1])) == 1 for row in rows)
    desk.clock.advance(6 * MINUTE)  # two cells later, of which nobody knows anything yet
    assert cells_of(desk, 2, "golden", "errors")[5] == rows[0][2:] + "  "


def test_a_gap_is_blank() -> None:
    desk = Desk()
    desk.tell("signals", [a_signal("errors", None, state="nan")])
    desk.tell("signal_history", {"errors": an_hour(*[None] * 30)})
    trend = cells_of(desk, 2, "golden", "errors")[5]
    assert trend.strip() == trend[:10].strip()
    assert trend[-9:] == " " * 9


async def test_use_stands_beside_allocation_and_queues_beside_use() -> None:
    async with war_room(a_desk(), SIZES[1]) as room:
        await room.press("5", "v", "v", "v")
        assert "2 GPUs   61% busy   0 with an Xid   3 of 4 allocated" in room.text
        await room.press("v")
        assert "62 requests wait   GPUs 61% busy" in room.text
        assert "queue grew 5 to 60" in room.text


async def test_allocation_that_nobody_knows_is_not_told() -> None:
    desk = a_desk()
    desk.fail("nodes", builders.a_failure("refused"))
    async with war_room(desk, SIZES[1]) as room:
        await room.press("5", "v", "v", "v")
        assert "-- allocated" in room.text


async def test_the_narrowest_screen_keeps_what_matters() -> None:
    async with war_room(a_desk()) as room:
        await room.press("2")
        assert max(len(line) for line in room.lines) == 80
        assert "7.8%" in room.text
        await room.press("5", "v", "v", "v")
        assert "61%" in room.text


def from_the_nodes() -> Desk:
    """Prometheus is gone: one card that is partitioned, and a node whose driver does not answer."""
    desk = Desk()
    desk.tell("nodes", [a_node(gpus=4, gpus_allocated=3)])
    programs = (GpuProcess(4711, "vllm", 40 << 30), GpuProcess(4712, "", None))
    asked: dict[str, Any] = {"pod": "", "namespace": "", "xid": None, "told_by": "nvidia-smi"}
    card = a_gpu(mig=True, utilization=None, processes=programs, **asked)
    silent = GpuRow("gpu-2", "", problem="exit code 9: NVIDIA-SMI has failed", told_by="nvidia-smi")
    desk.tell("gpus", {"gpu-1/0": card, "gpu-2/": silent}, partial="from nvidia-smi since 14:31:00Z: refused")
    return desk


def test_who_told_of_a_card_and_what_nobody_told_is_on_its_row() -> None:
    desk = from_the_nodes()
    assert cells_of(desk, 5, "gpu use", "gpu-1/0")[1:5] == ["gpu-1", "0 MIG", "--", "--"], "nobody told its pod"
    silent = cells_of(desk, 5, "gpu use", "gpu-2/")
    assert silent[1:9] == ["gpu-2", "--", "--", "--", "--", "--", "--", "--"]
    assert silent[9] == "exit code 9: NVIDIA-SMI has failed"


async def test_the_pane_says_that_the_nodes_told_and_since_when() -> None:
    desk = from_the_nodes()
    async with war_room(desk, SIZES[2]) as room:
        await room.press("5", "v", "v", "v")
        said = flat(room.text)
        assert "1 GPU -- busy -- with an Xid 3 of 4 allocated of what could be read: from nvidia-smi" in said
        assert "from nvidia-smi since 14:31:00Z: refused" in said
        await room.press("down")
        said = flat(room.text)
        assert "vllm 40.0Gi, -- --" in said
        assert "told by nvidia-smi, <1m ago" in said
