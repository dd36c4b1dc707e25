"""Commands by hand at the session: the record first, one at a time, and an end that is always told."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.hands.test_process import is_alive, pid_in
from tests.journal.helpers import until
from tests.session.made import BEGAN
from tests.threads import in_the_end
from wfconsole.clock import MINUTE, SECOND, ManualClock, SystemClock
from wfconsole.incident.events import CommandEnded, CommandStarted, Declared, Entry
from wfconsole.runbook import load_runbook
from wfconsole.session import by_hand, confirming
from wfconsole.session.by_hand import ByHand, end_unknown
from wfconsole.session.session import Session
from wfconsole.session.view import JournalView


class SlowSink:
    """A journal whose disk takes an entry when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Entry] = []
        self.condition = "durable"

    def begin(self, incident: str, entries: Iterable[Entry]) -> None:
        """The declaration."""

    def append(self, entry: Entry) -> None:
        self.waiting.append(entry)

    def show(self) -> JournalView:
        return JournalView(self.condition)  # type: ignore[arg-type]


class Place:
    """A session with an incident, and hands."""

    def __init__(self, *, sink: SlowSink | None = None, command: tuple[str, ...] | None = None) -> None:
        self.session = Session(clock=ManualClock(BEGAN), runbook=load_runbook(None), operator="op1")
        self.session.submit(Declared("INC-1", "down", "SEV2", "op1"))
        if sink is not None:
            self.session.keep_in(sink)
            self.session.journal_as("INC-1", anew=False)
        more = {} if command is None else {"command": command}
        self.hands = ByHand(self.session, SystemClock(), {"FROM_THE_CONSOLE": "yes"}, **more)

    def run(self, text: str, deadline_ms: int = MINUTE) -> Entry:
        entry = self.session.submit(CommandStarted("c1", text, deadline_ms=deadline_ms))
        self.hands.run(entry, text)
        return entry

    def ended(self) -> CommandEnded:
        def told() -> bool:
            return bool(self.session.view.incident.commands["c1"].outcome)

        until(told, "the record says how it ended")
        (event,) = [entry.event for entry in self.session.entries if isinstance(entry.event, CommandEnded)]
        return event


def test_how_it_ended_and_what_it_wrote_are_in_the_record() -> None:
    place = Place()
    place.run("echo one; echo $FROM_THE_CONSOLE; exit 3")
    ended = place.ended()
    assert (ended.outcome, ended.code, ended.lines) == ("exit", 3, ("one", "yes"))
    shown = place.hands.show()
    assert shown is not None
    assert (shown.stage, shown.lines, shown.ended) == ("over", ended.lines, ended)
    run = place.session.view.incident.commands["c1"]
    assert (run.outcome, run.code) == ("exit", 3)


def test_nothing_runs_before_the_intent_is_on_disk(tmp_path: Path) -> None:
    sink, mark = SlowSink(), tmp_path / "ran"
    place = Place(sink=sink)
    entry = place.run(f"touch {mark}")
    shown = place.hands.show()
    assert shown is not None
    assert shown.stage == "confirming"
    assert not mark.exists()
    assert sink.waiting == [entry]
    place.session.saved([entry.id])
    assert place.ended().outcome == "exit"
    assert mark.exists()


def test_an_intent_that_no_disk_confirms_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "CONFIRMED_WITHIN_MS", 50)
    mark = tmp_path / "ran"
    place = Place(sink=SlowSink())
    place.run(f"touch {mark}")
    ended = place.ended()
    assert (ended.outcome, ended.reason) == ("not started", "no disk has confirmed the intent")
    assert not mark.exists()


def test_what_is_stopped_before_it_began_never_begins(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    place = Place(sink=SlowSink())
    entry = place.run(f"touch {mark}")
    place.hands.stop()
    place.session.saved([entry.id])
    assert place.ended().outcome == "cancelled"
    assert not mark.exists()


def test_while_one_runs_there_is_no_other_and_stopping_ends_it(tmp_path: Path) -> None:
    where = tmp_path / "pid"
    place = Place()
    place.run(f"echo $$ > {where}; sleep 600")
    pid = pid_in(where)
    assert "runs already" in place.hands.refusal()
    place.hands.stop()
    assert place.ended().outcome == "cancelled"
    until(lambda: not place.hands.refusal(), "another one may run")
    assert not is_alive(pid)


def test_with_a_record_that_is_on_no_disk_nothing_is_run() -> None:
    sink = SlowSink()
    place = Place(sink=sink)
    sink.condition = "memory-only"
    place.session.journal_changed()
    assert "on no disk" in place.hands.refusal()


def test_at_the_deadline_it_is_over(tmp_path: Path) -> None:
    where = tmp_path / "pid"
    place = Place()
    place.run(f"echo $$ > {where}; sleep 600", 300)
    assert place.ended().outcome == "timed out"
    assert not is_alive(pid_in(where))


def test_closing_ends_it_and_the_record_says_cancelled(tmp_path: Path) -> None:
    """Even of what ignores the polite signal."""
    where = tmp_path / "pid"
    place = Place()
    place.run(f"trap '' TERM; echo $$ > {where}; echo begun; while :; do sleep 0.05; done")
    pid = pid_in(where)
    in_the_end(place.hands.close)
    ended = place.ended()
    assert (ended.outcome, ended.reason) == ("cancelled", "the console was quit")
    until(lambda: not is_alive(pid), "it is gone")


def test_closing_while_nothing_runs_says_nothing() -> None:
    place = Place()
    place.hands.close()
    assert place.hands.show() is None
    assert place.hands.refusal() == "the console is closing"


def test_a_killed_process_is_an_unknown_end_and_its_shell_is_killed_too(tmp_path: Path) -> None:
    where = tmp_path / "pid"
    place = Place()
    place.run(f"echo $$ > {where}; echo begun; sleep 600")
    pid = pid_in(where)
    until(lambda: place.hands.show().lines == ("begun",), "its output is here")  # type: ignore[union-attr]
    process = place.hands._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    ended = place.ended()
    assert ended.outcome == "unknown"
    assert ended.lines == ("begun",)
    until(lambda: not is_alive(pid), "the shell is gone")


def test_a_process_that_hangs_is_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_hand, "_LATE_MS", -1_900)  # of the grace, a tenth of a second is left
    stuck = tmp_path / "stuck.py"
    stuck.write_text("import time; time.sleep(600)")
    place = Place(command=(sys.executable, str(stuck)))
    place.run("echo hi", SECOND // 10)
    assert place.ended().outcome == "unknown"


def test_a_process_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    place = Place(command=(str(tmp_path / "nothing"),))
    place.run("echo hi")
    ended = place.ended()
    assert (ended.outcome, ended.reason) == ("not started", "no process: No such file or directory")


def test_of_a_flood_the_end_is_kept_and_the_rest_counted() -> None:
    place = Place()
    place.run("for i in $(seq 5000); do echo line $i; done")
    ended = place.ended()
    assert ended.lines[-1] == "line 5000"
    assert len(ended.lines) + ended.left_out == 5000
    assert len(ended.lines) <= 400


def test_the_screen_is_told_of_output_as_it_comes(tmp_path: Path) -> None:
    go, heard = tmp_path / "go", threading.Event()
    place = Place()

    def changed() -> None:
        shown = place.hands.show()
        if shown is not None and shown.lines == ("first",) and shown.stage == "running":
            heard.set()

    place.session.subscribe(changed)
    place.run(f"echo first; until test -e {go}; do sleep 0.02; done; echo second")
    assert heard.wait(10)
    go.touch()
    assert place.ended().lines == ("first", "second")


def test_a_command_whose_console_was_killed_has_an_unknown_end_once() -> None:
    place = Place()
    place.session.submit(CommandStarted("c1", "kubectl get pods"))
    end_unknown(place.session)
    end_unknown(place.session)
    ended = place.ended()
    assert ended.outcome == "unknown"
    assert "look what it has done" in ended.reason


def test_how_it_ended_is_told_once_whoever_comes_first() -> None:
    place = Place()
    place.run("sleep 600")
    closers: list[Callable[[], None]] = [place.hands.stop, place.hands.close, place.hands.stop]
    for closer in closers:
        closer()
    place.ended()
