"""Signals over time: the worse value wins a cell, old values speak only as long as they are good, gaps stay gaps."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_bad_pod, a_failure, a_node, a_pod, a_snapshot, a_workload, a_world, an_event, an_hpa
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.history import BLOCK, BUCKET_MS, BUCKETS_KEPT, Series
from wfconsole.observations.hpas import HpaMetric
from wfconsole.observations.judged import Judged
from wfconsole.observations.series import SIGNALS, SeriesBook, measure, measure_pods
from wfconsole.observations.snapshot import Snapshot
from wfconsole.observations.world import World

START: Millis = NOW - NOW % MINUTE  # cells of a trend stand on whole minutes here


class Watched:
    """A book that follows one source."""

    def __init__(self) -> None:
        self.book = SeriesBook()
        self.world = World()
        self.judged = Judged()

    def see(self, snapshot: Snapshot[object]) -> None:
        now = snapshot.observed_at
        self.world = self.world.with_snapshot(snapshot)
        self.judged = self.judged.after(self.world, snapshot.source, now)
        self.book = self.book.after(self.world, self.judged, snapshot.source, now)

    def pods(self, ready: int, of: int, at: Millis) -> None:
        rows = [a_pod(f"p{n}") if n < ready else a_bad_pod(f"p{n}") for n in range(of)]
        self.see(a_snapshot("pods", rows, at, interval_ms=5_000))


def test_a_trend_has_one_value_a_cell_oldest_first() -> None:
    watched = Watched()
    for minute, ready in enumerate((4, 3, 2, 4)):
        watched.pods(ready, 4, START + minute * MINUTE)
    trend = watched.book.trend("pods.ready_ratio", START + 3 * MINUTE, 5, MINUTE)
    assert trend == (None, 1.0, 0.75, 0.5, 1.0)


def test_the_worse_value_of_a_cell_is_shown_whichever_came_last() -> None:
    watched = Watched()
    for second, ready in ((0, 4), (10, 1), (12, 4), (40, 4)):
        watched.pods(ready, 4, START + second * SECOND)
    assert watched.book.trend("pods.ready_ratio", START + 50 * SECOND, 1, MINUTE) == (0.25,)
    assert watched.book.trend("pods.not_ready", START + 50 * SECOND, 1, MINUTE) == (3,)


def test_a_value_speaks_for_the_cells_after_it_until_it_is_stale() -> None:
    watched = Watched()
    watched.pods(4, 4, START)
    trend = watched.book.trend("pods.ready_ratio", START + 40 * SECOND, 5, 10 * SECOND)
    assert trend == (1.0, 1.0, None, None, None)


def test_a_failure_is_a_gap_and_never_the_last_value() -> None:
    watched = Watched()
    watched.pods(4, 4, START)
    watched.see(a_snapshot("pods", {}, START + MINUTE, good_at=START, failure=a_failure()))
    watched.pods(2, 4, START + 2 * MINUTE)
    trend = watched.book.trend("pods.ready_ratio", START + 2 * MINUTE, 3, MINUTE)
    assert trend == (1.0, None, 0.5)
    assert SeriesBook().trend("pods.ready_ratio", NOW, 3, MINUTE) == (None, None, None)


def test_a_series_is_bounded() -> None:
    watched = Watched()
    for bucket in range(BUCKETS_KEPT + 50):
        watched.pods(1, 1, START + bucket * 5 * SECOND)
    assert BUCKETS_KEPT <= len(watched.book.series["pods.ready_ratio"].since(0)) <= BUCKETS_KEPT + BLOCK


def test_what_is_packed_says_the_same_as_what_is_not() -> None:
    watched = Watched()
    for bucket in range(3 * BLOCK):
        if bucket % 7 == 3:
            at = START + bucket * BUCKET_MS
            watched.see(a_snapshot("pods", {}, at, good_at=START, failure=a_failure()))
        else:
            watched.pods(bucket % 5, 5, START + bucket * BUCKET_MS)
    end = START + (3 * BLOCK - 1) * BUCKET_MS
    trend = watched.book.trend("pods.ready_ratio", end, 3 * BLOCK, BUCKET_MS)
    assert trend == tuple(None if bucket % 7 == 3 else bucket % 5 / 5 for bucket in range(3 * BLOCK))
    assert watched.book.trend("pods.ready_ratio", end, 5, BUCKET_MS) == trend[-5:]


def test_an_hour_of_a_signal_takes_little_memory() -> None:
    """A point is 24 bytes: fifty signals over an hour and a half stay below two megabytes."""
    watched = Watched()
    for bucket in range(BUCKETS_KEPT):
        watched.pods(1, 1, START + bucket * BUCKET_MS)
    series = watched.book.series["pods.ready_ratio"]
    assert len(series.recent) < BLOCK
    assert sum(map(len, series.packed)) == 24 * (BUCKETS_KEPT - BLOCK)


def test_a_series_is_known_while_a_value_of_what_is_kept_is() -> None:
    watched = Watched()
    assert not Series().known
    watched.pods(1, 1, START)
    assert watched.book.series["pods.ready_ratio"].known
    for bucket in range(1, BUCKETS_KEPT + 2 * BLOCK):
        watched.see(a_snapshot("pods", {}, START + bucket * BUCKET_MS, good_at=START, failure=a_failure()))
    assert not watched.book.series["pods.ready_ratio"].known


def test_going_back_in_time_forgets_what_lies_ahead() -> None:
    watched = Watched()
    for minute in range(4):
        watched.pods(4 - minute, 4, START + minute * MINUTE)
    watched.judged = Judged()
    watched.pods(4, 4, START + MINUTE)
    assert watched.book.trend("pods.ready_ratio", START + MINUTE, 3, MINUTE) == (None, 1.0, 1.0)
    assert watched.book.series["pods.ready_ratio"].last == 1.0


MEASURED = [
    ("pods", [a_pod("a"), a_bad_pod("b"), a_bad_pod("c", "Evicted", phase="Failed")], "pods.ready_ratio", 0.5),
    ("pods", [a_pod("a"), a_bad_pod("b")], "pods.not_ready_ratio", 0.5),
    ("pods", [a_pod("a"), a_bad_pod("b")], "pods.crash_looping", 1),
    ("pods", [a_pod("a", restarts=1, restarted_at=NOW)], "pods.restarted", 1),
    ("pods", [], "pods.ready_ratio", None),
    ("workloads", [a_workload("a", ready=2), a_workload("b", ready=0), a_workload("c")], "workloads.short", 2),
    ("workloads", [a_workload("a", ready=0), a_workload("b", desired=0, ready=0)], "workloads.down", 1),
    ("hpas", [an_hpa("a"), an_hpa("b", metrics=(HpaMetric("cpu", ratio=1.5),))], "hpas.worst_ratio", 1.5),
    ("hpas", [an_hpa(metrics=(HpaMetric("cpu"),))], "hpas.worst_ratio", None),
    ("hpas", [an_hpa(current=12)], "hpas.at_max", 1),
    ("hpas", [an_hpa(blind="FailedGetResourceMetric")], "hpas.blind", 1),
    ("nodes", [a_node("a"), a_node("b", ready=False)], "nodes.not_ready", 1),
    ("nodes", [a_node("a", pressures=("DiskPressure",))], "nodes.pressure", 1),
    ("nodes", [a_node("a"), a_node("b", cpu_used=None, memory_used=None)], "nodes.cpu", 0.5),
    ("nodes", [a_node("a", cpu_used=None, memory_used=None)], "nodes.memory", None),
    ("nodes", [a_node("a", gpus=4, gpus_allocated=3)], "gpus.allocated", 3),
    ("nodes", [a_node("a", gpus=4, gpus_allocated=3)], "gpus.allocated_ratio", 0.75),
    ("nodes", [a_node("a")], "gpus.allocated_ratio", None),
    ("events", [an_event(), an_event("Pulled", type="Normal")], "events.warnings", 1),
]


@pytest.mark.parametrize(
    ("source", "rows", "name", "value"), MEASURED, ids=[f"{case[2]} is {case[3]}" for case in MEASURED]
)
def test_a_signal_measures_what_its_meaning_says(source: str, rows: list[object], name: str, value: float) -> None:
    assert measure(source, a_snapshot(source, rows).rows, NOW)[name] == value


def test_every_signal_is_measured_by_its_source() -> None:
    for source in {signal.source for signal in SIGNALS.values()}:
        names = {name for name, signal in SIGNALS.items() if signal.source == source}
        assert set(measure(source, {}, NOW)) == names


def test_counting_along_gives_the_same_as_counting_anew() -> None:
    world = a_world(pods=[a_pod("a"), a_bad_pod("b"), a_bad_pod("c", "Error")])
    judged = Judged().after(world, "pods", NOW)
    assert measure_pods(judged.tally) == measure("pods", world.pods, NOW)
