"""One plan comes in on standard input; what happens goes out on standard output, the outcome last.

The deadline holds for everything: at its end the process ends, and its sockets with it, whatever hangs or drips. It
ends at once, too, when its input ends: then nobody is there to write down what it would have done.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import SECOND
from wfconsole.comms.plan import Failed, Leaving, Outcome, Plan, Said
from wfconsole.comms.sender.trouble import Trouble
from wfconsole.decoding import decoder_of
from wfconsole.redaction import redact_text
from wfconsole.text import safe

Send = Callable[[Plan, Callable[[], None]], Outcome]
# Each is imported by itself: the others' clients would only make it slower.
_SENDERS: Final[Mapping[str, str]] = {
    "slack": "slack",
    "pagerduty": "pagerduty",
    "status page": "status_page",
    "file": "files",
}
_REASON: Final = 300


class _Mouth:
    """Says one outcome, whoever comes first: the sender, or the deadline."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = False
        self._over = False

    def leaving(self) -> None:
        with self._lock:
            if not self._over and not self._left:
                self._left = True
                _write(Leaving())

    def end(self, outcome: Outcome) -> None:
        """Say it, and end the process: nothing that hangs holds it up."""
        with self._lock:
            if self._over:
                return
            self._over = True
            if isinstance(outcome, Failed):
                reason = safe(redact_text(" ".join(outcome.reason.split())), _REASON)
                outcome = msgspec.structs.replace(outcome, reason=reason)
            _write(outcome)
            os._exit(exit_codes.OK)

    def late(self, seconds: float) -> None:
        left = self._left
        self.end(Failed(f"no answer within {seconds:g} s", again=True, unknown=left))


def main(argv: Sequence[str] | None = None) -> int:
    """Send one message. Takes no arguments: they would show in the process list."""
    del argv
    try:
        plan = decoder_of(Plan).decode(sys.stdin.buffer.readline())
    except msgspec.MsgspecError as error:
        print(f"sender: plan: {error}", file=sys.stderr)
        return exit_codes.CONFIGURATION
    mouth = _Mouth()
    timer = threading.Timer(plan.deadline_ms / SECOND, mouth.late, (plan.deadline_ms / SECOND,))
    timer.daemon = True
    timer.start()
    threading.Thread(target=_end_with_input, name="input", daemon=True).start()
    mouth.end(_outcome(plan, mouth.leaving))
    return exit_codes.OK


def _outcome(plan: Plan, leaving: Callable[[], None]) -> Outcome:
    name = _SENDERS.get(plan.sink)
    if name is None:
        return Failed(f"no sender for {plan.sink}")
    send: Send = importlib.import_module(f"wfconsole.comms.sender.{name}").send
    left: list[bool] = []

    def leave() -> None:
        left.append(True)
        leaving()

    try:
        return send(plan, leave)
    except Trouble as trouble:
        return trouble.failed
    except Exception as error:  # noqa: BLE001  whatever it is, one line tells it, and never a traceback with locals
        return Failed(f"{type(error).__name__} in the sender", again=False, unknown=bool(left))


def _write(said: Said) -> None:
    line = msgspec.json.encode(said) + b"\n"
    while line:
        try:
            line = line[os.write(1, line) :]
        except OSError:
            os._exit(exit_codes.OK)  # nobody reads any more


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(exit_codes.OK)
