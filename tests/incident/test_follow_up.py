"""What is owed afterwards: due dates by horizon and calendar, the meeting within 48 hours, names that can be typed."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.builders import NOW, a_policy, declared, entries
from wfconsole.clock import DAY, HOUR, MINUTE, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.events import FollowUpAdded, FollowUpClosed, Horizon, MeetingSet, StatusChanged
from wfconsole.incident.follow_up import (
    MeetingStanding,
    by_horizon,
    default_due,
    is_overdue,
    meeting,
    meeting_time,
    meeting_words,
    named,
    new_name,
    today,
)
from wfconsole.incident.policy import BusinessCalendar, Span
from wfconsole.incident.state import FollowUp

WORKDAYS = BusinessCalendar()
BERLIN = BusinessCalendar(timezone="Europe/Berlin", holidays=("2026-04-03",))


def at(text: str) -> Millis:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


DUE: list[tuple[Horizon, str, BusinessCalendar, str]] = [
    ("0-7 days", "2026-03-04T12:00Z", WORKDAYS, "2026-03-11"),
    ("0-7 days", "2026-03-01T12:00Z", WORKDAYS, "2026-03-06"),  # a Sunday; so is the seventh day: Friday before it
    ("1-4 weeks", "2026-02-28T12:00Z", WORKDAYS, "2026-03-27"),  # a Saturday
    ("1-3 months", "2026-03-04T12:00Z", WORKDAYS, "2026-06-03"),
    ("0-7 days", "2026-03-27T12:00Z", BERLIN, "2026-04-02"),  # over the change to summer time; the 3rd is a holiday
    ("0-7 days", "2026-03-03T23:30Z", BERLIN, "2026-03-11"),  # past midnight where people work
    ("0-7 days", "2026-03-28T23:30Z", BERLIN, "2026-04-02"),  # the night itself: the 29th, and a Sunday after it
]


@pytest.mark.parametrize(("horizon", "now", "calendar", "due"), DUE)
def test_a_follow_up_is_due_on_the_last_working_day_of_its_horizon(
    horizon: Horizon, now: str, calendar: BusinessCalendar, due: str
) -> None:
    assert default_due(horizon, at(now), calendar) == due


def test_a_calendar_without_working_days_gives_the_last_day() -> None:
    assert default_due("0-7 days", at("2026-03-04T12:00Z"), BusinessCalendar(days=())) == "2026-03-11"


def test_a_zone_that_nobody_knows_is_utc() -> None:
    assert today(at("2026-03-03T23:30Z"), BusinessCalendar(timezone="Mars/Olympus")) == dt.date(2026, 3, 3)


@pytest.mark.parametrize(
    ("due", "outcome", "overdue"),
    [
        ("2026-03-03", "", True),
        ("2026-03-04", "", False),
        ("", "", False),
        ("soon", "", False),
        ("2026-03-03", "done", False),
    ],
)
def test_overdue_is_what_is_open_and_whose_day_is_over(due: str, outcome: str, overdue: bool) -> None:
    item = FollowUp("lint", "0-7 days", "op1", NOW, due=due, outcome=outcome)  # type: ignore[arg-type]
    assert is_overdue(item, dt.date(2026, 3, 4)) is overdue


MEETINGS: list[tuple[Millis | None, Millis, MeetingStanding, str]] = [
    (None, 47 * HOUR, "due", "not set; due by 2026-03-03 14:33:07Z"),
    (None, 49 * HOUR, "missed", "MISSED: none was set by 2026-03-03 14:33:07Z"),
    (30 * HOUR, 49 * HOUR, "set", "2026-03-02 20:32:07Z, room 4"),
    (60 * HOUR, HOUR, "set too late", "2026-03-04 02:32:07Z, room 4; LATE: it was due by 2026-03-03 14:33:07Z"),
]


@pytest.mark.parametrize(("set_for", "later", "standing", "words"), MEETINGS)
def test_the_meeting_is_due_within_48_hours_of_the_resolution(
    set_for: Millis | None, later: Millis, standing: MeetingStanding, words: str
) -> None:
    more = [] if set_for is None else [MeetingSet(NOW + set_for, "room 4")]
    found = meeting(fold(entries(declared(), StatusChanged("resolved"), *more)), NOW + MINUTE + later)
    assert found.standing == standing
    assert meeting_words(found) == words


def test_the_severity_policy_says_until_when_and_may_owe_none() -> None:
    over = fold(entries(declared(), StatusChanged("resolved")))
    soon = a_policy(meeting=Span(business_days=1, text="1 business day"))
    assert meeting(over, NOW, soon).due_at == at("2026-03-02T17:00Z")  # NOW is a Sunday
    assert meeting(over, NOW + 100 * DAY, a_policy()).standing == "not owed"
    assert meeting_words(meeting(over, NOW, a_policy())) == "none is owed at this severity"
    set_all_the_same = fold(entries(declared(), StatusChanged("resolved"), MeetingSet(NOW + 90 * DAY)))
    assert meeting(set_all_the_same, NOW, a_policy()).standing == "set"


def test_before_the_resolution_no_meeting_is_owed_and_one_that_was_taken_back_is_none() -> None:
    assert meeting(fold(entries(declared())), NOW + 100 * DAY).standing == "not yet owed"
    back = fold(entries(declared(), StatusChanged("resolved"), MeetingSet(NOW + HOUR), MeetingSet(0)))
    assert meeting(back, NOW + HOUR).standing == "due"


SAID: list[tuple[str, tuple[Millis, str] | None]] = [
    ("14:40 room 4", (at("2026-03-01T14:40Z"), "room 4")),
    ("14:30", (at("2026-03-02T14:30Z"), "")),
    ("0:00 room", (at("2026-03-02T00:00Z"), "room")),
    ("2026-03-02 00:00 https://meet", (at("2026-03-02T00:00Z"), "https://meet")),
    ("2026-03-02T14:30Z here", (at("2026-03-02T14:30Z"), "here")),
    ("+20h", (NOW + 20 * HOUR, "")),
    ("+2d room", (NOW + 2 * DAY, "room")),
    ("none", (0, "")),
    ("25:00", None),
    ("2026-02-30 10:00", None),
    ("2026-03-02", None),
    ("tomorrow", None),
    ("", None),
]


@pytest.mark.parametrize(("said", "meant"), SAID, ids=[said for said, _ in SAID])
def test_a_time_to_come_is_understood_or_refused(said: str, meant: tuple[Millis, str] | None) -> None:
    assert meeting_time(said, NOW) == meant


def test_a_short_name_means_one_and_never_one_of_two() -> None:
    state = fold(entries(declared(), FollowUpAdded("F1-9c1d", "a"), FollowUpAdded("F12-0000", "b")))
    assert named(state, "F1") == ("F1-9c1d",)
    assert named(state, "f12") == ("F12-0000",)
    assert named(state, "F1-9") == ("F1-9c1d",)
    assert set(named(state, "F")) == {"F1-9c1d", "F12-0000"}
    assert named(state, "") == named(state, "G1") == ()
    assert new_name(state, "abcdef") == "F3-abcd"


def test_horizons_are_three_and_hold_all() -> None:
    state = fold(
        entries(declared(), FollowUpAdded("a", "x", "1-3 months"), FollowUpAdded("b", "y"), FollowUpClosed("b"))
    )
    assert {horizon: [name for name, _ in items] for horizon, items in by_horizon(state).items()} == {
        "0-7 days": ["b"],
        "1-4 weeks": [],
        "1-3 months": ["a"],
    }
