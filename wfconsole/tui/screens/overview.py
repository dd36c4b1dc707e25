"""The home screen: the board, the open step, the clocks and the newest of the timeline; more with more room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from textual.geometry import Size
from textual.widget import Widget

from wfconsole.incident.checklist import Item
from wfconsole.observations.levels import Quality
from wfconsole.tui import action_names, places
from wfconsole.tui.action_names import ACTIONS, Action, Where
from wfconsole.tui.panes.board import Board
from wfconsole.tui.panes.strips import ChecklistStrip, ClocksStrip, Strip, TimelineStrip
from wfconsole.tui.record_keys import StepKeys
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.widgets.lines import Pane

if TYPE_CHECKING:
    from wfconsole.tui.panes.tiles import Tile


class Overview(StepKeys, ConsoleScreen):
    """Everything at a glance; nothing on it moves by itself. The keys of a step act on the open one."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "checklist")
    BINDINGS = action_names.bindings("checklist")
    FIRST_FOCUS = "board"
    PLACE = "overview"  # what help calls it

    def body(self) -> Iterable[Widget]:
        placed = self.places(self.app.size)
        return [_region(name) for name in _IN_ORDER if name not in _LATER or name in placed]

    def bring(self, placed: frozenset[str]) -> None:
        """What only a larger screen has room for is made when there is room: the first frame of others is sooner."""
        there = {child.id for child in self.children}
        for name in _IN_ORDER:
            if name in placed and name not in there:
                after = next(other for other in _IN_ORDER[_IN_ORDER.index(name) + 1 :] if other in there)
                region = _region(name)
                region.frame = self.frame
                self.mount(region, before=f"#{after}")
                there.add(name)

    def places(self, size: Size) -> places.Places:
        room, frame = self.war_room, self.frame
        moved = frame is not None and not frame.time.goes_on
        off = frame is None or any(line.quality == Quality.OFF for line in frame.board)
        on = () if frame is None else {line.number for line in frame.panes_on}
        pins = room.pins_on_show(frame)
        return places.overview(size, pins=pins, time_bar=moved, tiles=places.tiles_of(on), off=off)

    def step_item(self) -> Item | None:
        return self.frame.checklist.current if self.frame is not None else None

    def evidence(self) -> str:
        return self.query_one(Board).source()

    def hints(self) -> Iterable[Action]:
        return (action for action in ACTIONS if action.label and action.where == "all" and action.id not in _NOT_HERE)

    def on_board_opened(self, event: Board.Opened) -> None:
        self.war_room.action_zoom(event.number)

    def on_strip_opened(self, event: Strip.Opened) -> None:
        self.war_room.action_open(event.screen_name)

    def on_tile_opened(self, event: Tile.Opened) -> None:
        self.war_room.open_zoom(event.number, event.view)


_NOT_HERE = frozenset(("home", "back"))
# In the order of Tab.
_IN_ORDER: Final = ("digits", "off", "board", *places.TILES, "rail", "clocks", "checklist", "timeline")
_LATER: Final = frozenset(("digits", "off", "rail", *places.TILES))


def _region(name: str) -> Pane:
    match name:
        case "board":
            return Board(id=name)
        case "clocks":
            return ClocksStrip(id=name)
        case "checklist":
            return ChecklistStrip(id=name)
        case "timeline":
            return TimelineStrip(id=name)
        case "digits":
            from wfconsole.tui.panes.digits import Digits  # here and below, because a small screen has no room for them

            return Digits(id=name)
    from wfconsole.tui.panes import tiles

    return tiles.OffLine(id=name) if name == "off" else tiles.Rail(id=name) if name == "rail" else tiles.tile(name)
