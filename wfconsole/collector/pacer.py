"""The pacer: one thread that turns what the sources hold into patches, at a steady pace.

A source speaks when it has changes (collected for `flush_ms`), when its standing changes, and once in an interval when
it looked again and found nothing new. While changes go on it speaks once a beat, and all such sources on the same one:
a screen then paints them in one frame. While the reader is behind it says nothing: changes coalesce in the tables.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.collector.outbox import Outbox
from wfconsole.collector.standing import Whole, combined
from wfconsole.collector.worker import Worker
from wfconsole.observations.snapshot import Failure, in_words
from wfconsole.recording.format import StreamWriter
from wfconsole.sources.contract import Part, Source

_ENCODE = msgspec.json.Encoder().encode

# An age below this is "now".
_FRESH_MS: Millis = 250
# A failure that stays the same is repeated after this long: whoever hears nothing at all takes us for dead.
_REPEAT_MS: Millis = 30 * SECOND


def beat(flush_ms: Millis) -> Millis:
    """How often sources speak that change all the time: twice the changes for half the frames."""
    return 2 * flush_ms


class Said(msgspec.Struct, frozen=True):
    """An encoded patch; `keyframe`: it stands for all that there is."""

    patch: bytes
    keyframe: bool = False


class Feed:
    """One source on its way into the stream. Used by the pacer's thread alone."""

    def __init__(self, source: Source, workers: Sequence[tuple[Part, Worker]], *, replaces: bool = False) -> None:
        """`replaces`: the reader has rows of a collector before this one, and keeps them until there are better."""
        self.source = source
        self._replaces = replaces
        self._workers = tuple(workers)
        self._told: Whole | None = None
        self._told_at: Millis = 0  # monotonic
        self._look_at: Millis = 0  # monotonic: not for changed rows before that

    def opening(self) -> bytes:
        """The patch that announces the source before anything is known."""
        return b'{"age_ms":-1,"interval_ms":%d}' % self.source.interval_ms

    def check(self) -> None:
        for _, worker in self._workers:
            worker.check()

    def retry(self) -> None:
        for _, worker in self._workers:
            worker.retry()

    def patch(self, clock: Clock, flush_ms: Millis) -> Said | None:
        """What there is to say now; None when there is nothing."""
        now = clock.monotonic()
        whole = self._whole()
        if self._replaces:
            return self._in_place(whole, clock)
        news = self._news(whole, now)
        listing = self._told is None or self._told.lacks != whole.lacks
        if not news and not listing and now < self._look_at:
            return None
        rows = self._rows()
        self._look_at = _next_multiple(beat(flush_ms), now) if rows else now + flush_ms
        news = [*rows, *news]
        if not news and not self._heartbeat_due(whole):
            return None
        news += self._age(whole, clock)
        self._told, self._told_at = whole, now
        return Said(b"{%s}" % b",".join(news))

    def _in_place(self, whole: Whole, clock: Clock) -> Said | None:
        """Nothing but failures, until everything that is known takes the place of what another collector saw."""
        now = clock.monotonic()
        if whole.good_at is None:
            told = self._told.failure if self._told is not None else None
            if not _differs(told, whole.failure, patient=now - self._told_at < self.source.interval_ms):
                return None
            self._told, self._told_at = whole, now
            return Said(b'{"failure":%s}' % _ENCODE(whole.failure))
        self._replaces, self._told = False, None
        fields = [b'"interval_ms":%d' % self.source.interval_ms, *self._rows(), *self._news(whole, now)]
        fields += self._age(whole, clock)
        self._told, self._told_at = whole, now
        return Said(b"{%s}" % b",".join(fields), keyframe=True)

    def _rows(self) -> list[bytes]:
        rows = self.source.take()
        if not rows:
            return []
        return [b'"rows":{%s}' % b",".join(_ENCODE(key) + b":" + (row or b"null") for key, row in rows.items())]

    def _whole(self) -> Whole:
        whole = combined([(part, worker.standing) for part, worker in self._workers])
        lacks = tuple(dict.fromkeys((*self.source.lacks(), *whole.lacks)))
        return msgspec.structs.replace(whole, lacks=lacks, facts={**self.source.facts(), **whole.facts})

    def _news(self, whole: Whole, now: Millis) -> list[bytes]:
        """Fields of the source itself that differ from what was told."""
        told = self._told or Whole(None, None, (), {}, 0)
        fields = []
        patient = now - self._told_at < self.source.interval_ms
        repeat = whole.failure is not None and now - self._told_at >= _REPEAT_MS
        if repeat or _differs(told.failure, whole.failure, patient=patient):
            fields.append(b'"failure":' + _ENCODE(whole.failure))
        if told.lacks != whole.lacks:
            fields.append(b'"partial":' + _ENCODE(in_words(whole.lacks)))
            fields.append(b'"lacks":' + _ENCODE(whole.lacks))
        if told.facts != whole.facts:
            fields.append(b'"facts":' + _ENCODE(whole.facts))
        return fields

    def _heartbeat_due(self, whole: Whole) -> bool:
        """Whether it looked again since it last said so, about an interval later."""
        if whole.failure is not None or whole.good_at is None:
            return False
        told = self._told.good_at if self._told is not None else None
        return told is None or whole.good_at - told >= self.source.interval_ms * 7 // 10

    def _age(self, whole: Whole, clock: Clock) -> list[bytes]:
        """Age and cost of the rows where they are not plain."""
        if whole.failure is not None:
            return []
        if whole.good_at is None:
            return [b'"age_ms":-1']
        fields = []
        age = clock.now() - whole.good_at
        if age > _FRESH_MS:
            fields.append(b'"age_ms":%d' % age)
        told = self._told.took_ms if self._told is not None else 0
        if abs(whole.took_ms - told) > max(50, told // 2):
            fields.append(b'"took_ms":%d' % whole.took_ms)
        return fields


def _differs(told: Failure | None, failure: Failure | None, *, patient: bool) -> bool:
    """Whether a failure is worth telling: beginning, end and another kind at once, the rest once an interval."""
    if told is None or failure is None:
        return told is not failure
    if told.kind != failure.kind:
        return True
    return not patient and told != failure


def _next_multiple(of: Millis, after: Millis) -> Millis:
    return (after // of + 1) * of


class Pacer:
    """Runs all feeds. `nudge` may be called from any thread, the rest belongs to its own."""

    def __init__(self, feeds: Mapping[str, Feed], writer: StreamWriter, outbox: Outbox, clock: Clock, flush_ms: Millis):
        self._feeds = feeds
        self._writer = writer
        self._outbox = outbox
        self._clock = clock
        self._flush_ms = flush_ms
        self._nudged = threading.Event()

    def nudge(self) -> None:
        """Something is worth telling now."""
        self._nudged.set()

    def retry(self, source: str) -> bool:
        """Let one source look now; False when there is none of that name."""
        feed = self._feeds.get(source)
        if feed is not None:
            feed.retry()
        return feed is not None

    def open(self) -> None:
        """Announce every source."""
        for name, feed in self._feeds.items():
            self._writer.patch(name, self._clock.now(), feed.opening(), True)

    def run(self) -> None:
        """For ever."""
        while True:
            self._nudged.wait(self.pause_ms / 1000)
            self._nudged.clear()
            self.tick()

    @property
    def pause_ms(self) -> Millis:
        """How long it does nothing by itself: it looks at whole multiples, so that a beat is never missed by a bit."""
        now = self._clock.monotonic()
        return _next_multiple(self._flush_ms, now) - now

    def tick(self) -> None:
        """One round over all feeds."""
        for name, feed in self._feeds.items():
            feed.check()
            if self._outbox.full:
                continue
            said = feed.patch(self._clock, self._flush_ms)
            if said is not None:
                self._writer.patch(name, self._clock.now(), said.patch, said.keyframe)
