"""An autoscaler and a node, whole: what they say of themselves, since when, and what is not known."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import SIZES, Desk, troubled_desk, war_room, whole_text
from tests.tui.papers import flat
from wfconsole.clock import HOUR, MINUTE
from wfconsole.observations.conditions import ConditionRow
from wfconsole.observations.hpas import HpaMetric
from wfconsole.tui.screens.evidence import EvidenceScreen
from wfconsole.tui.screens.pod import PodScreen
from wfconsole.tui.screens.row import RowScreen
from wfconsole.tui.widgets.scroll_text import ScrollText

NO_METRICS = "the HPA was unable to compute the replica count: no metrics returned from resource metrics API"
NO_MEMORY = "kubelet has insufficient memory available"


def conditions(*those: tuple[str, str, str, str, int]) -> tuple[ConditionRow, ...]:
    return tuple(ConditionRow(kind, status, reason, says, NOW - ago) for kind, status, reason, says, ago in those)


def a_desk() -> Desk:
    """A blind autoscaler and a node without memory that both say why."""
    desk = troubled_desk()
    blind = builders.an_hpa(
        blind="FailedGetResourceMetric",
        current=9,
        desired=9,
        metrics=(HpaMetric("cpu", "", "70%"), HpaMetric("queue", "130", "100", 1.3)),
        last_scaled_at=NOW - 11 * MINUTE,
        conditions=conditions(
            ("AbleToScale", "True", "SucceededGetScale", "it was able to get the scale", HOUR),
            ("ScalingActive", "False", "FailedGetResourceMetric", NO_METRICS, 5 * MINUTE),
        ),
    )
    desk.tell("hpas", [blind])
    pressed = builders.a_node(
        "node-0",
        pressures=("MemoryPressure",),
        gpus=8,
        gpus_allocated=6,
        gpu_resource="nvidia.com/gpu",
        cpu_requested=6_000,
        taints=("node.kubernetes.io/memory-pressure:NoSchedule",),
        conditions=conditions(
            ("Ready", "True", "KubeletReady", "kubelet is posting ready status", HOUR),
            ("MemoryPressure", "True", "KubeletHasInsufficientMemory", NO_MEMORY, 4 * MINUTE),
        ),
    )
    desk.tell("nodes", [pressed])
    events = [
        builders.an_event(
            "FailedGetResourceMetric", kind="HorizontalPodAutoscaler", name="gateway", message=NO_METRICS
        ),
        builders.an_event("EvictionThresholdMet", kind="Node", name="node-0", namespace="default", count=3),
        builders.an_event("BackOff", name="gateway-7d9f6c-2xk0"),
    ]
    desk.tell("events", events)
    return desk


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_enter_on_an_autoscaler_shows_what_it_says_and_since_when(size: tuple[int, int]) -> None:
    async with war_room(a_desk(), size) as room:
        await room.press("4", "enter")
        assert isinstance(room.app.screen, RowScreen)
        assert "HPA gateway ▲ WARN   production" in room.lines[2]
        said = await whole_text(room)
        assert "runs 9 wants 9 may 3 to 12" in said
        assert "scaled last 11m00s ago, at 14:21:07Z" in said
        assert "cpu -- of 70% no value" in said
        assert "queue 130 of 100 130% of its target" in said
        assert f"ScalingActive False FailedGetResourceMetric for 5m00s {NO_METRICS}" in said
        assert said.index("ScalingActive") < said.index("AbleToScale"), "what is wrong comes first"
        assert "TARGET Deployment/gateway" in said
        assert "ready 9 of 12 revision 7" in said
        assert f"14:31:07Z FailedGetResourceMetric {NO_METRICS}" in said


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_enter_on_a_node_shows_what_it_says_has_and_uses(size: tuple[int, int]) -> None:
    async with war_room(a_desk(), size) as room:
        await room.press("5", "enter")
        assert "NODE node-0 ▲ WARN" in room.lines[2]
        said = await whole_text(room)
        assert f"MemoryPressure True KubeletHasInsufficientMemory for 4m00s {NO_MEMORY}" in said
        assert said.index("KubeletHasInsufficientMemory") < said.index("KubeletReady")
        assert "cpu 8.00 allocatable 6.00 requested (75%) 4.00 used (50%)" in said
        assert "gpus 8 allocatable 6 allocated nvidia.com/gpu" in said
        assert "TAINTS node.kubernetes.io/memory-pressure:NoSchedule" in said
        assert "production/gateway-7d9f6c-2xk0 CrashLoopBackOff" in said
        assert "gateway-7d9f6c-2xk1" not in said, "that pod is on another node"
        assert "EvictionThresholdMet x3" in said


@pytest.mark.parametrize(("keys", "words"), [("4", NO_METRICS), ("5", NO_MEMORY)])
async def test_the_row_itself_says_why_in_the_words_of_the_cluster(keys: str, words: str) -> None:
    async with war_room(a_desk(), SIZES[2]) as room:
        await room.press(keys)
        assert words in next(line for line in room.lines if line[2:5] == "why")


@pytest.mark.parametrize(
    ("words", "kind", "title"),
    [
        ("backoff", PodScreen, "POD gateway-7d9f6c-2xk0 ■ CRIT"),
        ("horizontal", RowScreen, "HPA gateway ▲ WARN"),
        ("eviction", RowScreen, "NODE node-0 ▲ WARN"),
    ],
)
async def test_enter_on_an_event_opens_what_it_is_about(words: str, kind: type[Any], title: str) -> None:
    async with war_room(a_desk(), SIZES[1]) as room:
        await room.press("3", "v", "v", "v", "v", "slash", *words, "enter", "enter")
        assert isinstance(room.app.screen, kind)
        assert title in room.lines[2]


async def test_a_row_is_traced_and_noted_as_itself() -> None:
    async with war_room(a_desk()) as room:
        await room.press("5", "enter")
        assert room.app.screen.about() == "nodes node-0"  # type: ignore[attr-defined]
        await room.press("i")
        assert isinstance(room.app.screen, EvidenceScreen)
        assert NO_MEMORY in await whole_text(room)


@pytest.mark.parametrize("keys", ["4", "5"])
async def test_a_row_that_is_old_says_so_and_has_no_colour(keys: str) -> None:
    desk = a_desk()
    desk.clock.advance(4 * MINUTE)
    async with war_room(desk, SIZES[1]) as room:
        await room.press(keys, "enter")
        assert "STALE" in room.lines[2]
        assert "as it was 4m00s ago" in room.text
        assert "these when events were last seen, 4m00s ago: nothing was heard since" in await whole_text(room)
        await room.press("home")
        inks = {span.ink for line in room.app.screen.query_one(ScrollText).lines for span in line}
        assert not inks & {"warn", "crit", "watch"}


async def test_each_section_is_as_old_as_its_own_source() -> None:
    desk = a_desk()
    desk.clock.advance(4 * MINUTE)
    desk.tell("nodes", dict(desk.view().world.nodes), at=desk.clock.now())
    async with war_room(desk, SIZES[1]) as room:
        await room.press("5", "enter")
        assert "as it was" not in room.text
        spans = [span for line in room.app.screen.query_one(ScrollText).lines for span in line]
        inks = {words: next(span.ink for span in spans if words in span.text) for words in ("MemoryPressure", "Crash")}
        assert inks == {"MemoryPressure": "warn", "Crash": "dim"}


@pytest.mark.parametrize(
    ("rows", "told", "words"),
    [([], {}, "not there any more"), ({}, {"age_ms": -1, "failure": builders.a_failure()}, "nodes were never seen")],
)
async def test_a_node_is_gone_only_where_the_list_is_known(rows: Any, told: dict[str, Any], words: str) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("5", "enter")
        desk.tell("nodes", rows, **told)
        await room.repaint()
        assert words in flat(room.text)
        assert ("gone" in room.lines[2]) == (not told)


async def test_what_an_old_recording_does_not_tell_is_not_none() -> None:
    desk = a_desk()
    async with war_room(desk, SIZES[1]) as room:
        await room.press("5", "enter")
        node = desk.view().world.nodes["node-0"]
        desk.tell("nodes", [msgspec.structs.replace(node, conditions=(), taints=None)])
        await room.repaint()
        said = flat(room.text)
        assert "-- none was read" in said
        assert "-- this recording does not tell" in said
        desk.tell("nodes", [msgspec.structs.replace(node, taints=())])
        await room.repaint()
        assert "does not tell" not in room.text
