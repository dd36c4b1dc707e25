"""Whatever is wrong is told in one message: what, where, what to do; a documented exit code, no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.machine import Machine
from wfconsole import exit_codes
from wfconsole.wiring.act import sentences


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
        (b'\xef\xbb\xbf{"wfrec":1}\n', "begins with a byte order mark"),
    ],
    ids=["text", "a newer one", "broken gzip", "byte order mark"],
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
        env=machine.environment | {"TMPDIR": str(machine.home)},
        check=False,
    )
    assert done.returncode == exit_codes.CRASH
    (report,) = machine.home.glob("wfconsole-crash-*.txt")
    assert str(report) in done.stderr
    for told in (done.stderr, report.read_text()):
        assert "KeyError" in told
        assert "Traceback" not in told
        assert "hunter2" not in told


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("blah", "'blah' is no time such as 14:32"),
        ("99:99", "'99:99' is no time such as 14:32"),
        ("2:00", "that is before the beginning: there is 20"),
        ("T+99:00", "that is after the end"),
        ("400%", "that is after the end"),
    ],
)
def test_a_time_that_a_recording_has_not_is_refused(machine: Machine, said: str, says: str) -> None:
    told = machine.show("replay", "service-outage", "--at", said)
    assert told.code == exit_codes.USAGE
    assert "--at: " in told.text
    assert says in told.text


@pytest.mark.parametrize("said", ["0", "-3", "nan", "7", "1000", "fast"])
def test_a_speed_that_there_is_not_is_refused_with_those_that_there_are(machine: Machine, said: str) -> None:
    told = machine.show("replay", "service-outage", f"--speed={said}")
    assert told.code == exit_codes.USAGE
    assert "is none of 1/4, 1/2, 1, 2, 4, 8, 16, 60" in told.text


def test_the_doctor_names_a_variable_that_means_nothing(machine: Machine) -> None:
    told = machine.run("doctor", WFCONSOLE_FOO="1")
    assert told.code == exit_codes.UNWELL
    assert "WFCONSOLE_FOO means nothing here" in told.text
    assert "unset WFCONSOLE_FOO" in told.text


def test_a_state_folder_that_depends_on_where_one_stands_is_refused(machine: Machine) -> None:
    told = machine.run("incidents", WFCONSOLE_STATE_DIR="state")
    assert told.code == exit_codes.CONFIGURATION
    assert "WFCONSOLE_STATE_DIR" in told.text
    assert "begins with / or ~" in told.text


def test_each_theme_that_is_wrong_is_told_by_itself(machine: Machine) -> None:
    for name in ("one", "two"):
        machine.write(f".config/wfconsole/themes/{name}.toml", "schema = 9\n")
    told = machine.run("doctor")
    assert told.text.count("this machine: theme:") == 2
    assert ", ," not in told.text


def test_a_folder_in_the_place_of_a_password_is_not_to_be_locked(machine: Machine) -> None:
    (machine.home / "secret").mkdir(mode=0o755)
    config = machine.write("config.toml", f'[cache]\nhost = "127.0.0.1"\npassword_file = "{machine.home}/secret"\n')
    told = machine.run("doctor", "--json", "--config", config)
    assert "it is a folder, not a file" in told.text
    assert "chmod 600" not in told.text


def test_an_action_that_cannot_be_planned_ends_in_whole_sentences() -> None:
    assert sentences("the port is closed.", "is the way to it open?") == "the port is closed. is the way to it open?"
    assert sentences("say the value", "") == "say the value."
