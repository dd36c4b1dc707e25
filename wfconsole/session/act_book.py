"""The actions of this console: how each stands, its process, what the record is told of it. Safe between threads."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.approvals import Approvals
from wfconsole.guard.protocol import KEEP, Begin, Settled
from wfconsole.incident.action_events import ActionEnded, ActionSettled, ActionVerified
from wfconsole.incident.paging import call_made
from wfconsole.incident.plan import Outcome, Verdict
from wfconsole.session.act_process import ActingProcess, ActProcess
from wfconsole.session.acts import Act
from wfconsole.session.session import Session
from wfconsole.text import safe

_REAPED_WITHIN_MS: Final[Millis] = SECOND


class ActBook:
    """See the module's docstring. An act that was dropped is not there any more: what is said of it then is lost."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        settings: Callable[[], ActingSettings],
        *,
        operator: str = "",
        locks: str = "",
        approvals: Approvals | None = None,
        command: tuple[str, ...] = (sys.executable, "-m", "wfconsole.actions"),
        stand_in: Callable[[Begin], ActingProcess] | None = None,
    ) -> None:
        """`settings` is asked anew for every process; `locks` is a folder that all consoles of this machine share.
        `stand_in`: what acts in the place of a process."""
        self.session = session
        self.clock = clock
        self.settings = settings
        self.closing = threading.Event()
        self.approvals = approvals or Approvals(clock, session.repaint)
        self.operator = operator
        self._locks = locks
        self._begin = stand_in or (lambda begin: ActProcess(command, dict(os.environ), begin, clock))
        self._lock = threading.Lock()
        self._acts: dict[str, Act] = {}
        self._processes: dict[str, ActingProcess] = {}

    def show(self) -> tuple[Act, ...]:
        with self._lock:
            return tuple(self._acts.values())

    def get(self, receipt: str) -> Act | None:
        with self._lock:
            return self._acts.get(receipt)

    def add(self, act: Act) -> None:
        with self._lock:
            self._acts[act.receipt] = act
        self.session.repaint()

    def set(self, receipt: str, **changes: Any) -> None:
        with self._lock:
            act = self._acts.get(receipt)
            if act is not None:
                self._acts[receipt] = msgspec.structs.replace(act, **changes)
        self.session.repaint()

    def drop(self, receipt: str) -> None:
        """Forget it, and its process with it."""
        with self._lock:
            self._acts.pop(receipt, None)
            process = self._processes.pop(receipt, None)
        if process is not None:
            process.leave()
        self.session.repaint()

    def leave_all(self) -> None:
        """The console ends: what changes something finishes that by itself."""
        self.closing.set()
        self.approvals.close()
        with self._lock:
            processes = tuple(self._processes.values())
        for process in processes:
            process.leave()

    # --- processes

    def begin(self, receipt: str, **told: Any) -> ActingProcess | None:
        """Start a process; where none can be started the act says so."""
        begin = Begin(
            self.settings(),
            receipt=receipt,
            incident=self.session.view.incident.id,
            operator=self.operator,
            locks=self._locks,
            **told,
        )
        try:
            process = self._begin(begin)
        except OSError as error:
            self.trouble(receipt, safe(f"no process: {error.strerror or error}", 200), "Is this machine full?")
            return None
        with self._lock:
            self._processes[receipt] = process
        return process

    def process(self, receipt: str) -> ActingProcess | None:
        with self._lock:
            return self._processes.get(receipt)

    def keep(self, receipt: str) -> None:
        """It shall stay."""
        process = self.process(receipt)
        if process is not None:
            process.say(KEEP)

    def over(self, receipt: str) -> None:
        """Nothing more comes of it."""
        with self._lock:
            process = self._processes.pop(receipt, None)
        self.set(receipt, stage="over")
        if process is not None:
            process.reap(_REAPED_WITHIN_MS)

    # --- what is told

    def trouble(self, receipt: str, text: str, remedy: str) -> None:
        """It cannot go on, and nothing was changed."""
        self.set(receipt, trouble=text, remedy=remedy)
        self.over(receipt)

    def end(self, receipt: str, outcome: Outcome, *, later: bool = False) -> None:
        """How it ended, into the record. `later`: nobody heard it, and the server was asked."""
        act = self.get(receipt)
        plan = act.plan if act is not None else None
        inverse = outcome.inverse
        if inverse is None and plan is not None and outcome.result in ("done", "unknown"):
            inverse = plan.inverse
        event = ActionEnded(
            receipt,
            outcome.result,
            outcome.text,
            outcome.lines,
            outcome.lost or (plan.lost if plan is not None else ()),
            msgspec.Raw(msgspec.json.encode(inverse)),
            outcome.took_ms,
            found_later=later,
        )
        self.session.submit(event)
        made = call_made(act.request) if act is not None and outcome.result == "done" else None
        if made is not None:
            self.session.submit(made)
        self.set(receipt, outcome=outcome)

    def judge(self, receipt: str, verdict: Verdict) -> None:
        """Whether it helped, into the record."""
        self.session.submit(ActionVerified(receipt, verdict.word, verdict.text))
        self.set(receipt, verdict=verdict)

    def settle(self, receipt: str, said: Settled) -> None:
        """What would take itself back stays, or was taken back; into the record."""
        what = said.outcome or Outcome("done", "")
        result = "" if said.kept else what.result
        self.session.submit(ActionSettled(receipt, said.kept, said.why, result, what.text, what.lines))
        self.set(receipt, kept_unless=0)
