"""The live console: its clock, freezing and looking back, what is said of its recording, and that closing is quick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.journal.helpers import until
from tests.session.made import BEGAN, BROKEN, FINE, crashing, patch, row
from wfconsole.clock import HOUR, MINUTE, SECOND, ManualClock, Millis
from wfconsole.incident.events import Declared, NoteAdded, StatusChanged, Target
from wfconsole.incident.scribe import notice
from wfconsole.observations.levels import Level
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.format import Item, SourcePatch, StreamReader, StreamWriter
from wfconsole.recording.format import Target as StreamTarget
from wfconsole.recording.keep import Recorder
from wfconsole.recording.play import Recording
from wfconsole.runbook import load_runbook
from wfconsole.session.feed import Feed
from wfconsole.session.journaling import OPENS_WITHIN_MS, JournalSink
from wfconsole.session.live import LiveConsole, LiveTransport, Reach
from wfconsole.session.lookback import LookBack
from wfconsole.session.replay import Playback
from wfconsole.session.session import Session
from wfconsole.session.stream_clock import StreamClock
from wfconsole.session.view import Capabilities, View
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE

WITHIN = 20.0


class Ahead:
    """A clock that is ahead of another one."""

    def __init__(self, clock: ManualClock, by: Millis) -> None:
        self._clock = clock
        self._by = by

    def now(self) -> Millis:
        return self._clock.now() + self._by

    def monotonic(self) -> Millis:
        return self._clock.monotonic()


class Place:
    """A live console on a clock of the test, with a stream that the test tells, and a real recording."""

    def __init__(self, folder: Path, *, recorded: bool = True, change: bool = True, ahead: Millis = 0) -> None:
        """`ahead`: how far the console's own clock is ahead of the stream's."""
        self.clock = ManualClock(BEGAN)
        self.changed = threading.Condition()
        stream_clock = StreamClock(Ahead(self.clock, ahead))
        self.recorder = Recorder(folder / "now.jsonl", stream_clock) if recorded else None
        self.session = Session(
            clock=stream_clock,
            runbook=load_runbook(None),
            operator="op1",
            keep=self.recorder.note if self.recorder is not None else None,
        )
        self.feed = Feed(stream_clock)
        self.console = LiveConsole(
            session=self.session,
            clock=stream_clock,
            feed=self.feed,
            operator="op1",
            environment=lambda context: context,
            transport=LiveTransport(self.session, stream_clock, BEGAN + ahead, self._past),
            sink=None,
            open_recorder=lambda: self.recorder or "this session is not recorded",
            capabilities=Capabilities(change=change),
            new_incident=lambda now: f"INC-{now}",
            begin=lambda: None,
        )
        opened = self.console._open_recorder()
        self.console._recorder = opened if isinstance(opened, Recorder) else None
        self.console._no_recording = opened if isinstance(opened, str) else ""
        self.console.subscribe(self._repaint)
        self._reader = StreamReader(trusted=True)
        self._writer = StreamWriter(self._arrive, self.clock)
        self._writer.header(target=StreamTarget(context="kind-made", server="https://made"))

    def see(self, body: bytes, *, seconds: int, keyframe: bool = False) -> None:
        """The stream says something, so many seconds after the beginning; that is now."""
        self.clock.jump(BEGAN + seconds * SECOND)
        self._writer.patch("pods", self.clock.now(), body, keyframe)

    def trouble(self) -> None:
        """All is well at first; a crash loop from 20 s on, to 60 s."""
        self.see(patch(row(FINE), row(BROKEN)), seconds=0, keyframe=True)
        for seconds in range(2, 61, 2):
            self.see(patch(crashing(BEGAN + 20 * SECOND)) if seconds == 20 else b"{}", seconds=seconds)

    def wait_for(self, holds: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(holds, WITHIN)

    def look_back(self, seconds: int) -> View:
        """To so many seconds after the beginning, which is before what is on show now; when that is on show."""
        assert self.recorder is not None
        self.recorder.close()  # all of it is readable then, without waiting for its clock
        return self.seek(seconds)

    def seek(self, seconds: int) -> View:
        instant = BEGAN + seconds * SECOND
        self.console.transport.seek(instant)
        self.wait_for(lambda: self._last_seen() == instant)
        return self.console.view()

    def _last_seen(self) -> Millis:
        return self.console.view().world.snapshots["pods"].observed_at

    def _arrive(self, line: bytes) -> None:
        items = self._reader.feed(line)
        if self._reader.line == 1 and self._reader.header is not None:
            self.console.header(self._reader.header)
        self.console.items(items, line)

    def _past(self, here: tuple[Millis, View]) -> LookBack | str:
        recorder = self.recorder
        if recorder is None:
            return "nothing to look back at: this session is not recorded"

        def opened() -> Playback:
            recording = Recording(Path(recorder.state.path), trusted=True)
            return Playback(recording, self.session.runbook, self.clock, changed=self._repaint, growing=True)

        return LookBack(opened, here, self._repaint)

    def _repaint(self) -> None:
        with self.changed:
            self.changed.notify_all()


def players() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "player"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.console.close("the test is over")


@pytest.fixture(autouse=True)
def _nothing_plays_on() -> Iterator[None]:
    """Every look back ends with its test."""
    yield
    until(lambda: not players(), "no player is left")


# --- the clock of a stream


def at(seconds: int) -> Millis:
    return BEGAN + seconds * SECOND


@pytest.mark.parametrize("skew", [-2 * HOUR, -6 * SECOND, 6 * SECOND, 3 * HOUR])
def test_a_stream_from_a_machine_with_another_clock_is_as_old_as_it_is_there(skew: Millis) -> None:
    here = ManualClock(BEGAN)
    clock = StreamClock(here)
    clock.follow(BEGAN + skew)
    here.advance(10 * SECOND)
    clock.keep_up(BEGAN + skew + 9 * SECOND)
    assert clock.now() == BEGAN + skew + 10 * SECOND


def test_a_start_that_takes_its_time_is_no_other_clock() -> None:
    clock = StreamClock(ManualClock(BEGAN + 4 * SECOND))
    clock.follow(BEGAN)
    assert clock.skew_ms == 0


def test_a_stream_that_began_long_ago_and_is_read_now_is_not_taken_for_a_clock_that_is_behind() -> None:
    """`tail -n +1 -f recording | wfconsole live -`: were it, a stream that hangs would look fresh for an hour."""
    clock = StreamClock(ManualClock(BEGAN))
    clock.follow(BEGAN - HOUR)
    for minutes in range(60, -1, -1):
        clock.keep_up(BEGAN - minutes * MINUTE)
    assert clock.skew_ms == 0


def test_a_clock_that_was_set_right_over_there_is_followed() -> None:
    clock = StreamClock(ManualClock(BEGAN))
    clock.follow(BEGAN)
    clock.keep_up(BEGAN + HOUR)
    assert clock.now() == BEGAN + HOUR


def test_what_is_read_at_once_is_seen_line_by_line_at_its_own_time(place: Place) -> None:
    """Whoever freezes while a stream catches up must not read that all of it was lost."""
    seen: list[tuple[Millis, Millis]] = []
    view, now = place.console.view, place.console.now
    place.console.subscribe(lambda: seen.append((view().world.snapshots["pods"].observed_at, now())))
    items = [SourcePatch(at=at(seconds), source="pods", patch=Patch(), keyframe=False) for seconds in (60, 120, 180)]
    place.console.items(items, b"")
    assert seen == [(at(60), at(60)), (at(120), at(120)), (at(180), at(180))]


# --- freezing


def test_frozen_the_screen_stands_still_and_the_world_goes_on(place: Place) -> None:
    place.see(patch(row(FINE), row(BROKEN)), seconds=0, keyframe=True)
    place.console.transport.toggle()
    place.see(patch(crashing(at(20))), seconds=20)
    view = place.console.view()
    assert view.judged.finding("pods", f"production/{BROKEN}").level == Level.OK
    assert place.console.now() == BEGAN
    assert place.console.transport.show().behind_ms == 20 * SECOND
    place.console.transport.toggle()
    assert place.console.view().judged.finding("pods", f"production/{BROKEN}").level > Level.OK


def test_frozen_for_half_a_minute_is_what_is_to_do_now(place: Place) -> None:
    place.see(patch(row(FINE)), seconds=0, keyframe=True)
    place.console.transport.toggle()
    place.clock.advance(30 * SECOND)
    assert "frozen" not in frame_of(place.console, UNICODE, observer=False).needs[0].text
    place.clock.advance(SECOND)
    assert "the screen is frozen for 31s" in frame_of(place.console, UNICODE, observer=False).needs[0].text


def test_a_note_that_is_written_while_frozen_is_of_now(place: Place) -> None:
    place.console.submit(Declared("INC-1", "down", "SEV1", "op1"))
    place.console.transport.toggle()
    place.clock.advance(40 * SECOND)
    entry = place.console.submit(NoteAdded("seen on the frozen screen", at_time=place.console.now()))
    assert entry is not None
    assert entry.at == at(40)
    assert entry.event == NoteAdded("seen on the frozen screen", at_time=BEGAN)


def test_how_it_stands_with_the_journal_is_never_of_the_past(place: Place) -> None:
    place.console.submit(Declared("INC-1", "down", "SEV1", "op1"))
    place.console.transport.toggle()
    place.session._unsaved.add("an entry of now")
    place.session.saved(())
    assert "an entry of now" in place.console.view().pending


# --- looking back


def test_looking_back_shows_that_instant_and_then_now_again(place: Place) -> None:
    place.trouble()
    then = place.look_back(10)
    assert then.judged.finding("pods", f"production/{BROKEN}").level == Level.OK
    assert place.console.transport.show().mode == "back"
    assert place.seek(30).judged.finding("pods", f"production/{BROKEN}").level > Level.OK
    place.console.transport.live()
    assert place.console.transport.show().mode == "live"
    assert place.console.view().world is place.session.view.world


def test_one_can_look_back_to_the_beginning_of_the_stream_by_its_own_clock(tmp_path: Path) -> None:
    place = Place(tmp_path, ahead=5 * HOUR)
    place.trouble()
    shown = place.console.transport.show()
    assert (shown.start, shown.end) == (BEGAN, at(60))
    assert place.look_back(10).judged.finding("pods", f"production/{BROKEN}").level == Level.OK
    place.console.close("the test is over")


def test_a_console_that_is_closed_while_it_looks_back_leaves_no_player_behind(place: Place) -> None:
    place.trouble()
    place.look_back(10)
    assert players()
    place.console.close("quit")
    until(lambda: not players(), "the player has ended")
    assert place.console.transport.show().mode == "live"


def test_looking_back_shows_a_resumed_incident_as_it_stood_then(place: Place) -> None:
    """The recording begins with the console; the incident is older than both."""
    older = Session(clock=ManualClock(BEGAN - HOUR), runbook=load_runbook(None), operator="op0")
    older.submit(Declared("INC-OLD", "gateway down", "SEV1", "op0", target=Target("kind-made", "", "https://made")))
    place.session.resume(older.entries)
    place.trouble()
    place.console.submit(StatusChanged("monitoring", "rolled back"))
    then = place.look_back(10)
    assert (then.incident.id, then.incident.status) == ("INC-OLD", "investigating")
    assert place.session.view.incident.status == "monitoring"


def test_looking_back_to_the_incident_before_this_one_shows_that_one(place: Place) -> None:
    place.see(patch(row(FINE)), seconds=0, keyframe=True)
    place.console.submit(Declared("INC-1", "first", "SEV1", "op1"))
    place.see(b"{}", seconds=10)
    place.console.submit(StatusChanged("resolved", "over"))
    place.see(b"{}", seconds=20)
    place.console.submit(Declared("INC-2", "second", "SEV2", "op1"))
    place.see(b"{}", seconds=30)
    place.see(b"{}", seconds=40)
    assert place.look_back(10).incident.title == "first"
    assert place.seek(30).incident.title == "second"


def test_what_was_before_this_console_is_said_to_be_so_with_the_recording_that_has_it(place: Place) -> None:
    place.trouble()
    transport = place.console.transport
    asked: list[Millis] = []
    kept = {at(-60): "20260107-0359-4711"}

    def earlier(instant: Millis) -> str:
        asked.append(instant)
        return kept.get(instant, "")

    transport._earlier = earlier
    place.look_back(10)
    assert transport.show().edge == ""
    transport.seek(at(-60))
    assert transport.show().edge == "seen here only since 04:00:00Z; before: wfconsole replay 20260107-0359-4711"
    transport.seek(at(-90))
    assert transport.show().edge == "seen here only since 04:00:00Z, and no recording here has what was before"
    assert asked == [at(-60), at(-90)]
    place.seek(10)
    assert transport.show().edge == ""
    transport.marker(-1)
    assert transport.show().edge.startswith("seen here only since 04:00:00Z")
    transport.live()
    assert transport.show().edge == ""


def test_what_cannot_be_looked_back_at_says_why(tmp_path: Path) -> None:
    place = Place(tmp_path, recorded=False)
    place.trouble()
    transport = place.console.transport
    for go in (partial(transport.step, -1), partial(transport.marker, -1), partial(transport.seek, at(10))):
        go()
        shown = place.console.transport.show()
        assert shown.mode == "live"
        assert shown.problem == "nothing to look back at: this session is not recorded"
        place.console.transport.live()
        assert place.console.transport.show().problem == ""


def test_a_recording_that_was_taken_away_says_so_and_live_goes_on(place: Place) -> None:
    place.trouble()
    assert place.recorder is not None
    Path(place.recorder.state.path).unlink()
    place.console.transport.seek(at(10))
    place.wait_for(lambda: bool(place.console.transport.show().problem))
    assert "No such file" in place.console.transport.show().problem
    place.console.transport.live()
    assert place.console.transport.show().mode == "live"


def test_a_past_that_cannot_be_put_together_says_so_and_live_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such thing")

    place.trouble()
    assert place.recorder is not None
    place.recorder.close()
    monkeypatch.setattr(Playback, "_fold", broken)
    place.console.transport.seek(at(10))
    place.wait_for(lambda: "makes no sense here" in place.console.transport.show().problem)
    place.console.transport.live()
    assert (place.console.transport.show().mode, place.console.transport.show().problem) == ("live", "")


# --- the recording


def test_how_it_stands_with_the_recording_is_in_the_view(place: Place) -> None:
    place.trouble()
    shown = place.console.view().recording
    assert (shown.condition, shown.path[-9:]) == ("recording", "now.jsonl")
    assert place.recorder is not None
    place.recorder.close()
    assert place.console.view().recording.condition == "stopped"


def test_a_session_that_is_not_recorded_says_so(tmp_path: Path) -> None:
    shown = Place(tmp_path, recorded=False).console.view().recording
    assert (shown.condition, shown.reason) == ("off", "this session is not recorded")


# --- other things


def test_who_only_looks_enters_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path, change=False)
    place.trouble()
    assert place.console.submit(Declared("", "down", "SEV1", "op1")) is None
    place.console.close("quit")
    assert not place.session.view.incident.declared


def test_an_incident_of_another_cluster_is_said(place: Place) -> None:
    older = Session(clock=place.clock, runbook=load_runbook(None), operator="op0")
    older.submit(Declared("INC-OLD", "down", "SEV1", "op0", target=Target("prod", "", "https://prod")))
    place.session.resume(older.entries)
    assert place._reader.header is not None
    place.console.header(place._reader.header)
    assert "declared on prod" in place.console.view().said[-1][1]
    assert place.console.view().target.context == "kind-made"


def test_a_declaration_gets_its_number_its_target_and_its_runbook(place: Place) -> None:
    entry = place.console.submit(Declared("", "down", "SEV1", "op1"))
    assert entry is not None
    assert isinstance(entry.event, Declared)
    assert entry.event.incident == f"INC-{BEGAN}"
    assert entry.event.target.server == "https://made"
    assert entry.event.runbook


def test_the_judgement_that_the_scribe_gets_is_the_one_that_it_would_make(place: Place) -> None:
    alone = Session(clock=place.clock, runbook=load_runbook(None), operator="op1")
    heard: list[Item] = []
    observe = place.session.observe

    def both(item: SourcePatch) -> None:
        heard.append(item)
        observe(item)

    place.session.observe = both  # type: ignore[method-assign]
    place.trouble()
    cut = patch(row(FINE, ready=False))
    place.see(msgspec.json.encode(msgspec.json.decode(cut) | {"partial": "cut"}), seconds=62)
    place.see(msgspec.json.encode(msgspec.json.decode(patch(row(BROKEN))) | {"partial": ""}), seconds=64)
    place.see(b'{"rows":{"production/%s":null}}' % FINE.encode(), seconds=66)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "wfconsole.incident.scribe.notice",
            lambda memory, state, after, source, now, **_judged: notice(memory, state, after, source, now),
        )
        for item in heard:
            assert isinstance(item, SourcePatch)
            alone.observe(item)
    assert [entry.event for entry in alone.entries] == [entry.event for entry in place.session.entries]
    assert len(alone.entries) >= 2


def test_markers_are_what_people_did_and_lead_there_also_beyond_what_is_on_disk_yet(place: Place) -> None:
    place.trouble()
    place.console.submit(Declared("INC-1", "down", "SEV1", "op1"))
    place.see(b"{}", seconds=70)
    place.console.submit(NoteAdded("rolled back"))
    place.see(b"{}", seconds=80)
    place.look_back(10)
    kinds = [kind for _, kind in place.console.transport.show().markers]
    assert kinds[-2:] == ["DECLARE", "NOTE"]
    transport = place.console.transport
    transport.marker(1)
    place.wait_for(lambda: place.console.now() == at(20))  # the alert
    transport.marker(2)
    place.wait_for(lambda: place.console.now() == at(70))
    transport.marker(-1)
    place.wait_for(lambda: place.console.now() == at(60))
    assert place.console.view().incident.id == "INC-1"


def test_a_mark_stands_where_it_was_set_while_looking_back_and_a_note_where_it_was_written(place: Place) -> None:
    place.trouble()
    place.see(b"{}", seconds=70)
    place.console.submit(NoteAdded("there", "mark", at_time=at(30)))
    place.console.submit(NoteAdded("users saw it", at_time=at(30)))
    place.look_back(10)
    people = [mark for mark in place.console.transport.show().markers if mark[1] in ("MARK", "NOTE")]
    assert people == [(at(30), "MARK"), (at(70), "NOTE")]
    place.console.transport.marker(2)  # beyond the alert
    place.wait_for(lambda: place.console.now() == at(30))


def test_pressing_again_before_the_seek_is_done_goes_on_from_where_it_is_going(place: Place) -> None:
    place.trouble()
    place.look_back(40)
    transport = place.console.transport
    for _ in range(3):
        transport.seek(transport.show().position - 10 * SECOND)
    place.wait_for(lambda: place.console.now() == at(10))


def test_a_disk_that_takes_no_journal_is_noticed_though_nobody_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(JournalSink, "_open", lambda *_: gate.wait(WITHIN))
    place = Place(tmp_path)
    sink = JournalSink(tmp_path, place.clock, fallbacks=(), saved=place.session.saved, changed=lambda: None)
    place.console._sink = sink
    place.session.keep_in(sink)
    place.console.submit(Declared("", "gateway down", "SEV2", "op1"))
    assert place.console.view().journal.condition == "opening"
    place.clock.advance(OPENS_WITHIN_MS)
    assert place.console.view().journal.condition == "memory-only"
    gate.set()


def test_a_console_that_is_closed_while_it_begins_opens_nothing_more(place: Place) -> None:
    begins, closed, opened = threading.Event(), threading.Event(), list[str]()

    def begin() -> None:
        begins.set()
        assert closed.wait(WITHIN)

    def open_acts() -> str:
        opened.append("acts")
        return "nothing is changed from here"

    place.console._begin = begin
    place.console._reach = Reach(open_acts=open_acts)
    before = threading.enumerate()
    place.console.start()
    assert begins.wait(WITHIN)
    (starting,) = [each for each in threading.enumerate() if each.name == "start" and each not in before]
    place.console.close("end of the test")
    closed.set()
    starting.join(WITHIN)
    assert not opened


def test_before_the_stream_has_told_anything_its_sources_are_unknown_and_not_off(place: Place) -> None:
    place.console._feed = Feed(place.clock, sources=lambda: ("pods", "database"))
    quality = place.console.view().world.quality
    assert [quality(source, BEGAN) for source in ("pods", "database", "cache")] == ["unknown", "unknown", "off"]
    place.see(patch(row(FINE)), seconds=0, keyframe=True)
    quality = place.console.view().world.quality
    assert [quality(source, BEGAN) for source in ("pods", "database", "cache")] == ["live", "off", "off"]
