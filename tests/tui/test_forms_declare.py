"""Declaring: four Enters, what is offered and why, and what is entered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Input

from tests import builders
from tests.builders import NOW
from tests.tui.harness import BROKE, Desk, Room, quiet_desk, troubled_desk, war_room
from tests.tui.papers import a_full_runbook
from wfconsole.clock import DAY, MINUTE, SECOND
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Declared, StatusChanged
from wfconsole.incident.triage import first_trouble
from wfconsole.observations.levels import Level
from wfconsole.runbook import load_runbook
from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.screens.declare import DeclareForm
from wfconsole.tui.screens.regrade import RegradeForm


def undeclared() -> Desk:
    """Trouble, and nobody has said so yet."""
    desk = quiet_desk(runbook=a_full_runbook())
    for at in (NOW - 2 * MINUTE, NOW - MINUTE, NOW):
        bad = [builders.a_bad_pod(f"gateway-{number}", restarts=5, restarted_at=at) for number in range(4)]
        desk.tell("pods", [*bad, *(builders.a_pod(f"gateway-{number}") for number in range(4, 12))], at=at)
    return desk


def declared(desk: Desk) -> Declared:
    return next(event for event in desk.submitted if isinstance(event, Declared))


async def test_four_times_enter_declares_and_the_clocks_run() -> None:
    desk = undeclared()
    async with war_room(desk) as room:
        await room.press("D")
        assert room.focused == "title"
        await room.press("enter", "enter", "enter", "enter")
        event = declared(desk)
        assert event.title == "gateway: 8 of 12 pods ready"
        assert (event.severity, event.commander, event.playbook) == ("SEV1", "op1", "outage")
        assert desk.view().incident.declared_at == NOW
        assert "respond 15:00 left" in room.text
        assert "resolve 4h00 left" in room.text


async def test_typing_replaces_the_title_that_is_offered() -> None:
    desk = undeclared()
    async with war_room(desk) as room:
        await room.press("D", *["users", "get", "503"][0], "space", *"503", "enter", "down", "enter", "enter", "enter")
        assert (declared(desk).title, declared(desk).severity) == ("users 503", "SEV2")


async def test_all_criteria_of_all_severities_are_shown_in_full_on_the_smallest_screen() -> None:
    desk = quiet_desk(runbook=load_runbook(None))
    async with war_room(desk) as room:
        await room.press("D", "enter")
        shown = " ".join(" ".join(line.strip(" ┃│─►") for line in room.lines).split())
        for rule in desk.runbook.policy.rules:
            for words in (*rule.criteria, f"respond {rule.respond.text}", f"resolve {rule.resolve.text}"):
                assert words in shown
        assert "pick the higher one" in shown


async def test_a_playbook_is_offered_with_the_symptoms_that_fit_and_those_that_people_must_tell() -> None:
    async with war_room(undeclared()) as room:
        await room.press("D", "enter", "enter")
        assert room.app.screen.query_one("#playbook", Choice).value == "outage"
        assert "1 of 2 symptoms that data can show" in room.text
        assert "yes: Pods that should serve are not ready (4 of 12 pods)" in room.text
        assert "no: A node is under pressure" in room.text
        assert "ask: Many requests end with 503" in room.text


async def test_no_playbook_is_offered_where_nothing_speaks_for_one() -> None:
    async with war_room(quiet_desk(runbook=a_full_runbook())) as room:
        await room.press("D")
        assert room.app.screen.query_one("#playbook", Choice).value == ""
        assert "Nothing that is seen from here is wrong." in room.text


async def test_a_declaration_without_a_title_or_a_commander_says_so() -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await room.press("D", "enter", "enter", "enter", "enter")
        assert "an incident needs a title" in room.text
        assert room.focused == "title"
        room.app.screen.query_one("#title", Input).value = "down"
        room.app.screen.query_one("#commander", Input).value = "  "
        await room.press("enter", "enter", "enter", "enter")
        assert "somebody has to command it" in room.text
        assert desk.submitted == []


@pytest.mark.parametrize("hostile", ["[/]", "[@click=app.bell]x[/]", "a[red]b", "\x1b]52;c;QQ==\x07"])
async def test_a_hostile_title_is_shown_as_it_is(hostile: str) -> None:
    desk = quiet_desk()
    async with war_room(desk, (120, 40)) as room:
        await room.press("D")
        title = room.app.screen.query_one("#title", Input)
        title.insert_text_at_cursor(hostile)
        shown = title.value
        await room.press("enter", "enter", "enter", "enter")
        assert declared(desk).title == shown
        assert shown in room.lines[0]
        assert "\x1b" not in room.text


def test_it_is_broken_since_the_first_of_the_worst_conditions_that_last() -> None:
    state = fold(
        builders.entries(
            builders.noticed("readiness a", level=Level.WARNING, since=NOW - 9 * MINUTE),
            builders.noticed("crash-loop b", level=Level.CRITICAL, since=NOW - 4 * MINUTE),
            builders.noticed("crash-loop c", level=Level.CRITICAL, since=NOW - 6 * MINUTE),
            builders.noticed("oom d", level=Level.CRITICAL, since=NOW - 8 * MINUTE, phase="ended"),
            builders.noticed("oom e", level=Level.CRITICAL, since=NOW - 2 * DAY),
        )
    )
    assert first_trouble(state, NOW) == NOW - 6 * MINUTE


def test_it_is_not_known_since_when_where_nothing_bad_lasts() -> None:
    state = fold(builders.entries(builders.noticed("scale a", level=Level.WATCH, since=NOW)))
    assert first_trouble(state, NOW) == 0


# --- with an incident open


async def regraded(room: Room) -> RegradeForm:
    await room.press("D")
    form = room.app.screen
    assert isinstance(form, RegradeForm)
    return form


async def test_with_an_incident_open_the_same_key_changes_severity_status_and_playbook_with_one_reason() -> None:
    desk = troubled_desk(runbook=a_full_runbook())
    async with war_room(desk) as room:
        await regraded(room)
        await room.press("up", "enter", "down", "enter", "up", "enter", *"payments", "enter")
        assert [type(event).__name__ for event in desk.submitted] == [
            "SeverityChanged",
            "PlaybookChosen",
            "StatusChanged",
        ]
        incident = desk.view().incident
        assert (incident.severity, incident.status, incident.playbook) == ("SEV1", "identified", "outage")
        assert "payments" in room.text


async def test_another_severity_needs_a_reason_and_nothing_new_is_not_entered() -> None:
    desk = troubled_desk(runbook=a_full_runbook())
    async with war_room(desk) as room:
        await regraded(room)
        await room.press("enter", "enter", "enter", "enter")
        assert "nothing was changed" in room.text
        room.app.screen.query_one("#severity", Choice).focus()
        await room.press("up", "enter", "enter", "enter", "enter")
        assert "say why" in room.text
        assert desk.submitted == []


async def test_resolving_asks_for_the_stand_down_list_and_its_last_line_resolves() -> None:
    desk = troubled_desk(runbook=a_full_runbook())
    async with war_room(desk) as room:
        await regraded(room)
        await room.press("enter", "end", "enter", "enter", *"quiet", "space", *"for", "space", *"1h", "enter")
        assert "STAND DOWN" in room.text
        assert desk.submitted == []
        await room.press("enter", "enter")
        assert desk.submitted[-1] == StatusChanged("resolved", "quiet for 1h")
        assert desk.view().incident.resolved


async def test_a_resolved_incident_makes_room_for_another() -> None:
    desk = troubled_desk(runbook=a_full_runbook())
    desk.happen(StatusChanged("resolved", "over"), NOW - SECOND)
    async with war_room(desk) as room:
        await room.press("D")
        assert isinstance(room.app.screen, DeclareForm)


async def test_the_beginning_that_the_console_saw_is_on_the_form_and_in_the_record() -> None:
    desk = undeclared()
    async with war_room(desk) as room:
        await room.press("D")
        since = first_trouble(desk.view().incident, NOW)
        assert since
        assert "broken since 14:3" in room.text
        await room.press("enter", "enter", "enter", "enter")
        assert declared(desk).started_at == since
    assert since > BROKE


async def test_what_was_missing_is_said_until_it_is_there_and_takes_no_room_after() -> None:
    async with war_room(quiet_desk(runbook=load_runbook(None))) as room:
        await room.press("D", "enter", "enter", "enter", "enter")
        assert "needs a title" in room.text
        await room.press(*"down", "enter")
        assert "needs a title" not in room.text
        box = room.app.screen.query_one("#form")
        assert box.virtual_size.height <= box.size.height


@pytest.mark.parametrize("make", [undeclared, troubled_desk], ids=["declare", "regrade"])
async def test_on_the_smallest_screen_nothing_of_what_is_behind_stands_beside_the_box(make: Callable[[], Desk]) -> None:
    async with war_room(make()) as room:
        await room.press("D")
        rows = [line for line in room.lines if "┃" in line or "━━━" in line]
        assert len(rows) > 8
        assert {(line[0], line[-1]) for line in rows} <= {("┏", "┓"), ("┃", "┃"), ("┗", "┛")}
