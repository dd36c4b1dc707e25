"""B6, B7: from a key to its frame while every pane is refreshed, on a fast line and on one of 16 KB/s."""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.bench_first_paint import own_state
from tests.benchmarks.harness import (
    Report,
    Screen,
    compiled,
    console_command,
    percentile,
    screen,
)
from tests.benchmarks.loaded import Loaded, loaded_cluster
from tests.benchmarks.made_world import MadeWorld, made_console
from tests.recording.streams import Cluster
from tests.terminal.display import Display
from wfconsole.observations.kinds import KINDS

PODS = 10_000
KEYS = 600
CHANGES_A_SECOND = 100
SLOW_LINE = 16_000  # bytes a second
COLUMNS, ROWS = 200, 60
#: Every source is looked at, and every pane drawn anew, once a second.
OFTEN = {f"WFCONSOLE_INTERVALS_{kind.upper()}": "1" for kind in KINDS}

_ECHO = [sys.executable, "-m", "tests.benchmarks.controls", "echo"]
_PANES = [sys.executable, "-m", "tests.benchmarks.controls", "panes"]


# --- keys, and when their frames came -------------------------------------------------------------------------------


def gaps(keys: int, slower: float = 1.0) -> list[float]:
    """Seconds between keys, as of somebody who is in a hurry; never in step with a refresh."""
    chance = random.Random(2)
    return [slower * chance.uniform(0.05, 0.13) for _ in range(keys)]


def typed(shown: Screen, keys: list[bytes], bytes_a_second: int = 0) -> list[float]:
    """Type them, reading all the while; when each was pressed."""
    pressed = []
    slower = 3.0 if bytes_a_second else 1.0  # on a slow line people wait for what they did
    for key, gap in zip(keys, gaps(len(keys), slower), strict=True):
        pressed.append(time.perf_counter())
        shown.type(key)
        read_for(shown, gap, bytes_a_second)
    read_for(shown, 10.0 if bytes_a_second else 2.0, bytes_a_second)
    return pressed


def read_for(shown: Screen, seconds: float, bytes_a_second: int = 0) -> None:
    """Read for so long, no faster than a line of so many bytes a second would bring it (0: as it comes)."""
    if not bytes_a_second:
        shown.drain(seconds)
        return
    until = time.perf_counter() + seconds
    while (now := time.perf_counter()) < until:
        chunk = shown.read(until - now, most=max(1, bytes_a_second // 100))
        time.sleep(min(len(chunk) / bytes_a_second, max(0.0, until - time.perf_counter())))


def delays(
    shown: Screen, pressed: list[float], arrived: Callable[[int], bool], feed: Callable[[bytes], None]
) -> list[float]:
    """Milliseconds from each key until `arrived` says that its frame is there. Drawn afterwards: drawing is slow."""
    found: list[float] = []
    for at, chunk in shown.kept:
        feed(chunk)
        while len(found) < len(pressed) and at >= pressed[len(found)] and arrived(len(found)):
            found.append(1000 * (at - pressed[len(found)]))
    shown.kept.clear()
    return found


def focus(display: Display) -> tuple[int, int]:
    """Where the title of the region with the focus begins: it is the first thing that is reversed below the head."""
    buffer = display.screen.buffer
    cells = ((y, min((x for x, cell in buffer[y].items() if cell.reverse), default=COLUMNS)) for y in range(1, ROWS))
    return next((cell for cell in cells if cell[1] < COLUMNS), (0, 0))


def console_delays(shown: Screen, count: int, bytes_a_second: int = 0) -> list[float]:
    """Each key moves the focus to the next region of the overview, all of which go on."""
    display = Display(COLUMNS, ROWS)

    def drawn() -> tuple[int, int]:
        for _, chunk in shown.kept:
            display.show(chunk)
        shown.kept.clear()
        return focus(display)

    shown.keep()
    shown.type(b"\x0c")  # draw the whole screen once more, for our own display
    read_for(shown, 6.0, bytes_a_second)
    places = [drawn()]
    while len(places) == 1 or places[-1] != places[0]:  # once around, to know where the titles are
        shown.type(b"\t")
        for _ in range(30):
            read_for(shown, 0.2, bytes_a_second)
            if drawn() != places[-1]:
                break
        places.append(drawn())
    around = places[1:]
    pressed = typed(shown, [b"\t"] * count, bytes_a_second)
    return delays(shown, pressed, lambda number: focus(display) == around[number % len(around)], display.show)


def counted_delays(shown: Screen, count: int, bytes_a_second: int = 0) -> list[float]:
    """A control that counts its keys as `<<n>>`."""
    seen = bytearray()
    shown.kept.clear()
    shown.keep()
    pressed = typed(shown, [b"n"] * count, bytes_a_second)

    def arrived(number: int) -> bool:
        return b"<<%d>>" % (number + 1) in seen

    def feed(chunk: bytes) -> None:
        seen.extend(chunk)
        del seen[: -(1 << 16)]

    return delays(shown, pressed, arrived, feed)


def tell(report: Report, name: str, found: list[float], count: int) -> None:
    if not found:
        report.figure(name, "no frame was ever seen")
        return
    p50, p95, p99 = (percentile(found, percent) for percent in (50, 95, 99))
    missing = f", {count - len(found)} never seen" if len(found) < count else ""
    report.figure(name, f"p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f}  max {max(found):6.1f} ms{missing}")


# --- B6 -------------------------------------------------------------------------------------------------------------


@contextmanager
def watching(cluster: Loaded) -> Iterator[Screen]:
    """The whole overview on all the pods, at the size that shows every pane."""
    with tempfile.TemporaryDirectory() as state:
        environment = {**own_state(state), **cluster.environment, **OFTEN}
        command = console_command("live")
        with screen(command, columns=COLUMNS, rows=ROWS, environment=environment) as shown:
            shown.wait_for(f"/{cluster.pods:,} ready".encode())
            shown.drain(4.0)
            yield shown


def keys_on_a_real_cluster(cluster: Loaded, rounds: int) -> Report:
    """With the whole control plane on the same two cores: the control says what that alone costs."""
    report = Report(
        f"B6  from a key to its frame, {COLUMNS}x{ROWS}, {cluster.pods:,} pods of which {CHANGES_A_SECOND} change each "
        "second on the rig, all panes refreshed each second"
    )
    echoed, idle, busy = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        with watching(cluster) as shown:
            idle += console_delays(shown, KEYS // 2)
            with cluster.load.churning(CHANGES_A_SECOND):
                shown.drain(3.0)
                busy += console_delays(shown, KEYS)
                echoed += echo_delays()
    told(report, (echoed, idle, busy), rounds)
    return report


def keys_on_a_made_world(rounds: int) -> Report:
    """The console alone, on a stream as busy as that of such a cluster."""
    report = Report(
        f"B6  from a key to its frame, {COLUMNS}x{ROWS}, {PODS:,} pods of which a hundredth changes each second in the "
        "stream, all panes refreshed each second"
    )
    echoed, idle, busy = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        with made_console(PODS, columns=COLUMNS, rows=ROWS) as (shown, made):
            shown.settle()
            idle += console_delays(shown, KEYS // 2)
            with refreshing(made):
                shown.drain(3.0)
                busy += console_delays(shown, KEYS)
                echoed += echo_delays()
    told(report, (echoed, idle, busy), rounds)
    return report


def echo_delays() -> list[float]:
    with screen(_ECHO) as echo:
        echo.wait_for(b"READY")
        return counted_delays(echo, KEYS // 2)


def told(report: Report, measured: tuple[list[float], list[float], list[float]], rounds: int) -> None:
    echoed, idle, busy = measured
    tell(report, "echo, beside it", echoed, rounds * KEYS // 2)
    tell(report, "the console, nothing changes", idle, rounds * KEYS // 2)
    tell(report, "the console, everything is refreshed", busy, rounds * KEYS)
    report.sane("echo p99", percentile(echoed, 99), 2, " ms")
    report.target("keys whose frame was never seen", rounds * KEYS - len(busy), 0)
    report.target("p99", percentile(busy, 99), 20, " ms")
    report.target("p99, of that while nothing changes", percentile(busy, 99) / percentile(idle, 99), 2, "x")
    report.target("max", max(busy), 33, " ms")


# --- B7 -------------------------------------------------------------------------------------------------------------


@contextmanager
def refreshing(made: MadeWorld) -> Iterator[None]:
    """Within this context every source of the made world is refreshed once a second."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(1.0):
            made.change_all()

    thread = threading.Thread(target=go_on, name="refreshing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def bytes_a_second(shown: Screen, seconds: float = 15.0) -> float:
    shown.drain(2.0)
    return shown.drain(seconds) / seconds


def paused_replay() -> float:
    """Bytes a second of a replay that stands."""
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "short.jsonl"
        recording.write_bytes(Cluster(pods=20).live(20).end().stream)
        command = console_command("replay", recording, "--paused")
        with screen(command, columns=COLUMNS, rows=ROWS, environment=own_state(folder)) as shown:
            shown.wait_for(b"REPLAY")
            shown.settle()
            return bytes_a_second(shown, 10.0)


def slow_line(rounds: int) -> Report:
    report = Report(f"B7  the same keys on a line of {SLOW_LINE:,} bytes a second, {PODS:,} pods, panes at 1 Hz")
    ours, theirs, steady, ticking = list[float](), list[float](), list[float](), list[float]()
    keys = KEYS // 4
    for _ in range(rounds):
        with made_console(PODS, "--no-recording", columns=COLUMNS, rows=ROWS) as (shown, made):
            shown.settle()
            ticking.append(bytes_a_second(shown))
            with refreshing(made):
                steady.append(bytes_a_second(shown))
                ours += console_delays(shown, keys, SLOW_LINE)
        with screen([*_PANES, str(PODS)], columns=COLUMNS, rows=ROWS) as control:
            control.wait_for(b"<<0>>")
            control.drain(3.0)
            theirs += counted_delays(control, keys, SLOW_LINE)
    tell(report, "five DataTables, update_cell", theirs, rounds * keys)
    tell(report, "the console", ours, rounds * keys)
    report.figure("bytes a second while nothing but the clock changes", f"{max(ticking):,.0f}")
    report.target("keys whose frame was never seen", rounds * keys - len(ours), 0)
    report.target("p95", percentile(ours, 95), 300, " ms")
    report.target("bytes a second, all panes at 1 Hz", max(steady), 6000)
    report.target("bytes a second of a replay that stands", paused_replay(), 0)
    return report


def main(*wanted: str) -> list[Report]:
    """All of them, or those of `wanted`: slow (the line), made (the world), rig."""
    compiled()
    reports = []
    if "slow" in wanted or not wanted:
        reports.append(slow_line(2))
    if "made" in wanted or not wanted:
        reports.append(keys_on_a_made_world(2))
    if "rig" in wanted or not wanted:
        with loaded_cluster() as cluster:
            reports.append(keys_on_a_real_cluster(cluster, 2))
    return reports


if __name__ == "__main__":
    main(*sys.argv[1:])
