"""All layers on one time axis: what stands above each other happened at the same time."""

from __future__ import annotations

from typing import Any

from tests.builders import NOW, a_database, a_signal
from tests.tui.harness import BROKE, Desk, Room, troubled_desk, war_room
from wfconsole.clock import MINUTE, Millis
from wfconsole.observations.signals import SignalHistoryRow, SignalRow
from wfconsole.tui.panes.axis import SPANS, AxisList
from wfconsole.tui.panes.axis_rows import Axis, in_cells


def column(room: Room, at: Millis) -> int:
    """Where on the screen an instant stands."""
    axis = room.app.screen.query_one(AxisList)._axis(room.app.frame(), room.app.size.width)
    cell = axis.cell(at)
    assert cell is not None
    return 28 + cell


def row(room: Room, name: str) -> str:
    return next(line for line in room.lines if name in line[:28])


async def test_a_rollout_the_beginning_and_the_declaration_stand_in_their_order() -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        await room.press("x")
        rollout = row(room, "what changed").index("R", 28)
        began = next(line for line in room.lines if "incident began" in line).index("│")
        declared = row(room, "what people did").index("D", 28)
        assert rollout < began <= declared
        assert began == column(room, BROKE)
        assert "gateway:1.4.0 -> gateway:1.4.1" in room.text


async def test_every_layer_that_was_seen_has_its_row_with_its_pane_and_its_newest_value() -> None:
    desk = troubled_desk()
    desk.tell("database", [a_database(clients=97)])
    async with war_room(desk, (120, 40)) as room:
        await room.press("x")
        assert row(room, "3 pods.crash_looping").rstrip().endswith(" 3")
        assert row(room, "6 db.connections").rstrip().endswith("100%")
        assert row(room, "6 db.connections").rstrip()[column(room, NOW)] == "█"


async def test_what_nobody_saw_is_a_gap_and_no_zero() -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        await room.press("x")
        drawn = row(room, "3 pods.crash_looping")
        assert not drawn[28 : column(room, NOW - 20 * MINUTE)].strip()


async def test_the_row_with_the_cursor_says_what_it_means_and_how_far_it_went() -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        await room.press("x", "n", "n", "n", "n", "n", "n")
        assert "pods in a crash loop" in room.text
        assert "highest 3" in room.text
        assert "not known for" in room.text


async def test_v_goes_through_the_spans_and_back() -> None:
    async with war_room(troubled_desk(), (80, 24)) as room:
        await room.press("x")
        seen = []
        for _ in SPANS:
            await room.press("v")
            seen.append(next(name for name, _ in SPANS if f"[{name}]" in room.text))
        assert seen == ["60 min", "90 min", "15 min", "30 min"]


# --- what the metrics' server remembers -----------------------------------------------------------------------------


def remembered(desk: Desk, **points: tuple[float | None, ...]) -> None:
    """One point a minute, the newest of a minute ago."""
    end = NOW - MINUTE
    desk.tell("signal_history", {rule: SignalHistoryRow(each, end, MINUTE) for rule, each in points.items()})


def within(row: SignalRow, points: tuple[float | None, ...], cells: int = 6, cell_ms: Millis = MINUTE) -> list[Any]:
    history = SignalHistoryRow(points, NOW // MINUTE * MINUTE, MINUTE)
    return list(in_cells(history, row, Axis(NOW, cells, cell_ms)))


def test_a_point_stands_where_it_was_measured_and_a_gap_stays_one() -> None:
    assert within(a_signal(), (0.1, None, 0.3)) == [None, None, None, 0.1, None, 0.3]


def test_a_cell_shows_its_worst_point_and_narrow_cells_have_no_gaps() -> None:
    assert within(a_signal(), (0.1, 0.5, 0.2, 0.3), 2, 2 * MINUTE)[-1] in (0.3, 0.5)
    assert within(a_signal(below=True), (0.9, 0.1, 0.1, 0.8), 1, 10 * MINUTE) == [0.1]
    assert within(a_signal(), (0.1, 0.2), 4, MINUTE // 2)[-1] == 0.2
    assert None not in within(a_signal(), (0.1, 0.2, 0.3), 3, MINUTE // 2)


def test_what_was_measured_after_the_instant_on_show_is_not_shown() -> None:
    ahead = SignalHistoryRow((0.1, 0.9), NOW + MINUTE, 2 * MINUTE)
    assert 0.9 not in in_cells(ahead, a_signal(), Axis(NOW, 5, MINUTE))


async def test_the_time_before_the_console_started_is_seen() -> None:
    desk = troubled_desk()
    desk.tell("signals", [a_signal(value=0.078), a_signal("traffic", 590.0, title="traffic", unit="per-second")])
    remembered(desk, errors=tuple([0.01] * 15 + [0.2] * 15), traffic=(900.0,) * 30)
    async with war_room(desk, (120, 40)) as room:
        await room.press("x")
        errors = row(room, "2 signals.errors")
        assert errors[column(room, NOW - 20 * MINUTE)] == "▁"
        assert errors[column(room, NOW - 10 * MINUTE)] == "▂"
        assert errors.rstrip().endswith("7.8%")
        assert row(room, "2 signals.traffic").rstrip().endswith("900/s")


async def test_without_such_points_only_what_the_console_saw_is_there() -> None:
    desk = troubled_desk()
    desk.tell("signals", [a_signal(value=0.078)])
    async with war_room(desk, (120, 40)) as room:
        await room.press("x")
        assert not row(room, "2 signals.errors")[28 : column(room, NOW - MINUTE)].strip()
