"""How a second command asks the rig in the foreground for a fault: sessions that hold locks live in that process."""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Callable
from pathlib import Path

_MOST_BYTES = 4096
#: A fault may have to wait for what it breaks.
_ANSWERED_WITHIN_S = 120.0


class Control:
    """A socket of the foreground process, beside its standard input. `answer` gets a fault's name, and says what it
    did, or raises ValueError."""

    def __init__(self, path: Path, answer: Callable[[str], str]) -> None:
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._typed = b""
        self._reads_input = True

    def close(self) -> None:
        self._listener.close()

    def serve(self, for_s: float) -> None:
        """Take what comes within so many seconds."""
        waiting: list[socket.socket | int] = [self._listener]
        if self._reads_input:
            waiting.append(sys.stdin.fileno())
        ready = select.select(waiting, [], [], for_s)[0]
        if self._listener in ready:
            self._take_call()
        if sys.stdin.fileno() in ready:
            self._take_input()

    def _take_call(self) -> None:
        caller, _ = self._listener.accept()
        with caller:
            caller.settimeout(5)
            try:
                name = caller.recv(_MOST_BYTES).decode(errors="replace").strip()
                caller.sendall(self._told(name).encode())
            except OSError:
                pass  # whoever asked is gone

    def _take_input(self) -> None:
        # Not readline: it takes more than a line from the pipe, and select knows nothing of that.
        read = os.read(sys.stdin.fileno(), _MOST_BYTES)
        self._reads_input = bool(read)
        *lines, self._typed = (self._typed + read).split(b"\n")
        for line in lines:
            if name := line.decode(errors="replace").strip():
                print(self._told(name), flush=True)

    def _told(self, name: str) -> str:
        try:
            return self._answer(name)
        except Exception as error:  # the rig stays up, whatever a fault runs into
            return f"rig: {error}"


def ask(path: str, name: str) -> str:
    """What the rig in the foreground says to a fault. Raises ValueError with its refusal."""
    with socket.socket(socket.AF_UNIX) as call:
        call.settimeout(_ANSWERED_WITHIN_S)
        try:
            call.connect(path)
            call.sendall(f"{name}\n".encode())
            told = b"".join(iter(lambda: call.recv(_MOST_BYTES), b"")).decode()
        except OSError as error:
            raise ValueError(f"the rig does not answer: {error}") from None
    if told.startswith("rig: "):
        raise ValueError(told.removeprefix("rig: "))
    return told
