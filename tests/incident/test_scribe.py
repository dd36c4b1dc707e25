"""The scribe writes what a person would: each thing once, with its time, and nothing that it cannot know."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    GATEWAY,
    NOW,
    a_bad_pod,
    a_container,
    a_failure,
    a_node,
    a_pod,
    a_revision,
    a_workload,
    an_hpa,
)
from tests.incident.scribe_room import Room
from wfconsole.clock import HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.scribe_memory import FLOOD, KEPT
from wfconsole.observations.conditions import ConditionRow
from wfconsole.observations.hpas import HpaMetric
from wfconsole.observations.levels import Level

WELL = [a_pod(f"g-{n}") for n in range(3)]


def looping(restarts: int, at: Millis, ended: str = "Error", code: int = 1, status: str = "CrashLoopBackOff") -> Any:
    box = a_container(reason=status, restarts=restarts, last_reason=ended, last_exit_code=code, last_finished_at=at)
    return a_bad_pod("g-2", status, restarts=restarts, restarted_at=at, ready_since=at, containers=(box,))


@pytest.fixture
def room() -> Room:
    """A room in which all sources have shown a healthy world once."""
    room = Room()
    for source, rows in (("pods", WELL), ("workloads", [a_workload()]), ("hpas", [an_hpa()]), ("nodes", [a_node()])):
        assert room.see(source, rows) == []
    return room


# --- crash loops, OOM kills, images ---------------------------------------------------------------------------------


def test_a_crash_loop_begins_goes_on_and_is_over(room: Room) -> None:
    assert room.see("pods", [*WELL[:2], looping(1, room.now)]) == [
        "began gateway: 1 of 3 pods in a crash loop: 1 restart, last ended Error (exit 1)"
    ]
    assert room.see("pods", [*WELL[:2], looping(1, room.now)]) == []
    assert room.see("pods", [*WELL[:2], looping(2, room.now)]) == [
        "again gateway: 1 of 3 pods in a crash loop: 2 restarts, last ended Error (exit 1)"
    ]
    assert room.see("pods", WELL, MINUTE) == ["ended gateway: crash loop over, after 1 min 15 s, 2 restarts seen"]


def test_the_moments_between_two_crashes_do_not_end_a_crash_loop(room: Room) -> None:
    for restarts in range(1, 40):
        status = ("CrashLoopBackOff", "Running", "Error")[restarts % 3]
        room.see("pods", [*WELL[:2], looping(restarts, room.now, status=status)], 20 * SECOND)
    crashes = [event for event in room.noticed if event.family == "crash-loop"]
    assert [event.count for event in crashes] == [1, 2, 3, 5, 10, 20, 35]
    assert {event.phase for event in crashes[1:]} == {"again"}
    lines = [line for line in room.state.lines.values() if "crash loop" in line.text]
    assert len(lines) == 1


def test_a_crash_loop_that_takes_more_pods_is_said_again(room: Room) -> None:
    room.see("pods", [*WELL[:2], looping(1, room.now)])
    (said,) = room.see("pods", [WELL[0], *(looping(1, NOW), a_bad_pod("g-1", ready_since=NOW, restarts=1))])
    assert said.startswith("again gateway: 2 of 3 pods in a crash loop")


def test_oom_kills_are_counted_and_told_beside_the_crash_loop(room: Room) -> None:
    said = room.see("pods", [*WELL[:2], looping(1, room.now, "OOMKilled", 137)])
    assert said == [
        "began gateway: 1 of 3 pods in a crash loop: 1 restart, last ended OOMKilled (exit 137)",
        "began gateway: out of memory, 1 of 3 pods killed",
    ]
    room.see("pods", [*WELL[:2], looping(2, room.now, "OOMKilled", 137)])
    assert room.noticed[-1].family == "oom"
    assert (room.noticed[-1].phase, room.noticed[-1].count) == ("again", 2)
    same = looping(2, room.now - 5 * SECOND, "OOMKilled", 137)
    assert room.see("pods", [*WELL[:2], same]) == []
    *_crash, over = room.see("pods", [*WELL[:2], looping(3, room.now + 11 * MINUTE)], 11 * MINUTE)
    assert over.startswith("ended gateway: no pod was killed for its memory lately")


def test_a_kill_is_counted_once_although_a_pod_tells_of_it_twice(room: Room) -> None:
    killed = a_container(state="terminated", reason="OOMKilled", exit_code=137)
    row = a_bad_pod("g-2", "OOMKilled", ready_since=room.now, containers=(killed,))
    assert room.see("pods", [*WELL[:2], row])[0] == "began gateway: out of memory, 1 of 3 pods killed"
    assert room.see("pods", [*WELL[:2], looping(1, room.now, "OOMKilled", 137)]) == [
        "began gateway: 1 of 3 pods in a crash loop: 1 restart, last ended OOMKilled (exit 137)"
    ]


OTHERS = [
    (
        a_bad_pod(
            "g-2",
            "ImagePullBackOff",
            phase="Pending",
            containers=(a_container(reason="ImagePullBackOff", image="r/g:9"),),
        ),
        "gateway: 1 of 3 pods cannot pull their image: ImagePullBackOff r/g:9",
    ),
    (
        a_bad_pod("g-2", "CreateContainerConfigError", phase="Pending"),
        "gateway: 1 of 3 pods cannot start: cannot start: CreateContainerConfigError",
    ),
    (
        a_bad_pod(
            "g-2", "Pending", phase="Pending", node="", created_at=NOW - HOUR, message="Insufficient nvidia.com/gpu"
        ),
        "gateway: 1 of 3 pods without a node: Insufficient nvidia.com/gpu",
    ),
    (a_bad_pod("g-2", "Evicted", phase="Failed"), "gateway: 1 of 2 pods evicted: Evicted"),
    (a_bad_pod("g-2", "Error", phase="Failed"), "gateway: 1 of 2 pods failed: Error"),
    (
        a_bad_pod("g-2", "ContainerCreating", phase="Pending", created_at=NOW - HOUR),
        "gateway: 1 of 3 pods held up while starting: ContainerCreating",
    ),
    (
        a_bad_pod("g-2", "Terminating", deleting_since=NOW - HOUR),
        "gateway: 1 of 2 pods held up while terminating: Terminating",
    ),
    (
        a_bad_pod("g-2", "Unknown"),
        "gateway: 1 of 3 pods on a node that does not report: Unknown: its node does not report",
    ),
]


@pytest.mark.parametrize(("row", "text"), OTHERS, ids=[text for _row, text in OTHERS])
def test_every_other_trouble_of_pods_is_told(room: Room, row: Any, text: str) -> None:
    assert room.see("pods", [*WELL[:2], row]) == [f"began {text}"]
    (over,) = room.see("pods", WELL, MINUTE)
    assert over.startswith("ended gateway: ")


def test_a_pull_that_alternates_between_its_two_words_is_one_condition(room: Room) -> None:
    for place in range(20):
        status = ("ErrImagePull", "ImagePullBackOff")[place % 2]
        room.see("pods", [*WELL[:2], a_bad_pod("g-2", status, phase="Pending")])
    assert len(room.said) == 1


# --- readiness, rollouts, scale -------------------------------------------------------------------------------------


def test_readiness_lost_and_regained_is_one_line_with_its_end(room: Room) -> None:
    assert room.see("workloads", [a_workload(ready=1)]) == ["began gateway lost readiness: 1 of 3 ready"]
    assert room.see("workloads", [a_workload()], 4 * MINUTE) == ["ended gateway is ready again, after 4 min"]
    line = next(line for line in room.state.lines.values() if "readiness" in line.text)
    assert (line.level, line.until) == (Level.CRITICAL, room.now)


def test_an_evicted_pod_is_said_as_evicted(room: Room) -> None:
    """As kubelet leaves it: its containers ended with an error, the pod says why."""
    gone = a_bad_pod("g-9", "Error", phase="Failed", ready_since=room.now, reason="Evicted", message="low on memory.")
    assert room.see("pods", [*WELL, gone]) == ["began gateway: 1 of 3 pods evicted: Evicted: low on memory"]


def test_a_crash_loop_is_as_bad_as_it_is_for_its_workload(room: Room) -> None:
    """As the board has it: one pod of three is a warning, two are critical."""
    room.see("pods", [*WELL[:2], looping(1, room.now)])
    both = [WELL[0], msgspec.structs.replace(looping(1, room.now), name="g-1"), looping(2, room.now)]
    room.see("pods", both)
    assert [event.level for event in room.noticed] == [Level.WARNING, Level.CRITICAL]


def test_getting_worse_is_worth_a_word(room: Room) -> None:
    room.see("workloads", [a_workload(ready=2)])
    assert room.see("workloads", [a_workload(ready=0)]) == ["again gateway lost readiness: 0 of 3 ready"]
    assert room.see("workloads", [a_workload(ready=1)]) == []


def test_wanting_more_replicas_is_not_losing_readiness(room: Room) -> None:
    assert room.see("workloads", [a_workload(desired=12, ready=3)]) == ["once gateway scaled 3 -> 12"]
    coming = [a_bad_pod(f"new-{n}", "ContainerCreating", phase="Pending", created_at=room.now) for n in range(9)]
    assert room.see("pods", [*WELL, *coming]) == []
    assert room.see("workloads", [a_workload(desired=12, ready=4)]) == []
    assert room.see("workloads", [a_workload(desired=12, ready=3)]) == ["began gateway lost readiness: 3 of 12 ready"]


def test_more_replicas_that_do_not_come_are_told_by_their_pods_and_nothing_is_lost(room: Room) -> None:
    room.see("workloads", [a_workload(desired=5, ready=3)])
    made = room.now - 2 * MINUTE
    waiting = a_bad_pod(
        "new-1", "Pending", phase="Pending", node="", created_at=made, ready_since=made, message="Insufficient GPUs"
    )
    running = a_bad_pod("new-2", "Running", created_at=made, ready_since=made)
    assert room.see("pods", [*WELL, waiting, running]) == [
        "began gateway: 1 of 5 pods running but not ready: 0/1 ready",
        "began gateway: 1 of 5 pods without a node: Insufficient GPUs",
    ]
    assert room.see("workloads", [a_workload(desired=5, ready=3, updated=5)]) == []
    room.see("pods", [*WELL[:2], flapped(room.now), waiting, running])
    assert room.see("workloads", [a_workload(desired=5, ready=2, updated=5)]) == [
        "began gateway lost readiness: 2 of 5 ready"
    ]


def test_flapping_readiness_is_said_ever_more_sparsely(room: Room) -> None:
    for _flap in range(50):
        room.see("workloads", [a_workload(ready=1)])
        room.see("workloads", [a_workload()])
    counts = [event.count for event in room.noticed if event.phase == "again"]
    assert counts == [2, 3, 5, 10, 20, 50]
    assert len([line for line in room.state.lines.values() if "readiness" in line.text]) == 1


def flapped(at: Millis, **changes: Any) -> Any:
    """A pod that has just lost its readiness."""
    return a_bad_pod("g-2", "Running", ready_since=at, **changes)


def test_a_pod_that_flaps_is_one_line_with_a_count(room: Room) -> None:
    for _flap in range(10):
        room.see("pods", [*WELL[:2], flapped(room.now)])
        room.see("workloads", [a_workload(ready=2)])
        room.see("workloads", [a_workload(ready=2)], 40 * SECOND)
        room.see("pods", [*WELL[:2], flapped(room.now - 50 * SECOND, node="other")])
        room.see("pods", WELL)
        room.see("workloads", [a_workload()])
    (line,) = (line for line in room.state.lines.values() if "ready" in line.text)
    assert (line.text, line.count) == ("gateway lost readiness: 2 of 3 ready", 10)


NOT_READY = "began gateway: 1 of 3 pods running but not ready: 0/1 ready"


def test_a_pod_of_a_workload_that_nobody_looks_at_tells_itself_that_it_is_not_ready(room: Room) -> None:
    assert room.see("pods", [*WELL[:2], flapped(room.now)], MINUTE) == [NOT_READY]
    (over,) = room.see("pods", WELL, MINUTE)
    assert over.startswith("ended gateway: ")


def test_a_pod_without_a_workload_that_we_know_tells_itself_that_it_is_not_ready(room: Room) -> None:
    room.see("workloads", [])
    assert room.see("pods", [*WELL[:2], flapped(room.now)]) == [NOT_READY]


def test_in_a_rollout_it_is_the_pods_that_tell(room: Room) -> None:
    room.see("workloads", [rolled_out(room.now, ready=2, updated=1, progressing=True)])
    assert room.see("pods", [*WELL[:2], flapped(room.now)]) == [NOT_READY]


def test_a_controller_that_does_not_count_any_more_hides_no_pod(room: Room) -> None:
    assert room.see("pods", [*WELL[:2], flapped(room.now)]) == []
    room.see("workloads", [a_workload()], MINUTE)
    assert room.see("pods", [*WELL[:2], flapped(room.now - MINUTE, restarts=1)]) == [NOT_READY]


def test_what_the_pods_have_begun_to_tell_they_tell_to_its_end(room: Room) -> None:
    room.see("workloads", [])
    room.see("pods", [*WELL[:2], flapped(room.now)])
    room.see("workloads", [a_workload(ready=2)])
    assert room.see("pods", [*WELL[:2], flapped(room.now)]) == []
    assert room.see("pods", WELL)[0].startswith("ended gateway: ")


def test_what_came_back_unsaid_is_said_when_it_lasts(room: Room) -> None:
    for _flap in range(4):
        room.see("workloads", [a_workload(ready=1)])
        room.see("workloads", [a_workload()])
    before = len(room.said)
    for _look in range(100):
        room.see("workloads", [a_workload(ready=1)])
    assert room.said[before:] == [
        "again gateway lost readiness: 1 of 3 ready",
        "ended gateway is ready again, after 5 s; 4 times within 35 s",
        "began gateway lost readiness: 1 of 3 ready",
    ]
    flapped, lasting = (line for line in room.state.lines.values() if "readiness" in line.text)
    assert (flapped.count, flapped.until, lasting.count) == (4, lasting.at - 5 * SECOND, 1)
    assert room.state.lines[room.state.line_of_key[f"readiness {GATEWAY}"]].until == 0


def test_a_flapping_that_ends_unsaid_is_told_once_it_is_calm_with_all_its_times_and_its_true_end(room: Room) -> None:
    for _flap in range(45):
        room.see("workloads", [a_workload(ready=1)])
        room.see("workloads", [a_workload()])
    calm_since, before = room.now, len(room.said)
    for _look in range(59):
        room.see("workloads", [a_workload()])
    assert room.said[before:] == []
    (said,) = room.see("workloads", [a_workload()])
    assert said == "ended gateway is ready again, after 5 s; 45 times within 7 min 25 s"
    line = room.state.lines[room.state.line_of_key[f"readiness {GATEWAY}"]]
    assert (line.count, line.until) == (45, calm_since)
    assert room.see("workloads", [a_workload()], MINUTE) == []


def test_an_outage_that_was_taken_for_a_flap_is_a_line_of_its_own_with_its_own_end(room: Room) -> None:
    for _flap in range(4):
        room.see("workloads", [a_workload(ready=1)])
        room.see("workloads", [a_workload()])
    room.see("workloads", [a_workload(ready=1)])
    began_at = room.now
    assert room.see("workloads", [a_workload()], 3 * MINUTE) == [
        "ended gateway is ready again, after 5 s; 4 times within 35 s",
        "began gateway lost readiness: 1 of 3 ready",
        "ended gateway is ready again, after 3 min",
    ]
    flapped, lasted = (line for line in room.state.lines.values() if "readiness" in line.text)
    assert (flapped.count, flapped.until) == (4, began_at - 5 * SECOND)
    assert (lasted.count, lasted.at, lasted.until) == (1, began_at, room.now)


def test_a_second_crash_loop_is_said_at_once_however_often_the_first_one_crashed(room: Room) -> None:
    for restarts in range(1, 30):
        room.see("pods", [*WELL[:2], looping(restarts, room.now)])
    assert room.see("pods", WELL, MINUTE)[0].startswith("ended gateway: crash loop over")
    (said,) = room.see("pods", [*WELL[:2], looping(1, room.now)], MINUTE)
    assert said.startswith("began gateway: 1 of 3 pods in a crash loop")
    (over,) = room.see("pods", WELL, MINUTE)
    assert over == "ended gateway: crash loop over, after 1 min"


def test_a_condition_that_comes_back_after_long_is_a_new_one(room: Room) -> None:
    room.see("workloads", [a_workload(ready=1)])
    room.see("workloads", [a_workload()])
    assert room.see("workloads", [a_workload(ready=1)], HOUR)[0].startswith("began")
    assert len([line for line in room.state.lines.values() if "readiness" in line.text]) == 2


OLD = a_revision(4, images=("r/gateway:1.4.0",))


def rolled_out(at: Millis, **changes: Any) -> Any:
    new = a_revision(5, created_at=at, images=("r/gateway:1.4.1",))
    return a_workload(revision=5, images=("r/gateway:1.4.1",), revisions=(new, OLD), **changes)


def test_a_rollout_is_said_once_at_its_own_time_with_its_images(room: Room) -> None:
    room.see("workloads", [a_workload(revisions=(OLD,))])
    at = room.now + SECOND
    said = room.see("workloads", [rolled_out(at, ready=2, updated=1, progressing=True)])
    assert said == ["once gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:1.4.1"]
    assert room.see("workloads", [rolled_out(at)]) == []
    assert next(line.at for line in room.state.lines.values() if line.kind == "CHANGE") == at


def test_a_rollback_is_said_when_it_is_seen_and_not_when_its_old_replica_set_was_made(room: Room) -> None:
    room.see("workloads", [rolled_out(room.now)])
    bad = a_revision(5, created_at=room.now, images=("r/gateway:1.4.1",))
    good_again = a_revision(6, images=("r/gateway:1.4.0",))
    back = a_workload(revision=6, images=("r/gateway:1.4.0",), revisions=(good_again, bad))
    assert room.see("workloads", [back]) == [
        "once gateway revision 5 -> 6 (rolled back): image gateway:1.4.1 -> gateway:1.4.0"
    ]
    assert next(line.at for line in room.state.lines.values() if "rolled back" in line.text) == room.now


def test_what_a_rollout_takes_away_by_design_is_not_readiness_lost(room: Room) -> None:
    room.see("workloads", [rolled_out(room.now, ready=2, updated=1, progressing=True)])
    assert room.see("workloads", [rolled_out(room.now, ready=2, updated=3, progressing=True)]) == []


def test_a_pod_that_is_lost_shortly_after_a_rollout_is_readiness_lost(room: Room) -> None:
    at = room.now
    room.see("workloads", [rolled_out(at)])
    room.see("pods", [*WELL[:2], a_bad_pod("g-2", "Running")])
    assert room.see("workloads", [rolled_out(at, ready=2, progressing=True)]) == [
        "began gateway lost readiness: 2 of 3 ready"
    ]
    assert room.noticed[-1].since == room.now


def test_a_rollout_that_stalls_is_said(room: Room) -> None:
    room.see("workloads", [rolled_out(room.now)])
    stalled = rolled_out(room.now - SECOND, stalled="ProgressDeadlineExceeded")
    assert room.see("workloads", [stalled]) == ["began gateway: rollout stalled, ProgressDeadlineExceeded"]
    assert room.see("workloads", [rolled_out(room.now)], MINUTE) == [
        "ended gateway: the rollout moves again, after 1 min"
    ]


def test_moves_of_replicas_are_one_line_and_the_last_one_is_never_left_out(room: Room) -> None:
    for desired in range(4, 24):
        room.see("workloads", [a_workload(desired=desired, ready=desired)])
    for _look in range(20):
        room.see("workloads", [a_workload(desired=23, ready=23)])
    moves = [line for line in room.state.lines.values() if "scaled" in line.text]
    assert [(line.text, line.count) for line in moves] == [("gateway scaled 3 -> 23, 20 moves", 20)]
    assert len([text for text in room.said if "scaled" in text]) == 6


def test_a_workload_that_is_made_or_deleted_is_a_change(room: Room) -> None:
    assert room.see("workloads", [a_workload(), a_workload("llm")]) == ["once Deployment llm created"]
    assert room.see("workloads", [a_workload()]) == ["once Deployment llm deleted"]


# --- autoscalers and nodes ------------------------------------------------------------------------------------------


def hot(ratio: float | None, **changes: Any) -> Any:
    return an_hpa(metrics=(HpaMetric("cpu", ratio=ratio),), **changes)


def test_an_autoscaler_reaches_its_maximum_and_leaves_it(room: Room) -> None:
    assert room.see("hpas", [hot(1.5, current=12)]) == ["began autoscaler gateway is at its maximum 12/12, wants 18"]
    assert room.see("hpas", [hot(0.6, current=9)], MINUTE) == [
        "ended autoscaler gateway has left its maximum, after 1 min"
    ]


def test_an_autoscaler_goes_blind_at_its_maximum_and_sees_again(room: Room) -> None:
    room.see("hpas", [hot(1.5, current=12)])
    assert room.see("hpas", [hot(None, current=12)]) == ["began autoscaler gateway is blind: no metric has a value"]
    assert room.see("hpas", [hot(1.5, current=12)], MINUTE) == [
        "ended autoscaler gateway sees its metrics again, after 1 min"
    ]


def test_the_bounds_that_somebody_moved_are_a_change(room: Room) -> None:
    assert room.see("hpas", [an_hpa(maximum=20)]) == ["once autoscaler gateway bounds 3-12 -> 3-20"]


def test_a_node_is_lost_and_comes_back(room: Room) -> None:
    lost = a_node(ready=False, reason="KubeletNotReady", ready_since=NOW)
    assert room.see("nodes", [lost]) == ["began node node-1 is NotReady: KubeletNotReady"]
    assert room.noticed[-1].since == NOW
    (over,) = room.see("nodes", [a_node()], MINUTE)
    assert over.startswith("ended node node-1 is ready again")


def test_a_node_comes_under_pressure(room: Room) -> None:
    assert room.see("nodes", [a_node(pressures=("MemoryPressure",))]) == ["began node node-1 is under MemoryPressure"]
    assert room.see("nodes", [a_node()], MINUTE) == ["ended node node-1: pressure is over, after 1 min"]


def test_a_second_pressure_on_a_node_is_a_word_and_so_is_that_one_of_them_is_over(room: Room) -> None:
    def under(*pressures: str) -> list[str]:
        return room.see("nodes", [a_node(pressures=pressures)], MINUTE)

    assert under("MemoryPressure") == ["began node node-1 is under MemoryPressure"]
    assert under("MemoryPressure", "DiskPressure") == ["again node node-1 is under MemoryPressure, DiskPressure"]
    assert under("DiskPressure") == ["again node node-1 is under DiskPressure"]
    assert under("DiskPressure") == []
    (line,) = [line for line in room.state.lines.values() if "node-1" in line.text]
    assert line.text == "node node-1 is under DiskPressure"


LONG = NOW - HOUR


@pytest.mark.parametrize(
    ("source", "row"),
    [
        (
            "nodes",
            a_node(
                pressures=("DiskPressure",),
                conditions=(
                    ConditionRow("MemoryPressure", "False", since=LONG - HOUR),
                    ConditionRow("DiskPressure", "True", since=LONG),
                ),
            ),
        ),
        (
            "hpas",
            hot(
                1.5,
                current=12,
                limited="TooManyReplicas",
                conditions=(
                    ConditionRow("ScalingActive", "True", since=LONG - HOUR),
                    ConditionRow("ScalingLimited", "True", "TooManyReplicas", since=LONG),
                ),
            ),
        ),
        (
            "hpas",
            hot(
                None,
                blind="FailedGetResourceMetric",
                conditions=(
                    ConditionRow("ScalingActive", "False", "FailedGetResourceMetric", since=LONG),
                    ConditionRow("AbleToScale", "True", since=LONG - HOUR),
                ),
            ),
        ),
    ],
    ids=["pressure", "at its maximum", "blind"],
)
def test_what_an_object_says_of_its_beginning_is_told_and_not_when_it_was_seen(
    room: Room, source: str, row: Any
) -> None:
    assert room.see(source, [row])[0].startswith("began")
    assert room.noticed[-1].since == LONG


# --- sources --------------------------------------------------------------------------------------------------------


def test_a_lost_source_is_said_once_and_back_with_how_long(room: Room) -> None:
    good_at = room.now
    said = []
    for _retry in range(30):
        said += room.see("pods", [], good_at=good_at, failure=a_failure(since=good_at))
    assert said == ["began pods: no data, no answer within 3 s"]
    assert room.noticed[-1].since == good_at
    assert room.see("pods", WELL) == ["ended pods: data again, after 2 min 35 s"]


def test_one_failed_read_is_not_worth_a_word(room: Room) -> None:
    good_at = room.now
    assert room.see("pods", WELL, good_at=good_at, failure=a_failure()) == []
    assert room.see("pods", WELL) == []


def test_a_source_that_refuses_us_is_said_at_once_and_once_with_the_grant_that_mends_it(room: Room) -> None:
    failure = a_failure("denied", message="pods is forbidden", remedy="Grant list on pods.")
    said = [line for _retry in range(30) for line in room.see("pods", WELL, failure=failure)]
    assert said == ["began pods: refused, pods is forbidden; Grant list on pods."]


def test_a_collector_that_stopped_is_one_line_and_not_one_for_each_source(room: Room) -> None:
    failure = a_failure("stopped", message="ended by signal 9")
    said = [text for source in ("pods", "nodes", "hpas") for text in room.see(source, [], failure=failure)]
    assert said == ["began the collector stopped: nothing new is seen"]
    assert room.see("pods", WELL)[0].startswith("ended the collector runs again, after")


def test_nothing_is_concluded_from_data_that_cannot_be_trusted(room: Room) -> None:
    broken = [a_bad_pod(f"g-{n}") for n in range(3)]
    assert room.see("pods", broken, partial="page 1 of 20") == []
    assert room.see("pods", broken, good_at=room.now - 6 * SECOND, failure=a_failure()) == []
    assert room.see("pods", broken, good_at=room.now - HOUR) == []
    assert room.see("pods", WELL) == []


def test_what_is_lost_from_sight_is_not_over(room: Room) -> None:
    room.see("pods", [*WELL[:2], looping(1, room.now)])
    assert room.see("pods", [], partial="page 1 of 20") == []
    assert room.see("pods", [], good_at=room.now - 6 * SECOND, failure=a_failure()) == []


# --- beginnings -----------------------------------------------------------------------------------------------------


def test_what_was_broken_when_the_console_opened_is_said_as_such() -> None:
    room = Room()
    since = NOW - 20 * MINUTE
    said = room.see("pods", [*WELL[:2], looping(7, since)])
    assert said == [
        "began gateway: 1 of 3 pods in a crash loop: 7 restarts, last ended Error (exit 1)"
        " (already when the console opened)"
    ]
    assert room.noticed[0].since == since


def test_a_rollout_of_shortly_before_is_said_with_its_time_and_an_old_one_is_not() -> None:
    room = Room()
    said = room.see("workloads", [rolled_out(NOW - 20 * MINUTE), a_workload("llm", revisions=(a_revision(2), OLD))])
    assert said == ["once gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:1.4.1"]
    assert next(line.at for line in room.state.lines.values() if line.kind == "CHANGE") == NOW - 20 * MINUTE


def test_the_first_list_says_nothing_before_it_is_whole() -> None:
    room = Room()
    assert room.see("pods", [a_bad_pod()], partial="page 1 of 20") == []
    (said,) = room.see("pods", [a_bad_pod()])
    assert said.endswith("(already when the console opened)")


def test_a_name_from_another_namespace_carries_it() -> None:
    room = Room()
    (said,) = room.see("pods", [a_bad_pod("x", namespace="staging")])
    assert said.startswith("began staging/gateway: ")


def test_a_flood_is_said_in_a_line_beyond_the_first_ones() -> None:
    room = Room()
    said = room.see("pods", [a_bad_pod(f"p-{n}", owner=f"app-{n:03}") for n in range(40)])
    assert len(said) == FLOOD + 1
    assert said[-1].startswith("once crash-loop: 28 more at once: app-012, app-013")
    assert said[-1].endswith("and 16 others (already when the console opened)")
    over = room.see("pods", [a_pod(f"p-{n}", owner=f"app-{n:03}") for n in range(40)])
    assert len(over) == FLOOD


def test_what_nobody_saw_falling_is_not_said_to_be_lost() -> None:
    room = Room()
    assert room.see("workloads", [a_workload(ready=2)]) == [
        "began gateway has 2 of 3 ready (already when the console opened)"
    ]
    assert room.see("workloads", [a_workload(ready=1)]) == ["again gateway lost readiness: 1 of 3 ready"]


# --- taking up a journal again --------------------------------------------------------------------------------------


def test_after_a_resume_nothing_is_said_twice(room: Room) -> None:
    broken = {
        "pods": [*WELL[:2], looping(3, room.now)],
        "workloads": [rolled_out(room.now, ready=2)],
        "hpas": [hot(1.5, current=12)],
        "nodes": [a_node(pressures=("MemoryPressure",))],
    }
    for source, rows in broken.items():
        room.see(source, rows)
    assert len(room.said) == 5
    room.start_over()
    for source, rows in broken.items():
        assert room.see(source, rows) == []


def test_after_a_resume_what_is_over_is_said_to_be(room: Room) -> None:
    room.see("pods", [*WELL[:2], looping(3, room.now)])
    room.see("nodes", [a_node(pressures=("MemoryPressure",))])
    room.start_over()
    assert room.see("pods", WELL, MINUTE)[0].startswith("ended gateway: crash loop over")
    assert room.see("nodes", [])[0].startswith("ended node node-1: pressure is over")


def test_what_happened_while_no_console_was_open_is_said_as_such(room: Room) -> None:
    room.see("pods", WELL)
    room.start_over()
    room.now += 10 * MINUTE
    said = room.see("workloads", [rolled_out(room.now - 5 * MINUTE, ready=1)])
    assert said == [
        "once gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:1.4.1",
        "began gateway has 1 of 3 ready (seen when the console came back)",
    ]


# --- noise ----------------------------------------------------------------------------------------------------------

NOISE: list[tuple[str, list[Any]]] = [
    ("pods", WELL),
    ("pods", [*WELL[:2], looping(4, NOW)]),
    ("pods", [*WELL[:2], looping(5, NOW, "OOMKilled", 137)]),
    ("pods", [*WELL[:2], a_bad_pod("g-2", "Running")]),
    ("pods", []),
    ("workloads", [a_workload(ready=0)]),
    ("workloads", [a_workload()]),
    ("workloads", [a_workload(desired=5, ready=5)]),
    ("workloads", []),
    ("hpas", [hot(1.5, current=12)]),
    ("hpas", [an_hpa()]),
    ("nodes", [a_node(ready=False)]),
    ("nodes", [a_node()]),
]


@given(st.lists(st.sampled_from(NOISE), min_size=1, max_size=120), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_noise_in_any_order_stays_few_lines_and_ever_fewer_words(
    steps: list[tuple[str, list[Any]]], random: Any
) -> None:
    random.shuffle(steps)
    room = Room()
    for source, rows in steps:
        room.see(source, rows, SECOND)
    kinds = {event.key for event in room.noticed if event.family not in ("change", "scale")}
    per_key = {key: [event for event in room.noticed if event.key == key] for key in kinds}
    assert len(kinds) <= 12
    assert all(len(events) <= 2 * 11 for events in per_key.values())
    assert all(line.until or line.kind == "CHANGE" or line.count for line in room.state.lines.values())


@given(st.lists(st.sampled_from(NOISE), max_size=60), st.integers(0, 59))
@settings(max_examples=60, deadline=None)
def test_stopping_and_going_on_never_says_that_something_began_twice(
    steps: list[tuple[str, list[Any]]], stop: int
) -> None:
    room = Room()
    for place, (source, rows) in enumerate(steps):
        if place == stop:
            room.start_over()
        room.see(source, rows, SECOND)
    lasting: set[str] = set()
    for entry_key, phase in ((event.key, event.phase) for event in room.noticed):
        if phase == "began":
            assert entry_key not in lasting
            lasting.add(entry_key)
        elif phase == "ended":
            lasting.discard(entry_key)


def test_memory_is_bounded_by_what_holds() -> None:
    room = Room()
    for place in range(0, KEPT + 500, 100):
        room.see("pods", [a_bad_pod(f"p-{n}", owner=f"app-{n}") for n in range(place, place + 100)])
    assert len(room.memory.conditions) <= KEPT
