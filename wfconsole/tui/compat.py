"""The only place that leans on Textual's inside. Textual is pinned to a minor version because of this file.

Everything that is private in Textual and used by us is here, each with what it gives; `tests/terminal/test_compat.py`
fails when one of them changes.
"""

from __future__ import annotations

import codecs
import functools
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, Queue
from typing import Any, Final
from weakref import WeakKeyDictionary

from rich.cells import get_character_cell_size
from rich.color import Color as RichColor
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.color import Color
from textual.dom import NoScreen
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.filter import LineFilter, Monochrome
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import WorkerFailed

from wfconsole import exit_codes
from wfconsole.text import may_reach_terminal, to_ascii
from wfconsole.tui import terminal

SUBSTITUTE: Final = "\N{REPLACEMENT CHARACTER}"
CUTS_KEPT: Final = 512
TYPED_AT_ONCE: Final = 4096
GONE_LOOK_S: Final = 0.1


class InputLostError(Exception):
    """The thread that reads the keyboard ended with an error."""


class QuietDriver(LinuxDriver):
    """Textual's driver with a keyboard thread that sleeps while nobody types.

    Textual's own wakes ten times a second, on which a console that only watches spends a fortieth of its time, and an
    end of the app waits for two of those times. There, too, bytes that are no UTF-8 end the thread and the app with it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exit_event: _WakingEvent = _WakingEvent()

    def _sigcont_application(self, *args: Any) -> None:
        """Go on after a stop, and draw anew on a terminal that a shell had meanwhile.

        Only Ctrl+Z comes with a warning: Textual would begin a second time beside what a plain SIGSTOP has left as it
        was, and at a hang-up, when the system says SIGCONT too. Of two keyboard threads one would never end.
        """
        if self._key_thread is not None and self._key_thread.is_alive():
            if self.exit_event.is_set() or terminal.is_gone():
                return
            self.suspend_application_mode()
            self._must_signal_resume = True
        if self._must_signal_resume:
            super()._sigcont_application(*args)

    def run_input_thread(self) -> None:
        """Hand on what is typed until the app ends, or the terminal."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            # What an Escape begins may be a key of several bytes: the parser waits for the rest, but not for long.
            patience = None if parser._timeout_time is None else max(0.0, parser._timeout_time - get_time())
            if self.fileno in select.select([self.fileno, self.exit_event.ear], [], [], patience)[0]:
                typed = os.read(self.fileno, TYPED_AT_ONCE)
                if not typed:
                    self.exit_event.wait(GONE_LOOK_S)  # no terminal any more: its signal is on the way
                if text := decode(typed):  # none of a letter's first bytes; and no text means the end to the parser
                    for event in parser.feed(text):
                        self.process_message(event)
            for event in parser.tick():
                self.process_message(event)


class _WakingEvent(threading.Event):
    """An event that ends a `select` on its `ear`, too."""

    def __init__(self) -> None:
        super().__init__()
        self.ear, self._mouth = socket.socketpair()  # closed with the event: the app may still set it at its very end

    def set(self) -> None:
        super().set()
        self._mouth.send(b"!")

    def clear(self) -> None:
        if self.is_set():
            self.ear.recv(TYPED_AT_ONCE)
        super().clear()


class GuardFilter(LineFilter):
    """The net below `text.safe`: no character that a terminal could obey gets past it, and no hyperlink.

    What it catches is replaced in the same width and counted: each hit is text that did not pass the gate, which is a
    bug. `only_ascii` also turns the harmless rest into ASCII, uncounted, for terminals that cannot show more.
    """

    def __init__(self, *, only_ascii: bool = False) -> None:
        super().__init__()
        self.only_ascii = only_ascii
        self.hits = 0

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments as they are, or harmless ones in their place."""
        del background
        if all(self._fine(text, style) for text, style, _ in segments):
            return segments
        return [self._harmless(segment) for segment in segments]

    def _fine(self, text: str, style: Style | None) -> bool:
        if style is not None and style.link:
            return False
        return (text.isascii() and text.isprintable()) or (not self.only_ascii and may_reach_terminal(text))

    def _harmless(self, segment: Segment) -> Segment:
        text, style, _ = segment
        if style is not None and style.link:
            self.hits += 1
            style = style.update_link(None)
        if not may_reach_terminal(text):
            self.hits += 1
            text = "".join(char if may_reach_terminal(char) else _stand_in(char) for char in text)
        return Segment(to_ascii(text).replace(SUBSTITUTE, "?") if self.only_ascii else text, style)


def _stand_in(char: str) -> str:
    return SUBSTITUTE * get_character_cell_size(char)


class Colourless(LineFilter):
    """Takes all colours away; a ground that was lighter than its ink is told by reverse instead."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with bold, underline and reverse alone."""
        del background
        return [Segment(text, style and _without_colours(style)) for text, style, _ in segments]


COLOURLESS: Final = Colourless()


@functools.lru_cache(256)
def _without_colours(style: Style) -> Style:
    ink, ground = style.color, style.bgcolor
    swapped = ink is not None and ground is not None and _brightness(ground) > _brightness(ink)
    return style.without_color + Style(reverse=bool(style.reverse) != swapped)


def _brightness(colour: RichColor) -> float:
    return Color.from_rich_color(colour).brightness


_guards: WeakKeyDictionary[App[Any], GuardFilter] = WeakKeyDictionary()


def guard_filter(app: App[Any]) -> GuardFilter:
    """The one net of an app, for its `get_line_filters`."""
    return _guards.get(app) or _guards.setdefault(app, GuardFilter())


def screen_lines(app: App[Any]) -> list[str]:
    """The screen as text, a string for each row: for goldens."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def paint_changed_cells_only() -> None:
    """Render only the rows with a change, and write each from its first changed cell.

    Textual renders every widget between the topmost and the lowest change, and begins each line at the widget's first
    cell. With a clock at the top, ages in all frames and a time bar at the bottom that is nearly all of the screen.
    """
    Compositor.render_partial_update = _changed_rows  # type: ignore[assignment,method-assign]
    ChopsUpdate.render_segments = _changed_cells  # type: ignore[assignment,method-assign]


def repaint(widget: Widget, regions: Sequence[Region]) -> None:
    """Have these regions painted with the next frame, of a widget that has no border and remembers itself what it drew.

    `Widget.refresh` sends three messages to get there, and each widget has a loop of its own that wakes up for them:
    with the ten of a frame an eighth of all that it costs. What has just come is painted whole, and not by this.
    """
    try:
        screen = widget.screen
    except NoScreen:
        return  # it has been taken away
    if widget.display and screen in screen._compositor:
        widget._repaint_regions.update(regions)
        screen._dirty_widgets.add(widget)
        screen.check_idle()


def keep_few_cuts() -> None:
    """Let Rich remember the last few hundred pieces of text that it cut, and not 16,384 of them.

    Clocks and ages are cut once and never again: in an hour they would be held to the tune of some 15 MB.
    """
    cached: Any = Segment._split_cells
    if cached.cache_parameters()["maxsize"] != CUTS_KEPT:
        fewer: Any = functools.lru_cache(CUTS_KEPT)(cached.__wrapped__)
        Segment._split_cells = classmethod(fewer)  # type: ignore[assignment]


def _changed_rows(compositor: Compositor) -> ChopsUpdate | None:
    regions = compositor._dirty_regions.copy()
    compositor._dirty_regions.clear()
    if not regions:
        return None
    spans = list(compositor._regions_to_spans(regions))
    cuts = compositor.cuts
    chops: list[dict[int, Strip | None]] = [{} for _ in cuts]
    for y in {y for y, _, _ in spans}:
        chops[y] = dict.fromkeys(cuts[y][:-1])
    for widget, (region, clip) in compositor.visible_widgets.items():  # from front to back: the first one wins
        shown = region.intersection(clip)
        rows = [y for y in shown.line_range if None in chops[y].values()]
        for top, bottom in _runs(rows):
            part = Region(shown.x - region.x, top - region.y, shown.width, bottom - top)
            for y, strip in zip(range(top, bottom), widget.render_lines(part), strict=True):
                _lay(chops[y], cuts[y], shown, strip)
    return ChopsUpdate(chops, spans, [cut[1:] for cut in cuts])


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as ranges, from and to."""
    start = 0
    for index in range(1, len(rows) + 1):
        if index == len(rows) or rows[index] != rows[index - 1] + 1:
            yield rows[start], rows[index - 1] + 1
            start = index


def _lay(row: dict[int, Strip | None], cuts: list[int], shown: Region, strip: Strip) -> None:
    """Put a widget's strip into those pieces of a row that nothing before it has taken."""
    first, last = shown.column_span
    within = [cut for cut in cuts if first <= cut <= last]
    pieces = (strip,) if len(within) == 2 else strip.divide([cut - first for cut in within[1:]])
    for cut, piece in zip(within, pieces, strict=False):
        if row.get(cut) is None:
            row[cut] = piece


def _changed_cells(update: ChopsUpdate, console: Console) -> str:
    written: list[str] = []
    for y, start, end in update.spans:
        for right, (left, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            first, last = max(left, start), min(right, end)
            if strip is not None and first < last:
                cells = strip if (first, last) == (left, right) else strip.crop(first - left, last - left)
                at = f"\x1b[{y + 1};{first + 1}H"  # Rich takes ten times as long to say so
                written += (at, cells.render(console))
    return "".join(written)


def unwritten(app: App[Any]) -> int:
    """How many writes the terminal has not taken yet. At 30 the next one would stop the event loop."""
    queue = _writes(app)
    return 0 if queue is None else queue.qsize()


def abandon_output(app: App[Any]) -> None:
    """Throw away what waits to be written when the thread that writes has died, so that nobody waits for room."""
    thread = getattr(app._driver, "_writer_thread", None)
    queue = _writes(app)
    if queue is None or thread is None or thread.is_alive():
        return
    try:
        while True:
            queue.get_nowait()
    except Empty:
        return


def interrupt_write(app: App[Any]) -> None:
    """Wake the thread that writes, should the terminal keep it waiting: the kernel lets nobody else write meanwhile.

    Its system call ends with the signal (whose handler runs elsewhere, and must exist) and is tried again.
    """
    thread = getattr(app._driver, "_writer_thread", None)
    if thread is not None and thread.is_alive():
        signal.pthread_kill(thread.ident, signal.SIGTERM)


def _writes(app: App[Any]) -> Queue[str | None] | None:
    """Textual's driver hands its output to a thread through a queue; a headless driver has none."""
    thread = getattr(app._driver, "_writer_thread", None)
    return None if thread is None else thread._queue


def own_colours(app: App[Any]) -> None:
    """Take no notice of NO_COLOR here: Textual would grey every theme, even where somebody asked for one by name."""
    app.no_color = False
    app._filters = [each for each in app._filters if not isinstance(each, Monochrome)]


def take_size_of_now(app: App[Any], event: Resize) -> None:
    """Let an event that is only handled now tell the size of now.

    Textual's handler of SIGWINCH reads the size, then posts it. A signal that interrupts it between the two posts the
    newer size first, and the older one would stay.
    """
    read = getattr(app._driver, "_get_terminal_size", None)  # a headless driver has no terminal to ask
    if read is not None:
        event.size = event.virtual_size = event.container_size = Size(*read())


def no_extras(app: App[Any]) -> None:
    """No tooltips and no toasts, which Textual mounts on every screen: both show text that came through no gate."""
    app._disable_tooltips = app._disable_notifications = True


def catch_crashes(app: App[Any], crashed: Callable[[BaseException], None]) -> None:
    """Hand every exception that would end the app to `crashed`, and end it with the exit code of a crash.

    Textual itself would render a traceback with all local variables (passwords among them, for seconds) onto the
    terminal, and leave an exit code of 0 to whoever does not ask for it.
    """

    def handle(error: BaseException) -> None:
        app._return_code = exit_codes.CRASH
        if isinstance(error, Exception) and app._exception is None:
            app._exception = error  # a pilot raises it in the test
            app._exception_event.set()
        crashed(error.error if isinstance(error, WorkerFailed) else error)
        app._close_messages_no_wait()

    def panic(*renderables: object) -> None:
        """Only the keyboard's thread comes here now, with a rendering of its error and not the error itself."""
        kinds = [
            stack.exc_type for each in renderables for stack in getattr(getattr(each, "trace", None), "stacks", ())
        ]
        handle(InputLostError(", ".join(kinds) or "no reason given"))

    app._handle_exception = handle  # type: ignore[method-assign]  # private, and reached through the instance only
    app.panic = panic  # type: ignore[method-assign]
