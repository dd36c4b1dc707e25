"""A command that was run by hand, as the record has it: what ran, for whom, how it ended, what it wrote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfconsole.incident.events import CommandEnded, Entry
from wfconsole.incident.state import CommandRun
from wfconsole.observations.levels import Level
from wfconsole.text import number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.widgets.scroll_text import Section
from wfconsole.tui.wrapping import wrapped

SOURCE = "command"  # in place of a source, where a command is traced
_LABEL_CELLS = 18
_HANGING = 6


def command_sections(frame: Frame, name: str, entries: Iterable[Entry], width: int) -> Sequence[Section]:
    """All of it, of the command with this id."""
    run = frame.view.incident.commands.get(name)
    if run is None:
        return [Section(heading(frame, "COMMAND", name), [(Span("  the record knows none of this name", "strong"),)])]
    ended = next((entry.event for entry in entries if entry.id == run.ended_entry), None)
    sections = [
        Section(heading(frame, "COMMAND", "as it ran"), text_rows(run.text, width)),
        Section(heading(frame, "RUN", ""), _facts(frame, run, ended if isinstance(ended, CommandEnded) else None)),
    ]
    if isinstance(ended, CommandEnded):
        rows = output_rows(ended.lines, ended.left_out) or [(Span("  nothing", "dim"),)]
        sections.append(Section(heading(frame, "OUTPUT", "its last lines, secrets taken out"), rows))
    return sections


def text_rows(text: str, width: int) -> list[Line]:
    """The text of a command: what goes on below is indented further, so that it is not taken for a line of its own."""
    rows: list[Line] = []
    for line in text.splitlines():
        first, *more = wrapped(line, width - _HANGING)
        rows += [(Span(f"  {first}", "strong"),), *((Span(f"{'':{_HANGING}}{row}", "strong"),) for row in more)]
    return rows


def output_rows(lines: Sequence[str], left_out: int) -> list[Line]:
    """The lines of an output, and how many are not among them."""
    rows: list[Line] = [(Span(f"  {number(left_out)} lines before these were left out", "dim"),)] if left_out else []
    return rows + [(Span(f"  {line}"),) for line in lines]


def how_it_ended(ended: CommandEnded) -> str:
    """`exit 0 after 2.1 s`, `timed out after 60.0 s`."""
    how = f"exit {ended.code}" if ended.outcome == "exit" else ended.outcome
    after = f" after {ended.took_ms / 1000:.1f} s" if ended.took_ms else ""
    return f"{how}{after}{f': {ended.reason}' if ended.reason else ''}"


def ended_level(ended: CommandEnded) -> Level:
    return Level.OK if (ended.outcome, ended.code) == ("exit", 0) else Level.WARNING


def run_level(run: CommandRun | None) -> Level:
    """One that nobody knows the end of is as bad as one that failed."""
    return Level.OK if run is not None and (run.outcome, run.code) == ("exit", 0) else Level.WARNING


def _facts(frame: Frame, run: CommandRun, ended: CommandEnded | None) -> list[Line]:
    told = [
        ("by", run.by),
        ("step", run.title),
        ("began", frame.times.calendar(run.started_at)),
        ("ended", frame.times.calendar(run.ended_at) if run.ended_at else "not known yet"),
        ("how", how_it_ended(ended) if ended is not None else "not known yet"),
    ]
    return [(Span(f"  {name:<{_LABEL_CELLS}}", "dim"), Span(value)) for name, value in told if value]
