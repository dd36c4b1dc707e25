"""The last look before production is changed: what it will really do, what speaks against it, and how it goes on.

Cancel has the focus. What is typed in the first half second is thrown away, and so is whatever was typed before: it was
meant for something else. The same after every new plan and every new size. The word that unlocks it cannot be pasted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from textual import events
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from wfconsole.incident.arming import differs, not_armed
from wfconsole.incident.plan import Plan, changes
from wfconsole.session.acts import Act, Confirmation
from wfconsole.text import cut
from wfconsole.tui import acting, action_names
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Cancel, Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.plan_sections import (
    CLASSES,
    can_run,
    changed_rows,
    check_words,
    plan_rows,
    progress_rows,
    second_rows,
)
from wfconsole.tui.wrapping import paragraphs, wrapped

DEAF_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.25
_ROWS: Final = ("reason", "override", "alone", "word")
_STALE: Final = "this plan is older than a minute: F5 makes it anew"


class WordField(Field):
    """The target, typed letter by letter."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if isinstance(self.screen, PlanForm):
            self.screen.say("type it: what is pasted unlocks nothing")


class LeaveButton(Cancel):
    """Leaves; an Enter that was meant for something else does not."""

    def action_press(self) -> None:
        if not (isinstance(self.screen, PlanForm) and self.screen.deaf):
            super().action_press()


class RunButton(Cancel):
    """Runs it, and says what; locked it says that."""

    def __init__(self) -> None:
        super().__init__("Run (locked)", id="run")

    def name_it(self, word: str) -> None:
        if word != self._word:
            self._word = word
            self._draw()

    def action_press(self) -> None:
        if isinstance(self.screen, PlanForm):
            self.screen.enter()


class PlanForm(Form):
    """`receipt` is the action that is planned; the form may be left at any time, and nothing has happened."""

    ACTION = acting.ACTION
    NEEDS_INCIDENT = True
    KEYS = "Tab move   F5 anew   Esc leaves: nothing is changed"

    BINDINGS = [
        Binding("pageup", "read(-1)", "read back", show=False),
        Binding("pagedown", "read(1)", "read on", show=False),
        Binding("f5", "again", "look again", show=False),
        Binding("tab,down", "move(1)", "next field", show=False),
        Binding("shift+tab,up", "move(-1)", "previous field", show=False),
    ]

    DEFAULT_CSS = """
    PlanForm > #form { height: 100%; overflow: hidden; }
    PlanForm #read { height: 1fr; width: 100%; scrollbar-size-vertical: 1; }
    PlanForm #run { width: 100%; height: 1; }
    """

    def __init__(self, receipt: str) -> None:
        super().__init__()
        self._receipt = receipt
        self._deaf_from = time.monotonic()
        self._planned: Plan | None = None
        self._changed: tuple[str, ...] | None = None  # what is another since the plan before; None: it is the first
        self._shown: tuple[object, int] = (None, 0)
        self._pressed = False  # somebody wanted to run what is locked

    @property
    def deaf(self) -> bool:
        """Whether what is typed now was meant for something else."""
        return time.monotonic() - self._deaf_from < DEAF_SECONDS

    def title_words(self) -> str:
        plan = self._planned
        told = (CLASSES[plan.danger], f"checks: {check_words(plan)}") if plan is not None else ()
        word = "TAKE BACK" if plan is not None and plan.request.undoes else "ACTION"
        return "   ".join((word, self.frame.environment, *told))

    def fields(self) -> Iterable[Widget]:
        with VerticalScroll(id="read", can_focus=False):
            yield Words(id="plan", make=self._rows)
        yield Words(id="second", make=self._second)
        yield LeaveButton()
        yield Row("Why", Field(id="reason", placeholder="goes into the record"))
        yield Row("Override", Field(id="override", placeholder="why it is done all the same"))
        yield Row("Alone", Field(id="alone", placeholder="only in a SEV1: why there is no second person"))
        yield Row("To unlock", WordField(id="word", longest=200, select=False))
        yield RunButton()
        yield Words(id="lock", make=self._lock)

    def cancel_word(self) -> str:
        return ""  # it stands before the fields: Tab leads from it to what runs

    def prepare(self) -> None:
        self._close_fields()
        self.set_interval(_LOOK_SECONDS, self.look)
        self.look()

    def first_focus(self) -> Widget:
        return self.query_one("#cancel")

    # --- keys

    def typed_ahead(self, event: events.Key) -> None:
        """Nothing that was typed before is for this."""

    def in_turn(self, part: Widget, event: events.Key) -> None:
        if self.deaf and event.key != "escape":
            event.stop()
            event.prevent_default()
        else:
            super().in_turn(part, event)

    def on_resize(self) -> None:
        """What is under somebody's finger may be another field now. Textual calls the form's own handler, too."""
        self._deaf_from = time.monotonic()

    def action_move(self, steps: int) -> None:
        if self.deaf:
            return
        if steps > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_read(self, pages: int) -> None:
        box = self.query_one("#read")
        box.scroll_relative(y=pages * max(1, box.size.height - 2), animate=False)

    def action_again(self) -> None:
        if not self.deaf:
            self.war_room.session.acts.again(self._receipt)
            self.look()

    def action_cancel(self) -> None:
        if self.is_current and self._act() is not None:
            self.war_room.session.acts.drop(self._receipt)
        super().action_cancel()

    def on_input_changed(self) -> None:
        self.say("")
        self._pressed = False
        self._lock_or_not()

    # --- what is on show

    def _act(self) -> Act | None:
        return next((each for each in self.war_room.session.acts.show() if each.receipt == self._receipt), None)

    def look(self) -> None:
        """Show what is new: at least once a second, because a plan grows old."""
        self._say_what_is_below()
        act, second = self._act(), int(time.monotonic())
        if (act, second) == self._shown:
            return
        self._shown = act, second
        if act is not None and act.plan is not None and act.plan != self._planned:
            self._take(act.plan)
        plan = act.plan if act is not None and act.stage == "planned" else None
        if plan is None or not can_run(plan):
            self._close_fields()
        elif not self.query_one("#run").display:
            self._open_fields(plan)
        for name in ("plan", "second"):
            self.query_one(f"#{name}", Words).redraw()
        self.query_one("#second").display = bool(self._second(80))
        self._lock_or_not()

    def _take(self, plan: Plan) -> None:
        """There is a plan, or another one: what is typed now was meant for the one before."""
        before, self._planned = self._planned, plan
        self._deaf_from = time.monotonic()
        self._changed = None if before is None else changes(before, plan)
        self._close_fields()
        self.query_one("#word", WordField).value = ""
        self.query_one("#word", WordField).placeholder = f"type {plan.word}"
        if before is not None and before.refusals != plan.refusals:
            self.query_one("#override", Field).value = ""  # it was said of something else
        self.query_one("#form").border_title = Content(f" {self.title_words()} ")
        self.query_one("#read").scroll_home(animate=False)
        self.query_one("#cancel").focus()
        if before is None or before.alternatives != plan.alternatives:
            self._offer_instead(plan)

    def _offer_instead(self, plan: Plan) -> None:
        self.query("#instead").remove()
        if plan.alternatives:
            options = [Option("", "this", ("go on with what is shown",))]
            options += [Option(str(place), "instead", (each.text,)) for place, each in enumerate(plan.alternatives)]
            choice = Choice(options, id="instead", title="Better", hint="arrows, Enter")
            self.query_one("#form").mount(choice, after=self.query_one("#cancel"))

    def _open_fields(self, plan: Plan) -> None:
        """What it asks for. What is small runs by Tab and Enter: its reason may be left out, and comes last."""
        wanted = {
            "reason": True,
            "override": plan.colour == "REFUSE",
            "alone": plan.danger == "R3",
            "word": plan.danger != "R1",
        }
        for name, shown in wanted.items():
            self.query_one(f"#{name}-row").display = shown
        run, reason = self.query_one("#run"), self.query_one("#reason-row")
        box = self.query_one("#form")
        if plan.danger == "R1" and plan.colour != "REFUSE":
            box.move_child(reason, after=run)
        else:
            box.move_child(reason, before=self.query_one("#override-row"))
        run.display = True

    def _close_fields(self) -> None:
        """There is nothing to ask for: there is no plan yet, it has begun, or it cannot go on."""
        for name in _ROWS:
            self.query_one(f"#{name}-row").display = False
        self.query_one("#run").display = False

    def _rows(self, width: int) -> list[Line]:
        act = self._act()
        if act is None:
            return paragraphs(("there is no such action any more",), width)
        rows: list[Line] = []
        if act.stage != "planned" or act.trouble:
            rows += progress_rows(self.frame, act, width)
        elif self._changed is not None:
            rows += changed_rows(self.frame, act, self._changed, width)
        if act.plan is not None:
            rows += plan_rows(self.frame, act.plan, self.war_room.session.now(), width)
        return rows

    def _second(self, width: int) -> list[Line]:
        """Who else has to say yes, and how; or who has."""
        return second_rows(self.war_room.session.acts.second(self._receipt, self._words("reason")), width)

    def _say_what_is_below(self) -> None:
        box = self.query_one("#read")
        left = int(box.virtual_size.height - box.size.height - box.scroll_offset.y)
        below = f"PgDn {left} more   " if left > 0 else ""
        self.query_one("#form").border_subtitle = Content(f" {below}{self.KEYS} ")

    # --- locked or not

    def _locked(self) -> str:
        """Why it cannot be run as it stands, "" when it can."""
        plan, room = self._planned, self.war_room
        if plan is None:
            return "there is no plan yet"
        if refusal := room.refused_change(acting.ACTION):
            return refusal
        if plan.stale(room.session.now()):
            return _STALE
        if why := not_armed(room.session.view().incident, room.session.now()):
            return f"{why}: leave with Esc, {room.key_of(action_names.BY_ID['arm'])} arms the console"
        if not can_run(plan):
            return f"refused, and cannot be overridden: {plan.refusals[0]}"
        if plan.colour == "REFUSE" and not self._words("override"):
            return "refused: say in Override why it is done all the same"
        if refusal := room.session.acts.barred(self._receipt, self._said()):
            return refusal
        return differs(self._words("word"), plan.word) if plan.danger != "R1" else ""

    def _lock_or_not(self) -> None:
        plan, lock = self._planned, self.query_one("#lock", Words)
        run = self.query_one("#run", RunButton)
        why = self._locked()
        lock.display = bool(why) and plan is not None and (run.display or not can_run(plan))
        if plan is not None:
            run.name_it("Run (locked)" if why else f"Run: {cut(plan.title, 66)}")
        lock.redraw()

    def _lock(self, width: int) -> list[Line]:
        """What keeps it locked; beside that, what is wrong with the word so far."""
        plan, why = self._planned, self._locked()
        if plan is None or not why:
            return []
        typed = self._words("word")
        head = "NOT RUN, locked" if self._pressed else "locked"
        told = [f"{head}: {why}"]
        if typed and (wrong := differs(typed, plan.word)) and wrong != why:
            told.append(f"and the word: {wrong}")
        return [(Span(row, "warn"),) for text in told for row in wrapped(text, width)]

    # --- doing it

    def go_on(self) -> None:
        instead = self.query_one("#instead", Choice) if self.query("#instead") else None
        if instead is not None and self.focused is instead and instead.value:
            assert self._planned is not None
            request = self._planned.alternatives[int(instead.value)].request
            step = act.step if (act := self._act()) is not None else ""
            self.action_cancel()
            acting.plan(self.war_room, request, step)
        elif self.focused is self.query_one("#reason") and self._planned and self._planned.danger == "R1":
            self.query_one("#run").focus()
        else:
            self.focus_next()

    def enter(self) -> None:
        if self._planned is None or self.deaf or not self.is_current:
            return
        if self._locked():
            self._pressed = True
            self._lock_or_not()
            return
        if refusal := self.war_room.session.acts.confirm(self._receipt, self._said()):
            self.say(refusal)
            return
        self.dismiss(None)
        acting.open_receipt(self.war_room, self._receipt)

    def _said(self) -> Confirmation:
        return Confirmation(self._words("reason"), self._words("override"), self._words("alone"))

    def _words(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).words if self.query_one(f"#{name}-row").display else ""
