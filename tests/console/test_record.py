"""Recording without a screen, and playing what was recorded: for files, for pipes, and for every way to end."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.console.desk import Desk, command_of, descendants, kill, quit_by_key
from tests.journal.helpers import until
from tests.session.made import patch, row
from tests.threads import signal_another_thread
from wfconsole import exit_codes
from wfconsole.clock import HOUR, ManualClock, SystemClock
from wfconsole.recording.format import StreamWriter
from wfconsole.recording.play import Recording

BOARD = re.compile(r"^ [1-7] .*?(?= {3})", re.MULTILINE)


@contextmanager
def recording(desk: Desk, *arguments: str, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """`wfconsole record`, running; its standard error is a pipe."""
    with subprocess.Popen(
        [sys.executable, "-m", "wfconsole", "record", *arguments],
        env=desk.plain_environment(),
        cwd=desk.folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def sources_in(path: Path) -> set[str]:
    """The sources that a growing recording has rows of."""
    if not path.exists() or not path.stat().st_size:
        return set()
    found = Recording(path, trusted=True)
    try:
        return {item.source for _, item in found.read() if getattr(item, "source", "") and item.patch.rows}  # type: ignore[union-attr]
    finally:
        found.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_recording_that_is_complete(watch: Desk, number: signal.Signals) -> None:
    path = watch.folder / "kept.jsonl"
    with recording(watch, str(path)) as program:
        until(lambda: len(sources_in(path)) >= 5, "every source is in the recording")
        (collector,) = descendants(program.pid)
        program.send_signal(number)
        assert program.wait(10) == 0
    until(lambda: not command_of(collector), "the collector is gone")
    found = Recording(path)
    assert not found.truncated
    assert found.problem is None


def test_what_was_recorded_is_replayed_as_it_was_seen(watch: Desk) -> None:
    path = watch.folder / "kept.jsonl.gz"
    done = watch.run("record", str(path), "--for", "3s", "--title", "as it was")
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(r"recorded \S+ \(\d[\d.]*(Ki)?B\)", done.stderr)
    with watch.watching("--no-recording") as terminal:
        terminal.wait_for(re.compile(r"5 Nodes\+GPU [^(]* ready"))
        seen = BOARD.findall(terminal.text)
        kill(terminal)
    with watch.shell(f"exec {sys.executable} -m wfconsole replay {path} --paused --at 100%") as terminal:
        terminal.wait_for(re.compile(r"5 Nodes\+GPU [^(]* ready"))
        assert BOARD.findall(terminal.text) == seen
        assert "REPLAY" in terminal.lines[0]
        kill(terminal)


def test_a_console_plays_a_recorder_s_stream_and_the_recorder_ends_with_it(watch: Desk) -> None:
    program = f"{sys.executable} -m wfconsole"
    with watch.shell(f"exec {program} live - < <(exec {program} record -)") as terminal:
        terminal.wait_for(re.compile(r"5 Nodes\+GPU [^(]* ready"))
        terminal.wait_for("double/production")
        others = [
            pid for pid in descendants(terminal.pid) if b"record" in command_of(pid) or b"coll" in command_of(pid)
        ]
        assert len(others) == 2
        assert quit_by_key(terminal) == 0
        assert terminal.restored
    until(lambda: not any(map(command_of, others)), "the recorder and its collector are gone")


def test_a_reader_that_goes_away_ends_it_quietly(watch: Desk) -> None:
    with recording(watch, "-", stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.read(64).startswith(b'{"wfrec"')
        program.stdout.close()
        assert program.wait(10) == 0
        assert program.stderr is not None
        assert program.stderr.read() == b""


@pytest.mark.parametrize("send", [os.kill, signal_another_thread])
def test_a_reader_that_stands_still_cannot_hold_its_end_up(
    watch: Desk, send: Callable[[int, signal.Signals], None]
) -> None:
    reading, writing = os.pipe()
    with recording(watch, "-", stdout=writing) as program:
        os.close(writing)
        assert select.select([reading], [], [], 10)[0]
        send(program.pid, signal.SIGTERM)
        assert program.wait(10) == 0
    os.close(reading)


def test_a_recording_outlives_its_collector_and_says_so(watch: Desk) -> None:
    path = watch.folder / "kept.jsonl"
    with recording(watch, str(path)) as program:
        until(lambda: len(sources_in(path)) >= 5, "every source is in the recording")
        (collector,) = descendants(program.pid)
        os.kill(collector, signal.SIGKILL)
        until(lambda: descendants(program.pid) not in ([], [collector]), "another collector")
        until(lambda: b"killed by SIGKILL" in path.read_bytes(), "it says so")
        end = path.stat().st_size
        until(lambda: b'"k","nodes"' in path.read_bytes()[end:], "it goes on")
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
        assert program.stderr is not None
        assert b"the collector was killed by SIGKILL" in program.stderr.read()
    assert not Recording(path).truncated


def test_what_cannot_work_is_told_and_leaves_no_file(desk: Desk) -> None:
    wrong = desk.folder / "kubeconfig"
    wrong.write_text("current-context: nowhere\n")
    path = desk.folder / "kept.jsonl"
    for where in (str(path), "-"):
        done = desk.run("record", where, KUBECONFIG=str(wrong))
        assert done.returncode == exit_codes.CLUSTER
        assert "nowhere" in done.stderr
        assert done.stdout == ""
    assert not path.exists()


def test_a_disk_that_takes_no_more_ends_it_with_its_own_code(watch: Desk) -> None:
    path = watch.folder / "kept.jsonl"
    limited = f"ulimit -f 16; exec {sys.executable} -m wfconsole record {path}"
    done = subprocess.run(
        ["bash", "-c", limited],
        env=watch.plain_environment() | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == exit_codes.RECORDING
    assert "stopped: File too large" in done.stderr


@pytest.mark.parametrize("skew", [-2 * HOUR, 2 * HOUR])
def test_a_stream_of_a_machine_with_another_clock_is_as_old_as_it_is_there(desk: Desk, skew: int) -> None:
    lines: list[bytes] = []
    there = SystemClock().now() + skew
    writer = StreamWriter(lines.append, ManualClock(there))
    writer.header()
    writer.patch("pods", there, patch(row("gateway-a")).replace(b":2000", b":1000"), keyframe=True)
    desk.stream.write_bytes(b"".join(lines))
    with desk.live("--no-recording") as terminal:
        terminal.wait_for(re.compile(r"3 Pods +\S+ +\S+ +1/1 ready .* [0-3]s$", re.MULTILINE))
        terminal.wait_for(f"{time.strftime('%H:', time.gmtime(there / 1000))}")
        terminal.wait_for(re.compile(r"3 Pods +≈ STALE +\(1/1 ready\)"))
        kill(terminal)
