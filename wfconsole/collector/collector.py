"""The collector put together: sources, their workers, the pacer, and the way out."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.collector.asks import Asks
from wfconsole.collector.outbox import Outbox
from wfconsole.collector.pacer import Feed, Pacer, beat
from wfconsole.collector.settings import CollectorSettings
from wfconsole.collector.systems import other_sources
from wfconsole.collector.worker import Standing, Worker, wait_after
from wfconsole.observations.answers import CollectorSaid, WatchedRule
from wfconsole.observations.snapshot import Failure
from wfconsole.recording.format import Note, StreamWriter, Target
from wfconsole.sources.contract import Source, SourceError, Task
from wfconsole.sources.kubernetes.client import Limits, Server
from wfconsole.sources.kubernetes.cluster import Cluster, described
from wfconsole.sources.kubernetes.detail import PodReader
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.prometheus.signals import SignalsPoll

# Time for the last lines on the way out.
_LAST_WORDS_S = 0.08
# What many connections at once cost is taken from the one whose rows everybody waits for.
_LEAD_S = 0.25
# Importing the clients of the other systems takes more than a second of a core.
_HEAD_START_S = 2.0


class _Staff(NamedTuple):
    """Sources on their way into the stream, and who fills them; the `leads` fill the first of them."""

    feeds: Mapping[str, Feed]
    workers: Mapping[int, Worker]
    leads: Sequence[Worker]

    def start(self) -> None:
        """The leads at once; the others when the first look of each of these is over, or a moment later."""
        for each in self.leads:
            each.start()
        _wait_until(lambda: all(each.first_step_over for each in self.leads), _LEAD_S)
        for each in self.workers.values():
            if each not in self.leads:
                each.start()


def _start_in_turn(first: _Staff, others: _Staff) -> None:
    """The others once each of the first has told how it stands, or has had its time."""
    first.start()
    _wait_until(lambda: all(each.standing != Standing() for each in first.workers.values()), _HEAD_START_S)
    others.start()


def _wait_until(so: Callable[[], bool], within_s: float) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until and not so():
        time.sleep(within_s / 20)


class Collector:
    """Everything that runs in this process. `write` takes bytes for the reader and may block; `gone` ends it all."""

    def __init__(
        self, settings: CollectorSettings, clock: Clock, write: Callable[[bytes], object], gone: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._gone = gone
        self._outbox = Outbox(write, gone, self._nudge)
        self._writer = StreamWriter(self._outbox.put, clock)
        self._began_at = clock.now()
        self._pacer: Pacer | None = None
        self._reader: PodReader | None = None
        self._beside: Sequence[Source] = ()
        self.asks = Asks(lambda: self._reader, self._tell, self._retry, clock, self._watch)

    def start(self) -> None:
        """Begin to look. What cannot be configured is reported as every source's failure and tried again; with
        `strict` it raises SourceError instead."""
        try:
            server = self._server()
        except SourceError as error:
            if self._settings.strict:
                raise
            self._writer.header(title=self._settings.title)
            wait = self._report(error, 1)
            self._follow([], None)
            threading.Thread(target=self._keep_trying, args=(wait,), name="configuration", daemon=True).start()
            return
        self._writer.header(title=self._settings.title, target=Target(**described(server)))
        settings = self._settings
        self._reader = PodReader(server, self._clock, settings.ask_deadline_ms)
        self._follow(Cluster(server, settings.namespaces, settings.intervals).sources(settings.sources), server)

    def end(self) -> None:
        """Say that the stream is complete, and wait for that a moment, no longer."""
        self._writer.end(self._clock.now())
        self._outbox.drain(_LAST_WORDS_S)

    def _server(self) -> Server:
        settings = self._settings
        access = load_access(settings.kubeconfig, settings.context, in_cluster=settings.in_cluster)
        return Server(access, Limits(deadline_ms=settings.deadline_ms, beat_ms=beat(settings.flush_ms)))

    def _follow(self, of_cluster: Sequence[Source], server: Server | None) -> None:
        """Look at the cluster first; what imports other clients waits until it has been seen."""
        settings = self._settings
        beside = other_sources(settings, server)
        first, others = self._staff(of_cluster), self._staff(beside)
        self._beside = beside
        self._watch(settings.rules)
        feeds = {**first.feeds, **others.feeds}
        self._pacer = Pacer(feeds, self._writer, self._outbox, self._clock, settings.flush_ms)
        if not settings.replaces:
            self._pacer.open()
        threading.Thread(target=self._pacer.run, name="pacer", daemon=True).start()
        threading.Thread(target=_start_in_turn, args=(first, others), name="starting", daemon=True).start()

    def _staff(self, sources: Sequence[Source]) -> _Staff:
        """A worker for each task of these sources, which wake each other after an outage: they share a server."""
        workers: dict[int, Worker] = {}

        def worker(task: Task) -> Worker:
            return workers.setdefault(id(task), Worker(task, self._clock, self._nudge, try_again))

        def try_again() -> None:
            for each in workers.values():
                each.try_again()

        replaces = self._settings.replaces
        feeds = {
            source.name: Feed(source, [(part, worker(part.task)) for part in source.parts], replaces=replaces)
            for source in sources
        }
        return _Staff(feeds, workers, [worker(part.task) for source in sources[:1] for part in source.parts])

    def _keep_trying(self, wait: Millis) -> None:
        """Until the configuration works: somebody may be mending it. Then another process takes over, because a
        stream says only in its first line what it looks at."""
        attempts = 1
        while True:
            time.sleep(wait / SECOND)
            try:
                self._server()
            except SourceError as error:
                attempts += 1
                wait = self._report(error, attempts)
                continue
            self._tell(CollectorSaid("the configuration works now"))
            self.end()
            self._gone()
            return

    def _report(self, error: SourceError, attempts: int) -> Millis:
        """The failure of every source; how long to wait after it."""
        wait = min(10 * SECOND, wait_after(attempts, None, random.uniform))
        failure = Failure(
            error.kind,
            error.message,
            since=self._began_at,
            remedy=error.remedy,
            attempts=attempts,
            retry_at=self._clock.now() + wait,
        )
        age = b"" if self._settings.replaces else b'"age_ms":-1,'
        patch = b'{%s"failure":%s}' % (age, msgspec.json.encode(failure))
        for name in self._settings.sources:
            self._writer.patch(name, self._clock.now(), patch, not self._settings.replaces)
        return wait

    def _retry(self, source: str) -> bool:
        return self._pacer is not None and self._pacer.retry(source)

    def _watch(self, rules: Sequence[WatchedRule]) -> None:
        """What symptoms ask of Prometheus is looked at with its signals; without one, nobody asks."""
        for source in self._beside:
            for part in source.parts:
                if isinstance(part.task, SignalsPoll):
                    part.task.watch(rules)

    def _tell(self, note: Note) -> None:
        self._writer.note(self._clock.now(), note)

    def _nudge(self) -> None:
        if self._pacer is not None:
            self._pacer.nudge()
