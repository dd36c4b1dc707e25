"""The keys that change the record, in one place: they go through the console's one door, and the last can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.checklist import Item
from wfconsole.incident.events import (
    Declared,
    Entry,
    EntryWithdrawn,
    Event,
    MomentSet,
    StepMarked,
    StepProbed,
    UpdateSent,
)
from wfconsole.incident.playbook import Mark, Step
from wfconsole.incident.probing import evaluate, understood
from wfconsole.tui import screens

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

UNDO_WITHIN: Final[Millis] = 10 * SECOND
EVIDENCE_LINES: Final = 40


class RecordKeys:
    """Actions of the App that enter something. `check_action` has already refused observers and replays."""

    last_entry: Entry | None = None
    typed: tuple[str, ...] = ()  # at the command prompt, newest last

    @property
    def _here(self) -> WarRoom:
        return cast("WarRoom", self)

    def enter(self, event: Event) -> Entry | None:
        """Through the one door; what was refused is said."""
        room = self._here
        entry = room.session.submit(event)
        if entry is None:
            room.say(room.session.capabilities.refusals.get("*", "read-only here"))
        else:
            self.last_entry = entry
        room.show_now()
        return entry

    def action_undo(self) -> None:
        """Takes back the last thing that was entered here; a declaration cannot be undone, only resolved."""
        room, last = self._here, self.last_entry
        if last is None or isinstance(last.event, EntryWithdrawn | Declared):
            room.say("nothing to take back")
        elif room.session.now() - last.at > UNDO_WITHIN:
            room.say("too late to take back; :amend corrects an entry")
        else:
            self.enter(EntryWithdrawn(last.id))
            self.last_entry = None

    def probe_step(self, item: Item) -> None:
        """Takes the step's live value as evidence, as it is on show now."""
        room, step = self._here, item.step
        if not step.live and not step.sensed:
            room.say("this step has nothing to run: look, then X")
            return
        frame = room.frame()
        result = evaluate(understood(step.live or step.sensed), frame.view.world, frame.now)
        lines = result.lines[:EVIDENCE_LINES]
        self.enter(StepProbed(step.id, lines, result.level, result.quality.value, title=step.title))

    def mark_step(self, item: Item, mark: Mark) -> None:
        """Ticks or defers a step at once; a decision, a waiver, and a mark that is taken back ask first."""
        room, step = self._here, item.step
        if not room.frame().view.incident.declared:
            room.say("no incident is open; D declares one")
        elif mark == "waived" or (mark == "done" and step.kind == "decide" and step.branches):
            room.push_screen(screens.load("step")(f"{mark}:{step.id}"))
        elif item.mark == mark:
            self.enter(StepMarked(step.id, "open", title=step.title, reason="opened again"))
        else:
            # An action that was done leads past its alternatives: its one branch says so.
            answer = step.branches[0].answer if mark == "done" and step.branches else ""
            self.enter(StepMarked(step.id, mark, title=step.title, answer=answer))
            if mark == "done":
                self._enter_meaning(step)

    def _enter_meaning(self, step: Step) -> None:
        """What a step means besides being done: the alert is acknowledged, people outside were told."""
        room = self._here
        if step.means == "update sent":
            self.enter(UpdateSent("outside", step.title))
        elif step.means and step.means not in room.frame().view.incident.moments:
            self.enter(MomentSet(step.means, room.session.now(), step.title))


class StepKeys:
    """The keys of whatever shows steps: X, W, E, R act on `step_item`."""

    @property
    def _steps_room(self) -> WarRoom:
        return cast("WarRoom", self.app)  # type: ignore[attr-defined]

    def step_item(self) -> Item | None:
        """The step that the keys act on: the one with the cursor, or the open one."""
        raise NotImplementedError

    def action_run_probe(self) -> None:
        if (item := self._step_or_say()) is not None:
            self._steps_room.probe_step(item)

    def action_step_done(self) -> None:
        if (item := self._step_or_say()) is not None:
            self._steps_room.mark_step(item, "done")

    def action_step_waived(self) -> None:
        if (item := self._step_or_say()) is not None:
            self._steps_room.mark_step(item, "waived")

    def action_step_deferred(self) -> None:
        if (item := self._step_or_say()) is not None:
            self._steps_room.mark_step(item, "deferred")

    def _step_or_say(self) -> Item | None:
        item = self.step_item()
        if item is None:
            self._steps_room.say("no step is open")
        return item
