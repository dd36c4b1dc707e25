"""The recordings of consoles before this one: which of them has the time before it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders import declared
from wfconsole.clock import HOUR, MINUTE, ManualClock, Millis
from wfconsole.incident.events import Target
from wfconsole.recording.format import StreamWriter
from wfconsole.recording.format import Target as StreamTarget
from wfconsole.runbook import load_runbook
from wfconsole.session.session import Session
from wfconsole.wiring.earlier import earlier_recordings, recording_before

NOW: Millis = 1_767_758_400_000


def recorded(folder: Path, name: str, began: Millis, until: Millis, server: str = "https://ours") -> None:
    lines: list[bytes] = []
    StreamWriter(lines.append, ManualClock(began)).header(target=StreamTarget(server=server))
    path = folder / f"{name}.jsonl.gz"
    path.write_bytes(b"".join(lines))
    os.utime(path, (until / 1000, until / 1000))


@pytest.fixture
def session() -> Session:
    """An incident that began an hour ago."""
    session = Session(clock=ManualClock(NOW - HOUR), runbook=load_runbook(None), operator="op1")
    session.pin(Target(server="https://ours"))
    session.submit(declared(target=Target(server="https://ours")))
    return session


def test_the_recording_that_saw_an_instant_of_this_cluster_is_named(tmp_path: Path, session: Session) -> None:
    recorded(tmp_path, "first", NOW - HOUR, NOW - 30 * MINUTE)
    recorded(tmp_path, "second", NOW - 20 * MINUTE, NOW - 10 * MINUTE)
    recorded(tmp_path, "elsewhere", NOW - HOUR, NOW - MINUTE, server="https://theirs")
    recorded(tmp_path, "now", NOW, NOW)
    (tmp_path / "torn.jsonl.gz").write_bytes(b"no recording")
    kept = earlier_recordings(tmp_path, str(tmp_path / "now.jsonl.gz"))
    assert [each.name for each in kept if each.server == "https://ours"] == ["second", "first"]
    assert recording_before(session, kept, NOW - 40 * MINUTE) == "first"
    assert recording_before(session, kept, NOW - 15 * MINUTE) == "second"
    assert recording_before(session, kept, NOW - 5 * MINUTE) == "second"  # nobody saw that: what came before it
    assert recording_before(session, kept, NOW - 2 * HOUR) == ""


def test_a_recording_that_ended_before_the_incident_has_nothing_of_it(tmp_path: Path, session: Session) -> None:
    recorded(tmp_path, "yesterday", NOW - 25 * HOUR, NOW - 24 * HOUR)
    assert recording_before(session, earlier_recordings(tmp_path, ""), NOW - 5 * MINUTE) == ""
    assert earlier_recordings(tmp_path / "missing", "") == []
