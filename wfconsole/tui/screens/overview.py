"""The home screen: the board, the open step, the clocks and the newest of the timeline; more with more room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.geometry import Size
from textual.widget import Widget

from wfconsole.incident.checklist import Item
from wfconsole.observations.levels import Quality
from wfconsole.tui import action_names, places
from wfconsole.tui.action_names import ACTIONS, Action, Where
from wfconsole.tui.panes.board import Board
from wfconsole.tui.panes.digits import Digits
from wfconsole.tui.panes.strips import ChecklistStrip, ClocksStrip, Strip, TimelineStrip
from wfconsole.tui.panes.tiles import OffLine, Rail, Tile, tiles, tiles_on
from wfconsole.tui.record_keys import StepKeys
from wfconsole.tui.screens.console_screen import ConsoleScreen


class Overview(StepKeys, ConsoleScreen):
    """Everything at a glance; nothing on it moves by itself. The keys of a step act on the open one."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "checklist")
    BINDINGS = action_names.bindings("checklist")
    FIRST_FOCUS = "board"
    PLACE = "overview"  # what help calls it

    def body(self) -> Iterable[Widget]:
        yield Digits(id="digits")
        yield OffLine(id="off")
        yield Board(id="board")
        yield from tiles()
        yield Rail(id="rail")
        yield ClocksStrip(id="clocks")
        yield ChecklistStrip(id="checklist")
        yield TimelineStrip(id="timeline")

    def places(self, size: Size) -> places.Places:
        room = self.war_room
        moved = self.frame is not None and self.frame.time.mode != "live"
        off = self.frame is None or any(line.quality == Quality.OFF for line in self.frame.board)
        pins = room.pins_on_show(self.frame)
        return places.overview(size, pins=pins, time_bar=moved, tiles=tiles_on(self.frame), off=off)

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
