"""A recording in the same console: what is shown at an instant does not depend on how one got there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.session.made import BEGAN, recording
from wfconsole.clock import SECOND, ManualClock, Millis, SystemClock
from wfconsole.incident.events import NoteAdded
from wfconsole.recording.play import Recording
from wfconsole.runbook import load_runbook
from wfconsole.session.checkpoint import Checkpoint
from wfconsole.session.replay import Playback, ReplayConsole, open_recording
from wfconsole.session.view import Mode

DEADLINE = 20.0


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


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def playback(path: Path, watched: Watched) -> Iterator[Playback]:
    made = Playback(Recording(path), load_runbook(None), ManualClock(), changed=watched.changed)
    yield made
    made.close()


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


@pytest.fixture
def console(path: Path, watched: Watched) -> Iterator[ReplayConsole]:
    made = ReplayConsole(
        open_recording(path),
        SystemClock(),
        runbook=load_runbook(None),
        read_runbook=None,
        at="50%",
        paused=True,
    )
    made.subscribe(watched.changed)
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
    assert console.submit(NoteAdded("rewriting history")) is None
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
