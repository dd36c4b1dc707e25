"""Follow-ups and the meeting, from the keyboard alone: the form, and the commands."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW, a_policy
from tests.tui.harness import RUNBOOK, SIZES, Desk, Room, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import DAY, HOUR
from wfconsole.incident.events import FollowUpAdded, FollowUpClosed, MeetingSet, StatusChanged
from wfconsole.incident.policy import Span
from wfconsole.incident.state import FollowUp
from wfconsole.tui.screens.follow_up import FollowUpForm

MEETS = msgspec.structs.replace(RUNBOOK, policy=a_policy(meeting=Span(48 * HOUR, text="48 hours")))


def the_only(desk: Desk) -> FollowUp:
    (found,) = desk.view().incident.follow_ups.values()
    return found


async def command(room: Room, line: str) -> None:
    await room.press("colon", *("space" if letter == " " else letter for letter in line), "enter")


async def test_a_new_one_needs_its_words_and_has_a_day_by_itself() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("F", *"lint", "enter", "enter", "enter", "enter")
        added = the_only(desk)
        assert (added.text, added.horizon, added.owner, added.due) == ("lint", "0-7 days", "", "2026-03-06")
        assert "nobody yet" in next(line.text for line in desk.view().incident.lines.values() if line.kind == "FOLLOW")


async def test_the_day_follows_the_horizon_until_somebody_sets_it() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("F", *"split the schema", "enter", "down", "down")
        await room.press("enter", *"kim", "enter")
        assert "2026-05-29" in room.text  # the last working day within 13 weeks
        await room.press("enter")
        assert (the_only(desk).horizon, the_only(desk).owner, the_only(desk).due) == ("1-3 months", "kim", "2026-05-29")


@pytest.mark.parametrize(("due", "said"), [("tomorrow", "the day is a date"), ("2026-02-30", "the day is a date")])
async def test_a_day_that_is_none_is_not_entered(due: str, said: str) -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("F", *"lint", "enter", "enter", "enter", *["backspace"] * 10, *due, "enter")
        assert said in flat(room.text)
        assert desk.submitted == []


async def test_one_that_is_there_is_changed_under_its_name() -> None:
    desk = troubled_desk()
    desk.happen(FollowUpAdded("F1-abcd", "lint", "0-7 days", "", "2026-03-06"), NOW)
    async with war_room(desk) as room:
        await room.press("F", "up", "down", "enter", "enter", "enter", "enter", *"bo", "enter", "enter")
        assert desk.submitted == [FollowUpAdded("F1-abcd", "lint", "0-7 days", "bo", "2026-03-06")]


@pytest.mark.parametrize(("steps", "outcome"), [(1, "done"), (2, "dropped")])
async def test_one_that_is_there_is_closed_with_what_became_of_it(steps: int, outcome: str) -> None:
    desk = troubled_desk()
    desk.happen(FollowUpAdded("F1-abcd", "lint"), NOW)
    async with war_room(desk) as room:
        await room.press("F", "up", "down", "enter", *["down"] * steps, "enter", *"so it is", "enter")
        assert desk.submitted == [FollowUpClosed("F1-abcd", outcome, "so it is")]  # type: ignore[arg-type]


async def test_dropping_one_needs_a_reason() -> None:
    desk = troubled_desk()
    desk.happen(FollowUpAdded("F1-abcd", "lint"), NOW)
    async with war_room(desk) as room:
        await room.press("F", "up", "down", "enter", "down", "down", "enter", "enter")
        assert "say in a few words why nobody will do it" in flat(room.text)
        assert desk.submitted == []


async def test_a_resolved_incident_still_takes_them_and_the_form_says_until_when_the_meeting_is_due() -> None:
    desk = troubled_desk(runbook=MEETS)
    desk.happen(StatusChanged("resolved", "over"), NOW)
    async with war_room(desk) as room:
        await room.press("F")
        assert "post-mortem meeting: not set; due by 2026-03-03 14:32:07Z" in flat(room.text)
        await room.press(*"lint", "enter", "enter", "enter", "enter")
        assert the_only(desk).text == "lint"


@pytest.mark.parametrize("size", SIZES)
async def test_every_field_is_on_the_screen_with_many_there_already(size: tuple[int, int]) -> None:
    desk = troubled_desk()
    for number in range(12):
        desk.happen(FollowUpAdded(f"F{number + 1}-abcd", f"thing {number}"), NOW)
    async with war_room(desk, size) as room:
        await room.press("F")
        for word in ("Which", "What", "Within", "Who", "By", "Cancel"):
            assert any(word in line for line in room.lines), word
        assert "12 follow-ups open" in flat(room.text)


async def test_without_an_incident_and_for_who_only_looks_there_is_nothing_to_fill_in() -> None:
    async with war_room(troubled_desk(change=False)) as room:
        await room.press("F")
        assert "this console only looks" in room.text


COMMANDS = [
    ("followup lint it", ("lint it", "0-7 days", "", "2026-03-06")),
    ("followup 4w @kim lint it", ("lint it", "1-4 weeks", "kim", "2026-03-27")),
    ("followup @kim 2026-03-09 lint it", ("lint it", "0-7 days", "kim", "2026-03-09")),
    ("followup 3m 2026-03-09", None),
]


@pytest.mark.parametrize(("line", "expected"), COMMANDS, ids=[line for line, _ in COMMANDS])
async def test_the_command_takes_horizon_owner_and_day_in_front(line: str, expected: tuple[str, ...] | None) -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await command(room, line)
        if expected is None:
            assert "say what is to be done" in room.text
            assert desk.submitted == []
        else:
            found = the_only(desk)
            assert (found.text, found.horizon, found.owner, found.due) == expected


async def test_the_command_closes_by_a_short_name_and_never_by_a_doubtful_one() -> None:
    desk = troubled_desk()
    desk.happen(FollowUpAdded("F1-abcd", "lint"), NOW)
    desk.happen(FollowUpAdded("F2-aaaa", "one"), NOW)
    desk.happen(FollowUpAdded("F2-bbbb", "two"), NOW)
    async with war_room(desk) as room:
        await command(room, "followup F2 done")
        assert "F2 may be F2-aaaa, F2-bbbb" in room.text
        await room.press("escape")
        await command(room, "followup F1 dropped")
        assert "usage: :followup F1 done" in room.text
        await room.press("escape")
        await command(room, "followup F1 done in PR 5")
        assert desk.submitted == [FollowUpClosed("F1-abcd", "done", "in PR 5")]


async def test_the_meeting_is_set_and_a_late_one_is_said_to_be_late() -> None:
    desk = troubled_desk(runbook=MEETS)
    desk.happen(StatusChanged("resolved", "over"), NOW)
    async with war_room(desk) as room:
        await command(room, "meeting 10:00 room 4")
        assert desk.submitted == [MeetingSet(NOW // DAY * DAY + DAY + 10 * HOUR, "room 4")]
        await command(room, "meeting 2026-03-09 10:00")
        assert "later than 48 hours after the resolution" in room.text
        await command(room, "meeting when we can")
        assert "no time: 'when we can'" in room.text


async def test_the_preview_shows_what_was_entered() -> None:
    desk = troubled_desk()
    desk.happen(FollowUpAdded("F1-abcd", "lint the configuration", "1-4 weeks", "kim", "2026-03-27"), NOW)
    async with war_room(desk, (120, 40)) as room:
        await room.press("p", "end")
        seen = room.text
        while "Within 1-4 weeks" not in seen and room.lines:
            before = seen
            await room.press("pageup")
            seen = room.text
            assert seen != before, "the follow-up is not in the preview"
        assert "F1-abcd lint the configuration (kim, due 2026-03-27)" in flat(seen)


async def test_the_clock_of_a_follow_up_leads_to_its_form() -> None:
    desk = troubled_desk()
    desk.happen(FollowUpAdded("F1-abcd", "lint the configuration", "1-4 weeks", "kim", "2026-03-27"), NOW)
    async with war_room(desk) as room:
        room.app.push_screen(FollowUpForm("clock:follow-up F1-abcd"))
        await room.pilot.pause()
        await room.press("enter", "down", "enter", *"so it is", "enter")
        assert desk.submitted == [FollowUpClosed("F1-abcd", "done", "so it is")]
