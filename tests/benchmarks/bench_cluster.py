"""B2, B3, B4, B8: ten thousand pods on a real API server, beside kubectl and the Python client on the same server."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from tests.benchmarks.bench_first_paint import hello_wall, own_state
from tests.benchmarks.bench_table import shown_at
from tests.benchmarks.harness import (
    Case,
    Processes,
    Report,
    Screen,
    compiled,
    console_command,
    cpu_ms,
    hello_command,
    interleave,
    peak_mb,
    processes,
    rss_mb,
    screen,
)
from tests.benchmarks.loaded import Loaded, kubectl_get_pods, loaded_cluster
from tests.terminal.display import Display
from wfconsole.collector.main import GC_THRESHOLDS
from wfconsole.sources.kubernetes import payloads
from wfconsole.sources.kubernetes.client import Client, Server
from wfconsole.sources.kubernetes.cluster import PODS
from wfconsole.sources.kubernetes.glance import Glance
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.kubernetes.pod_mirror import PodMirror
from wfconsole.sources.kubernetes.reflector import FROM_MEMORY, PAGE, Reflector

CHANGES_A_SECOND = 200
WATCHED_S = 20.0
SHOWN_S = 2.0  # read for so long before it is drawn: drawing takes a core
SETTLED_S = 4.0
WORK_EVERY_S = 0.5
ROUNDS_THAT_COUNT = 3
REFRESH_S = 2  # how often the console looks at pods

_PIECE = msgspec.json.encode(
    {f"load/{n:03}": {"name": f"load-{n:03}", "ready": True, "restarts": n, "image": "app:1.4.0"} for n in range(90)}
)

# Follows all pods with typed objects, as the Python client's documentation shows it.
_TYPED_WATCH = """
import sys
from kubernetes import client, config, watch
config.load_kube_config(sys.argv[1])
pods = client.CoreV1Api()
version = pods.list_pod_for_all_namespaces(limit=1).metadata.resource_version
print("WATCHING", flush=True)
changes = watch.Watch().stream(pods.list_pod_for_all_namespaces, resource_version=version)
for number, event in enumerate(changes):
    row = event["object"].metadata.name, event["object"].status.phase
    if number % 100 == 0:
        print(number, flush=True)
"""


# --- B2: from the start of the process to all pods on the screen ----------------------------------------------------


def to_all_pods(cluster: Loaded) -> float:
    """Milliseconds from the spawn until the board counts every pod. The bytes do not tell: only what differs from the
    frame before is written, and that may be one digit."""
    with tempfile.TemporaryDirectory() as state, live(cluster, state) as shown:
        shown.keep()
        display, all_of_them = Display(200, 50), f"/{cluster.pods:,} ready"
        until = time.perf_counter() + 60
        while time.perf_counter() < until:
            shown.drain(SHOWN_S)
            if found := shown_at(shown, display, [lambda text: all_of_them in text], [shown.started]):
                return found[0]
            shown.kept.clear()
    raise TimeoutError(f"{cluster.pods} pods never were on the screen:\n{display.text}")


@contextmanager
def live(cluster: Loaded, state: str) -> Iterator[Screen]:
    with screen(console_command("live"), environment={**own_state(state), **cluster.environment}) as shown:
        yield shown


def until_all_pods(cluster: Loaded, rounds: int) -> Report:
    report = Report(f"B2  from the start of the process until {cluster.pods:,} pods are on the screen")
    server = Server(load_access(str(cluster.kubeconfig), ""))
    cases = [
        Case("kubectl get pods -A", lambda: 1000 * kubectl_get_pods(cluster).wall_s),
        Case("an empty Textual app's first paint", hello_wall),
        Case("reading the bytes of the list, nothing else", lambda: read_only(server, time.perf_counter)),
        Case("wfconsole live, all pods counted", lambda: to_all_pods(cluster)),
    ]
    interleave(cases, rounds)
    report.table("wall ms", cases, cases[0])
    kubectl, hello, _, ours = cases
    report.figure("as a multiple of the empty app's first paint", f"{ours.median / hello.median:.2f}x")
    report.sane("kubectl's slowest / fastest run", max(kubectl.samples) / kubectl.best, 1.3)
    report.target("all pods on the screen, of kubectl's time", ours.median / kubectl.median, 0.12, "x")
    return report


# --- B3: what one refresh of everything costs -----------------------------------------------------------------------


def list_to_rows(server: Server) -> float:
    """CPU milliseconds from the first request to the last row: the collector's own reflector, TLS and all."""
    mirror = PodMirror()
    reflector = Reflector(server, PODS, payloads.Pod, mirror, namespace="", window_ms=2000)
    began = time.process_time()
    reflector.step(lambda: None)
    spent = time.process_time() - began
    reflector.cut()
    return 1000 * spent


def table_to_rows(server: Server, pods: int) -> float:
    """CPU milliseconds of the first look at all pods, from the first request to the last row."""
    client = server.client()
    began = time.process_time()
    seen = sum(len(keys) for keys in Glance(server, PodMirror()).take(client, frozenset(), FROM_MEMORY))
    spent = time.process_time() - began
    client.close()
    assert seen >= pods
    return 1000 * spent


def read_only(server: Server, clock: Callable[[], float] = time.process_time) -> float:
    """The same bytes read and thrown away: CPU milliseconds, or those of another clock."""
    client = Client(server)
    query: dict[str, str | int] = {"limit": PAGE, **FROM_MEMORY}
    began = clock()
    while True:
        head = bytes(client.get("/api/v1/pods", query, what="pods")[:600])
        _, _, rest = head.partition(b'"continue":"')
        if not rest:
            break
        query = {"limit": PAGE, "continue": rest.partition(b'"')[0].decode()}
    spent = clock() - began
    client.close()
    return 1000 * spent


def one_refresh(cluster: Loaded, rounds: int) -> Report:
    report = Report(f"B3  CPU of listing {cluster.pods:,} pods into rows, in pages of {PAGE}, over TLS and gzip")
    server = Server(load_access(str(cluster.kubeconfig), ""))
    cases = [
        Case("kubectl get pods -A", lambda: kubectl_get_pods(cluster).cpu_ms),
        Case("reading the same bytes", lambda: read_only(server)),
        Case("list to rows, the collector's reflector", lambda: list_to_rows(server)),
        Case("the first look: the server's table to rows", lambda: table_to_rows(server, cluster.pods)),
    ]
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)  # as in the collector
    interleave(cases, rounds)
    report.table("CPU ms", cases, cases[0])
    kubectl, reading, ours, first = cases
    report.target("the first look at everything, of kubectl's CPU", first.median / kubectl.median, 0.04, "x")
    report.target("a list of everything, of kubectl's CPU", ours.median / kubectl.median, 0.04, "x")
    report.target("a list of everything, of reading the bytes", ours.median / reading.median, 1.75, "x")
    return report


# --- B4: memory -----------------------------------------------------------------------------------------------------


def peaks(cluster: Loaded, *, reachable: bool) -> tuple[float, float]:
    """The highest memory of console and collector in MB: with all pods shown, or with a server that is not there."""
    with tempfile.TemporaryDirectory() as state:
        environment = own_state(state)
        if reachable:
            environment |= cluster.environment
        with screen(console_command("live"), environment=environment) as shown:
            shown.wait_for(f"/{cluster.pods:,} ready".encode() if reachable else b"NO INCIDENT")
            shown.drain(SETTLED_S)
            found = processes(shown.pid)
            return sum(map(peak_mb, found.console)), sum(map(peak_mb, found.collector))


def hello_mb() -> float:
    with screen(hello_command()) as shown:
        shown.settle()
        return rss_mb(shown.pid)


def memory(cluster: Loaded, rounds: int) -> Report:
    report = Report(f"B4  memory for {cluster.pods:,} pods: the peaks, less those of a console without a server")
    growths, consoles = [], []
    for _ in range(rounds):
        empty, full = peaks(cluster, reachable=False), peaks(cluster, reachable=True)
        consoles.append(full[0] - empty[0])
        growths.append(sum(full) - sum(empty))
        report.figure("console / collector MB, without a server", f"{empty[0]:.1f} / {empty[1]:.1f}")
        report.figure("console / collector MB, with all pods", f"{full[0]:.1f} / {full[1]:.1f}")
    report.figure("an empty Textual app, MB", f"{hello_mb():.1f}")
    report.figure("kubectl get pods -A, MB", f"{kubectl_get_pods(cluster).peak_mb:.1f}")
    report.target("growth of both together, worst round", max(growths), 30, " MB")
    report.figure("of that the console, worst round", f"{max(consoles):.1f} MB")
    return report


# --- B8: following changes ------------------------------------------------------------------------------------------


def share_of_a_core(found: Processes, shown: Screen, seconds: float) -> tuple[float, float]:
    """Percent of a core that console and collector took while the screen was read for so long."""
    before = (sum(map(cpu_ms, found.console)), sum(map(cpu_ms, found.collector)))
    began = time.perf_counter()
    shown.drain(seconds)
    taken = 10 * (time.perf_counter() - began)
    console = sum(map(cpu_ms, found.console)) - before[0]
    collector = sum(map(cpu_ms, found.collector)) - before[1]
    return console / taken, collector / taken


def typed_watch(cluster: Loaded, seconds: float) -> float:
    """Percent of a core that the Python client takes to follow the same pods, for as many changes as come meanwhile."""
    process = subprocess.Popen(
        [sys.executable, "-c", _TYPED_WATCH, str(cluster.kubeconfig)], stdout=subprocess.PIPE, text=True
    )
    said = process.stdout
    assert said is not None

    def follow(seconds: float) -> None:
        for _ in range(int(CHANGES_A_SECOND * seconds / 100)):
            assert said.readline(), "it follows no more"

    try:
        said.readline()
        follow(SETTLED_S)
        before = cpu_ms(process.pid)
        follow(seconds)
        return (cpu_ms(process.pid) - before) / (10 * seconds)
    finally:
        process.kill()
        process.wait()
        said.close()


class Following(msgspec.Struct, frozen=True):
    """What it takes to follow the changes, in percent of a core; `collector_still` is what the collector takes anyway.

    `pieces`: what a fixed piece of work took, twice a second. It says how busy the machine was meanwhile, with its
    other guests and with the API server: that costs the console as much.
    """

    console: float
    collector: float
    collector_still: float
    pieces: list[float]

    def slowed(self, fastest: float) -> float:
        """How much longer a piece took on the average than the fastest one of all rounds."""
        return sum(self.pieces) / len(self.pieces) / fastest

    @property
    def together(self) -> float:
        return self.console + self.collector


def piece_of_work() -> float:
    """CPU milliseconds of a fixed piece of work, of the sort that console and collector do."""
    began = time.thread_time()
    for _ in range(10):
        rows = msgspec.json.decode(_PIECE)
        _ = {key: msgspec.json.encode(dict(reversed(row.items()))) for key, row in rows.items()}
    return 1000 * (time.thread_time() - began)


def following(cluster: Loaded, report: Report) -> Following:
    """Watch a console twice: while nothing changes, then while so many pods change each second."""
    with tempfile.TemporaryDirectory() as state, live(cluster, state) as shown:
        shown.wait_for(f"/{cluster.pods:,} ready".encode())
        shown.drain(SETTLED_S)
        found = processes(shown.pid)
        still = share_of_a_core(found, shown, WATCHED_S / 2)
        report.figure("nothing changes: console / collector, % of a core", f"{still[0]:.2f} / {still[1]:.2f}")
        with cluster.load.churning(CHANGES_A_SECOND):
            shown.drain(SETTLED_S)
            began, before = time.perf_counter(), cluster.load.changes()
            pieces, shares = [], []
            while time.perf_counter() < began + WATCHED_S:
                shares.append(share_of_a_core(found, shown, WORK_EVERY_S))
                pieces.append(piece_of_work())
            seconds, after = time.perf_counter() - began, cluster.load.changes()
    console, collector = (sum(share[which] for share in shares) / len(shares) for which in (0, 1))
    a_second = {kind: (count - before[kind]) / seconds for kind, count in after.items()}
    counted = ", ".join(f"{count:.0f} {kind}" for kind, count in a_second.items())
    report.figure("changes a second", f"{sum(a_second.values()):.0f}: {counted}")
    report.figure("console / collector, % of a core", f"{console:.2f} / {collector:.2f}")
    report.figure("a piece of work, mean / fastest, CPU ms", f"{sum(pieces) / len(pieces):.2f} / {min(pieces):.2f}")
    return Following(console, collector, still[1], pieces)


def changes(cluster: Loaded, rounds: int) -> Report:
    report = Report(f"B8  CPU while {CHANGES_A_SECOND} of {cluster.pods:,} pods change each second")
    answered = following(cluster, report)
    report.figure("with what the controllers answer, % of a core", f"{answered.together:.2f}")
    cluster.controllers.stop()  # they make 300 changes of 200: their ReplicaSets and deployments count ready pods
    typed, tried = [], []
    for _ in range(rounds):
        tried.append(following(cluster, report))
        with cluster.load.churning(CHANGES_A_SECOND):
            typed.append(typed_watch(cluster, WATCHED_S / 2))
        report.figure("the Python client's typed watch, % of a core", f"{typed[-1]:.2f}")
    fastest = min(min(one.pieces) for one in (answered, *tried))
    counted = sorted(tried, key=lambda one: one.slowed(fastest))[:ROUNDS_THAT_COUNT]
    report.sane(f"a piece of work, in the {len(counted)} quietest of {rounds} rounds", counted[-1].slowed(fastest), 1.3)
    report.target(
        "console and collector together, worst of them", max(one.together for one in counted), 4, " % of a core"
    )
    paces = [one.together / one.slowed(fastest) for one in counted]
    report.figure("the same at the pace of the fastest piece, worst of them", f"{max(paces):.2f} % of a core")
    report.target("the console alone, worst of them", max(one.console for one in counted), 2, " % of a core")
    alone = statistics.mean(one.collector - one.collector_still for one in tried)
    report.target("the changes in the collector, of the typed watch", alone / statistics.mean(typed), 0.045, "x")
    refresh_ms = max(one.collector for one in counted) * 10 * REFRESH_S
    report.figure(f"a refresh, that is {REFRESH_S} s of following: collector's CPU", f"{refresh_ms:.1f} ms")
    report.target("a refresh, of kubectl's CPU", refresh_ms / kubectl_get_pods(cluster).cpu_ms, 0.04, "x")
    return report


def main(rounds: int = 7) -> list[Report]:
    compiled()
    with loaded_cluster() as cluster:
        return [
            until_all_pods(cluster, rounds),
            one_refresh(cluster, rounds),
            memory(cluster, 3),
            changes(cluster, 5),
        ]


if __name__ == "__main__":
    main()
