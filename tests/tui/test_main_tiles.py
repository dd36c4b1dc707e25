"""Which tiles a large overview has, and where."""

from __future__ import annotations

from tests.builders import a_database
from tests.tui.harness import SIZES, troubled_desk, war_room


async def test_a_system_that_is_on_has_a_tile_and_one_that_is_off_is_named() -> None:
    desk = troubled_desk()
    async with war_room(desk, SIZES[2]) as room:
        assert "off: 1 Alerts   2 Signals   6 DB   7 Auth+Sec" in room.text
    desk.tell("database", [a_database()])
    desk.tell("sessions", [])
    async with war_room(desk, SIZES[2]) as room:
        assert "off: 1 Alerts   2 Signals   7 Auth+Sec" in room.text
        assert "6 DB \N{MIDDLE DOT} ok" in room.text
        assert "there are no sessions that wait for a lock" in room.text


async def test_a_tile_zooms_into_the_view_that_it_shows() -> None:
    desk = troubled_desk()
    desk.tell("database", [a_database()])
    desk.tell("sessions", [])
    async with war_room(desk, SIZES[2]) as room:
        room.app.screen.query_one("#database").focus()
        await room.press("enter")
        assert "[locks]" in room.text
