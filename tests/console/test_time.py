"""Freeze, look back and go on, on the whole console; and why, where one cannot look back."""

from __future__ import annotations

import re

import pytest

from tests.console.desk import Desk, declare, enter_note, kill, quit_by_key, wait_saved
from tests.session.made import BEGAN, patch, row
from tests.terminal.pty import Terminal
from wfconsole.clock import SECOND, ManualClock
from wfconsole.recording.writer import StreamWriter


def go_on(desk: Desk, seconds: int, body: bytes) -> None:
    """The stream says something more, so many seconds after its beginning."""
    lines: list[bytes] = []
    clock = ManualClock(BEGAN + 120 * SECOND)
    writer = StreamWriter(lines.append, clock)
    writer.header()
    writer.patch("pods", BEGAN + seconds * SECOND, body, keyframe=False)
    with desk.stream.open("ab") as stream:
        stream.write(lines[-1])


def test_freezing_holds_the_screen_while_the_world_goes_on(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("over 04:01:20")  # all of the stream has been read
        terminal.wait_for("2/2 ready")
        terminal.press("space")
        terminal.wait_for("FROZEN")
        go_on(desk, 121, patch(row("gateway-c", ready=False)))
        terminal.wait_for(re.compile(r"FROZEN ([2-9]|\d\d)s"))
        assert "2/2 ready" in terminal.text
        terminal.press("\\")
        terminal.wait_for("● LIVE")
        terminal.wait_for("2/3 ready")
        kill(terminal)


def test_a_note_while_frozen_and_while_looking_back_is_kept_and_nothing_else_can_be_entered(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        terminal.press("space")
        terminal.wait_for("FROZEN")
        terminal.press("D")
        terminal.wait_for("goes back to live")
        enter_frozen_note(terminal, "seen while frozen")
        terminal.press("[")
        terminal.wait_for("◄ BACK")
        terminal.wait_for("DO NOW  you are looking back")
        enter_frozen_note(terminal, "seen while looking back")
        terminal.press("\\")
        terminal.wait_for("● LIVE")
        wait_saved(terminal, "seen while frozen")
        wait_saved(terminal, "seen while looking back")
        assert quit_by_key(terminal) == 0
    assert desk.notes() == ["seen while frozen", "seen while looking back"]
    assert not any(type(entry.event).__name__ == "StepMarked" for entry in desk.entries())


def enter_frozen_note(terminal: Terminal, text: str) -> None:
    """The timeline on show is of the past, so the note is not in it."""
    terminal.press("N")
    terminal.wait_for("Enter saves")
    terminal.send(f"{text}\r")
    terminal.wait_gone("Enter saves")


def test_looking_back_goes_to_that_instant_by_every_key_and_back(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("2/2 ready")
        terminal.press("@")
        terminal.wait_for("GO TO")
        terminal.send("04:00:40\r")
        terminal.wait_for("04:00:40Z")
        terminal.wait_for("1/2 ready")
        terminal.wait_for("BACK 1m")
        terminal.press("[", "[", "[")
        terminal.wait_for("04:00:10Z")
        terminal.wait_for("2/2 ready")
        terminal.press("]")
        terminal.wait_for("04:00:20Z")
        terminal.wait_for("1/2 ready")
        terminal.press(",")
        terminal.wait_for("2/2 ready")
        terminal.press(".")
        terminal.wait_for("04:00:20Z")
        terminal.press("\\")
        terminal.wait_for("● LIVE")
        terminal.wait_for("2/2 ready")
        kill(terminal)


def test_the_wall_looks_back_like_any_other_screen(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("2/2 ready")
        terminal.press("w")
        terminal.wait_for("· ok 2/2 ready")
        terminal.press("@")
        terminal.wait_for("GO TO")
        terminal.send("04:00:40\r")
        terminal.wait_for("▲ WARN gateway 1/2 ready")
        assert "BACK" in terminal.lines[0]
        terminal.press("\\", "w")
        terminal.wait_for("8 CHECKLIST")
        assert "LIVE" in terminal.lines[0]
        kill(terminal)


def test_markers_lead_to_what_people_did(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        enter_note(terminal, "a place to come back to")
        go_on(desk, 140, b"{}")
        terminal.wait_for("04:02:2")
        terminal.press("[", "[", "[")
        terminal.wait_for("NO INCIDENT")
        terminal.wait_for(re.compile("BACK 3[3-9]s"))  # by now all of it is on disk
        terminal.press("}")
        terminal.wait_for("SEV-")
        terminal.wait_gone("a place to come back to")
        terminal.press("}")
        terminal.wait_for("a place to come back to")
        terminal.press("{", "{")
        terminal.wait_for("04:00:20Z")
        terminal.wait_for("NO INCIDENT")
        kill(terminal)


def test_a_marker_that_is_hardly_on_disk_is_reached_all_the_same(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        enter_note(terminal, "a place to come back to")
        go_on(desk, 122, b"{}")
        terminal.press("[", "[", "[")
        terminal.wait_for("◄ BACK")
        terminal.wait_gone("a place to come back to")
        terminal.press("}")
        terminal.wait_for("SEV-")
        terminal.press("{")
        terminal.wait_for("NO INCIDENT")
        kill(terminal)


@pytest.mark.parametrize("key", ["[", "{", ","])
def test_without_a_recording_the_key_says_why_nothing_happens(desk: Desk, key: str) -> None:
    with desk.live("--no-recording") as terminal:
        terminal.wait_for("2/2 ready")
        terminal.press(key)
        terminal.wait_for("nothing to look back at: this session is not recorded")
        assert "● LIVE" in terminal.text
        kill(terminal)


def test_a_recording_that_cannot_be_made_is_said_and_the_console_lives(desk: Desk) -> None:
    desk.recordings.parent.mkdir()
    desk.recordings.write_text("a file is in the way")
    with desk.live() as terminal:
        terminal.wait_for("2/2 ready")
        terminal.press("e")
        terminal.wait_for("this session is not recorded: ")
        terminal.press("0", "[")
        terminal.wait_for("nothing to look back at")
        kill(terminal)


def test_a_recording_that_has_reached_its_size_stops_and_says_so(desk: Desk) -> None:
    desk.environment["WFCONSOLE_RECORDING_MAX_MEGABYTES"] = "1"
    with desk.live() as terminal:
        terminal.wait_for("2/2 ready")
        rows = [
            row(f"gateway-{number}", message="".join(chr(33 + number * 7 * i % 90) for i in range(900)))
            for number in range(1500)
        ]
        go_on(desk, 121, patch(*rows))
        terminal.wait_for("1,502/1,502 ready")
        terminal.press("e")
        terminal.wait_for("stopped")
        terminal.wait_for("it has 1 MiB")
        kill(terminal)
