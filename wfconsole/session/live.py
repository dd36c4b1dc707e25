"""The live console: a stream from a collector, a journal, and a recording that makes looking back free."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.incident.events import Entry, Event, Target
from wfconsole.incident.playbook import Runbook
from wfconsole.observations.answers import Ask
from wfconsole.recording.format import Item, Noted, SourcePatch
from wfconsole.session.feed import Feed
from wfconsole.session.journaling import JournalSink
from wfconsole.session.session import Session
from wfconsole.session.view import Capabilities, TransportView, View

# How far Space-less looking back goes when nothing is recorded: nowhere.
NOTHING_RECORDED = "nothing is recorded, so there is no looking back"


class Recorder(Protocol):
    """Keeps the stream's lines, best effort (recording.keep)."""

    def keep(self, lines: bytes, *, until: Millis) -> None: ...

    def close(self, timeout_ms: int) -> None: ...


class PastView(Protocol):
    """The same incident at an earlier instant (session.replay)."""

    def view(self) -> View: ...

    def now(self) -> Millis: ...

    def seek(self, instant: Millis) -> None: ...

    def step(self, events: int) -> None: ...

    def marker(self, markers: int) -> None: ...

    def markers(self) -> tuple[tuple[Millis, str], ...]: ...

    def close(self) -> None: ...


class LiveTransport:
    """Freeze and look back while the world goes on. What is on show is `view`; what goes on is the session."""

    def __init__(
        self, session: Session, clock: Clock, opened_at: Millis, past: Callable[[], PastView | None]
    ) -> None:
        self._session = session
        self._clock = clock
        self._opened_at = opened_at
        self._open_past = past
        self._past: PastView | None = None
        self._frozen: tuple[Millis, View] | None = None

    def view(self) -> View:
        if self._past is not None:
            return self._past.view()
        return self._frozen[1] if self._frozen is not None else self._session.view

    def now(self) -> Millis:
        if self._past is not None:
            return self._past.now()
        return self._frozen[0] if self._frozen is not None else self._clock.now()

    def show(self) -> TransportView:
        end = self._clock.now()
        position = self.now()
        if self._past is not None:
            mode = "back"
        else:
            mode = "frozen" if self._frozen is not None else "live"
        return TransportView(
            mode=mode,  # type: ignore[arg-type]  # one of three literals
            position=position,
            start=min(self._opened_at, position),
            end=end,
            paused=mode != "live",
            markers=self._past.markers() if self._past is not None else (),
            behind_ms=max(0, end - position) if mode != "live" else 0,
        )

    def toggle(self) -> None:
        if self._past is not None or self._frozen is not None:
            self.live()
        else:
            self._frozen = (self._clock.now(), self._session.view)

    def seek(self, instant: Millis) -> None:
        if instant >= self._clock.now() - SECOND:
            self.live()
            return
        past = self._to_past()
        if past is not None:
            past.seek(max(instant, self._opened_at))

    def step(self, events: int) -> None:
        past = self._to_past()
        if past is not None:
            past.step(events)

    def marker(self, markers: int) -> None:
        past = self._to_past()
        if past is not None:
            past.marker(markers)

    def faster(self, steps: int) -> None:
        """Live time has one speed."""

    def live(self) -> None:
        past, self._past, self._frozen = self._past, None, None
        if past is not None:
            past.close()

    def _to_past(self) -> PastView | None:
        if self._past is None:
            here = self.now()
            self._past = self._open_past()
            if self._past is not None:
                self._past.seek(here)
        return self._past


class LiveConsole:
    """Joins session, feed, journal and recorder behind the `Console` protocol."""

    def __init__(
        self,
        *,
        session: Session,
        clock: Clock,
        runbook: Runbook,
        operator: str,
        environment: str,
        transport: LiveTransport,
        sink: JournalSink | None,
        recorder: Recorder | None,
        capabilities: Capabilities,
    ) -> None:
        self.session = session
        self.runbook = runbook
        self.transport = transport
        self.capabilities = capabilities
        self.operator = operator
        self.environment = environment
        self._clock = clock
        self._sink = sink
        self._recorder = recorder
        self._feed: Feed | None = None

    def attach(self, feed: Feed) -> None:
        self._feed = feed

    def items(self, items: Sequence[Item], lines: bytes) -> None:
        """From the stream's reader thread; see `feed.Receiver`."""
        if self._recorder is not None and lines:
            self._recorder.keep(lines, until=items[-1].at if items else self._clock.now())
        for item in items:
            if isinstance(item, SourcePatch):
                self.session.observe(item)
            elif isinstance(item, Noted):
                self.session.hear(item)

    def pin(self, target: Target) -> None:
        self.session.pin(target)

    def view(self) -> View:
        return self.transport.view()

    def now(self) -> Millis:
        return self.transport.now()

    def submit(self, event: Event) -> Entry | None:
        return self.session.submit(event) if self.capabilities.change else None

    def ask(self, ask: Ask) -> None:
        if self._feed is not None:
            self._feed.ask(ask)

    def subscribe(self, changed: Callable[[], None]) -> None:
        self.session.subscribe(changed)

    def close(self, reason: str) -> None:
        """Ends the stream, then flushes the journal; the recording gets what time is left."""
        from wfconsole.incident.events import ConsoleEnded

        if self._feed is not None:
            self._feed.close()
        if self.session.view.incident.declared and self._sink is not None:
            self.session.submit(ConsoleEnded(reason=reason), actor=self.operator)
        with contextlib.suppress(Exception):
            self.transport.live()
        if self._sink is not None:
            self._sink.close()
        if self._recorder is not None:
            self._recorder.close(200)
