"""A command with everything that it starts: begun without a terminal, ended without leaving anything behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_ADOPT_ORPHANS: Final = 36  # PR_SET_CHILD_SUBREAPER of Linux's prctl
_SWEEPS: Final = 50  # one that forks as fast as we kill is given up on; each sweep takes all that are there


def adopt_orphans() -> None:
    """Whatever loses its parent becomes our child, so that a process that left its group is found, too. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)


def in_a_shell(text: str) -> list[str]:
    """The command that has a shell read this text, and no start-up file before it."""
    return ["bash", "--noprofile", "--norc", "-c", text]


def begin(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A session of its own, no terminal, no input, both outputs in one. Raises OSError."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
    )


def ask_to_end(group: int) -> None:
    """All of the group, politely."""
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGTERM)


def end(group: int) -> None:
    """All of the group, and whatever left it, in a way that nothing survives."""
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)
    for _ in range(_SWEEPS):
        left = _children(os.getpid())
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            if pid != group:  # that one is waited for by whoever began it
                with contextlib.suppress(OSError):
                    os.waitpid(pid, 0)
        if not set(left) - {group}:
            return


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found
