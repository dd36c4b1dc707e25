"""Deciding, waiving and opening a step again; and the two lists that are confirmed line by line."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from tests.tui.harness import Desk, Room, troubled_desk, war_room
from tests.tui.papers import a_full_runbook
from wfconsole.clock import MINUTE
from wfconsole.incident.events import PlaybookChosen, RoleTaken, StepMarked
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.screens.step import StepForm

ACKNOWLEDGE = "opening/acknowledge-the-alert"
DECIDE = "outage/decide-what-the-evidence-speaks-for"
ROLL_BACK = "outage/roll-back"
STAYS_READY = "outage/all-stays-ready"


def a_desk() -> Desk:
    desk = troubled_desk(runbook=a_full_runbook())
    desk.happen(PlaybookChosen("outage"), NOW - MINUTE)
    desk.happen(StepMarked(ACKNOWLEDGE, "done"), NOW - MINUTE)
    return desk


async def ask(room: Room, goto: str) -> None:
    room.app.push_screen(StepForm(goto))
    await room.pilot.pause()


async def test_a_decision_shows_where_each_answer_leads_and_enters_the_one_that_was_taken() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await ask(room, f"done:{DECIDE}")
        assert "a rollout came first" in room.text
        assert "to step 2, Roll back" in room.text
        assert "to step 4, All stays ready" in room.text
        await room.press("down", "enter", *"metrics", "enter")
        assert desk.submitted == [
            StepMarked(DECIDE, "done", "Decide what the evidence speaks for", "metrics", "cannot tell")
        ]


async def test_the_answer_leads_past_the_steps_between() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await ask(room, f"done:{DECIDE}")
        await room.press("end", "enter", "enter")
        marks = {item.step.id: item.mark for item in room.app.frame().checklist.items}
        assert marks[ROLL_BACK] == "not-taken"
        assert marks[STAYS_READY] == "open"


async def test_a_waiver_needs_a_reason() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await ask(room, f"waived:{ROLL_BACK}")
        await room.press("enter")
        assert "say why" in room.text
        assert desk.submitted == []
        await room.press(*"frozen", "enter")
        assert desk.submitted == [StepMarked(ROLL_BACK, "waived", "Roll back", "frozen")]
        assert isinstance(room.app.screen, Overview)


async def test_opening_a_step_again_says_who_marked_it_and_needs_no_reason() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await ask(room, f"open:{ACKNOWLEDGE}")
        assert "done by op1 at 14:31:07Z" in room.text
        await room.press("enter")
        assert desk.submitted == [StepMarked(ACKNOWLEDGE, "open", "Acknowledge the alert")]


async def test_a_step_that_ticked_itself_says_that_it_will_not_again() -> None:
    desk = a_desk()
    desk.session.submit(StepMarked(STAYS_READY, "sensed"), actor="scribe")
    async with war_room(desk) as room:
        await ask(room, f"open:{STAYS_READY}")
        assert "sensed by scribe" in room.text
        assert "never ticks itself any more" in room.text


async def test_a_step_that_is_gone_is_said_to_be_gone() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await ask(room, "done:outage/no-such-step")
        assert "not in the checklist any more" in room.text
        await room.press("enter")
        assert isinstance(room.app.screen, Overview)
        assert desk.submitted == []


# --- DO-CONFIRM


async def test_command_changes_hands_with_the_last_line_and_not_before() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("H")
        assert "DO-CONFIRM" in room.text
        assert "commander op1" in room.text
        await room.press("enter", *"Bea", "enter", "enter", "enter")
        assert desk.submitted == []
        assert "a nod is not an answer" in room.text
        await room.press("enter")
        assert desk.submitted == [
            StepMarked("handover/name-the-new-commander", "done", "Name the new commander", "confirmed 14:32:07Z"),
            StepMarked(
                "handover/read-out-severity,-status-and-impact",
                "done",
                "Read out severity, status and impact",
                "confirmed 14:32:07Z",
            ),
            StepMarked(
                "handover/hear-the-new-commander-say-it", "done", "Hear the new commander say it", "confirmed 14:32:07Z"
            ),
            RoleTaken("commander", "Bea"),
        ]
        assert desk.view().incident.commander == "Bea"
        assert room.lines[0].rstrip().endswith("IC Bea")


async def test_a_line_is_waived_with_a_reason_only() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", *"Bea", "enter", "enter", "down", "enter", "enter")
        assert "say why" in room.text
        await room.press(*"asleep", "enter", "enter")
        waived = desk.submitted[1]
        assert isinstance(waived, StepMarked)
        assert (waived.mark, waived.reason) == ("waived", "asleep")


async def test_backspace_takes_the_last_line_back() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", *"Bea", "enter", "enter", "enter", "backspace", "backspace")
        assert "[x]  1" not in room.text
        await room.press("enter", "enter", "enter")
        assert len(desk.submitted) == 4


async def test_nobody_takes_over_without_a_name() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", "enter")
        assert "type a name" in room.text
        assert room.focused == "who"
        assert desk.submitted == []


async def test_leaving_in_the_middle_leaves_nothing() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", *"Bea", "enter", "enter", "enter", "escape")
        assert desk.submitted == []
        assert desk.view().incident.commander == "op1"


async def test_all_of_it_is_taken_back_at_once() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", *"Bea", "enter", "enter", "enter", "enter", "Z")
        assert desk.view().incident.commander == "op1"
        assert "taken back" in room.text


@pytest.mark.parametrize("key", ["H", "X", "R"])
async def test_without_an_incident_it_says_how_to_open_one(key: str) -> None:
    desk = Desk(runbook=a_full_runbook())
    async with war_room(desk) as room:
        await room.press("c", key)
        assert "D declares one" in room.text
        assert desk.submitted == []


async def test_a_runbook_without_the_list_needs_only_the_name() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("H", "enter", *"Bea", "enter")
        assert desk.submitted == [RoleTaken("commander", "Bea")]
