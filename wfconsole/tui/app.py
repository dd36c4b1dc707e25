"""The application: a switchboard between keys, screens and the console behind them. It knows no source of data."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from textual.app import App, SystemCommand
from textual.binding import Keymap
from textual.filter import LineFilter
from textual.screen import Screen

from wfconsole.clock import SECOND, Clock, Millis, SystemClock
from wfconsole.session.console import Console
from wfconsole.times import UTC_TIMES, Times
from wfconsole.tui import action_names, compat, screens, theming
from wfconsole.tui.acting import ActingKeys
from wfconsole.tui.chores import Chores
from wfconsole.tui.frame import Frame, frame_of
from wfconsole.tui.glyphs import Glyphs
from wfconsole.tui.ink import Palette
from wfconsole.tui.looks import Looks
from wfconsole.tui.messages import SessionChanged, Ticked
from wfconsole.tui.navigation import Navigation
from wfconsole.tui.pace import FramePace
from wfconsole.tui.permissions import Permissions
from wfconsole.tui.record_keys import RecordKeys
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.theme_file import Theme
from wfconsole.tui.time_controls import TimeControls
from wfconsole.tui.type_ahead import TypeAhead

if TYPE_CHECKING:
    from wfconsole.tui.alarm import Alarm

TICK_SECONDS: Final = 1.0
# After a frame for data: a busy collector speaks once a second, and clocks go on with the frame for that.
NEXT_BEAT_SECONDS: Final = 1.25
# Between two looks for garbage: a frame leaves none, and looks at each 700 were a twelfth of its time; a screen that
# closes leaves two thousand.
YOUNG_OBJECTS: Final = 5_000


class WarRoom(
    TypeAhead,
    TimeControls,
    Navigation,
    RecordKeys,
    ActingKeys,
    Permissions,
    Looks,
    Chores,
    App[int],
    inherit_bindings=False,
    inherit_css=False,
):
    """Shows one console. Data frames are skipped while the terminal is behind; frames after a key never are."""

    TITLE = "wfconsole"
    BINDINGS = action_names.bindings("all")
    ENABLE_COMMAND_PALETTE = False  # `:` is the one door to commands; Textual's own can quit without asking
    ALLOW_SELECT = (
        False  # Textual paints what it selects in a style that our screens leave out: three clicks crashed it
    )
    CSS = """
    WarRoom, ConsoleScreen { background: $background; color: $foreground; }
    ConsoleScreen { overflow: hidden; }
    """

    def __init__(
        self,
        console: Console,
        *,
        theme: Theme,
        glyphs: Glyphs,
        no_colour: bool = False,
        themes: Mapping[str, Theme] | None = None,
        keymap: Mapping[str, str] | None = None,
        observer: bool = False,
        clip_file: Path | None = None,
        problems: Callable[[], Sequence[str]] = tuple,
        clock: Clock | None = None,
        bell: bool = True,
        times: Times = UTC_TIMES,
    ) -> None:
        super().__init__(driver_class=compat.QuietDriver)
        self._start_in(theme)
        compat.no_extras(self)
        compat.own_colours(self)
        compat.paint_changed_cells_only()
        compat.keep_few_cuts()
        self.session = console
        self.observer = observer
        self.glyphs = glyphs
        self.times = times
        self.palette = Palette(theme, ascii_only=glyphs.name == "ascii")
        compat.guard_filter(self).only_ascii = glyphs.name == "ascii"  # what Textual draws by itself, too
        self.pins: tuple[int, ...] | None = None  # None: the checklist's, or the first that are on
        self.problems = problems  # of files that were left out
        self.clip_file = clip_file
        self.keys = action_names.keys_by_action(keymap or {})
        self._bell_wanted = bell
        self._alarm: Alarm | None = None
        self._pace = FramePace(clock or SystemClock(), lambda: self.post_message(Ticked()))
        self._moved_keys: Keymap = dict(keymap or {})
        self.themes = {theme.name: theme} if themes is None else themes
        self.worn = theme
        self._no_colour = no_colour
        self._change_waits = False

    # --- starting

    def get_default_screen(self) -> Screen[Any]:
        return screens.load("overview")()

    def _start_in(self, theme: Theme) -> None:
        """Put the theme on before Textual reads its first style sheet: else it reads all of them twice."""
        self.register_theme(theming.to_textual_theme(theme))
        self.set_reactive(WarRoom.theme, theme.name)
        self.dressed = True
        self.stylesheet.set_variables(self.get_css_variables())

    def on_mount(self) -> None:
        self.set_keymap(self._moved_keys)
        self.session.subscribe(self._session_changed)
        self.call_after_refresh(self._begin)
        self._pace.tick_in(TICK_SECONDS)

    def _begin(self) -> None:
        """The first frame is there. What was made up to here stays: no collection ever looks at it again."""
        gc.freeze()
        gc.enable()
        gc.set_threshold(YOUNG_OBJECTS)
        self.session.start()
        from wfconsole.memory import give_back_what_is_freed
        from wfconsole.tui.alarm import Alarm

        give_back_what_is_freed()
        self._alarm = Alarm(self.bell)

    def get_line_filters(self) -> list[LineFilter]:
        told = [*super().get_line_filters(), compat.guard_filter(self)]
        return [*told, compat.COLOURLESS] if self._no_colour and self.palette.monochrome else told

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None of Textual's: they quit without asking, and take pictures that may hold secrets."""
        del screen
        return ()

    # --- repainting

    def _session_changed(self) -> None:
        """From any thread. One message waits at a time, however many changes there are."""
        if not self._change_waits:
            self._change_waits = True
            self.post_message(SessionChanged())

    def on_session_changed(self) -> None:
        wait = self._pace.wait_ms
        if wait:
            self._pace.tick_in(wait / SECOND)
        else:
            self.on_ticked()

    def on_ticked(self) -> None:
        """A frame that nobody asked for: not while the terminal still has to take the one before, but soon after.

        Clocks and ages go on a tick later, unless there is another frame before that.
        """
        if compat.unwritten(self):
            self._pace.left_out()
            self._pace.tick_in(self._pace.every_ms / SECOND)
        else:
            then = NEXT_BEAT_SECONDS if self._change_waits else TICK_SECONDS
            self._paint(self._pace.caught_up(), then)

    def show_now(self, screen: Screen[Any] | None = None) -> None:
        """A frame after a key, or for a screen that has just come up: never skipped."""
        if screen is None or screen is self.screen:
            self._paint(0)

    def _paint(self, lag_ms: Millis, then: float = TICK_SECONDS) -> None:
        self._change_waits = False
        painted_at = self._pace.painted()
        self._pace.tick_in(then)
        screen = self.console_screen  # the one under a form goes on, so that nothing behind it is old
        if screen is not None:
            frame = self.frame(lag_ms)
            screen.update(frame)
            if self._alarm is not None:
                self._alarm.hear(frame, painted_at)
        if self.readings:
            from wfconsole.tui.log_evidence import enter_what_was_read

            enter_what_was_read(self)

    @property
    def console_screen(self) -> ConsoleScreen | None:
        """The topmost screen that shows frames, under whatever form there is."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, ConsoleScreen)), None)

    def frame(self, lag_ms: Millis = 0) -> Frame:
        """What there is to show at this instant."""
        frame = frame_of(self.session, self.glyphs, observer=self.observer, lag_ms=lag_ms, declare_key=self.declare_key)
        return frame if self.times == frame.times else msgspec.structs.replace(frame, times=self.times)

    # --- small actions

    def bell(self) -> None:
        """Text fields ring by themselves when they are full: that, too, only where it is wanted."""
        if self._bell_wanted:
            super().bell()

    def say(self, words: str) -> None:
        """One line at the bottom, until the next key."""
        if isinstance(self.screen, ConsoleScreen):
            self.screen.say(words)

    def copy(self, words: str) -> None:
        """To the terminal's clipboard, which may refuse it silently; so to a file too."""
        self.copy_to_clipboard(words)
        where = ""
        if self.clip_file is not None:
            try:
                self.clip_file.parent.mkdir(parents=True, exist_ok=True)
                self.clip_file.write_text(words + "\n", encoding="utf-8")
                where = f" and to {self.clip_file}"
            except OSError as error:
                where = f"; {self.clip_file}: {error.strerror}"
        self.say(f"copied via the terminal{where}")

    def action_redraw(self) -> None:
        self.refresh(layout=True)

    def action_say_quit(self) -> None:
        self.say(f"{self.key_of(action_names.BY_ID['quit'])} quits")

    def action_observer(self) -> None:
        """On at once; leaving it asks, where more can be changed then than notes of one's own."""
        may = self.session.capabilities
        if not (may.change or may.besides):
            why = may.refusals.get("*", "it was opened to look only")
            self.say(f"this console cannot change anything, observer or not: {why}")
        elif self.observer and may.change:
            self.action_open("leave-observer")
        else:
            self.observer = not self.observer
            self.show_now()
            key = self.key_of(action_names.BY_ID["observer"])
            self.say(f"observer: read-only. {key} leaves it" if self.observer else "you are no observer any more")
