"""How it stands with the newest incident of this machine: from real journals, each read once, never more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders
from tests.builders import NOW
from tests.journal.helpers import until
from wfconsole.clock import HOUR, MINUTE, ManualClock
from wfconsole.config.locations import find_locations
from wfconsole.config.settings import Settings
from wfconsole.incident.events import Declared, Event, MomentSet, NoteAdded, Restricted, StatusChanged
from wfconsole.journal.journal import Journal
from wfconsole.session.followers import LastIncidentFollower
from wfconsole.session.journaling import append_event
from wfconsole.session.view import LastIncident
from wfconsole.wiring import last_incident
from wfconsole.wiring.ground import Ground
from wfconsole.wiring.last_incident import LastIncidents

OLD, NEW = "INC-20260201-0312", "INC-20260228-0312"


@pytest.fixture
def base(tmp_path: Path) -> Ground:
    places = find_locations({"WFCONSOLE_STATE_DIR": str(tmp_path / "state"), "WFCONSOLE_CONFIG": str(tmp_path / "c")})
    return Ground(Settings(), places, ManualClock(NOW), "op1")


def a_journal(base: Ground, name: str, *events: Event) -> Path:
    """What was entered ends now, a minute after each other."""
    folder = base.incidents / name / "journal"
    journal = Journal.open(folder, clock=base.clock, fallbacks=())
    for place, event in enumerate(events):
        append_event(journal, event, actor="op1", at=NOW - (len(events) - 1 - place) * MINUTE)
    assert journal.flush(5_000)
    journal.close(1_000)
    return folder


def declared(name: str, **changes: object) -> Declared:
    return builders.declared(incident=name, title=f"title of {name}", severity="SEV3", **changes)


def resolved(name: str) -> tuple[Event, ...]:
    return declared(name, started_at=NOW - HOUR), StatusChanged("resolved"), MomentSet("resolved", NOW - 8 * MINUTE)


def test_of_a_machine_without_incidents_nothing_is_told(base: Ground) -> None:
    assert LastIncidents(base).read() is None


def test_the_newest_that_was_declared_is_told_with_how_long_it_took(base: Ground) -> None:
    a_journal(base, OLD, declared(OLD))
    a_journal(base, NEW, *resolved(NEW))
    a_journal(base, "INC-20260301-0000", NoteAdded("written down before anybody declared", "fact"))
    found = LastIncidents(base).read()
    assert found == LastIncident(NEW, f"title of {NEW}", "SEV3", "resolved", NOW - 2 * MINUTE, 52 * MINUTE)


def test_what_nobody_knows_stays_unknown_and_what_is_open_is_open(base: Ground) -> None:
    a_journal(base, OLD, declared(OLD), StatusChanged("monitoring"))
    found = LastIncidents(base).read()
    assert found is not None
    assert (found.status, found.took_ms, found.problem) == ("monitoring", None, "")


def test_a_restricted_one_is_told_by_its_code_name(base: Ground) -> None:
    a_journal(base, NEW, declared(NEW), Restricted(True, "blue heron"))
    found = LastIncidents(base).read()
    assert found is not None
    assert found.title == "blue heron"


def test_a_damaged_journal_says_so_and_not_how_it_went(base: Ground) -> None:
    (segment,) = a_journal(base, NEW, *resolved(NEW)).glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"SEV3", b"SEV1"))
    found = LastIncidents(base).read()
    assert found is not None
    assert (found.incident, found.problem) == (NEW, "its journal is damaged")


def test_one_of_another_version_does_not_say_how_it_went(base: Ground) -> None:
    folder = a_journal(base, NEW, *resolved(NEW))
    journal = Journal.open(folder, clock=base.clock, fallbacks=())
    journal.append(id="later", at=NOW, kind="reopened", actor="op1", body=b'{"type":"reopened"}')
    assert journal.flush(5_000)
    journal.close(1_000)
    found = LastIncidents(base).read()
    assert found is not None
    assert found.problem == "its journal was written by another version"


def test_one_that_cannot_be_read_is_told_and_ends_nothing(base: Ground) -> None:
    folder = a_journal(base, OLD, declared(OLD))
    (folder / "0002.jsonl").symlink_to("gone")
    found = LastIncidents(base).read()
    assert found == LastIncident(OLD, problem="its journal cannot be read: FileNotFoundError")


def test_one_that_is_too_long_is_not_read(base: Ground) -> None:
    (segment,) = a_journal(base, NEW, *resolved(NEW)).glob("*.jsonl")
    with segment.open("ab") as file:
        file.truncate(last_incident.LARGEST + 1)
    found = LastIncidents(base).read()
    assert found == LastIncident(NEW, problem="its journal is too long to be read here")


def test_only_the_newest_folders_are_looked_into(base: Ground) -> None:
    a_journal(base, OLD, declared(OLD))
    for number in range(last_incident.NEWEST):
        (base.incidents / f"INC-20260301-00{number:02}").mkdir()
    assert LastIncidents(base).read() is None


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The segments that are opened from now on."""
    names: list[str] = []
    watching = [True]

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open" and str(arguments[0]).endswith(".jsonl"):
            names.append(str(arguments[0]))

    sys.addaudithook(heard)  # stays as long as the process, so it is told when to look away
    yield names
    watching.clear()


def test_of_a_thousand_one_is_read_and_only_when_it_has_grown(base: Ground, opened: list[str]) -> None:
    for number in range(1_000):
        folder = base.incidents / f"INC-2025{number:04}-0000" / "journal"
        folder.mkdir(parents=True)
        (folder / "0001.jsonl").write_text("{}\n")
    a_journal(base, NEW, *resolved(NEW)[:1])
    reader = LastIncidents(base)
    opened.clear()
    first = reader.read()
    assert {Path(name).parent.parent.name for name in opened} == {NEW}
    opened.clear()
    assert reader.read() == first
    assert opened == []
    a_journal(base, NEW, StatusChanged("monitoring"))
    again = reader.read()
    assert again is not None
    assert again.status == "monitoring"


def test_it_is_looked_for_beside_the_screen_until_something_is_declared_here(base: Ground) -> None:
    told: list[LastIncident | None] = []
    wanted = [True]
    follower = LastIncidentFollower(
        LastIncidents(base).read,
        lambda: told.append(follower.last_incident),
        wanted=lambda: bool(wanted),
        every_ms=10,
    )
    follower.start()
    try:
        a_journal(base, OLD, declared(OLD))
        until(lambda: len(told) > 0, "it was found")
        assert told[0] is not None
        assert told[0].incident == OLD
        wanted.clear()
        a_journal(base, NEW, declared(NEW))
        follower.look()
        assert told[-1] == follower.last_incident == told[0]
    finally:
        follower.close()


# The console of each command as it is made, without a screen: what it has to say of the last incident.
PROGRAM = """
import os, sys, threading
from wfconsole.cli import _parser
from wfconsole.wiring.ground import ground
from wfconsole.wiring.live import LiveParts
words = sys.argv[1:]
arguments = _parser(words).parse_args(words)
base = ground(arguments)
theirs, ours = os.pipe()
console = LiveParts(base, source=theirs, recording=False).console(eager=False)
assert console.view().last_incident is None, "read before the first frame"
console.start()
for _ in range(1000):
    if console.view().last_incident is not None:
        break
    threading.Event().wait(0.01)
last = console.view().last_incident
console.close("end")
print(last.incident if last is not None else "none")
"""


def test_a_live_console_has_it_a_moment_after_its_first_frame(base: Ground, tmp_path: Path) -> None:
    a_journal(base, NEW, *resolved(NEW))
    (tmp_path / "c").touch()
    environment = os.environ | {"WFCONSOLE_STATE_DIR": str(tmp_path / "state"), "WFCONSOLE_CONFIG": str(tmp_path / "c")}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, "live", "-"], env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout == f"{NEW}\n", run.stderr
