"""What is written and printed from journals: exports, the list of incidents, the seal."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from wfconsole import exit_codes, reports
from wfconsole.errors import UserError
from wfconsole.incident.advance import fold
from wfconsole.incident.state import IncidentState
from wfconsole.journal import JournalReport, seal
from wfconsole.session.journaling import read_entries
from wfconsole.text import calendar_time, cut, safe
from wfconsole.wiring.ground import Ground, incident_names


def export_incident(base: Ground, folder: Path, to: Path, *, force: bool) -> list[Path]:
    """Write timeline and post-mortem; the files, all of them or none. Raises UserError."""
    texts = incident_texts(base, folder)
    if not to.is_dir():
        raise UserError(f"--to: {safe(str(to), 300)} is no folder")
    there = [to / name for name in texts if (to / name).exists()]
    if there and not force:
        raise UserError(f"{there[0]} is there already; --force replaces it, --to writes elsewhere")
    return write_texts(texts, to)


def incident_texts(base: Ground, folder: Path) -> dict[str, str]:
    """Timeline and post-mortem from the journal, by file name. Raises UserError."""
    entries, unknown, report = read_entries(folder, base.fallbacks)
    notes = list(report.words)
    if unknown:
        notes.append(f"{unknown} entries are of a kind that this version does not know")
    try:
        return reports.export(entries, fold(entries), base.runbook(), notes)
    except ValueError as error:
        raise UserError(f"{folder.name}: {error}", exit_codes.INCIDENT) from None


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


def list_incidents(base: Ground, *, as_json: bool) -> str:
    """All incidents, newest first. A journal that cannot be read whole says so in its line."""
    rows = []
    for name in reversed(incident_names(base)):
        entries, _, report = read_entries(base.incidents / name, base.fallbacks)
        rows.append(_row(name, fold(entries), len(entries), report))
    if as_json:
        return msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n"
    if not rows:
        return "no incidents on this machine\n"
    return "".join(
        f"{row['incident']:<20} {row['severity']:<5} {row['status']:<17} {row['declared']:<21} {cut(row['title'], 60)}"
        f"{'' if row['intact'] else '  DAMAGED: wfconsole journal ' + row['incident']}\n"
        for row in rows
    )


def verify_journal(base: Ground, folder: Path) -> tuple[str, bool]:
    """The seal and everything that is out of order, and whether all that was confirmed is there."""
    _, _, report = read_entries(folder, base.fallbacks)
    lines = [f"{folder.name}: {report.entries} entries in {len(report.segments)} segments", *report.words]
    lines.append(f"seal {seal(folder / 'journal', base.fallbacks)}")
    lines.append("intact" if report.intact else "DAMAGED: what is listed above is not as it was written")
    return "\n".join(lines) + "\n", report.intact


def _row(name: str, state: IncidentState, entries: int, report: JournalReport) -> dict[str, Any]:
    resolved = state.moments.get("resolved")
    return {
        "incident": name,
        "title": safe(state.shown_title),
        "severity": state.severity if state.declared else "",
        "status": state.status if state.declared else "not declared",
        "commander": safe(state.commander),
        "declared": calendar_time(state.declared_at) if state.declared else "",
        "resolved": calendar_time(resolved) if resolved else "",
        "entries": entries,
        "intact": report.intact,
    }
