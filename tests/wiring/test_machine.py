"""The doctor on this machine: what no configuration file of a test can bring about."""

from __future__ import annotations

from pathlib import Path

import pytest

from wfconsole.clock import ManualClock
from wfconsole.config.locations import find_locations
from wfconsole.config.messaging import PagerDutySettings, SlackSettings
from wfconsole.config.settings import Settings
from wfconsole.observations.checks import Check, State
from wfconsole.wiring.ground import Ground
from wfconsole.wiring.machine import machine_checks, own_clock


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


def test_what_messages_need_is_looked_at_and_nobody_is_asked(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("xoxb-canary\n")
    token.chmod(0o600)
    settings = Settings(
        slack=SlackSettings(token_file=str(token), base_url="http://127.0.0.1:9/"),
        pagerduty=PagerDutySettings(routing_key_file=str(tmp_path / "none")),
    )
    places = find_locations({"WFCONSOLE_CONFIG": str(tmp_path / "c.toml"), "WFCONSOLE_STATE_DIR": str(tmp_path)})
    checks = machine_checks(Ground(settings, places, ManualClock(0), "op1"))
    found = {check.name: check for check in checks if check.name.startswith("messages")}
    assert {name: check.state for name, check in found.items()} == {
        "messages to slack": "ok",
        "messages to pagerduty": "problem",
    }
    assert "pagerduty.routing_key_file" in found["messages to pagerduty"].remedy
    assert "canary" not in str(found)
