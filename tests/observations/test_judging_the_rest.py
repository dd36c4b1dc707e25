"""Workloads, autoscalers, nodes and events: when each is worth a look, a warning, or all hands."""

from __future__ import annotations

import pytest

from tests.builders import LONG_AGO, NOW, a_node, a_revision, a_workload, an_event, an_hpa
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.observations.events import EventRow, judge_event
from wfconsole.observations.hpas import HpaMetric, HpaRow, judge_hpa, size_wanted, wants
from wfconsole.observations.levels import Level
from wfconsole.observations.nodes import NodeRow, judge_node
from wfconsole.observations.workloads import WorkloadRow, judge_workload

OK, WATCH, WARNING, CRITICAL = Level.OK, Level.WATCH, Level.WARNING, Level.CRITICAL
JUST_NOW = (a_revision(5, created_at=NOW - MINUTE),)
LATE = (a_revision(5, created_at=NOW - HOUR),)

WORKLOADS = [
    ("complete", a_workload(), OK, ""),
    ("none of three ready", a_workload(ready=0), CRITICAL, "0/3 ready"),
    ("one of three ready", a_workload(ready=1), CRITICAL, "1/3 ready"),
    ("half of them ready", a_workload(desired=4, ready=2), WARNING, "2/4 ready"),
    ("nine of twelve ready", a_workload(desired=12, ready=9), WARNING, "9/12 ready"),
    ("its first pods may need a moment", a_workload(ready=0, created_at=NOW - MINUTE), WATCH, "0/3 ready, starting"),
    (
        "a rollout that gets on",
        a_workload(ready=2, updated=1, progressing=True, revisions=JUST_NOW),
        WATCH,
        "rolling out: 1/3 new, 2/3 ready",
    ),
    (
        "a rollout that takes too long",
        a_workload(ready=2, updated=1, progressing=True, revisions=LATE),
        WARNING,
        "rolling out: 1/3 new, 2/3 ready",
    ),
    (
        "a stateful set, which says progressing whenever a pod is missing",
        a_workload(kind="StatefulSet", ready=2, progressing=True),
        WARNING,
        "2/3 ready",
    ),
    (
        "a stateful set that is held back between two revisions",
        a_workload(kind="StatefulSet", updated=1, progressing=True, revisions=LATE),
        WATCH,
        "rolling out: 1/3 new",
    ),
    (
        "a daemon set whose new pods come one by one",
        a_workload(kind="DaemonSet", ready=2, updated=1, progressing=True, revisions=JUST_NOW),
        WATCH,
        "rolling out: 1/3 new, 2/3 ready",
    ),
    (
        "a complete rollout that waits for its last pods",
        a_workload(updated=2, progressing=True, revisions=JUST_NOW),
        WATCH,
        "rolling out: 2/3 new",
    ),
    (
        "a rollout that takes all pods down",
        a_workload(ready=0, updated=3, progressing=True, revisions=JUST_NOW),
        CRITICAL,
        "0/3 ready",
    ),
    (
        "a rollout that stalled while the old pods serve",
        a_workload(stalled="ProgressDeadlineExceeded"),
        WARNING,
        "rollout stalled: ProgressDeadlineExceeded",
    ),
    (
        "a rollout that stalled with pods missing",
        a_workload(ready=2, progressing=True, stalled="ProgressDeadlineExceeded"),
        WARNING,
        "2/3 ready, rollout stalled: ProgressDeadlineExceeded",
    ),
    ("scaled to zero", a_workload(desired=0, ready=0), OK, "scaled to 0"),
    ("paused", a_workload(paused=True), WATCH, "rollouts are paused"),
]


@pytest.mark.parametrize(
    ("row", "level", "reason"), [case[1:] for case in WORKLOADS], ids=[case[0] for case in WORKLOADS]
)
def test_a_workload_is_judged_by_what_is_ready_of_what_is_desired(row: WorkloadRow, level: Level, reason: str) -> None:
    finding = judge_workload(row, NOW)
    assert (finding.level, finding.reason) == (level, reason)


def test_a_set_that_is_held_back_is_so_since_its_newest_revision() -> None:
    row = a_workload(kind="StatefulSet", updated=1, progressing=True, revisions=LATE)
    assert judge_workload(row, NOW).since == LATE[0].created_at


def metric(ratio: float | None) -> tuple[HpaMetric, ...]:
    return (HpaMetric("cpu", "", "80%", ratio),)


HPAS = [
    ("below its maximum", an_hpa(), OK, ""),
    ("at its maximum and wants more", an_hpa(current=12, metrics=metric(1.5)), WARNING, "AT MAX 12/12, wants 18"),
    ("at its maximum and content", an_hpa(current=12, metrics=metric(1.0)), WATCH, "AT MAX 12/12"),
    ("within its tolerance it wants no more", an_hpa(current=12, metrics=metric(1.09)), WATCH, "AT MAX 12/12"),
    ("minimum and maximum are the same", an_hpa(minimum=3, maximum=3, metrics=metric(0.9)), OK, ""),
    (
        "blind, as its condition says",
        an_hpa(blind="FailedGetResourceMetric"),
        WARNING,
        "BLIND: FailedGetResourceMetric",
    ),
    ("blind, as its metrics show", an_hpa(metrics=metric(None)), WARNING, "BLIND: no metric has a value"),
    (
        "so new that it has not looked yet",
        an_hpa(current=0, desired=0, metrics=metric(None)),
        WATCH,
        "1 of 1 metrics unknown",
    ),
    ("half blind", an_hpa(metrics=(*metric(None), *metric(0.5))), WATCH, "1 of 2 metrics unknown"),
    ("slowed down", an_hpa(limited="ScaleUpLimit"), WATCH, "LIMITED: ScaleUpLimit"),
    ("at its minimum, which is normal", an_hpa(limited="TooFewReplicas"), OK, ""),
    ("switched off by zero replicas", an_hpa(current=0, disabled=True), WATCH, "DISABLED: its target has no replicas"),
]


@pytest.mark.parametrize(("row", "level", "reason"), [case[1:] for case in HPAS], ids=[case[0] for case in HPAS])
def test_an_autoscaler_is_judged_by_whether_it_can_still_act(row: HpaRow, level: Level, reason: str) -> None:
    finding = judge_hpa(row, NOW)
    assert (finding.level, finding.reason) == (level, reason)


def test_an_autoscaler_without_metrics_wants_nobody_knows_what() -> None:
    assert wants(an_hpa(metrics=metric(None))) is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (an_hpa(current=10, desired=10, maximum=10, metrics=metric(3.1)), "metrics ask for 31, bounded at 10"),
        (an_hpa(current=3, desired=3, metrics=metric(0.2)), "metrics ask for 1, bounded at 3"),
        (an_hpa(current=4, desired=5, metrics=metric(1.25)), "wants 5"),
        (an_hpa(current=4, desired=4, metrics=metric(None)), "wants 4"),
    ],
)
def test_what_an_autoscaler_wants_is_told_with_the_bound_that_holds_it_back(row: HpaRow, said: str) -> None:
    assert size_wanted(row) == said


NODES = [
    ("ready and half used", a_node(), OK, ""),
    ("not ready", a_node(ready=False, reason="KubeletNotReady"), CRITICAL, "NotReady: KubeletNotReady"),
    ("not ready, but somebody works on it", a_node(ready=False, cordoned=True), WARNING, "NotReady, cordoned"),
    ("joining", a_node(ready=False, created_at=NOW - 30 * SECOND), WATCH, "NotReady"),
    ("under memory pressure", a_node(pressures=("MemoryPressure",)), WARNING, "MemoryPressure"),
    ("without a network", a_node(pressures=("NetworkUnavailable",)), CRITICAL, "NetworkUnavailable"),
    ("nearly out of memory", a_node(memory_used=31 << 30), WARNING, "memory 97% in use"),
    ("short of memory", a_node(memory_used=(32 << 30) * 91 // 100), WATCH, "memory 91% in use"),
    ("all CPU in use", a_node(cpu_used=8_000), WATCH, "CPU 100% in use"),
    ("full by metrics of long ago", a_node(memory_used=31 << 30, used_at=NOW - HOUR), OK, ""),
    ("nobody measured it", a_node(cpu_used=None, memory_used=None, used_at=0), OK, ""),
    ("all GPUs allocated is no trouble", a_node(gpus=4, gpus_allocated=4), OK, ""),
    ("cordoned", a_node(cordoned=True), WATCH, "cordoned"),
    ("no room for another pod", a_node(pods=110), WATCH, "no room for another pod: 110/110"),
]


@pytest.mark.parametrize(("row", "level", "reason"), [case[1:] for case in NODES], ids=[case[0] for case in NODES])
def test_a_node_is_judged_by_its_conditions_and_its_use(row: NodeRow, level: Level, reason: str) -> None:
    finding = judge_node(row, NOW)
    assert (finding.level, finding.reason) == (level, reason)


EVENTS = [
    ("a grave warning of a minute ago", an_event("FailedScheduling"), WARNING),
    ("another warning of a minute ago", an_event("DNSConfigForming"), WATCH),
    ("a warning of an hour ago", an_event(last_at=NOW - HOUR), OK),
    ("a warning of nobody knows when", an_event(last_at=0), WARNING),
    ("something normal", an_event("Pulled", type="Normal"), OK),
]


@pytest.mark.parametrize(("row", "level"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS])
def test_a_warning_is_news_for_ten_minutes(row: EventRow, level: Level) -> None:
    assert judge_event(row, NOW).level == level


def test_nothing_here_depends_on_how_long_ago_it_was_made() -> None:
    assert judge_workload(a_workload(ready=1), LONG_AGO + 30 * 24 * HOUR).level == CRITICAL
