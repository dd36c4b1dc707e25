"""Handing over command: done aloud, confirmed line by line; the role changes with the last confirmation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from wfconsole.incident.events import Event, RoleTaken
from wfconsole.tui.forms.confirm import ConfirmForm
from wfconsole.tui.forms.fields import Field, Row


class HandOverForm(ConfirmForm):
    """Who takes over, then each line of the runbook's list."""

    TITLE = "HAND OVER COMMAND  DO-CONFIRM: do it, then confirm each line aloud"
    ACTION = "hand-over"
    LIST_ID = "handover"

    def first_fields(self) -> Iterable[Widget]:
        yield Row("To whom", Field(id="who", longest=60, placeholder="name of the new commander"))

    def missing(self) -> str:
        return "" if self.query_one("#who", Field).words else "somebody has to take it: type a name"

    def outcome(self) -> Sequence[Event]:
        return (RoleTaken("commander", self.query_one("#who", Field).words),)
