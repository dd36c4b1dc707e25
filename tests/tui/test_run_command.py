"""C on a step: which block, its blanks, the whole text, the word that has to be typed; then the running command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.hands.test_process import is_alive, pid_in
from tests.journal.helpers import until
from tests.tui.harness import SIZES, Desk, Room, war_room
from tests.tui.papers import flat
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.incident.events import CommandEnded, CommandStarted, Declared
from wfconsole.incident.playbook import Command, Step
from wfconsole.session.by_hand import ByHand
from wfconsole.session.view import JournalView
from wfconsole.tui import compat
from wfconsole.tui.forms.fields import Cancel, Field
from wfconsole.tui.screens.checklist import ChecklistScreen
from wfconsole.tui.screens.evidence import EvidenceScreen
from wfconsole.tui.screens.fill_command import FillCommandForm, PickCommandForm
from wfconsole.tui.screens.run_command import RunCommandForm
from wfconsole.tui.screens.running import RunningScreen

TRAP = "STATUS says Running for a pod that serves nobody"


def a_step(*texts: str, language: str = "bash", **changes: Any) -> Step:
    commands = tuple(Command(language, text) for text in texts)
    return builders.a_step("Find the pods", "first", commands=commands, warning=TRAP, **changes)


def desk_with(step: Step, *, hands: bool = True, declared: bool = True) -> Desk:
    """An incident whose one step is this; commands really run."""
    desk = Desk(runbook=builders.a_runbook(builders.a_checklist("first", step, kind="process")))
    desk.tell("pods", [builders.a_pod()])
    if declared:
        desk.happen(Declared("INC-1", "down", "SEV2", "op1"), desk.now() - MINUTE)
    if hands:
        desk.hands = ByHand(desk.session, SystemClock(), {})
    return desk


def shows(room: Room, kind: type[Any]) -> bool:
    """Asked anew each time, which a type checker does not expect."""
    return isinstance(room.app.screen, kind)


async def run_it(room: Room, word: str = "run") -> None:
    """From the form with the whole text: type the word, and let it run."""
    assert isinstance(room.app.screen, RunCommandForm)
    await room.press("shift+tab", *word, "enter")


def started(desk: Desk) -> list[CommandStarted]:
    return [event for event in desk.submitted if isinstance(event, CommandStarted)]


async def until_over(room: Room) -> CommandEnded:
    """Until the record says how it ended, and the screen, too."""
    hands = room.desk.hands
    until(lambda: (shown := hands.show()) is not None and shown.stage == "over", "the command has ended")
    await room.repaint()
    shown = hands.show()
    assert shown is not None
    assert shown.ended is not None
    return shown.ended


# --- before it runs


async def test_the_form_says_everything_and_cancel_has_the_focus() -> None:
    desk = desk_with(a_step("kubectl --context <context> -n <namespace> get pods -o wide\nsleep 1"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        assert isinstance(room.app.screen, RunCommandForm)
        assert isinstance(room.app.focused, Cancel)
        text = flat(room.text)
        for said in (
            "kubectl --context kind-shop -n production get pods -o wide",
            "sleep 1",
            "kind-shop namespace production https://127.0.0.1:6443",
            "yours on this machine",
            TRAP,
            "60 s",
            "type run",
        ):
            assert said in text
        await room.press("enter")
        assert shows(room, ChecklistScreen)
    assert desk.submitted == []


@pytest.mark.parametrize("size", SIZES)
async def test_it_can_be_read_and_confirmed_at_every_size(size: tuple[int, int]) -> None:
    lines = [f"echo line-{number}" for number in range(40)]
    desk = desk_with(a_step("\n".join(lines)))
    async with war_room(desk, size) as room:
        await room.press("c", "C")
        seen = room.text
        for _ in range(6):
            await room.press("pagedown")
            seen += room.text
        assert all(line in seen for line in lines)
        await run_it(room)
        assert isinstance(room.app.screen, RunningScreen)
        assert (await until_over(room)).lines[-1] == "line-39"
        assert "exit 0" in room.text


async def test_letters_alone_do_nothing_and_another_word_is_not_enough() -> None:
    desk = desk_with(a_step("echo hi"))
    async with war_room(desk) as room:
        await room.press("c", "C", *"run", "y", "X")
        assert isinstance(room.app.focused, Cancel)
        await run_it(room, "yes")
        assert "type run to run it" in room.text
        await room.press("escape")
    assert desk.submitted == []


async def test_blanks_are_asked_for_one_by_one_and_put_in_as_words() -> None:
    desk = desk_with(a_step("echo <context> <pod> <other one>"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        assert isinstance(room.app.screen, FillCommandForm)
        assert "echo kind-shop <pod> <other one>" in room.text
        await room.press("enter")
        assert "what is <pod>?" in room.text
        await room.press(*"a; b", "enter", *"-x", "enter")
        assert "would be taken for an option" in room.text
        await room.press("backspace", "backspace", *"c", "enter")
        assert "echo kind-shop 'a; b' c" in room.text
        await run_it(room)
        assert (await until_over(room)).lines == ("kind-shop a; b c",)
    assert started(desk)[0].text == "echo kind-shop 'a; b' c"


async def test_of_several_blocks_one_is_chosen() -> None:
    desk = desk_with(a_step("echo one", "echo two"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        assert isinstance(room.app.screen, PickCommandForm)
        await room.press("down", "enter")
        await run_it(room)
        assert (await until_over(room)).lines == ("two",)


async def test_a_block_that_is_no_shell_is_not_run() -> None:
    desk = desk_with(a_step("select 1", language="sql"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        assert "a block of sql is not run from here" in room.text


async def test_the_worst_class_wants_the_name_of_the_cluster_and_a_reason() -> None:
    desk = desk_with(a_step("echo done", kind="action", danger="R3"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        assert "R3: wide or one-way" in flat(room.text)
        await run_it(room, "run")
        assert "say why" in room.text
        form = room.app.screen
        form.query_one("#reason", Field).value = "it must go"
        await room.press("enter")
        assert "type kind-shop to run it" in room.text
        form.query_one("#word", Field).value = "kind-shop"
        await room.press("enter")
        assert (await until_over(room)).code == 0
    assert started(desk)[0].reason == "it must go"


async def test_a_deadline_is_asked_for_and_a_wrong_one_is_refused() -> None:
    desk = desk_with(a_step("sleep 600"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        form = room.app.screen
        form.query_one("#deadline", Field).value = "soon"
        await run_it(room)
        assert "at most an hour" in flat(room.text)
        form.query_one("#deadline", Field).value = "1"
        await room.press("enter")
        assert (await until_over(room)).outcome == "timed out"
        assert "timed out after 1." in room.text
    assert started(desk)[0].deadline_ms == 1_000


async def test_secrets_in_the_text_are_not_in_the_record_and_it_runs_with_them() -> None:
    desk = desk_with(a_step("x='password=hunter2'; echo ${#x}"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await run_it(room)
        assert (await until_over(room)).lines == ("16",)
        assert "hunter2" not in room.text
    assert "hunter2" not in started(desk)[0].text


# --- where nothing is run


async def test_without_an_incident_a_command_or_hands_the_key_says_why() -> None:
    async with war_room(desk_with(a_step("echo hi"), hands=False)) as room:
        await room.press("c", "C")
        assert "nothing is run from here" in room.text
    async with war_room(desk_with(a_step())) as room:
        await room.press("c", "C")
        assert "this step has no command to run by hand" in room.text
    async with war_room(desk_with(a_step("echo hi"), declared=False)) as room:
        await room.press("c", "C")
        assert "no incident is open" in room.text


async def test_observers_and_who_looks_at_another_time_are_refused() -> None:
    desk = desk_with(a_step("echo hi"))
    async with war_room(desk, observer=True) as room:
        await room.press("c", "C")
        assert "observer: read-only" in room.text
    async with war_room(desk) as room:
        await room.press("c", "space", "C")
        assert "not now" in room.text
    assert desk.submitted == []


async def test_with_the_record_in_memory_only_nothing_is_run() -> None:
    class Sink:
        def begin(self, *_: Any) -> None:
            """Nowhere."""

        def append(self, *_: Any) -> None:
            """Nowhere."""

        def show(self) -> JournalView:
            return JournalView("memory-only")

    desk = desk_with(a_step("echo hi"))
    desk.session.keep_in(Sink())
    desk.session.journal_changed()
    async with war_room(desk) as room:
        await room.press("c", "C")
        assert "the record is on no disk" in room.text
    assert desk.submitted == []


# --- while it runs, and after


async def test_output_is_shown_as_it_comes_the_screen_can_be_left_and_s_stops_it(tmp_path: Path) -> None:
    where = tmp_path / "pid"
    desk = desk_with(a_step(f"echo $$ > {where}; echo first; sleep 600"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await run_it(room)
        until(lambda: desk.hands.show().lines == ("first",), "its output is here")  # type: ignore[union-attr]
        await room.repaint()
        assert "first" in room.text
        assert "runs" in room.lines[2]
        await room.press("backspace")
        assert shows(room, ChecklistScreen)
        assert "not known yet how it ended" in flat(room.text)
        await room.press("C")
        assert shows(room, RunningScreen)
        await room.press("S")
        assert (await until_over(room)).outcome == "cancelled"
        assert "cancelled" in room.lines[2]
        await room.press("S")
        assert "nothing runs" in room.text
    assert not is_alive(pid_in(where))


async def test_a_command_can_be_stopped_while_the_screen_shows_another_time() -> None:
    desk = desk_with(a_step("sleep 600"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await run_it(room)
        await room.press("space", "S")
        until(lambda: desk.hands.show().stage == "over", "it has ended")  # type: ignore[union-attr]
    shown = desk.hands.show()
    assert shown is not None
    assert shown.ended is not None
    assert shown.ended.outcome == "cancelled"


async def test_enter_that_is_pressed_too_often_runs_it_once() -> None:
    desk = desk_with(a_step("echo hi"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await room.press("shift+tab", *"run")
        await room.pilot.press("enter", "enter", "enter", "enter")
        await until_over(room)
    assert len(started(desk)) == 1


async def test_a_command_that_ran_cannot_be_taken_back() -> None:
    desk = desk_with(a_step("echo hi"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await run_it(room)
        assert "takes it back" not in room.text
        await until_over(room)
        await room.press("Z")
        assert "nothing to take back" in room.text


async def test_its_output_is_evidence_on_the_step_and_in_the_timeline() -> None:
    desk = desk_with(a_step("echo what it wrote; exit 4"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await run_it(room)
        await until_over(room)
        await room.press("i")
        assert isinstance(room.app.screen, EvidenceScreen)
        assert "what it wrote" in room.text
        assert "exit 4 after" in room.text
        await room.press("0", "c")
        assert "exit 4" in room.text
        await room.press("i")
        assert "what it wrote" in room.text
        await room.press("0", "t")
        assert "ACTION" in room.text
        assert "by hand: echo what it wrote; exit 4: exit 4 after" in flat(room.text)
        await room.press("i")
        assert isinstance(room.app.screen, EvidenceScreen)
        assert "what it wrote" in room.text


async def test_hostile_output_is_inert() -> None:
    desk = desk_with(a_step(r"printf '\033]52;c;aGk=\a[/]zq[red]\n\xff\0\n'"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await run_it(room)
        await until_over(room)
        assert "[/]zq[red]" in room.text
        assert "\x1b" not in room.text
        assert compat.guard_filter(room.app).hits == 0


async def test_quitting_says_that_it_ends_what_runs() -> None:
    desk = desk_with(a_step("sleep 600"))
    async with war_room(desk) as room:
        await room.press("c", "C")
        await run_it(room)
        await room.press("Q")
        assert "quitting ends it, and the record says so" in flat(room.text)
        await room.press("escape")
        desk.hands.stop()
        await until_over(room)
        await room.press("Q")
        assert "quitting ends it" not in flat(room.text)


def test_the_events_go_one_way() -> None:
    """A command of the runbook is never run by itself: only the form with the typed word starts one."""
    package = Path(__file__).parents[2] / "wfconsole"
    starts = [path.name for path in package.rglob("*.py") if "CommandStarted(" in path.read_text(encoding="utf-8")]
    assert sorted(starts) == ["events.py", "run_command.py"]
