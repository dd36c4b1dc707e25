"""A recording in the same console: what is shown at an instant does not depend on how one got there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.session.made import BEGAN, BROKEN, recording
from wfconsole.clock import SECOND, Clock, ManualClock, Millis, SystemClock
from wfconsole.incident.events import RoleTaken
from wfconsole.incident.playbook import Runbook
from wfconsole.observations.levels import Quality
from wfconsole.recording.lines import RecordingError
from wfconsole.recording.play import Recording
from wfconsole.runbook import load_runbook
from wfconsole.session.checkpoint import Checkpoint
from wfconsole.session.own_notes import OwnNotes
from wfconsole.session.replay import Playback, ReplayConsole, ReplayTransport, open_recording
from wfconsole.session.view import Mode

DEADLINE = 20.0


@pytest.mark.parametrize("first", [b"garbage", b'[1,"d","pods",{"age_ms":NaN}]'])
def test_a_recording_of_which_nothing_plays_is_refused_with_its_line_and_the_remedy(first: bytes, path: Path) -> None:
    head, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(head + b"\n" + first + b"\n" + rest)
    with pytest.raises(RecordingError, match="line 2: nothing in it can be played: not a line of a recording") as error:
        open_recording(path)
    assert str(error.value).endswith(". Get another copy of the file.")


class Watched:
    """Waits for a condition that a player's thread brings about."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def changed(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, DEADLINE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return recording(tmp_path)


def notes_for(path: Path) -> OwnNotes:
    """Beside the recording, in a folder that is not there yet."""
    return OwnNotes(path.parent / "notes" / "made.jsonl", BEGAN, BEGAN + 120 * SECOND)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def real() -> ManualClock:
    """The clock of whoever watches, by which a replay plays."""
    return ManualClock()


@pytest.fixture
def playback(path: Path, watched: Watched, real: ManualClock) -> Iterator[Playback]:
    made = Playback(Recording(path), load_runbook(None), real, changed=watched.changed)
    yield made
    made.close()


def test_before_it_has_said_anything_its_sources_are_not_known_yet(playback: Playback) -> None:
    """They are not off: the recording tells of them later. What it never tells of is."""

    def qualities() -> tuple[Quality, Quality]:
        world = playback.view().world
        return world.quality("pods", BEGAN), world.quality("signals", BEGAN)

    assert qualities() == (Quality.UNKNOWN, Quality.OFF)
    playback.step(1)
    playback.player.pump()
    assert qualities() == (Quality.LIVE, Quality.OFF)
    playback.step(-1)
    playback.player.pump()
    assert qualities() == (Quality.UNKNOWN, Quality.OFF)


def state_at(playback: Playback, seconds: int) -> Checkpoint:
    """By one jump."""
    playback.seek(BEGAN + seconds * SECOND)
    playback.player.pump()
    return playback.session.checkpoint()


def test_a_jump_gives_the_state_to_which_playing_leads(playback: Playback, path: Path) -> None:
    played = Playback(Recording(path), load_runbook(None), ManualClock(), changed=lambda: None)
    try:
        for seconds in (10, 25, 31, 45, 79, 81, 120):
            while played.player.clock.now() < BEGAN + seconds * SECOND:
                played.step(1)
                played.player.pump()
                if played.player.state().at_end:
                    break
            stepped = played.session.checkpoint()
            jumped = state_at(playback, (played.player.clock.now() - BEGAN) // SECOND)
            assert jumped == stepped
    finally:
        played.close()


def test_going_back_and_on_again_changes_nothing(playback: Playback) -> None:
    first = state_at(playback, 60)
    state_at(playback, 5)
    state_at(playback, 118)
    assert state_at(playback, 60) == first


def test_what_was_said_is_on_the_time_bar_before_it_is_reached(playback: Playback) -> None:
    state_at(playback, 0)
    kinds = [kind for _, kind in playback.markers()]
    assert kinds == ["DECLARE", "NOTE", "END"]
    state_at(playback, 60)
    assert "ALERT" in [kind for _, kind in playback.markers()]


def test_the_incident_is_there_from_its_declaration_on(playback: Playback) -> None:
    assert not state_at(playback, 29).incident.declared
    assert state_at(playback, 31).incident.id == "INC-MADE"


class Controls:
    """The time controls of a replay, each of whose commands is carried out at once."""

    def __init__(self, playback: Playback, real: ManualClock) -> None:
        self._player = playback.player
        self._transport = ReplayTransport(playback, OwnNotes(Path("/nowhere"), 0, 0))
        self._real = real

    def toggle(self) -> None:
        self._transport.toggle()
        self._player.pump()

    def faster(self, steps: int) -> None:
        self._transport.faster(steps)
        self._player.pump()

    def step(self, events: int) -> None:
        self._transport.step(events)
        self._player.pump()

    def gone_by(self, seconds: int) -> int:
        """How many seconds of the recording go by in so many real ones."""
        before = self.position
        self._real.advance(seconds * SECOND)
        self._player.pump()
        return self.position - before

    @property
    def position(self) -> int:
        """Seconds from the beginning."""
        return (self._transport.show().position - BEGAN) // SECOND

    @property
    def speed(self) -> float:
        return self._transport.show().speed

    @property
    def paused(self) -> bool:
        return self._transport.show().paused


@pytest.fixture
def controls(playback: Playback, real: ManualClock) -> Controls:
    return Controls(playback, real)


def test_a_replay_plays_and_pauses(controls: Controls, playback: Playback) -> None:
    assert (controls.paused, controls.gone_by(25)) == (True, 0)
    controls.toggle()
    assert (controls.paused, controls.gone_by(25)) == (False, 25)
    assert playback.view().world.pods[f"production/{BROKEN}"].restarts == 3
    controls.toggle()
    assert (controls.paused, controls.gone_by(25)) == (True, 0)


def test_a_replay_is_made_faster_and_slower(controls: Controls) -> None:
    controls.toggle()
    assert (controls.speed, controls.gone_by(5)) == (1, 5)
    controls.faster(1)
    assert (controls.speed, controls.gone_by(5)) == (2, 10)
    controls.faster(1)
    assert (controls.speed, controls.gone_by(5)) == (4, 20)
    controls.faster(-2)
    assert (controls.speed, controls.gone_by(5)) == (1, 5)


def test_who_shows_a_replay_hears_of_another_pace_at_once(path: Path) -> None:
    """No item comes with it: the screen would say what was, until its next second."""
    heard: list[tuple[bool, float]] = []
    playback = Playback(Recording(path), load_runbook(None), ManualClock(), changed=lambda: heard.append(pace()))
    transport = ReplayTransport(playback, OwnNotes(Path("/nowhere"), 0, 0))

    def pace() -> tuple[bool, float]:
        shown = transport.show()
        return shown.paused, shown.speed

    try:
        for tell in (transport.toggle, lambda: transport.faster(1), transport.toggle):
            tell()
            playback.player.pump()
        assert list(dict.fromkeys(heard)) == [(False, 1), (False, 2), (True, 2)]
    finally:
        playback.close()


def test_a_step_goes_to_the_next_entry_that_says_something_and_back(controls: Controls, playback: Playback) -> None:
    state_at(playback, 25)
    controls.toggle()
    controls.step(1)
    assert (controls.position, controls.paused) == (30, True), "the declaration, and it stands there"
    controls.step(2)
    assert controls.position == 80, "beyond the note, where the pod is well again"
    controls.step(-1)
    assert controls.position == 40
    controls.step(-2)
    assert controls.position == 20


def a_console(
    path: Path,
    watched: Watched,
    clock: Clock,
    *,
    read_runbook: Callable[[], Runbook] | None = None,
    **options: Any,
) -> ReplayConsole:
    """One that has not started, on the recording at `path`."""
    runbook, notes = load_runbook(None), notes_for(path)
    made = ReplayConsole(
        open_recording(path), clock, runbook=runbook, read_runbook=read_runbook, notes=notes, **options
    )
    made.subscribe(watched.changed)
    return made


def test_a_replay_begins_at_the_speed_that_was_asked_for(path: Path, watched: Watched) -> None:
    made = a_console(path, watched, ManualClock(), at=BEGAN + 60 * SECOND, speed=4)
    made.start()
    try:
        watched.wait_for(lambda: made.view().incident.declared)  # what comes after the speed is carried out
        assert made.transport.show().speed == 4
    finally:
        made.close("end of the test")


def test_a_key_that_is_pressed_before_it_can_play_comes_after_where_it_begins(path: Path, watched: Watched) -> None:
    pressed = threading.Event()

    def read_runbook() -> Runbook:
        pressed.wait(DEADLINE)
        return load_runbook(None)

    made = a_console(path, watched, ManualClock(), at=BEGAN + 20 * SECOND, read_runbook=read_runbook)
    made.start()
    try:
        made.transport.seek(BEGAN + 60 * SECOND)
        pressed.set()
        watched.wait_for(lambda: made.view().incident.declared)
        assert made.now() == BEGAN + 60 * SECOND
    finally:
        made.close("end of the test")


@pytest.fixture
def console(path: Path, watched: Watched) -> Iterator[ReplayConsole]:
    made = a_console(path, watched, SystemClock(), at=BEGAN + 60 * SECOND, paused=True)
    made.start()
    yield made
    made.close("end of the test")


def test_a_replay_opens_where_it_was_told_and_stands_there(console: ReplayConsole, watched: Watched) -> None:
    def there() -> bool:
        return console.view().incident.declared

    watched.wait_for(there)
    shown = console.transport.show()
    mode: Mode = "replay"
    assert (shown.mode, shown.paused, shown.position) == (mode, True, BEGAN + 60 * SECOND)
    assert console.now() == shown.position


def test_nothing_can_be_changed_in_a_replay(console: ReplayConsole, watched: Watched) -> None:
    watched.wait_for(lambda: console.view().incident.declared)
    before = console.entries()
    assert console.submit(RoleTaken("scribe", "Bea")) is None
    assert console.entries() == before
    assert not console.capabilities.change
    assert console.capabilities.refusals["*"]


def test_at_the_end_playing_begins_again(console: ReplayConsole, watched: Watched) -> None:
    watched.wait_for(lambda: console.view().incident.declared)
    console.transport.live()
    watched.wait_for(lambda: console.now() == BEGAN + 120 * SECOND)
    console.transport.toggle()

    def again() -> bool:
        position: Millis = console.transport.show().position
        return position < BEGAN + 60 * SECOND

    watched.wait_for(again)
