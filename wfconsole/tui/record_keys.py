"""The keys that change the record, in one place: they go through the console's one door, and the last can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.checklist import Item
from wfconsole.incident.events import (
    CommandStarted,
    Declared,
    Entry,
    EntryWithdrawn,
    Event,
    MomentSet,
    StepMarked,
    StepProbed,
)
from wfconsole.incident.known_steps import calls_made
from wfconsole.incident.playbook import Mark, Step
from wfconsole.text import cells, cut
from wfconsole.tui import action_names, screens

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom
    from wfconsole.tui.log_evidence import LogReading

UNDO_WITHIN: Final[Millis] = 10 * SECOND
EVIDENCE_LINES: Final = 40
_MARGIN: Final = 2  # cells beside what is said in the last line


def no_incident(declare_key: str) -> str:
    """What is said where there is none; `declare_key` as in `frame.Frame`."""
    return f"no incident is open; {declare_key} declares one" if declare_key else "no incident is open"


class RecordKeys:
    """Actions of the App that enter something."""

    last_entries: tuple[Entry, ...] = ()  # what the last key or form entered: undone together
    typed: tuple[str, ...] = ()  # at the command prompt, newest last
    readings: tuple[LogReading, ...] = ()  # of logs that were asked for and have not come
    reviewed = ""  # the text that the review shows

    @property
    def _here(self) -> WarRoom:
        return cast("WarRoom", self)

    def enter(self, *events: Event, name: str = "") -> tuple[Entry, ...]:
        """Through the one door, all or none; what was refused is said. `name` is the id of the action behind it."""
        room = self._here
        refusal = room.refused_change(name)
        if refusal:
            room.say(refusal)
            return ()
        made = [room.session.submit(event) for event in events]
        self.last_entries = tuple(entry for entry in made if entry is not None)
        room.show_now()
        if not self.last_entries:
            room.say("refused")
        elif any(isinstance(event, Declared) for event in events):
            room.say(f"{room.session.view().incident.id} is open and its clocks run; nothing was sent to anybody")
        else:
            self._say_entered()
        return self.last_entries

    def _say_entered(self) -> None:
        room = self._here
        line = room.session.view().incident.lines.get(self.last_entries[-1].id)
        if isinstance(self.last_entries[-1].event, CommandStarted):
            return  # what it does is done
        undo = action_names.BY_ID["undo"]
        back = "" if room.refusal(undo) else f"   {room.key_of(undo)} takes it back, for 10 s"
        what = f"{line.kind.lower()}: {line.text}" if line is not None else "entered"
        room.say(f"{cut(what, room.size.width - cells(back) - _MARGIN)}{back}")

    def action_declare(self) -> None:
        """Declare; while an incident is open: its severity, status and playbook."""
        incident = self._here.session.view().incident
        self._here.action_open("regrade" if incident.declared and not incident.resolved else "declare")

    def action_undo(self) -> None:
        """Takes back what was entered here last; a declaration cannot be undone, only resolved."""
        room, last = self._here, self.last_entries
        if not last or any(isinstance(entry.event, EntryWithdrawn | Declared | CommandStarted) for entry in last):
            room.say("nothing to take back")
        elif room.session.now() - last[-1].at > UNDO_WITHIN:
            room.say("too late to take back; :amend corrects an entry")
        else:
            self.enter(*(EntryWithdrawn(entry.id) for entry in reversed(last)))
            if self.last_entries and self.last_entries != last:
                room.say("taken back; the record keeps both")

    def probe_step(self, item: Item) -> None:
        """Takes the step's live value as evidence, as it is on show now."""
        room, step = self._here, item.step
        if not room.session.view().incident.declared:
            room.say(no_incident(room.declare_key))
        elif not step.probe:
            room.say("this step has nothing to run: look, then X")
        elif not (step.logs and self._reads_logs(step)):
            frame = room.frame()
            from wfconsole.incident.probing import evaluate, understood  # here, because the first frame runs nothing

            result = evaluate(understood(step.probe), frame.view.world, frame.now)
            lines = result.lines[:EVIDENCE_LINES]
            self.enter(StepProbed(step.id, lines, result.level, result.quality.value, title=step.title))

    def _reads_logs(self, step: Step) -> bool:
        from wfconsole.tui.log_evidence import read_logs  # here, because few steps read any

        return read_logs(self._here, step)

    def mark_step(self, item: Item, mark: Mark) -> bool:
        """Ticks or defers a step at once; a decision, a waiver, an update that went out and opening again ask first.

        Whether it was marked at once.
        """
        room, step = self._here, item.step
        if not room.session.view().incident.declared:
            room.say(no_incident(room.declare_key))
            return False
        if item.mark == mark or (mark == "done" and item.mark == "sensed"):
            self._ask("open", item)
            return False
        decides = step.kind == "decide" and bool(step.branches)
        if mark == "waived" or (mark == "done" and (decides or step.means == "update sent")):
            self._ask(mark, item)
            return False
        # An action that was done leads past its alternatives: its one branch says so.
        answer = step.branches[0].answer if mark == "done" and step.branches else ""
        marked = self.enter(StepMarked(step.id, mark, title=step.title, answer=answer))
        if marked and mark == "done":
            self.last_entries = (*marked, *self._enter_meaning(step))
        return bool(marked)

    def _enter_meaning(self, step: Step) -> tuple[Entry, ...]:
        """What a step means besides being done: the alert is acknowledged, somebody was called."""
        session = self._here.session
        incident = session.view().incident
        if step.means in ("acknowledged", "mitigated", "resolved"):
            moment = MomentSet(step.means, session.now(), step.title)
            return () if step.means in incident.moments else self.enter(moment)
        calls = calls_made(step, session.runbook.policy, incident)
        return self.enter(*calls) if calls else ()

    def _ask(self, mark: Mark, item: Item) -> None:
        refusal = self._here.refused_change()
        if refusal:
            self._here.say(refusal)
        else:
            self._here.push_screen(screens.load("step")(f"{mark}:{item.step.id}"))


class StepKeys:
    """The keys of whatever shows steps: X, W, E, R, C act on `step_item`."""

    @property
    def _steps_room(self) -> WarRoom:
        return cast("WarRoom", self.app)  # type: ignore[attr-defined]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks the widget that a key is bound on; the answer is the same everywhere."""
        return self._steps_room.check_action(action, parameters)

    def step_item(self) -> Item | None:
        """The step that the keys act on: the one with the cursor, or the open one."""
        raise NotImplementedError

    def step_marked(self, item: Item) -> None:
        """A key has marked this step just now."""
        del item

    def action_run_probe(self) -> None:
        if (item := self._step_or_say()) is not None:
            self._steps_room.probe_step(item)

    def action_step_done(self) -> None:
        self._mark("done")

    def action_step_waived(self) -> None:
        self._mark("waived")

    def action_step_deferred(self) -> None:
        self._mark("deferred")

    def action_run_command(self) -> None:
        if (item := self._step_or_say()) is not None:
            from wfconsole.tui.by_hand import open_command  # here, because most steps are only looked at

            open_command(self._steps_room, item)

    def _mark(self, mark: Mark) -> None:
        item = self._step_or_say()
        if item is not None and self._steps_room.mark_step(item, mark):
            self.step_marked(item)

    def _step_or_say(self) -> Item | None:
        item = self.step_item()
        if item is None:
            self._steps_room.say("no step is open" if self._declared() else no_incident(self._steps_room.declare_key))
        return item

    def _declared(self) -> bool:
        return self._steps_room.session.view().incident.declared
