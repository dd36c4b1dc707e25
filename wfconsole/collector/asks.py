"""Requests from the console: read from standard input, answered in the stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from wfconsole.clock import Clock
from wfconsole.decoding import decoder_of
from wfconsole.observations.answers import Ask, AskPod, AskRetry, AskRules, CollectorSaid, PodAnswer, WatchedRule
from wfconsole.observations.snapshot import Failure
from wfconsole.recording.format import Note
from wfconsole.redaction import words_of
from wfconsole.text import safe

# On-demand reads at the same time: somebody who holds down a key must not become a load.
MOST_AT_ONCE = 4

_ASK = decoder_of(Ask)


class Reader(Protocol):
    """Who can look at one pod."""

    def read(self, ask: AskPod) -> PodAnswer: ...


class Asks:
    """Takes requests until there are no more. `tell` puts a note into the stream; `retry` wakes a source; `watch`
    hands on the rules that are looked at besides."""

    def __init__(
        self,
        reader: Callable[[], Reader | None],
        tell: Callable[[Note], None],
        retry: Callable[[str], bool],
        clock: Clock,
        watch: Callable[[Sequence[WatchedRule]], None] = lambda _rules: None,
    ) -> None:
        self._watch = watch
        self._reader = reader
        self._tell = tell
        self._retry = retry
        self._clock = clock
        self._free = threading.Semaphore(MOST_AT_ONCE)

    def take(self, lines: Iterable[bytes]) -> None:
        """Every line is one request; what is none is said and skipped."""
        for line in lines:
            if not line.strip():
                continue
            try:
                ask = _ASK.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                self._tell(CollectorSaid(f"a request that cannot be read: {safe(str(error), 200)}"))
                continue
            if isinstance(ask, AskRetry):
                if not self._retry(ask.source):
                    self._tell(CollectorSaid(f"there is no source {safe(ask.source, 60)!r} to retry"))
            elif isinstance(ask, AskRules):
                self._watch(ask.rules)
            else:
                self._answer(ask)

    def _answer(self, ask: AskPod) -> None:
        reader = self._reader()
        if reader is None:
            self._refuse(ask, Failure("configuration", "not connected to a cluster yet", since=self._clock.now()))
        elif not self._free.acquire(blocking=False):
            said = f"{MOST_AT_ONCE} reads are under way already"
            self._refuse(ask, Failure("rate-limited", said, since=self._clock.now(), remedy="Ask again in a moment."))
        else:
            threading.Thread(target=self._read, args=(reader, ask), name="ask", daemon=True).start()

    def _read(self, reader: Reader, ask: AskPod) -> None:
        try:
            self._tell(reader.read(ask))
        except Exception as error:  # noqa: BLE001  whoever asked gets an answer, whatever goes wrong
            said = words_of(error)
            self._refuse(ask, Failure("bad-answer", said, since=self._clock.now()))
        finally:
            self._free.release()

    def _refuse(self, ask: AskPod, failure: Failure) -> None:
        self._tell(PodAnswer(safe(ask.id, 100), safe(ask.namespace, 100), safe(ask.name, 300), failure=failure))
