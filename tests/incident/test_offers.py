"""What the console offers and never decides: which playbook fits, and what speaks for which severity."""

from __future__ import annotations

from typing import Any

from tests.builders import (
    NOW,
    a_bad_pod,
    a_checklist,
    a_pod,
    a_policy,
    a_revision,
    a_runbook,
    a_snapshot,
    a_step,
    a_workload,
    a_world,
    an_hpa,
    entries,
    noticed,
)
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Event
from wfconsole.incident.playbook import Symptom
from wfconsole.incident.severity import evidence, severity_choices, suggested_title
from wfconsole.incident.state import IncidentState
from wfconsole.incident.symptoms import SymptomsHeld, match_playbooks
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World

OUTAGE = a_checklist(
    "outage",
    a_step(),
    symptoms=(
        Symptom("users call"),
        Symptom("pods are not ready", "pods.not_ready_ratio > 20%", MINUTE),
        Symptom("a rollout", "workloads changed<30m"),
        Symptom("autoscaler at its maximum", "hpas at-max"),
    ),
)
MEMORY = a_checklist(
    "memory",
    a_step("Look", "memory"),
    symptoms=(Symptom("OOM kills", "pods oom"), Symptom("pressure", "nodes pressure")),
)
RUNBOOK = a_runbook(MEMORY, OUTAGE)
ROLLED_OUT = a_workload(ready=1, revisions=(a_revision(5, created_at=NOW - MINUTE), a_revision(4)))
LOST_HPAS = a_snapshot("hpas", good_at=NOW - HOUR)
BROKEN = a_world(pods=[a_pod("a"), a_bad_pod("b")], workloads=[ROLLED_OUT], nodes=[], hpas=LOST_HPAS)


def test_playbooks_come_best_match_first_with_what_is_missing_and_unknown() -> None:
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - MINUTE)
    outage, memory = match_playbooks(RUNBOOK, BROKEN, held, NOW)
    assert (outage.playbook, outage.present, outage.watched) == ("outage", 2, 3)
    assert outage.summary == "2 of 3 symptoms; unknown: autoscaler at its maximum"
    assert [seen.state for seen in outage.symptoms] == ["ask people", "present", "present", "cannot tell"]
    assert memory.summary == "0 of 2 symptoms; missing: OOM kills; unknown: pressure"


def test_a_symptom_of_a_source_that_is_not_there_is_asked_of_people_and_lowers_no_share() -> None:
    world = a_world(pods=[a_pod("a"), a_bad_pod("b")], workloads=[ROLLED_OUT])
    held = SymptomsHeld().after(RUNBOOK, world, NOW - MINUTE)
    outage = match_playbooks(RUNBOOK, world, held, NOW)[0]
    assert (outage.summary, outage.symptoms[-1].state) == ("2 of 2 symptoms", "ask people")


def test_a_symptom_must_hold_as_long_as_it_says() -> None:
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - 20 * SECOND)
    outage = match_playbooks(RUNBOOK, BROKEN, held, NOW)[0]
    assert outage.symptoms[1].state == "not yet"
    assert outage.symptoms[1].evidence == "pods.not_ready_ratio 50% (asked: > 20%), true for 20 s, needs 1 min"


def test_a_lost_source_neither_begins_nor_ends_a_symptom() -> None:
    lost = a_world(pods=a_snapshot("pods", [a_pod("a"), a_bad_pod("b")], good_at=NOW - HOUR))
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - MINUTE).after(RUNBOOK, lost, NOW)
    assert held.since["pods.not_ready_ratio > 20%"] == NOW - MINUTE
    assert SymptomsHeld().after(RUNBOOK, lost, NOW).since == {}
    assert match_playbooks(RUNBOOK, lost, held, NOW)[0].present == 0


def test_a_symptom_that_went_away_begins_anew() -> None:
    well = a_world(pods=[a_pod("a")])
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - HOUR).after(RUNBOOK, well, NOW - MINUTE)
    assert "pods.not_ready_ratio > 20%" not in held.since


def test_a_playbook_whose_symptoms_only_people_see_says_so() -> None:
    runbook = a_runbook(a_checklist("security", a_step("Look", "security"), symptoms=(Symptom("odd logins"),)))
    (match,) = match_playbooks(runbook, BROKEN, SymptomsHeld(), NOW)
    assert (match.present, match.summary) == (0, "no symptom that data can show")


# --- severity -------------------------------------------------------------------------------------------------------


def seen(world: World, *events: Event) -> tuple[World, Judged, IncidentState, Any]:
    judged = Judged()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
    return world, judged, fold(entries(*events)), NOW


def test_each_severity_is_offered_with_its_criteria_and_clocks() -> None:
    choices = severity_choices(a_policy())
    assert [choice.name for choice in choices] == ["SEV1", "SEV2", "SEV3", "SEV4"]
    assert choices[0].criteria == ("what makes it a SEV1",)
    assert choices[0].spans == (
        ("respond", "15 minutes"),
        ("update", "15 minutes (our default)"),
        ("resolve", "4 hours"),
    )


def test_what_is_seen_stands_beside_the_criteria() -> None:
    world = a_world(pods=[a_pod("a"), a_bad_pod("b"), a_bad_pod("c"), a_pod("d", owner="llm")], workloads=[ROLLED_OUT])
    assert evidence(*seen(world)) == (
        "gateway 1/3 ready: CrashLoopBackOff",
        "1m ago: gateway revision 4 -> 5: same images, template changed",
    )


def test_what_cannot_be_seen_is_said_and_not_taken_for_well() -> None:
    world = a_world(pods=a_snapshot("pods", [a_bad_pod()], good_at=NOW - HOUR))
    assert evidence(*seen(world)) == ("pods: stale, so nothing is known of them",)
    assert evidence(*seen(World())) == ("pods: off, so nothing is known of them",)


def test_what_is_wrong_in_a_part_is_seen_and_the_rest_is_not_taken_for_well() -> None:
    pods = a_snapshot("pods", [a_pod("a"), a_bad_pod("b")], partial="only namespace shop")
    hpas = a_snapshot("hpas", [an_hpa(current=12, desired=12)], partial="only namespace shop")
    world = a_world(pods=pods, hpas=hpas)
    at_max = noticed("hpa-max production/gateway", family="hpa-max", text="gateway is at its maximum")
    assert evidence(*seen(world, at_max)) == (
        "gateway 1/2 ready: CrashLoopBackOff",
        "pods: partial, so there may be more",
        "gateway is at its maximum",
    )


def test_an_alert_that_fires_is_seen_and_one_that_nobody_can_see_any_more_is_not() -> None:
    fires = noticed("alert slow", family="alert", text="alert: orders are slow")
    pods = a_snapshot("pods", [a_pod()])
    assert evidence(*seen(a_world(pods=pods, alerts=a_snapshot("alerts")), fires)) == ("alert: orders are slow",)
    assert evidence(*seen(a_world(pods=pods, alerts=a_snapshot("alerts", good_at=NOW - HOUR)), fires)) == ()
    assert suggested_title(*seen(a_world(pods=pods, alerts=a_snapshot("alerts")), fires)) == ""


def test_a_title_is_suggested_for_what_is_worst() -> None:
    world = a_world(pods=[a_bad_pod("b"), a_pod("d", owner="llm")])
    assert suggested_title(*seen(world)) == "gateway: 0 of 1 pods ready"
    assert suggested_title(*seen(a_world(pods=[a_pod()]))) == ""


LOCKS = noticed("lock-chain Session/pid 3321", family="locks", text="pid 3321 holds up 41 sessions", since=NOW - MINUTE)
FULL = noticed("connections Database/db", family="connections", level=Level.WARNING, text="db: 80 of 97 connections")


def test_what_the_scribe_noticed_in_other_layers_stands_beside_the_pods() -> None:
    world = a_world(pods=[a_pod()], sessions=[], database=[])
    assert evidence(*seen(world, FULL, LOCKS)) == ("pid 3321 holds up 41 sessions", "db: 80 of 97 connections")
    assert suggested_title(*seen(world, FULL, LOCKS)) == "pid 3321 holds up 41 sessions"
    both = a_world(pods=[a_bad_pod("b")], sessions=[])
    assert suggested_title(*seen(both, LOCKS)) == "gateway: 0 of 1 pods ready"


def test_what_is_over_or_cannot_be_seen_now_is_no_evidence() -> None:
    over = noticed(LOCKS.key, family="locks", phase="ended", level=Level.OK)
    assert evidence(*seen(a_world(pods=[a_pod()], sessions=[]), LOCKS, over)) == ()
    lost = a_world(pods=[a_pod()], sessions=a_snapshot("sessions", (), good_at=NOW - HOUR))
    assert evidence(*seen(lost, LOCKS)) == ()
