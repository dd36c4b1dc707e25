"""The wall view: what can be read from three metres, on the whole screen. It takes no key of its own."""

from __future__ import annotations

from collections.abc import Iterable

from textual.geometry import Size
from textual.widget import Widget

from wfconsole.tui import places
from wfconsole.tui.frame import Frame
from wfconsole.tui.panes.wall import BOXES, Box, NumberRows, Scale, Steps, number_rows, scale_for
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.widgets.block_digits import SCALES


class WallScreen(ConsoleScreen):
    """Boxes in two rows, and a line for the open step."""

    PLACE = "wall"  # what help calls it

    def __init__(self) -> None:
        super().__init__()
        self._numbered: tuple[Frame, NumberRows] | None = None

    def body(self) -> Iterable[Widget]:
        for row, count in enumerate(BOXES):
            for place in range(count):
                yield Box(self, row, place)
        yield Steps(id="steps")

    def places(self, size: Size) -> places.Places:
        frame = self.frame
        counts = BOXES if frame is None else tuple(map(len, self.numbers(frame)))
        moved = frame is not None and not frame.time.goes_on
        return places.wall(size, boxes=counts, time_bar=moved)

    def numbers(self, frame: Frame) -> NumberRows:
        """Worked out once for all boxes."""
        if self._numbered is None or self._numbered[0] is not frame:
            self._numbered = frame, number_rows(frame)
        return self._numbered[1]

    def scale(self, frame: Frame) -> Scale:
        """The size of the digits: one for all boxes."""
        placed = self.places(self.app.size)
        rows = self.numbers(frame)
        sizes = [
            min(region.size for name, region in placed.items() if name.startswith(f"box-{row}-"))
            for row in range(len(rows))
            if f"box-{row}-0" in placed
        ]
        return scale_for(rows, sizes) if len(sizes) == len(rows) else SCALES[-1]
