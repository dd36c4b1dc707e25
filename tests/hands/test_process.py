"""The process that runs a command: real shells, real signals, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from tests.journal.helpers import until
from tests.threads import PATIENCE_S
from wfconsole.clock import MINUTE, SECOND
from wfconsole.hands.plan import BYTES_KEPT, LINE_AT_MOST, LINES_KEPT, STOP, Began, Ended, Plan, Report, Said
from wfconsole.text import is_safe


class Hands:
    """One such process, spoken to as the console does."""

    def __init__(
        self,
        text: str,
        deadline_ms: int = MINUTE,
        grace_ms: int = SECOND,
        program: Sequence[str] = ("-m", "wfconsole.hands"),
        **environment: str,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=os.environ | environment,
            start_new_session=True,
        )
        self.say(msgspec.json.encode(Plan(text, deadline_ms, grace_ms)))

    def say(self, word: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + b"\n")

    def reports(self) -> Iterator[Report]:
        assert self.process.stdout is not None
        decode = msgspec.json.Decoder(Report).decode
        for line in self.process.stdout:
            yield decode(line)

    def whole(self) -> tuple[list[str], int, Ended]:
        """Until its end: the lines, how many were left out, how it ended. It has written nothing to its errors."""
        lines: list[str] = []
        left_out = 0
        ended: Ended | None = None
        for report in self.reports():
            if isinstance(report, Said):
                lines += report.lines
                left_out += report.left_out
            elif isinstance(report, Ended):
                ended = report
        assert self.process.wait(10) == 0
        assert self.process.stderr is not None
        assert self.process.stderr.read() == b""
        assert ended is not None
        return lines, left_out, ended


def is_alive(pid: int) -> bool:
    """A zombie that nobody has waited for yet is dead, too."""
    try:
        return "(" in (stat := Path(f"/proc/{pid}/stat").read_text()) and stat.rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pid_in(path: Path) -> int:
    """What a command wrote there about itself."""
    until(lambda: path.exists() and path.read_text().strip().isdigit(), "the command says its process")
    return int(path.read_text())


def test_both_outputs_come_in_their_order_and_the_exit_code_is_told() -> None:
    lines, left_out, ended = Hands("echo one; echo two >&2; exit 3").whole()
    assert (lines, left_out) == (["one", "two"], 0)
    assert (ended.outcome, ended.code) == ("exit", 3)


_LATE = """
from wfconsole.hands import group, main
begin = group.begin
def late(*arguments):
    shell = begin(*arguments)
    shell.wait()
    return shell
group.begin = late
raise SystemExit(main.main())
"""


def test_the_time_of_a_command_that_is_over_before_anybody_knows_that_it_runs_counts_from_its_start() -> None:
    _, _, ended = Hands("sleep 0.3; exit 3", program=("-c", _LATE)).whole()
    assert ended.code == 3
    assert ended.took_ms >= 300


def test_a_command_that_a_signal_ended_has_the_code_that_a_shell_gives() -> None:
    assert Hands("kill -SEGV $$").whole()[2].code == 128 + signal.SIGSEGV


def test_there_is_no_terminal_and_no_input() -> None:
    lines, _, ended = Hands(
        "cat; (: </dev/tty) 2>/dev/null && echo terminal; test -t 1 && echo terminal; exit 0"
    ).whole()
    assert lines == []
    assert ended.code == 0


def test_at_the_deadline_the_whole_group_ends(tmp_path: Path) -> None:
    where = tmp_path / "pid"
    lines, _, ended = Hands(f"sleep 600 & echo $! > {where}; echo before; sleep 600", 700).whole()
    assert lines == ["before"]
    assert ended.outcome == "timed out"
    assert not is_alive(pid_in(where))


def test_what_ignores_the_polite_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    where = tmp_path / "pid"
    text = f"trap '' TERM; echo $$ > {where}; while :; do sleep 0.05; done"
    ended = Hands(text, 300, 300).whole()[2]
    assert ended.outcome == "timed out"
    assert ended.code == 128 + signal.SIGKILL
    assert ended.took_ms >= 600
    assert not is_alive(pid_in(where))


def test_stopping_ends_it_at_once(tmp_path: Path) -> None:
    where = tmp_path / "pid"
    hands = Hands(f"echo $$ > {where}; sleep 600")
    pid = pid_in(where)
    hands.say(STOP)
    assert hands.whole()[2].outcome == "cancelled"
    assert not is_alive(pid)


def test_it_ends_with_the_console(tmp_path: Path) -> None:
    """However that ended: its end of the pipe is closed then."""
    where = tmp_path / "pid"
    hands = Hands(f"trap '' TERM; echo $$ > {where}; while :; do sleep 0.05; done")
    pid = pid_in(where)
    assert hands.process.stdin is not None
    hands.process.stdin.close()
    assert hands.process.wait(PATIENCE_S) == 0
    assert not is_alive(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_process_ends_the_command_too(tmp_path: Path, number: int) -> None:
    where = tmp_path / "pid"
    hands = Hands(f"echo $$ > {where}; sleep 600")
    pid = pid_in(where)
    hands.process.send_signal(number)
    assert hands.whole()[2].outcome == "cancelled"
    assert not is_alive(pid)


def test_a_signal_that_comes_with_the_first_instruction_of_the_command_ends_it_too() -> None:
    program = (
        "import os, signal\n"
        "from wfconsole.hands import group, main\n"
        "begin = group.begin\n"
        "def begun(*told):\n"
        "    shell = begin(*told)\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    return shell\n"
        "group.begin = begun\n"
        "raise SystemExit(main.main())"
    )
    assert Hands("sleep 600", program=("-c", program)).whole()[2].outcome == "cancelled"


def test_a_command_leaves_nothing_running_behind_it(tmp_path: Path) -> None:
    """Not in its group, and not in a session of its own."""
    near, far = tmp_path / "near", tmp_path / "far"
    far_away = f"setsid bash -c 'echo $$ > {far}; exec sleep 600'"
    text = f"sleep 600 & echo $! > {near}; {far_away} & until test -s {far}; do :; done"
    assert Hands(text).whole()[2].outcome == "exit"
    assert not is_alive(pid_in(near))
    assert not is_alive(pid_in(far))


def test_a_flood_is_counted_and_its_end_is_kept() -> None:
    """`yes` for as long as its deadline lets it: the process stays small, and what it tells at once is bounded."""
    hands = Hands("yes 'no end of this'", 800)
    most, told, left_out = 0, 0, 0
    for report in hands.reports():
        if isinstance(report, Said):
            most = max(most, len(report.lines))
            assert sum(map(len, report.lines)) <= BYTES_KEPT
            told, left_out = told + len(report.lines), left_out + report.left_out
        elif isinstance(report, Ended):
            assert report.outcome == "timed out"
    assert most <= LINES_KEPT
    assert left_out > 10 * LINES_KEPT
    assert hands.process.wait(10) == 0


def test_a_line_without_an_end_is_bounded() -> None:
    lines, _, ended = Hands("head -c 3000000 /dev/zero | tr '\\0' x").whole()
    assert len(lines) == 1
    assert len(lines[0]) <= LINE_AT_MOST
    assert ended.code == 0


def test_binary_and_hostile_output_is_harmless() -> None:
    lines, _, _ = Hands(r"printf '\033]52;c;aGk=\a[/]\xff\xfe\0\u202e\n'; head -c 20000 /dev/urandom").whole()
    assert all(map(is_safe, lines))
    assert "[/]" in lines[0]


def test_secrets_in_the_output_are_taken_out_also_over_many_lines() -> None:
    key = "echo -----BEGIN PRIVATE KEY-----; echo c2VjcmV0; echo -----END PRIVATE KEY-----"
    lines, _, _ = Hands(f"echo password=hunter2; {key}; echo on").whole()
    shown = "\n".join(lines)
    assert "hunter2" not in shown
    assert "c2VjcmV0" not in shown
    assert lines[-1] == "on"


def test_the_environment_holds_nothing_of_ours_and_no_passwords() -> None:
    lines, _, _ = Hands(
        "env", PGPASSWORD="hunter2", WFCONSOLE_OPERATOR="op1", BASH_ENV="/nope", KUBECONFIG="/etc/kube"
    ).whole()
    names = {line.partition("=")[0] for line in lines}
    assert not names & {"PGPASSWORD", "WFCONSOLE_OPERATOR", "BASH_ENV", "TERM"}
    assert "KUBECONFIG=/etc/kube" in lines


def test_without_a_shell_it_says_so(tmp_path: Path) -> None:
    ended = Hands("echo hi", PATH=str(tmp_path)).whole()[2]
    assert ended.outcome == "not started"
    assert "no shell" in ended.reason


def test_it_says_which_group_runs() -> None:
    hands = Hands("echo $$; sleep 600")
    reports = hands.reports()
    began, said = next(reports), next(reports)
    assert isinstance(began, Began)
    assert isinstance(said, Said)
    assert said.lines == (str(began.group),)
    hands.say(STOP)
    assert isinstance([*reports][-1], Ended)
