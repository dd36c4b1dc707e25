"""The one door: what comes in, what is shown, what is handed on, and that nothing is said twice."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from tests.session.made import BEGAN, BROKEN, FINE, crashing, patch, row, stream
from wfconsole.clock import MINUTE, SECOND, ManualClock, Millis
from wfconsole.incident.action_events import ActionsArmed, ActionsDisarmed
from wfconsole.incident.advance import fold
from wfconsole.incident.events import SCRIBE, Declared, Entry, EntryWithdrawn, NoteAdded, Noticed, StatusChanged
from wfconsole.incident.playbook import Runbook, Symptom
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import Failure
from wfconsole.recording.format import Noted, OperatorNote, SourcePatch, StreamReader, StreamWriter
from wfconsole.runbook import load_runbook
from wfconsole.session.session import ENTRIES_BEFORE_DECLARATION, Session
from wfconsole.session.view import JournalView


class Sink:
    """Keeps what it is handed, in memory."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.entries: list[Entry] = []

    def begin(self, incident: str, entries: Iterable[Entry] = ()) -> None:
        self.begun.append(incident)
        self.entries += entries

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    def show(self) -> JournalView:
        return JournalView("opening" if self.begun else "none")


class Room:
    """A session with its clock, its sink and its keeper, fed by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock(BEGAN)
        self.sink = Sink()
        self.kept: list[tuple[Millis, OperatorNote]] = []
        self.session = Session(
            clock=self.clock,
            runbook=load_runbook(None),
            operator="op1",
            keep=lambda at, said: self.kept.append((at, said)),
        )
        self.session.keep_in(self.sink)

    def see(self, body: bytes, *, seconds: int, keyframe: bool = False) -> None:
        lines: list[bytes] = []
        at = BEGAN + seconds * SECOND
        writer = StreamWriter(lines.append, ManualClock(at))
        writer.header()
        writer.patch("pods", at, body, keyframe)
        for item in StreamReader(trusted=True).feed(b"".join(lines)):
            assert isinstance(item, SourcePatch)
            self.session.observe(item)
        self.clock.jump(at)

    def trouble(self) -> None:
        self.see(patch(row(FINE), row(BROKEN)), seconds=0, keyframe=True)
        self.see(patch(crashing(BEGAN + 2 * SECOND)), seconds=2)

    def declare(self) -> Entry:
        return self.session.submit(Declared("INC-1", "gateway down", "SEV2", "op1"))


@pytest.fixture
def room() -> Room:
    return Room()


def test_what_people_enter_before_a_declaration_goes_to_the_journal_too_with_what_came_before_it(room: Room) -> None:
    room.trouble()
    noticed = len(room.session.entries)
    room.session.journal_as("INC-1", anew=True)
    written = room.session.submit(NoteAdded("users call"))
    assert room.sink.begun == ["INC-1"]
    assert len(room.sink.entries) == noticed + 1
    assert room.sink.entries[-1] is written
    assert written.id in room.session.view.pending
    declared = room.declare()
    assert room.sink.begun == ["INC-1"]
    assert room.sink.entries[-1] is declared


def test_what_people_entered_before_a_declaration_is_not_pushed_out_by_what_the_scribe_notices(room: Room) -> None:
    written = room.session.submit(NoteAdded("users call"))
    for number in range(3 * ENTRIES_BEFORE_DECLARATION):
        seen = Noticed(f"pods {number}", "readiness", "once", Level.WATCH, f"seen {number}")
        room.session.submit(seen, actor=SCRIBE)
    assert len(room.session.entries) <= 2 * ENTRIES_BEFORE_DECLARATION
    assert room.session.entries[0] is written


def test_a_snapshot_is_on_show_with_its_judgement_and_its_trend(room: Room) -> None:
    room.trouble()
    view = room.session.view
    assert view.world.pods[f"production/{BROKEN}"].restarts == 3
    assert view.judged.finding("pods", f"production/{BROKEN}").level >= Level.WARNING
    assert view.series.series["pods.ready_ratio"].last == 0.5


def test_the_scribe_notices_by_itself_and_once(room: Room) -> None:
    room.trouble()
    room.see(b"{}", seconds=4)
    noticed = [entry for entry in room.session.entries if entry.actor == SCRIBE]
    keys = [entry.event.key for entry in noticed if isinstance(entry.event, Noticed)]
    assert any("crash-loop" in key for key in keys)
    assert len(keys) == len(set(keys))


def test_declaring_hands_the_journal_what_came_before_and_then_everything(room: Room) -> None:
    room.trouble()
    assert room.sink.entries == []
    declared = room.declare()
    assert room.sink.begun == ["INC-1"]
    assert room.sink.entries == list(room.session.entries)
    assert room.sink.entries[-1] == declared
    said = room.session.submit(NoteAdded("users see 503", "fact"))
    assert room.sink.entries[-1] == said


def test_from_the_declaration_on_it_says_how_it_stands_with_the_journal(room: Room) -> None:
    room.trouble()
    before = room.session.view.journal
    room.declare()
    assert (before.condition, room.session.view.journal.condition) == ("none", "opening")


def test_the_state_is_the_fold_of_what_the_journal_was_handed(room: Room) -> None:
    room.trouble()
    room.declare()
    room.session.submit(NoteAdded("one"))
    room.see(patch(row(BROKEN, restarts=3)), seconds=60)
    assert fold(room.sink.entries) == room.session.view.incident


def test_an_entry_is_pending_until_the_journal_says_it_is_on_disk(room: Room) -> None:
    room.declare()
    said = room.session.submit(NoteAdded("one"))
    assert said.id in room.session.view.pending
    room.session.saved([said.id])
    assert said.id not in room.session.view.pending


def test_what_people_do_is_kept_for_the_recording_and_the_scribe_is_not(room: Room) -> None:
    room.trouble()
    room.declare()
    assert [said.actor for _, said in room.kept] == ["op1"]


def test_a_resumed_session_says_nothing_twice(room: Room) -> None:
    room.trouble()
    room.declare()
    again = Room()
    again.session.resume(room.sink.entries)
    assert again.session.view.incident == room.session.view.incident
    again.see(patch(row(FINE), crashing(BEGAN + 4 * SECOND)), seconds=4, keyframe=True)
    assert [entry.id for entry in again.session.entries] == [entry.id for entry in room.sink.entries]


def test_a_lost_source_keeps_its_last_rows_and_is_said_once(room: Room) -> None:
    room.trouble()
    failure = Failure("timeout", "no answer within 2 s", since=BEGAN + 4 * SECOND)
    for seconds in range(4, 40, 2):
        room.see(patch(failure=failure), seconds=seconds)
    snapshot = room.session.view.world.snapshots["pods"]
    assert snapshot.quality(BEGAN + 40 * SECOND) == Quality.STALE
    assert f"production/{BROKEN}" in snapshot.rows
    lost = [
        entry for entry in room.session.entries if isinstance(entry.event, Noticed) and entry.event.family == "source"
    ]
    assert len(lost) == 1


def test_what_was_withdrawn_stays_in_the_record_and_counts_no_more(room: Room) -> None:
    room.declare()
    said = room.session.submit(NoteAdded("wrong window"))
    room.session.submit(EntryWithdrawn(said.id))
    assert room.session.view.incident.lines[said.id].withdrawn
    assert said in room.sink.entries


def test_a_console_that_is_open_for_weeks_keeps_a_bounded_past_before_a_declaration(room: Room) -> None:
    for number in range(3 * ENTRIES_BEFORE_DECLARATION):
        room.session.submit(NoteAdded(f"note {number}"))
    assert len(room.session.entries) <= 2 * ENTRIES_BEFORE_DECLARATION
    assert len(room.session.view.incident.lines) <= 2 * ENTRIES_BEFORE_DECLARATION


def test_after_a_resolved_incident_another_one_begins_empty(room: Room) -> None:
    room.declare()
    room.session.submit(NoteAdded("old"))
    room.session.submit(StatusChanged("resolved", "verified"))
    room.session.submit(Declared("INC-2", "another", "SEV3", "op1"))
    incident = room.session.view.incident
    assert incident.id == "INC-2"
    assert not any(line.text == "old" for line in incident.lines.values())
    assert room.sink.begun == ["INC-1", "INC-2"]


def test_a_checkpoint_brings_everything_back(room: Room) -> None:
    room.trouble()
    kept = room.session.checkpoint()
    room.declare()
    room.see(patch(row(BROKEN)), seconds=60)
    room.session.restore(kept)
    assert room.session.checkpoint() == kept


def recovered(room: Room) -> dict[str, Millis]:
    held = room.session.view.recovery
    return {} if held is None else {probe.partition(" ")[0]: since for probe, since in held.since.items()}


def over(runbook: Runbook) -> Runbook:
    """The runbook with one signal of recovery that rests on the pods."""
    signal = Symptom("All pods are ready", "pods not-ready count=0", 30 * MINUTE)
    lists = tuple(
        msgspec.structs.replace(each, recovery=(signal,) if each.id == "stand-down" else ())
        for each in runbook.checklists
    )
    return msgspec.structs.replace(runbook, checklists=lists)


def test_recovery_is_watched_from_the_declaration_on_and_by_the_source_that_it_rests_on(room: Room) -> None:
    room.session.follow_runbook(over(room.session.runbook))
    room.see(patch(row(FINE), row(BROKEN)), seconds=0, keyframe=True)
    assert room.session.view.recovery is None
    room.declare()
    room.see(b"{}", seconds=2)
    assert recovered(room) == {"pods": BEGAN + 2 * SECOND}
    room.see(b"{}", seconds=4)
    assert recovered(room) == {"pods": BEGAN + 2 * SECOND}
    room.see(patch(crashing(BEGAN + 6 * SECOND)), seconds=6)
    assert recovered(room) == {}


def test_recovery_goes_back_with_a_checkpoint_and_begins_anew_with_another_incident(room: Room) -> None:
    room.session.follow_runbook(over(room.session.runbook))
    room.declare()
    room.see(patch(row(FINE)), seconds=2, keyframe=True)
    kept = room.session.checkpoint()
    room.see(patch(crashing(BEGAN + 4 * SECOND)), seconds=4)
    room.session.restore(kept)
    assert recovered(room) == {"pods": BEGAN + 2 * SECOND}
    room.session.submit(StatusChanged("resolved"))
    room.session.submit(Declared("INC-2", "again", "SEV2", "op1"))
    assert room.session.view.recovery is None


def test_a_runbook_without_signals_of_recovery_costs_nothing(room: Room) -> None:
    lists = tuple(msgspec.structs.replace(each, recovery=()) for each in room.session.runbook.checklists)
    room.session.follow_runbook(msgspec.structs.replace(room.session.runbook, checklists=lists))
    room.declare()
    room.see(patch(row(FINE)), seconds=2, keyframe=True)
    assert room.session.view.recovery is None


def test_a_stream_heard_twice_gives_the_same_entries(room: Room) -> None:
    """The scribe's entries have the same ids live and in a replay, so that a star finds its line in both."""
    del room
    ids = []
    for _ in range(2):
        fresh = Room()
        for item in StreamReader(trusted=True).feed(stream()):
            if isinstance(item, SourcePatch):
                fresh.session.observe(item)
            elif isinstance(item, Noted):
                fresh.session.hear(item)
        ids.append([entry.id for entry in fresh.session.entries])
    assert ids[0] == ids[1]
    assert len(ids[0]) >= 4


def test_the_record_says_once_that_an_arming_is_over_before_what_came_after_it(room: Room) -> None:
    room.trouble()
    room.declare()
    room.session.submit(ActionsArmed(room.clock.now() + MINUTE))
    room.see(patch(row(FINE)), seconds=30)
    assert room.session.view.incident.armed_until
    room.see(patch(row(FINE)), seconds=90)
    room.see(patch(row(FINE)), seconds=120)
    room.session.submit(NoteAdded("rolled back by hand"))
    said = [(entry.actor, entry.event) for entry in room.sink.entries if isinstance(entry.event, ActionsDisarmed)]
    assert said == [(SCRIBE, ActionsDisarmed("its time is over"))]
    assert room.session.view.incident == fold(room.sink.entries)


def test_without_any_source_it_is_said_before_the_next_entry(room: Room) -> None:
    room.declare()
    room.session.submit(ActionsArmed(room.clock.now() + MINUTE))
    room.clock.advance(2 * MINUTE)
    room.session.submit(NoteAdded("and now?"))
    assert [type(entry.event) for entry in room.sink.entries[-2:]] == [ActionsDisarmed, NoteAdded]


# --- what asks for a frame


def repaints(room: Room, body: bytes, *, seconds: int) -> int:
    """How often the screen is asked for when the source says this."""
    asked: list[int] = []
    room.session.subscribe(lambda: asked.append(1))
    room.see(body, seconds=seconds)
    room.session.subscribe(lambda: None)
    return len(asked)


def test_a_look_that_found_nothing_new_asks_for_no_frame(room: Room) -> None:
    room.see(patch(row(FINE)), seconds=0, keyframe=True)
    assert repaints(room, b"{}", seconds=2) == 0
    assert repaints(room, b'{"age_ms":40,"took_ms":70}', seconds=4) == 0
    assert room.session.view.world.snapshots["pods"].good_at == BEGAN + 4 * SECOND - 40  # but it is known


@pytest.mark.parametrize(
    "body",
    [
        patch(row(BROKEN)),
        b'{"rows":{"%s":null}}' % FINE.encode(),
        b'{"failure":{"kind":"timeout","message":"no answer","since":%d}}' % BEGAN,
        b'{"partial":"500 of 900"}',
        b'{"lacks":[{"text":"watch pods: not allowed","extra":true}]}',
        b'{"facts":{"version":"1.36"}}',
        b'{"interval_ms":60000}',
        b'{"age_ms":9000}',  # late now
    ],
)
def test_whatever_reads_differently_asks_for_a_frame(room: Room, body: bytes) -> None:
    room.see(patch(row(FINE)), seconds=0, keyframe=True)
    assert repaints(room, body, seconds=2) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"failure":{"kind":"timeout","message":"no answer, try %d","since":1}}',
        b'{"partial":"500 of 90%d"}',
    ],
)
def test_another_reason_for_the_same_trouble_asks_for_a_frame(room: Room, body: bytes) -> None:
    room.see(patch(row(FINE)), seconds=0, keyframe=True)
    assert [repaints(room, body % reason, seconds=2) for reason in (1, 1, 2)] == [1, 0, 1]


def test_a_first_look_and_one_after_a_long_silence_ask_for_a_frame(room: Room) -> None:
    assert repaints(room, b"{}", seconds=0) == 1
    assert repaints(room, b"{}", seconds=60) == 1


def test_an_entry_that_comes_of_a_look_asks_for_a_frame(room: Room) -> None:
    room.see(patch(row(FINE)), seconds=0, keyframe=True)
    room.declare()
    room.session.submit(ActionsArmed(BEGAN + 3 * SECOND))
    assert [repaints(room, b"{}", seconds=seconds) for seconds in (2, 4, 6)] == [0, 1, 0]
