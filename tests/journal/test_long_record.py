"""Three days and 10,000 entries: read whole, folded, resumed and exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import a_runbook
from tests.journal.long_record import BEGAN, INCIDENT, LASTS, long_record, write
from wfconsole.clock import ManualClock
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Entry
from wfconsole.reports import export
from wfconsole.session.journaling import read_entries
from wfconsole.session.session import Session

COUNT = 10_000


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long") / INCIDENT
    write(folder / "journal", long_record(COUNT, resolved=True))
    return folder


@pytest.fixture(scope="module")
def entries(journal: Path) -> list[Entry]:
    found, unknown, report = read_entries(journal)
    assert report.intact, report.words
    assert not report.words
    assert not unknown
    return found


def test_it_is_read_whole_and_as_it_was_written(entries: list[Entry]) -> None:
    assert entries == long_record(COUNT, resolved=True)
    assert (len(entries), entries[0].at, entries[-1].at) == (COUNT, BEGAN, BEGAN + LASTS // (COUNT - 1) * (COUNT - 1))


def test_it_is_resumed_whole(entries: list[Entry]) -> None:
    session = Session(clock=ManualClock(entries[-1].at), runbook=a_runbook(), operator="op1")
    session.resume(entries)
    incident = session.view.incident
    assert session.entries == tuple(entries)
    assert incident == fold(entries)
    assert (incident.id, incident.resolved, incident.head_seq) == (INCIDENT, True, COUNT)
    assert {name for line in incident.lines.values() for name in line.entries} >= {
        entry.id for entry in entries if type(entry.event).__name__ in ("NoteAdded", "StepProbed", "Noticed")
    }


def test_it_is_exported_whole(entries: list[Entry]) -> None:
    state = fold(entries)
    papers = export(entries, state, a_runbook())
    timeline = papers[f"{INCIDENT}-timeline.md"]
    notes = [entry for entry in entries if type(entry.event).__name__ == "NoteAdded"]
    assert all(entry.event.text in timeline for entry in notes)  # type: ignore[union-attr]
    assert papers[f"{INCIDENT}-evidence.md"].count("\n## Evidence ") == 1_000
    assert "**Duration:** 3 d, 2026-02-27T14:10:00Z to 2026-03-02T14:2" in papers[f"{INCIDENT}-post-mortem.md"]
    assert len(papers) == 6
