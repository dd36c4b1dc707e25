"""The first sixty seconds: what is red, what changed before it, and what cannot be known."""

from __future__ import annotations

from typing import Any

from tests.builders import (
    NOW,
    a_bad_pod,
    a_checklist,
    a_database,
    a_failure,
    a_pod,
    a_revision,
    a_runbook,
    a_snapshot,
    a_step,
    a_workload,
    a_world,
    an_entry,
    an_hpa,
    declared,
    entries,
    noticed,
)
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND
from wfconsole.incident.advance import fold
from wfconsole.incident.events import MomentSet, Noticed
from wfconsole.incident.playbook import Symptom
from wfconsole.incident.state import IncidentState
from wfconsole.incident.symptoms import SymptomsHeld
from wfconsole.incident.triage import Triage, triage
from wfconsole.observations.board import BoardLine
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.world import World

OUTAGE = a_checklist(
    "outage", a_step(), symptoms=(Symptom("pods are not ready", "pods not-ready"), Symptom("findings", "findings new"))
)
MEMORY = a_checklist("memory", a_step("Look", "memory"), symptoms=(Symptom("pressure", "nodes pressure"),))
RUNBOOK = a_runbook(MEMORY, OUTAGE)
LOOP = noticed("crash-loop Deployment/production/gateway", text="gateway crashes", since=NOW - 5 * MINUTE)
FULL = noticed(
    "connections Database/db", family="connections", level=Level.WARNING, text="db: 95 of 97", since=NOW - 9 * MINUTE
)
CHAIN = noticed("lock-chain Session/3321", family="locks", text="pid 3321 holds up 41", since=NOW - 2 * MINUTE)
BROKEN = a_world(pods=[a_bad_pod("b")], database=[a_database()], sessions=[])


def told(world: World, incident: IncidentState, *lines: BoardLine) -> Triage:
    held = SymptomsHeld().after(RUNBOOK, world, NOW)
    return triage(RUNBOOK, world, incident, held, NOW, lines=lines)


def after(*events: Any) -> IncidentState:
    return fold(entries(*events, start=NOW - 10 * MINUTE))


def red(world: World, *events: Any, lines: tuple[BoardLine, ...] = ()) -> list[tuple[str, Quality]]:
    return [(each.text, each.quality) for each in told(world, after(*events), *lines).red]


# --- what is red


def test_red_things_of_all_layers_come_worst_first_then_oldest() -> None:
    assert [text for text, _ in red(BROKEN, FULL, CHAIN, LOOP)] == [
        "gateway crashes",
        "pid 3321 holds up 41",
        "db: 95 of 97",
    ]


def test_each_says_since_when_and_which_pane_shows_it() -> None:
    first, *_ = told(BROKEN, after(FULL, LOOP)).red
    assert (first.since, first.pane, first.level) == (NOW - 5 * MINUTE, 3, Level.CRITICAL)


def test_what_is_over_is_not_red() -> None:
    over = noticed(LOOP.key, text="", phase="ended", level=Level.OK)
    assert red(BROKEN, LOOP, over) == []


def test_what_was_red_when_its_source_was_lost_is_told_as_such_and_after_what_is_sure() -> None:
    lost = a_world(
        pods=[a_bad_pod("b")], database=[a_database()], sessions=a_snapshot("sessions", (), good_at=NOW - HOUR)
    )
    assert red(lost, CHAIN, LOOP) == [("gateway crashes", Quality.LIVE), ("pid 3321 holds up 41", Quality.STALE)]
    assert not told(lost, after(CHAIN)).red[0].sure


def test_what_has_stood_for_days_comes_after_what_is_new() -> None:
    old = noticed("oom Deployment/production/batch", family="oom", text="batch is killed", since=NOW - 3 * DAY)
    assert [text for text, _ in red(BROKEN, old, LOOP)] == ["gateway crashes", "batch is killed"]


def test_an_alert_is_sure_only_while_the_alerts_are_seen() -> None:
    fires = after(noticed("alert slow", family="alert", text="alert: orders are slow"))
    for good_at, quality in ((NOW, Quality.LIVE), (NOW - HOUR, Quality.STALE)):
        (red,) = told(a_world(alerts=a_snapshot("alerts", good_at=good_at)), fires).red
        assert (red.text, red.quality, red.sure) == ("alert: orders are slow", quality, quality == Quality.LIVE)


def test_a_red_pane_without_a_condition_speaks_for_itself_unless_it_is_lost() -> None:
    alerts = BoardLine(1, "Alerts", Level.CRITICAL, Quality.LIVE, "2 unacked", reason="orders-db lock wait")
    old = BoardLine(6, "DB", Level.WARNING, Quality.STALE, "(95%)", reason="no new data")
    pods = BoardLine(3, "Pods", Level.CRITICAL, Quality.LIVE, "0/1 ready")
    assert red(BROKEN, LOOP, lines=(alerts, old, pods)) == [
        ("gateway crashes", Quality.LIVE),
        ("Alerts: orders-db lock wait", Quality.LIVE),
    ]


def test_with_nothing_seen_there_is_nothing_red_and_nothing_proposed() -> None:
    found = told(World(), IncidentState())
    assert (found.red, found.began, found.best, found.changes, found.proposal.severity) == ((), 0, None, (), "")


# --- what changed


def changes(world: World, incident: IncidentState) -> list[tuple[str, int | None]]:
    return [(each.text.partition(":")[0], each.before_ms) for each in told(world, incident).changes]


ROLLED = a_workload(
    revision=5, revisions=(a_revision(5, created_at=NOW - 6 * MINUTE, images=("gateway:2",)), a_revision(4))
)


def test_what_changed_just_before_the_first_bad_sign_comes_first_with_how_long_before() -> None:
    early = a_workload("cart", revision=2, revisions=(a_revision(2, created_at=NOW - 40 * MINUTE), a_revision(1)))
    moved = an_hpa(desired=6, last_scaled_at=NOW - MINUTE)
    world = a_world(pods=[a_bad_pod()], workloads=[ROLLED, early], hpas=[moved])
    assert changes(world, after(LOOP)) == [
        ("gateway revision 4 -> 5", MINUTE),
        ("cart revision 1 -> 2", 35 * MINUTE),
        ("autoscaler gateway moved gateway to 6 replicas", -4 * MINUTE),
    ]


def test_what_the_scribe_saw_and_no_object_remembers_is_there_too_and_nothing_twice() -> None:
    by_hand = Noticed(
        "scale Deployment/production/cart", "scale", "once", Level.OK, "cart scaled 3 -> 9", since=NOW - 6 * MINUTE
    )
    key = "rollout Deployment/production/gateway 5"
    seen = Noticed(key, "rollout", "once", Level.WATCH, told_text(), since=NOW - 6 * MINUTE)
    world = a_world(pods=[a_bad_pod()], workloads=[ROLLED])
    assert sorted(text for text, _ in changes(world, after(by_hand, seen, LOOP))) == [
        "cart scaled 3 -> 9",
        "gateway revision 4 -> 5",
    ]


def told_text() -> str:
    (change,) = told(a_world(workloads=[ROLLED]), IncidentState()).changes
    return change.text


def test_a_change_that_was_seen_a_moment_after_the_first_bad_sign_still_may_be_its_cause() -> None:
    late = a_workload(revision=5, revisions=(a_revision(5, created_at=NOW - 5 * MINUTE + 10 * SECOND), a_revision(4)))
    later = an_hpa(desired=6, last_scaled_at=NOW - 5 * MINUTE + 40 * SECOND)
    assert changes(a_world(workloads=[late], hpas=[later]), after(LOOP)) == [
        ("gateway revision 4 -> 5", -10 * SECOND),
        ("autoscaler gateway moved gateway to 6 replicas", -40 * SECOND),
    ]


def test_older_changes_are_left_out_and_without_a_bad_sign_the_newest_comes_first() -> None:
    old = a_workload("old", revision=2, revisions=(a_revision(2, created_at=NOW - 3 * HOUR), a_revision(1)))
    moved = an_hpa(desired=6, last_scaled_at=NOW - MINUTE)
    world = a_world(workloads=[ROLLED, old], hpas=[moved])
    assert changes(world, IncidentState()) == [
        ("autoscaler gateway moved gateway to 6 replicas", None),
        ("gateway revision 4 -> 5", None),
    ]


def test_the_first_bad_sign_is_the_one_that_somebody_set_where_somebody_did() -> None:
    assert told(BROKEN, after(LOOP)).began == NOW - 5 * MINUTE
    assert told(BROKEN, after(LOOP, declared(), MomentSet("started", NOW - HOUR))).began == NOW - HOUR


# --- what cannot be known


def test_what_cannot_be_known_now_is_told_with_its_reason_and_what_is_not_configured_apart() -> None:
    world = a_world(
        pods=a_snapshot("pods", [a_pod()], good_at=NOW - HOUR),
        database=a_snapshot("database", [a_database()], failure=a_failure("denied", message="no role")),
    )
    found = told(world, IncidentState())
    assert [(each.source, each.quality, each.why) for each in found.blind] == [
        ("pods", Quality.STALE, "no new data"),
        ("database", Quality.DENIED, "no role"),
    ]
    assert found.off == ("nodes", "findings")


def test_a_lost_source_alone_proposes_no_severity_and_fits_no_playbook() -> None:
    lost = a_world(pods=a_snapshot("pods", [a_bad_pod()], good_at=NOW - HOUR))
    found = told(lost, after(LOOP))
    assert (found.best, found.proposal.severity) == (None, "")


def test_the_same_data_gives_the_same_answer() -> None:
    incident = after(FULL, CHAIN, LOOP)
    assert told(BROKEN, incident) == told(BROKEN, incident)


def test_the_best_playbook_is_one_of_which_something_is_there() -> None:
    found = told(BROKEN, IncidentState())
    assert found.best is not None
    assert (found.best.playbook, found.best.present) == ("outage", 1)
    assert told(a_world(pods=[a_pod()]), fold([an_entry(declared())])).best is None
