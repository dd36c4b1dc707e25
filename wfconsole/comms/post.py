"""The outbox: sees to it that what the journal says is queued gets sent, once. It runs beside the screen.

The journal is the outbox: queued (on disk) -> an attempt begins (on disk) -> a sender process -> arrived, failed, or
nobody knows. Whoever is killed in between leaves exactly that behind: what was queued was not sent, what was begun may
have been, and is looked for before it is sent again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Final

from wfconsole.clock import MINUTE, SECOND, Clock, Millis
from wfconsole.comms.plan import Arrived, Failed, Look, Outcome, Plan
from wfconsole.comms.process import Sending
from wfconsole.comms.routes import Routes
from wfconsole.incident.events import Event, MessageFailed, MessageSent, MessageTried
from wfconsole.incident.ledger import is_open, next_try
from wfconsole.incident.sinks import SINKS, Sink
from wfconsole.incident.state import IncidentState, Message

FIRST_RETRY: Final[Millis] = 2 * SECOND
LONGEST_RETRY: Final[Millis] = 2 * MINUTE
LOOKS_EVERY: Final[Millis] = 5 * SECOND
ON_DISK_WITHIN: Final[Millis] = 20 * SECOND
_CLIPBOARD: Final = "clipboard"

Submit = Callable[[Event], str]


class Post:
    """One thread that looks, and one for each message that is being sent.

    `submit` enters an event and gives its entry's id; `on_disk` says whether an entry is on disk by now; `state` is the
    incident as it stands. `inherits` is asked once for each incident, off the screen's loop: whether what others queued
    is this console's to send, because no other console looks after it.
    """

    def __init__(
        self,
        *,
        routes: Routes,
        clock: Clock,
        command: Sequence[str],
        state: Callable[[], IncidentState],
        submit: Submit,
        on_disk: Callable[[str], bool],
        inherits: Callable[[str], bool] = lambda _: True,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self.routes = routes
        self._clock = clock
        self._command = tuple(command)
        self._state = state
        self._submit = submit
        self._on_disk = on_disk
        self._inherits = inherits
        self._spread = spread
        self._own: set[str] = set()
        self._judged: dict[str, bool] = {}
        self._busy: dict[str, str] = {}  # target -> the message that is being sent there
        self._running: dict[str, Sending] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()  # nothing more is begun
        self._closing = threading.Event()  # what was begun is cut
        self._idle = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="post", daemon=True)
        self._thread.start()

    def own(self, message: str) -> None:
        """This message was released at this console."""
        self._own.add(message)
        self.look()

    def sinks(self) -> tuple[Sink, ...]:
        return self.routes.sinks(self._state())

    def look(self) -> None:
        """Something may be to be sent, or is on disk now. From any thread; never waits."""
        self._wake.set()

    def close(self, within_ms: Millis = 0) -> None:
        """Begins nothing more; what is still being sent after `within_ms` is cut, and looked for after a resume."""
        self._ending.set()
        self._wake.set()
        until = self._clock.monotonic() + within_ms
        while self._busy and self._clock.monotonic() < until:
            self._idle.wait(0.02)
        self._closing.set()
        with self._lock:
            for sending in self._running.values():
                sending.cut()

    # --- the thread that looks

    def _run(self) -> None:
        while not self._ending.is_set():
            self._wake.wait(self._wait_ms() / SECOND)
            self._wake.clear()
            if not self._ending.is_set():
                self._look()

    def _wait_ms(self) -> Millis:
        now = self._clock.now()
        dues = [due for message in self._state().messages.values() if (due := next_try(message, now))]
        return max(50, min([LOOKS_EVERY, *(due - now for due in dues)])) if dues else LOOKS_EVERY

    def _look(self) -> None:
        state, now = self._state(), self._clock.now()
        if state.declared and state.id not in self._judged:
            self._judged[state.id] = self._inherits(state.id)
        if not any(is_open(message) for message in state.messages.values()):
            return
        for name, message in state.messages.items():
            if message.standing == "sending" and self._mine(state, name) and name not in self._busy.values():
                reason = "the console ended while it was being sent"
                self._submit(MessageFailed(name, reason, message.attempts, retry_at=now, unknown=True))
        state = self._state()
        for target in SINKS:
            if target != _CLIPBOARD and target not in self._busy:
                self._next_of(target, state, now)

    def _next_of(self, target: str, state: IncidentState, now: Millis) -> None:
        """The oldest message of a target that is tried at all comes first: updates arrive in their order."""
        for name, message in state.messages.items():
            if message.target != target or not (due := next_try(message, now)) or not self._mine(state, name):
                continue
            if due > now or not self._saved(state, name):
                return
            self._busy[target] = name
            threading.Thread(target=self._send, args=(name, target), name="sending", daemon=True).start()
            return

    def _mine(self, state: IncidentState, name: str) -> bool:
        return name in self._own or self._judged.get(state.id, False)

    def _saved(self, state: IncidentState, name: str) -> bool:
        """Whether all that the journal has to say of the message is on disk."""
        line = state.lines.get(state.line_of_key.get(f"message {name}", ""))
        return line is not None and all(map(self._on_disk, (line.entry, *line.entries)))

    # --- the thread of one message

    def _send(self, name: str, target: str) -> None:
        state = self._state()
        try:
            self._attempt(name, state)
        except Exception as error:  # noqa: BLE001  a bug in here must not end the console, and must not be silent
            self._enter(state, MessageFailed(name, f"{type(error).__name__} in the outbox", unknown=True))
        finally:
            self._busy.pop(target, None)
            self._wake.set()

    def _enter(self, state: IncidentState, event: Event) -> str:
        """Into the record of the incident that the message is of; another one may have been declared meanwhile."""
        return self._submit(event) if self._state().id == state.id else ""

    def _attempt(self, name: str, state: IncidentState) -> None:
        message = state.messages.get(name)
        if message is None:
            return
        attempts = message.attempts + 1
        if refused := self.routes.refusal(message, state):
            self._enter(state, MessageFailed(name, refused, message.attempts, unknown=message.doubted))
            return
        entry = self._enter(state, MessageTried(name, attempts))
        if not entry:
            return
        if not self._wait_on_disk(entry):
            later = self._clock.now() + LOOKS_EVERY
            reason = "the record is on no disk: nothing is sent"
            self._enter(state, MessageFailed(name, reason, message.attempts, later, unknown=message.doubted))
            return
        now = self._state().messages.get(name)
        if now is None or now.standing != "sending":
            return  # dropped meanwhile
        outcome = self._sent(name, self.routes.plan(name, state, _look_of(message)))
        if isinstance(outcome, Arrived):
            self._enter(state, MessageSent(name, outcome.reference, attempts))
        elif outcome is not None:  # None: cut by our own end; who resumes finds an attempt without an outcome
            self._enter(state, self._failed(name, message, attempts, outcome))

    def _sent(self, name: str, plan: Plan) -> Outcome | None:
        sending = Sending(self._command, plan)
        with self._lock:
            self._running[name] = sending
        if self._closing.is_set():
            sending.cut()
        try:
            outcome = sending.outcome()
        finally:
            with self._lock:
                self._running.pop(name, None)
        return None if self._closing.is_set() and not isinstance(outcome, Arrived) else outcome

    def _failed(self, name: str, message: Message, attempts: int, outcome: Failed) -> MessageFailed:
        """A doubt that an earlier attempt has left stays until somebody has found it, or has not."""
        unknown = outcome.unknown or message.doubted
        again = outcome.again or (outcome.unknown and not message.doubted)
        retry_at = 0
        if again:
            pause = min(LONGEST_RETRY, FIRST_RETRY << min(attempts - 1, 10))
            pause = max(round(pause * (0.5 + self._spread())), outcome.after_ms)
            retry_at = self._clock.now() + pause
        return MessageFailed(name, outcome.reason, attempts, retry_at=retry_at, unknown=unknown)

    def _wait_on_disk(self, entry: str) -> bool:
        until = self._clock.monotonic() + ON_DISK_WITHIN
        while not self._on_disk(entry):
            if self._ending.wait(0.01) or self._clock.monotonic() > until:
                return False
        return True


def _look_of(message: Message) -> Look:
    """A person who sends a doubtful message again has looked; by itself it is sent only once it is certain."""
    if not message.doubted:
        return "no"
    return "try" if message.standing == "queued" else "must"
