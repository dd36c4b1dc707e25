"""A command by hand while it runs, and how it ended: its output as it comes, the time it has, the key that stops it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from wfconsole.incident.wording import counted
from wfconsole.observations.levels import Level, Quality
from wfconsole.session.view import Running
from wfconsole.text import cut, position
from wfconsole.tui import action_names
from wfconsole.tui.action_names import Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.command_sections import SOURCE, ended_level, how_it_ended, output_rows, text_rows
from wfconsole.tui.panes.edges import edges
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.screens.framed_screen import TextScreen
from wfconsole.tui.widgets.scroll_text import ScrollText, Section

_STAGES = {
    "confirming": "waits until the record is on disk",
    "running": "runs",
    "stopping": "is being stopped",
}


class RunningText(ScrollText):
    """The text that runs, then what it writes; the end of it is followed until somebody scrolls."""

    def __init__(self) -> None:
        super().__init__(id="table")
        self.following = True

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        running = self.app.session.hands.show()  # type: ignore[attr-defined]  # of the WarRoom
        if running is None:
            return [Section(heading(frame, "COMMAND", "none was run"), ())]
        return [
            Section(heading(frame, "COMMAND", "by hand"), text_rows(running.text, width)),
            Section(heading(frame, "OUTPUT", _counted(running)), output_rows(running.lines, running.left_out)),
            Section(heading(frame, "STATE", ""), [_state(frame, running)]),
        ]

    def action_follow(self) -> None:
        self.following = not self.following
        self.redraw()

    def action_open_row(self) -> None:
        self.action_last()


class RunningScreen(TextScreen):
    """It may be left at any time; the command goes on."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "running")
    BINDINGS = action_names.bindings("running")

    def __init__(self) -> None:
        super().__init__()
        self._text = RunningText()

    def body(self) -> Iterable[Widget]:
        yield from edges(self)
        yield self._text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks the screen that a key is bound on; the answer is the same everywhere."""
        return self.war_room.check_action(action, parameters)

    def level(self, frame: Frame) -> Level:
        del frame
        running = self._command()
        return Level.OK if running is None or running.ended is None else ended_level(running.ended)

    def quality(self, frame: Frame) -> Quality:
        del frame
        return Quality.LIVE

    def title_line(self, frame: Frame) -> Line:
        running = self._command()
        said = "" if running is None else cut(_stands(frame, running), 60)
        return (Span("COMMAND ", "title"), Span(said, "strong"))

    def footer(self, frame: Frame) -> Line:
        del frame
        running = self._command()
        goes_on = running is not None and running.stage != "over"
        back = "Bksp back: it goes on" if goes_on else "Bksp back"
        return (Span(f"{self._text.place()}   {back}", "dim"),)

    def evidence(self) -> str:
        running = self._command()
        return f"{SOURCE} {running.command}" if running is not None and running.stage == "over" else ""

    def action_stop_command(self) -> None:
        running = self._command()
        if running is None or running.stage == "over":
            self.say("nothing runs")
        else:
            self.war_room.session.hands.stop()
            self.say("it is asked to end, and killed if it does not")

    def _command(self) -> Running | None:
        return self.war_room.session.hands.show()


def _counted(running: Running) -> str:
    return (
        counted(len(running.lines), "line") if running.lines else "nothing yet" if running.ended is None else "nothing"
    )


def _stands(frame: Frame, running: Running) -> str:
    if running.ended is not None:
        return how_it_ended(running.ended)
    since = position(frame.now - running.started_at)
    return f"{_STAGES[running.stage]}   {since} of {position(running.deadline_ms)}"


def _state(frame: Frame, running: Running) -> Line:
    ink: Ink = "warn" if running.ended is not None and ended_level(running.ended) else "strong"
    return (Span(f"  {_stands(frame, running)}", ink),)
