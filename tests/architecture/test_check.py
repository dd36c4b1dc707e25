"""What `.ci/run` leans on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real_parts import missing
from tests.terminal.probes import ROOT

RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
# What only another system skips: it is no Linux.
OTHER_SYSTEMS = {"config/test_locations.py"}


def test_pytest_remembers_what_failed(pytestconfig: pytest.Config) -> None:
    """Without that its second run, of what failed, is a run of everything."""
    assert pytestconfig.pluginmanager.hasplugin("cacheprovider")


CRASHES = """
import os, signal
def test_first(): os.kill(os.getpid(), signal.SIGSEGV)
def test_second(): pass
"""


def test_a_process_of_the_suite_that_crashes_is_no_test_that_failed(tmp_path: Path) -> None:
    (tmp_path / "tests" / "room").mkdir(parents=True)
    (tmp_path / "tests" / "room" / "test_crash.py").write_text(CRASHES)
    options = re.search(r'^processes="(.*)"$', RUN, re.MULTILINE)
    assert options is not None
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | {
        "PYTHONPATH": str(ROOT),
        "PYTEST_ADDOPTS": options[1].replace("-n 6", "-n 1"),
    }
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "tests"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert "crashed while running 'tests/room/test_crash.py::test_first" in done.stdout, done.stdout + done.stderr
    assert done.returncode == pytest.ExitCode.INTERNAL_ERROR


@pytest.mark.parametrize(("code", "again"), [(1, True), (3, False), (2, False)])
def test_only_tests_that_failed_are_run_once_more(code: int, again: bool) -> None:
    stage = RUN[RUN.index('say "tests"') :]
    run = f"set -euo pipefail; say() {{ echo \"$@\"; }}; test_block='true && exit {code}'; {stage}"
    done = subprocess.run(["/bin/bash", "-c", run], capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, "once more" in done.stdout) == (code, again)


@pytest.mark.parametrize(("ci", "ends"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_part_fails_a_test_in_the_check_and_skips_it_elsewhere(
    ci: str, ends: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises((pytest.fail.Exception, pytest.skip.Exception), match="apt-get install jq") as ended:
        missing("needs jq: apt-get install jq")
    assert ended.type is ends


def test_the_check_says_that_it_is_one() -> None:
    assert re.search(r"^export CI=true$", RUN, re.MULTILINE)


def test_no_test_skips_itself_in_a_way_that_the_check_lets_pass() -> None:
    skips = re.compile(r"pytest\.(mark\.)?(skip|skipif|importorskip|xfail)\b")
    tests = ROOT / "tests"
    skipping = {str(path.relative_to(tests)) for path in tests.rglob("*.py") if skips.search(path.read_text("utf-8"))}
    assert skipping == {"architecture/test_check.py", "real_parts.py", *OTHER_SYSTEMS}


def test_no_test_rests_on_a_stopwatch() -> None:
    """It would tell of the machine. What must come to an end is waited for (`tests.threads`), what must be quick is a
    benchmark."""
    stopwatch = re.compile(r"assert .*(monotonic|perf_counter|process_time|time\.time)\(\) *- *\w+\)?[^<>]*<")
    watching = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path.parent.name != "benchmarks" and stopwatch.search(path.read_text("utf-8"))
    ]
    assert watching == []


# An empty machine: what is asked for is said, and nothing is there.
BARE = {"apt-get": 'echo "$@"', "id": "echo 0", "python3": "exit 1"}


def test_the_check_installs_every_program_that_tests_need(tmp_path: Path) -> None:
    function = re.search(r"^install_packages\(\) \{.*?^\}", RUN, re.MULTILINE | re.DOTALL)
    assert function is not None
    for name, does in BARE.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    run = f"set -euo pipefail; say() {{ :; }}; PATH={tmp_path}; {function[0]}; install_packages"
    done = subprocess.run(["/bin/bash", "-c", run], capture_output=True, text=True, check=True, timeout=20)
    asked = set(done.stdout.split())
    assert {"curl", "etcd-server", "git", "jq", "python3-venv", "tmux"} <= asked
    assert {"prometheus", "prometheus-alertmanager", "redis-server", "openssh-client"} <= asked
    # PostgreSQL, Go and the server of SSH may lie outside of PATH.
