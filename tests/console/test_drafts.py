"""Words that nobody has entered yet: there again for whoever goes on, whatever ended the console."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path

import pytest

from tests.console.desk import Desk, declare, kill, note, quit_by_key, wait_saved
from tests.console.test_bad_disks import fill, small_disk
from tests.terminal.pty import Terminal
from wfconsole.incident.advance import fold

__all__ = ["small_disk"]  # a fixture

WORDS = "paying fails in Berlin since the rollout"


def drafts_on_disk(desk: Desk) -> str:
    """All that is in the drafts of the incident, as text; "" while there are none."""
    return "".join(path.read_text() for path in desk.incident().glob("drafts/*.json"))


def wait_kept(terminal: Terminal, desk: Desk, words: str) -> None:
    terminal.wait_until(lambda: words in drafts_on_disk(desk), f"{words!r} among the drafts on disk")


def open_incident(terminal: Terminal) -> None:
    declare(terminal, "gateway is down")
    wait_saved(terminal, "DECLARE  op1")


def write_message(terminal: Terminal, words: str) -> None:
    """In the composer, in front of what was drafted; not sent."""
    terminal.press("m")
    terminal.wait_for("MESSAGES 1/")
    terminal.press("enter")
    terminal.wait_for("Esc stops typing")
    terminal.send(words)
    terminal.wait_for(words[:30])


def leave_half_written(desk: Desk, message: str = WORDS) -> None:
    """A console is killed while somebody writes a message, once its words are on disk."""
    with desk.live() as terminal:
        open_incident(terminal)
        write_message(terminal, message)
        wait_kept(terminal, desk, WORDS)
        kill(terminal)


def stop_typing(terminal: Terminal) -> None:
    terminal.press("escape")
    terminal.wait_for("Enter edits")


def test_a_half_written_message_is_there_after_kill_9_and_gone_when_it_was_sent(desk: Desk) -> None:
    leave_half_written(desk)
    (path,) = desk.incident().glob("drafts/*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert WORDS not in "".join(entry.event.text for entry in desk.entries() if hasattr(entry.event, "text"))
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("m")
        terminal.wait_for(WORDS)
        terminal.wait_for("by op1, when the console ended; its facts are of")
        terminal.press("P")
        terminal.wait_for("REVIEW")
        terminal.press("enter")
        terminal.wait_for("yes, as it stands")
        terminal.press("down", "enter")
        terminal.wait_until(lambda: not drafts_on_disk(desk), "the draft to be gone")
        kill(terminal)
    (sent,) = fold(desk.entries()).messages.values()
    assert WORDS in sent.text
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("m")
        terminal.wait_for("MESSAGES")
        assert WORDS not in terminal.text
        assert "when the console ended" not in terminal.text


def write_note(terminal: Terminal, words: str) -> None:
    """Not entered."""
    terminal.press("N")
    terminal.wait_for("Enter saves")
    terminal.send(words)
    terminal.wait_for(words)


@pytest.mark.parametrize(
    ("how", "where"),
    [
        *(("the line drops", "message"), ("TERM", "message"), ("quit", "message")),
        *(("the line drops", "note"), ("TERM", "note")),  # nobody can quit while a form is open
    ],
)
def test_an_orderly_end_keeps_what_was_typed_last(desk: Desk, how: str, where: str) -> None:
    with desk.live() as terminal:
        open_incident(terminal)
        (write_message if where == "message" else write_note)(terminal, WORDS)  # not even waiting for the disk
        if how == "the line drops":
            terminal.hang_up()
            terminal.wait_exit()
        elif how == "TERM":
            terminal.signal(signal.SIGTERM)
            terminal.wait_exit()
        else:
            stop_typing(terminal)
            quit_by_key(terminal)
    assert WORDS in drafts_on_disk(desk)
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("m" if where == "message" else "N")
        terminal.wait_for(WORDS)


def test_a_note_is_offered_when_its_key_is_pressed_and_esc_drops_it(desk: Desk) -> None:
    with desk.live() as terminal:
        open_incident(terminal)
        write_note(terminal, WORDS)
        opened = terminal.text.partition("NOTE ")[2][:9]
        wait_kept(terminal, desk, WORDS)
        kill(terminal)
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        assert WORDS not in terminal.text
        terminal.press("N")
        terminal.wait_for(f"> {WORDS}")
        terminal.wait_for(f"NOTE {opened}")
        terminal.wait_for("by op1, when the console ended; Esc")
        terminal.press("escape")
        terminal.wait_until(lambda: not drafts_on_disk(desk), "the draft to be gone")
        terminal.press("N")
        terminal.wait_for("Enter saves")
        assert WORDS not in terminal.text
    assert desk.notes() == []


def test_a_note_that_was_entered_is_not_offered_again(desk: Desk) -> None:
    with desk.live() as terminal:
        open_incident(terminal)
        note(terminal, WORDS)
        terminal.wait_until(lambda: not drafts_on_disk(desk), "the draft to be gone")
        kill(terminal)
    with desk.resumed() as terminal:
        wait_saved(terminal, WORDS)
        terminal.press("N")
        terminal.wait_for("Enter saves")
        assert "when the console ended" not in terminal.text


def test_a_form_that_was_only_opened_claims_no_folder_and_a_declaration_of_a_kept_record_is_kept(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("ready")
        terminal.press("D")
        terminal.wait_for("DECLARE INCIDENT")
        terminal.send(WORDS)
        terminal.wait_for(WORDS)
        terminal.signal(signal.SIGTERM)
        terminal.wait_exit()
    assert not desk.incidents.exists()
    with desk.live() as terminal:
        terminal.wait_for("ready")
        note(terminal, "users call")
        terminal.press("D")
        terminal.wait_for("DECLARE INCIDENT")
        terminal.send(WORDS)
        wait_kept(terminal, desk, WORDS)
        kill(terminal)
    with desk.resumed() as terminal:
        wait_saved(terminal, "users call")
        terminal.press("D")
        terminal.wait_for(WORDS)
        terminal.press(*["enter"] * 4)
        terminal.wait_until(lambda: WORDS[:20] in terminal.lines[0] and "SEV-" in terminal.lines[0], "the incident")
        terminal.wait_until(lambda: not drafts_on_disk(desk), "the draft to be gone")


def test_words_stay_with_their_incident(desk: Desk) -> None:
    leave_half_written(desk)
    first = desk.incident()
    with desk.live() as terminal:
        declare(terminal, "another one")
        terminal.press("m")
        terminal.wait_for("MESSAGES 1/")
        assert WORDS not in terminal.text
        kill(terminal)
    with desk.resumed(first.name) as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("m")
        terminal.wait_for(WORDS)


def test_the_words_of_a_console_that_lives_are_its_own(desk: Desk) -> None:
    with desk.live() as first:
        open_incident(first)
        write_message(first, WORDS)
        wait_kept(first, desk, WORDS)
        with desk.resumed() as second:
            second.wait_for("gateway is down")
            second.press("m")
            second.wait_for("MESSAGES 1/")
            assert WORDS not in second.text
            kill(second)
        kill(first)
    assert WORDS in drafts_on_disk(desk)


def test_an_observer_takes_and_keeps_nothing(desk: Desk) -> None:
    leave_half_written(desk)
    before = drafts_on_disk(desk)
    with desk.resumed("--observer") as terminal:
        terminal.wait_for("gateway is down")
        write_message(terminal, "what an observer types")
        assert WORDS not in terminal.text
        stop_typing(terminal)
        quit_by_key(terminal)
    assert drafts_on_disk(desk) == before


def test_secrets_are_not_written(desk: Desk) -> None:
    leave_half_written(desk, f"{WORDS}, password=hunter2hunter2 works")
    assert "password=(redacted)" in drafts_on_disk(desk)
    for path in desk.folder.rglob("*.json*"):
        assert b"hunter2" not in path.read_bytes(), path


def as_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_text(path: Path) -> None:
    path.write_text("{ not what it was")


@pytest.mark.parametrize("spoil", [as_text, as_a_pipe])
def test_a_file_that_cannot_be_used_is_said_once_and_stops_nothing(desk: Desk, spoil: object) -> None:
    leave_half_written(desk)
    (path,) = desk.incident().glob("drafts/*.json")
    assert callable(spoil)
    spoil(path)
    for said in (1, 1):
        with desk.resumed() as terminal:
            terminal.wait_for("gateway is down")
            terminal.press("t")
            terminal.wait_for("unsent words of an")
            terminal.press("0")
            note(terminal, "it goes on")
            kill(terminal)
        assert sum("cannot be used" in str(entry.event) for entry in desk.entries()) == said
    assert path.with_suffix(".unusable").exists()


def test_hostile_words_in_a_file_reach_no_terminal(desk: Desk) -> None:
    hostile = "\x1b]52;c;aGVsbG8=\x07[/][red]x[/red]\x9b31m\u202egnp.exe\x00" * 300 + "tail"
    with desk.live() as terminal:
        open_incident(terminal)
        write_message(terminal, WORDS)
        wait_kept(terminal, desk, WORDS)
        stop_typing(terminal)
        terminal.press("0")
        write_note(terminal, "a note, too")
        wait_kept(terminal, desk, "a note, too")
        kill(terminal)
    (path,) = desk.incident().glob("drafts/*.json")
    told = json.loads(path.read_text())
    for draft in told["drafts"]:
        draft["by"] = hostile
        draft["fields"] = dict.fromkeys(draft["fields"], hostile)
    path.write_text(json.dumps(told))
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("m")
        terminal.wait_for("kept from")
        terminal.wait_for("]52;c;aGVsbG8=")
        terminal.press("0", "N")
        terminal.wait_for("Enter saves")
        terminal.wait_for("kept from")
        assert terminal.forbidden_bytes() == []
        kill(terminal)


def test_a_full_disk_is_said_and_what_was_kept_before_stays(desk: Desk, small_disk: Path) -> None:
    desk.environment["WFCONSOLE_JOURNAL_DIRECTORY"] = str(small_disk / "incidents")
    desk.incidents = small_disk / "incidents"
    with desk.live() as terminal:
        open_incident(terminal)
        write_message(terminal, WORDS)
        wait_kept(terminal, desk, WORDS)
        fill(small_disk)
        terminal.send(", and more")
        terminal.wait_for("what you write is not kept on disk: No space left on device")
        stop_typing(terminal)
        terminal.press("e")
        terminal.wait_for("what is kept")
        terminal.press("end")
        terminal.wait_for("not kept: No space left on device")
        terminal.press("0")
        terminal.resize(140, 40)
        terminal.wait_for("drafts not kept")
        assert WORDS in drafts_on_disk(desk)
        (small_disk / "full").unlink()
        terminal.press("m", "enter")
        terminal.wait_for("Esc stops typing")
        terminal.send("again: ")
        wait_kept(terminal, desk, "again: ")
        terminal.wait_gone("not kept on disk")
        kill(terminal)
    assert ", and more" in drafts_on_disk(desk)


def test_what_is_on_record_is_not_offered_again_by_who_was_killed_the_moment_after(desk: Desk) -> None:
    with desk.live() as terminal:
        open_incident(terminal)
        terminal.press("N")
        terminal.wait_for("Enter saves")
        terminal.send("sign-in fails")
        wait_kept(terminal, desk, "sign-in fails")
        terminal.press("enter")
        terminal.wait_until(lambda: desk.notes() == ["sign-in fails"], "the note on disk")
        kill(terminal)
    with desk.resumed() as terminal:
        wait_saved(terminal, "sign-in fails")
        terminal.press("N")
        terminal.wait_for("Enter saves")
        terminal.send("users call")
        terminal.press("enter")
        terminal.wait_until(lambda: len(desk.notes()) == 2, "the other one, too")
        kill(terminal)
    assert desk.notes() == ["sign-in fails", "users call"]
