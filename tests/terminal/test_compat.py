"""The hooks into Textual that the console rests on. A failure here after an upgrade says which one has changed."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual import _compositor
from textual._compositor import ChopsUpdate, Compositor
from textual.app import App, ComposeResult
from textual.color import Color
from textual.driver import Driver
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from tests.terminal.hostile import HOSTILE
from wfconsole import exit_codes
from wfconsole.tui import compat
from wfconsole.tui.environment import DEFAULTS, REFUSED, prepare

BLACK = Color(0, 0, 0)


class Small(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("first row", markup=False)
        yield Static("second row", markup=False)


def filtered(text: str, guard: compat.GuardFilter | None = None, style: Style | None = None) -> Segment:
    """One segment after the net."""
    (segment,) = (guard or compat.GuardFilter()).apply([Segment(text, style)], BLACK)
    return segment


def test_output_goes_through_a_queue_of_thirty_writes_in_a_thread_of_its_own() -> None:
    assert MAX_QUEUED_WRITES == 30
    assert WriterThread(sys.stderr)._queue.maxsize == MAX_QUEUED_WRITES
    assert "self._writer_thread = WriterThread(" in inspect.getsource(LinuxDriver.start_application_mode)
    assert issubclass(LinuxDriver, Driver)


def test_a_terminal_is_asked_for_its_size() -> None:
    assert "self._get_terminal_size()" in inspect.getsource(LinuxDriver.start_application_mode)


def test_few_cut_pieces_of_text_are_remembered() -> None:
    for _ in range(2):
        compat.keep_few_cuts()
    assert Segment._split_cells.cache_parameters()["maxsize"] == compat.CUTS_KEPT
    assert Segment("ab界c").split_cells(3) == (Segment("ab "), Segment(" c"))
    assert Segment("abc").split_cells(1) == (Segment("a"), Segment("bc"))


def test_of_a_changed_line_only_the_changed_cells_are_written() -> None:
    assert "strip.crop(0, min(end, x2) - x)" in inspect.getsource(_compositor), "mended in Textual?"
    left, right = Strip([Segment("abcdef"), Segment("ghij")]), Strip([Segment("klm界n")])
    update = ChopsUpdate([{0: left, 10: right, 16: None}], [(0, 3, 8), (0, 12, 15)], [[10, 16, 20]])
    assert compat._changed_cells(update, Console()) == "\x1b[1;4Hdefgh\x1b[1;13Hm界"
    whole = ChopsUpdate([{0: left, 10: right}], [(0, 0, 16)], [[10, 16]])
    assert compat._changed_cells(whole, Console()) == "\x1b[1;1Habcdefghij\x1b[1;11Hklm界n"


class Pieces(App[None]):
    """Regions side by side, one above the other, and one that covers parts of them."""

    CSS = """
    Screen { layers: below above; }
    .box { width: 20; height: 4; layer: below; }
    #right { offset: 22 -4; }
    #over { layer: above; width: 12; height: 3; offset: 14 2; }
    """

    def compose(self) -> ComposeResult:
        for name in ("left", "right", "over"):
            yield Static("\n".join(f"{name} {y} 界 words" for y in range(4)), classes="box", id=name, markup=False)


async def test_of_changed_rows_what_is_in_front_is_painted_as_in_a_whole_frame() -> None:
    assert "chops = self._render_chops(crop, is_rendered_line)" in inspect.getsource(_compositor), "mended in Textual?"
    app = Pieces()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        compositor = app.screen._compositor
        whole = [strip.text for strip in compositor.render_strips()]
        assert whole[2] == f"{'left 2 界 wordover 0      t 2 界 words':<58}"  # 60 cells
        for regions in ([(0, 0, 60, 10)], [(3, 1, 4, 1), (30, 3, 9, 2)], [(0, 9, 60, 1), (12, 2, 20, 1)]):
            compositor._dirty_regions = {Region(*region) for region in regions}
            update = compat._changed_rows(compositor)
            assert update is not None
            assert compositor._dirty_regions == set()
            for y, _, _ in update.spans:
                assert "".join(strip.text for strip in update.chops[y].values() if strip) == whole[y]
        assert compat._changed_rows(compositor) is None


class Messages:
    """Which messages widgets get from now on, each with the widget's name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, str]] = []
        post = Widget.post_message

        def seeing(widget: Widget, message: Message) -> bool:
            self.seen.append((widget.id or type(widget).__name__, type(message).__name__))
            return post(widget, message)

        monkeypatch.setattr(Widget, "post_message", seeing)


def painted_rows(app: App[None]) -> list[str]:
    """The rows that the next frame brings, "" for those that stay; the frame is thrown away."""
    update = compat._changed_rows(app.screen._compositor)
    if update is None:
        return []
    return ["".join(strip.text for strip in row.values() if strip).rstrip() for row in update.chops]


async def test_one_message_has_any_number_of_widgets_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Pieces()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        whole = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
        messages = Messages(monkeypatch)
        for name, rows in (("left", (0, 1)), ("right", (1,))):
            compat.repaint(app.query_one(f"#{name}"), [Region(0, y, 9, 1) for y in rows])
        assert messages.seen == [("_default", "Prompt")]
        app.screen._compositor.update_widgets(app.screen._dirty_widgets)
        assert painted_rows(app) == [*whole[:2], *[""] * 8]


async def test_a_repaint_leads_to_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[ChopsUpdate] = []
    changed = Compositor.render_partial_update
    app = Pieces()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()

        def taken(compositor: Compositor) -> Any:
            frames.append(compat._changed_rows(compositor) or ChopsUpdate([], [], []))
            return changed(compositor)

        monkeypatch.setattr(Compositor, "render_partial_update", taken)
        compat.repaint(app.query_one("#left"), [Region(2, 1, 3, 1)])
        await pilot.pause(0.1)
    assert [frame.spans for frame in frames if frame.spans] == [[(1, 2, 5)]]


async def test_what_is_hidden_or_gone_is_not_repainted() -> None:
    app = Pieces()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        hidden, gone = app.query_one("#left"), app.query_one("#right")
        hidden.display = False
        await gone.remove()
        await pilot.pause()
        for each in (hidden, gone, Static("never was there")):
            compat.repaint(each, [Region(0, 0, 9, 1)])
            assert app.screen._dirty_widgets == set()


async def test_what_is_covered_in_every_changed_row_is_not_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Small()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        rendered: list[str] = []
        render = Widget.render_lines

        def rendering(widget: Widget, crop: Region) -> list[Strip]:
            rendered.append(type(widget).__name__)
            return render(widget, crop)

        monkeypatch.setattr(Widget, "render_lines", rendering)
        app.screen._compositor._dirty_regions = {Region(0, 0, 60, 1)}
        assert painted_rows(app)[:2] == ["first row", ""]
        assert rendered == ["Static"]
        app.screen._compositor._dirty_regions = {Region(0, 5, 60, 1)}
        assert painted_rows(app)[:6] == [""] * 6
        assert rendered == ["Static", "Screen"]


def test_all_that_ends_an_app_by_a_bug_goes_through_two_methods() -> None:
    source = inspect.getsource(App)
    assert source.count("self._fatal_error()") == 1
    assert "self._fatal_error()" in inspect.getsource(App._handle_exception)
    assert "self._app.panic," in inspect.getsource(LinuxDriver._run_input_thread)
    added = source.count("_exit_renderables.append") + source.count("_exit_renderables.extend")
    assert added == 3  # exit's message, panic, fatal error


def test_what_a_caught_crash_sets_is_there() -> None:
    app = Small()
    assert {name: getattr(app, name) for name in ("_exception", "_return_code")} == {
        "_exception": None,
        "_return_code": None,
    }
    assert {"_exception_event", "_close_messages_no_wait"} <= set(dir(app))


async def test_a_caught_crash_is_handed_over_ends_the_app_and_still_fails_the_test_of_a_pilot() -> None:
    caught: list[BaseException] = []
    app = Small()
    compat.catch_crashes(app, caught.append)

    async def break_it() -> None:
        async with app.run_test() as pilot:
            app.call_later(lambda: 1 // 0)
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await break_it()
    assert [type(error) for error in caught] == [ZeroDivisionError]
    assert app.return_code == exit_codes.CRASH


async def test_the_screen_can_be_read_as_lines_of_its_exact_width() -> None:
    app = Small()
    async with app.run_test(size=(40, 6)):
        lines = compat.screen_lines(app)
    assert [line.rstrip() for line in lines] == ["first row", "second row", "", "", "", ""]
    assert {len(line) for line in lines} == {40}


async def test_nothing_waits_to_be_written_where_there_is_no_terminal() -> None:
    app = Small()
    async with app.run_test():
        assert compat.unwritten(app) == 0
        compat.abandon_output(app)
        compat.interrupt_write(app)


async def test_an_app_has_one_net() -> None:
    app, other = Small(), Small()
    assert compat.guard_filter(app) is compat.guard_filter(app)
    assert compat.guard_filter(app) is not compat.guard_filter(other)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_net_lets_nothing_through_and_keeps_the_width(name: str) -> None:
    text = HOSTILE[name][:500].replace("\n", "").replace("\ufe0f", "")  # no line of Textual holds a line end
    shown = filtered(text).text
    assert shown.isprintable()
    assert "\x1b" not in shown
    if "\u200d" not in text:  # Rich measures joined emoji as one, taken apart they are as wide as they are drawn
        assert cell_len(shown) == cell_len(text)


def test_the_net_counts_what_it_catches_and_leaves_the_rest_as_it_is() -> None:
    guard = compat.GuardFilter()
    clean = [Segment("plain"), Segment("größe ■ 漢", Style(bold=True))]
    assert guard.apply(clean, BLACK) is clean
    assert guard.hits == 0
    assert filtered("a\x1b[2Jb\u202ec", guard).text == "a[2Jbc"
    assert filtered("wide \u3164", guard).text == "wide "
    assert guard.hits == 2


def test_the_net_takes_hyperlinks_away_and_keeps_the_style() -> None:
    guard = compat.GuardFilter()
    segment = filtered("click", guard, Style(bold=True, link="https://example.invalid"))
    assert segment.style == Style(bold=True)
    assert guard.hits == 1


def test_the_net_makes_ascii_where_it_is_told_to_and_does_not_count_that() -> None:
    guard = compat.GuardFilter(only_ascii=True)
    assert filtered("─ größe ■ 漢 …", guard).text == "- gro?e # ?? ~"
    assert guard.hits == 0
    assert filtered("\x9b31m \u2800", guard).text == "31m ?"
    assert guard.hits == 1


@pytest.mark.parametrize(
    ("style", "bare"),
    [
        ("bold #e4e4e4 on #080808", Style(bold=True, reverse=False)),
        ("#080808 on #e4e4e4", Style(reverse=True)),
        ("reverse underline #e4e4e4 on #080808", Style(underline=True, reverse=True)),
        ("reverse #080808 on #e4e4e4", Style(reverse=False)),
        ("bold", Style(bold=True, reverse=False)),
    ],
)
def test_without_colours_a_light_ground_is_told_by_reverse(style: str, bare: Style) -> None:
    shown, unstyled = compat.COLOURLESS.apply([Segment("a", Style.parse(style)), Segment("b")], BLACK)
    assert (shown, unstyled) == (Segment("a", bare), Segment("b"))


def test_textual_reads_our_defaults_and_none_of_its_developers_switches() -> None:
    """In a process of its own, because Textual reads its environment once."""
    environ = {**os.environ, **dict.fromkeys(REFUSED, "1"), "TEXTUAL_FPS": "30"}
    for name in ("TEXTUAL_ANIMATIONS", "TEXTUAL_SMOOTH_SCROLL"):
        environ.pop(name, None)
    code = (
        "import wfconsole.tui.theming, os\n"
        "from textual import constants as c\n"
        "print(c.MAX_FPS, c.TEXTUAL_ANIMATIONS, c.SMOOTH_SCROLL, c.PRESS, c.LOG_FILE, c.DRIVER, c.SHOW_RETURN)"
    )
    run = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["30", "none", "False", "None", "None", "False"]


def test_the_environment_is_filled_and_cleaned_in_place() -> None:
    environ = {"TEXTUAL_PRESS": "q", "TEXTUAL_FPS": "60", "TERM": "xterm"}
    prepare(environ)
    assert environ == {**DEFAULTS, "TEXTUAL_FPS": "60", "TERM": "xterm"}
