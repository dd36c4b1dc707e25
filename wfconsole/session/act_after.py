"""What the console itself does after an action: it looks at probes, and settles what may have taken itself back."""

from __future__ import annotations

from wfconsole.clock import SECOND, Millis
from wfconsole.guard.protocol import Settled
from wfconsole.incident.plan import Found, Outcome, Plan, Reading
from wfconsole.incident.probe_readings import reading_of
from wfconsole.incident.verdict import verdict_of
from wfconsole.session.act_book import ActBook
from wfconsole.session.acts import READINGS_KEPT


def read_before(book: ActBook, plan: Plan) -> Reading | None:
    """How it stands just before the action, where the console reads its signal."""
    if plan.signal is None or not plan.signal.probe:
        return plan.before
    return reading_of(plan.signal.probe, book.session.view.world, book.clock.now())


def watch_probe(book: ActBook, receipt: str, plan: Plan, ended_at: Millis, before: Reading | None = None) -> None:
    """Look at the probe until there is a verdict; what was seen before the action ended shows nothing."""
    signal = plan.signal
    assert signal is not None
    book.set(receipt, stage="watching")
    readings: list[Reading] = []
    while True:
        now = book.clock.now()
        readings.append(reading_of(signal.probe, book.session.view.world, now, ended_at))
        book.set(receipt, readings=tuple(readings[-READINGS_KEPT:]))
        verdict = verdict_of(signal, before, readings, ended_at, now)
        if verdict is not None:
            book.judge(receipt, verdict)
            break
        if book.closing.wait(signal.every_ms / SECOND):
            return
    book.over(receipt)


def settle_later(book: ActBook, receipt: str, found: Found, text: str) -> None:
    """Nobody heard whether it took itself back, and the server was asked."""
    if found == "did not run":
        book.settle(receipt, Settled(False, "the console was gone", Outcome("done", text)))
    elif found == "ran":
        book.settle(receipt, Settled(False, "the console was gone", Outcome("failed", f"it stands: {text}")))
