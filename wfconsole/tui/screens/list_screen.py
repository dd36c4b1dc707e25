"""A screen that is one list: what checklist, timeline, sources, help, replays and post-mortem have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from wfconsole.tui import action_names, places
from wfconsole.tui.action_names import Action, Where
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.widgets.filter_line import FilterLine
from wfconsole.tui.widgets.scrolled import BlockList


class ListScreen(ConsoleScreen):
    """One region with a list, and a line for a filter while one is typed. `goto` is what to show first."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "items")
    BINDINGS = action_names.bindings("items")
    FIRST_FOCUS = "body"
    ENTERS: ClassVar[bool] = False
    PLACE: ClassVar[str] = ""  # what help calls it, where its keys do not say it

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self.goto = goto
        self._blocks: BlockList | None = None
        self._filter = FilterLine(id="filter")

    def make_list(self) -> BlockList:
        """The list; its id is "body"."""
        raise NotImplementedError

    @property
    def body_list(self) -> BlockList:
        """The list, made once."""
        if self._blocks is None:
            self._blocks = self.make_list()
        return self._blocks

    def body(self) -> Iterable[Widget]:
        yield self.body_list
        yield self._filter

    def places(self, size: Size) -> places.Places:
        placed = dict(places.plain(size))
        body = placed.get("body")
        if body is not None and self._filter.open:
            placed["body"] = Region(body.x, body.y, body.width, body.height - 1)
            placed["filter"] = Region(body.x, body.bottom - 1, body.width, 1)
        return placed

    def hints(self) -> Iterable[Action]:
        """What works only here first; Enter is said where it opens something."""
        shown = [
            action for action in super().hints() if action.id not in ("zoom-1", *(() if self.ENTERS else ("open",)))
        ]
        return sorted(shown, key=lambda action: action.where in ("all", "lists", "items"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks the screen that a key is bound on; the answer is the same everywhere."""
        return self.war_room.check_action(action, parameters)

    def back(self) -> bool:
        if self._filter.open:
            self._filter.close(keep=False)
            return True
        if self.body_list.filter:
            self.body_list.set_filter("")
            return True
        return False

    def action_filter(self) -> None:
        self._filter.show_words(self.body_list.filter)
        self._arrange()
        self._filter.focus()

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        self.body_list.set_filter(event.words)

    def on_filter_line_closed(self) -> None:
        self._arrange()
        self.body_list.focus()

    def copied(self) -> str:
        """What `y` copies: the thing with the cursor, on one line."""
        return self.body_list.stack.text_of(self.body_list.key)

    def action_copy_row(self) -> None:
        words = self.copied()
        if words:
            self.war_room.copy(words)
        else:
            self.say("there is nothing to copy")
