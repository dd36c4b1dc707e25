"""The collector process: settings and requests come in on standard input, the stream goes out on standard output.

It ends within a tenth of a second when its input ends, when it is told to (TERM, INT), or when its reader is gone,
whatever hangs: nothing waits for a source. A closed input also covers a parent that was killed; PR_SET_PDEATHSIG is
left out on purpose, since it fires when the parent's *thread* ends.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import BinaryIO, NoReturn

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import Clock, SystemClock
from wfconsole.collector.outbox import Outbox
from wfconsole.collector.pacer import Feed, Pacer
from wfconsole.collector.settings import CollectorSettings
from wfconsole.collector.worker import Worker, wait_after
from wfconsole.observations.answers import CollectorSaid
from wfconsole.recording.format import StreamWriter, Target
from wfconsole.sources.contract import SourceError, Task
from wfconsole.sources.kubernetes.client import Limits, Server
from wfconsole.sources.kubernetes.cluster import Cluster, described
from wfconsole.sources.kubernetes.kubeconfig import load_access

# Time for the last lines on the way out.
_LAST_WORDS_S = 0.08


class Collector:
    """Everything that runs in this process."""

    def __init__(self, settings: CollectorSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._outbox = Outbox(_write_out, lambda: os._exit(exit_codes.OK), self._nudge)
        self._writer = StreamWriter(self._outbox.put, clock)
        self._pacer: Pacer | None = None

    def start(self) -> None:
        """Begin to look. Raises SourceError when the configuration cannot work."""
        settings = self._settings
        access = load_access(settings.kubeconfig, settings.context, in_cluster=settings.in_cluster)
        server = Server(access, Limits(deadline_ms=settings.deadline_ms))
        cluster = Cluster(server, settings.namespaces, settings.intervals_ms)
        self._writer.header(title=settings.title, target=Target(**described(server)))
        workers: dict[int, Worker] = {}

        def worker(task: Task) -> Worker:
            return workers.setdefault(id(task), Worker(task, self._clock, self._nudge))

        feeds = {
            source.name: Feed(source, [(part, worker(part.task)) for part in source.parts])
            for source in cluster.sources(settings.sources)
        }
        self._pacer = Pacer(feeds, self._writer, self._outbox, self._clock, settings.flush_ms)
        self._pacer.open()
        for each in workers.values():
            each.start()
        threading.Thread(target=self._pacer.run, name="pacer", daemon=True).start()

    def serve(self, requests: BinaryIO) -> None:
        """Answer requests until there are no more."""
        for _ in requests:
            pass

    def end(self) -> NoReturn:
        """Say that the stream is complete, and be gone."""
        self._writer.end(self._clock.now())
        self._outbox.drain(_LAST_WORDS_S)
        os._exit(exit_codes.OK)

    def _nudge(self) -> None:
        if self._pacer is not None:
            self._pacer.nudge()


class _Told(BaseException):
    """A signal asked us to end."""


def _tell(_signal: int, _frame: FrameType | None) -> None:
    raise _Told


def _write_out(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to end. Takes no arguments: they would show in the process list."""
    del argv
    signal.signal(signal.SIGTERM, _tell)
    signal.signal(signal.SIGINT, _tell)
    try:
        line = sys.stdin.buffer.readline()
        settings = msgspec.json.decode(line or b"{}", type=CollectorSettings)
    except msgspec.MsgspecError as error:
        print(f"collector: settings: {error}", file=sys.stderr)
        return exit_codes.CONFIGURATION
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    collector = Collector(settings, SystemClock())
    try:
        collector.start()
        collector.serve(sys.stdin.buffer)
    except _Told:
        pass
    except SourceError as error:
        print(f"collector: {error.message}. {error.remedy}", file=sys.stderr)
        return exit_codes.CLUSTER
    collector.end()
