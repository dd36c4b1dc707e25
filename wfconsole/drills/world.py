"""The recorded world as a stream that goes on from now, and from somewhere else once somebody has acted.

It plays until the people of the recording did something; there it stands still and waits. Whoever does what they did
goes through that door: the world goes on as it was recorded from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.drills.doors import Door, Doors, doors_of
from wfconsole.drills.instants import moved
from wfconsole.incident.plan import Request
from wfconsole.observations.answers import Ask, AskPod, CollectorSaid, PodAnswer
from wfconsole.observations.snapshot import Failure, Patch, Snapshot, follow, whole
from wfconsole.recording.lines import Item, Noted, OperatorNote, RecordingError, SourcePatch, text_of
from wfconsole.recording.play import Recording
from wfconsole.session.feed import Receiver
from wfconsole.session.view import DrillStanding

STILL: Final = "the recorded world stands still here, and goes on when you act"
OVER: Final = "the recorded world ends here, and stands still"
_ASKED: Final = "nobody looked at this pod before this when it was recorded"


class RecordedWorld:
    """See `session.feed.Stream`. All that it tells comes from a thread of its own."""

    expected: Sequence[str] = ()  # all of them tell at once

    def __init__(self, recordings: Sequence[Recording], clock: Clock) -> None:
        """The first recording is what happens while nobody acts; the others begin with it, and go on otherwise."""
        self.doors = Doors(door for number, each in enumerate(recordings) for door in doors_of(each, number))
        self._recordings = tuple(recordings)
        self._clock = clock
        self._receiver: Receiver
        self._word = threading.Condition()
        self._todo: list[Callable[[], None]] = []
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recorded-world", daemon=True)
        self._number = 0
        self._position = 0
        self._holds_at: Millis = 0
        self._standing: DrillStanding = "plays"
        self.shift: Millis = 0  # from the recording's time to ours, in whole seconds: texts may be no finer
        self._snapshots: dict[str, Snapshot[object]] = {}
        self._told_at: dict[str, Millis] = {}
        self._answers: dict[tuple[str, str], PodAnswer] = {}

    # --- the stream

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._thread.start()

    def ask(self, ask: Ask) -> None:
        if isinstance(ask, AskPod):
            self._do(lambda: self._answer(ask))

    def close(self) -> None:
        with self._word:
            self._closing = True
            self._word.notify()

    def finish(self, within_ms: Millis = 200) -> None:
        if self._thread.is_alive():
            self._thread.join(within_ms / SECOND)
        self.close_files()

    def close_files(self) -> None:
        for each in self._recordings:
            each.close()

    # --- what acts

    def answer_to(self, request: Request) -> Door | str:
        """The door that a request opens, or why none does."""
        return self.doors.opened_by(request, self.shift)

    def standing(self) -> DrillStanding:
        """Whether it waits for somebody to act; from any thread."""
        return self._standing

    def enter(self, door: Door) -> None:
        """Somebody has done it: from now on the world is what it was after that."""
        self._do(lambda: self._go(door))

    # --- its thread

    def _do(self, task: Callable[[], None]) -> None:
        with self._word:
            self._todo.append(task)
            self._word.notify()

    def _run(self) -> None:
        first = self._recordings[0]
        now = self._clock.now()
        self._receiver.header(msgspec.structs.replace(first.header, epoch=text_of(now)))
        self._begin(first.start, now)
        while not self._closing:
            with self._word:
                task = self._todo.pop(0) if self._todo else None
            try:
                wait_ms = 0 if task is not None else self._play()
                if task is not None:
                    task()
            except RecordingError as error:
                self._say(str(error))
                self._holds_at, wait_ms = 0, SECOND
            with self._word:
                if wait_ms and not self._todo and not self._closing:
                    self._word.wait(wait_ms / SECOND)

    def _begin(self, instant: Millis, now: Millis) -> None:
        """From here on the present recording is played so that this instant is now, or within a second: never before
        what was told already. Until the next door in it."""
        self.shift = -(-(now - instant) // SECOND) * SECOND
        acts_at = self.doors.next_at(self._number)
        self._holds_at = self._recordings[self._number].end if acts_at is None else acts_at
        self._standing = "plays"

    def _go(self, door: Door) -> None:
        self._number, self.doors.entered = door.recording, door
        recording = self._recordings[door.recording]
        now = self._clock.now()
        self._begin(door.at, now)
        self._snapshots.clear()
        for item in recording.state(door.at):
            self._keep(item)
        self._position = recording.position(door.at)
        self._tell([_keyframe(each, now, self.shift) for each in self._snapshots.values()])

    def _play(self) -> Millis:
        """Tell what is due; how long until more is."""
        recording, now = self._recordings[self._number], self._clock.now()
        if self._position >= len(recording) or recording.at(self._position) > self._holds_at:
            return self._stand_still(now)
        due = recording.at(self._position) + self.shift
        if due > now:
            return due - now
        self._tell(list(self._due(recording, now)))
        return 0

    def _due(self, recording: Recording, now: Millis) -> Iterator[Item]:
        last = min(recording.position(now - self.shift), recording.position(self._holds_at))
        for _, item in recording.read(self._position, last):
            self._keep(item)
            if isinstance(item, SourcePatch):
                yield SourcePatch(item.at + self.shift, item.source, moved(item.patch, self.shift), item.keyframe)
            elif isinstance(item, Noted) and not isinstance(item.note, OperatorNote | PodAnswer):
                yield Noted(item.at + self.shift, item.note)
        self._position = last

    def _keep(self, item: Item) -> None:
        """Remember it, as it was recorded."""
        if isinstance(item, SourcePatch):
            before = self._snapshots.get(item.source)
            self._snapshots[item.source] = follow(before, item.source, item.at, item.patch, keyframe=item.keyframe)
        elif isinstance(item, Noted) and isinstance(item.note, PodAnswer):
            self._answers[item.note.namespace, item.note.name] = item.note

    def _stand_still(self, now: Millis) -> Millis:
        """Each source looks again, and sees what it saw; a source that failed goes on failing."""
        if self._standing == "plays":
            self._standing = "stands still" if self.doors.one_leads_on else "is over"
            self._say(STILL if self._standing == "stands still" else OVER)
        for source, seen in self._snapshots.items():
            if now - self._told_at.get(source, 0) >= seen.interval_ms:
                self._tell([SourcePatch(now, source, Patch(), keyframe=False)])
        return SECOND

    def _answer(self, ask: AskPod) -> None:
        now = self._clock.now()
        found = self._answers.get((ask.namespace, ask.name))
        if found is None:
            found = PodAnswer(ask.id, ask.namespace, ask.name, failure=Failure("not-served", _ASKED, now))
        else:
            found = msgspec.structs.replace(moved(found, self.shift), id=ask.id)
        self._tell([Noted(now, found)])

    def _say(self, text: str) -> None:
        self._tell([Noted(self._clock.now(), CollectorSaid(text))])

    def _tell(self, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item, SourcePatch):
                self._told_at[item.source] = item.at
        if items:
            self._receiver.items(items, b"")


def _keyframe(seen: Snapshot[object], now: Millis, shift: Millis) -> SourcePatch:
    """The whole state of a source, told at once."""
    return SourcePatch(now, seen.source, moved(whole(seen, now - shift), shift), keyframe=True)
