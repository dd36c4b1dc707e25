"""`wfconsole init` as a person runs it: the file, what is said about it, and the exit code."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wfconsole import exit_codes
from wfconsole.config.loading import load_settings
from wfconsole.config.settings import Settings

SECRET = "hunter2"


class Machine:
    """Somebody's machine, with a kubeconfig whose cluster is gone, and addresses with passwords in the environment."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / ".config" / "wfconsole" / "config.toml"
        self.environment = {
            "HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "DATABASE_URL": f"postgres://app:{SECRET}@127.0.0.1:1/orders",
            "REDIS_URL": f"rediss://wf_mon:{SECRET}@cache.invalid:6380/1",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
        (home / ".kube").mkdir()
        named = {"cluster": "c", "user": "u"}
        told = {
            "current-context": "prod\x1b[31m",
            "contexts": [{"name": name, "context": named} for name in ("prod\x1b[31m", "stage\n[auth]")],
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
            "users": [{"name": "u", "user": {"token": SECRET}}],
        }
        (home / ".kube" / "config").write_text(json.dumps(told))

    def init(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "wfconsole", "init", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert SECRET not in done.stdout + done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        return done

    def settings(self, path: Path) -> Settings:
        assert SECRET not in path.read_text(encoding="utf-8")
        return load_settings(path, {}, needed=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_writes_where_the_console_looks_and_says_what_it_found(machine: Machine) -> None:
    done = machine.init()
    assert (done.returncode, done.stderr) == (exit_codes.OK, "")
    assert stat.S_IMODE(machine.config.stat().st_mode) == 0o600
    found = machine.settings(machine.config)
    assert found.kubernetes.context == "prod\x1b[31m"
    assert (found.database.host, found.database.port, found.database.user) == ("127.0.0.1", 1, "app")
    assert (found.cache.host, found.cache.port, found.cache.tls) == ("cache.invalid", 6380, True)
    assert found.aws.regions == ("eu-west-1",)
    said = done.stdout
    assert said.startswith(f"wrote {machine.config}\n")
    assert "  database      DATABASE_URL in the environment\n" in said
    assert "PROMETHEUS_URL; 127.0.0.1:9090" in said
    assert "the services of the cluster (services: " in said
    assert said.endswith("  wfconsole doctor\n")
    assert "is not written here" in machine.config.read_text(encoding="utf-8")


def test_printed_the_file_is_alone_on_standard_output(machine: Machine) -> None:
    first, second = machine.init("-"), machine.init("--stdout")
    assert first.returncode == second.returncode == exit_codes.OK
    assert first.stdout == second.stdout
    assert "found, and set:" in first.stderr
    assert not machine.config.exists()
    path = machine.home / "printed.toml"
    path.write_text(first.stdout, encoding="utf-8")
    assert machine.settings(path).aws.regions == ("eu-west-1",)


def test_it_replaces_a_file_only_where_it_is_told_to(machine: Machine) -> None:
    path = machine.home / "mine.toml"
    path.write_text("# mine\n")
    refused = machine.init(str(path))
    assert refused.returncode == exit_codes.CONFIGURATION
    assert str(path) in refused.stderr
    assert "--force" in refused.stderr
    assert path.read_text() == "# mine\n"
    done = machine.init("--force", str(path))
    assert done.returncode == exit_codes.OK
    assert machine.settings(path).kubernetes.context
    assert done.stdout.endswith(f"  wfconsole doctor --config {path}\n")


def test_a_place_that_cannot_be_written_is_told(machine: Machine) -> None:
    done = machine.init(str(machine.home / "none" / "config.toml"))
    assert done.returncode == exit_codes.CONFIGURATION
    assert "cannot be written: No such file or directory" in done.stderr
    assert "wfconsole init -" in done.stderr
    assert sorted(os.listdir(machine.home)) == [".kube"]


def test_with_nothing_around_the_file_is_the_defaults(machine: Machine) -> None:
    (machine.home / ".kube" / "config").unlink()
    for name in ("DATABASE_URL", "REDIS_URL", "AWS_REGION"):
        del machine.environment[name]
    done = machine.init()
    assert done.returncode == exit_codes.OK
    assert f"  kubernetes    KUBECONFIG, {machine.home}/.kube/config" in done.stdout
    found = machine.settings(machine.config)
    assert (found.kubernetes, found.aws, found.intervals) == (
        *(Settings().kubernetes, Settings().aws, Settings().intervals),
    )


def test_a_look_around_that_dies_leaves_a_file_that_works(machine: Machine) -> None:
    """Its process ends before it says anything: the file is of use without it."""
    broken = machine.home / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import sys\nif 'wfconsole.discovery' in sys.orig_argv: sys.exit('hunter2')\n"
    )
    machine.environment["PYTHONPATH"] = str(broken)
    done = machine.init()
    assert done.returncode == exit_codes.OK
    assert "looking around failed" in done.stdout
    assert machine.settings(machine.config) == Settings()
