"""The terminal itself: whether the console can be shown on it, and how it is left as it was found.

Knows no Textual, so that the small parent process can restore a terminal whose console was killed; and imports no
typing, because what is there when that parent forks is copied.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time

from wfconsole import exit_codes
from wfconsole.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Final, TypeAlias

# Leaves everything that a full-screen program may have switched on. The keyboard protocol goes before the alternate
# screen, because each screen has its own.
RESTORE: Final = (
    b"\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2048l"
    b"\x1b[<u\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h"
)
_FD: Final = 2  # Textual draws on standard error

Attributes: TypeAlias = "list[Any]"


def require_terminal(environ: Mapping[str, str], *, only_ascii: bool = False) -> None:
    """Raise a `UserError` with the reason and the remedy where the console cannot be shown.

    `only_ascii` says that nothing else will be drawn, so that the encoding of the streams does not matter.
    """
    term = environ.get("TERM", "")
    if not os.isatty(_FD):
        raise _no_terminal("standard error is not a terminal", "over SSH use `ssh -t`, and do not redirect 2>")
    if not os.isatty(0):
        raise _no_terminal("standard input is not a terminal", "over SSH use `ssh -t`, in a container `-it`")
    if term in ("", "dumb", "unknown"):
        named = f"TERM is {term}" if term else "TERM is not set"
        raise _no_terminal(named, "set it to what the terminal is, for example TERM=xterm-256color")
    encoding = getattr(sys.__stderr__, "encoding", "") or ""
    if not only_ascii and encoding.lower().replace("-", "") != "utf8":
        remedy = "set PYTHONIOENCODING=utf-8 (or unset it), or start with --ascii"
        raise _no_terminal(f"the output is encoded as {encoding or 'nothing known'}, not UTF-8", remedy)


def _no_terminal(reason: str, remedy: str) -> UserError:
    message = (
        f"the console cannot be shown here: {reason}.\n"
        f"  {remedy}. Without a terminal, `wfconsole record` and `wfconsole export` work."
    )
    return UserError(message, exit_codes.TERMINAL)


def attributes() -> Attributes | None:
    """The line settings of the terminal, None where there is none (any more)."""
    try:
        return termios.tcgetattr(_FD)
    except (termios.error, OSError):
        return None


def force_restore(saved: Attributes | None, silence: Callable[[], None] | None = None, patience_s: float = 1.0) -> None:
    """Put the terminal back as a program would that ended well, whatever state it is in; never waits for longer.

    `silence` stops whoever else still writes to it. Output that the terminal has not read is thrown away first: frames
    of a console that is gone.
    """
    if saved is None or not os.isatty(_FD):
        return
    try:  # a descriptor of our own: making the shared one non-blocking would outlive us in the shell
        own = os.open(os.ttyname(_FD), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return
    try:
        if silence is not None:
            silence()
        termios.tcsetattr(own, termios.TCSANOW, saved)
        termios.tcflush(own, termios.TCIOFLUSH)
        _write_patiently(own, RESTORE, patience_s)
    except (termios.error, OSError):
        return
    finally:
        os.close(own)


def _write_patiently(fd: int, data: bytes, patience_s: float) -> None:
    end = time.monotonic() + patience_s
    while data and (left := end - time.monotonic()) > 0:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            select.select([], [fd], [], min(left, 0.05))


def drain_replies(quiet_s: float = 0.06, patience_s: float = 0.4) -> None:
    """Swallow the terminal's late answers to start-up queries: else the shell gets them as typed text.

    Needed only where the program ended right after it began; returns after `quiet_s` of silence.
    """
    saved = attributes()
    if saved is None or not os.isatty(0):
        return
    raw = [*saved[:3], saved[3] & ~(termios.ICANON | termios.ECHO), *saved[4:]]
    end = time.monotonic() + patience_s
    try:
        termios.tcsetattr(_FD, termios.TCSANOW, raw)
        while time.monotonic() < end and select.select([0], [], [], quiet_s)[0]:
            if not os.read(0, 4096):
                break
    except (termios.error, OSError):
        return
    finally:
        try:
            termios.tcsetattr(_FD, termios.TCSANOW, saved)
        except (termios.error, OSError):
            pass


def let_go() -> None:
    """Point the standard streams at nothing: the terminal is gone, and writing to it would fail or block."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)


def is_gone() -> bool:
    """Whether the keyboard's terminal has been closed at its other end."""
    try:
        termios.tcgetattr(0)
    except (termios.error, OSError):
        return True
    return False
