"""Another theme, or other symbols, while the console runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import msgspec
from textual.events import Resize

from wfconsole.times import MACHINE, WAYS, Way
from wfconsole.tui import compat, theming
from wfconsole.tui.glyphs import SETS
from wfconsole.tui.ink import Palette
from wfconsole.tui.theme_file import Theme

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom


class Looks:
    """The part of the App that knows how it looks. `themes` are those that were loaded, by name."""

    themes: Mapping[str, Theme]
    dressed = False

    def on_resize(self, event: Resize) -> None:
        """Comes before Textual's own handler of the App."""
        compat.take_size_of_now(cast("WarRoom", self), event)

    def get_css_variables(self) -> dict[str, str]:
        """None before our theme is on: Textual would make up all those of its own, which nobody sees."""
        told: dict[str, str] = super().get_css_variables() if self.dressed else {}  # type: ignore[misc]  # of the App
        return told

    def wear(self, theme: str) -> None:
        """Draw in this theme, with its own symbols."""
        app = cast("WarRoom", self)
        chosen = self.themes[theme]
        app.register_theme(theming.to_textual_theme(chosen))
        app.worn = chosen
        self.draw_with(chosen.glyphs.name)
        app.theme = chosen.name

    def action_times(self) -> None:
        """The next way to write times; the clock at the top shows which one it is."""
        times = cast("WarRoom", self).times
        self.write_times(WAYS[(WAYS.index(times.way) + 1) % len(WAYS)])

    def write_times(self, way: Way) -> None:
        """Write times this way, on every screen of this console and nowhere else."""
        app = cast("WarRoom", self)
        app.times = msgspec.structs.replace(app.times, way=way)
        app.show_now()
        zone = app.times.zone if app.times.zone not in ("", MACHINE) else "the zone of this machine"
        words = {
            "utc": "times are UTC, as in the record",
            "local": f"times are local: {zone}; the record stays in UTC",
            "iso": "times are ISO 8601 in UTC, as in the record",
        }
        app.say(words[way])

    def draw_with(self, symbols: str) -> None:
        """Draw with these symbols: "unicode" or "ascii"."""
        app = cast("WarRoom", self)
        app.glyphs = SETS[symbols]
        app.palette = Palette(app.worn, ascii_only=symbols == "ascii")
        compat.guard_filter(app).only_ascii = symbols == "ascii"
        for screen in app.screen_stack:
            for widget in screen.walk_children(with_self=True):
                widget.refresh()
        app.show_now()
