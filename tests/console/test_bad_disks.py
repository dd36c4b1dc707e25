"""The record's bad days, as they are seen on the screen: nothing is silent, nothing is lost that could be kept."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.desk import (
    Desk,
    declare,
    enter_note,
    is_pending,
    kill,
    lines_with,
    note,
    notes_of,
    quit_by_key,
    wait_saved,
)
from wfconsole.session.journaling import read_entries

# The console on a disk whose every sync takes until a file is there.
SLOW = """
import os, sys, threading
sync, nap, gate = os.fdatasync, threading.Event(), sys.argv.pop(1)
def slow(descriptor):
    while not os.path.exists(gate):
        nap.wait(0.02)
    sync(descriptor)
os.fdatasync = slow
from wfconsole.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_without_its_folder_the_record_goes_to_the_fallback_which_is_said_and_resumed(desk: Desk) -> None:
    desk.incidents.parent.mkdir()
    desk.incidents.write_text("a file is in the way")
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "kept elsewhere")
        terminal.wait_for("journal: fallback")
        terminal.press("e")
        terminal.wait_for("what is kept")
        terminal.wait_for(str(desk.fallback))
        kill(terminal)
    listed = desk.run("incidents").stdout
    assert "gateway is down" in listed
    with desk.resumed() as terminal:
        wait_saved(terminal, "kept elsewhere")
        assert quit_by_key(terminal) == 0


def test_a_folder_that_is_removed_while_the_console_runs_loses_nothing(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "before")
        shutil.rmtree(desk.incidents)
        note(terminal, "after")
        assert quit_by_key(terminal) == 0
    entries, _, report = read_entries(desk.incident(), (desk.fallback,))
    assert notes_of(entries) == ["before", "after"]
    assert "missing" in report.summary  # a segment went, and that is said, though all that was in it is here


def test_without_any_disk_it_says_so_in_the_first_place_and_prints_at_the_end_what_no_disk_took(desk: Desk) -> None:
    desk.incidents.parent.mkdir()
    desk.incidents.write_text("a file is in the way")
    desk.fallback.rmdir()
    desk.fallback.write_text("and here")
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        terminal.wait_for("JOURNAL IN MEMORY ONLY")
        terminal.wait_for("DO NOW  the record is in memory only")
        enter_note(terminal, "only here, token=hunter2hunter2hunter2")
        assert all(map(is_pending, lines_with(terminal, ": only here")))
        terminal.press("Q")
        terminal.wait_for("QUIT")
        terminal.wait_for("memory")
        terminal.press("down", "enter")
        assert terminal.wait_exit() == 0
        assert terminal.restored
        terminal.wait_for("are on no disk; here they are")
        terminal.wait_for("only here")
        assert "gateway is down" in terminal.text
        after = terminal.raw.partition(b"are on no disk")[2]
        assert b"hunter2" not in after
        assert terminal.forbidden_bytes() == []


def test_a_disk_that_comes_back_takes_everything(desk: Desk) -> None:
    desk.incidents.parent.mkdir()
    desk.incidents.write_text("a file is in the way")
    desk.fallback.rmdir()
    desk.fallback.write_text("and here")
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        enter_note(terminal, "entered without a disk")
        terminal.wait_for("JOURNAL IN MEMORY ONLY")
        desk.incidents.unlink()
        desk.fallback.unlink()
        wait_saved(terminal, "entered without a disk")
        terminal.wait_gone("MEMORY ONLY")
        kill(terminal)
    assert desk.notes() == ["entered without a disk"]


def test_a_disk_that_takes_its_time_holds_up_no_key(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "slow.py"
    program.write_text(SLOW)
    gate = tmp_path / "gate"
    with desk.live(program=f"{program} {gate}") as terminal:
        declare(terminal, "gateway is down")
        for text in ("one", "two", "three"):
            enter_note(terminal, text)
            assert all(map(is_pending, lines_with(terminal, f": {text}")))
        for key, shown in (("t", "9 TIMELINE"), ("e", "SOURCES"), ("0", "8 CHECKLIST"), ("3", "3 Pods"), ("0", "one")):
            terminal.press(key)
            terminal.wait_for(shown)
        gate.touch()
        wait_saved(terminal, ": three")
        kill(terminal)
    assert desk.notes() == ["one", "two", "three"]


def test_a_disk_that_never_answers_cannot_hold_up_the_end(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "slow.py"
    program.write_text(SLOW)
    with desk.live(program=f"{program} {tmp_path / 'never'}") as terminal:
        declare(terminal, "gateway is down")
        enter_note(terminal, "not confirmed")
        terminal.press("Q")
        terminal.wait_for("QUIT")
        terminal.press("down", "enter")
        assert terminal.wait_exit(5) == 0
        terminal.wait_for("not confirmed")


@pytest.fixture
def small_disk(tmp_path: Path, root: None) -> Iterator[Path]:
    """A file system of its own, of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_leads_to_the_fallback_with_its_reason_and_back(desk: Desk, small_disk: Path) -> None:
    desk.environment["WFCONSOLE_JOURNAL_DIRECTORY"] = str(small_disk / "incidents")
    desk.incidents = small_disk / "incidents"
    fill(small_disk)
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "in the fallback")
        terminal.wait_for("journal: fallback")
        terminal.press("e")
        terminal.wait_for("No space left on device")
        (small_disk / "full").unlink()
        terminal.wait_gone("journal: fallback")
        terminal.press("0")
        note(terminal, "back again")
        kill(terminal)
    assert desk.notes() == ["in the fallback", "back again"]


def fill(disk: Path) -> None:
    """Not a byte is left."""
    with (disk / "full").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
