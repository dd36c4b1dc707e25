"""The live stream: a collector process (or somebody else's stream) whose lines go to the session as they come.

One reader thread. It never waits for the screen, and the screen never waits for it. A collector that ends is started
again; until it speaks, every source it fed says "stopped", with the rows that it had. One feed, one cluster: what the
first stream looked at is pinned.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.observations.answers import Ask, CollectorSaid
from wfconsole.observations.snapshot import Failure, Patch
from wfconsole.recording.lines import Ended, Header, Item, Noted, RecordingError, SourcePatch, Target
from wfconsole.session.child import Child
from wfconsole.text import safe

CHUNK = 1 << 18
FIRST_RESTART_MS = 500
LONGEST_RESTART_MS = 30 * SECOND
# What a collector gets to end by itself, once its stream is over or the console ends.
ENDS_WITHIN_MS: Millis = 200
# A collector that has said nothing for so long hangs: it says more often than this that nothing has changed.
SILENT_MS: Millis = 120 * SECOND

# Of a pipe that closes before it began: whoever was to fill it has its say on the terminal below.
NOTHING_CAME = "nothing came: quit, its error is below"
NOT_OURS = "this is not our collector's stream: "


class Receiver(Protocol):
    """What the feed hands its lines to."""

    def header(self, header: Header) -> None:
        """A stream begins, or begins again: what it looks at, and its own idea of the time."""

    def items(self, items: Sequence[Item], lines: bytes) -> None:
        """Decoded items and the very bytes they came from, for the recording; no bytes where the feed itself speaks."""


class Stream(Protocol):
    """What a live console plays."""

    @property
    def expected(self) -> Sequence[str]:
        """The sources that it will tell of, as far as anybody knows before it has begun."""

    def start(self, receiver: Receiver) -> None:
        """Called once, when there is somebody to hear it."""

    def ask(self, ask: Ask) -> None:
        """Send a request; lost without a word when nobody listens (the sources say so themselves)."""

    def close(self) -> None:
        """It is to end. Never waits."""

    def finish(self) -> None:
        """After `close`: nothing of it is left behind, whatever it hangs on."""


class Feed:
    """Reads a stream until it is closed: that of `command`, started again when it ends, or a descriptor, once.

    `settings` gives the first line that each collector reads; it gets the header of the one before, None for the first.
    `begun` is the first collector, where it was started before there were settings.
    `sources` names what is lost when the stream stops. A collector that is silent for `silent_ms` is taken for dead.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        command: Sequence[str] = (),
        begun: Child | None = None,
        settings: Callable[[Header | None], bytes] = lambda _before: b"{}",
        source: int | None = None,
        sources: Callable[[], Sequence[str]] = tuple,
        silent_ms: Millis = SILENT_MS,
    ) -> None:
        self._clock = clock
        self._command = tuple(command)
        self._begun = begun
        self._settings = settings
        self._source = source
        self._sources = sources
        self._patience = silent_ms / SECOND if command else None  # other people's streams may be as slow as they like
        self._receiver: Receiver
        self._child: Child | None = None
        self._starting = threading.Lock()
        self._closing = threading.Event()
        self._followed: Header | None = None
        self._heard = False  # whether anything has come since the stream stopped last
        self._stopped_at: Millis = 0
        self._stops = 0
        self._ended = ""  # how the spawned collector ended, where that was seen before it was read
        self._thread = threading.Thread(target=self._run, name="stream-reader", daemon=True)

    @property
    def expected(self) -> Sequence[str]:
        return self._sources()

    def spawn(self) -> None:
        """Start the collector now, before anything slow is imported; `start` reads it, or tries again."""
        if self._command:
            try:
                self._begin()
            except OSError:
                pass  # the reader's first try says it

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._thread.start()

    def refusal(self, within_ms: Millis) -> str:
        """Why the spawned collector will not begin, "" where it has; waits for that at most so long, before `start`."""
        child = self._child
        if child is None:
            return ""
        heard = select.poll()
        heard.register(child.output, select.POLLIN)
        if all(event & select.POLLIN for _, event in heard.poll(within_ms)):  # it speaks, or takes its time
            return ""
        self._ended = child.end(ENDS_WITHIN_MS)
        return self._ended if child.code == exit_codes.CLUSTER else ""

    def ask(self, ask: Ask) -> None:
        child = self._child
        if child is not None:
            child.tell(msgspec.json.encode(ask))

    def close(self) -> None:
        """The collector is to end, and no other is started. Never waits."""
        with self._starting:
            self._closing.set()
            child = self._child
        if child is not None:
            child.ask_to_end()

    def finish(self, within_ms: Millis = ENDS_WITHIN_MS) -> None:
        """The collector gets so long."""
        child = self._child
        if child is not None:
            child.end(within_ms)
            if self._thread.is_alive():  # whoever ends before it begins has no reader yet
                self._thread.join(within_ms / SECOND)  # its last words are on the way

    def _begin(self) -> Child | None:
        with self._starting:
            if self._closing.is_set():
                return None
            self._child, self._begun = self._begun or Child(self._command), None
            self._child.tell(self._settings(self._followed))
            return self._child

    def _run(self) -> None:
        if not self._command:
            ended = self._read(self._source) if self._source is not None else ""
            if not self._closing.is_set():
                self._say_stopped(ended or ("the stream ended" if self._followed is not None else NOTHING_CAME), 0)
            return
        wait = FIRST_RESTART_MS
        while not self._closing.is_set():
            began = self._clock.monotonic()
            reason = self._once()
            if self._closing.is_set():
                return
            if self._clock.monotonic() - began > LONGEST_RESTART_MS:
                wait = FIRST_RESTART_MS
            self._say_stopped(reason, wait)
            self._closing.wait(wait / SECOND)
            wait = min(wait * 2, LONGEST_RESTART_MS)

    def _once(self) -> str:
        """Run one collector to its end; why it ended."""
        try:
            child = self._child or self._begin()
        except OSError as error:
            return f"the collector cannot start: {error.strerror}"
        if child is None:
            return ""
        problem = self._read(child.output)
        how = child.end(ENDS_WITHIN_MS)
        self._child = None
        child.close()
        how, self._ended = self._ended or how, ""
        return problem or how

    def _read(self, descriptor: int) -> str:
        """Read to the end; why it cannot be read further, or ""."""
        from wfconsole.recording.format import StreamReader  # here, because the first frame reads no stream

        reader = StreamReader(trusted=bool(self._command))
        begun = False
        while True:
            try:
                if not select.select([descriptor], [], [], self._patience)[0]:
                    return f"the collector hangs: nothing came for {self._patience:g} s"
                chunk = os.read(descriptor, CHUNK)
            except OSError as error:
                return f"the stream broke: {error.strerror}"
            if not chunk:
                return ""
            try:
                items = reader.feed(chunk)
            except RecordingError:
                items = []
            if reader.header is not None and not begun:
                begun = True
                pinned = self._followed.target if self._followed is not None else Target()
                if _moved(pinned, reader.header.target):
                    return _refusal(pinned, reader.header.target)
                self._followed = reader.header
                self._receiver.header(reader.header)
            live = [item for item in items if not isinstance(item, Ended)]
            self._heard = self._heard or bool(live)
            self._receiver.items(live, chunk)
            if reader.problem is not None:  # after what came before it
                return f"{NOT_OURS if self._command else ''}{reader.problem}"

    def _say_stopped(self, reason: str, wait_ms: Millis) -> None:
        """Every source has stopped; since the first of several stops in a row with nothing heard between them."""
        now = self._clock.now()
        if self._heard or not self._stops:
            self._heard, self._stopped_at, self._stops = False, now, 0
        self._stops += 1
        failure = Failure(
            kind="stopped",
            message=safe(reason, 300),
            since=self._stopped_at,
            attempts=self._stops,
            retry_at=now + wait_ms if wait_ms else 0,
            remedy="it is started again by itself" if wait_ms else "start the stream again",
        )
        patch: Patch[object] = Patch(failure=failure)
        items: list[Item] = [SourcePatch(at=now, source=name, patch=patch, keyframe=False) for name in self._sources()]
        items.append(Noted(at=now, note=CollectorSaid(text=failure.message)))
        self._receiver.items(items, b"")


def _moved(pinned: Target, told: Target) -> bool:
    """One that could not find out what to look at has pinned nothing."""
    return bool(pinned.server) and (pinned.context, pinned.server) != (told.context, told.server)


def _refusal(pinned: Target, told: Target) -> str:
    return (
        f"it looks at another cluster now: {told.context} at {told.server}; "
        f"this one is pinned to {pinned.context} at {pinned.server}"
    )
