"""Every recorded incident in `scenarios/`: it opens, plays to its end, and gives the timeline that it promises."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from wfconsole import reports
from wfconsole.clock import MINUTE, ManualClock
from wfconsole.drills.doors import doors_of
from wfconsole.incident.events import Declared, Target
from wfconsole.recording.lines import Noted, OperatorNote, SourcePatch
from wfconsole.recording.play import Recording
from wfconsole.recording.scenarios import scenario_text
from wfconsole.redaction import redact_text
from wfconsole.runbook import load_runbook
from wfconsole.session.session import Session

SCENARIOS = Path(__file__).parents[2] / "scenarios"
ALL = sorted(path for path in SCENARIOS.iterdir() if path.is_dir())
TIMELINE = "timeline.md"


def played(path: Path) -> Session:
    """A session that has followed the whole recording, as a console does."""
    recording = Recording(path)
    session = Session(clock=ManualClock(recording.start), runbook=load_runbook(None), operator="nobody")
    told = recording.header.target
    session.pin(Target(context=told.context, namespace=told.namespace, server=told.server))
    for _, item in recording.read():
        if isinstance(item, SourcePatch):
            session.observe(item)
        elif isinstance(item, Noted):
            session.hear(item)
    assert recording.problem is None
    assert not recording.truncated
    assert recording.skipped == 0
    recording.close()
    return session


def test_the_bundled_incident_is_there() -> None:
    assert "service-outage" in {path.name for path in ALL}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_a_scenario_gives_the_timeline_that_it_promises(path: Path) -> None:
    session = played(path)
    texts = reports.export(session.entries, session.view.incident, load_runbook(None))
    timeline = next(text for name, text in texts.items() if name.endswith("-timeline.md"))
    promised = path / TIMELINE
    if os.environ.get("WFCONSOLE_WRITE_TIMELINES"):
        promised.write_text(timeline, encoding="utf-8")
    assert timeline == promised.read_text(encoding="utf-8"), "WFCONSOLE_WRITE_TIMELINES=1 writes it anew: read the diff"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_a_scenario_says_what_one_practises_with_it(path: Path) -> None:
    text = scenario_text(path)
    assert text.title
    assert text.practise
    assert text.severity in (1, 2, 3, 4)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_a_scenario_is_a_whole_incident_of_some_minutes(path: Path) -> None:
    recording = Recording(path)
    assert recording.end - recording.start >= 2 * MINUTE
    session = played(path)
    assert any(isinstance(entry.event, Declared) for entry in session.entries)
    assert session.view.incident.resolved
    assert any(isinstance(mark.note, OperatorNote) for mark in recording.marks())
    recording.close()


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_a_scenario_holds_no_secret_and_no_place_of_the_machine_that_made_it(path: Path) -> None:
    import gzip

    for file in path.rglob("*.jsonl*"):
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        text = raw.decode()
        assert redact_text(text) == text
        assert re.search(r"/(work|root|tmp|home)/", text) is None


BRANCHES = sorted(SCENARIOS.glob("*/branches/*"))


@pytest.mark.parametrize("path", BRANCHES, ids=lambda path: path.name)
def test_a_branch_plays_to_its_end_and_somebody_acts_in_it(path: Path) -> None:
    assert any(receipt.verdict for receipt in played(path).view.incident.receipts.values())


def test_the_bundled_drill_has_one_way_in_vain_and_two_that_help() -> None:
    place = SCENARIOS / "bad-rollout"
    recordings = [Recording(each) for each in (place, *BRANCHES)]
    doors = [door for number, each in enumerate(recordings) for door in doors_of(each, number)]
    for each in recordings:
        each.close()
    told = [(door.recording, door.plan.request.action, door.plan.colour, door.worked) for door in doors]
    assert told == [
        (0, "remove-failing-pods", "REFUSE", False),
        (0, "roll-back", "EXPLAIN", True),
        (1, "roll-back", "EXPLAIN", True),
    ]
