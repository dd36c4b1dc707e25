"""The last look before production is changed: what it will really do, what speaks against it, and how it goes on.

Cancel has the focus. What is typed in the first half second is thrown away, and so is whatever was typed before: it was
meant for something else. The same after every new plan and every new size. The word that unlocks it cannot be pasted.
"""

from __future__ import annotations

import time
from typing import Final

from textual.content import Content

from wfconsole.incident.plan import Plan, changes
from wfconsole.session.acts import Act
from wfconsole.text import cut
from wfconsole.tui import acting
from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.forms.deaf import DoButton, TypedField
from wfconsole.tui.forms.fields import Field, Words
from wfconsole.tui.ink import Line
from wfconsole.tui.panes.plan_sections import (
    CLASSES,
    can_run,
    changed_rows,
    check_words,
    plan_rows,
    progress_rows,
    second_rows,
)
from wfconsole.tui.screens import plan_lock as lock
from wfconsole.tui.screens.plan_fields import PlanFields
from wfconsole.tui.wrapping import paragraphs

_LOOK_SECONDS: Final = 0.25


class PlanForm(PlanFields):
    """`receipt` is the action that is planned; the form may be left at any time, and nothing has happened."""

    ACTION = acting.ACTION
    NEEDS_INCIDENT = True

    def __init__(self, receipt: str) -> None:
        super().__init__()
        self._receipt = receipt
        self._planned: Plan | None = None
        self._changed: tuple[str, ...] | None = None  # what is another since the plan before; None: it is the first
        self._shown: tuple[object, int] = (None, 0)
        self._pressed = False  # somebody wanted to run what is locked

    def title_words(self) -> str:
        plan = self._planned
        told = (CLASSES[plan.danger], f"checks: {check_words(plan)}") if plan is not None else ()
        word = "TAKE BACK" if plan is not None and plan.request.undoes else "ACTION"
        return "   ".join((word, self.frame.environment, *told))

    def prepare(self) -> None:
        for name, make in (("plan", self._rows), ("second", self._second), ("lock", self._lock)):
            self.query_one(f"#{name}", Words).set(make)
        self.close_fields()
        self.set_interval(_LOOK_SECONDS, self.look)
        self.look()

    # --- keys

    def action_again(self) -> None:
        act, acts = self._act(), self.war_room.session.acts
        if self.deaf or act is None:
            return
        if act.stage == "over" and act.outcome is None:  # its process is gone: another one looks
            acts.drop(self._receipt)
            self._receipt = acts.plan(act.request, act.step)
        else:
            acts.again(self._receipt)
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
        self.say_what_is_below()
        act, second = self._act(), int(time.monotonic())
        if (act, second) == self._shown:
            return
        self._shown = act, second
        if act is not None and act.plan is not None and act.plan != self._planned:
            self._take(act.plan)
        plan = act.plan if act is not None and act.stage == "planned" else None
        if plan is None or not can_run(plan):
            self.close_fields()
        elif not self.query_one("#run").display:
            self.open_for(plan)
        for name in ("plan", "second"):
            self.query_one(f"#{name}", Words).redraw()
        self.query_one("#second").display = bool(self._second(80))
        self._lock_or_not()

    def _take(self, plan: Plan) -> None:
        """There is a plan, or another one: what is typed now was meant for the one before."""
        before, self._planned = self._planned, plan
        self.be_deaf()
        self._changed = None if before is None else changes(before, plan)
        self.close_fields()
        self.query_one("#word", TypedField).value = ""
        self.query_one("#word", TypedField).placeholder = f"type {plan.word}"
        if before is not None and before.refusals != plan.refusals:
            self.query_one("#override", Field).value = ""  # it was said of something else
        self.query_one("#form").border_title = Content(f" {self.title_words()} ")
        self.query_one("#read").scroll_home(animate=False)
        self.query_one("#cancel").focus()
        if before is None or before.alternatives != plan.alternatives:
            self.offer_instead(plan)

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
        return second_rows(self.war_room.session.acts.second(self._receipt, self.words("reason")), width)

    # --- locked or not

    def _locked(self) -> str:
        """Why it cannot be run as it stands, "" when it can."""
        return lock.why(self.war_room, self._receipt, self._planned, self.said(), self.words("word"))

    def _lock_or_not(self) -> None:
        plan, row, run = self._planned, self.query_one("#lock", Words), self.query_one("#run", DoButton)
        why = self._locked()
        row.display = bool(why) and plan is not None and (run.display or not can_run(plan))
        if plan is not None:
            run.name_it("Run (locked)" if why else f"Run: {cut(plan.title, 66)}")
        row.redraw()

    def _lock(self, width: int) -> list[Line]:
        plan = self._planned
        return lock.rows(self._locked(), plan, self.words("word"), width, pressed=self._pressed) if plan else []

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
        if refusal := self.war_room.session.acts.confirm(self._receipt, self.said()):
            self.say(refusal)
            return
        self.dismiss(None)
        acting.open_receipt(self.war_room, self._receipt)
