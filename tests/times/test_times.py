"""How instants are written and read: UTC, local over the changes of the clocks, ISO."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.text import UNKNOWN, calendar_time, clock_time
from wfconsole.times import UTC_TIMES, Times

BERLIN = Times("local", "Europe/Berlin")


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


WINTER, SUMMER = at("2026-03-01T14:32:07"), at("2026-07-01T14:32:07")


@pytest.fixture
def machine_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    os.environ.pop("TZ", None) if "TZ" not in os.environ else None
    time.tzset()


def test_utc_is_what_the_record_says() -> None:
    assert UTC_TIMES.clock(WINTER) == clock_time(WINTER) == "14:32:07Z"
    assert UTC_TIMES.calendar(WINTER) == calendar_time(WINTER)
    assert (UTC_TIMES.short(WINTER), UTC_TIMES.minute(WINTER), UTC_TIMES.name(WINTER)) == ("14:32:07", "14:32", "UTC")


def test_iso_has_the_day_everywhere() -> None:
    iso = Times("iso")
    assert iso.clock(WINTER) == iso.short(WINTER) == iso.calendar(WINTER) == "2026-03-01T14:32:07Z"
    assert len(iso.short(WINTER)) == iso.cells
    assert iso.name(WINTER) == "ISO"


def test_local_names_its_zone_in_summer_and_in_winter() -> None:
    assert BERLIN.clock(WINTER) == "15:32:07 CET"
    assert BERLIN.clock(SUMMER) == "16:32:07 CEST"
    assert BERLIN.calendar(SUMMER) == "2026-07-01 16:32:07 CEST"
    assert (BERLIN.short(WINTER), BERLIN.name(WINTER)) == ("15:32:07", "CET")


def test_the_day_is_the_local_one() -> None:
    assert BERLIN.calendar(at("2026-03-01T23:30:00")) == "2026-03-02 00:30:00 CET"


def test_the_zone_of_the_machine_needs_no_name(machine_in_new_york: None) -> None:
    del machine_in_new_york
    assert Times("local").clock(WINTER) == "09:32:07 EST"
    assert Times("local").clock(SUMMER) == "10:32:07 EDT"
    assert Times("local").of_day(9, 32, 7, before=WINTER) == WINTER


def test_a_zone_without_letters_has_its_offset() -> None:
    assert Times("local", "America/Sao_Paulo").clock(WINTER) == "11:32:07 UTC-03"


@pytest.mark.parametrize("times", [UTC_TIMES, BERLIN, Times("iso"), Times("local")])
@pytest.mark.parametrize("instant", [None, 10**18, -(10**18)])
def test_what_no_calendar_has_is_unknown(times: Times, instant: int | None) -> None:
    assert times.calendar(instant) == UNKNOWN


# The clocks went from 2:00 to 3:00 on 2026-03-29, and go from 3:00 back to 2:00 on 2026-10-25.


def test_over_the_changes_of_the_clocks_each_instant_is_written_as_a_clock_there_shows_it() -> None:
    spring, autumn = at("2026-03-29T00:59:59"), at("2026-10-25T00:59:59")
    assert [BERLIN.clock(spring), BERLIN.clock(spring + SECOND)] == ["01:59:59 CET", "03:00:00 CEST"]
    assert [BERLIN.clock(autumn), BERLIN.clock(autumn + SECOND)] == ["02:59:59 CEST", "02:00:00 CET"]


def test_of_an_hour_that_comes_twice_the_last_one_before_now_is_meant() -> None:
    first, second = at("2026-10-25T00:30:00"), at("2026-10-25T01:30:00")  # both are half past two
    assert BERLIN.of_day(2, 30, 0, before=second + MINUTE) == second
    assert BERLIN.of_day(2, 30, 0, before=second - MINUTE) == first


def test_a_time_that_a_night_leaves_out_is_still_an_instant_before_now() -> None:
    now = at("2026-03-29T06:00:00")
    assert now - 6 * HOUR < BERLIN.of_day(2, 30, 0, before=now) <= now


def test_a_time_of_day_is_the_last_one_across_midnight() -> None:
    now = at("2026-03-02T00:10:00")
    assert UTC_TIMES.of_day(23, 50, 0, before=now) == now - 20 * MINUTE
    assert BERLIN.of_day(0, 50, 0, before=now) == now - 20 * MINUTE
    assert UTC_TIMES.of_day(0, 10, 0, before=now) == now


@settings(deadline=None)
@given(st.integers(0, 4_000_000_000), st.sampled_from([UTC_TIMES, BERLIN, Times("local", "Australia/Lord_Howe")]))
def test_what_is_shown_can_be_typed_again(seconds: int, times: Times) -> None:
    instant = seconds * SECOND
    hours, minutes, second = map(int, times.short(instant).split(":"))
    assert times.of_day(hours, minutes, second, before=instant) == instant


def test_a_day_can_be_said_in_the_zone_on_show_or_in_utc() -> None:
    assert BERLIN.on_day("2026-03-01", "15:32:07") == WINTER
    assert BERLIN.on_day("2026-03-01", "14:32:07Z") == WINTER
    assert UTC_TIMES.on_day("2026-03-01", "14:32:07") == WINTER
    assert UTC_TIMES.on_day("2026-02-30", "14:32") is None
    assert UTC_TIMES.on_day("2026-02-28", "25:00") is None
