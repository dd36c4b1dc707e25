"""A real collector process, and what its stream said so far."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wfconsole.observations.answers import CollectorSaid, PodAnswer
from wfconsole.observations.snapshot import Snapshot, follow
from wfconsole.recording.format import Ended, Noted, SourcePatch, StreamReader

# What a test follows that names no sources.
ALL = ("pods", "workloads", "hpas", "nodes", "events", "services", "ingresses", "isolation")


def kubeconfig_for(url: str, folder: Path, **user: Any) -> str:
    """A kubeconfig file for a server, as JSON, which kubectl and we take too."""
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "current-context": "double",
                "clusters": [{"name": "double", "cluster": {"server": url}}],
                "users": [{"name": "someone", "user": user or {"token": "t0ken"}}],
                "contexts": [
                    {"name": "double", "context": {"cluster": "double", "user": "someone", "namespace": "production"}}
                ],
            }
        )
    )
    return str(path)


class CollectorProcess:
    """Starts the collector as the console does, and follows its stream. Use as a context manager."""

    def __init__(self, settings: Mapping[str, Any], *, follow_stream: bool = True) -> None:
        self.snapshots: dict[str, Snapshot[Any]] = {}
        self.history: list[Snapshot[Any]] = []
        self.answers: list[PodAnswer] = []
        self.said: list[CollectorSaid] = []
        self.reader = StreamReader(trusted=True)
        self.ended = False
        self._changed = threading.Condition()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "wfconsole.collector"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.send({"sources": ALL, **settings})
        self._follower = threading.Thread(target=self._follow, daemon=True)
        if follow_stream:
            self._follower.start()

    def __enter__(self) -> CollectorProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        if self._follower.is_alive():  # else it would go on with whatever gets the number of the closed pipe next
            self._follower.join(10)
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            if stream is not None:
                stream.close()

    def send(self, message: Any) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(message).encode() + b"\n")

    def close_input(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()

    def errors(self) -> str:
        """What it wrote to standard error; waits for its end."""
        assert self.child.stderr is not None
        return self.child.stderr.read().decode()

    def memory(self, what: str = "VmHWM") -> int:
        """Bytes of memory; VmHWM is the most it ever had."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(what))

    def cpu_ms(self) -> float:
        """Of all its threads, those that have ended included."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, proc(5)

    def until(self, holds: Callable[[], Any], what: str, seconds: float = 15.0) -> Any:
        """Wait until the stream said enough; fails with `what` and where things stand."""
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                value = holds()
                if value:
                    return value
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} s: {what}; {self.standing()}"
                assert not self.ended or holds(), f"the stream ended before: {what}; {self.standing()}"
                self._changed.wait(left)

    def until_failing(self, kind: str, sources: tuple[str, ...] = ALL, seconds: float = 15.0) -> None:
        def failing() -> bool:
            return all(self._kind(name) == kind for name in sources)

        self.until(failing, f"every source says {kind}", seconds)

    def until_well(self, sources: tuple[str, ...] = ALL, seconds: float = 15.0) -> None:
        def well() -> bool:
            shown = [self.snapshots.get(name) for name in sources]
            return all(each is not None and each.good_at and not each.failure and each.rows for each in shown)

        self.until(well, "every source has rows and no failure", seconds)

    def _kind(self, name: str) -> str:
        snapshot = self.snapshots.get(name)
        return snapshot.failure.kind if snapshot is not None and snapshot.failure is not None else ""

    def standing(self) -> dict[str, Any]:
        return {
            name: (len(each.rows), each.failure, each.partial, dict(each.facts))
            for name, each in self.snapshots.items()
        }

    def _follow(self) -> None:
        assert self.child.stdout is not None
        descriptor = self.child.stdout.fileno()
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(descriptor, 1 << 18):
                self._take(chunk)
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _take(self, chunk: bytes) -> None:
        items = self.reader.feed(chunk)
        with self._changed:
            for item in items:
                if isinstance(item, SourcePatch):
                    before = self.snapshots.get(item.source)
                    after = follow(before, item.source, item.at, item.patch, keyframe=item.keyframe)
                    self.snapshots[item.source] = after
                    self.history.append(after)
                elif isinstance(item, Noted):
                    note = item.note
                    if isinstance(note, PodAnswer):
                        self.answers.append(note)
                    elif isinstance(note, CollectorSaid):
                        self.said.append(note)
                elif isinstance(item, Ended):
                    self.ended = True
            self._changed.notify_all()
