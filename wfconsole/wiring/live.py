"""The live console: collector, stream, session, journal, recording and looking back, put together."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec

from wfconsole import __version__
from wfconsole.clock import Millis
from wfconsole.incident.events import ConsoleStarted
from wfconsole.recording.keep import Recorder
from wfconsole.recording.lines import LIMITS, MIB, RecordingError
from wfconsole.recording.play import Recording
from wfconsole.session.feed import Feed
from wfconsole.session.journaling import JournalSink, read_entries
from wfconsole.session.live import LiveConsole, LiveTransport, StreamClock
from wfconsole.session.lookback import LookBack
from wfconsole.session.replay import Playback
from wfconsole.session.session import Session
from wfconsole.session.view import Capabilities, View
from wfconsole.wiring.collecting import SOURCES, collector_command, collector_settings
from wfconsole.wiring.ground import NO_RUNBOOK, Ground, stamp
from wfconsole.wiring.screen_files import live_files

OBSERVER = Capabilities(change=False, refusals={"*": "observers change nothing"})


class LiveParts:
    """The parts of one live console. Making it starts the collector: the screen is imported while that connects."""

    def __init__(self, base: Ground, *, source: int | None, recording: bool) -> None:
        self._base = base
        self._clock = StreamClock(base.clock)
        self._opened_at = base.clock.now()
        own = source is None
        self._feed = Feed(
            self._clock,
            command=collector_command() if own else (),
            settings=collector_settings(base.settings) if own else b"",
            source=source,
            sources=lambda: SOURCES,
        )
        self._feed.spawn()
        self._recorder = self._record() if recording and base.settings.recording.enabled else None
        self._session = Session(
            clock=self._clock,
            runbook=NO_RUNBOOK,
            operator=base.operator,
            keep=self._recorder.note if self._recorder is not None else None,
        )
        self._sink = JournalSink(
            base.incidents,
            self._clock,
            fallbacks=base.fallbacks,
            saved=self._session.saved,
            changed=self._session.journal_changed,
        )
        self._session.keep_in(self._sink)

    def console(self, *, eager: bool) -> LiveConsole:
        """The console. `eager` reads the runbook now, so that its problems are told before there is a screen."""
        if eager:
            self._session.follow_runbook(self._base.runbook())
        settings = self._base.settings.console
        return LiveConsole(
            session=self._session,
            clock=self._clock,
            feed=self._feed,
            operator=self._base.operator,
            environment=settings.environment_word,
            transport=LiveTransport(self._session, self._clock, self._opened_at, self._past),
            sink=self._sink,
            recorder=self._recorder,
            capabilities=OBSERVER if settings.observer else Capabilities(),
            new_incident=self._new_incident,
            begin=(lambda: None) if eager else (lambda: self._session.follow_runbook(self._base.runbook())),
            files=live_files(self._base),
        )

    def resume(self, incident: str) -> None:
        """Fold the journal, go on writing it, and say so in it."""
        folder = self._base.incidents / incident
        entries, unknown, report = read_entries(folder, self._base.fallbacks)
        self._session.resume(entries)
        self._sink.begin(incident)
        words = [*report.words]
        if unknown:
            words.append(f"{unknown} entries of a kind that this version does not know")
        self._session.submit(
            ConsoleStarted(host=socket.gethostname(), pid=os.getpid(), version=__version__, found="; ".join(words))
        )

    def _new_incident(self, now: Millis) -> str:
        """INC-20260107-0312, with a letter behind it where that is taken."""
        name = f"INC-{stamp(now)}"
        taken = {path.name for path in self._base.incidents.glob(f"{name}*")}
        return next(each for each in (name, *(f"{name}{letter}" for letter in "bcdefghijklmnop")) if each not in taken)

    def _record(self) -> Recorder | None:
        """A recording of this session; none where it cannot be written, since it must never stop the console."""
        folder = self._base.places.recordings
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for old in sorted(folder.glob("*.jsonl.gz"))[: -self._base.settings.recording.keep]:
                old.unlink()
            path = folder / f"{stamp(self._opened_at)}-{os.getpid()}.jsonl.gz"
            limits = msgspec.structs.replace(LIMITS, file=self._base.settings.recording.max_megabytes * MIB)
            return Recorder(path, self._clock, limits=limits)
        except (OSError, RecordingError):
            return None

    def _past(self, here: tuple[Millis, View]) -> LookBack | None:
        recorder = self._recorder
        if recorder is None:
            return None

        def opened() -> Playback:
            recording = Recording(Path(recorder.state.path), trusted=True)
            changed = self._session.repaint
            return Playback(recording, self._session.runbook, self._base.clock, changed=changed, growing=True)

        return LookBack(opened, here, self._session.repaint)
