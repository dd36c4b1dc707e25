"""Streams to test with: a small cluster that lives by a seed, written by the real writer."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from typing import Any

import msgspec

from wfconsole.clock import SECOND, ManualClock, Millis
from wfconsole.observations.answers import CollectorSaid, LogTail, Marker, PodAnswer, PodDetail
from wfconsole.observations.events import EventRow
from wfconsole.observations.pods import PodRow
from wfconsole.observations.snapshot import Failure, Patch, follow
from wfconsole.observations.world import World
from wfconsole.recording.format import Item, Noted, OperatorNote, SourcePatch, StreamReader, StreamWriter, Target

EPOCH: Millis = 1_767_225_600_000  # 2026-01-01T00:00:00Z

encode = msgspec.json.encode


def pod(number: int, **fields: Any) -> PodRow:
    return PodRow(namespace="production", name=f"gateway-{number}", node=f"node-{number % 5}", **fields)


class Cluster:
    """Writes a stream of two sources that are polled every five seconds, with notes now and then."""

    def __init__(self, *, pods: int = 20, seed: int = 1, title: str = "a bad rollout") -> None:
        self.chunks: list[bytes] = []
        self.clock = ManualClock(EPOCH)
        self.writer = StreamWriter(self.chunks.append, self.clock)
        self._random = random.Random(seed)
        self._pods: dict[str, PodRow | None] = {f"production/gateway-{n}": pod(n) for n in range(pods)}
        self._failing_since: Millis = 0
        self.writer.header(title=title, target=Target("lab", "production", "https://127.0.0.1:6443"))
        self.writer.patch("pods", EPOCH, encode(Patch(rows=self._pods, interval_ms=5 * SECOND)), True)
        self.writer.patch("events", EPOCH, encode(Patch(rows={}, interval_ms=5 * SECOND)), True)

    def live(self, polls: int) -> Cluster:
        for _ in range(polls):
            self.clock.advance(5 * SECOND - 40)
            self._poll_pods()
            self.clock.advance(40)
            self._poll_events()
            self._say()
        return self

    def end(self) -> Cluster:
        self.writer.end(self.clock.now())
        return self

    @property
    def stream(self) -> bytes:
        return b"".join(self.chunks)

    def _poll_pods(self) -> None:
        at, chance = self.clock.now(), self._random.random()
        if chance < 0.1:
            self._failing_since = self._failing_since or at
            patch: Patch[Any] = Patch(failure=Failure("timeout", "no answer within 4 s", since=self._failing_since))
        else:
            recovered = {"failure": None} if self._failing_since else {}
            self._failing_since = 0
            patch = Patch(took_ms=self._random.randrange(20, 90), **recovered)  # type: ignore[arg-type]
            if chance > 0.4:
                patch = msgspec.structs.replace(patch, rows=self._changes(at))
        self.writer.patch("pods", at, encode(patch), False)

    def _changes(self, at: Millis) -> dict[str, PodRow | None]:
        changes: dict[str, PodRow | None] = {}
        for key in self._random.sample(sorted(self._pods), min(3, len(self._pods))):
            row = self._pods[key]
            assert row is not None
            changes[key] = msgspec.structs.replace(row, restarts=row.restarts + 1, restarted_at=at, ready=False)
        if len(self._pods) > 5 and self._random.random() < 0.3:
            changes[self._random.choice(sorted(self._pods))] = None
        if self._random.random() < 0.4:
            number = self._random.randrange(1000, 10_000)
            changes[f"production/gateway-{number}"] = pod(number, created_at=at)
        self._pods = {key: row for key, row in (self._pods | changes).items() if row is not None}
        return changes

    def _poll_events(self) -> None:
        patch: Patch[Any] = Patch()
        if self._random.random() < 0.3:
            uid = f"{self._random.getrandbits(32):08x}"
            row = EventRow("production", "Pod", "gateway-1", "Warning", "BackOff", 'back-off "restarting"', count=3)
            patch = Patch(rows={uid: row})
        self.writer.patch("events", self.clock.now(), encode(patch), False)

    def _say(self) -> None:
        at, chance = self.clock.now(), self._random.random()
        if chance < 0.03:
            self.writer.note(at, Marker("here it began"))
        elif chance < 0.06:
            event = msgspec.Raw(b'{"type":"note","text":"rollback decided"}')
            self.writer.note(at, OperatorNote(id=f"{at}", actor="ada", event=event))
        elif chance < 0.09:
            name = f"gateway-{self._random.randrange(9)}"
            detail = PodDetail("production", name, logs=(LogTail("app", lines=("panic: no", "exit 1")),))
            self.writer.note(at, PodAnswer(id=f"q{at}", namespace="production", name=name, detail=detail))
        elif chance < 0.1:
            self.writer.note(at, CollectorSaid("watching again", source="pods"))


def items_of(stream: bytes, *, trusted: bool = False) -> list[Item]:
    return StreamReader(trusted=trusted).feed(stream)


def folded(items: Iterable[Item], world: World | None = None) -> World:
    """The world after `items`, as a session folds it."""
    world = world or World()
    for item in items:
        if isinstance(item, SourcePatch):
            before = world.snapshots.get(item.source)
            world = world.with_snapshot(follow(before, item.source, item.at, item.patch, keyframe=item.keyframe))
        elif isinstance(item, Noted) and isinstance(item.note, PodAnswer):
            world = world.with_answer(item.at, item.note)
    return world


def fingerprint(world: World) -> str:
    """A hash of everything that a world shows; not of how its snapshots were come by."""
    shown = {
        name: (s.observed_at, s.rows, s.good_at, s.failure, s.partial, s.lacks, s.interval_ms, s.took_ms, s.facts)
        for name, s in world.snapshots.items()
    }
    return hashlib.sha256(msgspec.json.encode((shown, world.answers), order="sorted")).hexdigest()
