"""What was done when a world was recorded: each action in it is a door, through which somebody else may go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import convert, decoder_of
from wfconsole.drills.instants import moved_text
from wfconsole.guard.protocol import Settled
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionSettled, ActionVerified, EvidenceKept
from wfconsole.incident.events import Event
from wfconsole.incident.plan import Evidence, Outcome, Plan, Request, Verdict
from wfconsole.recording.lines import OperatorNote
from wfconsole.recording.play import Recording

UNKNOWN: Final = "nobody did this when it was recorded: the recorded world has no answer"
PAST: Final = "the recorded world is past that: it has no answer any more"


class Door(msgspec.Struct, frozen=True):
    """One action of a recording, from its plan to its verdict. Instants are those of the recording, 0 for never.

    `recording` counts the recordings of the drill. `verdict` is None where nobody heard whether it helped, `settled`
    where it was not one that takes itself back.
    """

    recording: int
    at: Millis  # when it was about to run
    plan: Plan
    evidence: tuple[Evidence, ...]
    ended_at: Millis
    outcome: Outcome
    verified_at: Millis = 0
    verdict: Verdict | None = None
    settled_at: Millis = 0
    settled: Settled | None = None

    @property
    def over_at(self) -> Millis:
        """When nothing more came of it."""
        return max(self.ended_at, self.verified_at, self.settled_at)

    @property
    def worked(self) -> bool:
        return self.verdict is not None and self.verdict.word == "WORKED"

    def asked_by(self, request: Request, shift: Millis) -> bool:
        """Whether this may be meant, in a world that is played so many milliseconds later than it was recorded."""
        wanted, asked = self.plan.request, request
        if (wanted.action, wanted.aim) != (asked.action, asked.aim):
            return False
        told = wanted.parameters  # what one of them leaves open is what the plan says
        return all(told[key] == moved_text(text, -shift) for key, text in asked.parameters.items() if key in told)


class Doors:
    """All doors of a drill, and which of them lead on. Entered by one thread; any other may ask."""

    def __init__(self, doors: Iterable[Door]) -> None:
        self.all = tuple(doors)
        self.entered: Door | None = None  # the last one

    def opened_by(self, request: Request, shift: Millis) -> Door | str:
        """The door that a request opens, or why none does. Of several the one before which least was done that nobody
        has done now."""
        found = [door for door in self.all if door.asked_by(request, shift)]
        ahead = [door for door in found if self._leads_on(door)]
        if ahead:
            return min(ahead, key=self._passes)
        return PAST if found else UNKNOWN

    @property
    def one_leads_on(self) -> bool:
        return any(map(self._leads_on, self.all))

    def next_at(self, recording: int) -> Millis | None:
        """When the people of a recording act next in it, after what came of the door that was entered last."""
        after = self.entered.over_at if self.entered is not None else 0
        return min((door.at for door in self.all if door.recording == recording and door.at > after), default=None)

    def _passes(self, door: Door) -> int:
        """How many doors of its recording lie between here and there."""
        entered = self.entered
        here = entered.at if entered is not None and entered.recording == door.recording else 0
        return sum(each.recording == door.recording and here < each.at < door.at for each in self.all)

    def _leads_on(self, door: Door) -> bool:
        """In one recording only forward; into another one only while nothing has helped."""
        before = self.entered
        if before is not None and before.recording == door.recording:
            return door.at > before.at
        return before is None or not before.worked


def doors_of(recording: Recording, number: int) -> tuple[Door, ...]:
    """The actions of a recording whose end it holds, in their order."""
    told: dict[str, list[tuple[Millis, Event]]] = {}
    for at, event in _events(recording):
        if isinstance(event, ActionIntended | EvidenceKept | ActionEnded | ActionVerified | ActionSettled):
            told.setdefault(event.receipt, []).append((at, event))
    doors = (_door(number, events) for events in told.values())
    return tuple(sorted((door for door in doors if door is not None), key=lambda door: door.at))


def _events(recording: Recording) -> Iterator[tuple[Millis, Event]]:
    for noted in recording.marks():
        if isinstance(noted.note, OperatorNote):
            try:
                yield noted.at, decoder_of(Event).decode(noted.note.event)
            except msgspec.MsgspecError:
                continue  # of a version that knew more


def _door(number: int, events: list[tuple[Millis, Event]]) -> Door | None:
    """None where it never ran, where nobody heard its end, or where what is said of it makes no sense."""
    try:
        return _told(number, events)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _told(number: int, events: list[tuple[Millis, Event]]) -> Door | None:
    evidence: list[Evidence] = []
    plan, door = None, None
    began: Millis = 0
    for at, event in events:
        if isinstance(event, EvidenceKept):
            evidence.append(Evidence(event.what, event.lines, event.left_out, event.missing))
        elif isinstance(event, ActionIntended):
            plan, began = decoder_of(Plan).decode(event.plan), at
        elif isinstance(event, ActionEnded) and plan is not None and event.result != "unknown":
            door = Door(number, began, plan, tuple(evidence), at, _outcome(event))
        elif isinstance(event, ActionVerified) and door is not None:
            verdict = convert({"word": event.verdict, "text": event.text}, Verdict)
            door = msgspec.structs.replace(door, verified_at=at, verdict=verdict)
        elif isinstance(event, ActionSettled) and door is not None:
            door = msgspec.structs.replace(door, settled_at=at, settled=_settled(event))
    return door


def _settled(event: ActionSettled) -> Settled:
    told = {"result": event.result, "text": event.text, "lines": event.lines}
    return Settled(event.kept, event.why, None if event.kept else convert(told, Outcome))


def _outcome(event: ActionEnded) -> Outcome:
    told = {name: getattr(event, name) for name in ("result", "text", "lines", "lost", "took_ms")}
    return convert({**told, "inverse": msgspec.json.decode(event.inverse)}, Outcome)
