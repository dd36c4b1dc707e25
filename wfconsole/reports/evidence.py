"""What was seen and what commands said: numbered, whole, in a paper of its own that the others link to."""

from __future__ import annotations

from typing import Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.action_events import EvidenceKept
from wfconsole.incident.events import CommandEnded, Entry, StepProbed
from wfconsole.incident.wording import because, spell_duration, step_title
from wfconsole.reports.markdown import code, fence, words
from wfconsole.reports.record import Record, banner, iso, known_as, paper_name


class Piece(msgspec.Struct, frozen=True):
    """One piece of evidence. `number` counts from 1 in the order of the journal; `lines` as they were shown."""

    number: int
    entry: str
    at: Millis
    actor: str
    kind: Literal["probe", "command", "before an action"]
    title: str
    outcome: str
    lines: tuple[str, ...]
    left_out: int = 0
    receipt: str = ""  # of the action that it was kept for


def pieces(record: Record) -> dict[str, Piece]:
    """All evidence that was neither withdrawn nor hidden, by the id of its entry."""
    found: dict[str, Piece] = {}
    for entry in record.entries:
        piece = _piece(record, entry, len(found) + 1)
        if piece is not None and record.is_shown(entry.id):
            found[entry.id] = piece
    return found


def _piece(record: Record, entry: Entry, number: int) -> Piece | None:
    event = entry.event
    if isinstance(event, StepProbed):
        title = event.title or step_title(event.step)
        outcome = f"{event.level.name.lower()}, {event.quality}"
        return Piece(number, entry.id, entry.at, entry.actor, "probe", title, outcome, event.lines)
    if isinstance(event, CommandEnded):
        run = record.state.commands.get(event.command)
        title = run.text if run is not None else "a command that is not in this record"
        how = f"exit {event.code}" if event.outcome == "exit" else event.outcome
        outcome = because(f"{how} after {spell_duration(event.took_ms)}", event.reason)
        return Piece(number, entry.id, entry.at, entry.actor, "command", title, outcome, event.lines, event.left_out)
    if isinstance(event, EvidenceKept):
        outcome = f"could not be had: {event.missing}" if event.missing else "kept before the action"
        kept = (entry.id, entry.at, entry.actor)
        return Piece(number, *kept, "before an action", event.what, outcome, event.lines, event.left_out, event.receipt)
    return None


def link(record: Record, piece: Piece) -> str:
    """Where a piece stands, as a link from any of the papers. It works where they lie in one folder."""
    return f"[evidence {piece.number}]({paper_name(record, 'evidence')}#evidence-{piece.number})"


def evidence(record: Record) -> str:
    """The paper: each piece under a heading of its own."""
    rows = [*banner(record), f"# Evidence of {words(record.state.id)}: {words(known_as(record.state))}", ""]
    found = pieces(record)
    if not found:
        rows += ["No evidence was taken: no step was probed and no command was run from the console.", ""]
    for piece in found.values():
        rows += [f"## Evidence {piece.number}", "", f"{iso(piece.at)} {words(piece.actor)}, {piece.kind}:", ""]
        rows += [fence(piece.title.splitlines()) if piece.kind == "command" else words(piece.title), ""]
        stands = words(piece.outcome)
        rows += [f"{stands[:1].upper()}{stands[1:]}. Entry {code(piece.entry)}.", ""]
        if piece.left_out:
            rows += [f"{piece.left_out} lines before these are not kept.", ""]
        rows += [fence(piece.lines) if piece.lines else "It showed nothing.", ""]
    return "\n".join(rows)


def evidence_list(record: Record) -> str:
    """All pieces in a line each, with their links, for the post-mortem."""
    found = pieces(record)
    if not found:
        return "No evidence was taken: no step was probed and no command was run from the console."
    return "\n".join(
        f"- {link(record, piece)} {iso(piece.at)} {words(piece.actor)}: {words(first_line(piece.title))}: "
        f"{words(piece.outcome)}"
        for piece in found.values()
    )


def first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "nothing")
