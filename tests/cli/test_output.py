"""What is printed is whole, or it is said that it is not; and every terminal can show it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.machine import WFCONSOLE, Machine
from tests.cli.test_paths import CONTEXT
from wfconsole import exit_codes

PRINTING = ("incidents", "followups", "journal", "brief", "export", "doctor", "lint", "init -", "lint --rules")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", PRINTING)
def test_a_full_disk_is_told(machine: Machine, command: str, unbuffered: str) -> None:
    machine.an_incident()
    words = [*command.split(), *(["--to", str(machine.home)] if command == "export" else [])]
    told = machine.run(*words, stdout="/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert told.code == exit_codes.OUTPUT
    assert "standard output took no more: No space left on device" in told.text


def test_a_full_disk_ends_a_recording_with_a_word(machine: Machine) -> None:
    path = machine.write("kubeconfig", CONTEXT)
    told = machine.run("record", "-", "--kubeconfig", path, stdout="/dev/full")
    assert told.code == exit_codes.OUTPUT
    assert "No space left on device" in told.text


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_no_trouble(machine: Machine, unbuffered: str) -> None:
    gone, into = os.pipe()
    os.close(gone)
    environment = machine.environment | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        [*WFCONSOLE, "lint", "--rules"], stdout=into, stderr=subprocess.PIPE, env=environment, timeout=60, check=False
    )
    os.close(into)
    assert (done.returncode, done.stderr) == (exit_codes.OK, b"")


@pytest.mark.parametrize("command", ["followups", "brief", "journal", "incidents", "followups --json"])
def test_a_terminal_without_utf8_gets_all_of_it(machine: Machine, command: str) -> None:
    machine.an_incident(text="St\u00f6rung \U0001f525", owner="J\u00fcrgen")
    told = machine.run(*command.split(), PYTHONIOENCODING="ascii")
    assert told.code == exit_codes.OK
    if command.startswith("followups"):
        assert b"St\\u00f6rung \\ud83d\\udd25" in told.printed
    if "--json" in command:
        assert json.loads(told.printed)["follow_ups"][0]["text"] == "St\u00f6rung \U0001f525"


def test_a_recording_in_which_nothing_came_is_told(machine: Machine, tmp_path: Path) -> None:
    path = machine.write("kubeconfig", CONTEXT)
    slow = tmp_path / "slow" / "sitecustomize.py"
    slow.parent.mkdir()
    # A collector that never gets to its first line, whatever the machine is like.
    slow.write_text("import sys, time\nif 'wfconsole.collector' in sys.orig_argv:\n    time.sleep(600)\n")
    for target in ("-", str(tmp_path / "x.jsonl")):
        told = machine.run("record", target, "--for", "1s", "--kubeconfig", path, PYTHONPATH=str(slow.parent))
        assert told.code == exit_codes.RECORDING
        assert "nothing was recorded" in told.text
    assert not (tmp_path / "x.jsonl").exists()


def test_a_recording_to_a_closed_output_is_refused(machine: Machine) -> None:
    path = machine.write("kubeconfig", CONTEXT)
    words = [*WFCONSOLE, "record", "-", "--kubeconfig", path, "--for", "60s"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words],
        stderr=subprocess.PIPE,
        text=True,
        env=machine.environment,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        exit_codes.OUTPUT,
        "wfconsole: standard output is closed: nothing can be recorded to it\n",
    )
