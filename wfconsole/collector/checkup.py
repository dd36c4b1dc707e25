"""The doctor's side in the collector: every system is looked at once, all at the same time, and in bounded time.

Each task has a thread of its own, which may be left behind: whatever hangs is told as that, and holds up nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from wfconsole.clock import SECOND, Millis
from wfconsole.collector.conclusions import concluded, switched_off, unreached
from wfconsole.collector.examinations import Build, Plan
from wfconsole.observations.checks import Check
from wfconsole.redaction import words_of
from wfconsole.sources.checking import Examination, Look, Looks
from wfconsole.sources.contract import CutShort, SourceError, Task

# For everything together; whoever waits for it waits a little longer, for this process to start. Looks have deadlines
# of their own, mostly far below.
WITHIN_MS: Final[Millis] = 10 * SECOND
# What a task that is cut has left to end in, before it is left behind.
_GRACE_S: Final = 0.5


def check_all(plans: Sequence[Plan], tell: Callable[[Check], None], within_ms: Millis = WITHIN_MS) -> None:
    """Tell the checks of every system, in their order. Returns in time, whatever hangs."""
    until = time.monotonic() + within_ms / SECOND
    underway = [(plan, _System(plan, plan.build, until) if plan.build is not None else None) for plan in plans]
    for plan, system in underway:
        if system is None:
            tell(switched_off(plan.system, "", plan.named_by))
        for check in system.checks() if system is not None else _all_off(plan):
            tell(check)


def _all_off(plan: Plan) -> list[Check]:
    return [switched_off(plan.system, source, plan.named_by) for source in plan.sources]


class _System:
    """One system on its way through its looks, in threads of its own from the start on."""

    def __init__(self, plan: Plan, build: Build, until: float) -> None:
        """`until`: of `time.monotonic`, when the checks must be there."""
        self._plan, self._build, self._until = plan, build, until
        self._checks: list[Check] | None = None
        self._thread = threading.Thread(target=self._run, name=plan.system, daemon=True)
        self._thread.start()

    def checks(self) -> list[Check]:
        """Its checks, once they are there or the time is over."""
        self._thread.join(max(0.0, self._until - time.monotonic()) + 2 * _GRACE_S)
        if self._checks is not None:
            return self._checks
        said = f"{self._plan.system}: stuck before the first question"
        remedy = "Is the home directory or a network drive gone?"
        return unreached(self._plan.system, self._plan.sources, SourceError("timeout", said, remedy=remedy))

    def _run(self) -> None:
        plan = self._plan
        try:
            examination = self._build()
            there = [source.name for source in examination.sources]
            off = [switched_off(plan.system, name, f"{name}.table") for name in plan.sources if name not in there]
            self._checks = [*concluded(plan.system, examination, _looked(examination, self._until)), *off]
        except SourceError as error:
            self._checks = unreached(plan.system, plan.sources, error)
        except Exception as error:  # noqa: BLE001  a system that we cannot cope with must not take the others with it
            self._checks = unreached(plan.system, plan.sources, _of_ours(plan.system, error))


def _looked(examination: Examination, until: float) -> Looks:
    """One step of every task, all at once."""
    tasks: dict[int, Task] = {id(task): task for task in examination.tasks}
    tasks |= {id(part.task): part.task for source in examination.sources for part in source.parts}
    steps = [_Step(task) for task in tasks.values()]
    for step in steps:
        step.wait(until)
    for step in steps:
        step.cut()
    after = time.monotonic() + _GRACE_S
    for step in steps:
        step.wait(after)
    looks = [step.look() for step in steps]
    rows = {
        source.name: {key: row for key, row in source.take().items() if row is not None}
        for source in examination.sources
    }
    return Looks(looks, rows)


class _Step:
    """One step of a task, under way."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._look: Look | None = None
        self._thread = threading.Thread(target=self._run, name=task.name, daemon=True)
        self._began = time.monotonic()
        self._thread.start()

    def wait(self, until: float) -> None:
        self._thread.join(max(0.0, until - time.monotonic()))

    def cut(self) -> None:
        """End it, where it is not over."""
        if self._thread.is_alive():
            self._task.cut()

    def look(self) -> Look:
        """How it went; one that hangs even now is left behind."""
        return self._look if self._look is not None else self._done(_late(self._task))

    def _run(self) -> None:
        try:
            self._task.step(lambda: None)
        except CutShort:
            self._look = self._done(_late(self._task))
        except SourceError as error:
            self._look = self._done(error)
        except Exception as error:  # noqa: BLE001  as the collector's worker: an observation, never a crash
            self._look = self._done(_of_ours(self._task.name, error))
        else:
            self._look = self._done(None)

    def _done(self, error: SourceError | None) -> Look:
        return Look(self._task, error, round((time.monotonic() - self._began) * SECOND))


def _late(task: Task) -> SourceError:
    return SourceError("timeout", f"{task.name}: no answer in time", remedy="The server or the way to it hangs.")


def _of_ours(what: str, error: Exception) -> SourceError:
    said = f"{what}: {words_of(error)}"
    return SourceError("bad-answer", said, remedy="This is a bug of wfconsole; please report it.")
