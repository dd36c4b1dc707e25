"""The severity that is proposed: from the policy's own signs, the worse one when in doubt, never without a reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import NOW, a_bad_pod, a_node, a_pod, a_policy, a_signal, a_snapshot, a_world
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.policy import SeverityPolicy, SeveritySign
from wfconsole.incident.proposal import Proposal, propose
from wfconsole.incident.symptoms import SymptomsHeld
from wfconsole.observations.world import World

HALF = SeveritySign("half of all pods are not ready", "pods.not_ready_ratio > 50%", MINUTE)
MANY_FAIL = SeveritySign("many requests fail", "signals.errors > 50%")
PRESSURE = SeveritySign("a node is under pressure", "nodes pressure")
SOME = SeveritySign("a pod is not ready", "pods.not_ready > 0")


def policy_with(**signs: tuple[SeveritySign, ...]) -> SeverityPolicy:
    policy = a_policy()
    rules = tuple(msgspec.structs.replace(rule, signs=signs.get(rule.name, ())) for rule in policy.rules)
    return msgspec.structs.replace(policy, rules=rules)


FAILING = "many requests fail: signals.errors 70% (asked: > 50%)"
POLICY = policy_with(SEV1=(HALF, MANY_FAIL), SEV2=(PRESSURE,), SEV3=(SOME,))


def proposed(world: World, *, for_ms: int = HOUR, wrong: bool = False, policy: SeverityPolicy = POLICY) -> Proposal:
    """What is proposed now, of a world that has been as it is for so long."""
    runbook = Runbook("", "", "", policy)
    held = SymptomsHeld()
    for back in range(for_ms, -1, -5 * SECOND) if for_ms < HOUR else ():
        held = held.after(runbook, world, NOW - back)
    if for_ms == HOUR:
        held = SymptomsHeld({sign.live: NOW - HOUR for rule in policy.rules for sign in rule.signs})
    return propose(policy, world, held, NOW, something_is_wrong=wrong)


def a_cluster(bad: int, **other: Any) -> World:
    pods = [a_bad_pod(f"b{number}") for number in range(bad)] + [a_pod(f"a{number}") for number in range(10 - bad)]
    rows: dict[str, Any] = {"pods": pods, "nodes": [a_node()], "signals": [a_signal("errors", 0.001)]}
    return a_world(**(rows | other))


@pytest.mark.parametrize(
    ("world", "severity", "reason"),
    [
        (a_cluster(6), "SEV1", "half of all pods are not ready: pods.not_ready_ratio 60% (asked: > 50%)"),
        (a_cluster(1), "SEV3", "a pod is not ready: pods.not_ready 1 (asked: > 0)"),
        (a_cluster(1, nodes=[a_node(pressures=("MemoryPressure",))]), "SEV2", "a node is under pressure: 1 of 1 node"),
        (
            a_cluster(0, signals=[a_signal("errors", 0.7)]),
            "SEV1",
            "many requests fail: signals.errors 70% (asked: > 50%)",
        ),
    ],
)
def test_the_worst_severity_for_which_a_sign_speaks_is_proposed_with_its_value(
    world: World, severity: str, reason: str
) -> None:
    found = proposed(world)
    assert (found.severity, found.reasons, found.sure) == (severity, (reason,), True)


def test_with_nothing_wrong_nothing_is_proposed_even_when_something_cannot_be_told() -> None:
    lost = a_cluster(0, nodes=a_snapshot("nodes", [a_node()], good_at=NOW - HOUR))
    assert proposed(a_cluster(0)).severity == ""
    found = proposed(lost)
    assert (found.severity, found.reasons) == ("", ("nothing that is seen speaks for an incident",))
    assert found.doubts == ("SEV2 cannot tell: a node is under pressure (nodes are stale)",)


def test_what_cannot_be_told_counts_for_the_worse_once_anything_speaks_for_an_incident() -> None:
    lost = a_cluster(1, nodes=a_snapshot("nodes", [a_node()], good_at=NOW - HOUR))
    found = proposed(lost)
    assert (found.severity, found.sure) == ("SEV2", False)
    assert found.reasons == (
        "cannot tell: a node is under pressure (nodes are stale)",
        "SEV3 for certain: a pod is not ready: pods.not_ready 1 (asked: > 0)",
    )


def test_what_is_certain_of_a_worse_one_is_not_raised_by_doubts_about_milder_ones() -> None:
    found = proposed(a_cluster(6, nodes=a_snapshot("nodes", [a_node()], good_at=NOW - HOUR)))
    assert (found.severity, found.sure, found.doubts) == ("SEV1", True, ())


def test_a_sign_that_has_not_held_for_long_enough_is_a_doubt() -> None:
    found = proposed(a_cluster(6), for_ms=20 * SECOND)
    assert (found.severity, found.sure) == ("SEV1", False)
    assert found.reasons[0].startswith("not certain yet: half of all pods are not ready: ")
    assert "true for 20 s, needs 1 min" in found.reasons[0]
    assert found.reasons[1].startswith("SEV3 for certain")


def test_a_rollout_that_has_just_begun_proposes_nothing_by_itself() -> None:
    policy = policy_with(SEV3=(msgspec.structs.replace(SOME, hold_ms=5 * MINUTE),))
    assert proposed(a_cluster(1), for_ms=10 * SECOND, policy=policy).severity == ""
    assert proposed(a_cluster(1), for_ms=10 * SECOND, policy=policy, wrong=True).severity == "SEV3"


def test_what_no_source_here_shows_raises_nothing_and_is_said() -> None:
    world = a_world(pods=[a_bad_pod(), *(a_pod(f"a{number}") for number in range(9))], nodes=[a_node()])
    found = proposed(world)
    assert (found.severity, found.unseen) == ("SEV3", ("many requests fail",))


def test_something_wrong_without_any_sign_is_the_mildest_that_has_signs_and_says_so() -> None:
    found = proposed(a_cluster(0), wrong=True)
    assert found.severity == "SEV3"
    assert "no sign of a severity holds" in found.reasons[0]


def test_a_policy_without_signs_proposes_nothing() -> None:
    found = proposed(a_cluster(9), wrong=True, policy=a_policy())
    assert (found.severity, found.reasons) == ("", ("the severity policy names no signals: go by its criteria",))
