"""Replays: what there is, and the command that opens it. And the whole console on a real recording: nothing changes."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import THEMES, Desk, Room, quiet_desk, until, war_room
from tests.tui.papers import a_full_runbook, flat
from tests.tui.test_commands import command
from wfconsole.clock import HOUR, MINUTE, SECOND, ManualClock
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.format import OperatorNote, StreamWriter, Target
from wfconsole.session.files import Files, recordings_in
from wfconsole.session.own_notes import OwnNotes
from wfconsole.session.replay import ReplayConsole, open_recording
from wfconsole.session.view import RecordingEntry
from wfconsole.tui import compat
from wfconsole.tui.app import WarRoom
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.theming import glyphs_of

OUTAGE = RecordingEntry(
    "service-outage",
    "scenario",
    "wfconsole replay service-outage",
    title="A rollout that crashes",
    length_ms=7 * MINUTE,
    recorded_at=NOW,
    severity=2,
    practise="find the rollout, roll back, verify",
    marks=(MINUTE, 3 * MINUTE),
)
BROKEN = RecordingEntry("old", "recorded", "wfconsole replay old", problem="old.jsonl:1: needs reader 9, this one is 1")


async def test_what_there_is_is_looked_for_beside_the_keyboard() -> None:
    desk = quiet_desk()
    may_go_on = threading.Event()

    def slow() -> tuple[RecordingEntry, ...]:
        may_go_on.wait(10)
        return (OUTAGE, BROKEN)

    desk.recordings = slow  # type: ignore[method-assign]
    async with war_room(desk) as room:
        await room.press("r")
        assert "looking ..." in room.text
        may_go_on.set()
        await until(room.pilot.pause, lambda: "service-outage" in room.text)
        assert "00:07:00" in room.text
        assert "find the rollout, roll back, verify" in flat(room.text)


async def a_list(room: Room) -> None:
    await room.press("r")
    await until(room.pilot.pause, lambda: "looking" not in room.text)


def a_desk() -> Desk:
    desk = quiet_desk()
    desk.to_replay = (OUTAGE, BROKEN)
    return desk


async def test_enter_copies_the_command_that_opens_it_in_a_console_of_its_own(tmp_path: Path) -> None:
    clip = tmp_path / "clip.txt"
    async with war_room(a_desk(), clip_file=clip) as room:
        await a_list(room)
        assert "Enter     copies for another terminal: wfconsole replay service-outage" in room.text
        await room.press("enter")
        assert clip.read_text(encoding="utf-8") == "wfconsole replay service-outage\n"
        assert room.lines[-1].strip() == "copied; in another terminal: wfconsole replay service-outage"


async def test_a_command_that_names_one_is_as_enter_on_it(tmp_path: Path) -> None:
    clip = tmp_path / "clip.txt"
    async with war_room(a_desk(), clip_file=clip) as room:
        await command(room, "replay outage")  # words that it has, not its name
        await until(room.pilot.pause, lambda: "service-outage" in room.text)
        assert not clip.exists()
        await command(room, "replay service-outage")
        await until(room.pilot.pause, lambda: "copied; in another terminal" in room.lines[-1])
        assert clip.read_text(encoding="utf-8") == "wfconsole replay service-outage\n"
        await room.press("0")
        await command(room, "replay old")
        await until(room.pilot.pause, lambda: "cannot be opened: old.jsonl:1" in room.lines[-1])


async def test_what_one_can_practise_on_says_how() -> None:
    desk = quiet_desk()
    desk.to_replay = (msgspec.structs.replace(OUTAGE, drill="wfconsole drill service-outage"), BROKEN)
    async with war_room(desk) as room:
        await a_list(room)
        assert "you act, and its world answers: wfconsole drill service-outage" in flat(room.text)
        await room.press("down")
        assert "wfconsole drill" not in room.text


async def test_drills_are_what_one_can_practise_on_with_the_command_that_begins_one(tmp_path: Path) -> None:
    clip = tmp_path / "clip.txt"
    desk = quiet_desk()
    drill = msgspec.structs.replace(OUTAGE, name="bad-rollout", drill="wfconsole drill bad-rollout")
    desk.to_replay = (OUTAGE, drill, BROKEN)
    async with war_room(desk, clip_file=clip) as room:
        await command(room, "drill")
        await until(room.pilot.pause, lambda: "looking" not in room.text)
        assert "DRILLS" in room.text
        assert "service-outage" not in room.text
        await room.press("enter")
        assert clip.read_text(encoding="utf-8") == "wfconsole drill bad-rollout\n"
        await command(room, "replay")
        await until(room.pilot.pause, lambda: "service-outage" in room.text)
        assert "REPLAYS AND SCENARIOS" in room.text
        await command(room, "drill outage")
        await until(room.pilot.pause, lambda: "looking" not in room.text)
        assert "/ outage" in room.text
        assert "bad-rollout" not in room.text


async def test_without_a_drill_it_says_what_makes_one() -> None:
    async with war_room(a_desk()) as room:
        await command(room, "drill")
        await until(room.pilot.pause, lambda: "nobody acted in any of the recordings" in flat(room.text))


async def test_what_cannot_be_opened_says_why() -> None:
    async with war_room(a_desk()) as room:
        await a_list(room)
        await room.press("down", "enter")
        assert "cannot be opened: old.jsonl:1: needs reader 9" in room.text


async def test_it_is_filtered_by_its_words() -> None:
    async with war_room(a_desk()) as room:
        await a_list(room)
        await room.press("slash", *"scenario", "enter")
        assert "old " not in room.text


def names(room: Room) -> list[str]:
    return re.findall(r"^   (\w+) +recorded ", room.text, re.MULTILINE)


async def test_it_is_sorted_by_severity_length_or_age_and_the_cursor_stays_on_its_thing() -> None:
    desk = quiet_desk()
    desk.to_replay = tuple(
        RecordingEntry(
            name, "recorded", f"wfconsole replay {name}", severity=severity, length_ms=length, recorded_at=at
        )
        for name, severity, length, at in (
            ("mild", 3, 2 * MINUTE, NOW),
            ("bad", 1, 9 * MINUTE, NOW - MINUTE),
            ("unread", None, None, None),
            ("late", 2, MINUTE, NOW - HOUR),
        )
    )
    async with war_room(desk) as room:
        await a_list(room)
        assert "s sort" in room.lines[-1]
        await room.press("down")
        seen = {}
        for _ in range(4):
            await room.press("s")
            told = room.lines[-1].split()[-1]
            seen[told] = names(room)
            assert "copies for another terminal: wfconsole replay bad" in room.text
            assert told == "kind" or f"REPLAYS AND SCENARIOS by {told} " in room.text
    assert seen == {
        "severity": ["bad", "late", "mild", "unread"],
        "length": ["late", "mild", "bad", "unread"],
        "newest": ["mild", "bad", "late", "unread"],
        "kind": ["mild", "bad", "unread", "late"],
    }


async def test_an_empty_shelf_says_how_to_fill_it() -> None:
    async with war_room(quiet_desk()) as room:
        await a_list(room)
        assert "`wfconsole record` makes recordings" in room.text


# --- a real replay


def a_recording(path: Path) -> Path:
    """Two minutes: a deployment, trouble after 20 s, a declaration after 40 s."""
    clock = ManualClock(NOW)
    with path.open("wb") as file:
        writer = StreamWriter(file.write, clock)
        writer.header(title="two bad minutes", target=Target(context="kind-shop", namespace="production"))
        pods = [builders.a_pod(f"gateway-{number}") for number in range(4)]
        rows: dict[str, Any] = {builders.row_key(pod): pod for pod in pods}
        writer.patch("pods", NOW, msgspec.json.encode(Patch(rows=rows, interval_ms=2_000)), True)
        for seconds in range(2, 120, 2):
            bad: dict[str, Any] = {}
            if seconds == 20:
                pod = builders.a_bad_pod("gateway-1", restarts=4, restarted_at=NOW + 19 * SECOND)
                bad = {builders.row_key(pod): pod}
            writer.patch("pods", NOW + seconds * SECOND, msgspec.json.encode(Patch(rows=bad)), False)
            if seconds == 40:
                event = msgspec.Raw(msgspec.json.encode(builders.declared()))
                writer.note(NOW + 40 * SECOND, OperatorNote(id="e1", actor="ana", event=event))
        writer.end(NOW + 120 * SECOND)
    return path


@pytest.fixture
def console(tmp_path: Path) -> ReplayConsole:
    path = a_recording(tmp_path / "night.jsonl")
    files = Files(recordings=lambda: recordings_in([tmp_path]))
    clock = ManualClock(NOW)
    return ReplayConsole(
        open_recording(path),
        clock,
        runbook=a_full_runbook(),
        read_runbook=None,
        notes=OwnNotes(tmp_path / "own" / "night.jsonl", NOW, NOW + 120 * SECOND),
        at=NOW + 120 * SECOND,
        paused=True,
        files=files,
    )


async def test_in_a_replay_everything_is_looked_at_and_nothing_is_changed(console: ReplayConsole) -> None:
    theme = THEMES["warroom-dark"]
    app = WarRoom(console, theme=theme, glyphs=glyphs_of(theme))
    async with app.run_test(size=(80, 24)) as pilot:

        def text() -> str:
            return "\n".join(compat.screen_lines(app))

        await until(pilot.pause, lambda: "SEV-2" in text() and console.view().incident.declared)
        entries = console.entries()
        for key in "DHZ":
            await pilot.press(key)
            assert isinstance(app.screen, Overview)
            assert "this is a replay" in text()
        await pilot.press("c")
        for key in "XWER":
            await pilot.press(key)
            assert "this is a replay" in text()
        await pilot.press("t", "M")
        assert "this is a replay" in text()
        await pilot.press("e", "R")
        assert "a replay asks nobody" in text()
        await pilot.press("p")
        assert "POST-MORTEM PREVIEW" in text()
        await pilot.press("r")
        await until(pilot.pause, lambda: "two bad minutes" in text())
        assert "wfconsole replay night" in text()
        await pilot.press("Q")
        assert "The replay ends." in text()
        assert console.entries() == entries
    console.close("the test is over")
