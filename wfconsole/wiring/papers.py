"""What is written and printed from journals: exports, the seal."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from wfconsole import exit_codes, reports
from wfconsole.clock import Millis
from wfconsole.errors import UserError
from wfconsole.incident.advance import fold
from wfconsole.incident.brief import brief, brief_text
from wfconsole.incident.checklist import active_checklist
from wfconsole.incident.clocks import clocks
from wfconsole.journal.seal import seal
from wfconsole.named_files import kind_at
from wfconsole.session.journaling import read_entries
from wfconsole.text import safe
from wfconsole.wiring.ground import Ground, read_incident


def export_incident(base: Ground, folder: Path, to: Path, *, force: bool) -> list[Path]:
    """Write timeline, post-mortem and evidence; the files, all of them or none. Raises UserError."""
    texts = incident_texts(base, folder)
    try:
        kind = kind_at(to)
        if kind != "folder":
            raise UserError(f"--to: {safe(str(to), 300)} is {'not there' if kind == 'nothing' else f'a {kind}'}")
        there = [to / name for name in texts if kind_at(to / name) != "nothing"]
    except OSError as error:
        raise UserError(f"--to: {safe(str(error.filename), 300)}: {error.strerror}; name a folder of yours") from None
    if there and not force:
        raise UserError(f"{safe(str(there[0]), 300)} is there already; --force replaces it, --to writes elsewhere")
    return write_texts(texts, to)


def incident_texts(base: Ground, folder: Path) -> dict[str, str]:
    """Timeline, post-mortem and evidence from the journal, by file name. Raises UserError."""
    entries, unknown, report = read_incident(base, folder)
    notes = list(report.words)
    if unknown:
        notes.append(f"{unknown} entries are of a kind that this version does not know")
    try:
        return reports.export(entries, fold(entries), base.runbook(), notes)
    except ValueError as error:
        raise UserError(f"{safe(folder.name, 80)}: {error}", exit_codes.INCIDENT) from None


def incident_brief(base: Ground, folder: Path, now: Millis) -> str:
    """The catch-me-up brief at `now`, from the journal alone. Raises UserError."""
    entries, unknown, report = read_incident(base, folder)
    state, runbook = fold(entries), base.runbook()
    if not state.declared:
        raise UserError(f"{safe(folder.name, 80)}: the journal holds no declaration", exit_codes.INCIDENT)
    running = clocks(state, runbook.policy, now)
    text = brief_text(brief(state, runbook, now, clocks=running, checklist=active_checklist(runbook, state)))
    notes = [*report.words, *([f"{unknown} entries are of a kind that this version does not know"] if unknown else [])]
    return text + "".join(f"{'':<10} {safe(note)}\n" for note in notes)


def write_texts(texts: Mapping[str, str], to: Path) -> list[Path]:
    """Write each text under its name, all of them or none; the files. Raises UserError."""
    drafts = {to / name: to / f".{name}.{os.getpid()}" for name in texts}
    before: dict[Path, Path] = {}  # what was there, under the name that it has meanwhile
    done: list[Path] = []
    try:
        for draft, text in zip(drafts.values(), texts.values(), strict=True):
            draft.write_text(text, encoding="utf-8")
        for path, draft in drafts.items():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{path.name} is a folder")
            if path.exists():
                before[path] = path.rename(draft.with_name(f"{draft.name}.before"))
            draft.replace(path)
            done.append(path)
    except OSError as error:
        for path in done:
            path.unlink()
        for path, kept in before.items():
            kept.rename(path)
        raise UserError(f"nothing was written to {safe(str(to), 300)}: {error.strerror}") from None
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    for kept in before.values():
        kept.unlink()
    return done


def verify_journal(base: Ground, folder: Path) -> tuple[str, bool]:
    """The seal and everything that is out of order, and whether all that was confirmed is there."""
    _, _, report = read_entries(folder, base.fallbacks)
    lines = [f"{folder.name}: {report.entries} entries in {len(report.segments)} segments", *report.words]
    lines = [safe(line) for line in lines]
    lines.append(f"seal {seal(folder / 'journal', base.fallbacks)}")
    lines.append("intact" if report.intact else "DAMAGED: what is listed above is not as it was written")
    return "\n".join(lines) + "\n", report.intact
