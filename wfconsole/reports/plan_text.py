"""A plan as text for a terminal without a screen, in the order in which the dialog shows it."""

from __future__ import annotations

from collections.abc import Iterator

from wfconsole.incident.plan import Plan
from wfconsole.text import UNKNOWN


def plan_text(plan: Plan) -> str:
    """All of it, a line for each thing."""
    return "".join(f"{name:<8} {text}\n" for name, text in _rows(plan))


def _rows(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "WHAT", plan.title
    yield "WHERE", plan.place
    for line in plan.blast:
        yield "BLAST", line
    yield "UNDO", plan.undo or "nothing brings it back"
    for line in plan.lost:
        yield "LOST", line
    yield "CHECKS", plan.colour
    for check in plan.checks:
        yield "", f"{check.judgement.upper():<8}{check.text}"
        for seen in check.evidence:
            yield "", f"        {seen.what}: {seen.said}"
    for each in plan.permissions:
        word = {True: "OK", False: "REFUSE", None: "EXPLAIN"}[each.allowed]
        yield "", f"{word:<8}{each.right}{f' (mends it: {each.grant})' if each.grant else ''}"
    words = {"server": "tried by the server", "explained": "explained only", "failed": "refused by the server"}
    yield "DRY RUN", f"{words[plan.dry_run.kind]}{f': {plan.dry_run.text}' if plan.dry_run.text else ''}"
    for line in plan.diff:
        yield "", line
    if plan.signal is not None:
        now = UNKNOWN if plan.before is None or plan.before.value is None else f"{plan.before.value:g}"
        word = "at least" if plan.signal.more else "at most"
        yield "PROOF", f"{plan.signal.text}: {word} {plan.signal.goal:g} {plan.signal.unit}; now {now}"
    for line in plan.captures:
        yield "KEPT", line
    yield "CLASS", plan.danger
    for line in plan.by_hand:
        yield "BY HAND", line
    for place, other in enumerate(plan.alternatives, 1):
        yield "BETTER", f"{place}. {other.text}"
