"""The whole console, as its user has it: declared, written in, killed at any instant, and gone on with."""

from __future__ import annotations

import re
import signal

import pytest

from tests.builders import a_runbook
from tests.console.desk import Desk, declare, enter_note, kill, note, quit_by_key, wait_saved
from tests.journal.helpers import segments
from wfconsole.incident.advance import fold
from wfconsole.incident.events import ConsoleEnded, ConsoleStarted, Declared
from wfconsole.reports.record import Record
from wfconsole.session.journaling import read_entries

KILLS = 4


def unattended(desk: Desk) -> list[str]:
    """How each console ended after which none was open, as the papers tell it."""
    entries = desk.entries()
    return [how for _, _, how in Record.of(entries, fold(entries), a_runbook()).unattended()]


def test_a_console_that_is_killed_again_and_again_loses_nothing_that_it_called_saved(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "note before the first kill")
        kill(terminal)
    said = ["note before the first kill"]
    for number in range(KILLS):
        with desk.resumed() as terminal:
            wait_saved(terminal, said[-1])
            note(terminal, f"note after kill {number}")
            said.append(f"note after kill {number}")
            kill(terminal)
    assert desk.notes() == said


def test_a_kill_in_the_middle_of_writing_leaves_an_exact_prefix(desk: Desk) -> None:
    """Nobody waits for the mark here: what was not yet confirmed may be gone, but nothing before it."""
    typed = [f"note {number}" for number in range(8)]
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        wait_saved(terminal, "DECLARE  op1")
        for text in typed:
            terminal.press("N")
            terminal.wait_for("Enter saves")
            terminal.send(f"{text}\r")
            terminal.wait_gone("Enter saves")
        kill(terminal)
    assert desk.notes() == typed[: len(desk.notes())]


def test_a_resumed_console_goes_on_exactly_there_and_says_so_in_the_record(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        terminal.press("c")
        terminal.wait_for("First five minutes")
        terminal.press("X")
        wait_saved(terminal, "[x]")
        kill(terminal)
    before = fold(desk.entries())
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("c")
        terminal.wait_for(re.compile(r"\[x\] +1 "))
        assert quit_by_key(terminal) == 0
        assert terminal.restored
    entries = desk.entries()
    after = fold(entries)
    assert after.steps == before.steps
    assert (after.id, after.title, after.severity) == (before.id, before.title, before.severity)
    assert [entry.actor for entry in entries if isinstance(entry.event, ConsoleStarted)] == ["op2"]
    assert [entry.event.reason for entry in entries if isinstance(entry.event, ConsoleEnded)] == ["quit"]


def test_an_incident_on_a_stream_is_resumed_on_a_stream(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "before")
        kill(terminal)
    with desk.live(command="resume -") as terminal:
        terminal.wait_for("2/2 ready")
        wait_saved(terminal, "before")
        kill(terminal)


@pytest.mark.parametrize("how", ["the line drops", "TERM"])
def test_an_end_from_outside_loses_nothing_and_tells_the_shell(desk: Desk, how: str) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        enter_note(terminal, "before the end")  # not even waiting until it is on disk
        if how == "TERM":
            terminal.signal(signal.SIGTERM)
            code = 128 + signal.SIGTERM
        else:
            terminal.hang_up()
            code = 128 + signal.SIGHUP
        assert terminal.wait_exit() == code
    assert desk.notes() == ["before the end"]
    assert isinstance(desk.entries()[-1].event, ConsoleEnded)


def test_a_torn_last_segment_is_said_in_the_record_and_loses_nothing_confirmed(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "whole")
        kill(terminal)
    (segment,) = segments(desk.incident() / "journal")
    content = segment.read_bytes().rstrip(b"\0")
    segment.write_bytes(content + b'{"seq":99,"id":"torn","t":"2026-')
    with desk.resumed() as terminal:
        wait_saved(terminal, "whole")
        note(terminal, "after the tear")
        kill(terminal)
    assert desk.notes() == ["whole", "after the tear"]
    (started,) = (entry.event for entry in desk.entries() if isinstance(entry.event, ConsoleStarted))
    assert "torn tail" in started.found


def test_two_consoles_on_one_incident_both_write_and_reading_merges_them(desk: Desk) -> None:
    with desk.live() as first:
        declare(first, "gateway is down")
        note(first, "first, before")
        with desk.resumed() as second:
            wait_saved(second, "first, before")
            note(second, "second, meanwhile")
            note(first, "first, meanwhile")
            note(second, "second, after")
            assert quit_by_key(second) == 0
        note(first, "first, after")
        kill(first)
    assert sorted(desk.notes()) == sorted(
        ["first, before", "second, meanwhile", "first, meanwhile", "second, after", "first, after"]
    )
    assert len(segments(desk.incident() / "journal")) == 2
    assert unattended(desk) == []


def test_the_papers_tell_a_console_that_was_killed_from_one_that_is_open(desk: Desk) -> None:
    with desk.live() as first:
        declare(first, "gateway is down")
        with desk.resumed() as second:
            wait_saved(second, "console opened")
            kill(second)
        assert unattended(desk) == []  # the first one is open, and says nothing
        kill(first)
    with desk.resumed() as third:
        wait_saved(third, "console opened")
        kill(third)
    assert unattended(desk) == ["ended without a word"]


def test_a_resumed_console_names_the_recording_that_has_what_was_before_it(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        wait_saved(terminal, "DECLARE  op1")
        (kept,) = desk.recordings.glob("*.jsonl.gz")
        terminal.wait_until(lambda: kept.stat().st_size > 0, "a recording with something in it")
        kill(terminal)
    told = f"before: wfconsole replay {kept.name.removesuffix('.jsonl.gz')}"
    with desk.resumed() as terminal:
        wait_saved(terminal, "console opened")

        def looked_back() -> bool:
            terminal.press("[")  # again, until what there is has been looked for
            return told in terminal.text

        terminal.wait_until(looked_back, told)
        assert "seen here only since" in terminal.text
        kill(terminal)


def test_enter_that_is_pressed_too_often_does_everything_once(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("ready")
        terminal.press("D")
        terminal.wait_for("DECLARE INCIDENT")
        terminal.send("gateway is down" + 9 * "\r")
        terminal.wait_until(lambda: "SEV-" in terminal.lines[0], "the incident")
        terminal.press("0")  # what was pressed too often may have opened something
        wait_saved(terminal, "DECLARE  op1")
        terminal.press("N")
        terminal.wait_for("Enter saves")
        terminal.send("only once" + 5 * "\r")
        terminal.wait_gone("Enter saves")
        terminal.press("0")
        wait_saved(terminal, "only once")
        assert quit_by_key(terminal) == 0
    assert desk.notes() == ["only once"]
    assert [type(entry.event) for entry in desk.entries()].count(Declared) == 1


def test_two_incidents_one_after_the_other_have_their_own_records(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "the first one")
        note(terminal, "of the first")
        terminal.press(":")
        terminal.wait_for("COMMAND")
        terminal.send("state resolved it is over\r")
        terminal.wait_for("STAND DOWN")
        terminal.press(*["enter"] * 20)
        terminal.wait_for("RESOLVED")
        terminal.press("0")  # what was pressed too often may have opened something
        declare(terminal, "the second one")
        note(terminal, "of the second")
        kill(terminal)
    folders = sorted(desk.incidents.iterdir())
    assert [fold(read_entries(folder)[0]).title for folder in folders] == ["the first one", "the second one"]
    assert folders[1].name == f"{folders[0].name}b"
    declared = [entry for folder in folders for entry in read_entries(folder)[0] if isinstance(entry.event, Declared)]
    assert len(declared) == 2
