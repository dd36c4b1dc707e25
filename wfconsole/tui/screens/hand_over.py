"""Roles: taken by somebody or handed over. Command is handed over aloud, confirmed line by line; it changes hands with
the last confirmation."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.incident.checklist import Item
from wfconsole.incident.events import Event, RoleTaken, StepMarked
from wfconsole.incident.roles import COMMANDER, Holder, holders, role_step
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.confirm import ConfirmForm
from wfconsole.tui.forms.fields import Field, Row, Words

_NOBODY: Final = "-"  # typed where a role is given up, or a required one needs nobody

_WHY: Final = "the severity requires this role: say why nobody has to have it"


class HandOverForm(ConfirmForm):
    """Which role, who takes it, and for the command each line of the runbook's list. `goto` "roles": one is missing.

    What was confirmed aloud is no draft: it is confirmed anew, because what it says may be another by then.
    """

    TITLE = "TAKE OR HAND OVER A ROLE   command: DO-CONFIRM, each line aloud"
    ACTION = "hand-over"
    DRAFT = "hand-over"
    LIST_ID = "handover"

    def first_fields(self) -> Iterable[Widget]:
        options = [Option(holder.role, holder.role, (_stands(holder),)) for holder in self._holders]
        vacant = next((holder.role for holder in self._holders if holder.vacant), COMMANDER)
        yield Choice(options, id="role", title="Role", chosen=vacant if self.goto == "roles" else COMMANDER)
        yield Row("To whom", Field(id="who", longest=60, placeholder=f"a name; {_NOBODY} for nobody, with a reason"))
        yield Row("Because", Field(id="because", placeholder="why nobody has to have it"))

    def prepare(self) -> None:
        super().prepare()
        self._show()

    def on_choice_moved(self) -> None:
        who = self.query_one("#who", Field)
        if who.words in ("", self.frame.operator):  # a role that nobody has is mostly taken by whoever asks
            free = self.focused is self.query_one("#role") and self._role.role != COMMANDER and not self._role.person
            who.value = self.frame.operator if free else ""
        self._show()

    def on_input_changed(self) -> None:
        self._show()

    def on_descendant_focus(self) -> None:
        self._show()

    def go_on(self) -> None:
        role, who, because = (self.query_one(f"#{name}") for name in ("role", "who", "because"))
        lacks = self.missing()
        self.say("")
        if self.focused is role:
            who.focus()
        elif self.focused is who and lacks == _WHY:
            because.focus()
        elif self.focused in (who, because) and lacks:
            self.say(lacks)
        else:
            super().go_on()

    def missing(self) -> str:
        if not self.query_one("#who", Field).words:
            return "somebody has to take it: type a name"
        if self._given_up and self._role.role == COMMANDER:
            return "somebody has to command: type a name"
        if self._given_up and not self._role.required and not self._role.person:
            return "nobody has it"
        if self._given_up and self._role.required and not self.query_one("#because", Field).words:
            return _WHY
        return ""

    @property
    def items(self) -> tuple[Item, ...]:
        """Lines to confirm, where somebody else had the command."""
        return super().items if self._role.role == COMMANDER and self._role.person else ()

    def outcome(self) -> Sequence[Event]:
        role, who = self._role, self.query_one("#who", Field).words
        if not self._given_up:
            again = [StepMarked(role_step(role.role), "open", f"{role.role} is needed")] if role.waived else []
            return (*again, RoleTaken(role.role, who))
        left: list[Event] = [RoleTaken(role.role, "")] if role.person else []
        if role.required:
            because = self.query_one("#because", Field).words
            left.append(StepMarked(role_step(role.role), "waived", f"{role.role}: nobody", because))
        return left

    @functools.cached_property
    def _holders(self) -> tuple[Holder, ...]:
        return holders(self.frame.runbook, self.frame.view.incident)

    @property
    def _role(self) -> Holder:
        chosen = self.query_one("#role", Choice).value if self.query("#role") else COMMANDER
        return next(holder for holder in self._holders if holder.role == chosen)

    @property
    def _given_up(self) -> bool:
        return self.query_one("#who", Field).words == _NOBODY

    def _show(self) -> None:
        self.query_one("#because-row").display = self._given_up and self._role.required
        shown = bool(self.items) and self.focused is not self.query_one("#role")
        self.query_one("#confirm").display = shown
        self.query_one("#lines").display = shown
        self.query_one("#lines", Words).redraw()


def _stands(holder: Holder) -> str:
    if holder.person:
        return holder.person
    if holder.waived:
        return f"nobody: {holder.waived}"
    return "nobody yet, and the severity requires it" if holder.required else "nobody"
