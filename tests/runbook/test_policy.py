from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbook.documents import HEAD, loaded, told, wrongs
from wfconsole.incident.policy import BusinessCalendar, SeverityPolicy, Span


def policy_with(folder: Path, old: str, new: str) -> SeverityPolicy:
    assert old in HEAD
    return loaded(folder, "", HEAD.replace(old, new)).policy


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_each_severity_has_its_criteria_and_its_times(tmp_path: Path) -> None:
    rules = loaded(tmp_path, "").policy.rules
    assert [rule.name for rule in rules] == ["SEV1", "SEV2", "SEV3", "SEV4"]
    assert rules[0].title == "Critical"
    assert rules[0].criteria == ("everything is down",)
    assert [rule.respond.duration_ms for rule in rules] == [900_000, 1_800_000, 7_200_000, 0]
    assert rules[3].resolve == Span(business_days=5, text="5 business days")


def test_updates_escalation_and_roles_are_read(tmp_path: Path) -> None:
    more = """\
- Resolve: 4 hours
- Update: every 90 s (our default)
- Escalate:
  - management, at once
  - the team lead
- Roles: Commander, technical lead
"""
    rule = policy_with(tmp_path, "- Resolve: 4 hours\n", more).rule("SEV1")
    assert rule.update == Span(duration_ms=90_000, text="90 s")
    assert rule.update_is_default
    assert rule.escalation == ("management, at once", "the team lead")
    assert rule.roles == ("commander", "technical lead")


def test_a_severity_may_owe_no_updates(tmp_path: Path) -> None:
    rule = policy_with(tmp_path, "- Resolve: 4 hours\n", "- Resolve: 4 hours\n- Update: none\n").rule("SEV1")
    assert rule.update is None
    assert not rule.update_is_default


def test_without_a_calendar_people_work_on_weekdays_in_utc(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").policy.calendar == BusinessCalendar()


def test_the_calendar_is_read(tmp_path: Path) -> None:
    text = """\
## Business calendar

- Time zone: UTC
- Days: Friday to Sunday, Wednesday
- Hours: 08:30 to 16:00
- Holidays: 2026-12-25, 2027-01-01

# Roles
"""
    calendar = policy_with(tmp_path, "# Roles\n", text).calendar
    assert calendar == BusinessCalendar("UTC", (2, 4, 5, 6), 510, 960, ("2026-12-25", "2027-01-01"))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("- Respond: 15 minutes", "- Respond: soon", "'soon' is no time"),
        ("- Respond: 15 minutes", "- Respond: 0 minutes", "'0 minutes' is no time"),
        ("- Respond: 15 minutes", "- Respond: 0 business days", "'0 business days' is no time"),
        ("- Criteria: everything is down", "- Criteria:", "'Criteria' says nothing"),
        ("- Respond: 15 minutes", "- Answer: 15 minutes", "unknown keyword 'Answer'"),
        ("## SEV1: Critical", "## SEV7: Critical", "unknown severity 'SEV7'"),
        ("## SEV2: High", "## SEV1: High", "SEV1 stands here twice"),
        ("- Resolve: 4 hours", "- Resolve: 4 hours\n- Update: often", "'often' is no cadence"),
        (
            "# Roles",
            "## Business calender\n\n# Roles",
            "unknown heading 'Business calender' (did you mean 'business calendar'?)",
        ),
        ("# Roles", "## Business calendar\n\n- Time zone: Mars/Base\n\n# Roles", "unknown time zone 'Mars/Base'"),
        ("# Roles", "## Business calendar\n\n- Days: Funday\n\n# Roles", "'funday' are no days"),
        ("# Roles", "## Business calendar\n\n- Hours: 17:00 to 09:00\n\n# Roles", "'17:00 to 09:00' are no hours"),
        ("# Roles", "## Business calendar\n\n- Holidays: Christmas\n\n# Roles", "'Christmas' is no date"),
    ],
)
def test_what_is_wrong_in_the_policy_is_told_with_its_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    text = HEAD.replace(old, new, 1)
    problems = told(tmp_path, "", text)
    marks = [line.strip() for line in new.splitlines() if line.strip() and line != "# Roles"]
    line = line_of(text, marks[-1])
    assert (line - text.count("\n"), what) in [(at, said[: len(what)]) for at, said, _ in problems]


def test_a_missing_severity_and_missing_times_are_told(tmp_path: Path) -> None:
    cut = HEAD[: HEAD.index("## SEV4")] + HEAD[HEAD.index("# Roles") :]
    text = cut.replace("- Respond: 2 hours\n", "")
    assert [what for _, what, _ in told(tmp_path, "", text)] == ["SEV4 missing", "SEV3 does not say 'Respond'"]


def test_a_severity_cannot_need_a_role_that_nobody_explains(tmp_path: Path) -> None:
    text = HEAD.replace("- Resolve: 4 hours\n", "- Resolve: 4 hours\n- Roles: commander, pilot\n")
    ((_, what, expected),) = told(tmp_path, "", text)
    assert what == "SEV1 needs the unknown role 'pilot'"
    assert expected == "a role of the section Roles: commander, technical lead"


def test_who_is_called_and_by_when_is_read(tmp_path: Path) -> None:
    more = """\
- Resolve: 4 hours
- Page: Primary on call
- Tell: the team lead, within 30 minutes
- Escalate:
  - senior engineers, at once
  - VP Engineering, within 1 hour (our default)
  - CTO, after 2 hours
  - the team, within reason
- Meeting: within 48 hours
"""
    rule = policy_with(tmp_path, "- Resolve: 4 hours\n", more).rule("SEV1")
    assert [(call.kind, call.who, call.within and call.within.duration_ms // 60_000) for call in rule.calls] == [
        ("page", "Primary on call", None),
        ("tell", "the team lead", 30),
        ("escalate", "senior engineers", None),
        ("escalate", "VP Engineering", 60),
        ("escalate", "CTO", 120),
        ("escalate", "the team, within reason", None),
    ]
    assert rule.calls[3].text == "VP Engineering, within 1 hour (our default)"
    assert rule.meeting == Span(duration_ms=48 * 3_600_000, text="48 hours")


def test_a_runbook_of_before_has_no_calls_no_meeting_and_loads(tmp_path: Path) -> None:
    rule = loaded(tmp_path, "").policy.rule("SEV1")
    assert (rule.calls, rule.meeting, rule.escalation) == ((), None, ())


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("- Page: op1, within soon", "'soon' is no time"),
        ("- Tell: op1, within 0 minutes", "'0 minutes' is no time"),
        ("- Page:", "'Page' says nothing"),
        ("- Meeting: soon", "'soon' is no time"),
        ("- Meting: 48 hours", "unknown keyword 'Meting' (did you mean 'meeting'?)"),
    ],
)
def test_a_call_or_meeting_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, line: str, what: str) -> None:
    head = HEAD.replace("- Resolve: 4 hours\n", f"- Resolve: 4 hours\n{line}\n")
    (problem,) = wrongs_of(tmp_path, head)
    assert problem[1].startswith(what)
    assert problem[0] == line_of(head, line)


def wrongs_of(folder: Path, text: str) -> list[tuple[int, str, str]]:
    file = folder / "runbook.md"
    file.write_text(text)
    return wrongs(file)


def test_no_meeting_is_due_where_the_policy_says_none(tmp_path: Path) -> None:
    rule = policy_with(tmp_path, "- Resolve: 4 hours\n", "- Resolve: 4 hours\n- Meeting: none\n").rule("SEV1")
    assert rule.meeting is None


# --- signals of recovery

RECOVERY = """\
# Confirm: Stand-down

## Recovery

- All pods are ready
  - Signal: `pods not-ready count=0` for 30 minutes
- Users are content

## List

1. **Thank people**
"""


def test_signals_of_recovery_are_read_like_symptoms(tmp_path: Path) -> None:
    (found,) = loaded(tmp_path, RECOVERY).checklists
    assert [(signal.text, signal.live, signal.hold_ms) for signal in found.recovery] == [
        ("All pods are ready", "pods not-ready count=0", 1_800_000),
        ("Users are content", "", 0),
    ]
    assert found.symptoms == ()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("for 30 minutes", "for long", "'for long' behind the probe"),
        ("`pods not-ready count=0`", "`pots`", "'pots' is no probe"),
        ("## Recovery", "## Recovry", "unknown heading 'Recovry'"),
    ],
)
def test_a_signal_of_recovery_that_cannot_be_read_is_told(tmp_path: Path, old: str, new: str, what: str) -> None:
    problems = wrongs_of(tmp_path, HEAD + RECOVERY.replace(old, new))
    assert any(problem[1].startswith(what) for problem in problems)
