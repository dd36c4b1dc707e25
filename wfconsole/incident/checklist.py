"""The checklist of an incident: which steps, in which order, how each stands, and which one is next.

It follows from the runbook, the severity, the chosen playbook and the state alone. Lists of the general process come
first, as far as the runbook has them before its playbooks; then the chosen playbook; then the rest of the process.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.events import SCRIBE, Event, StepMarked, StepProbed
from wfconsole.incident.known_steps import known_state
from wfconsole.incident.playbook import Checklist, Mark, Runbook, Step
from wfconsole.incident.policy import SeverityName
from wfconsole.incident.state import IncidentState, StepState
from wfconsole.observations.world import World
from wfconsole.text import clock_time

# Marks with which a step needs nobody any more. A deferred one comes again before the end; a failed one stays open.
CLOSED: Final[frozenset[Mark]] = frozenset(("done", "sensed", "waived", "not-taken"))
# The answer of a step that is no decision: an action's branch says where it leads once it is done.
DONE: Final = "done"
# Probe lines that an automatic tick keeps as its evidence.
_EVIDENCE_LINES: Final = 20


class Item(msgspec.Struct, frozen=True):
    """One step as it stands. `number` is its place in its list (from 1), as the runbook's text numbers it.

    `mark` is what the state says, or "not-taken" where a decision led past it. `again` marks a deferred step that
    comes up again now that all others are closed.
    """

    step: Step
    list_id: str
    number: int
    mark: Mark = "open"
    state: StepState = StepState()
    again: bool = False

    @property
    def waits(self) -> bool:
        """Whether somebody still has to do it."""
        return self.mark not in CLOSED and (self.mark != "deferred" or self.again)


class Section(msgspec.Struct, frozen=True):
    """One list with its items, in order."""

    id: str
    title: str
    kind: str
    items: tuple[Item, ...]
    pins: tuple[int, ...] = ()

    @property
    def counted(self) -> tuple[Item, ...]:
        """The items that count: all but what a decision led past."""
        return tuple(item for item in self.items if item.mark != "not-taken")

    @property
    def closed(self) -> int:
        """How many need nobody any more; a deferred one does."""
        return sum(item.mark in CLOSED for item in self.counted)


class Active(msgspec.Struct, frozen=True):
    """The whole checklist: its sections, the step that is next, and how far it is.

    `completion` is "" until nothing is open and nothing deferred; then the line that announces it.
    """

    sections: tuple[Section, ...] = ()
    current: Item | None = None
    total: int = 0
    closed: int = 0
    waived: int = 0
    deferred: int = 0
    completion: str = ""

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for section in self.sections for item in section.items)

    @property
    def memory_items(self) -> tuple[Item, ...]:
        """What is done from memory, before the list is read; without what a decision led past."""
        return tuple(item for item in self.items if item.step.memory and item.mark != "not-taken")

    def find(self, step_id: str) -> Item | None:
        """The step with this id; None where it is on no list that is followed."""
        return next((item for item in self.items if item.step.id == step_id), None)

    @property
    def section(self) -> Section | None:
        """The list that the current step is in; the last one when there is none."""
        if self.current is None:
            return self.sections[-1] if self.sections else None
        return next(section for section in self.sections if section.id == self.current.list_id)


def active_checklist(runbook: Runbook, state: IncidentState) -> Active:
    """The checklist of the declared incident; an empty one before that."""
    if not state.declared:
        return Active()
    return _assembled(_lists(runbook, state), runbook, state)


def confirm_checklist(runbook: Runbook, list_id: str, state: IncidentState) -> Active | None:
    """A DO-CONFIRM list (hand-over, stand-down) that somebody opened; None when the runbook has no such list."""
    found = runbook.checklist(list_id)
    return None if found is None else _assembled([found], runbook, state)


def sensed_steps(runbook: Runbook, state: IncidentState, world: World, now: Millis) -> tuple[Event, ...]:
    """The events that tick the next step by itself: its evidence and its mark, or nothing.

    Only the step that is next can tick itself: what holds before its time ("all pods ready", before the action that
    was to help) proves nothing. A step that a person opened again never does. Only data that is whole and recent
    counts, and it is looked at only when a source that it rests on has just spoken.
    """
    item = active_checklist(runbook, state).current
    if item is None or not item.step.sensed or item.mark != "open" or item.state.by not in ("", SCRIBE):
        return ()
    from wfconsole.incident.probe_text import probe_in_words  # here, because the first frame senses nothing
    from wfconsole.incident.probing import evaluate, understood

    probe = understood(item.step.sensed)
    spoken = (world.snapshots[name].observed_at == now for name in probe.sources if name in world.snapshots)
    if not any(spoken):
        return ()
    result = evaluate(probe, world, now)
    if result.holds is not True:
        return ()
    step = item.step
    evidence = StepProbed(step.id, result.lines[:_EVIDENCE_LINES], result.level, result.quality.value, title=step.title)
    return (evidence, StepMarked(step.id, "sensed", title=step.title, reason=probe_in_words(probe)))


def _lists(runbook: Runbook, state: IncidentState) -> list[Checklist]:
    kinds = [found.kind for found in runbook.checklists]
    first_playbook = kinds.index("playbook") if "playbook" in kinds else len(kinds)
    process = [
        (place, found)
        for place, found in enumerate(runbook.checklists)
        if found.kind == "process" and _applies(found.severities, state.severity)
    ]
    chosen = runbook.checklist(state.playbook) if state.playbook else None
    return [
        *(found for place, found in process if place < first_playbook),
        *([chosen] if chosen is not None else []),
        *(found for place, found in process if place > first_playbook),
    ]


def _applies(severities: tuple[SeverityName, ...], severity: SeverityName) -> bool:
    return not severities or severity in severities


def _assembled(lists: Iterable[Checklist], runbook: Runbook, state: IncidentState) -> Active:
    sections = [_section(found, runbook, state) for found in lists]
    items = [item for section in sections for item in section.items]
    current = next((item for item in items if item.waits), None)
    if current is None and any(item.mark == "deferred" for item in items):
        sections = [_with_deferred_again(section) for section in sections]
        items = [item for section in sections for item in section.items]
        current = next((item for item in items if item.waits), None)
    waived = sum(item.mark == "waived" for item in items)
    return Active(
        sections=tuple(sections),
        current=current,
        total=sum(len(section.counted) for section in sections),
        closed=sum(section.closed for section in sections),
        waived=waived,
        deferred=sum(item.mark == "deferred" for item in items),
        completion=_completion(items, waived) if current is None and items else "",
    )


def _section(found: Checklist, runbook: Runbook, state: IncidentState) -> Section:
    items: list[Item] = []
    places = {step.id: place for place, step in enumerate(found.steps)}
    skip_before = 0
    for place, step in enumerate(found.steps):
        stands = _stands(step, runbook, state)
        mark: Mark = stands.mark
        if place < skip_before and mark == "open":
            mark = "not-taken"
        if mark == "done" and place >= skip_before:
            answer = stands.answer or DONE
            goto = next((branch.goto for branch in step.branches if branch.answer == answer), "")
            skip_before = places.get(goto, skip_before)
        if _applies(step.severities, state.severity) or stands.mark != "open":
            items.append(Item(step, found.id, place + 1, mark, stands))
    return Section(found.id, found.title, found.kind, tuple(items), found.pins)


def _stands(step: Step, runbook: Runbook, state: IncidentState) -> StepState:
    """What somebody has marked; else what the record knows, with the evidence that was taken."""
    marked = state.steps.get(step.id, StepState())
    known = known_state(step, runbook, state) if step.means and not marked.at else None
    if known is None:
        return marked
    return msgspec.structs.replace(
        known, probe=marked.probe, probed_at=marked.probed_at, probe_entry=marked.probe_entry
    )


def _with_deferred_again(section: Section) -> Section:
    again = tuple(
        msgspec.structs.replace(item, again=True) if item.mark == "deferred" else item for item in section.items
    )
    return msgspec.structs.replace(section, items=again)


def _completion(items: list[Item], waived: int) -> str:
    at = max(item.state.at for item in items)
    return f"CHECKLIST COMPLETE {clock_time(at)}  {len(items)} steps, {waived} waived"
