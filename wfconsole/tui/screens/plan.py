"""The last look before production is changed: what it will really do, what speaks against it, and how it goes on.

Cancel has the focus. What is typed in the first half second is thrown away, and so is whatever was typed before: it was
meant for something else. The word that arms it cannot be pasted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from textual import events
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget

from wfconsole.incident.arming import not_armed
from wfconsole.incident.plan import Plan
from wfconsole.session.acts import Act, Confirmation
from wfconsole.tui import acting, action_names
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Cancel, Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line
from wfconsole.tui.panes.plan_sections import INDENT, plan_rows, progress_rows
from wfconsole.tui.wrapping import labelled, paragraphs

DEAF_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.25


class ArmField(Field):
    """The target, typed letter by letter."""

    def on_key(self, event: events.Key) -> None:
        form = self.screen
        if isinstance(form, PlanForm) and form.deaf:
            event.stop()
            event.prevent_default()
        else:
            super().on_key(event)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if isinstance(self.screen, PlanForm):
            self.screen.say("type it: what is pasted arms nothing")


class RunButton(Cancel):
    """Runs it, and says what."""

    def __init__(self) -> None:
        super().__init__("Run", id="run")

    def name_it(self, word: str) -> None:
        self._word = word
        self._draw()

    def on_key(self, event: events.Key) -> None:
        if isinstance(self.screen, PlanForm) and self.screen.deaf:
            event.stop()
            event.prevent_default()

    def action_press(self) -> None:
        if isinstance(self.screen, PlanForm):
            self.screen.enter()


def _can_run(plan: Plan) -> bool:
    return plan.colour != "REFUSE" or plan.overridable


class PlanForm(Form):
    """`receipt` is the action that is planned; the form may be left at any time, and nothing has happened."""

    ACTION = acting.ACTION
    NEEDS_INCIDENT = True
    KEYS = "Tab move   PgUp PgDn read   F5 look again   Esc leaves: nothing is changed"

    BINDINGS = [
        Binding("pageup", "read(-1)", "read back", show=False),
        Binding("pagedown", "read(1)", "read on", show=False),
        Binding("f5", "again", "look again", show=False),
    ]

    DEFAULT_CSS = """
    PlanForm > #form { height: 100%; overflow: hidden; }
    PlanForm #read { height: 1fr; width: 100%; scrollbar-size-vertical: 1; }
    PlanForm #run { width: 100%; height: 1; }
    """

    def __init__(self, receipt: str) -> None:
        super().__init__()
        self._receipt = receipt
        self._born_s = time.monotonic()
        self._planned: Plan | None = None
        self._shown: tuple[object, int] = (None, 0)

    @property
    def deaf(self) -> bool:
        """Whether what is typed now was meant for something else."""
        return time.monotonic() - self._born_s < DEAF_SECONDS

    def title_words(self) -> str:
        return f"ACTION   {self.frame.environment}"

    def fields(self) -> Iterable[Widget]:
        with VerticalScroll(id="read", can_focus=False):
            yield Words(id="plan", make=self._rows)
        yield Cancel()
        yield Row("Why", Field(id="reason", placeholder="goes into the record"))
        yield Row("Override", Field(id="override", placeholder="why it is done all the same"))
        yield Row("Alone", Field(id="alone", placeholder="why there is no second person"))
        yield Row("To arm it", ArmField(id="word", longest=200, select=False))
        yield RunButton()

    def cancel_word(self) -> str:
        return ""  # it stands before the fields: Tab leads from it to what runs

    def prepare(self) -> None:
        for name in ("reason", "override", "alone", "word"):
            self.query_one(f"#{name}-row").display = False
        self.query_one("#run").display = False
        self.set_interval(_LOOK_SECONDS, self._look)

    def first_focus(self) -> Widget:
        return self.query_one("#cancel")

    def typed_ahead(self, event: events.Key) -> None:
        """Nothing that was typed before is for this."""

    def action_read(self, pages: int) -> None:
        box = self.query_one("#read")
        box.scroll_relative(y=pages * max(1, box.size.height - 2), animate=False)

    def action_again(self) -> None:
        self.war_room.session.acts.again(self._receipt)
        self._look()

    def action_cancel(self) -> None:
        act = self._act()
        if self.is_current and act is not None:
            self.war_room.session.acts.drop(self._receipt)
        super().action_cancel()

    # --- what is on show

    def _act(self) -> Act | None:
        return next((each for each in self.war_room.session.acts.show() if each.receipt == self._receipt), None)

    def _look(self) -> None:
        """Show what is new: at least once a second, because a plan grows old."""
        act, second = self._act(), int(time.monotonic())
        if act is None or (act, second) == self._shown:
            return
        self._shown = act, second
        if act.plan is not None and act.plan != self._planned:
            self._take(act.plan)
        if act.stage != "planned":
            self._close_fields()
        self.query_one("#plan", Words).redraw()

    def _take(self, plan: Plan) -> None:
        """There is a plan, or another one: what it asks for can be said."""
        first = self._planned is None
        self._planned = plan
        self._born_s = time.monotonic()
        settings_alone = plan.danger == "R3"
        wanted = {
            "reason": True,
            "override": plan.colour == "REFUSE" and plan.overridable,
            "alone": settings_alone,
            "word": plan.danger != "R1",
        }
        for name, shown in wanted.items():
            self.query_one(f"#{name}-row").display = shown and _can_run(plan)
        word = self.query_one("#word", ArmField)
        word.placeholder = f"type {plan.word}"
        word.value = ""
        run = self.query_one("#run", RunButton)
        run.display = _can_run(plan)
        run.name_it(f"Run: {plan.title}")
        if first and plan.alternatives:
            options = [Option("", "go on with this")]
            options += [Option(str(place), f"better: {each.text}") for place, each in enumerate(plan.alternatives)]
            self.query_one("#form").mount(
                Choice(options, id="instead", always_open=True), before=self.query_one("#reason-row")
            )

    def _close_fields(self) -> None:
        """It has begun, or it cannot go on: nothing more is asked."""
        for name in ("reason-row", "override-row", "alone-row", "word-row", "run"):
            self.query_one(f"#{name}").display = False
        for choice in self.query("#instead"):
            choice.display = False

    def _rows(self, width: int) -> list[Line]:
        act = self._act()
        if act is None:
            return paragraphs(("there is no such action any more",), width)
        rows: list[Line] = []
        if act.plan is not None:
            rows += plan_rows(self.frame, act.plan, self.war_room.session.now(), width)
        if act.stage != "planned" or act.trouble:
            rows += progress_rows(self.frame, act, width)
        else:
            rows += self._second_rows(width)
        if act.stage == "planned" and (
            why := not_armed(self.war_room.session.view().incident, self.war_room.session.now())
        ):
            key = self.war_room.key_of(action_names.BY_ID["arm"])
            rows += paragraphs((f"{why}: leave with Esc and press {key} to arm the console",), width, "warn")
        return [*rows, ()]

    def _second_rows(self, width: int) -> list[Line]:
        """Who else has to say yes, and how; or who has."""
        second = self.war_room.session.acts.second(self._receipt, self._words("reason"))
        if not second.needed:
            return []
        if second.approved_by:
            return labelled("SECOND", f"approved by {second.approved_by}", width, indent=INDENT, ink="ok")
        how = f"another person, in a login of their own on this machine: wfconsole approve {second.code}"
        if not second.code:
            how = "no other login can reach this console: only the reason in Alone, in a SEV1"
        return labelled("SECOND", how, width, indent=INDENT, ink="warn")

    # --- doing it

    def go_on(self) -> None:
        instead = self.query("#instead").first(Choice) if self.query("#instead") else None
        if instead is not None and self.focused is instead and instead.value:
            assert self._planned is not None
            request = self._planned.alternatives[int(instead.value)].request
            self.action_cancel()
            acting.plan(self.war_room, request)
            return
        self.say("")
        self.focus_next()

    def enter(self) -> None:
        plan = self._planned
        if plan is None or self.deaf:
            return
        if plan.danger != "R1" and (typed := self.query_one("#word", Field).words) != plan.word:
            self.say(f"not armed: {typed!r} is not {plan.word!r}" if typed else f"type {plan.word} to arm it")
            return
        said = Confirmation(
            reason=self._words("reason"), override=self._words("override"), break_glass=self._words("alone")
        )
        if refusal := self.war_room.refused_change(acting.ACTION) or self.war_room.session.acts.confirm(
            self._receipt, said
        ):
            self.say(refusal)
            return
        self.dismiss(None)
        acting.open_receipt(self.war_room, self._receipt)

    def _words(self, name: str) -> str:
        field = self.query_one(f"#{name}", Field)
        return field.words if self.query_one(f"#{name}-row").display else ""
