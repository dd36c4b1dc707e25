"""Tasks and calls by keyboard: given, closed, moved; and what each form and command refuses."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW
from tests.tui.harness import Desk, quiet_desk, war_room
from tests.tui.papers import flat
from tests.tui.room_papers import a_room_desk
from tests.tui.test_commands import command
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.clocks import call_step
from wfconsole.incident.events import Event, StepMarked, TaskClosed, TaskGiven
from wfconsole.tui.screens.command_line import CommandLine
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.screens.task import TaskForm

CHECK = TaskGiven("aaaa1111", "check the replica", "op2", NOW + 5 * MINUTE)


def with_task(task: TaskGiven = CHECK) -> Desk:
    desk = a_room_desk()
    desk.happen(task, NOW - MINUTE)
    return desk


def last(desk: Desk) -> Event:
    return desk.submitted[-1]


async def test_a_task_is_given_with_who_what_and_when() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("T")
        assert room.focused == "who", "while no task runs, one is given"
        await room.press(*"op2", "enter", *"look", "enter", "enter", "enter")
        given = last(desk)
        assert isinstance(given, TaskGiven)
        assert msgspec.structs.replace(given, task="") == TaskGiven("", "look", "op2", NOW + 5 * MINUTE)
        assert isinstance(room.app.screen, Overview)
        assert "op2 05:00 left" in room.text


async def test_its_time_and_its_step_can_be_others() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("T", *"op2", "enter", *"look", "enter", "down", "enter", *"15:00", "enter")
        given = last(desk)
        assert isinstance(given, TaskGiven)
        assert given.due_at == NOW + 27 * MINUTE + 53 * SECOND
        assert given.step == "opening/acknowledge-the-alert"


async def test_what_it_lacks_is_said() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("T", "enter", "enter", "enter", "enter")
        assert "a task needs somebody" in room.text
        await room.press("escape", "T", *"op2", "enter", *"look", "enter", "enter", *"soon", "enter")
        assert "minutes (5), a span (90s, 2h) or a time of day" in flat(room.text)
        assert desk.submitted == []


async def test_a_task_is_closed_with_what_came_of_it() -> None:
    desk = with_task()
    async with war_room(desk) as room:
        await room.press("T")
        assert room.focused == "which"
        await room.press("down", "enter", "enter", "enter")
        assert "say what came of it" in room.text
        await room.press(*"lags", "enter")
        assert last(desk) == TaskClosed("aaaa1111", "done", "lags")
        assert "op2" not in "".join(line for line in room.lines if "CLOCKS" in line)


async def test_a_task_is_dropped_with_a_reason() -> None:
    desk = with_task()
    async with war_room(desk) as room:
        await room.press("T", "down", "enter", "down", "down", "enter", *"no", "enter")
        assert last(desk) == TaskClosed("aaaa1111", "dropped", "no")


async def test_a_task_is_moved_to_another_time() -> None:
    desk = with_task()
    async with war_room(desk) as room:
        await room.press("T", "down", "enter", "down", "enter", *"10", "enter")
        assert last(desk) == msgspec.structs.replace(CHECK, due_at=NOW + 10 * MINUTE)


async def test_an_overdue_task_needs_somebody_and_u_goes_to_its_form() -> None:
    desk = with_task(msgspec.structs.replace(CHECK, due_at=NOW - SECOND))
    async with war_room(desk) as room:
        assert "op2: check the replica OVERDUE +00:01" in room.text
        for _ in range(9):
            await room.press("u")
            if isinstance(room.app.screen, TaskForm):
                break
        await room.press("enter", "enter", *"ok", "enter")
        assert last(desk) == TaskClosed("aaaa1111", "done", "ok")
        assert "OVERDUE" not in room.text


async def test_a_call_of_the_severity_is_made_or_waived() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("T", "up", "down")
        assert "page Primary on call" in room.text
        await room.press("enter", "enter", *"Bea", "enter")
        assert last(desk) == StepMarked(call_step("Primary on call"), "done", "page Primary on call", "Bea")
        await room.press("T", "up", "down")
        assert ") page Primary on call" not in room.text
        await room.press("enter", "down", "enter", "enter")
        assert "say why it is not needed" in room.text
        await room.press(*"here", "enter")
        assert last(desk) == StepMarked(call_step("VP Engineering"), "waived", "escalate to VP Engineering", "here")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_form_can_be_used_at_every_size(size: tuple[int, int]) -> None:
    desk = with_task()
    async with war_room(desk, size) as room:
        await room.press("T", "down", "enter", "enter", *"ok", "enter")
        assert last(desk) == TaskClosed("aaaa1111", "done", "ok")


async def test_without_an_incident_there_is_nothing_to_give() -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await room.press("T")
        assert "D declares one" in room.text
        assert desk.submitted == []


async def test_a_task_can_be_taken_back() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("T", *"op2", "enter", *"look", "enter", "enter", "enter", "Z")
        assert desk.view().incident.tasks == {}


# --- the same in words


async def test_the_commands_give_close_and_call() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await command(room, "task op2 5 check the replica")
        given = last(desk)
        assert isinstance(given, TaskGiven)
        assert (given.person, given.text, given.due_at) == ("op2", "check the replica", NOW + 5 * MINUTE)
        await command(room, "done op2 it lags")
        assert last(desk) == TaskClosed(given.task, "done", "it lags")
        await command(room, "called vp engineering Bea answered")
        called = StepMarked(call_step("VP Engineering"), "done", "escalate to VP Engineering", "Bea answered")
        assert last(desk) == called


async def test_a_person_of_several_words_is_known_by_their_whole_name() -> None:
    desk = with_task(msgspec.structs.replace(CHECK, person="Bea Ruiz"))
    async with war_room(desk) as room:
        await command(room, "done bea ruiz it lags")
        assert last(desk) == TaskClosed("aaaa1111", "done", "it lags")


WRONG = {
    "task op2": "usage: :task WHO BACK-IN WHAT",
    "task op2 soon check": "no time: 'soon'",
    "done": "usage: :done",
    "done op9 fine": "no task of 'op9' runs",
    "done op2": "say what came of it",
    "done bea fine": "has several",
    "called CEO Kim": "usage: :called",
}


async def test_what_is_wrong_is_said_and_the_line_stays() -> None:
    desk = with_task()
    for name in ("bbbb2222", "cccc3333"):
        desk.happen(TaskGiven(name, "x", "Bea", NOW + MINUTE), NOW - MINUTE)
    async with war_room(desk) as room:
        for line, answer in WRONG.items():
            await command(room, line)
            assert isinstance(room.app.screen, CommandLine), line
            assert answer in flat(room.text), line
            await room.press("escape")
        assert desk.submitted == []


@pytest.mark.parametrize("hostile", ["[/]", "a[red]b", "[@click=app.bell]x[/]"])
async def test_hostile_words_are_shown_as_they_are(hostile: str) -> None:
    desk = with_task(TaskGiven("aaaa1111", hostile, hostile, NOW - SECOND))
    async with war_room(desk, (120, 40)) as room:
        assert f"{hostile}: {hostile} OVERDUE" in room.text
        await room.press("T")
        assert f"{hostile}: {hostile}" in room.text
        await room.press("escape", "h")
        assert f"{hostile}: {hostile}, back by" in room.text
