"""A path that leads nowhere is told with what is in its way, whichever command and setting names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.machine import Machine
from wfconsole import exit_codes

CONTEXT = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
"""


def locked(home: Path) -> Path:
    (home / "locked").mkdir()
    (home / "locked" / "named").touch()
    (home / "locked").chmod(0)
    return home / "locked" / "named"


def endless(home: Path) -> Path:
    return home / ("x" * 300)


def long(home: Path) -> Path:
    return home.joinpath(*(["x" * 200] * 25))


def looped(home: Path) -> Path:
    (home / "loop").symlink_to(home / "loop")
    return home / "loop"


def pipe(home: Path) -> Path:
    os.mkfifo(home / "pipe")
    return home / "pipe"


WRONG = [
    (locked, "Permission denied"),
    (endless, "File name too long"),
    (long, "File name too long"),
    (looped, "symbolic links"),
    (pipe, "it is a pipe, not a file"),
]
NAMED = [make.__name__ for make, _ in WRONG]
Make = Callable[[Path], Path]


@pytest.mark.parametrize(("make", "says"), WRONG, ids=NAMED)
def test_of_a_kubeconfig(machine: Machine, make: Make, says: str) -> None:
    path = str(make(machine.home))
    for told in (
        machine.run("record", "-", "--kubeconfig", path),
        machine.run("record", "-", KUBECONFIG=path),
        machine.show("live", "--kubeconfig", path),
    ):
        assert told.code == exit_codes.CLUSTER
        assert says in told.text


@pytest.mark.parametrize(("make", "says"), WRONG, ids=NAMED)
def test_the_doctor_names_what_keeps_it_from_a_kubeconfig_and_a_runbook(
    machine: Machine, make: Make, says: str
) -> None:
    path = str(make(machine.home))
    told = machine.run("doctor", "--json", "--kubeconfig", path, "--runbook", path)
    assert told.code == exit_codes.UNWELL
    assert told.text.count(says) == 2


@pytest.mark.parametrize(("make", "says"), WRONG, ids=NAMED)
def test_of_a_runbook(machine: Machine, make: Make, says: str) -> None:
    path = make(machine.home)
    config = machine.write("config.toml", f'[runbook]\npath = "{path}"\n')
    machine.an_incident()
    for told in (
        machine.run("lint", str(path)),
        machine.run("brief", "--runbook", str(path)),
        machine.run("brief", "--config", config),
    ):
        assert told.code == exit_codes.RUNBOOK
        assert says in told.text


@pytest.mark.parametrize(("make", "says"), WRONG, ids=NAMED)
@pytest.mark.parametrize("command", ["replay", "drill"])
def test_of_a_recording(machine: Machine, command: str, make: Make, says: str) -> None:
    told = machine.show(command, str(make(machine.home)))
    assert told.code == exit_codes.RECORDING
    assert says in told.text


@pytest.mark.parametrize(("make", "says"), WRONG, ids=NAMED)
def test_of_a_folder_to_export_to(machine: Machine, make: Make, says: str) -> None:
    machine.an_incident()
    told = machine.run("export", "--to", str(make(machine.home)))
    assert told.code == exit_codes.USAGE
    assert says.removeprefix("it ").removesuffix(", not a file") in told.text


@pytest.mark.parametrize(("make", "says"), WRONG, ids=NAMED)
def test_of_a_configuration(machine: Machine, make: Make, says: str) -> None:
    told = machine.run("incidents", "--config", str(make(machine.home)))
    assert told.code == exit_codes.CONFIGURATION
    assert says in told.text


def test_a_configuration_whose_reading_fails_is_told(machine: Machine) -> None:
    told = machine.run("incidents", "--config", "/proc/self/mem")
    assert told.code == exit_codes.CONFIGURATION
    assert "/proc/self/mem: cannot be read: Input/output error" in told.text


def test_a_pipe_among_the_themes_holds_nobody_up(machine: Machine) -> None:
    folder = machine.home / ".config/wfconsole/themes"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "mine.toml")
    assert "it is a pipe, not a file" in machine.run("doctor", "--json").text
    told = machine.show("demo", "--theme", "mine")
    assert told.code == exit_codes.CONFIGURATION
    assert "mine.toml: cannot be read: it is a pipe, not a file" in told.text


def test_themes_that_may_not_be_looked_at_are_told(machine: Machine) -> None:
    folder = machine.home / ".config/wfconsole/themes"
    folder.mkdir(parents=True)
    folder.chmod(0)
    assert f"{folder}: cannot be listed: Permission denied" in machine.run("doctor", "--json").text


def test_a_scenario_whose_description_is_broken_is_not_played(machine: Machine) -> None:
    bundled = Path(__file__).parents[2] / "scenarios/service-outage"
    folder = machine.home / "mine"
    folder.mkdir()
    (folder / "recording.jsonl.gz").write_bytes((bundled / "recording.jsonl.gz").read_bytes())
    (folder / "scenario.toml").write_text("title = \n")
    told = machine.show("replay", str(folder))
    assert told.code == exit_codes.RECORDING
    assert "scenario.toml" in told.text


# --- the state folder


@pytest.mark.parametrize("command", ["incidents", "followups", "journal", "brief", "export", "resume"])
@pytest.mark.parametrize("place", ["", "incidents"])
def test_incidents_that_may_not_be_listed_are_not_taken_for_none(machine: Machine, command: str, place: str) -> None:
    machine.an_incident()
    (machine.state / place).chmod(0)
    told = machine.show(command) if command == "resume" else machine.run(command)
    assert told.code == exit_codes.INCIDENT
    assert f"{machine.state}/incidents: incidents cannot be listed: Permission denied" in told.text


@pytest.mark.parametrize("command", ["brief", "export", "resume"])
@pytest.mark.parametrize("named", [True, False])
def test_a_journal_that_may_not_be_read_is_not_taken_for_an_empty_one(
    machine: Machine, command: str, named: bool
) -> None:
    machine.an_incident("INC-20260201-1432")
    folder = machine.an_incident()
    folder.chmod(0)
    words = (command, folder.name) if named else (command,)
    told = machine.show(*words) if command == "resume" else machine.run(*words)
    assert told.code == exit_codes.INCIDENT
    assert f"the journal of {folder.name} cannot be read" in told.text
    assert "Permission denied" in told.text


def test_the_name_of_an_incident_reaches_no_terminal_as_it_is(machine: Machine) -> None:
    name = b"INC-\x1b[31mred\xff"
    folder = machine.state / "incidents" / os.fsdecode(name)
    folder.mkdir(parents=True)
    for command in ("journal", "brief", "export", "incidents"):
        words = (command,) if command == "incidents" else (command, os.fsdecode(name))
        told = machine.run(*words)
        assert "red" in told.text
        assert "\x1b" not in told.text
        assert b"\xff" not in told.printed


# --- clusters that nobody can ever reach


@pytest.mark.parametrize(
    ("content", "words", "says"),
    [
        (CONTEXT, ("--context", "zz"), "no context 'zz'. Name another with --context (its contexts: a)."),
        (CONTEXT.replace("current-context: a", "current-context: b"), (), "no context 'b'"),
        ("", (), "no context in it. Name another file"),
        ("\x00\x01\x02", (), "It must be a kubeconfig file"),
        ("#" * (5 << 20), (), "larger than 4 MiB"),
    ],
    ids=["no such context", "wrong current context", "empty", "binary", "large"],
)
def test_a_kubeconfig_that_can_never_work_is_refused_at_the_start(
    machine: Machine, content: str, words: tuple[str, ...], says: str
) -> None:
    path = machine.write("kubeconfig", content)
    for told in (
        machine.run("record", "-", "--for", "60s", "--kubeconfig", path, *words),
        machine.show("live", "--kubeconfig", path, *words),
    ):
        assert told.code == exit_codes.CLUSTER
        assert says in told.text
    assert not list(machine.state.rglob("*.jsonl*"))
