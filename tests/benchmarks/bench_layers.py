"""Every layer at size: ten thousand pods, 500 database sessions and 200 alerts, with every other system beside them."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from tests.benchmarks.bench_cluster import share_of_a_core
from tests.benchmarks.bench_first_paint import own_state
from tests.benchmarks.bench_keys import COLUMNS, KEYS, ROWS, console_delays, echo_delays, tell
from tests.benchmarks.harness import (
    Processes,
    Report,
    Screen,
    compiled,
    console_command,
    percentile,
    processes,
    rss_mb,
    screen,
)
from tests.benchmarks.loaded import Loaded, loaded_cluster
from tests.rig.systems.everything import Systems
from tests.rig.systems.postgres import Postgres

SESSIONS = 500
WAITING = 30
ALERTS = 200
CAUSES = 20
CHANGES_A_SECOND = 10
SETTLED_S = 20.0
WATCHED_S = 60.0
SOAK_MINUTES = 100.0
# Before this, caches fill, and a first lap is made over all pods: at ten changes a second it takes 34 minutes.
WARM_MINUTES = 40.0

MOST_OF_A_CORE = 8
MOST_P99_MS = 25
MOST_GROWTH_MB = 2


class House(msgspec.Struct, frozen=True):
    """The cluster and everything beside it, and the configuration of a console that sees all of it."""

    cluster: Loaded
    configuration: Path
    environment: dict[str, str]


@contextmanager
def full_house() -> Iterator[House]:
    """Everything up and at size."""
    database = Postgres(max_connections=SESSIONS + 100)
    with loaded_cluster() as cluster, Systems(database=database) as systems, ExitStack() as held:
        occupy(database, held)
        for number in range(ALERTS):
            cause = f"service-{number % CAUSES:02}"
            systems.alertmanager.raise_alert("PodErrors", severity="warning", service=cause, pod=f"{cause}-{number}")
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        configuration = folder / "everything.toml"
        systems.configure(configuration)
        yield House(cluster, configuration, {**cluster.environment, **systems.environment})


def occupy(database: Postgres, held: ExitStack) -> None:
    """500 sessions: one holds a lock, some wait for it, some are idle in a transaction, most are idle."""
    for number in range(SESSIONS):
        connection = held.enter_context(database.application(f"checkout-{number % 40:02}"))
        held.callback(connection.close)
        if number == 0 or number % 10 == 5:
            connection.execute("UPDATE orders SET total = total + 1 WHERE id = %s", (1 + number,))
        elif number <= WAITING:
            connection.pgconn.send_query(b"BEGIN; UPDATE orders SET total = 0 WHERE id = 1")
        else:
            connection.execute("SELECT 1")
            connection.rollback()


@contextmanager
def watching(house: House, *, everything: bool) -> Iterator[Screen]:
    """The overview with every pane on it, at the default intervals; of the cluster alone without `everything`."""
    with tempfile.TemporaryDirectory() as state:
        options = ("--config", house.configuration) if everything else ()
        command = console_command("live", *options)
        environment = {**own_state(state), **house.environment}
        with screen(command, columns=COLUMNS, rows=ROWS, environment=environment) as shown:
            shown.wait_for(f"/{house.cluster.pods:,} ready".encode())
            shown.drain(SETTLED_S)
            yield shown


def cost(house: House, rounds: int) -> Report:
    report = Report(
        f"all layers: CPU with {house.cluster.pods:,} pods of which {CHANGES_A_SECOND} change each second, {SESSIONS} "
        f"database sessions, {ALERTS} alerts, at the default intervals"
    )
    totals: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * rounds):
        everything = number % 2 == 1
        with watching(house, everything=everything) as shown, house.cluster.load.churning(CHANGES_A_SECOND):
            shown.drain(SETTLED_S)
            console, collector = share_of_a_core(processes(shown.pid), shown, WATCHED_S)
        totals[everything].append(console + collector)
        name = "every layer" if everything else "the cluster alone"
        report.figure(f"{name}: console / collector, % of a core", f"{console:.2f} / {collector:.2f}")
    report.figure("every layer, of the cluster alone", f"{max(totals[True]) / max(totals[False]):.2f}x")
    report.target("console and collector together, worst round", max(totals[True]), MOST_OF_A_CORE, " % of a core")
    return report


def keys(house: House) -> Report:
    report = Report("all layers: from a key to its frame, at the default intervals")
    with watching(house, everything=True) as shown, house.cluster.load.churning(CHANGES_A_SECOND):
        busy = console_delays(shown, KEYS)
        echoed = echo_delays()
    tell(report, "echo, beside it", echoed, KEYS // 2)
    tell(report, "the console, every layer", busy, KEYS)
    report.sane("echo p99", percentile(echoed, 99), 2, " ms")
    report.target("keys whose frame was never seen", KEYS - len(busy), 0)
    report.target("p99", percentile(busy, 99), MOST_P99_MS, " ms")
    return report


def growth_an_hour(samples: list[tuple[float, float]]) -> float:
    """The slope of the least squares' line through (minute, MB), in MB an hour."""
    count = len(samples)
    at, of = sum(minute for minute, _ in samples) / count, sum(size for _, size in samples) / count
    spread = sum((minute - at) ** 2 for minute, _ in samples)
    return 60 * sum((minute - at) * (size - of) for minute, size in samples) / spread


def soak(house: House, minutes: float) -> Report:
    report = Report(f"all layers: memory over {minutes:g} minutes, {CHANGES_A_SECOND} pods changing each second")
    with watching(house, everything=True) as shown, house.cluster.load.churning(CHANGES_A_SECOND):
        found = processes(shown.pid)
        began = time.monotonic()
        samples: list[tuple[float, float]] = []
        while (minute := (time.monotonic() - began) / 60) < minutes:
            shown.drain(30.0)
            if minute >= min(WARM_MINUTES, minutes * 0.4):
                samples.append((minute, found.rss_mb()))
            if samples and len(samples) % 20 == 1:
                report.figure(f"minute {minute:.0f}: console / collector, MB", _sizes(found))
        report.figure("at the end: console / collector, MB", _sizes(found))
        sizes = [size for _, size in samples]
        report.figure("lowest / highest of both together, MB", f"{min(sizes):.1f} / {max(sizes):.1f}")
        report.target("growth an hour, after warming up", growth_an_hour(samples), MOST_GROWTH_MB, " MB")
    return report


def _sizes(found: Processes) -> str:
    return f"{sum(map(rss_mb, found.console)):.1f} / {sum(map(rss_mb, found.collector)):.1f}"


def main(*wanted: str) -> list[Report]:
    """All of them, or those of `wanted`: cost, keys, soak (a warm-up and an hour, or `soak=MINUTES`)."""
    compiled()
    reports = []
    minutes = next((float(word.partition("=")[2]) for word in wanted if word.startswith("soak=")), SOAK_MINUTES)
    with full_house() as house:
        if "cost" in wanted or not wanted:
            reports.append(cost(house, 2))
        if "keys" in wanted or not wanted:
            reports.append(keys(house))
        if any(word.startswith("soak") for word in wanted) or not wanted:
            reports.append(soak(house, minutes))
    return reports


if __name__ == "__main__":
    main(*sys.argv[1:])
