"""The incident's state is a fold over its journal: each event does what its name says, and folding gives the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import GATEWAY, NOW, an_entry, declared, entries, noticed
from wfconsole.clock import MINUTE
from wfconsole.incident.advance import advance, fold
from wfconsole.incident.events import (
    SCRIBE,
    ConsoleEnded,
    ConsoleStarted,
    EntryAmended,
    EntryStarred,
    EntryWithdrawn,
    Event,
    MomentSet,
    NoteAdded,
    PlaybookChosen,
    RoleTaken,
    SeverityChanged,
    StatusChanged,
    StepMarked,
    StepProbed,
    UpdateSent,
)
from wfconsole.incident.state import IncidentState, Line
from wfconsole.observations.levels import Level


def lines(state: IncidentState) -> list[Line]:
    return list(state.lines.values())


SAID: list[tuple[Event, str, str]] = [
    (declared(), "DECLARE", "SEV2 gateway answers 503, commander op1"),
    (declared(commander="", reason="users call"), "DECLARE", "SEV2 gateway answers 503: users call"),
    (SeverityChanged("SEV1", "all customers"), "STATE", "severity SEV2 -> SEV1: all customers"),
    (StatusChanged("identified"), "STATE", "status investigating -> identified"),
    (RoleTaken("scribe", "op2"), "ROLE", "scribe: op2"),
    (RoleTaken("commander", "op2"), "ROLE", "commander: op2 (was op1)"),
    (RoleTaken("commander", ""), "ROLE", "commander: nobody (was op1)"),
    (PlaybookChosen("outage", "3 of 4 symptoms"), "STATE", "playbook outage: 3 of 4 symptoms"),
    (NoteAdded("it is the database"), "NOTE", "it is the database"),
    (NoteAdded("roll back", kind="decision"), "DECISION", "roll back"),
    (NoteAdded("only /v1/pay", kind="fact"), "FACT", "only /v1/pay"),
    (NoteAdded("a batch job", kind="hypothesis"), "HYPOTH", "a batch job"),
    (NoteAdded("look", about="pods production/gw-1"), "NOTE", "look [pod gw-1 in production]"),
    (MomentSet("mitigated", NOW, "errors gone"), "STATE", "mitigated at 2026-03-01 14:32:07Z: errors gone"),
    (UpdateSent("status page", "we look into it"), "COMMS", "status page: we look into it"),
    (
        StepProbed("outage/look-at-pods", ("2 of 3 pods", "more"), Level.WARNING, "live"),
        "PROBE",
        "look at pods: 2 of 3 pods",
    ),
    (StepMarked("outage/look-at-pods", "done", title="Look at the pods"), "STEP", "done: Look at the pods"),
    (StepMarked("outage/x", "waived", title="Page", reason="they are here"), "STEP", "waived: Page: they are here"),
    (StepMarked("outage/x", "done", title="Rollout?", answer="yes"), "STEP", "done: Rollout? -> yes"),
    (StepMarked("outage/look-at-pods", "open"), "STEP", "opened again: look at pods"),
    (
        ConsoleStarted("bastion", 1, "0.1", "a torn tail"),
        "STATE",
        "console opened on bastion, version 0.1: a torn tail",
    ),
    (ConsoleEnded("quit"), "STATE", "console closed: quit"),
    (noticed(), "ALERT", "gateway: crash loop"),
    (noticed(family="source", text="pods: no data"), "SOURCE", "pods: no data"),
    (noticed(family="rollout", phase="once", text="gateway revision 5"), "CHANGE", "gateway revision 5"),
]


@pytest.mark.parametrize(("event", "kind", "text"), SAID, ids=[f"{kind} {text}" for _event, kind, text in SAID])
def test_every_event_leaves_its_line(event: Event, kind: str, text: str) -> None:
    state = fold(entries(declared(), event))
    last = lines(state)[-1]
    assert (last.kind, last.text, last.actor, last.seq) == (kind, text, "op1", 2)


def test_the_declaration_sets_everything_that_it_says() -> None:
    state = fold(entries(declared(started_at=NOW - MINUTE, playbook="outage", runbook="Ours 1.0")))
    assert state.declared
    assert (state.id, state.severity, state.commander) == ("INC-20260301-1432", "SEV2", "op1")
    assert (state.playbook, state.runbook, state.declared_at) == ("outage", "Ours 1.0", NOW)
    assert state.roles == {"commander": "op1"}
    assert state.moments == {"started": NOW - MINUTE, "detected": NOW}


def test_a_beginning_that_nobody_knows_is_not_made_up() -> None:
    assert "started" not in fold(entries(declared())).moments


def test_the_first_thing_that_a_person_does_acknowledges() -> None:
    state = fold(entries(declared(), NoteAdded("hm"), RoleTaken("scribe", "op2"), StepMarked("x/y", "done")))
    assert state.moments["acknowledged"] == NOW + 2 * MINUTE
    by_itself = [an_entry(declared()), an_entry(StepMarked("x/y", "done"), 2, actor=SCRIBE)]
    assert "acknowledged" not in fold(by_itself).moments
    assert "acknowledged" not in fold(entries(declared(), StepMarked("x/y", "waived"))).moments


def test_a_moment_that_somebody_set_stands() -> None:
    state = fold(entries(declared(), MomentSet("mitigated", NOW), StatusChanged("monitoring")))
    assert state.moments["mitigated"] == NOW
    state = fold(entries(declared(), StatusChanged("monitoring")))
    assert state.moments["mitigated"] == NOW + MINUTE


def test_resolving_and_opening_again() -> None:
    state = fold(entries(declared(), StatusChanged("resolved")))
    assert state.resolved
    assert state.moments["resolved"] == NOW + MINUTE
    state = advance(state, an_entry(StatusChanged("investigating"), 3, NOW + 5 * MINUTE))
    assert not state.resolved
    assert "resolved" not in state.moments


def test_evidence_and_mark_of_a_step_stand_side_by_side() -> None:
    probed = StepProbed("outage/look", ("2 of 3 pods",), Level.WARNING, "live", 12)
    state = fold(entries(declared(), probed, StepMarked("outage/look", "done", reason="seen")))
    step = state.steps["outage/look"]
    assert (step.mark, step.by, step.at, step.reason) == ("done", "op1", NOW + 2 * MINUTE, "seen")
    assert (step.probe, step.probed_at, step.probe_entry) == (probed, NOW + MINUTE, "e2")


def test_a_note_may_speak_of_another_time() -> None:
    state = fold(entries(declared(), NoteAdded("errors began", at_time=NOW - 10 * MINUTE)))
    assert lines(state)[-1].at == NOW - 10 * MINUTE


# --- one condition is one line --------------------------------------------------------------------------------------


def flapping() -> IncidentState:
    return fold(
        entries(
            noticed(since=NOW - 5000),
            noticed(phase="ended", text="gateway: crash loop over", level=Level.OK),
            noticed(phase="again", count=2),
            noticed(phase="again", count=5, text="gateway: 3 of 3 pods in a crash loop"),
            noticed(phase="ended", count=5, text="over", level=Level.OK),
            actor=SCRIBE,
        )
    )


def test_a_flapping_condition_is_one_line_with_its_count_and_end() -> None:
    (line,) = lines(flapping())
    assert (line.text, line.count, line.level) == ("gateway: 3 of 3 pods in a crash loop", 5, Level.CRITICAL)
    assert (line.at, line.last_at, line.until) == (NOW, NOW + 4 * MINUTE, NOW + 4 * MINUTE)
    assert line.entries == ("e1", "e2", "e3", "e4", "e5")


def test_a_condition_that_comes_back_has_no_end() -> None:
    state = advance(flapping(), an_entry(noticed(phase="again", count=10), 6, NOW + 6 * MINUTE))
    (line,) = lines(state)
    assert (line.until, line.count) == (0, 10)
    assert state.conditions["crash-loop " + GATEWAY].phase == "again"


def test_a_condition_that_begins_anew_is_a_new_line() -> None:
    state = advance(flapping(), an_entry(noticed(text="once more"), 6, NOW + 60 * MINUTE))
    assert [(line.text, line.until) for line in lines(state)][1] == ("once more", 0)
    assert state.line_of_key["crash-loop " + GATEWAY] == "e6"


def test_what_happened_once_stands_at_its_own_time() -> None:
    state = fold(entries(noticed("rollout x 5", family="rollout", phase="once", since=NOW - MINUTE)))
    assert lines(state)[0].at == NOW - MINUTE


def test_an_end_without_a_beginning_is_a_line_of_its_own() -> None:
    (line,) = lines(fold(entries(noticed(phase="ended", text="gateway: over"))))
    assert (line.text, line.until) == ("gateway: over", NOW)


# --- corrections ----------------------------------------------------------------------------------------------------


def test_a_correction_stands_beside_what_it_corrects() -> None:
    state = fold(entries(declared(), RoleTaken("scribe", "Bea"), EntryAmended("e2", "scribe is op2")))
    line = state.lines["e2"]
    assert (line.text, line.amended) == ("scribe: Bea", "scribe is op2")
    assert (lines(state)[-1].kind, lines(state)[-1].text) == ("AMEND", "of 14:33:07Z: scribe is op2")


def test_a_star_can_be_taken_away_again() -> None:
    state = fold(entries(declared(), NoteAdded("x"), EntryStarred("e2", starred=True)))
    assert state.lines["e2"].starred
    assert len(state.lines) == 2
    assert not advance(state, an_entry(EntryStarred("e2", starred=False), 4)).lines["e2"].starred


def test_an_entry_that_was_folded_into_a_line_stars_the_line() -> None:
    state = advance(flapping(), an_entry(EntryStarred("e3", starred=True), 6))
    assert lines(state)[0].starred


@pytest.mark.parametrize("event", [EntryStarred("nowhere", True), EntryWithdrawn("nowhere")])
def test_what_speaks_of_an_entry_that_is_not_here_changes_nothing(event: Event) -> None:
    before = fold(entries(declared()))
    after = advance(before, an_entry(event, 2))
    assert msgspec.structs.replace(after, head_seq=1) == before


def test_a_correction_of_an_entry_that_is_not_here_is_kept() -> None:
    state = fold(entries(declared(), EntryAmended("nowhere", "it was op2")))
    assert lines(state)[-1].text == "of an entry that is not here: it was op2"


UNDONE: list[Event] = [
    SeverityChanged("SEV1", ""),
    StatusChanged("resolved"),
    RoleTaken("scribe", "op2"),
    RoleTaken("commander", "op2"),
    PlaybookChosen("outage"),
    MomentSet("mitigated", NOW),
    UpdateSent("status page", "x"),
    StepMarked("outage/look", "done"),
    NoteAdded("never mind"),
]


@pytest.mark.parametrize("event", UNDONE, ids=[type(event).__name__ for event in UNDONE])
def test_what_is_withdrawn_counts_no_more_and_stays_visible(event: Event) -> None:
    before = fold(entries(declared(), MomentSet("acknowledged", NOW)))
    after = fold([an_entry(event, 3), an_entry(EntryWithdrawn("e3"), 4)], before)
    assert after.lines["e3"].withdrawn
    same: dict[str, Any] = {"lines": {}, "undo": {}, "head_seq": 0}
    assert msgspec.structs.replace(after, **same) == msgspec.structs.replace(before, **same)


def test_withdrawing_does_not_take_back_what_is_newer() -> None:
    events = (declared(), SeverityChanged("SEV1", ""), SeverityChanged("SEV3", ""), EntryWithdrawn("e2"))
    assert fold(entries(*events)).severity == "SEV3"


# --- folding --------------------------------------------------------------------------------------------------------

EVENTS: list[Event] = [
    *(event for event, _kind, _text in SAID),
    noticed(phase="ended"),
    noticed(phase="again", count=3),
    noticed("oom x", family="oom"),
    *(EntryWithdrawn(f"e{seq}") for seq in range(1, 12)),
    *(EntryStarred(f"e{seq}", starred=True) for seq in range(1, 6)),
    EntryAmended("e3", "no"),
    StatusChanged("resolved"),
]


@given(st.lists(st.sampled_from(EVENTS), max_size=30), st.integers(0, 30))
@settings(max_examples=200, deadline=None)
def test_folding_is_advancing_step_by_step_from_wherever_one_starts(events: list[Event], cut: int) -> None:
    every = entries(*events)
    state = IncidentState()
    for entry in every:
        state = advance(state, entry)
    assert fold(every) == state
    assert fold(every[cut:], fold(every[:cut])) == state


def test_advancing_leaves_the_state_before_as_it_was() -> None:
    before = fold(entries(declared(), StepMarked("x/y", "done"), noticed()))
    kept = msgspec.json.encode(before)
    fold(entries(*EVENTS), before)
    assert msgspec.json.encode(before) == kept


class Counted(Mapping[str, Line]):
    """A mapping that counts how often it is walked through."""

    def __init__(self, of: Mapping[str, Line]) -> None:
        self._of = of
        self.walked = 0

    def __getitem__(self, key: str) -> Line:
        return self._of[key]

    def __len__(self) -> int:
        return len(self._of)

    def __iter__(self) -> Iterator[str]:
        self.walked += 1
        return iter(self._of)


def test_folding_many_entries_copies_the_timeline_once() -> None:
    before = fold(entries(declared()))
    counted = Counted(before.lines)
    fold(entries(*EVENTS), msgspec.structs.replace(before, lines=counted))
    assert counted.walked == 1
