"""The timeline as Markdown: every line of it, with what was seen at a step, and what is missing."""

from __future__ import annotations

from wfconsole.incident.line_words import as_of, how_often
from wfconsole.incident.state import Line
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.levels import Level
from wfconsole.reports.evidence import Piece, link, pieces
from wfconsole.reports.markdown import bullets, code, words
from wfconsole.reports.record import Record, banner, disorder, iso, known_as

_QUIET = frozenset(("AMEND",))  # said with the line that it corrects
_WITH_EVIDENCE = frozenset(("PROBE", "ACTION"))
_EVIDENCE_LINES = 6


def timeline(record: Record) -> str:
    """The whole timeline, oldest first, in ISO times; evidence with the first lines of what it showed."""
    state = record.state
    found = pieces(record)
    rows = []
    for at, _seq, line, text in _rows(record, found):
        rows.append(f"- {iso(at)} {text}")
        piece = _piece_of(line, found)
        if piece is not None:
            rows += [f"  - {code(shown)}" for shown in piece.lines[:_EVIDENCE_LINES]]
    return "\n".join(
        (
            *banner(record),
            f"# Timeline of {words(state.id)}: {words(known_as(state))}",
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
    rows = (row for row in _rows(record, pieces(record)) if row[2] is None or row[2].kind not in without)
    return bullets([f"{iso(at)} {text}" for at, _seq, _line, text in rows])


def about_the_record(record: Record) -> str:
    """A section on how far the record can be trusted: damage, times when nobody saw, sources that were lost."""
    said = [words(note) for note in record.journal_notes]
    said += [*_disorder(record), *_unattended(record)]
    for line in record.state.lines.values():
        if line.kind == "SOURCE" and line.level >= Level.WARNING:
            until = f"until {iso(line.until)}" if line.until else "and had not come back by the last entry"
            said.append(f"from {iso(line.at)} {until}: {words(line.text)}")
    lines = record.state.lines.values()
    for what, count in (
        ("withdrawn", sum(line.withdrawn for line in lines)),
        ("hidden", sum(line.hidden and not line.withdrawn for line in lines)),
    ):
        if count:
            said.append(f"{counted(count, f'{what} line')} left out")
    if record.state.runbook:
        said.append(f"runbook followed: {words(record.state.runbook)}")
    if not record.journal_notes:
        said.insert(0, "the journal was read without damage or gaps")
    return f"## About this record\n\n{bullets(said)}"


def _disorder(record: Record) -> list[str]:
    found = disorder(record)
    if found is None:
        return []
    many = "entry is" if found.count == 1 else "entries are"
    return [
        f"{found.count} {many} dated before the entry that was written just before, by up to "
        f"{spell_duration(found.most_ms)}, the first at {iso(found.first_at)}: a clock was set back, or two machines "
        "differ. The timeline is in the order of the dates; durations across such a step may be wrong"
    ]


def _unattended(record: Record) -> list[str]:
    return [
        f"from {iso(start)} to {iso(end)} no console was open: the one before {how}"
        if end >= start
        else f"the console before {how}; the next one opened with an earlier date, {iso(end)} after {iso(start)}: "
        "how long none was open is not known"
        for start, end, how in record.unattended()
    ]


def _rows(record: Record, found: dict[str, Piece]) -> list[tuple[int, int, Line | None, str]]:
    rows: list[tuple[int, int, Line | None, str]] = []
    for line in record.lines:
        if line.kind not in _QUIET:
            piece = _piece_of(line, found)
            linked = f" ({link(record, piece)})" if piece is not None else ""
            rows.append((line.at, line.seq, line, _row(record, line) + linked))
    rows += [
        (event.over_at or entry.at, entry.seq, None, f"OVER {words(event.text)}") for entry, event in record.endings()
    ]
    return sorted(rows, key=lambda row: row[:2])


def _piece_of(line: Line | None, found: dict[str, Piece]) -> Piece | None:
    if line is None or line.kind not in _WITH_EVIDENCE:
        return None
    return next((found[entry] for entry in line.entries if entry in found), None)


def _row(record: Record, line: Line) -> str:
    text = words(_unnamed(record, line))
    if line.amended:
        text = f"{words(line.amended)} (corrected; first written: {text})"
    if told := [each for each in (as_of(line, iso), how_often(line, iso)) if each]:
        text += f" ({'; '.join(told)})"
    if line.written_at:
        text += f" (first dated {iso(line.written_at)})"
    if line.starred:
        text = f"**{text}**"
    who = "" if line.actor == "scribe" else f" {words(line.actor)}:"
    return f"{line.kind}{who} {text}"


def _unnamed(record: Record, line: Line) -> str:
    """A restricted incident is not called by its title, where it was declared either."""
    state = record.state
    if not state.restricted or line.kind != "DECLARE" or not state.title:
        return line.text
    return line.text.replace(state.title, known_as(state))


def _span(record: Record) -> str:
    first = min(entry.at for entry in record.entries)
    return f"{iso(first)} to {iso(record.last_at)}"
