"""What every full screen has in common: the two lines at the top, the keys at the bottom, and a place for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.geometry import Size
from textual.layout import Layout
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from wfconsole.tui import action_names, places, screens
from wfconsole.tui.action_names import Action, Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.panes.glance import Attention, Glance
from wfconsole.tui.panes.time_bar import TimeBar
from wfconsole.tui.widgets.key_line import Hint, KeyLine
from wfconsole.tui.widgets.lines import Pane

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom


class ConsoleScreen(Screen[None], inherit_bindings=False, inherit_css=False):
    """Composes head, body and keys, places them, and hands each frame to whatever is on show."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all",)
    FIRST_FOCUS: ClassVar[str] = ""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)  # Textual's own paints the whole screen

    def __init__(self) -> None:
        super().__init__()
        self.frame: Frame | None = None
        self._placed: frozenset[str] = frozenset()
        self._focus_lost = ""  # the region that had the focus when there was no more room for it
        self._was_covered = False
        self._key_line = KeyLine(id="keys")
        self._layout = places.Placed(self.places)

    @property
    def war_room(self) -> WarRoom:
        return cast("WarRoom", self.app)

    @property
    def layout(self) -> Layout:
        return self._layout

    def compose(self) -> ComposeResult:
        yield Glance(id="glance")
        yield Attention(id="attention")
        yield from self.body()
        yield TimeBar(self.war_room.keys, id="time")
        yield self._key_line

    def body(self) -> Iterable[Widget]:
        """The widgets between head and keys; each has an id that `places` knows."""
        raise NotImplementedError

    def places(self, size: Size) -> places.Places:
        """Where everything stands on a screen of this size."""
        return places.plain(size)

    def hints(self) -> Iterable[Action]:
        """The actions that the key line may show, in its order: not the one that opened this screen."""
        here = screens.opener_of(type(self))
        shown = (action for action in action_names.ACTIONS if action.label and action.where in self.SCOPES)
        return (action for action in shown if action.method != here)

    def update(self, frame: Frame) -> None:
        """Show another frame. All regions repaint in the same one."""
        self.frame = frame
        self._arrange()
        for child in self.children:  # a query of Textual's costs a fiftieth of a frame
            if isinstance(child, Pane):
                child.frame = frame  # a hidden one too: it is drawn when there is room for it again
                if child.display:
                    child.redraw()
        self._hint(frame)

    def say(self, words: str) -> None:
        """The answer to a key that could do nothing, until the next key."""
        self._key_line.say(words)

    def back(self) -> bool:
        """Undo the innermost thing of this screen (a filter, say); False when there is nothing but leaving it."""
        return False

    def about(self) -> str:
        """What a note is about that is written here: the row with the cursor."""
        return ""

    def evidence(self) -> str:
        """What `i` traces to its source: a source, or a source and the key of a row; "" for nothing."""
        return ""

    def on_mount(self) -> None:
        self._arrange()
        self.war_room.show_now(self)

    def on_resize(self) -> None:
        self._arrange()

    def on_screen_suspend(self) -> None:
        self._was_covered = True

    def on_screen_resume(self) -> None:
        """Back on top. A screen that has just been mounted has its frame already."""
        if self._was_covered:
            self._was_covered = False
            self.war_room.show_now(self)

    def _arrange(self) -> None:
        """Hide what has no place at this size, so that it takes no focus either."""
        if not self.children:
            return  # a frame came between the key that opened the screen and its own mounting, which arranges it
        placed = frozenset(self.places(self.app.size))
        if placed != self._placed:
            if "tiny" in placed:
                _say_too_small(self)
            self.bring(placed)
            self._placed = placed
            if self.focused is not None and self.focused.id not in placed:
                self._focus_lost = self.focused.id or ""
            for child in self.children:
                if child.display != (child.id in placed):
                    child.display = not child.display
            self.refresh(layout=True)
            self._focus_again(placed)

    def bring(self, placed: frozenset[str]) -> None:
        """Make what has a place and is not there yet."""

    def _focus_again(self, placed: frozenset[str]) -> None:
        """A region that comes back has the focus that it had; until then the first one has it."""
        if self._focus_lost in placed:
            wanted, self._focus_lost = self._focus_lost, ""
        elif self.focused is not None and self.focused.id in placed:
            return
        else:
            regions = [child.id for child in self.children if child.can_focus and child.id in placed]
            wanted = self.FIRST_FOCUS if self.FIRST_FOCUS in placed else next(filter(None, regions), "")
        if wanted:
            self.query_one(f"#{wanted}").focus()

    def _hint(self, frame: Frame) -> None:
        room = self.war_room
        self._key_line.hint(
            [
                Hint(
                    room.hint_of(action),
                    frame.time.toggles if action.method == "toggle_time" else action.label,
                    _rank(action),
                    bool(room.refusal(action)),
                )
                for action in self.hints()
                if room.hints_at(action)
            ]
        )


def _say_too_small(screen: ConsoleScreen) -> None:
    from wfconsole.tui.panes.too_small import TooSmall  # here, because most screens are large enough

    if not any(child.id == "tiny" for child in screen.children):
        told = TooSmall(id="tiny")
        told.frame = screen.frame
        screen.mount(told)


def _rank(action: Action) -> int:
    """What works only here is more worth a hint than what works everywhere."""
    return action.rank + (20 if action.where != "all" else 0)
