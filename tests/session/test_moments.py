"""Times as people say them."""

from __future__ import annotations

import pytest

from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.incident.state import IncidentState
from wfconsole.session.moments import beyond, instant_meant
from wfconsole.session.view import TransportView, View

START = 1_767_758_400_000  # 2026-01-07 04:00:00 UTC
AXIS = TransportView(mode="replay", position=START + 20 * MINUTE, start=START, end=START + HOUR)
DECLARED = View(incident=IncidentState(id="INC-1", declared_at=START + 10 * MINUTE))


@pytest.mark.parametrize(
    ("said", "after_start"),
    [
        ("40%", 24 * MINUTE),
        ("100 %", HOUR),
        ("04:32", 32 * MINUTE),
        ("04:32:07Z", 32 * MINUTE + 7 * SECOND),
        ("T+18:40", 10 * MINUTE + 18 * MINUTE + 40 * SECOND),
        ("+00:18:40", 10 * MINUTE + 18 * MINUTE + 40 * SECOND),
        ("-5m", 15 * MINUTE),
        ("-90s", 20 * MINUTE - 90 * SECOND),
    ],
)
def test_a_time_is_understood(said: str, after_start: int) -> None:
    assert instant_meant(said, AXIS, DECLARED) == START + after_start


def test_without_an_incident_t_counts_from_the_beginning() -> None:
    assert instant_meant("T+01:00", AXIS, View()) == START + MINUTE


def test_a_time_of_day_that_has_not_come_yet_is_yesterdays() -> None:
    assert instant_meant("23:00", AXIS, View()) == START - 5 * HOUR


@pytest.mark.parametrize(
    ("said", "where"),
    [("23:00", "before the beginning"), ("-9h", "before the beginning"), ("T+99:00", "after the end")],
)
def test_what_lies_beyond_either_end_is_told_with_both_ends(said: str, where: str) -> None:
    instant = instant_meant(said, AXIS, View())
    assert instant is not None
    assert beyond(instant, AXIS) == f"that is {where}: there is 2026-01-07 04:00:00Z to 2026-01-07 05:00:00Z"


@pytest.mark.parametrize("said", ["0%", "100%", "-20m", "T+60:00", "04:00"])
def test_both_ends_can_be_shown(said: str) -> None:
    instant = instant_meant(said, AXIS, View())
    assert instant is not None
    assert not beyond(instant, AXIS)


def test_more_than_all_of_it_is_beyond_the_end() -> None:
    instant = instant_meant("400%", AXIS, View())
    assert instant is not None
    assert "after the end" in beyond(instant, AXIS)


@pytest.mark.parametrize("said", ["", "soon", "14", "40", "1:2:3:4", "T18:40", "5m"])
def test_anything_else_is_no_time(said: str) -> None:
    assert instant_meant(said, AXIS, View()) is None
