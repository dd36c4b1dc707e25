"""Symptoms that ask Prometheus, and the signs of a severity: how they are written, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbook.documents import HEAD, loaded
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.playbook import Measure
from wfconsole.incident.policy import SeveritySign
from wfconsole.incident.probes import parse_probe
from wfconsole.observations.answers import WatchedRule
from wfconsole.runbook.problems import RunbookError
from wfconsole.wiring.collecting import rules_of

LIST = "# Playbook: Disk full\n\nIt is.\n\n## Symptoms\n\n- It fills up\n{}\n\n1. Look\n"


def with_symptom(folder: Path, *bullets: str) -> None:
    loaded(folder, LIST.format("\n".join(f"  - {bullet}" for bullet in bullets)))


def test_promql_is_split_into_what_prometheus_is_asked_and_the_bound_that_is_compared_here(tmp_path: Path) -> None:
    text = LIST.format("  - PromQL: `sum(rate(a{b>1}[5m]))   / sum(c) >= 0.25` for 2 minutes")
    (book,) = loaded(tmp_path, text).playbooks
    (symptom,) = book.symptoms
    rule = "disk-full-2d4d36fb"
    assert symptom.measure == Measure(rule, "sum(rate(a{b>1}[5m])) / sum(c)", ">=", 0.25)
    assert (symptom.live, symptom.hold_ms) == (f"signals rule={rule} value>=0.25", 2 * MINUTE)
    assert parse_probe(symptom.live).sources == ("signals",)


def test_what_lies_below_its_bound_is_asked_for_as_such(tmp_path: Path) -> None:
    runbook = loaded(tmp_path, LIST.format("  - PromQL: `min(free_bytes) < 1000000`"))
    (rule,) = rules_of(runbook)
    assert (rule.promql, rule.bound, rule.below, rule.title) == ("min(free_bytes)", 1e6, True, "It fills up")
    assert isinstance(rule, WatchedRule)


def test_the_same_question_is_asked_once(tmp_path: Path) -> None:
    twice = "  - PromQL: `x > 1`\n- It fills up fast\n  - PromQL: `x > 9`"
    assert [rule.bound for rule in rules_of(loaded(tmp_path, LIST.format(twice)))] == [9.0]


@pytest.mark.parametrize(
    ("bullets", "what"),
    [
        (("PromQL: `sum(x)`",), "'sum(x)' is not compared with a number"),
        (("PromQL: `sum(x) > y`",), "'sum(x) > y' is not compared with a number"),
        (("PromQL: `sum(x) > -1`",), "is not compared with a number"),
        (("PromQL: sum(x) > 1",), "is not compared with a number"),
        (("PromQL: `sum(x) > 1` soon",), "'soon' behind the PromQL"),
        (("PromQL: `x > 1`", "Signal: `pods not-ready`"), "a symptom with both 'Signal' and 'PromQL'"),
    ],
)
def test_promql_that_cannot_be_a_symptom_is_told(tmp_path: Path, bullets: tuple[str, ...], what: str) -> None:
    with pytest.raises(RunbookError, match=r"runbook\.md:") as wrong:
        with_symptom(tmp_path, *bullets)
    assert what in str(wrong.value)


SIGNS = """\
- Criteria: everything is down
- Signals:
  - Half of all requests fail
    - Signal: `signals.errors > 50%` for 30 seconds
  - A login was guessed
    - Signal: `auth.guessed > 0`
"""


def test_signs_of_a_severity_are_written_like_symptoms(tmp_path: Path) -> None:
    policy = loaded(tmp_path, "", HEAD.replace("- Criteria: everything is down\n", SIGNS)).policy
    assert policy.rule("SEV1").signs == (
        SeveritySign("Half of all requests fail", "signals.errors > 50%", 30 * SECOND),
        SeveritySign("A login was guessed", "auth.guessed > 0"),
    )
    assert policy.rule("SEV2").signs == ()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("    - Signal: `auth.guessed > 0`\n", "", "nothing can be seen of this sign"),
        ("`auth.guessed > 0`", "`auth.guessed`", "auth.guessed is not compared with anything"),
        ("`auth.guessed > 0`", "`weather bad`", "is no probe"),
        ("- Signals:\n", "- Signals: as above\n", "'Signals' holds no bullets"),
    ],
)
def test_what_is_wrong_with_a_sign_is_told(tmp_path: Path, old: str, new: str, what: str) -> None:
    with pytest.raises(RunbookError) as wrong:
        loaded(tmp_path, "", HEAD.replace("- Criteria: everything is down\n", SIGNS.replace(old, new)))
    assert what in str(wrong.value)
