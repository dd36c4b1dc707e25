"""Where each region stands: pure arithmetic from the size of the screen, so that a resize can lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Literal

from textual.geometry import Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

SizeClass = Literal["tiny", "small", "medium", "large"]
Places = Mapping[str, Region]

_WIDTHS: Final = ((170, 3), (110, 2), (80, 1))
_HEIGHTS: Final = ((52, 3), (34, 2), (24, 1))
_CLASSES: Final[tuple[SizeClass, ...]] = ("tiny", "small", "medium", "large")

BOARD_ROWS: Final = 7
DIGIT_ROWS: Final = 7
# What stands on a large overview in reading order, which is that of Tab too: pane, view, heading by id.
TILES: Final[Mapping[str, tuple[int, str, str]]] = {
    "alerts": (1, "", ""),
    "signals": (2, "", ""),
    "pods": (3, "unhealthy", ""),
    "hpas": (4, "all", ""),
    "nodes": (5, "nodes", ""),
    "database": (6, "", ""),
    "security": (7, "", ""),
    "changes": (3, "changes", "Changes"),
    "events": (3, "events", "Events"),
}
# More than this many would have no room for rows.
_MOST_TILES: Final = 8
KUBERNETES_TILES: Final = ("pods", "hpas", "nodes", "changes", "events")
CLOCK_ROWS: Final = 5


def size_class(width: int, height: int) -> SizeClass:
    """The smaller class of the two axes: 200x24 is laid out as 80x24, with more room in its lines."""
    columns = next((index for least, index in _WIDTHS if width >= least), 0)
    rows = next((index for least, index in _HEIGHTS if height >= least), 0)
    return _CLASSES[min(columns, rows)]


def overview(
    size: Size, *, pins: tuple[str, ...], time_bar: bool, tiles: Sequence[str] = KUBERNETES_TILES, off: bool = True
) -> Places:
    """The home screen. `pins` are the panes beside the checklist; `time_bar`: shown even on a small screen.

    `tiles` are what a large screen has room for, in reading order; `off`: a line names panes that are not there.
    """
    width, height = size
    match size_class(width, height):
        case "tiny":
            return {"tiny": Region(0, 0, width, height)}
        case "small":
            return _small(width, height, time_bar=time_bar)
        case "medium":
            return _medium(width, height, pins)
        case _:
            return _large(width, height, tiles, off=off)


def tiles_of(on: Collection[int]) -> tuple[str, ...]:
    """The tiles of the panes that are on; those of Kubernetes where none is."""
    return tuple(name for name, (number, _, _) in TILES.items() if number in on)[:_MOST_TILES] or KUBERNETES_TILES


def _head_and_keys(width: int, height: int) -> dict[str, Region]:
    return {
        "glance": Region(0, 0, width, 1),
        "attention": Region(0, 1, width, 1),
        "keys": Region(0, height - 1, width, 1),
    }


def _small(width: int, height: int, *, time_bar: bool) -> Places:
    places = _head_and_keys(width, height)
    bottom = height - 1 - time_bar
    if time_bar:
        places["time"] = Region(0, bottom, width, 1)
    places["board"] = Region(0, 2, width, BOARD_ROWS)
    room = bottom - 2 - BOARD_ROWS - 1
    timeline = 4 + (height - 24) // 3
    checklist = room - timeline
    top = 2 + BOARD_ROWS
    places["checklist"] = Region(0, top, width, checklist)
    places["clocks"] = Region(0, top + checklist, width, 1)
    places["timeline"] = Region(0, top + checklist + 1, width, timeline)
    return places


def _medium(width: int, height: int, pins: tuple[str, ...]) -> Places:
    places = _head_and_keys(width, height)
    places["time"] = Region(0, height - 2, width, 1)
    places["board"] = Region(0, 2, width, BOARD_ROWS)
    room = height - 4 - BOARD_ROWS
    timeline = max(5, round(room * 9 / 29))
    middle = room - timeline
    top = 2 + BOARD_ROWS
    left = width // 2 if pins else width
    places["checklist"] = Region(0, top, left, middle - CLOCK_ROWS)
    places["clocks"] = Region(0, top + middle - CLOCK_ROWS, left, CLOCK_ROWS)
    places["timeline"] = Region(0, top + middle, width, timeline)
    if pins:
        first = middle - middle // len(pins) * (len(pins) - 1)
        y = top
        for index, pin in enumerate(pins):
            rows = first if index == 0 else middle // len(pins)
            places[pin] = Region(left, y, width - left, rows)
            y += rows
    return places


def _large(width: int, height: int, tiles: Sequence[str], *, off: bool) -> Places:
    places = _head_and_keys(width, height)
    places["time"] = Region(0, height - 2, width, 1)
    places["digits"] = Region(0, 2, width, DIGIT_ROWS)
    top = 2 + DIGIT_ROWS
    room = height - 2 - top
    left = round(width * 0.65)
    right = width - left
    if off:
        places["off"] = Region(0, top, left, 1)
    places |= _in_pairs(tiles, Region(0, top + off, left, room - off))
    timeline = room - CLOCK_ROWS - room * 2 // 5
    places["rail"] = Region(left, top, 1, room)
    places["clocks"] = Region(left + 1, top, right - 1, CLOCK_ROWS)
    places["checklist"] = Region(left + 1, top + CLOCK_ROWS, right - 1, room * 2 // 5)
    places["timeline"] = Region(left + 1, top + room - timeline, right - 1, timeline)
    return places


def _in_pairs(tiles: Sequence[str], within: Region) -> dict[str, Region]:
    """Two beside each other; of an odd number the first has a row of its own, a little higher than the others."""
    x, y, width, height = within
    places: dict[str, Region] = {}
    if len(tiles) % 2:
        first = height * 3 // 8 if len(tiles) > 1 else height
        places[tiles[0]] = Region(x, y, width, first)
        tiles, y, height = tiles[1:], y + first, height - first
    rows, half = len(tiles) // 2, width // 2
    for row in range(rows):
        above, below = (y + height * at // rows for at in (row, row + 1))
        places[tiles[2 * row]] = Region(x, above, half, below - above)
        places[tiles[2 * row + 1]] = Region(x + half, above, width - half, below - above)
    return places


def framed(size: Size, *, summary: int, detail: int) -> Places:
    """A screen with one frame between head and keys: border, summary, table, detail of the row, border."""
    width, height = size
    if size_class(width, height) == "tiny":
        return {"tiny": Region(0, 0, width, height)}
    places = _head_and_keys(width, height)
    places["time"] = Region(0, height - 2, width, 1)
    rows = height - 4
    places["frame-top"] = Region(0, 2, width, 1)
    places["frame-bottom"] = Region(0, 2 + rows - 1, width, 1)
    places["frame-left"] = Region(0, 3, 1, rows - 2)
    places["frame-right"] = Region(width - 1, 3, 1, rows - 2)
    inside = rows - 2
    detail = min(detail, max(0, inside - summary - 4))
    if summary:
        places["summary"] = Region(1, 3, width - 2, summary)
    places["table"] = Region(1, 3 + summary, width - 2, inside - summary - detail)
    if detail:
        places["detail"] = Region(1, 3 + inside - detail, width - 2, detail)
    return places


def wall(size: Size, *, boxes: Sequence[int], time_bar: bool) -> Places:
    """Rows of boxes over the whole screen: `boxes` says how many stand beside each other in each row."""
    width, height = size
    kind = size_class(width, height)
    if kind == "tiny":
        return {"tiny": Region(0, 0, width, height)}
    places = _head_and_keys(width, height)
    bottom = height - 1
    if time_bar or kind != "small":
        bottom -= 1
        places["time"] = Region(0, bottom, width, 1)
    bottom -= 1 if kind == "small" else 2
    places["steps"] = Region(0, bottom, width, 1 if kind == "small" else 2)
    for row, count in enumerate(boxes):
        top, end = (2 + (bottom - 2) * at // len(boxes) for at in (row, row + 1))
        for box in range(count):
            left, right = (width * at // count for at in (box, box + 1))
            places[f"box-{row}-{box}"] = Region(left, top, right - left, end - top)
    return places


def plain(size: Size) -> Places:
    """A screen with one region between head and keys."""
    width, height = size
    if size_class(width, height) == "tiny":
        return {"tiny": Region(0, 0, width, height)}
    return {**_head_and_keys(width, height), "body": Region(0, 2, width, height - 3)}


class Placed(Layout):
    """Puts each child where `places` says, by its id; what has no place is not shown."""

    name = "placed"

    def __init__(self, places: Callable[[Size], Places]) -> None:
        self._places = places

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        del greedy
        parent.pre_layout(self)
        places = self._places(size)
        return [
            WidgetPlacement(region, region.offset - region.offset, child.styles.margin, child)
            for child in children
            if child.id is not None and (region := places.get(child.id)) is not None and region.area
        ]
