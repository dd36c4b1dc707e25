"""Times as people say them."""

from __future__ import annotations

import pytest

from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.incident.state import IncidentState
from wfconsole.session.moments import instant_meant
from wfconsole.session.view import TransportView, View

START = 1_767_758_400_000  # 2026-01-07 04:00:00 UTC
AXIS = TransportView(mode="replay", position=START, start=START, end=START + HOUR)
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
        ("-5m", 55 * MINUTE),
        ("-90s", HOUR - 90 * SECOND),
        ("-9h", 0),
    ],
)
def test_a_time_is_understood(said: str, after_start: int) -> None:
    assert instant_meant(said, AXIS, DECLARED) == START + after_start


def test_without_an_incident_t_counts_from_the_beginning() -> None:
    assert instant_meant("T+01:00", AXIS, View()) == START + MINUTE


def test_a_time_of_day_that_has_not_come_yet_is_yesterdays_and_never_before_the_beginning() -> None:
    assert instant_meant("23:00", AXIS, View()) == START


@pytest.mark.parametrize("said", ["", "soon", "14", "40", "1:2:3:4", "T18:40", "5m"])
def test_anything_else_is_no_time(said: str) -> None:
    assert instant_meant(said, AXIS, View()) is None
