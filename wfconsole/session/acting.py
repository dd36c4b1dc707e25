"""Guarded actions: a process for each, told to run when the record holds the intent, and watched to the verdict.

the screen --> plan(request) --> [thread] the process plans ----------------> Act on the screen
           --> confirm(...)  --> evidence --> intent on disk? --> run --> ActionEnded --> watch --> ActionVerified
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.decoding import decoder_of
from wfconsole.incident.arming import not_armed
from wfconsole.incident.plan import Outcome, Plan, Request
from wfconsole.incident.state import Receipt
from wfconsole.session import act_life
from wfconsole.session.act_book import ActBook
from wfconsole.session.acts import Act, Confirmation, Second


class Acting:
    """See `session.console.Acts`."""

    def __init__(self, book: ActBook) -> None:
        self._book = book

    def refusal(self) -> str:
        view = self._book.session.view
        if view.incident.declared and view.journal.condition == "memory-only":
            return "the record is on no disk: nothing is changed that nothing would tell of"
        return "the console is closing" if self._book.closing.is_set() else ""

    def armed_for(self) -> Millis:
        return self._book.settings().actions.armed_minutes * MINUTE

    def show(self) -> tuple[Act, ...]:
        return self._book.show()

    def plan(self, request: Request, step: str = "") -> str:
        receipt = uuid.uuid4().hex
        self._book.add(Act(receipt, request, "planning", self._book.clock.now(), step))
        _thread(act_life.plan_it, self._book, receipt)
        return receipt

    def again(self, receipt: str) -> None:
        act = self._book.get(receipt)
        if act is not None and act.stage == "planned":
            self._book.set(receipt, stage="planning", trouble="", remedy="")
            _thread(act_life.plan_again, self._book, receipt)

    def drop(self, receipt: str) -> None:
        act = self._book.get(receipt)
        if act is not None and not act.under_way and act.stage not in ("watching", "asking"):
            self._book.drop(receipt)

    def second(self, receipt: str, reason: str = "") -> Second:
        act = self._book.get(receipt)
        wanted = self._book.settings().actions.second_person
        if act is None or act.plan is None or act.plan.danger != "R3" or not wanted or act.stage != "planned":
            return Second()
        approvals = self._book.approvals
        code = approvals.ask(act.plan, self._book.operator, reason)
        return Second(needed=True, code=code, approved_by=approvals.approved_by(act.plan))

    def barred(self, receipt: str, said: Confirmation) -> str:
        act = self._book.get(receipt)
        if act is None or act.plan is None or act.stage != "planned":
            return "there is no plan to run"
        now, incident = self._book.clock.now(), self._book.session.view.incident
        if act.plan.stale(now):
            return "the plan is older than a minute: it has to be made again"
        if refusal := self.refusal() or not_armed(incident, now):
            return refusal
        if any(each.under_way and each.request.aim == act.request.aim for each in self.show()):
            return f"another action on {act.request.aim} is under way"
        return _not_confirmed(act.plan, said, self.second(receipt, said.reason), incident.severity)

    def confirm(self, receipt: str, said: Confirmation) -> str:
        refusal = self.barred(receipt, said)
        if not refusal:
            self._book.set(receipt, stage="capturing")
            _thread(act_life.run_it, self._book, receipt, said)
        return refusal

    def keep(self, receipt: str) -> None:
        self._book.keep(receipt)

    def close(self) -> None:
        """Leave every process: what changes something finishes that by itself, and is asked for at the next resume."""
        self._book.leave_all()

    def take_up(self) -> None:
        """After a resume: find out what became of everything that nobody heard the end of, and watch what may go on."""
        for name, receipt in self._book.session.view.incident.receipts.items():
            if receipt.result in ("", "unknown"):
                self._take_up(name, receipt, act_life.ask_later)
            elif receipt.result in ("done", "partial") and not receipt.settled and _reverts(receipt):
                self._take_up(name, receipt, act_life.settle_on)
            elif receipt.result in ("done", "partial") and not receipt.verdict:
                self._take_up(name, receipt, act_life.watch_on)

    def _take_up(self, name: str, receipt: Receipt, task: Callable[[ActBook, str, Plan, Millis], None]) -> None:
        try:
            plan = decoder_of(Plan).decode(receipt.plan)
        except msgspec.MsgspecError:
            if not receipt.result:
                self._book.end(name, Outcome("unknown", "the record does not say what it was"), later=True)
            return
        now = self._book.clock.now()
        self._book.add(Act(name, plan.request, "asking", now, receipt.step, plan, sent=True))
        _thread(task, self._book, name, plan, receipt.ended_at or now)


def _reverts(receipt: Receipt) -> bool:
    """Whether it was to take itself back."""
    return b'"reverts_ms":' in bytes(receipt.plan)


def _thread(task: Callable[..., None], *told: object) -> None:
    threading.Thread(target=task, args=told, name="acting", daemon=True).start()


def _not_confirmed(plan: Plan, said: Confirmation, second: Second, severity: str) -> str:
    """What is missing from the confirmation, "" when nothing is."""
    if plan.colour == "REFUSE":
        if not plan.overridable:
            return f"refused: {plan.refusals[0]}"
        if not said.override:
            return f"refused, unless you say why it is done all the same: {plan.refusals[0]}"
    if plan.danger != "R3":
        return ""
    if not said.reason:
        return "what is wide or one way only needs a reason"
    if second.needed and not second.approved_by:
        if not said.break_glass:
            return "a second person has to approve it, from another login"
        if severity != "SEV1":
            return "only in a SEV1 is it done without a second person"
    return ""
