"""Every kind of bad pod that a search for Error, CrashLoopBackOff and Pending would miss, and those it would invent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import LONG_AGO, NOW, a_bad_pod, a_container, a_pod
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.observations.levels import HEALTHY, Level
from wfconsole.observations.pods import PodRow, judge_pod, weigh_pod

OK, WATCH, WARNING, CRITICAL = Level.OK, Level.WATCH, Level.WARNING, Level.CRITICAL
OOM = (a_container(last_reason="OOMKilled", last_exit_code=137, last_finished_at=NOW - MINUTE),)


NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."


def unplaced(age_ms: int, status: str = "Pending", message: str = NO_GPU) -> PodRow:
    return a_bad_pod(
        status=status, phase="Pending", node="", created_at=NOW - age_ms, reason="Unschedulable", message=message
    )


def creating(age_ms: int, status: str = "ContainerCreating") -> PodRow:
    return a_bad_pod(status=status, phase="Pending", created_at=NOW - age_ms)


def not_ready(age_ms: int, **changes: Any) -> PodRow:
    return a_bad_pod(status="Running", **({"ready_since": NOW - age_ms} | changes))


def dead(status: str, age_ms: int = MINUTE) -> PodRow:
    return a_bad_pod(status=status, phase="Failed", ready_since=NOW - age_ms)


def held_back(seconds: int, runs_s: int = 5) -> dict[str, Any]:
    """A container that ended a second time, was started again so much later, and has run since."""
    started_at = NOW - runs_s * SECOND
    ended_at = started_at - seconds * SECOND
    box = a_container(state="running", started_at=started_at, last_reason="Error", last_finished_at=ended_at)
    return {"restarts": 2, "restarted_at": ended_at, "containers": (box,)}


def terminating(age_ms: int, status: str = "Terminating") -> PodRow:
    return a_bad_pod(status=status, deleting_since=NOW - age_ms)


CASES = [
    ("a ready pod is healthy", a_pod(), OK, ""),
    ("an old restart is no news", a_pod(restarts=7, restarted_at=LONG_AGO), OK, ""),
    ("one restart a minute ago is worth a look", a_pod(restarts=1, restarted_at=NOW - MINUTE), WATCH, "restarted"),
    ("many restarts, the last a minute ago", a_pod(restarts=3, restarted_at=NOW - MINUTE), WARNING, "restarting"),
    ("ready again after an OOM kill", a_pod(restarts=1, restarted_at=NOW - MINUTE, containers=OOM), WARNING, "oom"),
    ("0/1 Running, since just now", not_ready(SECOND), WARNING, "not-ready"),
    ("0/1 Running for long", not_ready(6 * MINUTE), CRITICAL, "not-ready"),
    ("0/1 Running since nobody knows when", not_ready(0, ready_since=0, created_at=0), CRITICAL, "not-ready"),
    ("running between two crashes", not_ready(5000, restarts=1, restarted_at=NOW - 20_000), WARNING, "restarting"),
    ("not ready long after a restart", not_ready(MINUTE, restarts=1, restarted_at=NOW - MINUTE), WARNING, "not-ready"),
    (
        "between two crashes after a long back-off",
        not_ready(
            MINUTE,
            restarts=7,
            restarted_at=NOW - 5 * MINUTE,
            containers=(a_container(state="running", started_at=NOW - 10_000),),
        ),
        WARNING,
        "restarting",
    ),
    ("not ready between two crashes of a loop", not_ready(MINUTE, **held_back(20)), WARNING, "crash-loop"),
    ("ready between two crashes of a loop", a_pod(**held_back(20)), WARNING, "crash-loop"),
    ("ready again at once", a_pod(**held_back(0)), WATCH, "restarted"),
    ("ready for longer than a loop leaves it", a_pod(**held_back(20, runs_s=61)), WATCH, "restarted"),
    ("1/2 ready", not_ready(MINUTE, ready_containers=1, all_containers=2), WARNING, "not-ready"),
    ("a new pod may need a moment", not_ready(20 * SECOND, created_at=NOW - 25 * SECOND), OK, "not-ready"),
    ("a new pod that is not ready in time", not_ready(2 * MINUTE, created_at=NOW - 125 * SECOND), WARNING, "not-ready"),
    ("CrashLoopBackOff", a_bad_pod(restarts=4), CRITICAL, "crash-loop"),
    ("Error between two restarts", a_bad_pod(status="Error", restarts=2), CRITICAL, "crash-loop"),
    ("Error for the first time", a_bad_pod(status="Error", restarts=0), WARNING, "terminated"),
    ("OOMKilled for the first time", a_bad_pod(status="OOMKilled", restarts=0), WARNING, "oom"),
    ("a server that exited with 0", a_bad_pod(status="Completed", restarts=0), WARNING, "terminated"),
    ("Init:CrashLoopBackOff", a_bad_pod(status="Init:CrashLoopBackOff", phase="Pending"), CRITICAL, "crash-loop"),
    ("Init:Error again and again", a_bad_pod(status="Init:Error", phase="Pending", restarts=3), CRITICAL, "crash-loop"),
    ("Init:ExitCode:1", a_bad_pod(status="Init:ExitCode:1", phase="Pending"), WARNING, "terminated"),
    ("Signal:9", a_bad_pod(status="Signal:9"), WARNING, "terminated"),
    ("ImagePullBackOff", a_bad_pod(status="ImagePullBackOff", phase="Pending"), CRITICAL, "image-pull"),
    ("ErrImagePull", a_bad_pod(status="ErrImagePull", phase="Pending"), CRITICAL, "image-pull"),
    ("InvalidImageName", a_bad_pod(status="InvalidImageName", phase="Pending"), CRITICAL, "image-pull"),
    ("Init:ImagePullBackOff", a_bad_pod(status="Init:ImagePullBackOff", phase="Pending"), CRITICAL, "image-pull"),
    ("CreateContainerConfigError", a_bad_pod(status="CreateContainerConfigError"), CRITICAL, "cannot-start"),
    ("RunContainerError", a_bad_pod(status="RunContainerError"), CRITICAL, "cannot-start"),
    ("creating since half a minute", creating(30 * SECOND), OK, "starting"),
    ("creating for too long", creating(3 * MINUTE), WARNING, "starting"),
    ("creating for ever", creating(HOUR), CRITICAL, "starting"),
    ("Init:0/2 for too long", creating(3 * MINUTE, "Init:0/2"), WARNING, "starting"),
    ("PodInitializing for too long", creating(3 * MINUTE, "PodInitializing"), WARNING, "starting"),
    ("no node since half a minute", unplaced(30 * SECOND), WATCH, "unschedulable"),
    ("no node for two minutes", unplaced(2 * MINUTE), WARNING, "unschedulable"),
    ("no node for ten minutes", unplaced(10 * MINUTE), CRITICAL, "unschedulable"),
    ("held back by a gate", unplaced(HOUR, "SchedulingGated"), WATCH, "starting"),
    ("terminating within its grace period", terminating(-20 * SECOND), OK, "terminating"),
    ("terminating for three minutes", terminating(3 * MINUTE), WATCH, "terminating"),
    ("terminating for ever", terminating(HOUR), WARNING, "terminating"),
    ("terminating on a lost node", terminating(SECOND, "Unknown"), WARNING, "terminating"),
    ("Unknown", a_bad_pod(status="Unknown"), WARNING, "unknown"),
    ("NodeLost", a_bad_pod(status="NodeLost"), WARNING, "unknown"),
    ("evicted a minute ago", dead("Evicted"), WARNING, "evicted"),
    ("evicted long ago is a trace", dead("Evicted", 2 * HOUR), WATCH, "evicted"),
    ("failed on admission", dead("UnexpectedAdmissionError"), WARNING, "failed"),
    ("a job's pod that ended badly", dead("Error"), WARNING, "failed"),
    ("a job's pod that was killed for its memory", dead("OOMKilled"), WARNING, "oom"),
    ("a job's pod that ended well", a_bad_pod(status="Completed", phase="Succeeded"), OK, ""),
    ("an unknown word, not ready", a_bad_pod(status="SomethingNew"), WARNING, "not-ready"),
    ("an unknown word, but ready", a_pod(status="SomethingNew"), OK, ""),
]


@pytest.mark.parametrize(("row", "level", "kind"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_pod_is_judged_by_its_statuses_conditions_and_ages(row: PodRow, level: Level, kind: str) -> None:
    finding = judge_pod(row, NOW)
    assert (finding.level, finding.kind) == (level, kind)
    assert finding.reason or finding is HEALTHY


REASONS = [
    (
        a_bad_pod(restarts=7, containers=(a_container(last_reason="Error", last_exit_code=1),)),
        "CrashLoopBackOff, 7 restarts, last ended Error (exit 1)",
    ),
    (
        a_bad_pod(
            status="Error",
            containers=(a_container(state="terminated", reason="Error", exit_code=3, last_reason="OOMKilled"),),
        ),
        "Error (exit 3)",
    ),
    (a_bad_pod(restarts=1, containers=OOM), "CrashLoopBackOff, 1 restart, last ended OOMKilled (exit 137)"),
    (a_pod(restarts=2, restarted_at=NOW, containers=OOM), "restarted 2 times, last ended OOMKilled (exit 137)"),
    (
        a_bad_pod(
            status="Init:ErrImagePull",
            phase="Pending",
            containers=(a_container(reason="ErrImagePull", image="registry.example/db:9"),),
        ),
        "init container: ErrImagePull registry.example/db:9",
    ),
    (unplaced(MINUTE), "Pending: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu."),
    (
        unplaced(MINUTE, message="0/3 nodes are available. no new claims to deallocate, preemption: 0/3 nodes"),
        "Pending: 0/3 nodes are available. no new claims to deallocate",
    ),
    (not_ready(MINUTE, ready_containers=1, all_containers=2), "1/2 ready"),
]


@pytest.mark.parametrize(("row", "reason"), REASONS, ids=[reason for _row, reason in REASONS])
def test_the_reason_says_what_to_look_for(row: PodRow, reason: str) -> None:
    assert judge_pod(row, NOW).reason == reason


@pytest.mark.parametrize("row", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_time_alone_changes_a_judgement_only_when_it_was_said_to(row: PodRow) -> None:
    now = NOW
    finding, until = weigh_pod(row, now)
    for _change in range(6):
        if not until:
            assert judge_pod(row, now + 30 * 24 * HOUR) == finding
            return
        assert until > now
        assert judge_pod(row, until - 1) == finding
        now = until
        finding, until = weigh_pod(row, now)
    pytest.fail("a judgement that changes for ever")
