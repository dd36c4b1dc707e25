"""A recording in the same console: a player in the place of the collector, and the session none the wiser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wfconsole.clock import Clock, Millis
from wfconsole.incident.events import Entry, Event, NoteAdded, Target
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.sinks import Sink
from wfconsole.observations.answers import Ask, Marker
from wfconsole.recording.lines import Item, Noted, OperatorNote, RecordingError, SourcePatch
from wfconsole.recording.play import Recording
from wfconsole.recording.player import Player
from wfconsole.session.checkpoint import Checkpoint, nothing_yet
from wfconsole.session.console import NoActs, NoHands
from wfconsole.session.drafts import DraftBook
from wfconsole.session.files import ExportAsked, Files
from wfconsole.session.marks import Mark, alerts_in, marks_of
from wfconsole.session.own_notes import OwnNotes
from wfconsole.session.session import Session
from wfconsole.session.view import Capabilities, RecordingEntry, TransportView, View

if TYPE_CHECKING:
    from wfconsole.incident.symptoms import Match

ONLY_A_REPLAY = Capabilities(
    change=False, besides=frozenset(("note",)), refusals={"*": "this is a replay: nothing in it can be changed"}
)

NOTES_WRITTEN_WITHIN_MS: Final[Millis] = 500


class Playback:
    """A session that follows a recording. What is on show changes only when an item, or a whole seek, is folded."""

    def __init__(
        self,
        recording: Recording,
        runbook: Runbook,
        clock: Clock,
        *,
        changed: Callable[[], None],
        growing: bool = False,
    ) -> None:
        self._recording = recording
        self.player = Player(recording, self, clock, growing=growing, obeyed=changed)
        self.session = Session(clock=self.player.clock, runbook=runbook, operator="")
        told = recording.header.target
        target = Target(context=told.context, namespace=told.namespace, server=told.server)
        self.session.pin(target)
        # Whatever speaks later is not known yet, and not off.
        self._beginning = nothing_yet(target, recording.sources, recording.start)
        self.session.restore(self._beginning)
        self._changed = changed
        self._shown, self._shown_at = self.session.view, recording.start
        self._rebuilding = False
        self._noted = _noted_marks(recording)

    # --- what the player calls, from its own thread

    def deliver(self, item: Item) -> None:
        self._fold(item)
        self._publish()

    def rebuild(self, checkpoint: object | None, items: Iterator[Item]) -> None:
        self._rebuilding = True  # the clock is there already, and what is on show is not
        self.session.restore(checkpoint if isinstance(checkpoint, Checkpoint) else self._beginning)
        for item in items:
            self._fold(item)
        self._publish()

    def checkpoint(self) -> object:
        return self.session.checkpoint()

    # --- what a transport asks

    def view(self) -> View:
        return self._shown

    def now(self) -> Millis:
        return self._shown_at if self._rebuilding else self.player.clock.now()

    def seek(self, instant: Millis) -> None:
        self.player.seek(instant)

    def step(self, events: int) -> None:
        self.player.step(events)

    def markers(self) -> tuple[tuple[Millis, str], ...]:
        """What people did, from the whole recording, and the alerts up to the instant on show."""
        return tuple(sorted([*self._noted, *alerts_in(self._shown.incident)]))

    def follow_runbook(self, runbook: Runbook) -> None:
        self.session.follow_runbook(runbook)
        self._publish()

    def start(self) -> None:
        self.player.start()

    def close(self) -> None:
        """Ends the player; the file is closed only when its thread no longer reads it."""
        self.player.close(timeout_ms=200)
        self._recording.close()

    def _fold(self, item: Item) -> None:
        if isinstance(item, SourcePatch):
            self.session.observe(item)
        elif isinstance(item, Noted):
            self.session.hear(item)

    def _publish(self) -> None:
        self._shown, self._shown_at = self.session.view, self.player.clock.now()
        self._rebuilding = False
        self._changed()


class ReplayTransport:
    """The time controls over a player."""

    def __init__(self, playback: Playback, notes: OwnNotes) -> None:
        self._playback = playback
        self._player = playback.player
        self._notes = notes

    def show(self) -> TransportView:
        state = self._player.state()
        return TransportView(
            mode="replay",
            position=state.position,
            start=state.start,
            end=state.end,
            paused=not state.playing,
            speed=state.speed,
            markers=self._markers(),
            truncated=state.truncated,
            problem=state.problem,
        )

    def toggle(self) -> None:
        """Play or pause; at the end, play from the beginning."""
        if self._player.state().at_end:
            self._player.seek(self._player.state().start)
            self._player.play()
        else:
            self._player.toggle()

    def seek(self, instant: Millis) -> None:
        self._player.seek(instant)

    def step(self, events: int) -> None:
        self._player.step(events)

    def marker(self, markers: int) -> None:
        self._player.marker(markers, [at for at, _ in self._markers()])

    def faster(self, steps: int) -> None:
        self._player.faster(steps)

    def live(self) -> None:
        self._player.seek(self._player.state().end)

    def _markers(self) -> tuple[Mark, ...]:
        return tuple(sorted((*self._playback.markers(), *self._notes.marks())))


class ReplayConsole:
    """Joins a playback behind the `Console` protocol. It has no executor, no journal and nobody to ask.

    Whoever looks at it may write notes: they are shown where they speak of, and never become part of what is replayed.
    """

    operator = "replay"
    environment = "REPLAY"
    capabilities = ONLY_A_REPLAY
    hands = NoHands()
    acts = NoActs("a replay changes nothing")

    def __init__(
        self,
        recording: Recording,
        clock: Clock,
        *,
        runbook: Runbook,
        read_runbook: Callable[[], Runbook] | None,
        notes: OwnNotes,
        at: Millis | None = None,
        speed: float = 1.0,
        paused: bool = False,
        files: Files = Files(),  # noqa: B008  # frozen
    ) -> None:
        self._repaint: Callable[[], None] = lambda: None
        self._playback = Playback(recording, runbook, clock, changed=self._changed)
        self._recording = recording
        self._read_runbook = read_runbook
        self._at, self._speed, self._paused = at, speed, paused  # `at`: where it begins, None at the beginning
        self._files = files
        self._notes = notes
        notes.changed = self._changed
        self.drafts = DraftBook(clock)
        self.transport = ReplayTransport(self._playback, notes)

    @property
    def runbook(self) -> Runbook:
        return self._playback.session.runbook

    def start(self) -> None:
        player = self._playback.player
        player.set_speed(self._speed)  # word is left for it here: what a key says comes after it
        if self._at is not None:
            player.seek(self._at)
        if not self._paused:
            player.play()
        threading.Thread(target=self._start, name="start", daemon=True).start()

    def view(self) -> View:
        return self._notes.on(self._playback.view(), self.now())

    def now(self) -> Millis:
        return self._playback.now()

    def entries(self) -> tuple[Entry, ...]:
        return self._playback.session.entries

    def submit(self, event: Event) -> Entry | None:
        if not isinstance(event, NoteAdded):
            return None
        entry = self._notes.add(event, self.operator, self.now())
        self._changed()
        return entry

    def ask(self, ask: Ask) -> None:
        """Nobody is there to answer: what was asked when it was recorded is in the recording."""

    def playbook_matches(self) -> tuple[Match, ...]:
        from wfconsole.incident.symptoms import SymptomsHeld, match_playbooks

        view = self.view()
        return match_playbooks(self.runbook, view.world, view.symptoms or SymptomsHeld(), self.now(), view.incident)

    def sinks(self) -> tuple[Sink, ...]:
        return ()

    def recordings(self) -> tuple[RecordingEntry, ...]:
        return self._files.recordings()

    def export(self, to: str = "", *, kind: str = "", replace: bool = False) -> str:
        return self._files.export(ExportAsked(self.entries(), self.view().incident, self.runbook, to, replace, kind))

    def subscribe(self, changed: Callable[[], None]) -> None:
        self._repaint = changed

    def close(self, reason: str) -> None:
        del reason
        self._playback.close()
        self._notes.await_written(NOTES_WRITTEN_WITHIN_MS)

    def _changed(self) -> None:
        self._repaint()

    def _start(self) -> None:
        self._notes.load()
        if self._read_runbook is not None:
            self._playback.follow_runbook(self._read_runbook())
        self._playback.player.start()


def open_recording(path: Path) -> Recording:
    """A recording of whoever made it: nothing in it is believed. Raises RecordingError, also where none of it plays."""
    recording = Recording(path)
    try:
        next(recording.read(), None)
    except RecordingError:
        pass  # it is in `problem`
    if recording.problem is not None and not len(recording):
        recording.close()
        what = f"nothing in it can be played: {recording.problem.what}"
        remedy = "Get another copy of the file."
        raise RecordingError(what, remedy=remedy, line=recording.problem.line, path=str(recording.path))
    return recording


def _noted_marks(recording: Recording) -> tuple[tuple[Millis, str], ...]:
    marks: list[tuple[Millis, str]] = []
    for noted in recording.marks():
        if isinstance(noted.note, Marker):
            marks.append((noted.at, "MARK"))
        elif isinstance(noted.note, OperatorNote):
            marks += marks_of(noted.at, noted.note.event)
    return (*marks, (recording.end, "END"))
