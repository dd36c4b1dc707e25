"""Drafts from every template of the bundled runbook: what is known is in them, what nobody knows is a marked gap."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.builders import NOW
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.comms.checks import Check, checks
from wfconsole.comms.drafts import draft, fitting, gaps, public_state, templates_of
from wfconsole.comms.facts import Facts
from wfconsole.incident.advance import fold
from wfconsole.incident.events import (
    CommandEnded,
    CommandStarted,
    DecisionMade,
    Declared,
    Entry,
    Event,
    MessageQueued,
    MessageSent,
    MomentSet,
    NoteAdded,
    Restricted,
    SeverityChanged,
    StatusChanged,
    StepMarked,
    TaskClosed,
    TaskGiven,
)
from wfconsole.observations.levels import Level
from wfconsole.observations.snapshot import Failure, Snapshot
from wfconsole.observations.world import World
from wfconsole.runbook import load_runbook
from wfconsole.text import is_safe

RUNBOOK = load_runbook(None)
BEGAN = NOW - 20 * MINUTE
OPENED = NOW - 15 * MINUTE
HOSTILE = "x <!channel> *b* `c` \x1b]52;c;aGk=\x07 \u202e {title} [link](https://evil.example) [GAP"


def facts(*events: Event, world: World | None = None, now: Millis = NOW, **more: Any) -> Facts:
    declared = Declared("INC-20260301-1417", "checkout errors", "SEV2", "anna", started_at=BEGAN)
    said = (declared, *events)
    entries = [
        Entry(f"e{number}", number, OPENED + number * SECOND, "anna", event) for number, event in enumerate(said, 1)
    ]
    return Facts(fold(entries), RUNBOOK, world or World(), now, "#inc-20260301-1417", **more)


def drafted(name: str, known: Facts) -> str:
    return draft(next(each for each in RUNBOOK.templates if each.id == name), known).text


def a_world(*, pods_at: Millis = NOW, failed: bool = False, errors: float | None = 0.078) -> World:
    pods = {f"production/p{number}": builders.a_pod(f"p{number}") for number in range(9)}
    pods |= {f"production/b{number}": builders.a_bad_pod(f"b{number}") for number in range(3)}
    failure = Failure("timeout", "no answer", NOW) if failed else None
    row = builders.a_signal("errors", errors)
    return World(
        snapshots={
            "pods": Snapshot("pods", pods_at, pods, good_at=pods_at, failure=failure, interval_ms=5_000),
            "signals": Snapshot("signals", NOW, {builders.row_key(row): row}, good_at=NOW, interval_ms=10_000),
        }
    )


def test_a_declaration_says_what_is_known_and_marks_what_is_not() -> None:
    text = drafted("declaration", facts())
    assert text.split("\n") == [
        "INCIDENT DECLARED INC-20260301-1417 SEV2",
        "",
        "Summary: checkout errors",
        "Impact: [GAP impact: who notices what]",
        "Started: 14:12 UTC",
        "Commander: anna",
        "Channel: #inc-20260301-1417",
        "",
        "Status: investigating",
        "Next update: 15:02 UTC",
    ]
    assert gaps(text) == ("impact: who notices what",)


def test_a_note_fills_the_impact_and_the_newest_one_holds() -> None:
    text = drafted("declaration", facts(NoteAdded("impact: some"), NoteAdded("Impact: nobody can pay")))
    assert "Impact: nobody can pay" in text
    assert not gaps(text)


def test_numbers_have_an_age_and_unknown_is_said() -> None:
    text = drafted("status-update", facts(world=a_world(pods_at=NOW - 4 * SECOND)))
    assert "- pods ready: 9 of 12 (4s old)" in text
    assert "- requests that fail: 7.8% (0s old)" in text
    assert "- slowest 1% of requests: not known" in text
    stale = drafted("status-update", facts(world=a_world(pods_at=NOW - HOUR)))
    assert "- pods ready: not known (pods stale)" in stale
    assert "9 of 12" not in stale
    failed = drafted("status-update", facts(world=a_world(failed=True)))
    assert "9 of 12" not in failed
    assert "- not known: nothing is measured" in drafted("status-update", facts())


def test_what_was_done_since_people_were_told_and_what_comes_next() -> None:
    step = RUNBOOK.checklists[0].steps[0]
    before = (
        StepMarked(step.id, "done", title=step.title),
        MessageQueued("m1", "declaration", "slack", "x"),
        MessageSent("m1", "1.2"),
    )
    after = (
        CommandStarted("c1", "kubectl rollout undo deploy/gateway", title="Roll back"),
        CommandEnded("c1", "exit", 1),
        DecisionMade("fail over", "anna"),
        TaskGiven("t1", "check the database", "bea", NOW + 5 * MINUTE),
        TaskGiven("t2", "read the logs", "caz", NOW),
        TaskClosed("t2", "done", "out of memory"),
    )
    text = drafted("status-update", facts(*before, *after))
    assert step.title not in text.split("Done since")[1].split("Next:")[0]
    assert "ran Roll back, which failed with 1" in text
    assert "decided: fail over (agreed, decided by anna)" in text
    assert "read the logs: out of memory (caz)" in text
    assert "- check the database (bea), back by 14:37 UTC" in text
    assert "read the logs" not in text.split("Next:")[1]
    assert "Expected resolution: not known yet" in text


def test_the_next_update_follows_the_severity_and_other_days_have_their_date() -> None:
    text = drafted("declaration", facts(SeverityChanged("SEV1", "worse"), now=NOW + DAY))
    assert "Started: 2026-03-01 14:12 UTC" in text
    assert "Next update: 14:47 UTC" in text
    assert "as soon as there is something new" in drafted("declaration", facts(SeverityChanged("SEV4", "small")))


def test_the_resolution_says_how_long_and_what_is_missing() -> None:
    resolved = (StatusChanged("resolved", "over"), MomentSet("resolved", NOW))
    text = drafted("resolution", facts(*resolved, NoteAdded("cause: revision 7"), NoteAdded("impact: some")))
    assert "Lasted: 20 min, from 14:12 UTC to 14:32 UTC" in text
    assert "What happened and what was done: revision 7" in text
    assert gaps(text) == ("what stays in place for now", "when and where the post-mortem is")


@pytest.mark.parametrize("template", [each for each in RUNBOOK.templates if each.target != "post-mortem"])
def test_hostile_text_in_every_template_is_inert_and_fills_nothing(template: Any) -> None:
    declared = Declared("INC-1", HOSTILE, "SEV1", HOSTILE)
    said: list[Event] = [
        declared,
        NoteAdded(f"impact: {HOSTILE}"),
        NoteAdded(f"cause: {HOSTILE}"),
        DecisionMade(HOSTILE, HOSTILE),
    ]
    said += [TaskGiven("t1", HOSTILE, HOSTILE, NOW), Restricted(on=True, code_name=HOSTILE)]
    entries = [Entry(f"e{number}", number, OPENED, HOSTILE, event) for number, event in enumerate(said, 1)]
    known = Facts(fold(entries), RUNBOOK, World(), NOW)
    text = draft(template, known).text
    for line in text.split("\n"):
        assert is_safe(line), line
    assert "\x1b" not in text
    assert text.count("{title}") == text.count("x <!channel>"), "a placeholder in outside text is text"
    checks(draft(template, known), text, known)


# --- which templates


def test_the_one_that_fits_is_offered() -> None:
    told = (MessageQueued("m1", "declaration", "slack", "x"), MessageSent("m1"))
    resolved = (*told, StatusChanged("resolved", "over"))
    for events, wanted in (((), "declaration"), (told, "status-update"), (resolved, "resolution")):
        state = facts(*events).state
        templates = templates_of(RUNBOOK, state)
        assert templates[fitting(templates, state)].id == wanted


def test_a_restricted_incident_has_its_own_templates_and_says_its_code_name_alone() -> None:
    known = facts(Restricted(on=True, code_name="HERON", reason="a leak"))
    templates = templates_of(RUNBOOK, known.state)
    assert [each.id for each in templates] == ["restricted-declaration", "restricted-update", "restricted-resolution"]
    for each in RUNBOOK.templates:
        assert "checkout errors" not in draft(each, known).text
    assert "RESTRICTED HERON SEV2" in draft(templates[0], known).text
    assert not [each for each in templates_of(RUNBOOK, facts().state) if each.only_for]


def test_what_the_public_reads_is_in_the_id() -> None:
    states = {each.id: public_state(each) for each in RUNBOOK.templates if each.target == "status page"}
    assert list(states.values()) == ["investigating", "identified", "monitoring", "resolved"]


# --- checks


def found(text: str, name: str = "status-page-identified", known: Facts | None = None) -> dict[str, Level]:
    known = known or facts(world=a_world())
    made = draft(next(each for each in RUNBOOK.templates if each.id == name), known)
    said: tuple[Check, ...] = checks(made, text, known)
    return {check.text: check.level for check in said}


def words(said: dict[str, Level], level: Level = Level.WARNING) -> str:
    return "; ".join(text for text, at in said.items() if at >= level)


GOOD = "IDENTIFIED\nSince 14:12 UTC some customers cannot pay.\n\nNext update by 15:02 UTC."


def test_a_good_text_has_no_remark() -> None:
    assert words(found(GOOD), Level.WATCH) == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (GOOD.replace("some customers", "[GAP impact: who]"), "the impact is not stated"),
        (GOOD.replace("Next update by 15:02 UTC.", ""), "when the next update comes"),
        (GOOD + " Host b1 of 10.2.3.4 is bad", "10.2.3.4"),
        (GOOD + " See orders-db.svc", "orders-db.svc"),
        (GOOD + " See OPS-1234", "OPS-1234"),
        (GOOD + " Pod gateway-7d9f6c5b4-2xk0a died", "gateway-7d9f6c5b4-2xk0a"),
        (GOOD + " Node b1 died", "b1"),
        (GOOD + " Anna is on it", "anna"),
        (GOOD + " It was human error", "'human error' blames somebody"),
        (GOOD + " password=hunter22", "looks like a secret"),
        (GOOD + " <b>x</b>", "may read as HTML"),
    ],
)
def test_what_the_public_should_not_read_is_said(text: str, wanted: str) -> None:
    assert wanted in words(found(text))


def test_a_claim_needs_a_fact() -> None:
    text = GOOD + " No payments were lost."
    assert "'No payments were lost.'" in words(found(text), Level.WATCH)
    known = facts(NoteAdded("payments: none lost, the queue has them", "fact"), world=a_world())
    assert "FACT" not in words(found(text, known=known), Level.WATCH)


@pytest.mark.parametrize("name", [each.id for each in RUNBOOK.templates if each.target != "post-mortem"])
def test_a_draft_makes_no_claims_but_those_of_its_template(name: str) -> None:
    """Of the bundled ones, one says that all is well again: that needs a fact."""
    known = facts(NoteAdded("impact: nobody can pay"), NoteAdded("cause: all of revision 7 was lost"), world=a_world())
    said = words(found(drafted(name, known), name, known), Level.WATCH)
    assert ("FACT" in said) == (name == "status-page-resolved"), said


def test_the_same_again_is_said_and_times_alone_make_no_news() -> None:
    before = MessageQueued("m1", "status-page-identified", "status page", GOOD, audience="public", state="identified")
    known = facts(before, MessageSent("m1"), world=a_world())
    assert "it says what the one sent" in words(found(GOOD.replace("15:02", "15:32"), known=known))
    assert "differs from the one sent" in "; ".join(found(GOOD + " We restart it.", known=known))


def test_an_at_that_calls_nobody_is_said() -> None:
    known = facts(world=a_world(), mentions=("anna",))
    assert "nobody is called by @bob, @here" in words(found("ask @anna, @bob and @here", known=known), Level.WATCH)
    assert drafted("declaration", known).count("Commander: @anna") == 1
