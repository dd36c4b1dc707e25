"""The life of one action on the console's side: each function is the body of a thread, and blocks.

What a console before this one began and nobody heard the end of is asked of the server: it is never run again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Run, Settled
from wfconsole.incident.action_events import ActionIntended, EvidenceKept
from wfconsole.incident.plan import Found, Outcome, Plan, Result, Verdict
from wfconsole.session.act_after import read_before, settle_later, watch_probe
from wfconsole.session.act_book import ActBook
from wfconsole.session.act_process import ActingProcess, Silent
from wfconsole.session.acts import READINGS_KEPT, Act, Confirmation
from wfconsole.session.confirming import is_on_disk

LATE_MS: Final[Millis] = 5 * SECOND  # after every deadline of the process itself
READ_WITHIN_MS: Final[Millis] = 30 * SECOND  # one look at a signal, with all its deadlines
ASKED_EVERY_MS: Final[Millis] = 15 * SECOND
ASKED_TIMES: Final = 40
# A request whose answer was lost may still be on its way, or with an admission webhook: "did not run" is believed only
# so long after nobody heard of it.
IN_FLIGHT_MS: Final[Millis] = 5 * SECOND
_SAID_KEPT: Final = 50
_BY_FOUND: Final[dict[Found, Result]] = {"ran": "done", "did not run": "failed", "cannot tell": "unknown"}


def plan_it(book: ActBook, receipt: str) -> None:
    """Begin a process, and hear its plan."""
    act = book.get(receipt)
    assert act is not None
    process = book.begin(receipt, request=act.request)
    if process is not None:
        hear_plan(book, receipt, process)


def plan_again(book: ActBook, receipt: str) -> None:
    """The same request, looked at anew."""
    process = book.process(receipt)
    if process is not None:
        process.say(protocol.AGAIN)
        hear_plan(book, receipt, process)


def hear_plan(book: ActBook, receipt: str, process: ActingProcess) -> None:
    """Until there is a plan, or a reason why there is none."""
    try:
        report = process.hear(protocol.PLANNED_WITHIN_MS + LATE_MS)
    except Silent as silent:
        book.trouble(receipt, str(silent), "Try again; look at the system that it acts on.")
        process.kill()
        return
    if isinstance(report, protocol.Planned):
        book.set(receipt, stage="planned", plan=report.plan, trouble="", remedy="")
    elif isinstance(report, protocol.Trouble):
        book.trouble(receipt, report.text, report.remedy)


def run_it(book: ActBook, receipt: str, said: Confirmation) -> None:
    """From the confirmation to the verdict."""
    act, process = book.get(receipt), book.process(receipt)
    if act is None or act.plan is None or process is None or not _captured(book, receipt, process):
        return
    book.set(receipt, stage="recording")
    entry = book.session.submit(_intended(act, act.plan, said, book.approvals.spend(act.plan)))
    if not is_on_disk(book.session, entry.id):
        book.end(receipt, Outcome("failed", "no disk has confirmed the intent: nothing was sent"))
        book.over(receipt)
        return
    book.set(receipt, stage="running")
    before = read_before(book, act.plan)
    process.say(msgspec.json.encode(Run(act.plan.digest)))
    outcome = _outcome(book, receipt, process, act.plan)
    if outcome is None:
        return  # the console is closing: the next one asks
    book.end(receipt, outcome)
    if outcome.result == "unknown":
        if act.plan.reverts_ms:
            _watch(book, receipt, process)  # it takes itself back, whatever it was
        process.leave()
        ask_later(book, receipt, act.plan, book.clock.now())
    elif outcome.result in ("done", "partial") and act.plan.signal is not None:
        if act.plan.signal.probe:
            watch_probe(book, receipt, act.plan, book.clock.now(), before)
        else:
            _watch(book, receipt, process)
    else:
        book.over(receipt)


def _captured(book: ActBook, receipt: str, process: ActingProcess) -> bool:
    """Keep the evidence; whether the way is free."""
    process.say(protocol.CAPTURE)
    while True:
        try:
            report = process.hear(protocol.CAPTURED_WITHIN_MS + LATE_MS)
        except Silent as silent:
            book.trouble(receipt, f"{silent}, while evidence was kept: nothing was changed", "Plan it again.")
            process.kill()
            return False
        if isinstance(report, protocol.Kept):
            kept = report.evidence
            book.session.submit(EvidenceKept(receipt, kept.what, kept.lines, kept.left_out, kept.missing))
            act = book.get(receipt)
            if act is not None:
                book.set(receipt, kept=(*act.kept, kept))
        elif isinstance(report, protocol.Trouble):
            book.trouble(receipt, report.text, report.remedy)
            return False
        elif isinstance(report, protocol.Captured):
            return True


def _outcome(book: ActBook, receipt: str, process: ActingProcess, plan: Plan) -> Outcome | None:
    """How it ended; None where the console ends before that."""
    until = book.clock.monotonic() + plan.deadline_ms + LATE_MS
    sent = False
    while True:
        try:
            report = process.hear(max(0, until - book.clock.monotonic()))
        except Silent as silent:
            if book.closing.is_set():
                return None
            process.kill()
            if not sent and silent.gone:
                return Outcome("failed", f"{silent}, before anything was sent")
            return Outcome("unknown", f"{silent}: it may have happened")
        if isinstance(report, protocol.Sending):
            sent = True
            book.set(receipt, sent=True)
        elif isinstance(report, protocol.Said):
            act = book.get(receipt)
            if act is not None:
                book.set(receipt, said=(*act.said, report.text)[-_SAID_KEPT:])
        elif isinstance(report, protocol.Ran):
            return report.outcome


def _watch(book: ActBook, receipt: str, process: ActingProcess) -> None:
    """Until there is a verdict, and nothing takes itself back any more."""
    book.set(receipt, stage="watching")
    while True:
        try:
            report = process.hear(READ_WITHIN_MS)
        except Silent as silent:
            if book.closing.is_set():
                return
            process.kill()
            act = book.get(receipt)
            if act is not None and act.verdict is None:
                book.judge(receipt, Verdict("CANNOT TELL", f"{silent} while it was watched"))
            if act is not None and act.kept_unless:
                book.settle(receipt, Settled(False, str(silent), Outcome("failed", "look whether it stands")))
            break
        _heard(book, receipt, report)
        act = book.get(receipt)
        if act is None or (act.verdict is not None and not act.kept_unless):
            break
    book.over(receipt)


def _heard(book: ActBook, receipt: str, report: protocol.Report) -> None:
    """One report of a process that watches."""
    act = book.get(receipt)
    if isinstance(report, protocol.Read) and act is not None:
        book.set(receipt, readings=(*act.readings, report.reading)[-READINGS_KEPT:])
    elif isinstance(report, protocol.Provisional):
        book.set(receipt, kept_unless=report.until)
    elif isinstance(report, protocol.Settled):
        book.settle(receipt, report)
    elif isinstance(report, protocol.Judged):
        book.judge(receipt, report.verdict)
    elif isinstance(report, protocol.Trouble):
        book.judge(receipt, Verdict("CANNOT TELL", report.text))


def ask_later(book: ActBook, receipt: str, plan: Plan, ended_at: Millis) -> None:
    """Ask the server what became of it, until it says so; then watch on where that still makes sense."""
    book.set(receipt, stage="asking")
    for _ in range(ASKED_TIMES):
        asked = _asked(book, receipt, plan)
        left = ended_at + IN_FLIGHT_MS - book.clock.now()
        if asked is not None and asked.found == "did not run" and left > 0:
            if book.closing.wait(left / SECOND):
                return
            asked = _asked(book, receipt, plan)
        if asked is not None and asked.found != "cannot tell":
            book.end(receipt, Outcome(_BY_FOUND[asked.found], asked.text), later=True)
            if asked.found == "ran":
                watch_on(book, receipt, plan, ended_at)
            else:
                book.over(receipt)
            return
        if asked is not None and not _known(book, receipt, asked.text):
            book.end(receipt, Outcome("unknown", asked.text), later=True)
        if book.closing.wait(ASKED_EVERY_MS / SECOND):
            return
    book.over(receipt)


def watch_on(book: ActBook, receipt: str, plan: Plan, ended_at: Millis) -> None:
    """Go on watching in the same window; where that is over, nobody saw whether it helped."""
    if plan.signal is None:
        book.over(receipt)
    elif book.clock.now() - ended_at > plan.signal.window_ms:
        book.judge(receipt, Verdict("CANNOT TELL", f"nobody watched {plan.signal.text} in its window"))
        book.over(receipt)
    elif plan.signal.probe:
        watch_probe(book, receipt, plan, ended_at)
    else:
        process = book.begin(receipt, plan=plan, mode="watch", ran_at=ended_at)
        if process is not None:
            _watch(book, receipt, process)


def settle_on(book: ActBook, receipt: str, plan: Plan, ended_at: Millis) -> None:
    """It may have taken itself back when the console was gone: ask until the server says so, then watch on."""
    book.set(receipt, stage="asking")
    for _ in range(ASKED_TIMES):
        asked = _asked(book, receipt, plan)
        still_at_it = book.clock.now() < ended_at + plan.reverts_ms + ASKED_EVERY_MS
        if asked is not None and (asked.found == "did not run" or (asked.found == "ran" and not still_at_it)):
            settle_later(book, receipt, asked.found, asked.text)
            break
        if book.closing.wait(ASKED_EVERY_MS / SECOND):
            return
    found = book.session.view.incident.receipts.get(receipt)
    if found is not None and not found.verdict:
        watch_on(book, receipt, plan, ended_at)
    else:
        book.over(receipt)


def _asked(book: ActBook, receipt: str, plan: Plan) -> protocol.Asked | None:
    """None where it cannot be asked now: the system does not answer, or somebody else is still at it."""
    process = book.begin(receipt, plan=plan, mode="observe")
    if process is None:
        return None
    try:
        report = process.hear(protocol.ASKED_WITHIN_MS + LATE_MS)
    except Silent:
        process.kill()
        return None
    finally:
        process.leave()
    if isinstance(report, protocol.Trouble):
        book.set(receipt, trouble=report.text, remedy=report.remedy)
    return report if isinstance(report, protocol.Asked) else None


def _known(book: ActBook, receipt: str, text: str) -> bool:
    """Whether the record already says that it is unknown, for this reason."""
    found = book.session.view.incident.receipts.get(receipt)
    return found is not None and found.result == "unknown" and found.text == text


def _intended(act: Act, plan: Plan, said: Confirmation, approved_by: str) -> ActionIntended:
    return ActionIntended(
        act.receipt,
        plan.title,
        act.request.action,
        str(act.request.aim),
        plan.danger,
        msgspec.Raw(msgspec.json.encode(plan)),
        reason=said.reason,
        override=said.override,
        approved_by=approved_by,
        break_glass="" if approved_by else said.break_glass,
        undoes=act.request.undoes,
        step=act.step,
    )
