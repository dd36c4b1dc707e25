"""The live console: the collector is started before there is a runbook, and is told what its symptoms ask."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from tests.collector.process import kubeconfig_for
from tests.rig.systems.prometheus import Prometheus
from tests.sources.api_double import ApiDouble
from wfconsole.clock import SystemClock
from wfconsole.config.locations import find_locations
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.config.settings import KubernetesSettings, RunbookSettings, Settings
from wfconsole.incident.symptoms import SymptomsHeld
from wfconsole.runbook import BUNDLED
from wfconsole.wiring.ground import Ground
from wfconsole.wiring.live import LiveParts

DEADLINE = 30.0
PLAYBOOK = (
    "# Playbook: Made\n\nFor this test.\n\n## Symptoms\n\n- It is seven\n  - PromQL: `vector(7) > 5`\n\n1. Look\n"
)


@pytest.mark.parametrize("eager", [True, False])
def test_a_symptom_of_promql_is_there_in_the_live_console(
    tmp_path: Path, prometheus: Prometheus, *, eager: bool
) -> None:
    runbook = tmp_path / "runbook"
    runbook.mkdir()
    for file in BUNDLED.glob("*.md"):
        (runbook / file.name).write_text(file.read_text())
    (runbook / "made.md").write_text(PLAYBOOK)
    with ApiDouble() as double:
        settings = msgspec.structs.replace(
            Settings(),
            kubernetes=KubernetesSettings(kubeconfig=kubeconfig_for(double.url, tmp_path)),
            prometheus=PrometheusSettings(url=prometheus.url),
            runbook=RunbookSettings(path=str(runbook)),
        )
        places = find_locations(
            {"WFCONSOLE_STATE_DIR": str(tmp_path / "state"), "WFCONSOLE_CONFIG": str(tmp_path / "c")}
        )
        parts = LiveParts(Ground(settings, places, SystemClock(), "op1"), source=None, recording=False)
        console = parts.console(eager=eager)
        changed = threading.Condition()

        def tell() -> None:
            with changed:
                changed.notify_all()

        def found() -> bool:
            held = console.view().symptoms or SymptomsHeld()
            return any(text.startswith("signals rule=made-") for text in held.since)

        console.subscribe(tell)
        console.start()
        try:
            with changed:
                assert changed.wait_for(found, DEADLINE)
            (made,) = [match for match in console.playbook_matches() if match.playbook == "made"]
            assert (made.present, made.symptoms[0].evidence) == (1, "7 (asked: > 5)")
        finally:
            console.close("end of the test")
