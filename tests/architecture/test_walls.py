"""The walls that a static import graph cannot see: what a command really loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collector.process import kubeconfig_for
from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal

CLIENTS = {
    "kubernetes",
    "psycopg",
    "redis",
    "prometheus_api_client",
    "boto3",
    "botocore",
    "httpx",
    "requests",
    "urllib3",
    "websockets",
    "slack_sdk",
}
SOURCES = "wfconsole.sources"


def modules_after(code: str) -> set[str]:
    program = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    "module",
    [
        *("wfconsole.cli", "wfconsole.wiring.commands", "wfconsole.wiring.live", "wfconsole.wiring.messages"),
        *("wfconsole.session.replay", "wfconsole.tui.app", "wfconsole.tui.screens.comms"),
        "wfconsole.tui.screens.message_review",
    ],
)
def test_nothing_the_console_imports_loads_a_client(module: str) -> None:
    loaded = modules_after(f"import {module}")
    assert not tops(loaded) & CLIENTS
    assert not {name for name in loaded if name.startswith((SOURCES, "wfconsole.comms.sender"))}


def test_the_command_line_starts_without_textual() -> None:
    loaded = modules_after("import wfconsole.cli")
    assert "textual" not in tops(loaded)
    assert "rich" not in tops(loaded)


@pytest.mark.parametrize("module", ["commands", "live"])
def test_wiring_knows_no_screen_until_it_shows_one(module: str) -> None:
    assert not tops(modules_after(f"import wfconsole.wiring.{module}")) & {"textual", "rich"}


# The console, which says what it has loaded when it starts its collector, and ends there.
AS_IT_STARTS_ITS_COLLECTOR = """
import os, sys

def heard(event, about):
    if event == "subprocess.Popen" and "wfconsole.collector" in about[1]:
        print("loaded:", sorted({"textual", "rich"} & set(sys.modules)), flush=True)
        os._exit(0)

sys.addaudithook(heard)
from wfconsole.cli import main
main(["live"])
"""


def test_the_collector_is_started_before_textual_is_imported(tmp_path: Path) -> None:
    home: dict[str, str | None] = {
        "HOME": str(tmp_path),
        "KUBECONFIG": kubeconfig_for("http://127.0.0.1:9", tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    with Terminal([sys.executable, "-c", AS_IT_STARTS_ITS_COLLECTOR], env=home) as terminal:
        assert terminal.wait_exit() == 0
        assert "loaded: []" in terminal.text


def test_the_launcher_forks_before_anything_is_imported_that_the_console_would_copy() -> None:
    loaded = modules_after("import wfconsole.cli, wfconsole.tui.launcher")
    assert not (loaded - modules_after("")) & {"argparse", "pathlib", "threading", "typing"}


# Each costs the first frame a hundredth of its time or more, and it shows nothing of theirs.
LATER = {
    "hashlib",
    "json",
    "markdown_it",
    "textual.containers",
    "tomllib",
    "wfconsole.actions",
    "wfconsole.comms",
    "wfconsole.guard",
    "wfconsole.incident.advance",
    "wfconsole.incident.advance_actions",
    "wfconsole.incident.advance_room",
    "wfconsole.incident.arming",
    "wfconsole.incident.bell",
    "wfconsole.incident.cluster_sights",
    "wfconsole.incident.cluster_tables",
    "wfconsole.incident.database_sights",
    "wfconsole.incident.database_tables",
    "wfconsole.incident.looks",
    "wfconsole.incident.offers",
    "wfconsole.incident.plan",
    "wfconsole.incident.probes",
    "wfconsole.incident.proposal",
    "wfconsole.incident.scribe",
    "wfconsole.incident.symptoms",
    "wfconsole.incident.triage",
    "wfconsole.incident.verdict",
    "wfconsole.journal.journal",
    "wfconsole.observations.database",
    "wfconsole.observations.headlines.database",
    "wfconsole.recording.decode",
    "wfconsole.recording.keep",
    "wfconsole.recording.play",
    "wfconsole.redaction",
    "wfconsole.reports",
    "wfconsole.runbook",
    "wfconsole.runbook.loader",
    "wfconsole.session.act_book",
    "wfconsole.session.act_life",
    "wfconsole.session.acting",
    "wfconsole.session.acts",
    "wfconsole.tui.alarm",
    "wfconsole.tui.forms",
    "wfconsole.tui.listings",
    "wfconsole.tui.panes.axis_rows",
    "wfconsole.tui.panes.digits",
    "wfconsole.tui.panes.system_digits",
    "wfconsole.tui.panes.tiles",
    "wfconsole.tui.panes.too_small",
    "wfconsole.tui.screens.wall",
    "wfconsole.tui.screens.zoom",
    "zoneinfo",
}


def test_the_first_frame_waits_for_nothing_that_it_does_not_show() -> None:
    screen = "wfconsole.cli, wfconsole.wiring.commands, wfconsole.wiring.live, wfconsole.tui.run"
    textual = "from wfconsole.tui.environment import leave_out_extras; leave_out_extras(); import textual.app"
    before = modules_after(textual)
    loaded = modules_after(f"{textual}; import {screen}, wfconsole.tui.screens.overview")
    assert not (loaded - before) & LATER


def test_a_sender_knows_no_screen_and_one_client_alone() -> None:
    loaded = modules_after("import wfconsole.comms.sender.main, wfconsole.comms.sender.slack")
    assert not tops(loaded) & (CLIENTS - {"slack_sdk"}) & {"httpx", "kubernetes", "boto3", "psycopg", "redis"}
    assert not tops(loaded) & {"textual", "rich"}
    assert not {name for name in loaded if name.startswith(("wfconsole.tui", "wfconsole.session", "wfconsole.sources"))}


def test_the_collector_knows_no_screen() -> None:
    loaded = modules_after("import wfconsole.collector.main")
    assert not tops(loaded) & {"textual", "rich"}
    assert not {
        name for name in loaded if name.startswith(("wfconsole.tui", "wfconsole.session", "wfconsole.incident"))
    }


def test_the_contracts_between_the_rooms_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint_imports, "--no-cache"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:]
