"""`wfconsole doctor` as somebody runs it: what it prints, for people and for programs, and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.collector.process import kubeconfig_for
from tests.console.desk import Desk, command_of, descendants
from tests.journal.helpers import until
from tests.rig.systems.postgres import PASSWORD, Postgres
from tests.sources.api_double import ApiDouble, Conversation, Dated, Request, payload, silence, well
from wfconsole import exit_codes
from wfconsole.clock import SystemClock
from wfconsole.observations.checks import Check
from wfconsole.observations.kinds import KINDS
from wfconsole.recording.lines import text_of

NOTHING = b'{"kind":"List","metadata":{"resourceVersion":"1"},"items":[]}'


def complete(talk: Conversation, request: Request) -> None:
    """A well cluster that serves everything, and whose clock is right."""
    dated = Dated(talk, SystemClock().now())
    if request.path.endswith(("services", "endpointslices", "ingresses", "networkpolicies", "namespaces")):
        dated.answer(NOTHING)
    elif request.path == "/apis/metrics.k8s.io/v1beta1/nodes":
        measured = payload("nodemetrics")
        for node in measured["items"]:
            node["timestamp"] = text_of(SystemClock().now())
        dated.answer(json.dumps(measured).encode())
    else:
        well(dated, request)


@pytest.fixture
def well_desk(desk: Desk, double: ApiDouble, tmp_path: Path) -> Desk:
    """A desk at a cluster where nothing is wrong."""
    double.behaviour = complete
    desk.environment["KUBECONFIG"] = kubeconfig_for(double.url, tmp_path)
    return desk


def configured(desk: Desk, *tables: Mapping[str, Mapping[str, object]]) -> str:
    """A configuration file with these tables."""
    path = desk.folder / "config.toml"
    lines = [
        line
        for table in tables
        for name, values in table.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()))
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_all_is_well(well_desk: Desk) -> None:
    done = well_desk.run("doctor", COLUMNS="80")
    assert done.returncode == exit_codes.OK, done.stdout
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("· all well")
    assert any(line.startswith("· kubernetes    someone (may do everything) at http://127.0.0.1") for line in lines)
    assert "- aws           off: no aws.regions" in lines
    granted = re.search(r"(\d+) of (\d+) permissions", done.stdout)
    assert granted is not None
    assert int(granted[1]) == int(granted[2]) > 40
    assert max(map(len, lines)) <= 80
    assert done.stderr == ""


def test_what_a_program_reads_is_stable_and_names_every_source(well_desk: Desk) -> None:
    done = well_desk.run("doctor", "--json")
    told = json.loads(done.stdout)
    assert list(told) == ["schema", "version", "at", "took_ms", "well", "checks"]
    assert (told["schema"], told["well"]) == (2, True)
    assert {frozenset(check) for check in told["checks"]} == {frozenset(Check.__struct_fields__)}
    assert Check.__struct_fields__ == (
        *("system", "source", "aspect", "name", "state", "detail", "remedy", "run", "took_ms"),
    )
    assert {check["source"] for check in told["checks"]} == {"", *KINDS}


def test_a_denied_password_ends_with_its_own_code_and_no_secret(well_desk: Desk, postgres: Postgres) -> None:
    wrong = well_desk.folder / "password"
    wrong.write_text("not-the-password")
    wrong.chmod(0o600)
    table = {**postgres.settings()["database"], "password_file": str(wrong)}
    for form in ((), ("--json",), ("--ascii",)):
        done = well_desk.run("doctor", *form, "--config", configured(well_desk, {"database": table}), COLUMNS="80")
        assert done.returncode == exit_codes.UNWELL
        assert "database.password_file" in done.stdout
        assert not any(secret in done.stdout + done.stderr for secret in ("not-the-password", PASSWORD, "t0ken"))
    assert done.stdout.isascii()
    assert "# authenticated: problem: " in done.stdout
    assert "not well: 1 to mend" in done.stdout


def test_servers_that_never_answer_are_told_in_time(well_desk: Desk, double: ApiDouble) -> None:
    double.on_accept = silence
    beside: dict[str, object] = {"host": "127.0.0.1", "port": double.port, "name": "x", "user": "x"}
    web: dict[str, object] = {"url": double.url}
    tables: dict[str, dict[str, object]] = {"database": beside, "prometheus": web, "alertmanager": web}
    done = well_desk.run("doctor", "--json", "--config", configured(well_desk, tables))
    assert done.returncode == exit_codes.UNWELL
    checks = json.loads(done.stdout)["checks"]
    hanging = {check["system"] for check in checks if check["name"] == "reachable" and check["state"] == "problem"}
    assert hanging == {"kubernetes", *tables}


def test_a_wrong_configuration_is_told_as_everywhere(desk: Desk) -> None:
    done = desk.run("doctor", "--config", configured(desk, {"database": {"prot": 5}}))
    assert done.returncode == exit_codes.CONFIGURATION
    assert "database.prot" in done.stderr
    assert done.stdout == ""


def test_no_kubeconfig_is_one_problem_among_others(desk: Desk) -> None:
    done = desk.run("doctor", "--json")
    assert done.returncode == exit_codes.UNWELL
    (reachable,) = (
        check
        for check in json.loads(done.stdout)["checks"]
        if (check["system"], check["name"]) == ("kubernetes", "reachable")
    )
    assert "--kubeconfig" in reachable["remedy"]


def test_this_machine_is_looked_at_too(well_desk: Desk) -> None:
    secret = well_desk.folder / "token"
    secret.write_text("t")
    secret.chmod(0o644)
    runbook = well_desk.folder / "runbook.md"
    runbook.write_text("# Ours\n\n## Nothing that is known\n")
    (well_desk.folder / "state").write_text("no folder")
    tables: dict[str, dict[str, object]] = {
        "prometheus": {"token_file": str(secret)},
        "runbook": {"path": str(runbook)},
        "console": {"theme": "none-such"},
    }
    done = well_desk.run("doctor", "--json", "--config", configured(well_desk, tables))
    assert done.returncode == exit_codes.UNWELL
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"] if check["system"] == "machine"}
    assert found["prometheus.token_file"]["run"] == [f"chmod 600 {secret}"]
    assert "runbook.md" in found["runbook"]["detail"]
    assert "warroom-dark" in found["theme"]["detail"]
    assert {name for name, check in found.items() if check["state"] == "problem"} >= {"runbook", "theme"}


def test_a_collector_that_dies_is_told_with_what_it_said_before(well_desk: Desk, double: ApiDouble) -> None:
    double.on_accept = silence
    program = subprocess.Popen(
        [sys.executable, "-m", "wfconsole", "doctor", "--json"],
        env=well_desk.plain_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        until(lambda: bool(double._open), "the collector asks")
        (collector,) = (pid for pid in descendants(program.pid) if b"collector" in command_of(pid))
        os.kill(collector, signal.SIGKILL)
        assert program.stdout is not None
        told = json.loads(program.stdout.read())
        assert program.wait(10) == exit_codes.UNWELL
    assert "SIGKILL" in next(check["detail"] for check in told["checks"] if check["name"] == "collector")
