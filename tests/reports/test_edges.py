"""Edges of time: over midnight, over a change of the clocks, over a weekend, a clock set back, three days."""

from __future__ import annotations

import datetime as dt
import re

from tests.builders import NOW, a_policy, a_runbook, an_entry, declared
from wfconsole.clock import DAY, HOUR, MINUTE, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.clocks import clocks
from wfconsole.incident.events import (
    ConsoleEnded,
    ConsoleStarted,
    Entry,
    Event,
    MomentSet,
    NoteAdded,
    StatusChanged,
    TaskClosed,
    TaskGiven,
)
from wfconsole.incident.policy import BusinessCalendar, Span
from wfconsole.reports import export
from wfconsole.reports.record import Record, disorder, lapses

NAME = "INC-20260301-1432"
BERLIN = a_policy(BusinessCalendar(timezone="Europe/Berlin"), meeting=Span(48 * HOUR, text="48 hours"))


def at(text: str) -> Millis:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


def entries(*told: tuple[Millis, Event]) -> list[Entry]:
    return [an_entry(event, place, when) for place, (when, event) in enumerate(told, 1)]


def post_mortem(made: list[Entry]) -> str:
    return export(made, fold(made), a_runbook(policy=BERLIN))[f"{NAME}-post-mortem.md"]


def timeline(made: list[Entry]) -> list[str]:
    text = export(made, fold(made), a_runbook(policy=BERLIN))[f"{NAME}-timeline.md"]
    return [line for line in text.splitlines() if re.match(r"- \d{4}-", line)]


def test_over_midnight_every_line_has_its_day_and_the_order_is_that_of_time() -> None:
    began = at("2026-03-01T23:55Z")
    made = entries(
        (began, declared(started_at=began)),
        (began + 4 * MINUTE, NoteAdded("before")),
        (began + 6 * MINUTE, NoteAdded("after")),
        (began + 10 * MINUTE, StatusChanged("resolved")),
    )
    assert [line[:22] for line in timeline(made)] == [
        "- 2026-03-01T23:55:00Z",
        "- 2026-03-01T23:59:00Z",
        "- 2026-03-02T00:01:00Z",
        "- 2026-03-02T00:05:00Z",
    ]
    assert "**Duration:** 10 min, 2026-03-01T23:55:00Z to 2026-03-02T00:05:00Z" in post_mortem(made)
    assert "**Date:** 2026-03-01" in post_mortem(made)


def test_a_change_of_the_clocks_adds_and_takes_no_hour() -> None:
    for began in (at("2026-03-29T00:30Z"), at("2026-10-25T00:30Z")):  # Berlin goes on, and back, at 01:00Z
        made = entries((began, declared(started_at=began)), (began + HOUR, StatusChanged("resolved")))
        assert "**Duration:** 1 h," in post_mortem(made)
        assert lapses(fold(made))[3].took_ms == HOUR
        assert disorder(Record.of(made, fold(made), a_runbook())) is None


def test_over_a_weekend_business_days_stand_still_and_the_meeting_does_not() -> None:
    friday = at("2026-02-27T14:00Z")
    made = entries((friday, declared(severity="SEV4", started_at=friday)), (friday + HOUR, StatusChanged("resolved")))
    resolve = next(clock for clock in clocks(fold(made), BERLIN, friday + HOUR) if clock.name == "resolve")
    assert resolve.due_at > friday + 4 * DAY
    assert "**Post-mortem meeting:** not set; due by 2026-03-01 15:00:00Z" in post_mortem(made)


def a_clock_set_back() -> list[Entry]:
    """Half an hour in, the machine's clock is set back by an hour; then all goes on."""
    return entries(
        (NOW, declared(started_at=NOW - 5 * MINUTE)),
        (NOW + 30 * MINUTE, NoteAdded("before the step")),
        (NOW - 30 * MINUTE, NoteAdded("after the step")),
        (NOW - 29 * MINUTE, TaskGiven("t", "look", "kim", NOW)),
        (NOW - 28 * MINUTE, TaskClosed("t", "done", "nothing")),
        (NOW - 20 * MINUTE, ConsoleEnded()),
        (NOW - 40 * MINUTE, ConsoleStarted("bastion", 1, "0.1")),
        (NOW - 15 * MINUTE, StatusChanged("resolved")),
    )


def test_a_clock_that_was_set_back_is_said_and_no_duration_is_negative() -> None:
    made = a_clock_set_back()
    text = post_mortem(made)
    assert (
        "2 entries are dated before the entry that was written just before, by up to 1 h, the first at "
        "2026-03-01T14:02:07Z: a clock was set back, or two machines differ." in text
    )
    assert "_Gap: the record dates the end before the beginning, so how long it lasted is not known._" in text
    assert "to resolve not known: the record dates the resolution before the start" in text
    assert "the next one opened with an earlier date" in text
    assert not re.search(r"(?<![\dT:A-Za-z])-\d+ (s|min|h|d)\b", text)
    dates = [line[2:22] for line in timeline(made)]
    assert dates == sorted(dates)


def test_no_time_is_ever_negative_however_the_moments_are_set() -> None:
    made = entries(
        (NOW, declared(started_at=NOW)), (NOW, StatusChanged("resolved")), (NOW, MomentSet("detected", NOW - HOUR))
    )
    for lapse in lapses(fold(made)):
        assert lapse.took_ms is None or lapse.took_ms >= 0
    assert lapses(fold(made))[0].text == "not known: the record dates the detection before the start"


def test_an_incident_of_three_days_has_its_days_and_its_length() -> None:
    made = entries(
        (NOW, declared(started_at=NOW)),
        *((NOW + hour * HOUR, NoteAdded(f"hour {hour}")) for hour in range(1, 72)),
        (NOW + 3 * DAY, StatusChanged("resolved")),
    )
    assert "**Duration:** 3 d, 2026-03-01T14:32:07Z to 2026-03-04T14:32:07Z" in post_mortem(made)
    assert {line[2:12] for line in timeline(made)} == {"2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"}


def test_a_date_that_no_calendar_has_is_not_made_up() -> None:
    made = entries((NOW, declared()), (NOW, NoteAdded("far", at_time=10**18)), (NOW, MomentSet("started", -(10**18))))
    assert any(line.startswith("- -- NOTE") for line in export(made, fold(made), a_runbook())[
        f"{NAME}-timeline.md"].splitlines())  # fmt: skip
