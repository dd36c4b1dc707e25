"""Each rule on a text that it must tell of and on one that it must leave alone; each rule has both."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from tests.runbook.lint import examples_commands, examples_systems, examples_texts
from wfconsole.runbook import BUNDLED
from wfconsole.runbook.lint import all_rules, lint_runbook
from wfconsole.runbook.lint.findings import Report
from wfconsole.text import is_safe

TODAY = datetime.date(2026, 11, 28)
EXAMPLES = examples_commands.EXAMPLES | examples_systems.EXAMPLES | examples_texts.EXAMPLES
RULES = {rule.id: rule for rule in all_rules()}


def report(folder: Path, text: str) -> Report:
    file = folder / "runbook.md"
    file.write_text(text, encoding="utf-8")
    return lint_runbook(file, TODAY)


def test_every_rule_has_a_bad_and_a_good_example() -> None:
    assert len(RULES) == len(all_rules())
    assert EXAMPLES.keys() == RULES.keys()


@pytest.mark.parametrize("rule", EXAMPLES)
def test_it_tells_of_the_bad_one(tmp_path: Path, rule: str) -> None:
    found = [each for each in report(tmp_path, EXAMPLES[rule][0]).findings if each.rule == rule]
    assert found
    assert found[0].severity == RULES[rule].severity


@pytest.mark.parametrize("rule", EXAMPLES)
def test_it_leaves_the_good_one_alone(tmp_path: Path, rule: str) -> None:
    assert [each for each in report(tmp_path, EXAMPLES[rule][1]).findings if each.rule == rule] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_says_what_and_what_instead(rule: object) -> None:
    from wfconsole.runbook.lint.findings import Rule

    assert isinstance(rule, Rule)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
    assert rule.title
    assert rule.remedy
    assert is_safe(rule.title)
    assert not rule.title.endswith(".")


def test_a_memory_item_is_a_few_words(tmp_path: Path) -> None:
    long = examples_texts.ours(f"{examples_texts.STEPS}1. Look at it\n   - Memory: {'far ' * 8}away\n")
    assert "memory-too-much" in {each.rule for each in report(tmp_path, long).findings}


# --- our own runbook ------------------------------------------------------------------------------------------------


def test_no_false_alarm_on_the_bundled_runbook() -> None:
    """But that its review is overdue, and remarks on what a team has to fill in: all of them true."""
    findings = lint_runbook(BUNDLED, TODAY).findings
    assert {each.rule for each in findings if each.severity != "note"} <= {"review-overdue"}
    assert {each.rule for each in findings if each.severity == "note"} <= {
        *("updated-long-ago", "placeholders-to-fill", "symptom-without-signal"),
        *("contact-by-mail-only", "contact-number-missing"),
    }


def test_the_review_is_overdue_by_the_day_that_is_passed_in() -> None:
    before = lint_runbook(BUNDLED, datetime.date(2025, 4, 7))
    assert "review-overdue" not in {each.rule for each in before.findings}


# --- what the text allows ---------------------------------------------------------------------------------------------


def test_the_text_may_allow_a_finding(tmp_path: Path) -> None:
    text = "# A\n\n## B\n\n```bash\n# wf: allow exec-tty because a person types here\nkubectl exec -it web -- sh\n```\n"
    made = report(tmp_path, text)
    assert [each.rule for each in made.allowed] == ["exec-tty"]
    assert "exec-tty" not in {each.rule for each in made.findings}
    assert "exec-default-container" in {each.rule for each in made.findings}


# --- hostile and odd texts --------------------------------------------------------------------------------------------


def test_what_is_told_of_a_hostile_text_is_inert(tmp_path: Path) -> None:
    text = (
        "# A\x1b[31m\n\n## B\u202e\n\n1. c\n\n```bash\nkubectl logs -f $POD\x1b]52;c;aGk=\x07\n```\n\nhttp://\x1b[2Ja\n"
    )
    made = report(tmp_path, text)
    assert made.findings
    for each in made.findings:
        assert is_safe(each.reason)
        assert is_safe(each.remedy)
        assert is_safe(each.file)


@pytest.mark.parametrize(
    "unit",
    [
        "![a",
        "- a\n",
        "> ",
        "```bash\nkubectl get pods | grep a\n```\n",
        "```bash\n",
        "$(",
        "`",
        "<<EOF\n",
        "## a\n",
        "#a:<x>",
    ],
)
def test_a_text_that_is_hard_to_read_comes_to_an_end(tmp_path: Path, unit: str) -> None:
    report(tmp_path, (unit * 130_000)[: 16 * 1024])
    report(tmp_path, f"# A\n\n```bash\n{(unit * 130_000)[: 16 * 1024]}\n```\n")
