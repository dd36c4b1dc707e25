"""Any role is taken, handed over or given up by keyboard; the command alone asks for its list."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from tests.tui.harness import war_room
from tests.tui.room_papers import a_room_desk
from wfconsole.clock import SECOND
from wfconsole.incident.events import RoleTaken, StepMarked
from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.screens.hand_over import HandOverForm
from wfconsole.tui.screens.overview import Overview


async def test_a_free_role_is_taken_by_whoever_asks_in_three_keys() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("H", "down")
        assert "communications  nobody yet, and the severity requires it" in room.text
        await room.press("enter", "enter")
        assert desk.submitted == [RoleTaken("communications", "op1")]
        assert isinstance(room.app.screen, Overview)


async def test_a_role_is_handed_to_somebody_else_without_a_list() -> None:
    desk = a_room_desk()
    desk.happen(RoleTaken("scribe", "Bea"), NOW - SECOND)
    async with war_room(desk) as room:
        await room.press("H", "down", "down", "enter")
        assert "a nod is not an answer" not in room.text
        await room.press(*"Kim", "enter")
        assert desk.submitted == [RoleTaken("scribe", "Kim")]


async def test_the_command_asks_for_its_list() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", *"Bea")
        assert "Name the new commander" in room.text
        await room.press("enter")
        assert desk.submitted == []


async def test_a_command_that_nobody_has_is_taken_at_once() -> None:
    desk = a_room_desk()
    desk.happen(RoleTaken("commander", ""), NOW - SECOND)
    async with war_room(desk) as room:
        await room.press("H", "enter", *"Bea", "enter")
        assert desk.submitted == [RoleTaken("commander", "Bea")]


async def test_a_required_role_is_left_empty_with_a_reason_only() -> None:
    desk = a_room_desk()
    desk.happen(RoleTaken("scribe", "Bea"), NOW - SECOND)
    async with war_room(desk) as room:
        await room.press("H", "down", "down", "enter", "minus", "enter", "enter")
        assert "say why nobody has to have it" in room.text
        assert desk.submitted == []
        await room.press(*"small", "enter")
        assert desk.submitted == [
            RoleTaken("scribe", ""),
            StepMarked("@role/scribe", "waived", "scribe: nobody", "small"),
        ]
        assert "scribe" not in next((need.text for need in room.app.frame().needs if need.goto == "roles"), "")


async def test_whoever_takes_a_waived_role_makes_it_needed_again() -> None:
    desk = a_room_desk()
    desk.happen(StepMarked("@role/scribe", "waived", reason="small"), NOW - SECOND)
    async with war_room(desk) as room:
        await room.press("H", "down", "down")
        assert "nobody: small" in room.text
        await room.press("enter", "enter")
        assert desk.submitted == [StepMarked("@role/scribe", "open", "scribe is needed"), RoleTaken("scribe", "op1")]


async def test_the_command_cannot_be_left_empty() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", "minus", "enter", "enter", "enter")
        assert "somebody has to command" in room.text
        assert desk.submitted == []


async def test_u_goes_from_a_vacant_role_to_the_form_with_that_role() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        assert any("requires communications, scribe: nobody yet" in need.text for need in room.app.frame().needs)
        for _ in range(9):
            await room.press("u")
            if isinstance(room.app.screen, HandOverForm):
                break
        else:
            pytest.fail("no way to the roles")
        assert room.app.screen.query_one("#role", Choice).value == "communications"


async def test_a_line_is_confirmed_by_x_and_waived_by_w_with_a_reason() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("H", "X")
        assert "somebody has to take it: type a name" in room.text
        await room.press("enter", *"BeaX", "enter")
        assert "X confirms   W waives" in room.text
        lines = room.app.screen.items  # type: ignore[attr-defined]
        await room.press(*["X"] * (len(lines) - 1), "W")
        assert desk.submitted == [], "it counts with its last line"
        await room.press(*"said before", "enter")
        *marks, taken = desk.submitted
        assert [mark.mark for mark in marks if isinstance(mark, StepMarked)] == ["done"] * (len(lines) - 1) + ["waived"]
        assert taken == RoleTaken("commander", "BeaX")
