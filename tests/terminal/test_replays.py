"""Recordings in the real program under a terminal: the bundled incident on an empty machine, and the keys of time."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.session.made import recording
from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal

BUNDLED = ROOT / "scenarios" / "service-outage"
WITHOUT_NETWORK = ("unshare", "--map-root-user", "--net")


def program(folder: Path, *words: str, offline: bool = False) -> Terminal:
    """`wfconsole` in this folder, which is its home too."""
    command = [*(WITHOUT_NETWORK if offline else ()), sys.executable, "-m", "wfconsole", *words]
    there = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(folder), *command]
    return Terminal(there, columns=160, rows=40, env={"HOME": str(folder), "PYTHONPATH": str(ROOT)})


@pytest.fixture(scope="module")
def offline() -> bool:
    """Whether a program can be run here with no network at all: not every kernel lets one who is not root."""
    if shutil.which(WITHOUT_NETWORK[0]) is None:
        return False
    return not subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True, check=False).returncode


def promised(scenario: Path) -> list[str]:
    """The id and the title of the incident that a scenario tells."""
    first = (scenario / "timeline.md").read_text().splitlines()[0]
    return first.removeprefix("# Timeline of ").split(": ", 1)


def test_the_demo_plays_the_bundled_incident_without_a_network_a_home_or_a_configuration(
    tmp_path: Path, *, offline: bool
) -> None:
    incident, title = promised(BUNDLED)
    with program(tmp_path, "demo", offline=offline) as terminal:
        terminal.wait_for(re.compile(r"► x1\s+(?!00:00:0[01])\d\d:"))
        terminal.press("\\")
        terminal.wait_until(lambda: incident in terminal.lines[0] and title in terminal.lines[0], "the incident")
        terminal.wait_for("║ REPLAY paused")  # at its end
        terminal.wait_for(re.compile(r"3 Pods\s+· ok\s+\d+/\d+ ready"))
        terminal.press("c")
        terminal.wait_for(re.compile(r"CHECKLIST \d+/\d+ closed"))
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert terminal.forbidden_bytes() == []


def test_the_demo_is_the_bundled_incident_whatever_there_is_of_its_name(tmp_path: Path) -> None:
    (tmp_path / BUNDLED.name).mkdir()
    with program(tmp_path, "demo") as terminal:
        terminal.wait_for("► REPLAY")


def test_what_is_marked_in_a_replay_is_gone_to_in_the_next_one_and_the_recording_stays_as_it_is(tmp_path: Path) -> None:
    path = recording(tmp_path)
    before = path.read_bytes()
    for marked in (False, True):
        with program(tmp_path, "replay", str(path), "--paused", "--at", "50%") as terminal:
            terminal.wait_for(" 00:01:00/")
            if marked:
                terminal.press("[", "[")
                terminal.wait_for(" 00:00:40/")
                terminal.press("}")
                terminal.wait_for(" 00:01:00/")
            else:
                terminal.press(":")
                terminal.wait_for("COMMAND")
                terminal.send("mark here it begins\r")
            terminal.wait_for(re.compile(r"MARK +replay: here it begins"))
    assert path.read_bytes() == before


def test_a_replay_begins_as_fast_as_it_was_told_and_the_keys_of_a_terminal_move_it(tmp_path: Path) -> None:
    with program(tmp_path, "replay", str(recording(tmp_path)), "--speed", "4") as terminal:
        terminal.wait_for("► x4 ")
        for key, speed in (("-", "x2"), ("-", "x1"), ("+", "x2"), ("=", "x4")):
            terminal.press(key)
            terminal.wait_for(f"► {speed} ")
        terminal.press("space")
        terminal.wait_for("║ paused ")
        for key, position in (
            ("\\", "00:02:00"),
            ("shift+left", "00:01:50"),
            ("shift+right", "00:02:00"),
            (",", "00:01:20"),
            (",", "00:00:40"),
            (".", "00:01:20"),
            ("shift+down", "00:02:00"),
            ("[", "00:01:50"),
            ("]", "00:02:00"),
        ):
            terminal.press(key)
            terminal.wait_for(f" {position}/")
        terminal.press("shift+up")
        terminal.wait_gone("00:02:00/00:02:00")
        terminal.press("space")
        terminal.wait_for("► x4 ")
