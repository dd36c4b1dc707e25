"""Whatever is wrong is told in one message: what, where, what to do; a documented exit code, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.pty import Terminal
from wfconsole import exit_codes

WFCONSOLE = (sys.executable, "-m", "wfconsole")


class Told:
    """What a command said, and its exit code."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = " ".join(text.split())
        assert "Traceback" not in text


class Machine:
    """A user's machine with nothing on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            "HOME": str(home),
            "WFCONSOLE_STATE_DIR": str(home / "state"),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }

    def run(self, *arguments: str) -> Told:
        """Without a terminal."""
        done = subprocess.run(
            [*WFCONSOLE, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Told(done.returncode, done.stdout + done.stderr)

    def show(self, *arguments: str) -> Told:
        """On a terminal, for commands that have a screen."""
        environment = {key: value for key, value in self.environment.items() if key != "PATH"}
        with Terminal([*WFCONSOLE, *arguments], env=environment, columns=200, rows=40) as terminal:
            code = terminal.wait_exit()
            return Told(code, terminal.raw.decode(errors="replace"))

    def write(self, name: str, text: str) -> str:
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [(), ("liv",), ("replay",), ("live", "--speed", "2"), ("record",)],
    ids=["nothing", "no such command", "no path", "an option of another command", "no target"],
)
def test_wrong_arguments_are_answered_with_the_usage(machine: Machine, arguments: tuple[str, ...]) -> None:
    told = machine.run(*arguments)
    assert told.code == exit_codes.USAGE
    assert "usage: wfconsole" in told.text


def test_a_duration_that_is_none_says_what_one_looks_like(machine: Machine) -> None:
    target = machine.home / "x.jsonl"
    told = machine.run("record", str(target), "--for", "soon")
    assert told.code == exit_codes.USAGE
    assert "90s or 5m" in told.text
    assert not target.exists()


def test_a_screen_without_a_terminal_is_refused_with_what_works(machine: Machine) -> None:
    told = machine.run("demo")
    assert told.code == exit_codes.TERMINAL
    assert "wfconsole record" in told.text


def test_a_wrong_setting_names_file_line_key_and_what_was_expected(machine: Machine) -> None:
    path = machine.write("config.toml", "[console]\noperator = 'op1'\nmouse = 'sometimes'\n")
    told = machine.show("demo", "--config", path)
    assert told.code == exit_codes.CONFIGURATION
    assert "config.toml:3" in told.text
    assert "console.mouse" in told.text
    assert "true or false" in told.text


def test_a_configuration_file_that_is_not_there_is_told(machine: Machine) -> None:
    told = machine.run("incidents", "--config", str(machine.home / "none.toml"))
    assert told.code == exit_codes.CONFIGURATION
    assert "none.toml" in told.text


def test_a_theme_that_there_is_not_names_those_that_there_are(machine: Machine) -> None:
    told = machine.show("demo", "--theme", "solarized")
    assert told.code == exit_codes.CONFIGURATION
    assert "warroom-dark" in told.text


def test_a_wrong_runbook_is_told_with_its_line_before_there_is_a_screen(machine: Machine) -> None:
    path = machine.write("book.md", "# Playbook: Outage\n\n1. **Look**\n   - Loook: the pods\n   - Expect: all ready\n")
    told = machine.show("replay", "service-outage", "--runbook", path)
    assert told.code == exit_codes.RUNBOOK
    assert "book.md:4" in told.text or "book.md, line 4" in told.text
    assert "\x1b[?1049h" not in told.text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not a recording\n", "no recording"),
        (b'{"wfrec":1,"min_reader":99,"epoch":"2026-01-01T00:00:00.000Z"}\n', "version 99"),
        (b"\x1f\x8bbroken", "compression is broken"),
    ],
    ids=["text", "a newer one", "broken gzip"],
)
def test_a_recording_that_cannot_be_played_says_why(machine: Machine, content: bytes, says: str) -> None:
    path = machine.home / "broken.jsonl"
    path.write_bytes(content)
    told = machine.show("replay", str(path))
    assert told.code == exit_codes.RECORDING
    assert "broken.jsonl" in told.text
    assert says in told.text


def test_a_recording_that_is_not_there_names_those_that_are(machine: Machine) -> None:
    told = machine.show("replay", "last-tuesday")
    assert told.code == exit_codes.RECORDING
    assert "last-tuesday" in told.text
    assert "service-outage" in told.text


@pytest.mark.parametrize("command", ["resume", "export", "journal"])
def test_without_an_incident_it_is_said_how_there_comes_to_be_one(machine: Machine, command: str) -> None:
    told = machine.show(command) if command == "resume" else machine.run(command)
    assert told.code == exit_codes.INCIDENT
    assert "D declare" in told.text


def test_an_incident_of_another_machine_is_not_found(machine: Machine) -> None:
    (machine.home / "state" / "incidents" / "INC-20260107-0312").mkdir(parents=True)
    told = machine.run("export", "INC-20260101-0000")
    assert told.code == exit_codes.INCIDENT
    assert "INC-20260107-0312" in told.text


def test_no_cluster_is_a_message_and_not_a_screen_that_waits(machine: Machine) -> None:
    named = ("--kubeconfig", str(machine.home / "none"))
    for told in (machine.run("record", "-", *named), machine.show("live", *named)):
        assert told.code == exit_codes.CLUSTER
        assert str(machine.home / "none") in told.text
        assert "--kubeconfig" in told.text


def test_live_takes_a_stream_only_as_a_dash(machine: Machine) -> None:
    told = machine.show("live", "recording.jsonl")
    assert told.code == exit_codes.USAGE
    assert "replay" in told.text


def test_a_bug_before_there_is_a_screen_ends_in_a_message_and_its_own_exit_code(machine: Machine) -> None:
    program = (
        "import sys; from wfconsole.wiring import commands\ndef broken(arguments): secret = 'hunter2'; raise KeyError\n"
    )
    program += "commands.incidents = broken\nfrom wfconsole.cli import main\nsys.exit(main(['incidents']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env=machine.environment,
        check=False,
    )
    assert done.returncode == exit_codes.CRASH
    assert "KeyError" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
