"""Tasks with a time box: one is given, closed with what came of it, or moved; and the calls that a severity wants."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.incident.clocks import CALL_WORDS, Clock, call_step, open_calls
from wfconsole.incident.events import Event, StepMarked, TaskClosed, TaskGiven
from wfconsole.incident.policy import Call
from wfconsole.incident.state import Task
from wfconsole.incident.tasks import BACK_BY, back_by, open_tasks
from wfconsole.text import countdown, cut
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.wrapping import paragraphs

_GIVE: Final = "give"
_LONGEST_NAME: Final = 60
_LONGEST_WORD: Final = 56
_ENDS: Final = (
    Option("done", "done", ("with what came of it",)),
    Option("moved", "not yet: it gets another time"),
    Option("dropped", "dropped", ("nobody does it any more",)),
)
_MADE: Final = (
    Option("done", "called", ("who answered, and how",)),
    Option("waived", "not needed", ("and why",)),
)
_ROWS: Final = ("who", "what", "step", "end", "made", "back", "result")


class TaskForm(Form):
    """`goto` is the clock that somebody wants to do something about: "clock:task <id>" or "clock:call <who>"."""

    TITLE = "TASKS  who does what, and is back when"
    ACTION = "task"
    DRAFT = "task"
    OF_ONE_THING = True
    NEEDS_INCIDENT = True

    def fields(self) -> Iterable[Widget]:
        if len(self._options) > 1:
            yield Choice(self._options, id="which", title="Which", chosen=self._first)
        yield Row("Who", Field(id="who", longest=_LONGEST_NAME, placeholder="who does it"))
        yield Row("What", Field(id="what", placeholder="what to find out or to do, in a few words"))
        current = self.frame.checklist.current
        steps = [Option("", "of no step")]
        if current is not None:
            steps.append(Option(current.step.id, f"of step {current.number}: {cut(current.step.title, 40)}"))
        yield Choice(steps, id="step", title="Step")
        yield Choice(_ENDS, id="end", title="How")
        yield Choice(_MADE, id="made", title="How")
        yield Row("Back in", Field("5", id="back", longest=20, placeholder=BACK_BY))
        yield Row("Result", Field(id="result", placeholder="in a few words"))
        yield Words(id="then", make=lambda width: paragraphs((self._then(),), width, "dim"))

    def prepare(self) -> None:
        self.query_one("#step").display = False
        self._show_rows()

    def fill(self, written: Mapping[str, str]) -> None:
        super().fill(written)
        self._show_rows()

    def first_focus(self) -> Widget | None:
        """While no task runs one is given; the calls are a key up."""
        running = open_tasks(self.frame.view.incident)
        return super().first_focus() if self.goto or running else self.query_one("#who")

    def enter(self) -> None:
        made = self._made()
        if isinstance(made, str):
            self.say(made)
            return
        self.dismiss(None)
        self.war_room.enter(made, name="task")

    def on_choice_moved(self) -> None:
        self._show_rows()

    def _made(self) -> Event | str:
        """The event that the fields mean, or what they lack."""
        kind, _, name = self._which.partition(" ")
        if kind == "task":
            return self._ended(name)
        if kind == "call":
            return self._called(name)
        who, what = self._words("who"), self._words("what")
        due = back_by(self._words("back"), self.war_room.session.now())
        if not who or not what:
            return "a task needs somebody who does it, and what it is"
        if due is None:
            return f"back in: {BACK_BY}"
        return TaskGiven(uuid.uuid4().hex[:8], what, who, due, self.query_one("#step", Choice).value)

    def _ended(self, name: str) -> Event | str:
        task = open_tasks(self.war_room.session.view().incident).get(name)
        end = self.query_one("#end", Choice).value
        if task is None:
            return "this task is closed already"
        if end == "moved":
            due = back_by(self._words("back"), self.war_room.session.now())
            moved = TaskGiven(name, task.text, task.person, due or 0, task.step)
            return moved if due is not None else f"back in: {BACK_BY}"
        if not self._words("result"):
            return "say what came of it, in a few words" if end == "done" else "say why nobody does it any more"
        return TaskClosed(name, "done" if end == "done" else "dropped", self._words("result"))

    def _called(self, who: str) -> Event | str:
        call = next(call for call in self._calls if call.who == who)
        waived = self.query_one("#made", Choice).value == "waived"
        if not self._words("result"):
            return "say why it is not needed" if waived else "say who answered, by name"
        return StepMarked(
            call_step(who), "waived" if waived else "done", f"{CALL_WORDS[call.kind]} {who}", self._words("result")
        )

    def _words(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).words

    @property
    def _which(self) -> str:
        return self.query_one("#which", Choice).value if len(self._options) > 1 else _GIVE

    @functools.cached_property
    def _calls(self) -> tuple[Call, ...]:
        return open_calls(self.frame.runbook.policy, self.frame.view.incident)

    @functools.cached_property
    def _options(self) -> Sequence[Option]:
        """A new task, those that run, and the calls that nobody has made."""
        clocks = {clock.name: clock for clock in self.frame.clocks}
        options = [Option(_GIVE, "give a task")]
        for name, task in open_tasks(self.frame.view.incident).items():
            options.append(Option(f"task {name}", _task_words(task), (self._left(clocks.get(f"task {name}")),)))
        for call in self._calls:
            left = self._left(clocks.get(f"call {call.who}")) or "at once"
            options.append(Option(f"call {call.who}", f"{CALL_WORDS[call.kind]} {call.who}", (left,)))
        return tuple(options)

    def _left(self, clock: Clock | None) -> str:
        if clock is None:
            return ""
        left = "" if clock.state == "overdue" else " left"
        return f"{countdown(clock.left_ms)}{left}, by {self.frame.times.clock(clock.due_at)}"

    @functools.cached_property
    def _first(self) -> str:
        """What is chosen first: what the form was opened for, else the first task that is late."""
        wanted = self.goto.removeprefix("clock:")
        late = (clock.name for clock in self.frame.clocks if clock.kind == "task" and clock.state == "overdue")
        return wanted or next(late, _GIVE)

    def _show_rows(self) -> None:
        kind = self._which.partition(" ")[0]
        moved = self.query_one("#end", Choice).value == "moved"
        steps = self.frame.checklist.current is not None
        shown = {
            _GIVE: {"who", "what", "back", *(("step",) if steps else ())},
            "task": {"end", "back" if moved else "result"},
            "call": {"made", "result"},
        }[kind]
        for name in _ROWS:
            widget = self.query_one(f"#{name}" if name in ("step", "end", "made") else f"#{name}-row")
            widget.display = name in shown
        self.query_one("#then", Words).redraw()

    def _then(self) -> str:
        if self._which == _GIVE:
            return f"Back in: {BACK_BY}. Its clock runs from Enter in the last field; nobody is told by the console."
        return "Enter in the last field writes it into the record."


def _task_words(task: Task) -> str:
    return cut(f"{task.person}: {task.text}", _LONGEST_WORD)
