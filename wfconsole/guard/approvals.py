"""A second person, from another login: the console shows a code, they run `wfconsole approve CODE` on this machine.

Who they are is what the kernel says of the other end of the socket (SO_PEERCRED, unix(7)): a second key in the same
terminal is no second person. A code is for one plan, once, for five minutes.

    /tmp/wfconsole-approve-7F3K/socket      0711, 0666: anybody may ask, only the code gets an answer
    them: Hello(code) -> us: Asked(...) or Refusal -> them: Approval -> us: Granted or Refusal
"""

from __future__ import annotations

import contextlib
import hmac
import os
import pwd
import secrets
import shutil
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.incident.plan import Plan
from wfconsole.text import safe

VALID_MS: Final[Millis] = 5 * MINUTE
PREFIX: Final = "wfconsole-approve-"
PLACE: Final = Path("/tmp")  # noqa: S108  another login has to find it; what counts is the code and the kernel's word
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another
_NAME_LETTERS: Final = 4
_CODE_LETTERS: Final = 8
_WRONG_AT_MOST: Final = 5
_MOST_BYTES: Final = 64 << 10
_PATIENCE_S: Final = 120.0  # for somebody who reads it
_CREDENTIALS: Final = struct.Struct("3i")


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """From the second person: the secret part of the code."""

    code: str


class Approval(msgspec.Struct, frozen=True, tag="approve", omit_defaults=True):
    """They have read it, and typed its word. `came_from`: their SSH_CONNECTION, for the record only."""

    word: str
    came_from: str = ""


class Asked(msgspec.Struct, frozen=True, tag="asked", omit_defaults=True):
    """What they are asked to approve."""

    title: str
    place: str
    by: str
    reason: str = ""
    blast: tuple[str, ...] = ()
    undo: str = ""
    checks: tuple[str, ...] = ()
    word: str = ""


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    why: str


class Granted(msgspec.Struct, frozen=True, tag="granted"):
    """It is approved, in this name."""

    name: str


Said = Hello | Approval | Asked | Refusal | Granted
_DECODE: Final = decoder_of(Said)


class _Open(msgspec.Struct):
    """One plan that waits for a second person."""

    code: str
    asked: Asked
    until: Millis
    wrong: int = 0
    approved_by: str = ""


class Approvals:
    """Listens from the first request on. All methods may be called from any thread."""

    def __init__(self, clock: Clock, changed: Callable[[], None], *, place: Path = PLACE) -> None:
        self._clock = clock
        self._changed = changed
        self._place = place
        self._lock = threading.Lock()
        self._open: dict[str, _Open] = {}  # by the plan's substance
        self._folder: Path | None = None
        self._listener: socket.socket | None = None

    def ask(self, plan: Plan, by: str, reason: str = "") -> str:
        """A code for this plan; "" where no socket can be made. Asked again it is the same, with the newest reason."""
        with self._lock:
            if self._folder is None:
                try:
                    self._listen()
                except OSError:
                    return ""
            found, asked = self._open.get(plan.substance), _asked(plan, by, reason)
            if found is None or self._clock.monotonic() >= found.until:
                found = _Open(_random(_CODE_LETTERS), asked, self._clock.monotonic() + VALID_MS)
                self._open[plan.substance] = found
            elif not found.approved_by:
                found.asked = asked
            assert self._folder is not None
            return f"{self._folder.name.removeprefix(PREFIX)}-{found.code}"

    def approved_by(self, plan: Plan) -> str:
        """Who approved what this plan does, "" while nobody has, and when that is too long ago."""
        with self._lock:
            found = self._open.get(plan.substance)
            fresh = found is not None and self._clock.monotonic() < found.until
            return found.approved_by if found is not None and fresh else ""

    def spend(self, plan: Plan) -> str:
        """The same, once: it is being run."""
        name = self.approved_by(plan)
        with self._lock:
            self._open.pop(plan.substance, None)
        return name

    def close(self) -> None:
        """Nobody can approve anything any more."""
        with self._lock:
            listener, self._listener = self._listener, None
            folder, self._folder = self._folder, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    # --- the socket

    def _listen(self) -> None:
        folder = self._place / f"{PREFIX}{_random(_NAME_LETTERS)}"
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)  # whatever the umask is
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "socket"))
        (folder / "socket").chmod(0o666)
        listener.listen(4)
        self._folder, self._listener = folder, listener
        threading.Thread(target=self._accept, args=(listener,), name="approvals", daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(caller,), name="approval", daemon=True).start()

    def _talk(self, caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError, msgspec.MsgspecError, EOFError):
            caller.settimeout(_PATIENCE_S)
            person = Person.behind(caller)
            hello = hear(caller)
            found = self._find(hello.code) if isinstance(hello, Hello) else None
            if found is None:
                say(caller, Refusal("no plan waits for this code: it may be too old, used, or mistyped"))
                return
            if person.uid == os.getuid():
                say(caller, Refusal(f"you are {person.name}, as is the console: a second person has another login"))
                return
            say(caller, found.asked)
            answer = hear(caller)
            if not isinstance(answer, Approval) or answer.word != found.asked.word:
                say(caller, Refusal("not approved: the word is another one"))
                return
            came_from = safe(answer.came_from.partition(" ")[0], 60)
            name = f"{person.name} (uid {person.uid}{f', from {came_from}' if came_from else ''})"
            if self._grant(found, name):
                say(caller, Granted(name))
            else:
                say(caller, Refusal("it waits no longer"))

    def _find(self, code: str) -> _Open | None:
        with self._lock:
            now = self._clock.monotonic()
            for each in self._open.values():
                if now < each.until and not each.approved_by and each.wrong < _WRONG_AT_MOST:
                    if hmac.compare_digest(each.code.encode(), code.encode()):
                        return each
                    each.wrong += 1
        return None

    def _grant(self, found: _Open, name: str) -> bool:
        with self._lock:
            waits = found in self._open.values() and not found.approved_by
            if waits and self._clock.monotonic() < found.until:
                found.approved_by = name
            else:
                waits = False
        self._changed()
        return waits


class Person(msgspec.Struct, frozen=True):
    """Who is at the other end, as the kernel knows it."""

    uid: int
    name: str

    @classmethod
    def behind(cls, caller: socket.socket) -> Person:
        told = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        uid = _CREDENTIALS.unpack(told)[1]
        try:
            return cls(uid, safe(pwd.getpwuid(uid).pw_name, 60))
        except KeyError:
            return cls(uid, f"uid {uid}")


def hear(wire: socket.socket) -> Said:
    """One line. Raises EOFError, OSError, and msgspec.MsgspecError."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = wire.recv(4096)
        if not chunk or len(line) > _MOST_BYTES:
            raise EOFError
        line += chunk
    said: Said = _DECODE.decode(line)
    return said


def say(wire: socket.socket, said: Said) -> None:
    wire.sendall(msgspec.json.encode(said) + b"\n")


def _asked(plan: Plan, by: str, reason: str) -> Asked:
    checks = tuple(f"{check.judgement.upper()}: {check.text}" for check in plan.checks if check.judgement != "ok")
    return Asked(plan.title, plan.place, by, reason, plan.blast, plan.undo, checks, plan.word)


def _random(letters: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(letters))
