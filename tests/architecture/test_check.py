"""What `.ci/run` leans on."""

from __future__ import annotations

import re
import subprocess
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
