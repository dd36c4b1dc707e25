"""State in words for every quality, and text of strangers in every place: inert, visible, and inside its column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from tests import builders
from tests.alert_builders import an_alert
from tests.builders import NOW
from tests.terminal.hostile import CANARY, HOSTILE
from tests.tui.harness import SIZES, Desk, Room, a_pod_answer, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import Declared, Entry, NoteAdded, StepProbed, Target
from wfconsole.observations.answers import LogTail, PodAnswer
from wfconsole.observations.conditions import ConditionRow
from wfconsole.observations.hpas import HpaMetric
from wfconsole.observations.levels import Level, Quality
from wfconsole.session.view import JournalCondition, JournalView
from wfconsole.text import cells, safe
from wfconsole.tui import compat
from wfconsole.tui.panes.strips import ClocksStrip
from wfconsole.tui.places import CLOCK_ROWS

PODS_ROW = 4


def lost(desk: Desk) -> None:
    desk.fail("pods", builders.a_failure(message="no route to host"))
    desk.clock.advance(10 * MINUTE)


def failed(desk: Desk) -> None:
    desk.fail("pods", builders.a_failure(retry_at=NOW + 14 * SECOND))


def refused(desk: Desk) -> None:
    desk.fail("pods", builders.a_failure("denied", message="403", remedy="needs list on pods"))


def part(desk: Desk) -> None:
    desk.tell("pods", desk.view().world.pods, partial="namespace web is missing")


def late(desk: Desk) -> None:
    desk.clock.advance(6 * SECOND)


def never(desk: Desk) -> None:
    desk.tell("pods", {}, failure=builders.a_failure("refused", message="connection refused"), age_ms=-1)


@pytest.mark.parametrize(
    ("what", "quality", "words"),
    [
        (late, Quality.LATE, ["■ CRIT", "llm 0/1 ready", "10s"]),
        (part, Quality.PARTIAL, ["% PART", "llm 0/1 ready"]),
        (lost, Quality.STALE, ["≈ STALE", "(llm 0/1 ready)", "10m"]),
        (failed, Quality.ERROR, ["! ERROR", "(llm 0/1 ready)", "timeout, retry 14s"]),
        (refused, Quality.DENIED, ["× DENIED", "(llm 0/1 ready)", "needs list"]),
        (never, Quality.UNKNOWN, ["? UNKN", "-- connection refused", " --"]),
    ],
)
async def test_the_board_says_how_far_a_value_can_be_trusted(
    what: Callable[[Desk], None], quality: Quality, words: list[str]
) -> None:
    desk = troubled_desk()
    what(desk)
    assert desk.view().world.quality("pods", desk.now()) == quality
    async with war_room(desk) as room:
        for word in words:
            assert word in room.lines[PODS_ROW]
        if not quality.conclusive:
            await room.press("3")
            title = room.lines[2]
            assert words[0] in title
            assert ("╍" in title) == (quality != Quality.PARTIAL), "a dashed frame: do not trust"


async def test_a_pane_that_never_spoke_gives_its_reason_once() -> None:
    desk = Desk()
    desk.tell("pods", {}, age_ms=-1)
    async with war_room(desk, (200, 40)) as room:
        assert room.lines[PODS_ROW].count("nothing reported yet") == 1


@pytest.mark.parametrize("width", [80, 100, 120, 200])
async def test_a_reason_that_a_fact_begins_with_is_no_second_one(width: int) -> None:
    desk = troubled_desk()
    desk.tell("alerts", {"lock": an_alert(at=NOW - MINUTE, summary="lock wait p95 above five seconds")}, at=NOW)
    async with war_room(desk, (width, 40)) as room:
        line = next(line for line in room.lines if line.startswith(" 1 Alerts"))
        assert line.count("lock wait") == 1
        assert ("lock wait p95 above five seconds" in line) == (width > 100)


async def test_a_pane_without_a_source_is_off_and_counts_nowhere() -> None:
    async with war_room(Desk()) as room:
        for row in range(2, 9):
            assert "· off" in room.lines[row]
        assert "■0 ▲0" in room.lines[1]
        for number in "1234567":
            await room.press("0", number)
            assert "counts nowhere" in room.text or "off" in room.text


async def test_old_rows_stay_on_screen() -> None:
    desk = troubled_desk()
    lost(desk)
    async with war_room(desk) as room:
        await room.press("3")
        assert "gateway-7d9f6c-2xk0" in room.text
        assert "10m" in room.lines[-3]


class Sink:
    """A journal in the condition that a test needs."""

    def __init__(self, condition: JournalCondition) -> None:
        self._view = JournalView(condition, reason="No space left on device", head="8f3a21c09d")

    def begin(self, incident: str, entries: Iterable[Entry]) -> None: ...

    def append(self, entry: Entry) -> None: ...

    def show(self) -> JournalView:
        return self._view


@pytest.mark.parametrize(
    ("condition", "row", "words"),
    [
        ("opening", 1, "journal: opening"),
        ("opening", -2, "journal opening"),
        ("durable", -2, "journal durable 8f3a21c0"),
        ("fallback", 1, "journal: fallback"),
        ("memory-only", 1, "JOURNAL IN MEMORY ONLY"),
    ],
)
async def test_where_the_record_is_kept_is_on_screen(condition: JournalCondition, row: int, words: str) -> None:
    desk = troubled_desk()
    desk.session.keep_in(Sink(condition))
    desk.session.journal_changed()
    async with war_room(desk, (120, 40)) as room:
        assert words in room.lines[row]
    if condition == "memory-only":
        async with war_room(desk) as room:
            assert words in room.lines[1]


async def test_an_entry_has_a_hollow_mark_until_it_is_on_disk() -> None:
    desk = troubled_desk()
    desk.session.keep_in(Sink("durable"))
    desk.clock.advance(SECOND)
    entry = desk.session.submit(NoteAdded("pay service restarted", "fact"))
    async with war_room(desk) as room:
        line = next(line for line in room.lines if "pay service restarted" in line)
        assert line.startswith("…14:32:08")
        desk.session.saved([entry.id])
        await room.repaint()
        line = next(line for line in room.lines if "pay service restarted" in line)
        assert line.startswith(" 14:32:08")


# --- text of strangers ----------------------------------------------------------------------------------------------

# Outside text passes the gate where it enters; what comes out of the gate can still look like markup.
LINES = {name: safe(text, 300) for name, text in HOSTILE.items() if safe(text, 300)}


def hostile_desk() -> Desk:
    """A world in which every text of every row was written by a stranger."""
    desk = Desk()
    texts = list(LINES.values())
    desk.tell("pods", {f"production/{place}": _in_every_field(_bad_pod(), text) for place, text in enumerate(texts)})
    desk.tell("workloads", {f"Deployment/{t}/{n}": _in_every_field(_short(), t) for n, t in enumerate(texts)})
    desk.tell("hpas", {f"{n}": _in_every_field(_blind(), t) for n, t in enumerate(texts)})
    desk.tell("nodes", {f"{n}": _in_every_field(_lost_node(), t) for n, t in enumerate(texts)})
    desk.tell("events", {f"{n}": _in_every_field(builders.an_event(), t) for n, t in enumerate(texts)})
    for text in texts[::9]:
        desk.session.submit(NoteAdded(text, "fact"))
    title = LINES["closing tag"]
    desk.session.pin(Target(context=title, namespace=LINES["click action"]))
    desk.session.submit(Declared("INC-1", LINES["closing tag in words"], "SEV1", LINES["style"]))
    desk.session.submit(StepProbed("first/acknowledge-the-alert", tuple(texts[:9]), Level.OK, "live", title=title))
    return desk


def _bad_pod() -> Any:
    return builders.a_bad_pod(restarts=3, containers=(builders.a_container(reason="CrashLoopBackOff"),))


def _short() -> Any:
    revision = builders.a_revision(created_at=NOW - MINUTE, cause="someone")
    return builders.a_workload(ready=0, stalled="x", revisions=(revision, builders.a_revision(3)))


def _blind() -> Any:
    said = ConditionRow("ScalingActive", "False", "x", "x")
    return builders.an_hpa(blind="x", metrics=(HpaMetric("x", "x", "x", None),), conditions=(said,))


def _lost_node() -> Any:
    return builders.a_node(ready=False, conditions=(ConditionRow("Ready", "False", "x", "x"),), taints=("x",))


def _in_every_field(row: Any, text: str) -> Any:
    """The row with `text` in all of its texts, those of the structs and tuples inside too."""
    if isinstance(row, msgspec.Struct):
        kept = {"status", "phase", "type", "kind", "state"}
        fields = {name: getattr(row, name) for name in row.__struct_fields__}
        changed = {k: v if k in kept else _in_every_field(v, text) for k, v in fields.items()}
        return msgspec.structs.replace(row, **changed)
    if isinstance(row, tuple):
        return tuple(_in_every_field(item, text) for item in row)
    return text if isinstance(row, str) else row


async def _scroll_through(room: Room) -> str:
    seen = [room.text]
    for _ in range(12):
        await room.press("pagedown")
        seen.append(room.text)
    return "\n".join(seen)


def _holds(room: Room, size: tuple[int, int]) -> None:
    assert {cells(line) for line in room.lines} == {size[0]}, "every line is exactly as wide as the screen"
    assert compat.guard_filter(room.app).hits == 0, "the gate let something through"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_strangers_cannot_break_the_overview(size: tuple[int, int]) -> None:
    async with war_room(hostile_desk(), size) as room:
        _holds(room, size)
        assert "zq GET [/healthz] 500"[:12] in room.lines[0] or size[0] == 80
        assert CANARY in room.text
        for _ in range(8):
            await room.press("tab")
            _holds(room, size)


@pytest.mark.parametrize("keys", ["3", "3 v", "3 v v", "3 v v v", "3 v v v v", "4", "5"])
async def test_strangers_cannot_break_a_pane(keys: str) -> None:
    size = (120, 40)
    async with war_room(hostile_desk(), size) as room:
        await room.press(*keys.split())
        seen = await _scroll_through(room)
        _holds(room, size)
        for name in ("closing tag", "style", "template"):  # in a column that cuts, the beginning is enough
            assert LINES[name][:9] in seen, name
        await room.press("home", "s", "slash", *"zq", "enter", "y")
        _holds(room, size)


@pytest.mark.parametrize(("source", "turn"), [("hpas", 0), ("nodes", 1)])
async def test_strangers_cannot_break_the_screen_of_a_row(source: str, turn: int) -> None:
    """One screen serves both: each takes every other text, so that every text has been on it once."""
    async with war_room(hostile_desk(), (120, 40)) as room:
        for number, name in list(enumerate(LINES))[turn::2]:
            room.app.open_row(source, f"{number}")
            await room.pilot.pause()
            _holds(room, (120, 40))
            assert LINES[name][:9] in room.text, name
            await room.press("backspace")


async def test_strangers_cannot_break_a_pod() -> None:
    desk = hostile_desk()
    texts = tuple(LINES.values())
    whole = a_pod_answer(logs=(LogTail("app", lines=texts), LogTail("app", previous=True, failure=LINES["colour"])))
    assert whole.detail is not None
    name = LINES["closing tag in words"]
    row = next(row for row in desk.view().world.pods.values() if row.name == name)
    spoiled = _in_every_field(whole.detail, LINES["click action"])
    detail = msgspec.structs.replace(spoiled, logs=whole.detail.logs)
    desk.answer(PodAnswer("a", row.namespace, row.name, detail=detail))
    async with war_room(desk, (120, 40)) as room:
        room.app.open_row("pods", f"{row.namespace}/{row.name}")
        await room.pilot.pause()
        seen = await _scroll_through(room)
        _holds(room, (120, 40))
        assert LINES["json"] in seen
        assert "[@click=app.owned]OK[/]" in seen


async def test_a_click_on_a_strangers_words_runs_nothing() -> None:
    owned: list[str] = []
    async with war_room(hostile_desk(), (120, 40)) as room:
        room.app.action_owned = lambda: owned.append("owned")  # type: ignore[attr-defined]
        await room.press("3", "v", "slash", *"@click", "enter")
        for row in range(2, 20):
            await room.pilot.click(offset=(12, row))
        _holds(room, (120, 40))
    assert owned == []


@pytest.mark.parametrize("where", ["overview", "note"])
async def test_clicks_that_come_fast_in_one_place_select_nothing_and_end_nothing(where: str) -> None:
    async with war_room(hostile_desk(), (120, 40)) as room:
        if where == "note":
            await room.press("N")
        for row in range(0, 40, 3):
            await room.pilot.click(offset=(12, row), times=3)
            assert not room.app.screen.selections
        _holds(room, (120, 40))


async def test_a_clock_that_was_met_says_how_long_it_took_and_all_five_have_a_row() -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        frame = room.app.frame()
        met = msgspec.structs.replace(
            frame.clocks[0], state="met", met_at=frame.clocks[0].started_at + 72 * SECOND, left_ms=MINUTE
        )
        late = msgspec.structs.replace(met, met_at=met.started_at + 2 * MINUTE, left_ms=-MINUTE, name="late")
        rows = ClocksStrip(id="clocks").draw(
            msgspec.structs.replace(frame, clocks=(met, late, *frame.clocks[:3])), 60, CLOCK_ROWS
        )
        said = ["".join(span.text for span in row) for row in rows]
        assert len(said) == 5
        assert "met 01:12  " in said[0]
        assert "met 02:00, late" in said[1]


async def test_a_tile_names_its_columns() -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        assert any("AUTOSCALER" in line and "WANTS" in line for line in room.lines)


async def test_a_line_that_only_a_mark_takes_from_do_now_names_the_key_to_whoever_may() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        assert " u, M seen " in room.lines[1]
    async with war_room(desk, observer=True) as room:
        assert " u next " in room.lines[1]


async def test_beside_a_service_without_endpoints_the_workload_keeps_its_name_and_count() -> None:
    name = "wearforce-clean-gateway"
    desk = Desk()
    desk.tell("pods", [builders.a_bad_pod(f"g-{n}", owner=name, status="Running") for n in range(4)])
    desk.tell("services", [builders.a_service(name=name, ready=0, serving=0)])
    async with war_room(desk) as room:
        assert "clean-gateway 0/4 ready" in room.lines[PODS_ROW]
    async with war_room(desk, (120, 40)) as room:
        assert f"{name} 0/4 ready" in room.lines[PODS_ROW]
