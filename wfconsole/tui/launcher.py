"""A small parent that waits for the console, so that even a console that was killed leaves a usable terminal.

It forks before anything heavy is imported: about a millisecond and some shared memory, of which the console copies what
it writes to. So this module imports little, and no typing. The console ends by itself when this parent dies (it holds
the other end of a pipe), so killing either of the two ends both.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

from wfconsole.tui import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Final

_FORWARDED: Final = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

parent_pipe = -1  # in the console: readable at its end when the parent has died; -1 without a parent


def watch_over(program: Callable[[], int], farewell: Callable[[], str]) -> int:
    """Run `program` in a child and give its exit code, 128+n when signal n killed it.

    `farewell` gives the line to print when it was killed: where the journal is and how to go on.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # memory holds secrets
    saved = terminal.attributes()
    if saved is None or _has_threads():  # nothing to restore, or not safe to fork
        return program()
    ours, theirs = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(theirs)
        _stay_linked(ours)
        return program()
    os.close(ours)
    return _parent(child, saved, farewell)


def _has_threads() -> bool:
    threading = sys.modules.get("threading")
    return threading is not None and threading.active_count() > 1


def _stay_linked(pipe: int) -> None:
    global parent_pipe  # noqa: PLW0603  the one fact that the console needs from its parent
    parent_pipe = pipe


def _parent(child: int, saved: terminal.Attributes, farewell: Callable[[], str]) -> int:
    def forward(number: int, _frame: FrameType | None) -> None:
        try:
            os.kill(child, number)
        except ProcessLookupError:
            pass

    for number in _FORWARDED:
        signal.signal(number, forward)
    status = os.waitpid(child, 0)[1]
    code = os.waitstatus_to_exitcode(status)
    if code < 0 or terminal.attributes() not in (saved, None):
        terminal.force_restore(saved)
        terminal.drain_replies()
    if code < 0:
        name = signal.Signals(-code).name
        try:
            print(f"wfconsole: the console was killed by {name}. {farewell()}", file=sys.stderr)
        except OSError:
            pass
    return code if code >= 0 else 128 - code
