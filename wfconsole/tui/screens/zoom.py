"""One pane whole: a summary, its table, what there is to say about a row, and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.geometry import Size
from textual.widget import Widget

from wfconsole.observations.levels import Level, Quality
from wfconsole.text import ELLIPSIS, UNKNOWN, age, cells, cut
from wfconsole.tui import action_names, places
from wfconsole.tui.action_names import Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, faded, spread, width_of
from wfconsole.tui.listings import listings_of
from wfconsole.tui.listings.listing import Listing
from wfconsole.tui.listings.standing import doubt, is_old, never_seen
from wfconsole.tui.panes.edges import edges
from wfconsole.tui.screens.filtering import FilteringScreen
from wfconsole.tui.state_words import badge, level_ink
from wfconsole.tui.widgets.line_table import LineTable
from wfconsole.tui.widgets.lines import Pane
from wfconsole.tui.widgets.trend import trend_line
from wfconsole.tui.wrapping import wrapped

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

_DETAIL_ROWS = 5
_DETAIL_ROWS_WITH_ROOM = 8
_WHY_ROWS = 3
_DOUBTS = ("clock", "dns")  # facts of a source that make its age, or where it comes from, doubtful
_TITLE_MARGIN = 12  # corners and spaces of the frame, and the sign of what is left out


class Summary(Pane):
    """One line about all rows, and the trend of the pane."""

    def __init__(self, zoom: Zoom) -> None:
        super().__init__(id="summary")
        self._zoom = zoom

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        listing = self._zoom.listing
        if listing is None:
            return [(Span(f" {frame.glyphs.off} off", "dim"),)]
        line = frame.board[self._zoom.pane_number - 1]
        drawn = trend_line(line.trend, len(line.trend), frame.glyphs)
        if line.level >= Level.WARNING:
            drawn = tuple(Span(span.text, level_ink(line.level)) for span in drawn)
        summary = listing.summary(frame)
        if not drawn:
            return [summary]
        for trend in ((*drawn, Span(" 30 s a cell ", "dim")), (*drawn, Span(" "))):
            if width_of(summary) + width_of(trend) < width:
                return [spread(summary, trend, width)]
        return [summary]


class Detail(Pane):
    """The row with the cursor; before it why the rows are not what there is now, and what mends that."""

    def __init__(self, zoom: Zoom) -> None:
        super().__init__(id="detail")
        self._zoom = zoom

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        key = self._zoom.row_key()
        if self._zoom.listing is None or key is None:
            return []
        lines = self._zoom.listing.detail(frame, key)
        if lines and is_old(self._zoom.quality(frame)):
            lines = [*_as_it_was(frame, self._zoom.listing, lines[:-1]), lines[-1]]
        sources = cast("WarRoom", self.app).key_of(action_names.BY_ID["sources"])
        why = _why(frame, self._zoom.listing, width, sources)
        room = height - len(why)
        lines = lines if len(lines) <= room else [*lines[: room - 1], lines[-1]]
        return [*([()] if len(lines) < room else []), *why, *lines]


def _why(frame: Frame, listing: Listing, width: int, sources: str) -> list[Line]:
    """What is wrong with the source of these rows, since when, and what to do; where the rest of it is, if it is long:
    `sources` is the key that leads there."""
    said = doubt(frame, listing.source, without="these")
    rows = wrapped(said, width - 2) if said else []
    if len(rows) <= _WHY_ROWS:
        return [(Span(f" {row}", "strong"),) for row in rows]
    whole = f"{sources} shows all of it"
    last = cut(" ".join(rows[_WHY_ROWS - 1 :]), width - 5 - len(whole))
    lines: list[Line] = [(Span(f" {row}", "strong"),) for row in rows[: _WHY_ROWS - 1]]
    return [*lines, (Span(f" {last}   ", "strong"), Span(sources, "key"), Span(whole.removeprefix(sources)))]


def _as_it_was(frame: Frame, listing: Listing, lines: Sequence[Line]) -> list[Line]:
    """What is said of a row that nobody sees any more."""
    how_old = age(frame.view.world.snapshots[listing.source].age_ms(frame.now))
    first, *rest = [faded(line) for line in lines]
    return [(first[0], Span(f"as it was {how_old} ago  ", "strong"), *first[1:]), *rest]


class Off(Pane, can_focus=True):
    """In place of a table whose source is not there."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del frame, width, height
        words = ("This pane's source is not configured.", "It counts nowhere: its silence is not taken for health.")
        return [(), *((Span(f"  {text}", "dim"),) for text in words)]


class Zoom(FilteringScreen):
    """A pane with its number; `v` goes through its views. `view` is the first one, `words` its filter."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "zoom")
    BINDINGS = action_names.bindings("zoom")

    def __init__(self, number: int, view: str = "", words: str = "") -> None:
        self.pane_number = number
        self._listings = listings_of(number)
        self._shown = next((i for i, listing in enumerate(self._listings) if listing.name == view), 0)
        table = LineTable(self._listings[self._shown], id="table", filter=words) if self._listings else None
        super().__init__(table)

    @property
    def listing(self) -> Listing | None:
        return self._listings[self._shown] if self._listings else None

    def row_key(self) -> str | None:
        return self._table.row_key if self._table is not None else None

    def body(self) -> Iterable[Widget]:
        yield from edges(self)
        yield Summary(self)
        yield self._table or Off(id="table")
        yield Detail(self)
        yield self._filter

    def places(self, size: Size) -> places.Places:
        roomy = places.size_class(*size) in ("medium", "large")
        placed = dict(places.framed(size, summary=1, detail=_DETAIL_ROWS_WITH_ROOM if roomy else _DETAIL_ROWS))
        if self._filter.open and "summary" in placed:
            placed["filter"] = placed.pop("summary")
        return placed

    def level(self, frame: Frame) -> Level:
        return frame.board[self.pane_number - 1].level

    def quality(self, frame: Frame) -> Quality:
        return self.listing.quality(frame) if self.listing is not None else Quality.OFF

    def title_line(self, frame: Frame) -> Line:
        """Name, state, and the views with the one on show in brackets."""
        line = frame.board[self.pane_number - 1]
        ink: Ink = "title"
        shown = badge(frame.glyphs, line.level, self.quality(frame))
        head: Line = (Span(f"{line.number} {line.name} ", ink), shown)
        views = self._views(self.size.width - width_of(head) - _TITLE_MARGIN)
        return (*head, Span(f" {views}")) if views else head

    def _views(self, room: int) -> str:
        """The names of the views; where they do not fit, those before the one on show give way."""
        names = [f"[{listing.name}]" if listing is self.listing else listing.name for listing in self._listings]
        first = 0
        while first < self._shown and cells("  ".join(("", *names[first:]))) > room:
            first += 1
        return "".join(f"  {name}" for name in ((ELLIPSIS, *names[first:]) if first else names))

    def footer(self, frame: Frame) -> Line:
        """Age, place in the list, order, filter; and the way back."""
        if self._table is None or self.listing is None:
            return (Span(f"{self.pane_number} or 0 back", "dim"),)
        snapshot = frame.view.world.snapshots.get(self.listing.source)
        how_old = age(snapshot.age_ms(frame.now)) if snapshot is not None else "off"
        order = f"{self._table.order}{', held' if self._table.rows.held else ''}"
        filtered = f"   / {self._table.filter}" if self._table.filter else ""
        place = UNKNOWN if never_seen(frame, self.listing.source) else self._table.place()
        doubts = "".join(f", {snapshot.facts[name]}" for name in _DOUBTS if snapshot and name in snapshot.facts)
        words = f"{how_old}{doubts}   {place} by {order}{filtered}"
        keys = (("v", "view"), ("s", "sort"), ("/", "filter"), (f"{self.pane_number} or 0", "back"))
        hints = (span for key, does in keys for span in (Span(f"   {key}", "key"), Span(f" {does}", "dim")))
        return (Span(words, "dim" if self.quality(frame).conclusive and not doubts else "strong"), *hints)

    def about(self) -> str:
        key = self.row_key()
        return self.listing.about(self.frame, key) if self.listing and self.frame and key else ""

    def evidence(self) -> str:
        if self.listing is None:
            return ""
        source, key = self.listing.source, self.row_key() or ""
        rows = self.frame.view.world.snapshots.get(source) if self.frame is not None else None
        return f"{source} {key}" if rows is not None and key in rows.rows else source

    def stands_for(self) -> tuple[str, str]:
        """The source and the key of the thing that the row with the cursor is about: what Enter opens. "" for none."""
        key = self.row_key()
        opened = self.listing.opens(self.frame, key) if self.listing and self.frame and key else None
        return (opened.source, opened.key) if opened is not None else ("", "")

    def on_line_table_moved(self) -> None:
        if self.frame is not None:
            self.draw_edges()
            self.query_one(Detail).redraw()

    def on_line_table_entered(self, event: LineTable.Entered) -> None:
        if self.frame is None or self.listing is None:
            return
        opens = self.listing.opens(self.frame, event.key)
        if opens is not None:
            self.war_room.open_row(opens.source, opens.key)
        elif self._table is not None:
            self._table.action_cursor(1)

    def action_view(self) -> None:
        if self._table is not None and len(self._listings) > 1:
            self._shown = (self._shown + 1) % len(self._listings)
            self._table.show_listing(self._listings[self._shown])
            self.war_room.show_now()

    def action_sort(self) -> None:
        if self._table is not None:
            self.say(f"sorted by {self._table.next_order()}")

    def action_pin(self) -> None:
        self.say(self.war_room.pin(self.pane_number))

    def action_copy_row(self) -> None:
        key = self.row_key()
        if key is not None and self.frame is not None and self.listing is not None:
            words = "  ".join(cell.text for cell in self.listing.cells(self.frame, key) if cell.text.strip())
            self.war_room.copy(words)
