"""A console on the stream of a recorder behind SSH: a real server, a real client, and both ways to lose them."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.desk import Desk, command_of, descendants, kill, lines_with, quit_by_key
from tests.journal.helpers import until
from tests.real_parts import missing
from tests.rig.processes import free_port
from tests.session.made import FINE, patch, row
from tests.terminal.pty import Terminal
from wfconsole import exit_codes
from wfconsole.clock import SystemClock
from wfconsole.recording.format import StreamWriter, Target

SHOWN = "double/production"


class Bastion:
    """An SSH server on loopback for whoever runs the tests; what it starts has the environment of a desk."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        if server is None or shutil.which("ssh") is None:
            missing("needs an SSH server and client: apt-get install openssh-server")
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # its service makes it where there is one
        folder.mkdir()
        self._folder = folder
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        self._port = free_port()
        kind, key, *_ = (folder / "host.pub").read_text().split()
        (folder / "known").write_text(f"[127.0.0.1]:{self._port} {kind} {key}\n")
        given = " ".join(shlex.quote(f"{name}={value}") for name, value in desk.plain_environment().items())
        (folder / "config").write_text(
            f"ListenAddress 127.0.0.1:{self._port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
            "StrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\n"
            f"SetEnv {given}\n"
        )
        self.server = subprocess.Popen([server, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)

    def answers(self) -> bool:
        with socket.socket() as there:
            return there.connect_ex(("127.0.0.1", self._port)) == 0

    def command(self, far: str, *, options: str = "-n") -> str:
        """What runs `far` over there."""
        known = f"-o UserKnownHostsFile={self._folder}/known -o BatchMode=yes"
        where = f"-p {self._port} -i {self._folder}/user {getpass.getuser()}@127.0.0.1"
        return f"ssh {options} -F none -T {known} {where} {shlex.quote(far)}"

    def running(self) -> list[int]:
        """The recorder over there and its collector."""
        return [
            pid
            for pid in descendants(self.server.pid)
            if (words := command_of(pid).split(b"\0"))[0] == sys.executable.encode() and b"-m" in words
        ]

    def connections(self) -> list[int]:
        """The processes of the server that serve one client each."""
        return [pid for pid in descendants(self.server.pid) if command_of(pid).startswith(b"sshd: ")]


@pytest.fixture
def bastion(watch: Desk, tmp_path: Path) -> Iterator[Bastion]:
    """The console itself has no cluster."""
    made = Bastion(tmp_path / "bastion", watch)
    watch.environment["KUBECONFIG"] = "/nowhere"
    try:
        until(made.answers, "the SSH server answers")
        yield made
    finally:
        for pid in (*descendants(made.server.pid), made.server.pid):
            with contextlib.suppress(ProcessLookupError):  # ended meanwhile
                os.kill(pid, 9)
        made.server.wait()


def on_the_far_stream(desk: Desk, bastion: Bastion, options: str = "-n") -> Terminal:
    far = bastion.command(f"{sys.executable} -m wfconsole record -", options=options)
    return desk.shell(f"{far} | {sys.executable} -m wfconsole live - --operator op1; exit ${{PIPESTATUS[1]}}")


def test_a_console_plays_the_stream_of_another_machine_and_leaves_nothing_there(watch: Desk, bastion: Bastion) -> None:
    with on_the_far_stream(watch, bastion) as terminal:
        terminal.wait_for(SHOWN)
        terminal.wait_for("● LIVE")
        terminal.wait_for("ready")
        far = bastion.running()
        assert len(far) == 2
        assert quit_by_key(terminal) == 0
    until(lambda: not any(map(command_of, far)), "the recorder and its collector are gone")


def test_a_stream_that_has_not_begun_leaves_everything_unknown(watch: Desk, tmp_path: Path) -> None:
    """While the connection is made, or somebody types a password there, nothing is known of the cluster."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    line = f"cat {gate} | {sys.executable} -m wfconsole live - --operator op1; exit ${{PIPESTATUS[1]}}"
    with watch.shell(line) as terminal:
        terminal.wait_for("no data: nothing reported yet")
        assert "Pods      ? UNKN   -- nothing reported yet" in terminal.text
        assert "nothing needs you" not in terminal.text
        assert "off" not in lines_with(terminal, "Nodes")[0]
        with gate.open("wb") as stream:
            writer = StreamWriter(stream.write, SystemClock())
            writer.header(target=Target(context="kind-made", server="https://made"))
            writer.patch("pods", SystemClock().now(), patch(row(FINE)), True)
            stream.flush()
            terminal.wait_for("1/1 ready")
            terminal.wait_until(
                lambda: "off" in lines_with(terminal, "Nodes")[0], "what the stream does not tell of is off"
            )
        terminal.wait_for("the stream ended")
        assert quit_by_key(terminal) == 0


def test_a_connection_that_breaks_is_told_and_ends_the_recorder(watch: Desk, bastion: Bastion) -> None:
    with on_the_far_stream(watch, bastion) as terminal:
        terminal.wait_for(SHOWN)
        terminal.wait_for("ready")
        far = bastion.running()
        for pid in bastion.connections():
            os.kill(pid, 9)
        terminal.wait_for("all sources lost")
        terminal.wait_for("the stream ended")
        until(lambda: not any(map(command_of, far)), "the recorder and its collector are gone")
        kill(terminal)


def test_an_ssh_that_would_take_keys_is_refused_with_the_remedy(watch: Desk, bastion: Bastion) -> None:
    with on_the_far_stream(watch, bastion, options="") as terminal:
        terminal.wait_for("reads the same keyboard, and keys would get lost; start it as ssh -n")
        assert terminal.wait_exit() == exit_codes.USAGE
    until(lambda: not bastion.running(), "nothing is left over there")
