"""The timeline as Markdown: every line of it, with what was seen at a step, and what is missing."""

from __future__ import annotations

from wfconsole.incident.events import StepProbed
from wfconsole.incident.state import Line
from wfconsole.observations.levels import Level
from wfconsole.reports.markdown import bullets, code, words
from wfconsole.reports.record import Record, iso

_QUIET = frozenset(("AMEND",))  # said with the line that it corrects
_EVIDENCE_LINES = 6


def timeline(record: Record) -> str:
    """The whole timeline, oldest first, in ISO times; probes with the first lines of what they showed."""
    state = record.state
    evidence = {entry.id: entry.event for entry in record.entries if isinstance(entry.event, StepProbed)}
    rows = []
    for at, _seq, line, text in _rows(record):
        rows.append(f"- {iso(at)} {text}")
        probed = evidence.get(line.entry) if line is not None else None
        if probed is not None:
            rows += [f"  - {code(shown)}" for shown in probed.lines[:_EVIDENCE_LINES]]
    return "\n".join(
        (
            f"# Timeline of {words(state.id)}: {words(state.title)}",
            "",
            f"{state.severity}, {state.status}; {len(record.entries)} entries from {_span(record)}. Times are UTC.",
            "",
            *rows,
            "",
            about_the_record(record),
            "",
        )
    )


def timeline_rows(record: Record, *, without: frozenset[str] = frozenset()) -> str:
    """The timeline as a list, without the given kinds of lines."""
    rows = (row for row in _rows(record) if row[2] is None or row[2].kind not in without)
    return bullets([f"{iso(at)} {text}" for at, _seq, _line, text in rows])


def about_the_record(record: Record) -> str:
    """A section on how far the record can be trusted: damage, times when nobody saw, sources that were lost."""
    said = [words(note) for note in record.journal_notes]
    said += [
        f"from {iso(start)} to {iso(end)} no console was open: the one before {how}"
        for start, end, how in record.unattended()
    ]
    for line in record.state.lines.values():
        if line.kind == "SOURCE" and line.level >= Level.WARNING:
            until = f"until {iso(line.until)}" if line.until else "and had not come back by the last entry"
            said.append(f"from {iso(line.at)} {until}: {words(line.text)}")
    withdrawn = sum(line.withdrawn for line in record.state.lines.values())
    if withdrawn:
        said.append(f"{withdrawn} withdrawn line{'' if withdrawn == 1 else 's'} left out")
    if record.state.runbook:
        said.append(f"runbook followed: {words(record.state.runbook)}")
    if not record.journal_notes:
        said.insert(0, "the journal was read without damage or gaps")
    return f"## About this record\n\n{bullets(said)}"


def _rows(record: Record) -> list[tuple[int, int, Line | None, str]]:
    rows: list[tuple[int, int, Line | None, str]] = [
        (line.at, line.seq, line, _row(line)) for line in record.lines if line.kind not in _QUIET
    ]
    rows += [(entry.at, entry.seq, None, f"OVER {words(event.text)}") for entry, event in record.endings()]
    return sorted(rows, key=lambda row: row[:2])


def _row(line: Line) -> str:
    text = words(line.text)
    if line.amended:
        text = f"{words(line.amended)} (corrected; first written: {text})"
    if line.count > 1:
        text += f" ({line.count} times, last at {iso(line.last_at)})"
    if line.starred:
        text = f"**{text}**"
    who = "" if line.actor == "scribe" else f" {words(line.actor)}:"
    return f"{line.kind}{who} {text}"


def _span(record: Record) -> str:
    first = min(entry.at for entry in record.entries)
    return f"{iso(first)} to {iso(record.last_at)}"
