"""The clocks of a severity: when each is due, what meets it, and what a business day is."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from tests.builders import NOW, a_policy, declared, entries
from wfconsole.clock import HOUR, MINUTE, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.clocks import CalendarError, Clock, clocks, due_at, next_due, spans
from wfconsole.incident.events import Event, MomentSet, SeverityChanged, StatusChanged, UpdateSent
from wfconsole.incident.policy import BusinessCalendar, SeverityName, Span
from wfconsole.incident.state import IncidentState

POLICY = a_policy()


def shown(now: Millis, *events: Event, severity: SeverityName = "SEV2") -> dict[str, Clock]:
    """The clocks of an incident declared at NOW; the events follow, one a minute."""
    state = fold(entries(declared(severity=severity), *events))
    return {clock.name: clock for clock in clocks(state, POLICY, now)}


def test_nothing_runs_before_the_declaration() -> None:
    assert clocks(IncidentState(), POLICY, NOW) == ()


DUE: list[tuple[SeverityName, Millis, Millis, Millis]] = [
    ("SEV1", 15 * MINUTE, 15 * MINUTE, 4 * HOUR),
    ("SEV2", 30 * MINUTE, 30 * MINUTE, 8 * HOUR),
    ("SEV3", 2 * HOUR, HOUR, 24 * HOUR),
]


@pytest.mark.parametrize(("severity", "respond", "update", "resolve"), DUE, ids=[case[0] for case in DUE])
def test_each_severity_has_its_own_times(
    severity: SeverityName, respond: Millis, update: Millis, resolve: Millis
) -> None:
    clock = shown(NOW, severity=severity)
    assert {name: found.due_at - NOW for name, found in clock.items()} == {
        "respond": respond,
        "update": update,
        "resolve": resolve,
    }


STATES = [
    (0, "ok", 0.0),
    (22 * MINUTE, "ok", 22 / 30),
    (23 * MINUTE, "due-soon", 23 / 30),
    (30 * MINUTE, "due-soon", 1.0),
    (30 * MINUTE + 1, "overdue", 1.0),
    (45 * MINUTE, "overdue", 1.0),
]


@pytest.mark.parametrize(("passed", "state", "fraction"), STATES)
def test_a_clock_is_due_soon_in_its_last_quarter_and_overdue_after_its_end(
    passed: Millis, state: str, fraction: float
) -> None:
    clock = shown(NOW + passed)["respond"]
    assert (clock.state, clock.left_ms) == (state, 30 * MINUTE - passed)
    assert clock.fraction == pytest.approx(fraction)


def test_acknowledging_meets_the_response_and_keeps_its_time() -> None:
    clock = shown(NOW + HOUR, MomentSet("acknowledged", NOW + 10 * MINUTE))["respond"]
    assert (clock.state, clock.met_at, clock.left_ms) == ("met", NOW + 10 * MINUTE, 20 * MINUTE)
    assert clock.fraction == pytest.approx(1 / 3)


def test_a_late_response_is_met_and_says_how_late() -> None:
    clock = shown(NOW + HOUR, MomentSet("acknowledged", NOW + 40 * MINUTE))["respond"]
    assert (clock.state, clock.left_ms) == ("met", -10 * MINUTE)


def test_an_update_starts_its_clock_again() -> None:
    clock = shown(NOW + 5 * MINUTE, UpdateSent("status page", "we look into it"))["update"]
    assert (clock.started_at, clock.due_at) == (NOW + MINUTE, NOW + 31 * MINUTE)


def test_a_higher_severity_shortens_what_runs() -> None:
    clock = shown(NOW + 5 * MINUTE, SeverityChanged("SEV1", "all customers"))
    assert clock["respond"].due_at == NOW + 15 * MINUTE
    assert clock["update"].due_at == NOW + 15 * MINUTE
    assert clock["resolve"].due_at == NOW + 4 * HOUR


def test_the_lowest_severity_owes_no_update() -> None:
    assert set(shown(NOW, severity="SEV4")) == {"respond", "resolve"}


def test_resolving_meets_the_resolution_and_ends_the_updates() -> None:
    clock = shown(NOW + HOUR, StatusChanged("resolved"))
    assert (clock["resolve"].state, clock["resolve"].met_at) == ("met", NOW + MINUTE)
    assert "update" not in clock


def test_what_is_resolved_was_responded_to() -> None:
    clock = shown(NOW + 9 * HOUR, StatusChanged("resolved"))
    assert {found.state for found in clock.values()} == {"met"}


def test_opening_it_again_lets_the_clocks_run_on() -> None:
    clock = shown(NOW + HOUR, StatusChanged("resolved"), StatusChanged("investigating"))
    assert clock["resolve"].state == "ok"
    assert clock["update"].state == "overdue"


def test_the_next_clock_is_the_first_that_still_runs() -> None:
    state = fold(entries(declared(severity="SEV3"), MomentSet("acknowledged", NOW)))
    found = next_due(clocks(state, POLICY, NOW))
    assert found is not None
    assert found.name == "update"
    assert next_due(()) is None


def test_the_declaration_shows_the_spans_as_the_policy_writes_them() -> None:
    assert spans(POLICY.rule("SEV2")) == (
        ("respond", "30 minutes"),
        ("update", "30 minutes (our default)"),
        ("resolve", "8 hours"),
    )
    assert spans(POLICY.rule("SEV4"))[1] == ("update", "none")


# --- business days --------------------------------------------------------------------------------------------------

BERLIN = BusinessCalendar(timezone="Europe/Berlin", holidays=("2026-04-03", "2026-04-06"))
ZONE = ZoneInfo("Europe/Berlin")


def local(text: str) -> Millis:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


DAYS = [
    ("from Tuesday's afternoon to Wednesday's", "2026-03-03T15:00", 1, "2026-03-04T15:00"),
    ("over a weekend", "2026-03-06T15:00", 1, "2026-03-09T15:00"),
    ("five days are a week", "2026-03-03T15:00", 5, "2026-03-10T15:00"),
    ("from a Saturday it is Monday's end of work", "2026-03-07T11:00", 1, "2026-03-09T17:00"),
    ("from the night it is the same day's end", "2026-03-03T03:00", 1, "2026-03-03T17:00"),
    ("from the evening it is the next day's end", "2026-03-03T19:00", 1, "2026-03-04T17:00"),
    ("from opening time on the dot", "2026-03-03T09:00", 1, "2026-03-03T17:00"),
    ("over Easter", "2026-04-02T10:00", 1, "2026-04-07T10:00"),
    ("over the night in which clocks go forward", "2026-03-27T16:00", 1, "2026-03-30T16:00"),
    ("over the night in which clocks go back", "2026-10-23T16:00", 1, "2026-10-26T16:00"),
]


@pytest.mark.parametrize(("start", "days", "end"), [case[1:] for case in DAYS], ids=[case[0] for case in DAYS])
def test_a_business_day_is_a_day_of_work_in_the_teams_own_time(start: str, days: int, end: str) -> None:
    due = due_at(Span(business_days=days), BERLIN, local(start))
    assert dt.datetime.fromtimestamp(due / 1000, ZONE).isoformat()[:16] == end


def test_a_weekend_uses_up_nothing_of_a_business_day() -> None:
    policy = a_policy(BERLIN)
    friday = local("2026-03-06T15:00")
    state = fold(entries(declared(severity="SEV4"), start=friday))
    for moment, used in (("2026-03-06T17:00", 0.25), ("2026-03-08T12:00", 0.25), ("2026-03-09T10:00", 0.375)):
        clock = clocks(state, policy, local(moment))[0]
        assert clock.fraction == pytest.approx(used)
        assert clock.state == "ok"
    assert clocks(state, policy, local("2026-03-09T14:00"))[0].state == "due-soon"
    assert clocks(state, policy, local("2026-03-09T15:01"))[0].state == "overdue"


def test_a_team_that_works_around_the_clock_has_days_of_24_hours() -> None:
    always = BusinessCalendar(days=tuple(range(7)), start_minute=0, end_minute=24 * 60)
    assert due_at(Span(business_days=1), always, NOW) == NOW + 24 * HOUR


UNCOUNTABLE = [
    (BusinessCalendar(timezone="Middle/Earth"), "no known time zone: 'Middle/Earth'"),
    (BusinessCalendar(timezone="../etc"), "no known time zone"),
    (BusinessCalendar(days=()), "no working day"),
    (BusinessCalendar(start_minute=600, end_minute=600), "must begin before it ends"),
]


@pytest.mark.parametrize(("calendar", "words"), UNCOUNTABLE)
def test_a_calendar_that_cannot_be_counted_with_is_refused(calendar: BusinessCalendar, words: str) -> None:
    with pytest.raises(CalendarError, match=words):
        due_at(Span(business_days=1), calendar, NOW)
