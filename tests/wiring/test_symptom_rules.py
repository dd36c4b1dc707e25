"""What symptoms ask of Prometheus is asked in a recording without a screen as well, and stops none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from wfconsole.clock import ManualClock
from wfconsole.config.locations import find_locations
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.config.settings import RunbookSettings, Settings
from wfconsole.runbook import load_runbook
from wfconsole.wiring.collecting import rules_of
from wfconsole.wiring.ground import Ground
from wfconsole.wiring.headless import symptom_rules


def on(tmp_path: Path, *, url: str = "http://prometheus.example:9090", runbook: str = "") -> Ground:
    settings = msgspec.structs.replace(
        Settings(), prometheus=PrometheusSettings(url=url), runbook=RunbookSettings(path=runbook)
    )
    return Ground(settings, find_locations({"HOME": str(tmp_path)}, None), ManualClock(), "op1")


def test_a_recording_asks_what_the_symptoms_ask(tmp_path: Path) -> None:
    assert symptom_rules(on(tmp_path)) == rules_of(load_runbook(None))


def test_without_a_prometheus_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert symptom_rules(on(tmp_path, url="")) == ()


def test_a_runbook_that_cannot_be_read_is_told_and_stops_no_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert symptom_rules(on(tmp_path, runbook=str(tmp_path / "nothing.md"))) == ()
    told = capsys.readouterr().err
    assert told.startswith("wfconsole: symptoms are not recorded: ")
    assert "nothing.md" in told
