"""One command to its end or its deadline, for whoever waits for it: in a process of its own, `wfconsole.hands.main`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.hands.plan import LINES_KEPT, Began, Ended, Plan, Report, Said

_REPORT = decoder_of(Report)


class Finished(msgspec.Struct, frozen=True):
    """`code` as a shell would have it. `lines`: the last ones of its output, safe and without secrets; `left_out` came
    before them. "lost": the process that ran it is gone, and nobody knows."""

    how: Literal["exit", "timed out", "cancelled", "not started", "lost"]
    code: int = 0
    lines: tuple[str, ...] = ()
    left_out: int = 0
    reason: str = ""


def run_once(
    command: Sequence[str],
    deadline_ms: Millis,
    say: Callable[[str], None] = lambda _line: None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run it, arguments and no shell; nothing that it started is left afterwards. When whoever waits is gone, it ends.

    `environment` comes on top of ours; the command gets what `plan.clean` leaves of it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "wfconsole.hands"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | dict(environment or {}),
        start_new_session=True,  # what is meant for the terminal does not end it
    )
    told, heard = process.stdin, process.stdout
    assert told is not None
    assert heard is not None
    with told, heard:
        told.write(msgspec.json.encode(Plan("", deadline_ms, command=tuple(command))) + b"\n")
        told.flush()
        finished = _heard(heard, say)
    process.wait()
    return finished


def _heard(reports: IO[bytes], say: Callable[[str], None]) -> Finished:
    lines: deque[str] = deque(maxlen=LINES_KEPT)
    left_out = 0
    began = False
    for line in reports:
        report = _REPORT.decode(line)
        if isinstance(report, Began):
            began = True
        elif isinstance(report, Said):
            left_out += report.left_out + max(0, len(lines) + len(report.lines) - LINES_KEPT)
            lines.extend(report.lines)
            if report.lines:
                say(report.lines[-1])
        elif isinstance(report, Ended):
            return Finished(report.outcome, report.code, tuple(lines), left_out, report.reason)
    return Finished("lost" if began else "not started", 0, tuple(lines), left_out, "its process is gone")
