"""All layers on one time axis: what stands above each other happened at the same time."""

from __future__ import annotations

from tests.builders import NOW, a_database
from tests.tui.harness import BROKE, Room, troubled_desk, war_room
from wfconsole.clock import MINUTE, Millis
from wfconsole.tui.panes.axis import SPANS, AxisList


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
