"""However a console ends, it flushes, restores the terminal, ends within its grace and tells the shell the truth."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.terminal.probes import probe
from tests.terminal.pty import Terminal
from tests.threads import signal_another_thread
from wfconsole import exit_codes
from wfconsole.tui.lifecycle import GRACE_S

WITHIN = GRACE_S + 2  # seconds, from the sign to the end of the process
WAYS = ["handler", "timer", "render", "compose", "worker", "thread worker", "thread", "markup"]
SECRETS = (b"canary-from-locals", b"canary-in-words", b"password")


@pytest.fixture
def ended(tmp_path: Path) -> Path:
    """Where the probe writes the reason of its end, and its crash reports beside it."""
    return tmp_path / "ended"


def started(ended: Path, what: str = "idle", argument: str = "", *, launcher: bool = False) -> Terminal:
    """The probe, running in a terminal."""
    terminal = Terminal(probe(what, argument, launcher=launcher), env={"PROBE_ENDED": str(ended)})
    terminal.wait_for("READY")
    return terminal


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("e", 5)])
@pytest.mark.parametrize("launcher", [False, True], ids=["alone", "with its parent"])
def test_leaving_by_key_gives_the_app_s_own_exit_code(ended: Path, key: str, code: int, launcher: bool) -> None:
    with started(ended, launcher=launcher) as terminal:
        terminal.press(key)
        assert terminal.wait_exit() == code
        assert terminal.restored
        assert terminal.forbidden_bytes() == []
    assert ended.read_text() == "quit\n"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGTERM, "terminated"),
        (signal.SIGINT, "interrupted"),
        (signal.SIGHUP, "terminal closed"),
        (signal.SIGQUIT, "quit signal"),
    ],
)
@pytest.mark.parametrize("launcher", [False, True], ids=["alone", "with its parent"])
def test_a_signal_flushes_and_ends_with_its_own_code(
    ended: Path, number: signal.Signals, reason: str, launcher: bool
) -> None:
    with started(ended, launcher=launcher) as terminal:
        terminal.signal(number)
        assert terminal.wait_exit(WITHIN) == 128 + number
        if number != signal.SIGHUP or launcher:  # whoever sends HUP says that there is no terminal any more
            assert terminal.restored
    assert ended.read_text() == f"{reason}\n"


@pytest.mark.parametrize("what", ["idle", "busy"])
def test_a_terminal_that_is_closed_ends_the_console_and_flushes(ended: Path, what: str) -> None:
    with started(ended, what) as terminal:
        terminal.hang_up()
        assert terminal.wait_exit(WITHIN) == 128 + signal.SIGHUP
    assert ended.read_text() == "terminal closed\n"


def test_a_terminal_that_no_longer_reads_cannot_hold_the_end_up(ended: Path) -> None:
    with started(ended, "busy") as terminal:
        terminal.stall()
        wait_until_stuck(terminal)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit(WITHIN) == 128 + signal.SIGTERM
        assert ended.read_text() == "terminated\n"
        terminal.unstall()
        terminal.wait_until(lambda: terminal.restored, "the terminal to be restored")


def test_a_thousand_signals_are_one_end(ended: Path) -> None:
    with started(ended) as terminal:
        for _ in range(1000):
            if terminal.running:
                terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit(WITHIN) == 128 + signal.SIGTERM
        assert terminal.restored
    assert ended.read_text() == "terminated\n"


def test_a_signal_that_comes_when_all_is_over_changes_nothing(ended: Path) -> None:
    with started(ended, "lingering") as terminal:
        terminal.signal(signal.SIGTERM)
        terminal.wait_until(lambda: "taken down" in ended.read_text(), "the interpreter to take everything down")
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            terminal.signal(number)
        assert terminal.wait_exit(WITHIN) == 128 + signal.SIGTERM
        assert terminal.restored


@pytest.mark.parametrize("way", WAYS)
def test_a_crash_restores_the_terminal_tells_no_secret_and_never_ends_with_0(ended: Path, way: str) -> None:
    with started(ended, "breaking", way) as terminal:
        terminal.press("x")
        assert terminal.wait_exit(WITHIN) == exit_codes.CRASH
        assert terminal.restored
        terminal.wait_for("a bug ended the console")
        assert terminal.forbidden_bytes() == []
        assert not any(secret in terminal.raw for secret in SECRETS)
    assert ended.read_text() == "crash\n"
    (report,) = ended.parent.glob("wfconsole-crash-*.txt")
    assert report.stat().st_mode & 0o777 == 0o600
    assert not any(secret in report.read_bytes() for secret in SECRETS)
    assert "tests/terminal/probe.py" in report.read_text() or way == "markup"


@pytest.mark.parametrize("way", ["hang", "hang and break"])
def test_a_handler_that_hangs_cannot_hold_the_end_up(ended: Path, way: str) -> None:
    with started(ended, "breaking", way) as terminal:
        terminal.press("x")
        if way == "hang":
            terminal.signal(signal.SIGTERM)
        code = terminal.wait_exit(WITHIN)
        assert code == (128 + signal.SIGTERM if way == "hang" else exit_codes.CRASH)
        terminal.wait_until(lambda: terminal.restored, "the terminal to be restored")


def test_a_thread_that_never_ends_cannot_hold_the_end_up(ended: Path) -> None:
    with started(ended, "breaking", "stuck thread") as terminal:
        before = len(os.listdir(f"/proc/{terminal.pid}/task"))
        terminal.press("x")
        terminal.wait_until(lambda: len(os.listdir(f"/proc/{terminal.pid}/task")) > before, "the thread")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit(WITHIN) == 128 + signal.SIGTERM
        assert terminal.restored


def test_a_signal_that_reaches_another_thread_ends_it_whatever_the_main_one_does(ended: Path) -> None:
    with started(ended, "breaking", "hang") as terminal:
        terminal.press("x")
        terminal.resize(90, 20)  # a signal, too, and no end
        time.sleep(0.2)
        assert terminal.running
        signal_another_thread(terminal.pid, signal.SIGTERM)
        assert terminal.wait_exit(WITHIN) == 128 + signal.SIGTERM


def test_a_flush_that_hangs_is_cut_short_and_is_no_success(ended: Path) -> None:
    with started(ended, "stuck-end") as terminal:
        terminal.press("q")
        assert terminal.wait_exit(WITHIN) == exit_codes.CRASH
        terminal.wait_until(lambda: terminal.restored, "the terminal to be restored")


def test_a_console_that_is_killed_leaves_a_usable_terminal_and_a_hint(ended: Path) -> None:
    with started(ended, launcher=True) as terminal:
        os.kill(only_child_of(terminal.pid), signal.SIGKILL)  # as the kernel does when memory runs out
        assert terminal.wait_exit(WITHIN) == 128 + signal.SIGKILL
        assert terminal.restored
        terminal.wait_for("killed by SIGKILL. The journal is safe: wfconsole")
        assert terminal.forbidden_bytes() == []


def test_a_console_whose_parent_is_killed_ends_too_and_restores_the_terminal(ended: Path) -> None:
    """Under a shell, as in life: were the parent the leader of the session, its death would close the terminal."""
    shell = ["sh", "-c", '"$@"; echo back in the shell; read line', "sh", *probe(launcher=True)]
    with Terminal(shell, env={"PROBE_ENDED": str(ended)}) as terminal:
        terminal.wait_for("READY")
        os.kill(only_child_of(terminal.pid), signal.SIGKILL)
        terminal.wait_until(lambda: terminal.restored, "the terminal to be restored")
        terminal.wait_until(lambda: ended.exists() and ended.read_text() == "terminated\n", "the flush")


def test_answers_that_arrive_late_are_not_typed_into_the_shell(ended: Path) -> None:
    with started(ended) as terminal:
        terminal.press("q")
        terminal.wait_raw(b"\x1b[?1049l")
        terminal.send("\x1b[?2026;2$y\x1b[?2048;0$y")
        assert terminal.wait_exit(WITHIN) == 0
        assert terminal.unread_input() == b""


def wait_until_stuck(terminal: Terminal) -> None:
    """Return when the busy probe has used no processor time for half a second: it sleeps in a write."""
    last = [-1.0, time.monotonic()]

    def stuck() -> bool:
        ticks = cpu_ticks(terminal.pid)
        if ticks != last[0]:
            last[:] = ticks, time.monotonic()
        return time.monotonic() - last[1] > 0.5

    terminal.wait_until(stuck, "the program to be stuck")


def cpu_ticks(pid: int) -> int:
    """Ticks of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def only_child_of(pid: int) -> int:
    """The process that another one has started."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
