"""The bundled runbook: the team's facts, the corrections, and the style of a checklist that is used at night."""

from __future__ import annotations

import datetime
import re

import pytest

from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.checklist import active_checklist
from wfconsole.incident.playbook import Checklist, Step
from wfconsole.incident.policy import BusinessCalendar, Span
from wfconsole.incident.probe_words import FIELDS, FLAGS
from wfconsole.incident.probes import parse_probe
from wfconsole.incident.state import IncidentState, StepState
from wfconsole.observations.series import SIGNALS
from wfconsole.runbook import BUNDLED, load_runbook

RUNBOOK = load_runbook(None)
STEPS = [step for checklist in RUNBOOK.checklists for step in checklist.steps]
VERBS = re.compile(
    "Acknowledge|Add|Allow|Announce|Ask|Assign|Block|Cancel|Change|Check|Choose|Close|Compare|Confirm|Count|Decide|Declare"
    "|End|Escalate|Find|Hear|Isolate|Judge|Keep|List|Look|Name|Open|Page|Post|Raise|Read|Release|Replace|Restart|Restrict"
    "|Review|Roll|Rotate|Say|Send|Set|Stop|Tell|Verify|Watch"
)


def named(step: Step) -> str:
    return step.id


def list_of(list_id: str) -> Checklist:
    found = RUNBOOK.checklist(list_id)
    assert found is not None
    return found


# --- facts ----------------------------------------------------------------------------------------------------------


def test_the_clocks_of_the_severities_are_those_of_the_team() -> None:
    rules = RUNBOOK.policy.rules
    assert [rule.respond.duration_ms for rule in rules[:3]] == [15 * MINUTE, 30 * MINUTE, 2 * HOUR]
    assert [rule.resolve.duration_ms for rule in rules[:3]] == [4 * HOUR, 8 * HOUR, 24 * HOUR]
    assert (rules[3].respond, rules[3].resolve) == (
        Span(business_days=1, text="1 business day"),
        Span(business_days=5, text="5 business days"),
    )


def test_the_cadence_of_updates_is_marked_as_ours() -> None:
    assert all(rule.update_is_default for rule in RUNBOOK.policy.rules)
    assert [rule.update and rule.update.duration_ms for rule in RUNBOOK.policy.rules] == [
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        None,
    ]


def test_every_severity_has_criteria_somebody_to_call_and_a_commander() -> None:
    for rule in RUNBOOK.policy.rules:
        assert rule.criteria
        assert rule.calls
        assert rule.roles[0] == "commander"


def test_who_is_called_at_which_severity_and_by_when() -> None:
    """The team's runbook: management at once and then the CTO at SEV1, a senior engineer within an hour at SEV2."""
    called = {
        rule.name: [(call.kind, call.who, call.within and call.within.duration_ms // MINUTE) for call in rule.calls]
        for rule in RUNBOOK.policy.rules
    }
    assert called["SEV1"] == [
        ("page", "Primary on call", None),
        ("escalate", "senior engineers and the Engineering Manager", None),
        ("escalate", "VP Engineering", 60),
        ("escalate", "CTO", 120),
    ]
    assert ("escalate", "a senior engineer", 60) in called["SEV2"]
    assert called["SEV3"] == [("tell", "the team lead", None)]
    assert not any("CTO" in who for name in ("SEV2", "SEV3", "SEV4") for _, who, _ in called[name])
    assert {rule.meeting and rule.meeting.duration_ms for rule in RUNBOOK.policy.rules} == {48 * HOUR}


def test_business_days_are_counted_on_a_calendar() -> None:
    assert RUNBOOK.policy.calendar == BusinessCalendar("UTC", (0, 1, 2, 3, 4), 540, 1020)


def test_the_review_is_the_one_the_team_made() -> None:
    assert (RUNBOOK.version, RUNBOOK.reviewed) == ("1.2.0", "2025-01-07")
    assert datetime.date.fromisoformat(RUNBOOK.reviewed)


def test_the_last_to_be_called_is_called_at_sev1_alone() -> None:
    at_sev2 = [contact.name for contact in RUNBOOK.contacts if "SEV2" in contact.severities]
    assert not any("CTO" in contact.how for contact in RUNBOOK.contacts if contact.name in at_sev2)
    assert "CTO" not in at_sev2


def test_the_lists_come_in_the_order_in_which_they_are_needed() -> None:
    assert [(each.id, each.kind) for each in RUNBOOK.checklists] == [
        ("first-five-minutes", "process"),
        ("assessment", "process"),
        ("service-outage", "playbook"),
        ("database-connectivity", "playbook"),
        ("high-memory", "playbook"),
        ("ai-performance", "playbook"),
        ("security-incident", "playbook"),
        ("handover", "confirm"),
        ("stand-down", "confirm"),
    ]


def test_there_is_a_template_for_every_message() -> None:
    assert [(each.id, each.target) for each in RUNBOOK.templates] == [
        ("declaration", "slack"),
        ("status-update", "slack"),
        ("status-page-investigating", "status page"),
        ("status-page-identified", "status page"),
        ("status-page-monitoring", "status page"),
        ("status-page-resolved", "status page"),
        ("resolution", "slack"),
        ("management-report", "slack"),
        ("restricted-declaration", "slack"),
        ("restricted-update", "slack"),
        ("restricted-resolution", "slack"),
        ("post-mortem", "post-mortem"),
    ]
    assert [each.id for each in RUNBOOK.templates if each.only_for] == [
        *("restricted-declaration", "restricted-update", "restricted-resolution")
    ]


def test_every_word_in_braces_is_one_that_the_format_names() -> None:
    known = set(re.findall(r"`\{(\w+)\}`", (BUNDLED.parent / "FORMAT.md").read_text()))
    used = {word for each in RUNBOOK.templates for word in re.findall(r"\{(\w*)\}", each.text)}
    assert used == known


def in_format(first: str) -> dict[str, list[list[str]]]:
    """The table of FORMAT.md whose head begins so: by the word of the first cell the words of the others."""
    text = (BUNDLED.parent / "FORMAT.md").read_text()
    lines = text[text.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [[re.findall(r"`([^`]+)`", cell) or [cell.strip()] for cell in line.split("|")[1:-1]] for line in lines]
    return {row[0][0]: row[1:] for row in cells}


def test_the_format_names_every_table_of_probes_with_its_fields_and_flags() -> None:
    told = {
        table: (fields, [flag for flag in flags if flag]) for table, (_, fields, flags) in in_format("table").items()
    }
    assert told == {table: (list(fields), list(FLAGS[table])) for table, fields in FIELDS.items()}


def test_the_format_names_every_signal_with_its_unit() -> None:
    told = {name: unit[0] for name, (unit, _) in in_format("signal").items()}
    assert told == {name: each.unit for name, each in SIGNALS.items()}


def test_the_format_says_which_fields_are_durations() -> None:
    text = (BUNDLED.parent / "FORMAT.md").read_text()
    said = re.search(r"\n(`restarted`(?:.|\n)*?) are durations", text)
    assert said is not None
    durations = {name for fields in FIELDS.values() for name, kind in fields.items() if kind == "duration"}
    assert set(re.findall(r"`([^`]+)`", said[1])) == durations


def test_messages_carry_no_markup_and_no_symbols_that_some_terminal_lacks() -> None:
    for each in RUNBOOK.templates:
        assert each.text.isascii()
        assert each.target == "post-mortem" or "**" not in each.text


def test_the_post_mortem_has_every_part_that_the_team_asks_for() -> None:
    text = next(each.text for each in RUNBOOK.templates if each.id == "post-mortem")
    for part in ("Date", "Duration", "Impact", "Root cause", "Timeline", "Root cause analysis", "What went well"):
        assert part in text
    for part in ("What did not go well", "Action items", "Lessons learned"):
        assert f"## {part}" in text


def test_what_a_commander_does_before_reading_fits_in_one_line() -> None:
    """The memory items; the label and the count of the checklist screen take 26 of its 80 cells."""
    at = {
        severity: [item.step.memory for item in active_checklist(RUNBOOK, declared).memory_items]
        for severity in ("SEV1", "SEV4")
        for declared in (IncidentState(id="INC-1", severity=severity, declared_at=1),)
    }
    assert at["SEV1"] == ["alert acknowledged", "commander named", "changes stopped"]
    assert at["SEV4"] == ["alert acknowledged", "commander named"]
    assert len(", ".join(at["SEV1"])) <= 54


# --- style ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checklist", RUNBOOK.checklists, ids=lambda each: each.id)
def test_a_list_is_short_and_says_what_it_is_for(checklist: Checklist) -> None:
    assert 1 <= len(checklist.steps) <= 12
    assert checklist.summary


@pytest.mark.parametrize("step", STEPS, ids=named)
def test_a_step_is_short_begins_with_a_verb_and_says_what_one_should_see(step: Step) -> None:
    assert len(step.title) <= 60
    assert VERBS.fullmatch(step.title.split()[0])
    assert step.expect or step.sensed or step.warning


@pytest.mark.parametrize("step", [step for step in STEPS if step.kind == "action"], ids=named)
def test_an_action_says_when_what_then_and_what_it_must_not_walk_into(step: Step) -> None:
    assert step.danger in ("R1", "R2", "R3")
    assert step.look.startswith("When: ")
    assert "Undo: " in step.do
    assert step.warning
    assert step.commands
    assert [branch.answer for branch in step.branches] == ["done"]


def test_ids_are_unique() -> None:
    assert len({step.id for step in STEPS}) == len(STEPS)


def test_ids_of_the_service_outage_stay_as_journals_know_them() -> None:
    assert [step.id.removeprefix("service-outage/") for step in list_of("service-outage").steps] == [
        "find-which-workloads-are-not-ready",
        "find-what-was-rolled-out-before-the-first-bad-sign",
        "read-the-logs-of-a-failing-container",
        "check-that-each-service-has-ready-endpoints",
        "check-what-the-autoscalers-see-and-want",
        "check-whether-there-is-room-to-grow",
        "decide-what-the-evidence-speaks-for",
        "roll-back-to-the-last-good-revision",
        "replace-the-pods-that-hang-one-at-a-time",
        "restart-the-deployment",
        "raise-the-bounds-of-the-autoscaler",
        "verify-that-everything-stays-ready",
    ]


def test_the_outage_is_looked_at_before_anything_is_done_and_rolled_back_before_restarted_before_scaled() -> None:
    steps = list_of("service-outage").steps
    kinds = [step.kind for step in steps]
    assert kinds == ["check"] * 6 + ["decide"] + ["action"] * 4 + ["check"]
    (roll_back, restart, scale) = (kinds.index("action") + place for place in (0, 2, 3))
    assert [
        "Roll back" in steps[roll_back].title,
        "Restart" in steps[restart].title,
        "Raise" in steps[scale].title,
    ] == [True] * 3


def test_the_outage_ends_with_a_check_that_can_tick_itself_but_not_at_once() -> None:
    sensed = parse_probe(list_of("service-outage").steps[-1].sensed)
    assert set(sensed.sources) == {"pods", "workloads"}
    assert any(each.field == "ready-for" for clause in sensed.clauses for each in clause.filters)


def test_no_text_lies_in_a_line_too_long_to_read() -> None:
    for file in BUNDLED.glob("*.md"):
        for line in file.read_text().splitlines():
            told_whole = any(word in line for word in ("kubectl", "aws ", "Sensed", "PromQL"))
            assert len(line) <= 120 or told_whole, f"{file.name}: {line}"


# --- the way through the outage -------------------------------------------------------------------------------------


def after(*answers: tuple[int, str]) -> tuple[list[str], str]:
    """The marks of the outage's steps, and the title of the next one, when steps were done with these answers."""
    given = dict(answers)
    playbook = list_of("service-outage")
    done = {
        step.id: StepState(mark="done", answer=given.get(number, ""))
        for number, step in enumerate(playbook.steps, 1)
        if number <= 6 or number in given
    }
    for checklist in RUNBOOK.checklists[:2]:
        done |= {step.id: StepState(mark="done") for step in checklist.steps}
    state = IncidentState(id="INC-20250107-0312", severity="SEV1", playbook=playbook.id, steps=done)
    active = active_checklist(RUNBOOK, state)
    marks = [str(item.mark) for section in active.sections if section.id == playbook.id for item in section.items]
    return marks, active.current.step.title if active.current else ""


def test_a_rollout_leads_to_the_rollback_and_from_there_past_its_alternatives() -> None:
    assert after((7, "a rollout came first"))[1] == "Roll back to the last good revision"
    marks, following = after((7, "a rollout came first"), (8, "done"))
    assert marks[8:11] == ["not-taken"] * 3
    assert following == "Verify that everything stays ready"


def test_a_lack_of_resources_leads_past_rollback_and_restart() -> None:
    marks, following = after((7, "resources are what is missing"))
    assert marks[7:10] == ["not-taken"] * 3
    assert following == "Raise the bounds of the autoscaler"


def test_who_cannot_tell_is_led_past_every_action() -> None:
    marks, following = after((7, "cannot tell"))
    assert marks[7:11] == ["not-taken"] * 4
    assert following == "Verify that everything stays ready"
