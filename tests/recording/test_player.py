"""A player shows a recording at a pace, and a jump shows what playing would have shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.recording.streams import EPOCH, Cluster, fingerprint, folded, items_of
from wfconsole.clock import MINUTE, SECOND, ManualClock, Millis, SystemClock
from wfconsole.observations.world import World
from wfconsole.recording.lines import Item, RecordingError
from wfconsole.recording.pace import SPEEDS, PlayerClock, next_speed
from wfconsole.recording.play import DAMAGED, Recording
from wfconsole.recording.player import Player, PlayerState
from wfconsole.recording.playhead import CHECKPOINTS_KEPT

LIVE = Cluster(pods=8, seed=21).live(170).end().stream
ITEMS = items_of(LIVE)
END = ITEMS[-1].at

HEADER = b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00.000Z"}\n'


class Screen:
    """Follows as a session does: folds everything, and its whole state is one value."""

    def __init__(self, *, checkpoints: bool = True) -> None:
        self.world = World()
        self.heard = 0  # items that the state is made of; a scribe would have written about each
        self.delivered: list[Item] = []
        self.rebuilds: list[int] = []  # how many items each took
        self.rebuilt: Callable[[], None] = lambda: None
        self._checkpoints = checkpoints

    def deliver(self, item: Item) -> None:
        self.delivered.append(item)
        self._fold(item)

    def rebuild(self, checkpoint: Any, items: Iterator[Item]) -> None:
        shown = self.world, self.heard
        self.world, self.heard = checkpoint or (World(), 0)
        before = self.heard
        try:
            for item in items:
                self._fold(item)
        except RecordingError:
            self.world, self.heard = shown  # as a console: only a whole seek comes on show
            raise
        self.rebuilds.append(self.heard - before)
        self.rebuilt()

    def checkpoint(self) -> object | None:
        return (self.world, self.heard) if self._checkpoints else None

    def _fold(self, item: Item) -> None:
        self.world = folded([item], self.world)
        self.heard += 1


class Theatre:
    """A player with a real clock that stands still, pumped by hand."""

    def __init__(
        self,
        path: Path,
        *,
        growing: bool = False,
        checkpoints: bool = True,
        obeyed: Callable[[Player], None] = lambda _player: None,
    ) -> None:
        self.recording = Recording(path)
        self.screen = Screen(checkpoints=checkpoints)
        self.real = ManualClock()
        self.player = Player(
            self.recording, self.screen, self.real, growing=growing, obeyed=lambda: obeyed(self.player)
        )

    def pump(self) -> int | None:
        return self.player.pump()

    def let_pass(self, duration_ms: int) -> None:
        """As the player's thread would: sleep until there is something to do, and not longer."""
        until = self.real.monotonic() + duration_ms
        while True:
            wait_ms = self.pump()
            left = until - self.real.monotonic()
            if wait_ms is None or wait_ms >= left:
                break
            self.real.advance(wait_ms)
        self.real.advance(left)
        self.pump()

    def play_to_the_end(self) -> None:
        self.player.play()
        while (wait_ms := self.pump()) is not None:
            self.real.advance(wait_ms)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "live.jsonl"
    path.write_bytes(LIVE)
    return path


@pytest.fixture
def theatre(path: Path) -> Iterator[Theatre]:
    theatre = Theatre(path)
    yield theatre
    theatre.recording.close()


def shown_at(instant: int) -> str:
    return fingerprint(folded(item for item in ITEMS if item.at <= instant))


def test_it_begins_paused_before_the_first_item(theatre: Theatre) -> None:
    assert theatre.pump() is None
    theatre.real.advance(MINUTE)
    assert theatre.pump() is None
    assert theatre.screen.delivered == []
    state = theatre.player.state()
    assert (state.position, state.playing, state.speed, state.at_end) == (EPOCH, False, 1.0, False)
    assert (state.start, state.end, state.truncated) == (EPOCH, END, False)


@pytest.mark.parametrize("speed", [speed for speed in SPEEDS if speed <= 16])
def test_items_come_at_their_times_at_every_continuous_speed(theatre: Theatre, speed: float) -> None:
    theatre.player.set_speed(speed)
    theatre.player.play()
    theatre.let_pass(30 * SECOND)
    now = EPOCH + int(30 * SECOND * speed)
    assert theatre.player.clock.now() == min(now, END)
    assert theatre.screen.delivered == [item for item in ITEMS if item.at <= now]


def test_every_item_is_delivered_once_and_it_stops_at_the_end(theatre: Theatre) -> None:
    theatre.play_to_the_end()
    assert theatre.screen.delivered == ITEMS
    state = theatre.player.state()
    assert state.at_end
    assert not state.playing
    assert state.position == END
    assert theatre.real.monotonic() == END - EPOCH


def test_at_speed_sixty_it_goes_from_event_to_event_and_skips_none(theatre: Theatre) -> None:
    theatre.player.set_speed(60)
    theatre.player.play()
    instants: list[int] = []
    while (wait_ms := theatre.pump()) is not None:
        assert wait_ms >= 1
        theatre.real.advance(wait_ms)
        instants.append(theatre.player.clock.now())
    instants.append(theatre.player.clock.now())
    assert theatre.screen.delivered == ITEMS
    assert set(instants) >= {item.at for item in ITEMS[2:-1]}
    assert theatre.real.monotonic() < (END - EPOCH) / 30


def test_pause_stops_the_clock_and_play_goes_on_from_there(theatre: Theatre) -> None:
    theatre.player.play()
    theatre.let_pass(12 * SECOND)
    theatre.player.toggle()
    theatre.pump()
    theatre.real.advance(MINUTE)
    assert theatre.pump() is None
    assert theatre.player.state().position == EPOCH + 12 * SECOND
    theatre.player.toggle()
    theatre.let_pass(8 * SECOND)
    assert theatre.player.state().position == EPOCH + 20 * SECOND
    assert theatre.screen.delivered == [item for item in ITEMS if item.at <= EPOCH + 20 * SECOND]


def test_the_speed_changes_without_a_jump(theatre: Theatre) -> None:
    theatre.player.play()
    theatre.let_pass(10 * SECOND)
    theatre.player.faster(2)
    theatre.let_pass(10 * SECOND)
    assert theatre.player.state().speed == 4
    assert theatre.player.state().position == EPOCH + 50 * SECOND
    theatre.player.faster(-20)
    theatre.pump()
    assert theatre.player.state().speed == SPEEDS[0]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(targets=st.lists(st.integers(EPOCH, END), min_size=1, max_size=6), checkpoints=st.booleans())
def test_a_seek_shows_what_playing_up_to_there_shows(path: Path, targets: list[int], checkpoints: bool) -> None:
    theatre = Theatre(path, checkpoints=checkpoints)
    for target in targets:
        theatre.player.seek(target)
        theatre.pump()
        assert theatre.player.clock.now() == target
        assert fingerprint(theatre.screen.world) == shown_at(target)
        assert theatre.screen.heard == sum(item.at <= target for item in ITEMS)
    theatre.play_to_the_end()
    assert fingerprint(theatre.screen.world) == shown_at(END)
    assert theatre.screen.heard == len(ITEMS)
    theatre.recording.close()


def test_a_seek_while_playing_goes_on_from_the_new_place(theatre: Theatre) -> None:
    theatre.player.play()
    theatre.let_pass(10 * SECOND)
    theatre.player.seek(EPOCH + 10 * MINUTE)
    assert theatre.player.state().position == EPOCH + 10 * MINUTE  # at once, so that a second key press adds up
    theatre.let_pass(10 * SECOND)
    assert theatre.player.clock.now() == EPOCH + 10 * MINUTE + 10 * SECOND
    assert fingerprint(theatre.screen.world) == shown_at(EPOCH + 10 * MINUTE + 10 * SECOND)


def test_a_checkpoint_spares_a_seek_what_came_before_it(theatre: Theatre) -> None:
    theatre.play_to_the_end()
    theatre.player.seek(END - SECOND)
    theatre.pump()
    assert theatre.screen.rebuilds[-1] < len(ITEMS) / 3
    theatre.player.seek(EPOCH + 7 * MINUTE)
    theatre.pump()
    assert theatre.screen.rebuilds[-1] < len(ITEMS) / 3
    assert fingerprint(theatre.screen.world) == shown_at(EPOCH + 7 * MINUTE)


def test_checkpoints_do_not_grow_without_bound(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(HEADER + b'[3000,"d","pods",{}]\n' * 6000)
    theatre = Theatre(path)
    theatre.player.set_speed(16)
    theatre.play_to_the_end()
    head: Any = theatre.player._head
    assert 10 < len(head._checkpoints) <= CHECKPOINTS_KEPT
    theatre.player.seek(theatre.recording.end - MINUTE)
    theatre.pump()
    assert theatre.screen.rebuilds[-1] < 1000
    theatre.recording.close()


def test_of_several_seeks_only_the_last_is_done(theatre: Theatre) -> None:
    for minute in range(1, 9):
        theatre.player.seek(EPOCH + minute * MINUTE)
    theatre.pump()
    assert len(theatre.screen.rebuilds) == 1
    assert theatre.player.clock.now() == EPOCH + 8 * MINUTE


class KeyOnTheWay(ManualClock):
    """The operator's next key, pressed while the player does what the last one asked for (and reads its clock)."""

    def __init__(self) -> None:
        super().__init__()
        self.press: Callable[[], None] | None = None

    def was_pressed(self) -> bool:
        return self.press is None

    def monotonic(self) -> Millis:
        press, self.press = self.press, None
        if press is not None:
            press()
        return super().monotonic()


@pytest.mark.parametrize("first", ["seek", "step"])
def test_a_seek_that_comes_while_the_player_is_on_its_way_is_done_after_it(path: Path, first: str) -> None:
    recording, screen, real = Recording(path), Screen(), KeyOnTheWay()
    player = Player(recording, screen, real)
    if first == "seek":
        player.seek(EPOCH + MINUTE)
    else:
        player.step(2)
    real.press = partial(player.seek, EPOCH + 5 * MINUTE)
    player.pump()
    assert real.was_pressed()
    assert player.state().position == player.clock.now() == EPOCH + 5 * MINUTE
    assert fingerprint(screen.world) == shown_at(EPOCH + 5 * MINUTE)
    recording.close()


def test_two_seeks_to_one_instant_with_a_step_between_them_end_at_that_instant(theatre: Theatre) -> None:
    theatre.player.seek(EPOCH + 5 * MINUTE)
    theatre.player.step(1)
    theatre.player.seek(EPOCH + 5 * MINUTE)
    theatre.pump()
    assert theatre.player.state().position == theatre.player.clock.now() == EPOCH + 5 * MINUTE
    assert fingerprint(theatre.screen.world) == shown_at(EPOCH + 5 * MINUTE)


def test_a_seek_outside_goes_to_the_edge(theatre: Theatre) -> None:
    theatre.player.seek(END + MINUTE)
    theatre.pump()
    assert theatre.player.clock.now() == END
    assert theatre.player.state().at_end
    theatre.player.seek(0)
    theatre.pump()
    assert theatre.player.clock.now() == EPOCH
    assert theatre.screen.heard == sum(item.at <= EPOCH for item in ITEMS)


def test_steps_go_to_the_next_and_the_last_event_that_says_something(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    path.write_bytes(
        HEADER + b'[0,"k","pods",{"rows":{}}]\n[5,"d","pods",{}]\n[5,"d","pods",{"failure":null}]\n'
        b'[5,"d","pods",{"took_ms":1}]\n[5,"e",{"type":"marker","label":"m"}]\n[5,"d","pods",{}]\n'
    )
    theatre = Theatre(path)

    def after(events: int) -> tuple[int, int]:
        theatre.player.step(events)
        theatre.pump()
        return theatre.player.clock.now() - EPOCH, theatre.screen.heard

    assert after(1) == (0, 1)
    assert after(1) == (10, 3)
    assert after(1) == (20, 5)
    assert after(1) == (25, 6)
    assert after(1) == (25, 6)
    assert after(-1) == (10, 3)
    assert after(1) == (20, 5)
    assert after(-2) == (0, 1)
    assert after(-1) == (0, 0)
    assert after(3) == (20, 5)
    theatre.recording.close()


def test_a_step_pauses(theatre: Theatre) -> None:
    theatre.player.play()
    theatre.let_pass(10 * SECOND)
    theatre.player.step(1)
    assert theatre.pump() is None
    assert not theatre.player.state().playing


def test_markers_are_what_people_said_or_what_one_names(theatre: Theatre) -> None:
    own = [mark.at for mark in theatre.recording.marks() if type(mark.note).__name__ != "CollectorSaid"]
    assert len(own) >= 3

    def after(markers: int, among: list[int] | None = None) -> int:
        theatre.player.marker(markers, among)
        theatre.pump()
        return theatre.player.clock.now()

    assert after(1) == own[0]
    assert after(2) == own[2]
    assert after(-1) == own[1]
    assert after(-9) == own[0]
    assert after(-1) == own[0]
    assert after(99) == own[-1]
    assert after(1) == own[-1]
    places = [EPOCH + 3 * MINUTE, EPOCH + MINUTE]
    assert after(-1, places) == EPOCH + 3 * MINUTE
    assert after(-1, places) == EPOCH + MINUTE
    assert fingerprint(theatre.screen.world) == shown_at(EPOCH + MINUTE)


def test_a_recording_that_still_grows_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "growing.jsonl"
    half = LIVE.index(b"\n", len(LIVE) // 2) + 1
    path.write_bytes(LIVE[:half])
    theatre = Theatre(path, growing=True)
    theatre.player.seek(END)
    theatre.player.play()
    theatre.let_pass(10 * SECOND)
    before = theatre.screen.heard
    assert theatre.player.state().at_end
    assert theatre.player.state().truncated
    with path.open("ab") as file:
        file.write(LIVE[half:])
    theatre.let_pass(2 * SECOND)
    assert theatre.player.state().end == END
    theatre.let_pass(END - EPOCH)
    assert theatre.screen.heard == len(ITEMS) > before
    assert fingerprint(theatre.screen.world) == shown_at(END)
    theatre.recording.close()


def test_who_waits_where_a_recording_has_yet_to_grow_to_gets_it_when_it_has(tmp_path: Path) -> None:
    path = tmp_path / "growing.jsonl"
    half = LIVE.index(b"\n", len(LIVE) // 2) + 1
    path.write_bytes(LIVE[:half])
    theatre = Theatre(path, growing=True)
    theatre.player.seek(END)
    theatre.let_pass(1)
    assert theatre.player.state().position == END
    assert fingerprint(theatre.screen.world) != shown_at(END)
    with path.open("ab") as file:
        file.write(LIVE[half:])
    theatre.let_pass(2 * SECOND)
    assert fingerprint(theatre.screen.world) == shown_at(END)
    assert theatre.player.state().position == END
    theatre.recording.close()


def test_who_stands_in_the_middle_of_a_recording_is_not_moved_when_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "growing.jsonl"
    half = LIVE.index(b"\n", len(LIVE) // 2) + 1
    path.write_bytes(LIVE[:half])
    theatre = Theatre(path, growing=True)
    theatre.player.step(1)
    theatre.let_pass(1)
    heard = theatre.screen.heard
    with path.open("ab") as file:
        file.write(LIVE[half:])
    theatre.let_pass(2 * SECOND)
    assert theatre.player.state().end == END
    assert theatre.screen.heard == heard
    theatre.recording.close()


def test_a_bad_line_ends_the_playing_and_the_state_says_why(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(LIVE[: LIVE.index(b"\n", 5000) + 1] + b'[1,"d","pods",{"rows":7}]\n' + LIVE[-20:])
    theatre = Theatre(path)
    theatre.play_to_the_end()
    state = theatre.player.state()
    assert state.problem.startswith("line 28: not a valid 'd' line")
    assert state.problem.endswith(DAMAGED)
    assert not state.playing
    assert len(theatre.screen.delivered) == len(items_of(LIVE[: LIVE.index(b"\n", 5000) + 1]))
    theatre.player.seek(EPOCH)
    theatre.pump()
    assert theatre.player.clock.now() == EPOCH
    theatre.recording.close()


BAD_LINE = b'[1,"d","pods",{"rows":7}]\n'


@pytest.mark.parametrize("before", [5000, 20_000])
@pytest.mark.parametrize("how", ["seek", "step"])
def test_going_past_a_bad_line_shows_the_last_state_before_it_with_its_own_time(
    tmp_path: Path, before: int, how: str
) -> None:
    path, cut = tmp_path / "bad.jsonl", LIVE.index(b"\n", before) + 1
    path.write_bytes(LIVE[:cut] + BAD_LINE + LIVE[cut:])
    readable = items_of(LIVE[:cut])
    told: list[PlayerState] = []
    theatre = Theatre(path, obeyed=lambda player: told.append(player.state()))
    instants: list[Millis] = []
    theatre.screen.rebuilt = lambda: instants.append(theatre.player.clock.now())
    if how == "seek":
        theatre.player.seek(END)
    else:
        theatre.player.step(10_000)
    theatre.pump()
    state = theatre.player.state()
    assert theatre.player.clock.now() == state.position == state.end == readable[-1].at
    assert fingerprint(theatre.screen.world) == fingerprint(folded(readable))
    assert state.problem.startswith("line ")
    assert told[-1] == state  # whoever paints hears of it
    assert instants == [state.end]  # at no moment with another one's
    theatre.recording.close()


def test_a_seek_to_what_the_follower_cannot_bear_stays_where_it_is(theatre: Theatre) -> None:
    theatre.player.seek(EPOCH + 10 * SECOND)
    theatre.pump()

    def refuse(checkpoint: object, items: Iterator[Item]) -> None:
        raise ValueError("no such event")

    theatre.screen.rebuild = refuse  # type: ignore[method-assign]
    theatre.player.seek(END)
    theatre.pump()
    assert theatre.player.state().position == EPOCH + 10 * SECOND
    assert "no such event" in theatre.player.state().problem


def test_a_follower_that_cannot_bear_an_item_stops_the_playing_and_nothing_else(theatre: Theatre) -> None:
    def refuse(item: Item) -> None:
        raise ValueError("\x1b[2Jno such event")

    theatre.screen.deliver = refuse  # type: ignore[method-assign]
    theatre.player.play()
    assert theatre.pump() is None
    problem = theatre.player.state().problem
    assert "no such event" in problem
    assert "\x1b" not in problem
    assert not theatre.player.state().playing


def test_the_thread_plays_and_ends_at_once(path: Path) -> None:
    recording = Recording(path)
    screen = Screen()
    player = Player(recording, screen, SystemClock())
    player.start()
    player.set_speed(60)
    player.seek(END - MINUTE)
    player.play()
    deadline = time.monotonic() + 20
    while not player.state().at_end or player.state().playing:
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)
    assert fingerprint(screen.world) == shown_at(END)
    player.close()
    assert not any(thread.name == "player" and thread.is_alive() for thread in threading.enumerate())
    recording.close()


def test_a_player_that_was_closed_before_it_began_never_begins(path: Path) -> None:
    recording = Recording(path)
    player = Player(recording, Screen(), SystemClock())
    player.close()
    player.start()
    assert player._thread is None
    player.close()
    recording.close()


def test_a_player_can_be_closed_at_the_very_moment_at_which_it_begins(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(path)
    player = Player(recording, Screen(), SystemClock())
    closed: list[threading.Thread] = []

    class Slow(threading.Thread):
        """A thread of which others know before it runs."""

        def start(self) -> None:
            closing = threading.Thread(target=player.close)
            closing.start()
            closing.join(0.2)
            closed.append(closing)
            super().start()

    errors: list[object] = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    monkeypatch.setattr("wfconsole.recording.player.threading", _WithThread(Slow))
    player.start()
    closed[0].join(20)
    assert errors == []
    recording.close()


class _WithThread:
    """The module `threading`, with another kind of thread."""

    def __init__(self, kind: type[threading.Thread]) -> None:
        self.Thread = kind

    def __getattr__(self, name: str) -> object:
        return getattr(threading, name)


def test_the_players_clock_never_passes_its_limit_and_its_monotonic_never_goes_back() -> None:
    real = ManualClock()
    clock = PlayerClock(real, 1000)
    clock.run(2.0, 5000)
    real.advance(500)
    assert (clock.now(), clock.monotonic(), clock.until(3000)) == (2000, 1000, 500)
    real.advance(10_000)
    assert (clock.now(), clock.monotonic()) == (5000, 4000)
    clock.jump(1500)
    assert (clock.now(), clock.monotonic()) == (1500, 4000)
    real.advance(250)
    assert (clock.now(), clock.monotonic()) == (2000, 4500)
    clock.run(0, 5000)
    real.advance(250)
    assert (clock.now(), clock.until(3000)) == (2000, None)


def test_speeds_have_ends() -> None:
    assert next_speed(1.0, 1) == 2.0
    assert next_speed(60.0, 1) == 60.0
    assert next_speed(0.25, -1) == 0.25
