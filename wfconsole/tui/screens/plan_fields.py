"""What a plan is confirmed with: a text to read through, and below it the way out, the words, and what runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from wfconsole.incident.plan import Plan
from wfconsole.session.acts import Confirmation
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.deaf import DeafForm, DoButton, LeaveButton, TypedField
from wfconsole.tui.forms.fields import Field, Row, Words

_ROWS: Final = ("reason", "override", "alone", "word")


class PlanFields(DeafForm):
    """The fields of the form for a plan; which of them are there depends on the plan."""

    KEYS = "Tab move   F5 anew   Esc leaves: nothing is changed"

    BINDINGS = [
        Binding("pageup", "read(-1)", "read back", show=False),
        Binding("pagedown", "read(1)", "read on", show=False),
        Binding("f5", "again", "look again", show=False),
        Binding("tab,down", "move(1)", "next field", show=False),
        Binding("shift+tab,up", "move(-1)", "previous field", show=False),
    ]

    DEFAULT_CSS = """
    PlanFields > #form { height: 100%; overflow: hidden; }
    PlanFields #read { height: 1fr; width: 100%; scrollbar-size-vertical: 1; }
    PlanFields #run { width: 100%; height: 1; }
    """

    def fields(self) -> Iterable[Widget]:
        with VerticalScroll(id="read", can_focus=False):
            yield Words(id="plan")
        yield Words(id="second")
        yield LeaveButton()
        yield Row("Why", Field(id="reason", placeholder="goes into the record"))
        yield Row("Override", Field(id="override", placeholder="why it is done all the same"))
        yield Row("Alone", Field(id="alone", placeholder="only in a SEV1: why there is no second person"))
        yield Row("To unlock", TypedField(id="word", longest=200, select=False))
        yield DoButton("Run (locked)", id="run")
        yield Words(id="lock")

    def cancel_word(self) -> str:
        return ""  # it stands before the fields: Tab leads from it to what runs

    def first_focus(self) -> Widget:
        return self.query_one("#cancel")

    def action_read(self, pages: int) -> None:
        box = self.query_one("#read")
        box.scroll_relative(y=pages * max(1, box.size.height - 2), animate=False)

    def offer_instead(self, plan: Plan) -> None:
        self.query("#instead").remove()
        if plan.alternatives:
            options = [Option("", "this", ("go on with what is shown",))]
            options += [Option(str(place), "instead", (each.text,)) for place, each in enumerate(plan.alternatives)]
            choice = Choice(options, id="instead", title="Better", hint="arrows, Enter")
            self.query_one("#form").mount(choice, after=self.query_one("#cancel"))

    def open_for(self, plan: Plan) -> None:
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

    def close_fields(self) -> None:
        """There is nothing to ask for: there is no plan yet, it has begun, or it cannot go on."""
        for name in _ROWS:
            self.query_one(f"#{name}-row").display = False
        self.query_one("#run").display = False

    def say_what_is_below(self) -> None:
        box = self.query_one("#read")
        left = int(box.virtual_size.height - box.size.height - box.scroll_offset.y)
        below = f"PgDn {left} more   " if left > 0 else ""
        self.query_one("#form").border_subtitle = Content(f" {below}{self.KEYS} ")

    def said(self) -> Confirmation:
        return Confirmation(self.words("reason"), self.words("override"), self.words("alone"))

    def words(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).words if self.query_one(f"#{name}-row").display else ""
