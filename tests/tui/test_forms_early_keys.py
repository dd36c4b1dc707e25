"""Keys that are pressed before a form is there: none is lost, none is out of order, none does something else."""

from __future__ import annotations

import pytest
from textual import events

from tests.builders import NOW
from tests.tui.harness import RUNBOOK, Desk, Room, quiet_desk, troubled_desk, until, war_room
from wfconsole.incident.events import DecisionMade, Declared, NoteAdded, SeverityChanged, StatusChanged, TaskGiven
from wfconsole.tui.forms import awaiting
from wfconsole.tui.forms.awaiting import AwaitingForm
from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.forms.fields import Field
from wfconsole.tui.screens.declare import DeclareForm
from wfconsole.tui.screens.overview import Overview
from wfconsole.wiring.ground import NO_RUNBOOK

WORDS = "f 2 of 3 gateways answer 503; LLM is fine (so far)"


async def at_once(room: Room, *keys: str) -> None:
    """All of it arrives in one read of the terminal; "text:..." is typed."""
    for key in keys:
        chars = key.removeprefix("text:") if key.startswith("text:") else ""
        for char in chars:
            room.app.post_message(events.Key("space" if char == " " else char, char))
        if not chars:
            room.app.post_message(events.Key(key, key if len(key) == 1 else None))
    for _ in range(10):
        await room.pilot.pause()


async def test_a_note_that_is_typed_at_once_is_whole() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "N", f"text:{WORDS}", "enter")
        assert desk.submitted == [NoteAdded(WORDS[2:], "fact", at_time=NOW)]
        assert isinstance(room.app.screen, Overview)


async def test_what_comes_later_follows_in_order() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "N", "text:abc")
        await room.press(*"def", "enter")
        assert desk.submitted == [NoteAdded("abcdef", at_time=NOW)]


async def test_a_declaration_that_is_typed_at_once_is_made_and_replaces_the_title_that_was_offered() -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await at_once(room, "D", "text:checkout is down", "enter", "enter", "enter", "enter")
        event = desk.submitted[0]
        assert isinstance(event, Declared)
        assert event.title == "checkout is down"


async def test_leaving_at_once_leaves_nothing() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "N", "text:never mind", "escape")
        assert isinstance(room.app.screen, Overview)
        assert desk.submitted == []


async def test_a_command_that_is_typed_at_once_is_obeyed() -> None:
    async with war_room(troubled_desk()) as room:
        await at_once(room, "colon", "text:timeline", "enter")
        assert "9 TIMELINE" in room.lines[2]


async def test_enter_behind_the_key_that_quits_stays() -> None:
    async with war_room(troubled_desk()) as room:
        await at_once(room, "Q", "enter")
        assert room.app.return_code is None
        assert isinstance(room.app.screen, Overview)


async def test_letters_behind_a_key_that_opens_a_question_fire_nothing() -> None:
    desk: Desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "Q", "text:NDHctp")
        assert desk.submitted == []
        assert "QUIT" in room.text


async def test_letters_that_come_with_an_enter_are_for_the_next_field() -> None:
    """A pasted line, or a slow connection that delivers at once what was typed one after the other."""
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "T")
        await at_once(room, "text:bea", "enter", "text:check the database", *["enter"] * 3)
        (task,) = desk.submitted
        assert isinstance(task, TaskGiven)
        assert (task.person, task.text) == ("bea", "check the database")


async def test_a_whole_decision_that_is_pasted_is_in_its_fields() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "J", "text:roll back", "enter", "text:it loses prices", "enter", *["enter"] * 4)
        (decision,) = desk.submitted
        assert isinstance(decision, DecisionMade)
        assert (decision.proposal, decision.objections) == ("roll back", ("it loses prices",))


async def test_letters_behind_a_choice_are_for_the_field_after_it() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "D")
        await at_once(room, "down", "enter", "enter", "enter", "text:worse than it seemed", "enter")
        (graded,) = desk.submitted
        assert isinstance(graded, SeverityChanged)
        assert graded.reason == "worse than it seemed"


async def test_arrows_that_come_with_an_enter_choose_in_the_list_after_it() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "D")
        await at_once(room, "enter", "down", "enter", "enter", "enter")
        (changed,) = desk.submitted
        assert changed == StatusChanged("identified")


async def test_esc_leaves_even_when_an_enter_is_on_its_way() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await at_once(room, "T")
        await at_once(room, "text:bea", "enter", "escape")
        assert isinstance(room.app.screen, Overview)
        assert desk.submitted == []


async def test_a_declaration_before_the_runbook_is_read_waits_for_it_and_loses_no_key() -> None:
    desk = quiet_desk(runbook=NO_RUNBOOK)
    async with war_room(desk) as room:
        await at_once(room, "D", "text:checkout is", "enter", "backspace")
        await room.press(*"down", "enter", "enter", "enter", "enter")
        assert desk.submitted == []
        assert "DECLARE INCIDENT" in room.text
        assert "The runbook is being read" in room.text
        desk.session.follow_runbook(RUNBOOK)
        await until(room.pilot.pause, lambda: bool(desk.submitted))
        event = desk.submitted[0]
        assert isinstance(event, Declared)
        assert (event.title, event.severity) == ("checkout is", "SEV1")


async def test_keys_that_come_while_the_form_takes_its_place_are_for_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_LOOKS_AGAIN_S", 3600.0)
    desk = quiet_desk(runbook=NO_RUNBOOK)
    async with war_room(desk) as room:
        await at_once(room, "D", "text:checkout ")
        waits = room.app.screen
        assert isinstance(waits, AwaitingForm)
        desk.session.follow_runbook(RUNBOOK)
        waits._look()
        for key in ("i", "s", "enter"):
            waits.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(room.pilot.pause, lambda: isinstance(room.app.focused, Choice))
        assert room.app.screen.query_one("#title", Field).value == "checkout is"


async def test_a_runbook_that_cannot_be_read_keeps_nobody_from_declaring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_MOST_LOOKS", 1)
    desk = quiet_desk(runbook=NO_RUNBOOK)
    async with war_room(desk) as room:
        await at_once(room, "D", "text:checkout is down", "enter")
        await until(room.pilot.pause, lambda: isinstance(room.app.screen, DeclareForm))
        await room.press("down")
        assert "no criteria: the runbook could not be read" in room.text
        await room.press("enter", "enter", "enter")
        event = desk.submitted[0]
        assert isinstance(event, Declared)
        assert (event.title, event.severity, event.commander) == ("checkout is down", "SEV2", "op1")


async def test_whoever_waits_for_the_runbook_may_leave() -> None:
    desk = quiet_desk(runbook=NO_RUNBOOK)
    async with war_room(desk) as room:
        await room.press("D", "x", "escape")
        assert "DECLARE INCIDENT" not in room.text
        desk.session.follow_runbook(RUNBOOK)
        await room.press("D")
        assert isinstance(room.app.screen, DeclareForm)
        assert desk.submitted == []
