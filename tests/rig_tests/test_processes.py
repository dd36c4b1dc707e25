"""The server helper: ports, readiness, the right end, and nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.rig import processes
from tests.rig.api import wait_for
from tests.rig.processes import ServerError, ServerPlan, process_exists

_LISTEN = """
import signal, socket, sys, time
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); print("listening", flush=True)
time.sleep(600)
"""


def _plan(directory: Path, *arguments: str, code: str = _LISTEN, deadline_s: float = 10) -> ServerPlan:
    def command(port: int) -> Sequence[str]:
        return [sys.executable, "-c", code, str(port), *arguments]

    return ServerPlan("listener", command, processes.accepts, directory, deadline_s=deadline_s)


def test_a_server_listens_on_a_port_that_no_outgoing_connection_uses(tmp_path: Path) -> None:
    server = processes.start(_plan(tmp_path))
    try:
        assert processes.accepts(server.ports[0])
        assert server.ports[0] in processes.PORTS
    finally:
        server.stop()
    assert not server.alive
    assert not processes.accepts(server.ports[0])


def test_a_taken_port_is_exchanged_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        free = processes.free_port()
        choices = iter([taken.getsockname()[1], free])
        monkeypatch.setattr(processes, "free_port", lambda: next(choices))
        server = processes.start(_plan(tmp_path))
    try:
        assert server.ports == (free,)
    finally:
        server.stop()


def test_a_server_that_ends_too_early_is_told_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no such flag"):
        processes.start(_plan(tmp_path, code="raise SystemExit('no such flag')"))


def test_a_server_that_is_never_ready_is_ended_at_the_deadline(tmp_path: Path) -> None:
    code = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(ServerError, match=r"not ready within 1 s:\npid") as error:
        processes.start(_plan(tmp_path, code=code, deadline_s=1))
    assert not process_exists(int(str(error.value).split()[-1]))


def test_a_server_that_ignores_its_stop_signal_is_killed(tmp_path: Path) -> None:
    server = processes.start(_plan(tmp_path, "deaf"))
    server.stop(deadline_s=0.5)
    assert server.process.returncode == -signal.SIGKILL


def test_a_frozen_server_can_be_stopped(tmp_path: Path) -> None:
    server = processes.start(_plan(tmp_path))
    os.kill(server.pid, signal.SIGSTOP)
    server.stop()
    assert server.process.returncode == -signal.SIGTERM


def test_a_server_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from tests.rig import processes
from tests.rig_tests.test_processes import _plan
print(processes.start(_plan(Path({str(tmp_path)!r}))).pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert process_exists(pid)
        parent.kill()
        parent.wait(5)
    wait_for("the server's end", lambda: not process_exists(pid), 5)


def test_servers_see_nothing_of_the_developers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("KUBECONFIG", "/home/somebody/.kube/config")
    assert set(processes.minimal_env(tmp_path)) == {"PATH", "HOME", "LC_ALL", "TZ", "GOGC"}


def test_a_temporary_directory_of_a_dead_owner_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(10)
    left = tmp_path / "rig-left"
    left.mkdir()
    (left / "owner.pid").write_text(str(ended.pid))
    with processes.temporary_directory("rig-") as mine:
        assert not left.exists()
        with processes.temporary_directory("rig-"):
            assert mine.exists(), "its owner lives"
    assert not mine.exists()


def test_a_condition_that_never_comes_is_told_with_the_last_error() -> None:
    house: dict[str, bool] = {}
    with pytest.raises(AssertionError, match=r"a door.*KeyError"):
        wait_for("a door", lambda: house["door"], deadline_s=0.1, interval_s=0.01)
