"""B5, B9: a table of ten thousand rows that change, and that is filtered, beside Textual's own DataTable."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from tests.benchmarks.harness import Report, Screen, compiled, percentile, processes, screen
from tests.benchmarks.made_world import MadeWorld, made_console
from tests.terminal.display import Display

ROWS = 10_000
REFRESHES = 30
GAP_S = 0.4
FILTERS = ("gateway-042", "6d5f7c-17", "node-031", "9-6d5f7c-0", "running", "gateway-099-6d")


def control(kind: str, rows: int) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.controls", kind, str(rows)]


@contextmanager
def all_pods(rows: int) -> Iterator[tuple[Screen, MadeWorld]]:
    """The console with the list of all pods before it; it records nothing, since DataTable does not either."""
    with made_console(rows, "--no-recording") as (shown, made):
        shown.settle()
        shown.type(b"3")
        shown.settle()
        shown.type(b"v")
        shown.wait_for(b"gateway-000")
        shown.settle()
        yield shown, made


def table_alone(rows: int) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.table_alone", str(rows)]


@contextmanager
def small_app(command: list[str]) -> Iterator[Screen]:
    """A table and a count of keys, and nothing else."""
    with screen(command) as shown:
        shown.wait_for(b"<<0>>")
        shown.settle()
        yield shown


def refresh_cost(shown: Screen, act: Callable[[], None], refreshes: int) -> tuple[float, float]:
    """CPU milliseconds and bytes of one refresh, over those of the same time without any."""
    found = processes(shown.pid)

    def spent(work: Callable[[], None]) -> tuple[float, float]:
        before, received = found.cpu_ms(), shown.received
        for _ in range(refreshes):
            began = time.perf_counter()
            work()
            shown.drain(max(GAP_S, time.perf_counter() - began))
        shown.settle(quiet=0.2)
        return found.cpu_ms() - before, shown.received - received

    act()  # the first one after everything came is another matter
    shown.settle()
    still, busy = spent(lambda: None), spent(act)
    return (busy[0] - still[0]) / refreshes, (busy[1] - still[1]) / refreshes


def refresh(rounds: int) -> Report:
    report = Report(f"B5  a hundredth of {ROWS:,} rows changes: our table, and the console from bytes to bytes")
    costs: dict[str, list[tuple[float, float]]] = {}

    def by_key(name: str, shown: Screen) -> None:
        costs.setdefault(name, []).append(refresh_cost(shown, lambda: shown.type(b"r"), REFRESHES))

    for _ in range(rounds):
        with small_app(control("update", ROWS)) as shown:
            by_key("DataTable.update_cell", shown)
        for rows in (100, ROWS):
            with small_app(table_alone(rows)) as shown:
                by_key(f"our table alone, {rows:,} rows", shown)
            with all_pods(rows) as (shown, made):
                cost = refresh_cost(shown, made.change_pods, REFRESHES)
                costs.setdefault(f"the whole console, {rows:,} rows", []).append(cost)
    for name, found in costs.items():
        rounds_of = " ".join(f"{each[0]:.2f}" for each in found)
        report.figure(f"{name}, a refresh, CPU ms of each round", rounds_of)
        report.figure(f"{name}, a refresh, bytes", f"{median(each[1] for each in found):.0f}")
    # What is left of two figures that are taken from each other has no best round.
    medians = {name: [median(each) for each in zip(*found, strict=True)] for name, found in costs.items()}
    table = medians["DataTable.update_cell"]
    for ours in ("our table alone", "the whole console"):
        small, large = medians[f"{ours}, 100 rows"], medians[f"{ours}, {ROWS:,} rows"]
        report.target(f"{ours}: CPU, of DataTable.update_cell", large[0] / table[0], 0.06, "x")
        report.target(f"{ours}: bytes, of DataTable.update_cell", large[1] / table[1], 0.03, "x")
        report.target(f"{ours}: CPU at 10,000 rows, of that at 100", large[0] / small[0], 1.3, "x")
    return report


# --- B9: typing a filter --------------------------------------------------------------------------------------------


def typed(shown: Screen, keys: str, gap_s: float = 0.15) -> list[float]:
    """When each of the keys was pressed; what comes meanwhile is kept with its time."""
    pressed = []
    for key in keys:
        pressed.append(time.perf_counter())
        shown.type(key.encode())
        shown.drain(gap_s)
    return pressed


def shown_at(shown: Screen, display: Display, tests: list[Callable[[str], bool]], since: list[float]) -> list[float]:
    """Milliseconds from each of `since` until the screen passed its test, in order; drawn afterwards."""
    delays: list[float] = []
    for at, chunk in shown.kept:
        display.show(chunk)
        while len(delays) < len(tests) and at >= since[len(delays)] and tests[len(delays)](display.text):
            delays.append(1000 * (at - since[len(delays)]))
    return delays


def filters(rounds: int) -> Report:
    report = Report(f"B9  from a letter of a filter to the filtered list, {ROWS:,} rows")
    ours: list[float] = []
    rebuilt: list[float] = []
    with all_pods(ROWS) as (shown, made):
        display = Display(200, 50)
        names = [
            f"{row.namespace}/{row.name} {row.status} {row.node} {row.reason} {row.owner}".lower() for row in made.pods
        ]
        shown.type(b"\x0c")  # draw the whole screen once more, for our own display
        shown.keep()
        shown.settle()
        for words in FILTERS * rounds:
            tests = []
            for end in range(1, len(words) + 1):
                count = sum(words[:end] in name for name in names)
                tests.append(_filtered(words[:end], f"/{count} of {ROWS} "))
            shown.type(b"/")
            shown.drain(0.3)
            pressed = typed(shown, words)
            ours += shown_at(shown, display, tests, pressed)
            shown.kept.clear()
            shown.type(b"\x1b")
            shown.drain(0.5)
    with small_app(control("rebuild", ROWS)) as shown:
        count = 0
        for words in FILTERS:
            for letter in words.replace("r", "x"):
                count += 1
                shown.type(letter.encode())
                rebuilt.append(1000 * shown.wait_for(f"<<{count}>>".encode()))
                shown.settle(quiet=0.1)
            count += 1
            shown.type(b"\x1b")
            shown.settle(quiet=0.5)
    expected = sum(map(len, FILTERS)) * rounds
    report.figure("letters typed, and whose result was seen", f"{expected}, {len(ours)}")
    report.figure("DataTable, clear and add_rows: median ms", f"{percentile(rebuilt, 50):.1f}")
    report.target("letters whose result was never seen", expected - len(ours), 0)
    report.target("median", percentile(ours, 50), 8, " ms")
    report.target("p99", percentile(ours, 99), 20, " ms")
    return report


def _filtered(words: str, place: str) -> Callable[[str], bool]:
    return lambda text: f"/ {words}_" in text and place in text


def main() -> list[Report]:
    compiled()
    return [refresh(3), filters(4)]


if __name__ == "__main__":
    main()
