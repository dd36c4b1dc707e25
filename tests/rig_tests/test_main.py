"""`python -m tests.rig` in a process of its own, from its start to its end."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.api import wait_for
from tests.rig.binaries import Binaries
from tests.rig.processes import process_exists
from wfconsole.observations.kinds import SYSTEMS

pytestmark = [pytest.mark.rig(own=True), pytest.mark.slow]

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that servers reach too which run as users of their own; pytest's is ours alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def environment(rig_binaries: Binaries, folder: Path, tmp_path: Path) -> dict[str, str]:
    """The programs that the fixture found, and a cache of our own: a rig that the developer runs is not ours to see."""
    return os.environ | {
        "KUBEBUILDER_ASSETS": str(rig_binaries.apiserver.parent),
        "PATH": f"{rig_binaries.kwok.parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "TMPDIR": str(folder),
    }


class Foreground:
    """The rig in the foreground, its output in a file."""

    def __init__(self, environment: dict[str, str], output: Path) -> None:
        self._output = output
        self._environment = environment
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.rig"],
                cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def says(self, pattern: str, deadline_s: float = 180) -> str:
        """Wait for a text in the output."""

        def found() -> re.Match[str] | None:
            return re.search(pattern, self._output.read_text())

        try:
            return wait_for(pattern, found, deadline_s)[0]
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._output.read_text()}") from error

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a second command beside it."""
        return subprocess.run(
            [sys.executable, "-m", "tests.rig", *arguments],
            cwd=_ROOT, env=self._environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def told(self, name: str) -> str:
        """One of the things that `status` says."""
        return dict(line.split(" ", 1) for line in self.command("status").stdout.splitlines())[name]


def what_the_doctor_finds(printed: str, home: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The servers that the printed command leads to, and as whom, for a user who has nothing but that command."""
    has = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(_ROOT), "HOME": str(home)}
    line = printed.replace("wfconsole live ", "wfconsole doctor --json ")
    done = subprocess.run(["bash", "-c", line], env=has, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    checks = [each for each in json.loads(done.stdout)["checks"] if each["state"] == "ok"]
    reached, known = (
        {each["system"]: each["detail"] for each in checks if each["aspect"] == aspect}
        for aspect in ("reachable", "authenticated")
    )
    return reached, known


@pytest.fixture
def foreground(environment: dict[str, str], tmp_path: Path) -> Iterator[Foreground]:
    started = Foreground(environment, tmp_path / "output")
    yield started
    started.process.kill()
    started.process.wait(10)


def test_the_rig_is_found_as_it_says_takes_faults_from_its_input_and_from_elsewhere_and_leaves_nothing(
    foreground: Foreground, folder: Path, tmp_path: Path
) -> None:
    foreground.says("Ctrl-C ends everything")
    printed = foreground.says(r"KUBECONFIG=\S+ .*wfconsole live --config \S+")
    reached, known = what_the_doctor_finds(printed, tmp_path)
    assert set(reached) == set(known) == set(SYSTEMS)
    assert reached["kubernetes"].startswith(foreground.told("server"))
    assert all("127.0.0.1:" in where for where in reached.values())
    assert known["kubernetes"] == "wfconsole-viewer"

    assert foreground.process.stdin is not None
    foreground.process.stdin.write(b"no-such-fault\nnot-ready\n")
    foreground.process.stdin.flush()
    foreground.says("no fault is called 'no-such-fault'")
    foreground.says("not-ready: wearforce-clean-gateway-")
    recovered = foreground.command("fault", "recover")
    assert recovered.returncode == 0, recovered.stderr
    second = foreground.command("up")
    assert second.returncode == 1
    assert "runs already" in second.stderr

    pids = [int(pid) for pid in re.findall(r"^(\d+)$", _children_of(foreground.process.pid), re.MULTILINE)]
    assert len(pids) > 6
    foreground.process.send_signal(signal.SIGINT)
    assert foreground.process.wait(30) == 0
    assert not [pid for pid in pids if process_exists(pid)]
    assert not list(folder.glob("wfconsole-*"))
    assert foreground.command("status").returncode == 1


def _children_of(pid: int) -> str:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return "\n".join(child for thread in threads for child in (thread / "children").read_text().split())
