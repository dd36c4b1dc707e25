"""A small Textual app to be run under a pty by tests: shows hostile text, breaks in a chosen way, or just lives.

    python -m tests.terminal.probe [--launcher] WHAT [ARGUMENT]

The reason of its end is appended to the file named by PROBE_ENDED.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.segment import Segment
from textual import work
from textual.app import App, ComposeResult
from textual.content import Content
from textual.events import Key, Resize
from textual.filter import LineFilter
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Label, OptionList, Static

from tests.terminal.hostile import HOSTILE
from wfconsole.text import safe
from wfconsole.tui import compat, launcher, lifecycle


class Rows(ScrollView):
    """A line-API widget as the console's tables are: draws strings that it is given, row by row."""

    def show(self, rows: Sequence[str]) -> None:
        self._rows = rows
        self.virtual_size = Size(self.size.width, len(rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        rows = getattr(self, "_rows", ())
        if y >= len(rows):
            return Strip.blank(self.size.width)
        return Strip([Segment(rows[y])]).crop_extend(0, self.size.width, None)


class Probe(App[None]):
    """The base: says READY, counts its repaints, quits on q."""

    CSS = "Rows { height: 3; } Static, Label { height: 1; } OptionList { height: 3; } Input { height: 3; }"
    BINDINGS = [("q", "quit", "quit"), ("e", "exit_five", "exit 5"), ("x", "break", "break")]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, guarded: bool = True) -> None:
        super().__init__(driver_class=compat.QuietDriver)
        self.guarded = guarded
        self.owned = False

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = [*super().get_line_filters()]
        return [*filters, compat.guard_filter(self)] if self.guarded else filters

    def compose(self) -> ComposeResult:
        yield Static("READY", id="state", markup=False)

    def on_resize(self, event: Resize) -> None:
        compat.take_size_of_now(self, event)

    def action_exit_five(self) -> None:
        self.exit(return_code=5)

    def action_owned(self) -> None:
        self.owned = True


class HostileText(Probe):
    """Shows the hostile strings, the next one on each n, in each kind of widget that the console uses."""

    BINDINGS = [("n", "next", "next")]
    AUTO_FOCUS = None

    def __init__(self, how: str) -> None:
        super().__init__(guarded=how != "raw-unguarded")
        self.clean = safe if how == "safe" else str
        self.page = -1

    def compose(self) -> ComposeResult:
        yield Static("READY", id="state", markup=False)
        yield Rows()
        yield Static("", id="static", markup=False)
        yield Label("", id="label", markup=False)
        yield OptionList(markup=False)
        yield Input()

    def action_next(self) -> None:
        self.page += 1
        text = self.clean([*HOSTILE.values()][self.page % len(HOSTILE)])
        self.query_one(Rows).show([text, f"│{text}│"])
        self.query_one("#static", Static).update(Content(text))
        self.query_one("#label", Label).update(Content.assemble(("=", "bold"), (text, "bold red"), "="))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_option(Content(text))
        options.border_title = None
        self.query_one(Input).value = text
        self.clear_notifications()
        self.notify(Content(text).plain, title=text, markup=False)
        self.call_after_refresh(self.say)

    def say(self) -> None:
        hits = compat.guard_filter(self).hits
        self.query_one("#state", Static).update(f"page {self.page} hits {hits} owned {self.owned};")


class Breaking(Probe):
    """Breaks on x, in the way it is told, with a secret in a local variable and in the exception's words."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    def action_break(self) -> None:
        match self.way:
            case "handler":
                self.break_now()
            case "timer":
                self.set_timer(0.01, self.break_now)
            case "render":
                self.mount(BrokenWidget())
            case "compose":
                self.mount(BrokenParent())
            case "worker":
                self.break_later()
            case "thread worker":
                self.break_in_worker()
            case "thread":
                threading.Thread(target=self.break_now, daemon=True).start()
            case "markup":
                self.query_one("#state", Static).update(Content.from_markup("[/]"))
            case "style":
                self.query_one("#state", Static).update(Content.assemble(("x", "$no-such-token")))
            case "stuck thread":
                threading.Thread(target=threading.Event().wait).start()
            case "hang":
                threading.Event().wait()
            case "hang and break":
                self.call_later(threading.Event().wait)
                self.break_now()

    def break_now(self) -> None:
        password = "-".join(["canary", "from", "locals"])
        raise RuntimeError(f"login failed for {len(password)} with canary-in-words\x1b[2J")

    @work
    async def break_later(self) -> None:
        self.break_now()

    @work(thread=True)
    def break_in_worker(self) -> None:
        self.break_now()


class BrokenWidget(Static):
    def render(self) -> str:
        password = "-".join(["canary", "from", "locals"])
        raise ValueError(f"canary-in-words {len(password)}")


class BrokenParent(Static):
    def compose(self) -> ComposeResult:
        yield BrokenWidget()
        raise ValueError("canary-in-words")


class Busy(Probe):
    """Repaints all of itself without end, so that a terminal that does not read is full at once."""

    def compose(self) -> ComposeResult:
        yield Static("READY", id="state", markup=False)
        yield Static("", id="flood", markup=False)

    CSS = "#flood { height: 1fr; }"

    def on_mount(self) -> None:
        self.count = 0
        self.set_interval(1 / 60, self.flood)

    def flood(self) -> None:
        self.count += 1
        width, height = self.size
        self.query_one("#flood", Static).update(
            Content("\n".join(f"{(self.count * 7919 + y) % 9973:05}" * (width // 5) for y in range(height)))
        )


class Typing(Probe):
    """Shows what keys arrived, and how often the keyboard's thread looked for them."""

    AUTO_FOCUS = None

    def on_mount(self) -> None:
        self.typed: list[str] = []
        self.looks = 0
        self.looked = select.select
        select.select = self.look

    def look(self, *streams: Any) -> Any:
        self.looks += 1
        return self.looked(*streams)

    def on_key(self, event: Key) -> None:
        self.typed.append(event.key)
        looks, self.looks = self.looks, 0
        self.query_one("#state", Static).update(f"TYPED {','.join(self.typed)}; looks {looks};")


class Lingering:
    """Is taken down last of all, with `sys`, and takes its time."""

    def __init__(self, ended: Path) -> None:
        self._file = ended.open("a")
        self._sleep = time.sleep

    def __del__(self) -> None:
        self._file.write("taken down\n")
        self._file.flush()
        self._sleep(1)


def make(what: str, argument: str) -> App[None]:
    """The app by its name."""
    match what:
        case "hostile":
            return HostileText(argument)
        case "breaking":
            return Breaking(argument)
        case "busy":
            return Busy()
        case "typing":
            return Typing()
    return Probe()


def main() -> int:
    """Run one app with the console's life cycle."""
    words = sys.argv[1:]
    if watched := words[0] == "--launcher":
        words = words[1:]
    what, argument = words[0], words[1] if len(words) > 1 else ""
    ended = Path(os.environ.get("PROBE_ENDED", os.devnull))
    if what == "lingering":
        vars(sys)["lingering"] = Lingering(ended)

    def on_end(reason: str) -> None:
        with ended.open("a") as file:
            file.write(f"{reason}\n")
        if what == "stuck-end":
            time.sleep(3600)

    def run() -> int:
        folder = ended.parent if ended.is_absolute() and ended.name != "null" else None
        return lifecycle.run_app(make(what, argument), on_end=on_end, crash_directory=folder)

    return launcher.watch_over(run, lambda: "The journal is safe: wfconsole resume.") if watched else run()


if __name__ == "__main__":
    sys.exit(main())
