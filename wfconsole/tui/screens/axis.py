"""The time axis: every layer's signals, changes and what people did, over the same stretch of time."""

from __future__ import annotations

from wfconsole.tui import action_names
from wfconsole.tui.panes.axis import SPANS, AxisList
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import BlockList


class AxisScreen(ListScreen):
    """`v` goes through the lengths of time."""

    SCOPES = ("all", "lists", "items", "axis")
    BINDINGS = action_names.bindings("axis")
    PLACE = "time axis"

    def make_list(self) -> BlockList:
        return AxisList(id="body")

    def action_span(self) -> None:
        shown = self.body_list
        assert isinstance(shown, AxisList)
        shown.next_span()
        self.say(f"the last {SPANS[shown.span][0]}")
