"""What a recording costs, as ratios measured side by side in one run: `python -m tests.benchmarks.bench_recording`."""

from __future__ import annotations

import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.recording.streams import EPOCH, Cluster, encode, folded, pod
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.format import StreamReader
from wfconsole.recording.keep import Packer
from wfconsole.recording.play import Recording
from wfconsole.recording.redact import redact_body
from wfconsole.recording.tape import Tape

ROUNDS = 7


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def ratios(works: dict[str, Callable[[], object]], control: str) -> dict[str, float]:
    """Median CPU of each work as a multiple of the control's, the rounds interleaved."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            times[name].append(seconds(work))
    base = statistics.median(times[control])
    return {name: statistics.median(taken) / base for name, taken in times.items()}


def taped(stream: bytes, *, compress: bool, redact: bool = True) -> bytes:
    tape, packer = Tape(EPOCH, redact=redact_body if redact else None), Packer(compress=compress)
    tape.chunk(stream)
    tape.end()
    return packer.pack(tape.take()) + packer.finish()


def opened(path: Path, work: Callable[[Recording], object]) -> None:
    recording = Recording(path)
    work(recording)
    recording.close()


def every_line(path: Path) -> None:
    for line in path.read_bytes().splitlines():
        json.loads(line)


def report(title: str, found: dict[str, float]) -> None:
    print(title)
    for name, ratio in found.items():
        print(f"  {ratio:8.3f}  {name}")


def an_hour(directory: Path) -> None:
    stream = Cluster(pods=100, seed=1).live(720).end().stream
    plain, packed = directory / "hour.jsonl", directory / "hour.jsonl.gz"
    plain.write_bytes(taped(stream, compress=False))
    packed.write_bytes(taped(stream, compress=True))
    middle = EPOCH + 31 * 60_000
    print(f"one hour, 100 pods: {plain.stat().st_size} bytes, gzip {packed.stat().st_size / plain.stat().st_size:.3f}")
    works: dict[str, Callable[[], object]] = {
        "json.loads of every line (the control)": lambda: every_line(plain),
        "open and index": lambda: opened(plain, lambda _: None),
        "open and index, gzip": lambda: opened(packed, lambda _: None),
        "open and rebuild the state of minute 31": lambda: opened(plain, lambda r: folded(r.state(middle))),
        "open and decode everything": lambda: opened(plain, lambda r: sum(1 for _ in r.read())),
        "open and fold everything": lambda: opened(plain, lambda r: folded(item for _, item in r.read())),
    }
    report(
        "as a multiple of reading every line with json.loads", ratios(works, "json.loads of every line (the control)")
    )


def ten_thousand_pods() -> None:
    rows: dict[str, Any] = {f"production/gateway-{n}": pod(n, image="registry/gateway:1.2.3") for n in range(10_000)}
    body = encode(Patch(rows=rows))
    cluster = Cluster(pods=0)
    cluster.writer.patch("pods", EPOCH, body, True)
    stream = cluster.stream

    def as_dicts() -> None:
        for line in stream.splitlines():
            json.loads(line)

    works: dict[str, Callable[[], object]] = {
        "json.loads of every line (the control)": as_dicts,
        "follow the pipe of our own collector": lambda: StreamReader(trusted=True).feed(stream),
        "follow a stranger's stream": lambda: StreamReader().feed(stream),
        "record it, redacted": lambda: taped(stream, compress=False),
        "record it, redacted, gzip": lambda: taped(stream, compress=True),
        "gzip alone": lambda: gzip.compress(stream, 6),
    }
    report(f"10,000 pods in one keyframe, {len(body)} bytes", ratios(works, "json.loads of every line (the control)"))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        an_hour(Path(directory))
    ten_thousand_pods()


if __name__ == "__main__":
    main()
