"""The doctor on this machine: what no configuration file of a test can bring about."""

from __future__ import annotations

import pytest

from wfconsole.observations.checks import Check, State
from wfconsole.wiring.machine import own_clock


def clocks(*states: State) -> list[Check]:
    return [Check(f"system {place}", "", "clock", "clock", state) for place, state in enumerate(states)]


@pytest.mark.parametrize(
    ("states", "ours"),
    [
        (("problem", "problem", "unknown"), True),
        (("problem", "ok", "problem"), False),  # two are wrong, or all but ours: the one that agrees decides
        (("problem", "unknown"), False),  # one alone may be wrong itself
        ((), False),
    ],
)
def test_a_clock_that_everybody_disagrees_with_is_ours(states: tuple[State, ...], ours: bool) -> None:
    found = list(own_clock(clocks(*states)))
    assert [(check.name, check.state) for check in found] == ([("clock", "problem")] if ours else [])
