"""Arming: the commander's, for a while, and gone with whatever it rested on. The same whoever reads the record."""

from __future__ import annotations

import pytest

from tests.builders import NOW, an_entry, declared, entries
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.action_events import ActionsArmed, ActionsDisarmed
from wfconsole.incident.advance import fold
from wfconsole.incident.arming import ARMED_AT_MOST_MS, may_not_arm, not_armed
from wfconsole.incident.events import ConsoleStarted, EntryWithdrawn, Event, RoleTaken, StatusChanged
from wfconsole.incident.state import IncidentState

UNTIL = NOW + 30 * MINUTE
ARMED = (declared(), ActionsArmed(UNTIL, "roll back the gateway"))


def last_line(state: IncidentState) -> str:
    return list(state.lines.values())[-1].text


def test_it_says_until_when_and_why() -> None:
    state = fold(entries(*ARMED))
    assert (state.armed_until, state.armed_by, not_armed(state, NOW + 2 * MINUTE)) == (UNTIL, "op1", "")
    assert "armed until 15:02:07Z" in last_line(state)
    assert "roll back the gateway" in last_line(state)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (RoleTaken("commander", "bea"), "commander: bea (was op1); disarmed"),
        (RoleTaken("commander", ""), "commander: nobody (was op1); disarmed"),
        (StatusChanged("resolved"), "status investigating -> resolved; disarmed"),
        (ActionsDisarmed("all is well"), "disarmed: all is well"),
    ],
    ids=["handed over", "given up", "resolved", "disarmed"],
)
def test_it_ends_with_what_it_rested_on(event: Event, says: str) -> None:
    state = fold(entries(*ARMED, event))
    assert (state.armed_until, state.armed_by, last_line(state)) == (0, "", says)
    assert not_armed(state, NOW + 3 * MINUTE)


def test_no_undo_arms_it_again() -> None:
    state = fold(entries(*ARMED, RoleTaken("commander", "bea"), EntryWithdrawn("e3")))
    assert (state.commander, state.armed_until) == ("op1", 0)


def test_to_take_the_arming_back_disarms() -> None:
    assert fold(entries(*ARMED, EntryWithdrawn("e2"))).armed_until == 0


@pytest.mark.parametrize(
    "event", [RoleTaken("scribe", "bea"), RoleTaken("commander", "op1"), StatusChanged("monitoring")]
)
def test_what_changes_nobody_s_command_leaves_it(event: Event) -> None:
    state = fold(entries(*ARMED, event))
    assert state.armed_until == UNTIL
    assert "disarmed" not in last_line(state)


def test_whoever_armed_it_starts_disarmed_and_another_console_that_joins_changes_nothing() -> None:
    started = ConsoleStarted("there", 1, "1")
    assert fold([*entries(*ARMED), an_entry(started, 3, actor="bea")]).armed_until == UNTIL
    assert fold([*entries(*ARMED), an_entry(started, 3, actor="op1")]).armed_until == 0


def test_it_is_the_commander_s_whatever_console_says_so() -> None:
    state = fold([an_entry(declared()), an_entry(ActionsArmed(UNTIL), 2, actor="bea")])
    assert state.armed_until == 0
    assert "only the commander arms" in last_line(state)


def test_it_is_never_for_longer_than_an_hour() -> None:
    state = fold(entries(declared(), ActionsArmed(NOW + 9 * HOUR)))
    assert state.armed_until == NOW + MINUTE + ARMED_AT_MOST_MS


def test_after_its_time_it_is_disarmed_and_says_that_its_time_is_over() -> None:
    state = fold(entries(*ARMED))
    assert not_armed(state, UNTIL - 1) == ""
    assert "its time is over" in not_armed(state, UNTIL)


def test_nothing_is_armed_after_the_end() -> None:
    state = fold(entries(declared(), StatusChanged("resolved"), ActionsArmed(UNTIL)))
    assert (state.armed_until, not_armed(state, NOW)) == (0, "the incident is resolved")
    assert may_not_arm(state, "op1") == "the incident is resolved"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (IncidentState(), "declare the incident first"),
        (IncidentState(id="INC-1"), "nobody commands"),
        (IncidentState(id="INC-1", commander="bea"), "only the commander arms: that is bea"),
        (IncidentState(id="INC-1", commander="op1"), ""),
    ],
    ids=["no incident", "no commander", "somebody else", "the commander"],
)
def test_who_may_arm(state: IncidentState, why: str) -> None:
    assert may_not_arm(state, "op1").startswith(why)
    assert bool(may_not_arm(state, "op1")) == bool(why)
