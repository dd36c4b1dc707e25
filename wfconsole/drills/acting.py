"""What acts in a drill: it knows what the recording knows, and reaches nothing."""

from __future__ import annotations

import heapq
import itertools
import threading

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.drills.doors import Door
from wfconsole.drills.instants import moved
from wfconsole.drills.world import RecordedWorld
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin, Report, Run, Settled
from wfconsole.incident.plan import Outcome, Plan, Request, Verdict
from wfconsole.session.act_process import Silent

IN_A_DRILL = "in a drill, as it was recorded: "
_REMEDY = "In a drill only what was done when it was recorded can be done. Nothing was changed."
_NOT_HEARD = "the recording ends before anybody said whether it helped"
_NOT_UNDONE = "the recording does not show that it was taken back"
_GONE_ON = "the recorded world has gone on since this was planned: nothing was sent"
_FORGOTTEN = "a drill does not know what another one did"


class RecordedAct:
    """See `session.act_process.ActingProcess`, and `guard.protocol` for what it is told and tells."""

    def __init__(self, world: RecordedWorld, begin: Begin, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._door: Door | None = None
        self._plan: Plan | None = None
        self._word = threading.Condition()
        self._count = itertools.count()
        self._reports: list[tuple[Millis, int, Report]] = []
        self._left = False
        self._request = begin.request
        if begin.mode == "observe":
            self._report(protocol.Asked("cannot tell", _FORGOTTEN))
        elif begin.mode == "watch":
            self._report(protocol.Judged(Verdict("CANNOT TELL", _FORGOTTEN)))
        elif begin.request is not None:
            self._make_plan(begin.request)

    def say(self, word: bytes) -> None:
        if word == protocol.AGAIN and self._request is not None:
            self._make_plan(self._request)
        elif word == protocol.CAPTURE and self._door is not None:
            for each in self._door.evidence:
                self._report(protocol.Kept(each))
            self._report(protocol.Captured())
        elif word == protocol.KEEP:
            self._settle_now(Settled(kept=True))
        elif word == protocol.REVERT:
            self._settle_now(Settled(kept=False, why="the console said so", outcome=Outcome("unknown", _NOT_UNDONE)))
        elif word not in (protocol.AGAIN, protocol.CAPTURE):
            self._run(decoder_of(Run).decode(word))

    def hear(self, within_ms: Millis) -> Report:
        """The next report when it is due. Raises Silent."""
        until = self._clock.monotonic() + within_ms
        with self._word:
            while True:
                now = self._clock.monotonic()
                if self._reports and self._reports[0][0] <= now:
                    return heapq.heappop(self._reports)[2]
                if self._left or now >= until:
                    raise Silent(gone=self._left)
                due = min(until, self._reports[0][0]) if self._reports else until
                self._word.wait((due - now) / SECOND)

    def leave(self) -> None:
        with self._word:
            self._left = True
            self._word.notify_all()

    def kill(self) -> None:
        self.leave()

    def reap(self, within_ms: Millis) -> None:
        del within_ms
        self.leave()

    def _report(self, report: Report, after_ms: Millis = 0) -> None:
        with self._word:
            heapq.heappush(self._reports, (self._clock.monotonic() + after_ms, next(self._count), report))
            self._word.notify_all()

    def _make_plan(self, request: Request) -> None:
        found = self._world.answer_to(request)
        if isinstance(found, str):
            self._report(protocol.Trouble(found, _REMEDY))
            return
        self._door, now = found, self._clock.now()
        plan = moved(found.plan, self._world.shift)
        before = plan.before and msgspec.structs.replace(plan.before, at=now)
        place = f"{IN_A_DRILL}{plan.place}"
        self._plan = msgspec.structs.replace(plan, request=request, place=place, made_at=now, before=before)
        self._report(protocol.Planned(self._plan))

    def _run(self, told: Run) -> None:
        """Go through the door. What was heard when it was recorded is heard again, after as long."""
        door, plan = self._door, self._plan
        if door is None or plan is None or told.digest != plan.digest:
            self._report(protocol.Ran(Outcome("failed", "that is not the plan that was made: nothing was sent")))
            return
        if self._world.answer_to(plan.request) is not door:
            self._report(protocol.Ran(Outcome("stale", _GONE_ON)))
            return
        self._report(protocol.Sending())
        self._world.enter(door)
        took = door.ended_at - door.at
        self._report(protocol.Ran(door.outcome), took)
        if plan.reverts_ms:
            self._report(protocol.Provisional(self._clock.now() + took + plan.reverts_ms), took)
            self._report(_settled(door), took + plan.reverts_ms)
        if plan.signal is not None:
            verdict = door.verdict or Verdict("CANNOT TELL", _NOT_HEARD)
            self._report(protocol.Judged(verdict), max(took, door.verified_at - door.at))

    def _settle_now(self, said: Settled) -> None:
        """Instead of what would come of it by itself."""
        with self._word:
            self._reports = [each for each in self._reports if not isinstance(each[2], Settled)]
            heapq.heapify(self._reports)
        self._report(said)


def _settled(door: Door) -> Settled:
    """What comes of one that takes itself back when nobody says that it shall stay."""
    if door.settled is None or door.settled.kept:
        unknown = Outcome("unknown", _NOT_UNDONE)
        return Settled(kept=False, why="nobody said that it shall stay", outcome=unknown)
    return door.settled
