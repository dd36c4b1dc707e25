"""What a drill brings."""

from __future__ import annotations

from typing import Any

import pytest

from wfconsole.clock import MINUTE, Millis
from wfconsole.drills.score import EACH, Score, as_text, score_of
from wfconsole.incident.policy import SeverityPolicy, SeverityRule, Span
from wfconsole.incident.state import IncidentState, Receipt, StepState

BEGAN: Millis = 1_767_225_600_000
SECOND_RULE = SeverityRule("SEV2", "x", (), Span(30 * MINUTE, text="30 minutes"), Span(8 * 60 * MINUTE))
POLICY = SeverityPolicy(rules=(SECOND_RULE,))


def a_receipt(verdict: str = "WORKED", **more: Any) -> Receipt:
    told = {"title": "Roll it back", "action": "roll-back", "aim": "x", "danger": "R2", "by": "op1", "entry": "e"}
    return Receipt(**{**told, "intended_at": BEGAN + 5 * MINUTE, "verdict": verdict, **more})


def scored(*receipts: Receipt, after: Millis = 2 * MINUTE, severity: int | None = 2, **state: Any) -> Score:
    told = {"id": "INC-1", "severity": "SEV2", "declared_at": BEGAN + after, **state}
    told.setdefault("last_update_at", BEGAN + after + MINUTE)
    found = IncidentState(**told, receipts={str(n): each for n, each in enumerate(receipts)})
    return score_of(found, POLICY, began_at=BEGAN, severity=severity)


def points(score: Score) -> dict[str, int]:
    return {mark.title: mark.points for mark in score.marks}


def test_all_of_it() -> None:
    score = scored(a_receipt())
    assert (score.points, score.of) == (100, 100)
    assert "Roll it back, 5m00s after it began" in as_text(score, "x")


def test_nothing_of_it() -> None:
    score = score_of(IncidentState(), POLICY, began_at=BEGAN, severity=2)
    assert (score.points, score.of) == (0, 100)
    assert "no incident was declared" in as_text(score, "x")


def test_who_is_late_is_told_what_is_given() -> None:
    score = scored(a_receipt(), after=31 * MINUTE)
    assert points(score)["declared in time"] == 0
    assert "after 31m00s; 30 minutes are given" in as_text(score, "x")


@pytest.mark.parametrize(("right", "brings"), [(1, 10), (2, EACH), (3, 10), (4, 0)])
def test_a_severity_that_is_off_brings_less(right: int, brings: int) -> None:
    assert points(scored(a_receipt(), severity=right))["severity"] == brings


def test_where_nobody_knows_the_right_severity_it_does_not_count() -> None:
    score = scored(a_receipt(), severity=None)
    assert (score.points, score.of) == (80, 80)


@pytest.mark.parametrize(
    ("receipt", "brings"),
    [
        (a_receipt("NO EFFECT"), 10),
        (a_receipt("WORSE"), 10),
        (a_receipt("CANNOT TELL"), EACH),
        (a_receipt(override="I know better"), 10),
        (a_receipt(break_glass="nobody is awake"), 10),
        (a_receipt("WORSE", override="I know better", break_glass="nobody is awake"), 0),
    ],
)
def test_what_was_in_vain_or_against_advice_brings_less(receipt: Receipt, brings: int) -> None:
    assert points(scored(receipt))["nothing in vain"] == brings


def test_who_does_nothing_harms_nobody_and_gets_nothing_for_it() -> None:
    assert points(scored())["nothing in vain"] == 0


def test_whoever_tells_nobody_gets_nothing_for_it() -> None:
    score = scored(a_receipt(), last_update_at=0)
    assert points(score)["people told"] == 0
    assert "1m00s after it was declared" in as_text(scored(a_receipt()), "x")


def test_facts_are_told_and_bring_nothing() -> None:
    steps = {"a": StepState("done"), "b": StepState("done"), "c": StepState("waived"), "d": StepState()}
    told = as_text(scored(a_receipt(), steps=steps), "Bad\x1b[31m rollout")
    assert "steps: 2 done, 1 waived" in told
    assert "\x1b" not in told
