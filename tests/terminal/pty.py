"""A terminal for tests: runs a command under a real pseudo-terminal, types, resizes, stalls, hangs up, and looks.

    with Terminal([sys.executable, "-m", "wfconsole", "demo"], columns=120, rows=40) as terminal:
        terminal.wait_for("LIVE")
        terminal.press("q", "enter")
        assert terminal.wait_exit() == 0
        assert terminal.forbidden_bytes() == []

Nothing here sleeps: every wait is for a condition, with a deadline after which the screen is part of the error.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from tests.terminal.display import Display

DEADLINE: Final = 20.0  # seconds; generous, because it is only ever used up by a failure
KEYS: Final = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "backspace": "\x7f",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "shift+up": "\x1b[1;2A",
    "shift+down": "\x1b[1;2B",
    "shift+right": "\x1b[1;2C",
    "shift+left": "\x1b[1;2D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "f5": "\x1b[15~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
_ANSWERS: Final = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;0$y"}


class Keyboard:
    """What a person does with a terminal's keys and mouse."""

    _master: int

    def send(self, data: str | bytes) -> None:
        """Type exactly this."""
        view = memoryview(data.encode() if isinstance(data, str) else data)
        while view:
            view = view[os.write(self._master, view) :]

    def press(self, *keys: str) -> None:
        """Press keys by name (`KEYS`), or single characters."""
        for key in keys:
            self.send(KEYS.get(key, key))

    def paste(self, text: str) -> None:
        """Paste as a terminal with bracketed paste does."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def click(self, column: int, row: int) -> None:
        """Press and release the left mouse button on a cell, counted from 0."""
        self.send(f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m")


class Terminal(Display, Keyboard):
    """One command under one pseudo-terminal. Its environment is small and fixed; `env` adds to it, None removes."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        term: str | None = "xterm-256color",
        env: Mapping[str, str | None] | None = None,
        answers: bool = False,
    ) -> None:
        """`answers`: reply to the queries for synchronized output and in-band resize, as newer terminals do."""
        super().__init__(columns, rows)
        self._answers = answers
        self._reading = threading.Event()
        self._reading.set()
        self._code: int | None = None
        self._master, slave = os.openpty()
        self._name = os.ttyname(slave)
        self._set_size((columns, rows))
        self.pid = os.posix_spawn(
            command[0] if "/" in command[0] else _which(command[0]),
            list(command),
            _environment(term, env),
            # A session leader without a terminal takes the first one that it opens as its controlling terminal.
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, self._name, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE],
        )
        os.close(slave)
        self._pidfd = os.pidfd_open(self.pid)
        self._wake, self._woken = os.pipe()
        self._reader = threading.Thread(target=self._read, name="terminal-reader", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def restored(self) -> bool:
        """Whether a shell could go on here: main screen, cursor, line mode with echo, no mouse, no bracketed paste."""
        mode = termios.tcgetattr(self._master)[3]
        cooked = bool(mode & termios.ICANON) and bool(mode & termios.ECHO)
        return cooked and not self.full_screen and not self.modes_left_on()

    def unread_input(self) -> bytes:
        """What was typed and no program has read: a shell would get it. Only after the end of the program."""
        reader = os.open(self._name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            mode = termios.tcgetattr(reader)
            mode[3] &= ~termios.ICANON
            termios.tcsetattr(reader, termios.TCSANOW, mode)
            return os.read(reader, 65_536)
        except BlockingIOError:
            return b""
        finally:
            os.close(reader)

    # --- waiting ----------------------------------------------------------------------------------------------------

    def wait_until(self, condition: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
        """Return when `condition` holds; it is asked again whenever something was written."""
        end = time.monotonic() + deadline
        while not condition():
            with self._changed:
                if not self._changed.wait(min(0.05, max(0.0, end - time.monotonic()))) and time.monotonic() > end:
                    raise AssertionError(f"waited {deadline} s for {what}; the screen:\n{self.text}")

    def wait_for(self, wanted: str | re.Pattern[str], deadline: float = DEADLINE) -> None:
        """Return when the screen shows the text, or a match of the pattern."""
        pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
        self.wait_until(lambda: bool(pattern.search(self.text)), f"the screen to show {pattern.pattern!r}", deadline)

    def wait_gone(self, unwanted: str, deadline: float = DEADLINE) -> None:
        """Return when the screen no longer shows the text."""
        self.wait_until(lambda: unwanted not in self.text, f"{unwanted!r} to go from the screen", deadline)

    def wait_raw(self, wanted: bytes, start: int = 0, deadline: float = DEADLINE) -> int:
        """Return when the bytes were written at or after `start`; gives the position after them."""
        self.wait_until(lambda: self.raw.find(wanted, start) >= 0, f"the bytes {wanted!r}", deadline)
        return self.raw.find(wanted, start) + len(wanted)

    def wait_exit(self, deadline: float = DEADLINE) -> int:
        """The exit code; minus the signal's number when one killed it."""
        if self._code is None:
            if not select.select([self._pidfd], [], [], deadline)[0]:
                raise AssertionError(f"waited {deadline} s for the end of the program; the screen:\n{self.text}")
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            if self._reading.is_set():
                self._reader.join(1)  # a grandchild may keep the terminal open
        return self._code

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._code is None and not select.select([self._pidfd], [], [], 0)[0]

    # --- doing ------------------------------------------------------------------------------------------------------

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program is told by SIGWINCH."""
        self.reshape(columns, rows)
        self._set_size((columns, rows))

    def storm(self, sizes: Iterable[tuple[int, int]]) -> None:
        """Through many sizes, faster than they can be drawn, to the last of them; some are drawn on the way."""
        for number, size in enumerate(sizes, 1):
            self._set_size(size)
            if number % 50 == 0:  # a size that the program has had before all those between may bring nothing new
                with self._changed:
                    self._changed.wait(0.5)
        self.reshape(*size)

    def stall(self) -> None:
        """Stop reading, as a frozen SSH client does."""
        self._reading.clear()
        os.write(self._woken, b"s")

    def unstall(self) -> None:
        """Read on."""
        self._reading.set()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal's end, as when the SSH server dies. The kernel tells the program by SIGHUP."""
        self._stop_reader()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def close(self) -> None:
        """End everything that was started: kills the program's whole session."""
        if self._pidfd < 0:
            return
        if self._code is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.hang_up()
        for fd in (self._pidfd, self._wake, self._woken):
            os.close(fd)
        self._pidfd = -1

    # --- inside -----------------------------------------------------------------------------------------------------

    def _set_size(self, size: tuple[int, int]) -> None:
        columns, rows = size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            self._reading.wait()
            ready = select.select([self._master, self._wake], [], [])[0]
            if self._wake in ready:
                if os.read(self._wake, 1) == b"q":
                    return
                continue
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # the last process that had it open is gone
                data = b""
            self.show(data)
            if not data:
                return
            if self._answers:
                for query, answer in _ANSWERS.items():
                    if query in data:
                        os.write(self._master, answer)

    def _stop_reader(self) -> None:
        if self._reader.is_alive():
            os.write(self._woken, b"q")
            self._reading.set()
            self._reader.join(DEADLINE)


def _which(program: str) -> str:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, program)
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(program)


def _environment(term: str | None, extra: Mapping[str, str | None] | None) -> dict[str, str]:
    environ: dict[str, str | None] = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "TERM": term,
        **(extra or {}),
    }
    return {name: value for name, value in environ.items() if value is not None}
