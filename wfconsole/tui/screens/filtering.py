"""The filter of a screen with a table: typed in the place of the summary, kept with Enter, cleared with Esc."""

from __future__ import annotations

from wfconsole.tui.screens.framed_screen import FramedScreen
from wfconsole.tui.widgets.filter_line import FilterLine
from wfconsole.tui.widgets.line_table import LineTable


class FilteringScreen(FramedScreen):
    """Has a table, or none where there is nothing to list."""

    def __init__(self, table: LineTable | None) -> None:
        self._table = table
        self._filter = FilterLine(id="filter")
        super().__init__()

    def back(self) -> bool:
        if self._table is None:
            return False
        if self._filter.open:
            self._filter.close(keep=False)
            return True
        if self._table.filter:
            self._table.set_filter("")
            return True
        return False

    def action_filter(self) -> None:
        if self._table is not None:
            self._filter.show_words(self._table.filter)
            self._arrange()
            self._filter.focus()
            if self.frame is not None:  # the first letter shall not wait for what it looks in
                listing = self._table.listing
                listing.texts(self.frame, listing.keys(self.frame, self._table.order))

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        if self._table is not None:
            self._table.set_filter(event.words)

    def on_filter_line_closed(self) -> None:
        self._arrange()
        if self._table is not None:
            self._table.focus()
