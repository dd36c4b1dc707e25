"""What actions ask of the commander: one that nobody knows the end of, one that made it worse, one that did nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.plan import watched_for
from wfconsole.incident.state import IncidentState, Receipt
from wfconsole.observations.levels import Level
from wfconsole.text import age

# A verdict asks for an answer for so long; after that it is history, in the timeline.
ASKED_FOR: Final[Millis] = 15 * MINUTE
# So long an action may take before somebody has to be told that nothing is known of its end.
PATIENCE: Final[Millis] = MINUTE


class ActionNeed(NamedTuple):
    """What is asked, how badly, and of which receipt."""

    text: str
    level: Level
    receipt: str


def action_needs(state: IncidentState, now: Millis) -> Iterator[ActionNeed]:
    """The worst first; none of what was starred, hidden or taken back."""
    found = [need for name, receipt in state.receipts.items() for need in _of(state, name, receipt, now)]
    yield from sorted(found, key=lambda need: -need.level)


def actions_under_way(state: IncidentState, now: Millis) -> Iterator[ActionNeed]:
    """What runs, or is watched whether it helps; the oldest first."""
    for name, receipt in state.receipts.items():
        if not receipt.result and now - receipt.intended_at <= PATIENCE:
            yield ActionNeed(f"runs for {age(now - receipt.intended_at)}: {receipt.title}", Level.WATCH, name)
        elif receipt.result in ("done", "partial") and not receipt.verdict and not receipt.undone_by:
            left = receipt.ended_at + watched_for(receipt.plan) - now
            if left > 0:
                text = f"watched, does it help? {age(left)} at most: {receipt.title}"
                yield ActionNeed(text, Level.WATCH, name)


def _of(state: IncidentState, name: str, receipt: Receipt, now: Millis) -> Iterator[ActionNeed]:
    line = state.lines.get(receipt.entry)
    if receipt.undone_by or line is None or line.starred or line.hidden:
        return
    if receipt.result == "unknown" or (not receipt.result and now - receipt.intended_at > PATIENCE):
        text = f"action UNKNOWN, check before you do it again: {receipt.title}"
        yield ActionNeed(text, Level.CRITICAL, name)
    elif receipt.result == "partial" and now - receipt.ended_at < ASKED_FOR:
        yield ActionNeed(f"action only done in part: {receipt.title}", Level.CRITICAL, name)
    elif receipt.settled == "not taken back":
        yield ActionNeed(f"NOT taken back by itself: {receipt.title}", Level.CRITICAL, name)
    elif receipt.verdict == "WORSE" and now - receipt.verified_at < ASKED_FOR:
        yield ActionNeed(f"action made it WORSE: {receipt.title}", Level.CRITICAL, name)
    elif receipt.verdict in ("NO EFFECT", "CANNOT TELL") and now - receipt.verified_at < ASKED_FOR:
        yield ActionNeed(f"action {receipt.verdict}: {receipt.title}", Level.WARNING, name)
