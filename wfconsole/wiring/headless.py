"""Recording without a screen: a collector whose stream goes to a file, or to standard output for another console."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

from wfconsole import exit_codes
from wfconsole.clock import HOUR, MINUTE, SECOND, Millis
from wfconsole.errors import UserError
from wfconsole.recording.keep import Recorder
from wfconsole.recording.lines import MIB, RecordingError
from wfconsole.wiring.collecting import collector_command, collector_settings, require_cluster
from wfconsole.wiring.ground import Ground, ground

CHUNK = 1 << 18
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR}


def record_to(arguments: argparse.Namespace) -> int:
    """Record until the time is over, a signal comes, or the reader goes away. Raises UserError before it begins."""
    base = ground(arguments)
    duration = _duration(arguments.duration)
    require_cluster(base.settings)
    recorder = None if arguments.path == "-" else _recorder(base, Path(arguments.path), arguments.title)
    collector = subprocess.Popen(
        collector_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
    )
    assert collector.stdin is not None
    assert collector.stdout is not None
    collector.stdin.write(collector_settings(base.settings, title=arguments.title, strict=True) + b"\n")
    ended_by: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        ended_by.append(number)
        collector.terminate()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    timer = threading.Timer(duration / SECOND, collector.terminate) if duration else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        _pump(collector.stdout.fileno(), recorder)
    except BrokenPipeError:
        _forget_stdout()
    finally:
        with contextlib.suppress(ProcessLookupError):
            collector.terminate()
        code = collector.wait()
    if recorder is not None:
        recorder.close()
        _tell(recorder)
    if not ended_by and timer is None and code not in (0, -signal.SIGTERM):
        return code if code > 0 else exit_codes.CRASH
    return exit_codes.OK


def _pump(fd: int, recorder: Recorder | None) -> None:
    while chunk := os.read(fd, CHUNK):
        if recorder is not None:
            recorder.keep(chunk)
            continue
        view = memoryview(chunk)
        while view:
            view = view[os.write(1, view) :]


def _recorder(base: Ground, path: Path, title: str) -> Recorder:
    try:
        return Recorder(path, base.clock, title=title)
    except RecordingError as error:
        raise UserError(str(error), exit_codes.RECORDING) from None


def _tell(recorder: Recorder) -> None:
    state = recorder.state
    lost = f", {state.lost} lines lost" if state.lost else ""
    why = f", stopped: {state.reason}" if state.reason not in ("", "closed") else ""
    print(f"wfconsole: recorded {state.path} ({state.size / MIB:.1f} MiB{lost}{why})", file=sys.stderr)


def _duration(text: str) -> Millis:
    if not text:
        return 0
    found = re.fullmatch(r"(\d{1,6})([smh])", text)
    if found is None or not int(found[1]):
        raise UserError(f"--for takes a number and s, m or h, such as 90s or 5m; not {text!r}")
    return int(found[1]) * _UNITS[found[2]]


def _forget_stdout() -> None:
    """The reader is gone: whatever Python still flushes at exit goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
