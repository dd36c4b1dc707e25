"""What is owed besides response, update and resolution: calls, tasks, the meeting, follow-ups; and odd calendars."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import NOW, a_policy, declared, entries
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.bell import QUIET, Bell
from wfconsole.incident.clocks import Clock, call_step, clocks, due_at, next_due, open_calls
from wfconsole.incident.events import (
    Event,
    FollowUpAdded,
    FollowUpClosed,
    MeetingSet,
    SeverityChanged,
    StatusChanged,
    StepMarked,
    TaskClosed,
    TaskGiven,
)
from wfconsole.incident.policy import BusinessCalendar, Call, SeverityPolicy, Span

HOURS_2 = Span(2 * HOUR, text="2 hours")
VP = Call("escalate", "VP Engineering", Span(HOUR, text="1 hour"), "VP Engineering, within 1 hour")
CTO = Call("escalate", "CTO", HOURS_2, "CTO, within 2 hours")
PRIMARY = Call("page", "Primary on call")


def policy() -> SeverityPolicy:
    """SEV1 calls a page at once, the VP and the CTO; SEV2 the VP; everybody meets within 48 hours."""
    meeting = Span(48 * HOUR, text="48 hours")
    calls = {"SEV1": (PRIMARY, VP, CTO), "SEV2": (VP,)}
    made = a_policy()
    rules = tuple(msgspec.structs.replace(rule, calls=calls.get(rule.name, ()), meeting=meeting) for rule in made.rules)
    return msgspec.structs.replace(made, rules=rules)


POLICY = policy()


def shown(now: Millis, *events: Event, start: Millis = NOW, severity: str = "SEV1") -> dict[str, Clock]:
    """The clocks of an incident declared at `start`; the events follow, one a minute."""
    state = fold(entries(declared(severity=severity), *events, start=start))
    return {clock.name: clock for clock in clocks(state, POLICY, now)}


# --- calls of the severity


def test_a_call_with_a_time_has_a_clock_and_one_at_once_has_none() -> None:
    found = shown(NOW)
    assert [name for name in found if name.startswith("call")] == ["call VP Engineering", "call CTO"]
    clock = found["call VP Engineering"]
    assert (clock.due_at, clock.words, clock.text) == (NOW + HOUR, "escalate to VP Engineering", "1 hour")


def test_a_call_is_overdue_until_somebody_made_it() -> None:
    late = NOW + HOUR + MINUTE
    assert shown(late)["call VP Engineering"].state == "overdue"
    made = shown(late, StepMarked(call_step("VP Engineering"), "done", reason="Bea answered"))["call VP Engineering"]
    assert (made.state, made.met_at) == ("met", NOW + MINUTE)
    waived = shown(late, StepMarked(call_step("VP Engineering"), "waived", reason="she commands"))
    assert waived["call VP Engineering"].state == "met"


def test_nobody_has_to_be_called_once_users_are_well() -> None:
    assert not any(name.startswith("call") for name in shown(NOW + DAY, StatusChanged("monitoring")))
    again = shown(NOW + DAY, StatusChanged("monitoring"), StatusChanged("investigating"))
    assert again["call CTO"].state == "overdue"


def test_another_severity_counts_its_calls_from_when_it_began_to_hold() -> None:
    found = shown(NOW, SeverityChanged("SEV1", "all customers"), severity="SEV2")
    assert found["call CTO"].due_at == NOW + MINUTE + 2 * HOUR
    lowered = shown(NOW, SeverityChanged("SEV2", "a few"))
    assert "call CTO" not in lowered


def test_who_was_called_at_one_severity_is_not_called_again_at_the_next() -> None:
    called = StepMarked(call_step("VP Engineering"), "done", reason="Bea answered")
    found = shown(NOW + DAY, called, SeverityChanged("SEV1", "all"), severity="SEV2")
    assert found["call VP Engineering"].state == "met"
    assert found["call CTO"].state == "overdue"


def test_the_calls_that_nobody_made_are_listed_with_those_at_once() -> None:
    state = fold(entries(declared(severity="SEV1"), StepMarked(call_step("CTO"), "done")))
    assert [call.who for call in open_calls(POLICY, state)] == ["Primary on call", "VP Engineering"]
    assert open_calls(POLICY, fold(entries(declared(severity="SEV1"), StatusChanged("resolved")))) == ()


# --- tasks


def test_a_task_has_its_own_countdown_until_it_is_closed() -> None:
    given_task = TaskGiven("t1", "check the replica", "op2", NOW + 6 * MINUTE)
    clock = shown(NOW + 4 * MINUTE, given_task)["task t1"]
    assert (clock.state, clock.left_ms, clock.label) == ("ok", 2 * MINUTE, "op2")
    assert clock.words == "op2: check the replica"
    assert clock.fraction == pytest.approx(3 / 5)
    assert shown(NOW + 7 * MINUTE, given_task)["task t1"].state == "overdue"
    assert "task t1" not in shown(NOW + 7 * MINUTE, given_task, TaskClosed("t1", result="it lags"))


def test_a_task_that_was_moved_runs_to_its_new_time() -> None:
    first = TaskGiven("t1", "check", "op2", NOW + 6 * MINUTE)
    moved = msgspec.structs.replace(first, due_at=NOW + 20 * MINUTE)
    clock = shown(NOW + 7 * MINUTE, first, moved)["task t1"]
    assert (clock.state, clock.started_at, clock.left_ms) == ("ok", NOW + MINUTE, 13 * MINUTE)


# --- the meeting, follow-ups


def test_the_meeting_is_due_within_48_hours_of_the_end_until_it_is_set() -> None:
    assert "meeting" not in shown(NOW + HOUR)
    clock = shown(NOW + HOUR, StatusChanged("resolved"))["meeting"]
    assert (clock.state, clock.due_at) == ("ok", NOW + MINUTE + 48 * HOUR)
    assert shown(NOW + 3 * DAY, StatusChanged("resolved"))["meeting"].state == "overdue"
    at = NOW + DAY
    assert shown(NOW + 3 * DAY, StatusChanged("resolved"), MeetingSet(at))["meeting"].state == "met"
    taken_back = shown(NOW + HOUR, StatusChanged("resolved"), MeetingSet(at), MeetingSet(0))
    assert taken_back["meeting"].state == "ok"


def test_a_meeting_that_is_set_too_late_says_by_how_much() -> None:
    clock = shown(NOW + HOUR, StatusChanged("resolved"), MeetingSet(NOW + 3 * DAY))["meeting"]
    assert (clock.state, clock.left_ms) == ("met", NOW + MINUTE + 48 * HOUR - (NOW + 3 * DAY))


def test_opening_it_again_owes_no_meeting_yet() -> None:
    assert "meeting" not in shown(NOW + HOUR, StatusChanged("resolved"), StatusChanged("investigating"))


def test_a_follow_up_is_due_at_the_end_of_its_day() -> None:
    added = FollowUpAdded("f1", "raise the limit", due="2026-03-04", owner="Bea")
    end = round(dt.datetime(2026, 3, 5, tzinfo=dt.UTC).timestamp() * 1000)
    assert shown(end, added)["follow-up f1"].state != "overdue"
    assert shown(end + 1, added)["follow-up f1"].state == "overdue"
    assert "follow-up f1" not in shown(end + 1, added, FollowUpClosed("f1"))


def test_a_follow_up_is_late_when_its_day_is_over_where_the_team_works() -> None:
    calendar = BusinessCalendar(timezone="Pacific/Auckland")
    state = fold(entries(declared(), FollowUpAdded("f1", "x", due="2026-03-04")))
    clock = next(clock for clock in clocks(state, a_policy(calendar), NOW) if clock.kind == "follow-up")
    assert dt.datetime.fromtimestamp(clock.due_at / 1000, ZoneInfo("Pacific/Auckland")).isoformat()[:16] == (
        "2026-03-05T00:00"
    )


@pytest.mark.parametrize("day", ["", "soon", "2026-02-30", "0000-01-01", "9999-12-31"])
def test_a_day_that_is_none_or_the_last_there_is_has_no_clock(day: str) -> None:
    assert not [name for name in shown(NOW, FollowUpAdded("f1", "x", due=day)) if name.startswith("follow-up")]


# --- which is next, and the bell


def test_an_owed_update_stands_before_a_task_that_is_late() -> None:
    late_task = TaskGiven("t1", "check", "op2", NOW + 2 * MINUTE)
    found = next_due(tuple(shown(NOW + 5 * MINUTE, late_task).values()))
    assert found is not None
    assert found.name == "respond"
    found = next_due(tuple(shown(NOW + HOUR, late_task).values()))
    assert found is not None
    assert found.name == "respond"
    assert found.state == "overdue"


def test_a_task_that_is_late_rings_once_and_a_follow_up_never_does() -> None:
    bell = Bell()
    given_task = TaskGiven("t1", "check", "op2", NOW + 2 * MINUTE)
    late = FollowUpAdded("f1", "x", due="2026-01-01")

    def rings(now: Millis) -> bool:
        return bell.rings([], shown(now, given_task, late).values(), live=True, now=now)

    assert [rings(NOW + MINUTE), rings(NOW + 2 * MINUTE + SECOND), rings(NOW + 3 * MINUTE)] == [False, True, False]
    assert not rings(NOW + 3 * MINUTE + QUIET)


# --- midnight, three days, a clock that was set back, daylight saving time, any calendar


def test_an_incident_over_midnight_and_of_three_days_goes_on_counting() -> None:
    start = round(dt.datetime(2026, 3, 1, 23, 55, tzinfo=dt.UTC).timestamp() * 1000)
    task = TaskGiven("t1", "check", "op2", start + 10 * MINUTE)
    clock = shown(start + 8 * MINUTE, task, start=start)["task t1"]
    assert (clock.state, clock.left_ms) == ("due-soon", 2 * MINUTE)
    later = shown(start + 3 * DAY, task, start=start)
    assert later["resolve"].left_ms == 4 * HOUR - 3 * DAY
    assert later["update"].left_ms == 15 * MINUTE - 3 * DAY


WHEN_SET_BACK = [NOW - SECOND, NOW - HOUR, NOW - 10 * DAY, 0]


@pytest.mark.parametrize("now", WHEN_SET_BACK)
def test_a_clock_that_was_set_back_never_leaves_more_than_the_whole_span(now: Millis) -> None:
    task = TaskGiven("t1", "check", "op2", NOW + 6 * MINUTE)
    found = shown(now, task)
    assert found["respond"].left_ms == 15 * MINUTE
    assert found["task t1"].left_ms == 5 * MINUTE
    for clock in found.values():
        assert clock.fraction == 0.0
        assert clock.left_ms <= clock.due_at - clock.started_at
        assert clock.state == "ok"


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
CALENDARS = st.builds(
    BusinessCalendar,
    timezone=st.sampled_from(ZONES),
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    start_minute=st.integers(0, 720),
    end_minute=st.integers(780, 1440),
    holidays=st.sets(st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), max_size=8).map(
        lambda days: tuple(day.isoformat() for day in sorted(days))
    ),
)
YEAR = st.integers(1_767_225_600_000, 1_798_761_600_000)  # 2026, in UTC


@settings(max_examples=150, deadline=None)
@given(calendar=CALENDARS, start=YEAR, days=st.integers(1, 10))
def test_a_business_day_ends_in_working_time_and_each_more_ends_on_a_later_working_day(
    calendar: BusinessCalendar, start: Millis, days: int
) -> None:
    due = due_at(Span(business_days=days), calendar, start)
    zone = ZoneInfo(calendar.timezone)
    assert due > start
    # A day of work may end at midnight, which is the next date already.
    local = dt.datetime.fromtimestamp(due / 1000 - 0.001, zone)
    assert local.weekday() in calendar.days
    assert local.date().isoformat() not in calendar.holidays
    assert (
        local.date()
        < dt.datetime.fromtimestamp(due_at(Span(business_days=days + 1), calendar, start) / 1000, zone).date()
    )


@settings(max_examples=100, deadline=None)
@given(calendar=CALENDARS, start=YEAR, steps=st.lists(st.integers(0, 20 * HOUR), min_size=2, max_size=12))
def test_a_clock_in_business_days_only_ever_runs_down(
    calendar: BusinessCalendar, start: Millis, steps: list[int]
) -> None:
    state = fold(entries(declared(severity="SEV4"), start=start))
    made = a_policy(calendar)
    now, before = start, -1.0
    for step in steps:
        now += step
        clock = next(clock for clock in clocks(state, made, now) if clock.name == "resolve")
        assert 0.0 <= clock.fraction <= 1.0
        assert clock.fraction >= before
        assert (clock.state == "overdue") == (now > clock.due_at)
        before = clock.fraction
