"""Since when a symptom holds, what it rests on, and what people say where no data can tell."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import (
    NOW,
    a_bad_pod,
    a_checklist,
    a_failure,
    a_node,
    a_pod,
    a_runbook,
    a_signal,
    a_snapshot,
    a_step,
    a_world,
    an_entry,
    declared,
    entries,
)
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.incident.advance import advance, fold
from wfconsole.incident.events import EntryWithdrawn, SymptomAnswered
from wfconsole.incident.playbook import Measure, Runbook, Symptom
from wfconsole.incident.symptoms import (
    Match,
    SymptomSeen,
    SymptomsHeld,
    answer_of,
    fits,
    match_playbooks,
    watched_probes,
)
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Finding, Level
from wfconsole.observations.world import World

NOT_READY = "pods.not_ready_ratio > 20%"
PRESSURE = "nodes pressure"
ROLLBACKS = Measure("db-rollbacks", "sum(rate(rollbacks[5m]))", ">", 0.05)
TOO_MANY = Symptom("rollbacks", "signals rule=db-rollbacks value>0.05", 0, ROLLBACKS)
BROKEN = a_world(pods=[a_pod("a"), a_bad_pod("b")], nodes=[a_node()])
WELL = a_world(pods=[a_pod("a")], nodes=[a_node()])


def a_book(*symptoms: Symptom, list_id: str = "outage") -> Runbook:
    return a_runbook(a_checklist(list_id, a_step("Look", list_id), symptoms=symptoms))


RUNBOOK = a_book(Symptom("users call"), Symptom("pods are not ready", NOT_READY, MINUTE), Symptom("pressure", PRESSURE))


def seen(runbook: Runbook, world: World, held: SymptomsHeld, **options: Any) -> tuple[SymptomSeen, ...]:
    return match_playbooks(runbook, world, held, options.pop("now", NOW), **options)[0].symptoms


def watched(world: World, start: int, end: int, held: SymptomsHeld = SymptomsHeld()) -> SymptomsHeld:  # noqa: B008
    """The world as it is, looked at every five seconds."""
    for now in range(start, end + 1, 5 * SECOND):
        held = held.after(RUNBOOK, world, now, "pods")
    return held


# --- since when


def test_only_symptoms_that_rest_on_the_source_that_spoke_are_looked_at() -> None:
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW, "pods")
    assert set(held.looked) == {NOT_READY}
    assert held.after(RUNBOOK, BROKEN, NOW, "events") is held


def test_a_symptom_holds_from_the_moment_at_which_its_source_said_so() -> None:
    held = watched(BROKEN, NOW - 2 * MINUTE, NOW)
    assert held.since == {NOT_READY: NOW - 2 * MINUTE}
    found = seen(RUNBOOK, BROKEN, held)[1]
    assert (found.state, found.since, found.at) == ("present", NOW - 2 * MINUTE, NOW)
    assert found.evidence == "pods.not_ready_ratio 50% (asked: > 20%)"
    assert found.asked == f"{NOT_READY} for 1 min"


def test_what_was_not_known_for_a_while_does_not_count_for_how_long_it_holds() -> None:
    lost = a_world(pods=a_snapshot("pods", [a_bad_pod()], good_at=NOW - HOUR), nodes=[])
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - HOUR, "pods").after(RUNBOOK, lost, NOW - MINUTE, "pods")
    assert seen(RUNBOOK, lost, held)[1].state == "cannot tell"
    held = held.after(RUNBOOK, BROKEN, NOW - 10 * SECOND, "pods")
    assert held.since[NOT_READY] == NOW - HOUR
    assert seen(RUNBOOK, BROKEN, held)[1].state == "not yet"
    later = a_world(NOW + MINUTE, pods=[a_bad_pod()], nodes=[])
    held = watched(BROKEN, NOW - 10 * SECOND, NOW, held)
    held = watched(later, NOW + 5 * SECOND, NOW + MINUTE, held)
    assert seen(RUNBOOK, later, held, now=NOW + MINUTE)[1].state == "present"


def test_a_source_that_was_silent_for_too_long_leaves_a_gap_too() -> None:
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - HOUR, "pods").after(RUNBOOK, BROKEN, NOW, "pods")
    assert held.lasted(NOT_READY, NOW) == 0
    assert held.since[NOT_READY] == NOW - HOUR


def test_time_that_goes_back_begins_anew() -> None:
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW, "pods").after(RUNBOOK, BROKEN, NOW - MINUTE, "pods")
    assert held.since[NOT_READY] == held.sure_since[NOT_READY] == NOW - MINUTE


def test_a_source_with_many_rows_is_gone_through_less_often() -> None:
    many = a_world(pods=[a_pod(f"a-{number}") for number in range(4_000)])
    held = SymptomsHeld().after(RUNBOOK, many, NOW, "pods")
    assert held.after(RUNBOOK, many, NOW + SECOND, "pods") is held
    assert held.after(RUNBOOK, many, NOW + 4 * SECOND, "pods").looked[NOT_READY].at == NOW + 4 * SECOND
    few = SymptomsHeld().after(RUNBOOK, WELL, NOW, "pods")
    assert few.after(RUNBOOK, WELL, NOW + SECOND, "pods").looked[NOT_READY].at == NOW + SECOND


def test_rows_that_are_judged_already_are_not_judged_again() -> None:
    book = a_book(Symptom("pods crash", "pods crash-loop"))
    judged = Judged().after(WELL, "pods", NOW)
    table = judged.rows("pods")
    crash = {key: Finding(Level.CRITICAL, "crash", "crash-loop") for key in table.rows}
    said = msgspec.structs.replace(judged, tables={"pods": msgspec.structs.replace(table, findings=crash)})
    assert seen(book, WELL, SymptomsHeld().after(book, WELL, NOW, "pods", said))[0].state == "present"
    another = a_world(pods=[a_pod("a")], nodes=[a_node()])
    assert seen(book, another, SymptomsHeld().after(book, another, NOW, "pods", said))[0].state == "absent"


def test_what_was_looked_at_is_told_with_its_own_time_until_its_source_is_lost() -> None:
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - MINUTE, "pods").after(RUNBOOK, BROKEN, NOW - SECOND, "pods")
    assert seen(RUNBOOK, BROKEN, held)[1].at == NOW - SECOND
    failing = a_world(pods=a_snapshot("pods", [a_bad_pod()], failure=a_failure(message="no route")), nodes=[])
    found = seen(RUNBOOK, failing, held)[1]
    assert (found.state, found.evidence) == ("cannot tell", "pods are error: no route")


@pytest.mark.parametrize("quality", [{"good_at": NOW - HOUR}, {"partial": "one namespace of two"}])
def test_nothing_is_concluded_from_stale_or_partial_data(quality: dict[str, Any]) -> None:
    lost = a_world(pods=a_snapshot("pods", [a_bad_pod()], **quality), nodes=[])
    held = SymptomsHeld().after(RUNBOOK, BROKEN, NOW - HOUR)
    assert seen(RUNBOOK, lost, held)[1].state == "cannot tell"


def test_the_first_rows_that_are_counted_are_told_too() -> None:
    runbook = a_book(Symptom("pods crash", "pods not-ready"))
    held = SymptomsHeld().after(runbook, BROKEN, NOW)
    found = seen(runbook, BROKEN, held)[0]
    assert found.evidence == "1 of 2 pods"
    assert found.rows[0].startswith("b 0/1 CrashLoopBackOff")


# --- PromQL


def test_a_symptom_of_promql_tells_its_value_against_its_bound() -> None:
    runbook = a_book(TOO_MANY)
    for value, state in ((0.2, "present"), (0.01, "absent")):
        world = a_world(signals=[a_signal("db-rollbacks", value, unit="count")])
        found = seen(runbook, world, SymptomsHeld().after(runbook, world, NOW, "signals"))[0]
        assert (found.state, found.evidence) == (state, f"{value} (asked: > 0.05)".replace("0.2 ", "0.20 "))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([a_signal("db-rollbacks", None, state="none")], "no such series"),
        ([a_signal("db-rollbacks", None, state="refused", problem="parse error")], "the query is refused: parse error"),
        ([a_signal("errors")], "Prometheus was not asked for it"),
    ],
)
def test_promql_without_a_value_says_why_and_concludes_nothing(rows: list[Any], why: str) -> None:
    runbook, world = a_book(TOO_MANY), a_world(signals=rows)
    found = seen(runbook, world, SymptomsHeld().after(runbook, world, NOW))[0]
    assert (found.state, found.evidence) == ("cannot tell", why)


# --- what people say


def answered(present: bool, symptom: str = "users call") -> SymptomAnswered:
    return SymptomAnswered("outage", symptom, present)


def test_a_persons_word_counts_where_no_data_can_show_it() -> None:
    incident = fold([an_entry(answered(True), at=NOW - MINUTE)])
    (match,) = match_playbooks(RUNBOOK, WELL, SymptomsHeld(), NOW, incident)
    assert (match.present, match.watched) == (1, 3)
    assert match.symptoms[0].by_people
    assert match.symptoms[0].evidence == "yes, says op1 14:31:07Z"
    no = fold([an_entry(answered(False), at=NOW - MINUTE)])
    assert seen(RUNBOOK, WELL, SymptomsHeld(), incident=no)[0].state == "absent"


def test_where_data_speaks_nobodys_word_counts() -> None:
    incident = fold([an_entry(answered(True, "pods are not ready"))])
    assert seen(RUNBOOK, WELL, SymptomsHeld(), incident=incident)[1].state == "absent"
    lost = a_world(pods=a_snapshot("pods", [a_pod()], good_at=NOW - HOUR), nodes=[])
    found = seen(RUNBOOK, lost, SymptomsHeld(), incident=incident)[1]
    assert (found.state, found.by_people) == ("present", True)
    assert found.evidence.endswith("data: pods are stale")


def test_a_word_of_long_ago_is_asked_for_again() -> None:
    old = fold([an_entry(answered(True), at=NOW - 2 * HOUR)])
    assert answer_of(old, "outage/users call", NOW) is None
    just_before = fold([an_entry(answered(True), at=NOW - 30 * MINUTE), an_entry(declared(), at=NOW)])
    assert answer_of(just_before, "outage/users call", NOW + 9 * HOUR) is not None


def test_an_answer_that_is_taken_back_is_asked_for_again() -> None:
    first = an_entry(answered(True), entry_id="e1")
    incident = advance(fold([first]), an_entry(EntryWithdrawn("e1"), seq=2))
    assert (incident.answers, incident.answered) == ({}, {})
    assert fold(entries(declared(), answered(True))).answered["outage/users call"].by == "op1"


# --- the order, and what is said of it


def test_four_of_five_fit_better_than_one_of_one() -> None:
    four = tuple(Symptom(f"s{number}", f"pods.not_ready > {number - 1}") for number in range(1, 5))
    many = a_checklist("many", a_step("A", "many"), symptoms=(*four, Symptom("no", "pods.not_ready > 99")))
    one = a_checklist("one", a_step("B", "one"), symptoms=(Symptom("s", "pods.not_ready > 0"),))
    world = a_world(pods=[a_bad_pod(f"b{number}") for number in range(5)])
    runbook = a_runbook(one, many)
    matches = match_playbooks(runbook, world, SymptomsHeld().after(runbook, world, NOW), NOW)
    assert [match.playbook for match in matches] == ["many", "one"]


def test_one_symptom_of_many_is_daily_life() -> None:
    assert fits((Match("a", "Outage", 1, 4, ()),)) == ""
    assert fits((Match("a", "Outage", 1, 2, ()),)) == "1 of 2 symptoms of Outage"
    assert fits((Match("a", "Outage", 2, 6, ()),)) == "2 of 6 symptoms of Outage"
    assert fits((Match("a", "Outage", 0, 6, ()),)) == fits(()) == ""


def test_signs_of_severities_are_watched_like_symptoms() -> None:
    assert watched_probes(RUNBOOK) == (NOT_READY, PRESSURE)


@pytest.mark.parametrize("source", ["gpus", "inference", "replicas"])
def test_who_has_none_of_a_kind_is_in_no_doubt_about_it(source: str) -> None:
    probe = {"gpus": "gpus xid", "inference": "inference slow", "replicas": "replicas missing"}[source]
    runbook, world = a_book(Symptom("trouble", probe)), a_world(NOW, **{source: []})
    assert seen(runbook, world, SymptomsHeld().after(runbook, world, NOW))[0].state == "ask people"
    lost = a_world(NOW, **{source: a_snapshot(source, (), good_at=None)})
    assert seen(runbook, lost, SymptomsHeld())[0].state == "cannot tell"


@pytest.mark.parametrize(
    "probe", ["db.held_up > 3", "alerts.critical > 0", "findings.critical > 0", "events.warnings > 5"]
)
def test_nobody_who_waits_is_nobody_who_is_held_up(probe: str) -> None:
    runbook = a_book(Symptom("trouble", probe))
    world = a_world(sessions=[], alerts=[], findings=[], events=[])
    assert seen(runbook, world, SymptomsHeld().after(runbook, world, NOW))[0].state == "absent"
