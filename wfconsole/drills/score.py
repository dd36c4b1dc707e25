"""How a drill went: what the record of it says, in points and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.policy import SEVERITIES, SeverityPolicy
from wfconsole.incident.state import IncidentState, Receipt
from wfconsole.text import age, safe

EACH: Final = 20
_LESS: Final = 10  # for each thing in vain, and each step of severity beside the right one
_HARMS: Final = ("NO EFFECT", "WORSE")


class Mark(msgspec.Struct, frozen=True):
    """What was looked at, how many points of how many it brought, and why."""

    title: str
    points: int
    text: str
    of: int = EACH


class Score(msgspec.Struct, frozen=True):
    """`facts` are told and bring no points."""

    marks: tuple[Mark, ...]
    facts: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        return sum(mark.points for mark in self.marks)

    @property
    def of(self) -> int:
        return sum(mark.of for mark in self.marks)


def score_of(state: IncidentState, policy: SeverityPolicy, *, began_at: Millis, severity: int | None) -> Score:
    """`began_at`: when the drill began; `severity`: the right one, None where the scenario names none."""
    receipts = tuple(state.receipts.values())
    marks = [_declared(state, policy, began_at), _severity(state, severity), _worked(receipts, began_at)]
    return Score((*marks, _harm(receipts), _told(state)), _facts(state))


def as_text(score: Score, title: str) -> str:
    """For whoever has just left the screen."""
    room = max(len(mark.title) for mark in score.marks)
    lines = [f"DRILL {safe(title)}: {score.points} of {score.of} points"]
    lines += [f"  {mark.points:>3}/{mark.of}  {mark.title:{room}}  {mark.text}" for mark in score.marks]
    return "\n".join((*lines, *(f"          {fact}" for fact in score.facts), ""))


def _declared(state: IncidentState, policy: SeverityPolicy, began_at: Millis) -> Mark:
    title = "declared in time"
    if not state.declared:
        return Mark(title, 0, "no incident was declared")
    took = state.declared_at - began_at
    allowed = next((rule.respond for rule in policy.rules if rule.name == state.severity), None)
    late = allowed is not None and 0 < allowed.duration_ms < took
    return Mark(
        title, 0 if late else EACH, f"after {age(took)}" + (f"; {allowed.text} are given" if late and allowed else "")
    )


def _severity(state: IncidentState, right: int | None) -> Mark:
    title = "severity"
    if not state.declared:
        return Mark(title, 0, "none was given")
    if right is None:
        return Mark(title, 0, f"{state.severity}; the scenario does not say what is right", of=0)
    off = abs(SEVERITIES.index(state.severity) - (right - 1))
    wanted = SEVERITIES[right - 1]
    return Mark(title, max(0, EACH - off * _LESS), f"{state.severity}" + (f"; right is {wanted}" if off else ""))


def _worked(receipts: Sequence[Receipt], began_at: Millis) -> Mark:
    title = "it helped"
    worked = next((each for each in receipts if each.verdict == "WORKED"), None)
    if worked is None:
        return Mark(title, 0, "no action worked" if receipts else "nothing was done")
    return Mark(title, EACH, f"{safe(worked.title)}, {age(worked.intended_at - began_at)} after it began")


def _harm(receipts: Sequence[Receipt]) -> Mark:
    title = "nothing in vain"
    told = [f"{safe(each.title)}: {each.verdict}" for each in receipts if each.verdict in _HARMS]
    told += [f"{safe(each.title)}: done although it was refused" for each in receipts if each.override]
    told += [f"{safe(each.title)}: without a second person" for each in receipts if each.break_glass]
    if not receipts:
        return Mark(title, 0, "nothing was done")
    return Mark(title, max(0, EACH - _LESS * len(told)), "; ".join(told) or "every action had its reason")


def _told(state: IncidentState) -> Mark:
    title = "people told"
    if not state.last_update_at:
        return Mark(title, 0, "nobody outside was told anything")
    return Mark(title, EACH, f"{age(state.last_update_at - state.declared_at)} after it was declared, the last time")


def _facts(state: IncidentState) -> tuple[str, ...]:
    steps = Counter(step.mark for step in state.steps.values() if step.mark != "open")
    told = [f"steps: {', '.join(f'{count} {mark}' for mark, count in sorted(steps.items())) or 'none'}"]
    told.append(f"status at the end: {state.status}" if state.declared else "no record was begun")
    return tuple(told)
