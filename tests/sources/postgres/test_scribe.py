"""From a real lock to the journal: what the scribe writes of the database, through the session."""

from __future__ import annotations

from pathlib import Path

from tests.builders import a_runbook
from tests.rig.systems.postgres import Postgres
from tests.sources.postgres.conftest import rows_of
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.incident.events import SCRIBE, Declared, Noticed
from wfconsole.observations.levels import Level
from wfconsole.observations.sessions import SessionRow, is_root
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.lines import SourcePatch
from wfconsole.session.journaling import JournalSink, read_entries
from wfconsole.session.session import Session as WarRoom
from wfconsole.sources.postgres.connection import Session
from wfconsole.sources.postgres.sessions import SessionsPoll

INCIDENT = "INC-LOCKS"


def noticed(incidents: Path) -> list[Noticed]:
    """What the scribe wrote, as it stands on disk."""
    entries, unknown, report = read_entries(incidents / INCIDENT, ())
    assert report.intact
    assert not unknown
    return [entry.event for entry in entries if entry.actor == SCRIBE and isinstance(entry.event, Noticed)]


def test_a_lock_chain_is_in_the_journal_with_its_root_and_its_end(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    poll, clock = SessionsPoll(session, 5_000), SystemClock()
    room = WarRoom(clock=clock, runbook=a_runbook(), operator="op1")
    sink = JournalSink(tmp_path / "incidents", clock, fallbacks=(), saved=room.saved, changed=lambda: None)
    room.keep_in(sink)

    def look(later: int = 0) -> dict[str, SessionRow]:
        """What the server shows now, as if it had been so for `later` milliseconds."""
        rows = rows_of(poll, SessionRow)
        patch = Patch(rows=dict(rows), interval_ms=5_000)
        room.observe(SourcePatch(at=clock.now() + later, source="sessions", patch=patch, keyframe=True))
        return rows

    look()
    room.submit(Declared(INCIDENT, "checkout hangs", "SEV2", "op1"))
    postgres.faults["lock-chain"]()
    root = next(row for row in look(2 * MINUTE).values() if is_root(row))
    postgres.made.end()
    look(3 * MINUTE)
    sink.close(5_000)

    began, ended = noticed(tmp_path / "incidents")
    assert (began.phase, began.level, began.family) == ("began", Level.CRITICAL, "locks")
    assert began.text.startswith(f"pid {root.pid} (batch-reconcile, user {root.user}) holds up 3 sessions since ")
    assert began.text.endswith(": idle in transaction")
    assert ended.text.startswith(f"pid {root.pid} holds up nobody any more, after ")
    assert ended.phase == "ended"
