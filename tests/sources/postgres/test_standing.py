"""Whose clock is right: how far the server's is ahead, without instants that tremble. No server is needed."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from wfconsole.sources.postgres.looking import Standing, stand

CASES = [
    ("the same", 0, 0, 0),
    ("nearly the same, ahead", 0, 1999, 0),
    ("nearly the same, behind", 0, -1999, 0),
    ("ahead", 0, 2000, 2000),
    ("behind", 0, -2000, -2000),
    ("as far as before, about", 300_000, 301_999, 300_000),
    ("as far as before, about, behind", -300_000, -298_001, -300_000),
    ("moved further", 300_000, 302_000, 302_000),
    ("moved back", 300_000, 298_000, 298_000),
    ("set right", 300_000, 500, 0),
    ("to the other side", 3000, -3000, -3000),
]


@pytest.mark.parametrize(("before", "told", "shift"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_shift_of_the_clock(before: int, told: int, shift: int) -> None:
    found = stand(Standing(shift_ms=before), {"clock_ms": NOW + told, "sees_all": True}, NOW)
    assert found == Standing(NOW, True, shift)


@pytest.mark.parametrize("sees_all", [True, False])
def test_what_we_may_see_is_told_anew_at_each_look(sees_all: bool) -> None:
    assert stand(Standing(sees_all=not sees_all), {"clock_ms": NOW, "sees_all": sees_all}, NOW).sees_all == sees_all
