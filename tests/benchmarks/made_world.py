"""A made world of any size as a stream, changing at the benchmark's word: what `wfconsole live -` follows."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.benchmarks.bench_first_paint import own_state
from tests.benchmarks.harness import Screen, console_command, screen
from wfconsole.clock import HOUR, SECOND, SystemClock
from wfconsole.observations.events import EventRow
from wfconsole.observations.hpas import HpaMetric, HpaRow
from wfconsole.observations.nodes import NodeRow
from wfconsole.observations.pods import PodRow
from wfconsole.observations.snapshot import Patch
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.recording.format import StreamWriter, Target

IMAGE = "registry.example/team/gateway:1.4.1"


class MadeWorld:
    """Pods, workloads, autoscalers, nodes and events. `write` takes the stream's lines."""

    def __init__(self, write: Any, pods: int) -> None:
        self._clock = SystemClock()
        self._writer = StreamWriter(write, self._clock)
        self._random = random.Random(1)
        born = self._clock.now() - 7 * HOUR
        self.pods = [made_pod(number, born) for number in range(pods)]
        self._events = 0

    def begin(self) -> None:
        """The header, and everything there is."""
        self._writer.header(title="a made world", target=Target("rig-made", "production", "https://127.0.0.1:6443"))
        self._tell("pods", {f"{row.namespace}/{row.name}": row for row in self.pods}, keyframe=True)
        self._tell("workloads", {f"Deployment/production/gateway-{n:03}": _workload(n, 100) for n in range(100)}, True)
        self._tell("hpas", {f"production/gateway-{n:03}": _hpa(n, 0.5) for n in range(20)}, keyframe=True)
        self._tell("nodes", {f"node-{n:03}": _node(n, 0.5) for n in range(100)}, keyframe=True)
        self._tell("events", {}, keyframe=True)

    def change_pods(self, share: float = 0.01, *, visible: int = 1) -> None:
        """So much of all pods restarted once more, and so many of those at the top of every list."""
        numbers = {*range(visible), *self._random.sample(range(len(self.pods)), round(share * len(self.pods)))}
        changed = {}
        for number in numbers:
            before = self.pods[number]
            row = self.pods[number] = msgspec.structs.replace(before, restarts=before.restarts + 1)
            changed[f"{row.namespace}/{row.name}"] = row
        self._tell("pods", changed)

    def change_all(self) -> None:
        """One refresh of every source."""
        self.change_pods()
        some = self._random.random
        self._tell("workloads", {f"Deployment/production/gateway-{n:03}": _workload(n, 99 + n % 2) for n in range(3)})
        self._tell("hpas", {f"production/gateway-{n:03}": _hpa(n, some()) for n in range(5)})
        self._tell("nodes", {f"node-{n:03}": _node(n, some() * 0.8) for n in range(20)})
        self._events += 1
        now = self._clock.now()
        name = f"gateway-{self._events % 100:03}"
        event = EventRow("production", "Pod", name, "Normal", "Pulled", "image is there", self._events, now, now)
        self._tell("events", {f"uid-{self._events % 50}": event})

    def _tell(self, source: str, rows: Any, keyframe: bool = False) -> None:
        patch: Patch[Any] = Patch(rows=rows, interval_ms=2 * SECOND, took_ms=20)
        self._writer.patch(source, self._clock.now(), msgspec.json.encode(patch), keyframe)


@contextmanager
def made_console(pods: int, *options: str, columns: int = 200, rows: int = 50) -> Iterator[tuple[Screen, MadeWorld]]:
    """The console on a made world that has all its pods on the screen."""
    ours, theirs = os.pipe()
    with tempfile.TemporaryDirectory() as state:
        command = console_command("live", "-", *options)
        try:
            with screen(command, columns=columns, rows=rows, environment=own_state(state), stdin=ours) as shown:
                os.close(ours)
                made = MadeWorld(lambda data: _write(theirs, data), pods)
                shown.wait_for(b"NO INCIDENT")
                made.begin()
                shown.wait_for(f"/{pods:,} ready".encode())
                yield shown, made
        finally:
            os.close(theirs)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def made_pod(number: int, born: int) -> PodRow:
    """One of ten thousand, all well."""
    return PodRow(
        namespace="production",
        name=f"gateway-{number // 100:03}-6d5f7c-{number % 100:02}",
        node=f"node-{number % 100:03}",
        created_at=born + 10 * number,
        ready_since=born + 20 * number,
        owner_kind="Deployment",
        owner=f"gateway-{number // 100:03}",
        revision="6d5f7c",
        image=IMAGE,
    )


def _workload(number: int, ready: int) -> WorkloadRow:
    name = f"gateway-{number:03}"
    return WorkloadRow("Deployment", "production", name, 100, ready, 100, ready, 7, (IMAGE,))


def _hpa(number: int, ratio: float) -> HpaRow:
    name = f"gateway-{number:03}"
    metric = HpaMetric("cpu", f"{60 * ratio:.0f}%", "60%", ratio)
    return HpaRow("production", name, "Deployment", name, 2, 200, 100, 100, (metric,))


def _node(number: int, used: float) -> NodeRow:
    cpu, memory = 64_000, 256 << 30
    return NodeRow(
        f"node-{number:03}",
        cpu=cpu,
        memory=memory,
        pod_slots=250,
        cpu_used=int(cpu * used),
        memory_used=int(memory * used),
        cpu_requested=cpu // 2,
        memory_requested=memory // 2,
        pods=100,
    )
