"""Plays a recording to somebody who follows it as if it were live: at a pace, paused, or from another place."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.observations.answers import Marker
from wfconsole.recording.lines import OperatorNote, RecordingError
from wfconsole.recording.pace import CONTINUOUS_UP_TO, PlayerClock, nearest_speed, next_speed, step_ms
from wfconsole.recording.play import Recording
from wfconsole.recording.playhead import Follower, Playhead
from wfconsole.text import safe

LOOK_FOR_MORE: Millis = 1 * SECOND  # how often a recording that is still being written is looked at


class Aim(msgspec.Struct, frozen=True, eq=False):
    """One seek; two to the same instant are two."""

    instant: Millis


class PlayerState(msgspec.Struct, frozen=True):
    """Where the player stands. `position` is the instant on show, or the one that a seek is on its way to."""

    position: Millis
    start: Millis
    end: Millis
    playing: bool
    speed: float
    at_end: bool
    truncated: bool  # the recording has no end mark
    problem: str = ""  # why it cannot be played further


class Player:
    """Brings a recording's items to a follower, in a thread of its own.

    The commands come from any thread, only leave word, and are carried out in order. `pump` is one round of that
    thread: a test calls it instead of `start`. It begins paused, before the first item. `growing` says that somebody
    still writes the recording. `obeyed` hears that commands were carried out, or that it cannot go on: neither brings
    an item.
    """

    def __init__(
        self,
        recording: Recording,
        follower: Follower,
        real: Clock,
        *,
        growing: bool = False,
        obeyed: Callable[[], None] = lambda: None,
    ) -> None:
        self.clock = PlayerClock(real, recording.start)
        self._recording = recording
        self._head = Playhead(recording, follower)
        self._real = real
        self._growing = growing
        self._obeyed = obeyed
        self._looked_at = real.monotonic()
        self._playing = False
        self._speed = 1.0
        self._stepped_at = real.monotonic()
        self._problem = ""
        self._aim: Aim | None = None  # of the newest seek, until that is done
        self._ahead = False  # it stands where the recording has yet to grow to
        self._commands: list[Callable[[], None]] = []
        self._word = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def state(self) -> PlayerState:
        """How it stands; from any thread."""
        aim = self._aim
        return PlayerState(
            position=self.clock.now() if aim is None else aim.instant,
            start=self._recording.start,
            end=self._recording.end,
            playing=self._playing,
            speed=self._speed,
            at_end=self._head.position >= len(self._recording),
            truncated=self._recording.truncated,
            problem=self._problem or (self._recording.problem.told if self._recording.problem is not None else ""),
        )

    def start(self) -> None:
        """Begin; nothing begins once it was closed, which another thread may do at any moment."""
        with self._word:
            if not self._closing:
                self._thread = threading.Thread(target=self._run, name="player", daemon=True)
                self._thread.start()

    def close(self, timeout_ms: int = SECOND) -> None:
        """End the thread, which is left alone when its follower takes longer. The recording stays open."""
        with self._word:
            self._closing = True
            self._word.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_ms / SECOND)

    def play(self) -> None:
        self._tell(lambda: self._set(playing=True))

    def pause(self) -> None:
        self._tell(lambda: self._set(playing=False))

    def toggle(self) -> None:
        self._tell(lambda: self._set(playing=not self._playing))

    def set_speed(self, speed: float) -> None:
        """One of `pace.SPEEDS`; anything else becomes the nearest of them."""
        self._tell(lambda: self._set(speed=nearest_speed(speed)))

    def faster(self, steps: int) -> None:
        """So many speeds up, or down."""
        self._tell(lambda: self._set(speed=next_speed(self._speed, steps)))

    def seek(self, instant: Millis) -> None:
        """Show the state at `instant`; of several seeks that wait only the last is done."""
        end = instant if self._growing else self._recording.end  # of one that grows there may be more by then
        aim = Aim(max(self._recording.start, min(instant, end)))
        with self._word:  # whoever reaches the one before must not take this one for done
            self._aim = aim
            self._commands.append(lambda: self._seek(aim.instant, aim) if self._aim is aim else None)
            self._word.notify()

    def step(self, events: int) -> None:
        """Pause, and go so many events on (or back): items that say more than that nothing changed."""

        def go() -> None:
            self._set(playing=False)
            try:
                self._arrive(self._head.step(events))
            except RecordingError:
                self._seek(self._recording.end)
                raise

        self._tell(go)

    def marker(self, markers: int, among: Iterable[Millis] | None = None) -> None:
        """Go so many of `among` on (or back), as far as there are any; without it, of what people said in it."""
        given = None if among is None else tuple(among)

        def go() -> None:
            places = said_at(self._recording) if given is None else given
            instant = place_from(self.clock.now(), sorted(places), markers)
            if instant is not None:
                self._seek(max(self._recording.start, min(instant, self._recording.end)))

        self._tell(go)

    def pump(self) -> Millis | None:
        """Carry out what was told and deliver what is due; real milliseconds until there is more, None: when told."""
        try:
            told = bool(self._commands)
            while self._commands:  # one that fails leaves the others where they are
                with self._word:
                    command = self._commands.pop(0)
                command()
            if told:
                self._obeyed()
            self._look_for_more()
            wait_ms = self._deliver() if self._playing else None
        except Exception as error:  # noqa: BLE001  a recording that its follower cannot bear must not freeze the screen
            if not isinstance(error, RecordingError):  # else it is the recording's own
                self._problem = f"what it says makes no sense here: {safe(repr(error), 200)}"
            wait_ms = None
            self._set(playing=False)
            self._obeyed()
        if not self._growing:
            return wait_ms
        return LOOK_FOR_MORE if wait_ms is None else min(LOOK_FOR_MORE, wait_ms)

    def _tell(self, command: Callable[[], None]) -> None:
        with self._word:
            self._commands.append(command)
            self._word.notify()

    def _run(self) -> None:
        while not self._closing:
            wait_ms = self.pump()
            with self._word:
                if not self._commands and not self._closing and wait_ms != 0:
                    self._word.wait(None if wait_ms is None else wait_ms / SECOND)

    def _set(self, *, playing: bool | None = None, speed: float | None = None) -> None:
        self._playing = self._playing if playing is None else playing
        self._speed = self._speed if speed is None else speed
        runs = self._playing and self._speed <= CONTINUOUS_UP_TO
        self.clock.run(self._speed if runs else 0.0, self._recording.end)
        self._stepped_at = self._real.monotonic()

    def _deliver(self) -> Millis | None:
        """Deliver what is due now; real milliseconds until the next item is."""
        while (at := self._head.upcoming_at()) is not None:
            if self._speed > CONTINUOUS_UP_TO:
                wait_ms = step_ms(at - self.clock.now(), self._speed) - (self._real.monotonic() - self._stepped_at)
            else:
                wait_ms = self.clock.until(at) or 0
            if wait_ms > 0:
                return wait_ms
            if self._speed > CONTINUOUS_UP_TO and at > self.clock.now():
                self.clock.jump(at)
                self._stepped_at = self._real.monotonic()
            while self._head.upcoming_at() == at:
                self._head.deliver()
            if self._commands:
                return 0
        if not self._growing:
            self._set(playing=False)
        return None

    def _seek(self, instant: Millis, aim: Aim | None = None) -> None:
        before = self.clock.now()
        try:
            if self._growing and instant > self._recording.end:
                self._recording.refresh()  # what is still not in it comes to whoever waits at that instant
            self._arrive(instant)  # first the clock: whoever hears of the new state shows it with its own time
            self._head.move(self._recording.position(instant))
            self._ahead = self._growing and instant > self._recording.end
        except RecordingError:  # which has made it shorter: the last state that can be read is shown
            self._seek(self._recording.end)
            raise
        except Exception:
            self._arrive(before)  # what was on show still is
            raise
        finally:
            with self._word:
                if self._aim is aim:  # and no newer one
                    self._aim = None

    def _arrive(self, instant: Millis) -> None:
        self._ahead = False
        self.clock.jump(instant)
        self._stepped_at = self._real.monotonic()

    def _look_for_more(self) -> None:
        now = self._real.monotonic()
        if self._growing and now - self._looked_at >= LOOK_FOR_MORE:
            self._looked_at = now
            if self._recording.refresh():
                self._set()
                while self._ahead and (at := self._head.upcoming_at()) is not None and at <= self.clock.now():
                    self._head.deliver()


def place_from(now: Millis, places: Sequence[Millis], steps: int) -> Millis | None:
    """So many of `places` (sorted) after `now`, or before it; the last one there is when there are fewer."""
    ahead, behind = bisect_right(places, now), bisect_left(places, now)
    if steps > 0 and ahead < len(places):
        return places[min(ahead + steps, len(places)) - 1]
    if steps < 0 and behind > 0:
        return places[max(behind + steps, 0)]
    return None


def said_at(recording: Recording) -> list[Millis]:
    """When people said something in a recording."""
    return [mark.at for mark in recording.marks() if isinstance(mark.note, Marker | OperatorNote)]
