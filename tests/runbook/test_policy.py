from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbook.documents import HEAD, loaded, told
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
