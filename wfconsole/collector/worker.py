"""One thread for each task: it steps, waits, and never gives up."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.observations.snapshot import Failure
from wfconsole.redaction import words_of
from wfconsole.sources.contract import CutShort, SourceError, Task

LONGEST_WAIT_MS: Millis = 60 * SECOND
# Beyond all deadlines by this much, a step is stuck.
STUCK_AFTER_MS: Millis = 2 * SECOND
# Shorter failures are no outage: whoever lists and cannot watch fails anew every second, and must wake nobody.
OUTAGE_MS: Millis = 5 * SECOND
# Waits between two looks differ by so much, so that neither sources nor consoles ask in step.
JITTER: Final = 0.1
# Somebody who is woken in vain is left to its own pace for so long.
WOKEN_EVERY_MS: Millis = 15 * SECOND


class Standing(msgspec.Struct, frozen=True):
    """How it stands with a task. `good_at`: when what it holds was last known to be current; None: never."""

    good_at: Millis | None = None
    failure: Failure | None = None
    took_ms: int = 0


def wait_after(attempts: int, retry_after_ms: Millis | None, spread: Callable[[float, float], float]) -> Millis:
    """How long to wait after so many failures in a row: 1, 2, 4 ... 60 s with full jitter, but never less than what the
    server asked for. The spread keeps a room full of consoles from coming back in step."""
    most = min(LONGEST_WAIT_MS, SECOND << min(attempts - 1, 10))
    wait = int(spread(SECOND // 4, most))
    return wait if retry_after_ms is None else max(wait, retry_after_ms)


def jittered(wait: Millis, spread: Callable[[float, float], float]) -> Millis:
    """A wait between two looks that went well."""
    return round(wait * spread(1 - JITTER, 1 + JITTER))


class Worker:
    """Runs one task in a daemon thread. `notify` is called whenever its standing changed in a way worth telling,
    `through` when it gets an answer again after an outage: what failed beside it may get one too."""

    def __init__(
        self, task: Task, clock: Clock, notify: Callable[[], None], through: Callable[[], None] = lambda: None
    ) -> None:
        self.task = task
        self.standing = Standing()  # replaced whole by its own thread; read by others
        self._clock = clock
        self._notify = notify
        self._through = through
        self._wake = threading.Event()
        self._backs_off = False  # whether it waits to try again, for as long as it thinks best
        self._woken_at: Millis = -WOKEN_EVERY_MS  # monotonic
        self._attempts = 0
        self._began: Millis = 0  # monotonic: of the step that is under way
        self._timed = False
        self._stuck = False
        self._settled = False  # whether its first step is done

    @property
    def first_step_over(self) -> bool:
        """Whether it went well once, or failed."""
        return self._settled or self.standing.failure is not None

    def start(self) -> None:
        threading.Thread(target=self._run, name=self.task.name, daemon=True).start()

    def retry(self) -> None:
        """Look now, from any thread: ends a wait, and a watch that is under way."""
        self._attempts = 0
        self._wake.set()
        self.task.cut()

    def try_again(self) -> None:
        """From any thread: another task of the same server got through. A wait that the server asked for goes on; the
        count of attempts does too, for a server that is not well yet."""
        now = self._clock.monotonic()
        if self._backs_off and now - self._woken_at >= WOKEN_EVERY_MS:
            self._woken_at = now
            self._wake.set()

    def check(self) -> None:
        """Called by the pacer: report a step that hangs where no deadline reaches, and try to cut it loose."""
        overdue = self.task.overdue_ms()
        if overdue < STUCK_AFTER_MS:
            return
        first = not self._stuck
        self._stuck = True
        self.task.cut()
        said = f"{self.task.name}: stuck for {(self._clock.monotonic() - self._began) // SECOND} s"
        self._failed(SourceError("timeout", said, remedy="Is the home directory or the network drive gone?"), 0)
        if first:
            self._notify()

    def _run(self) -> None:
        while True:
            wait = self._step()
            if wait > 0:
                self._wake.wait(wait / 1000)
            self._backs_off = False
            self._wake.clear()

    def _step(self) -> Millis:
        """One step of the task; how long to wait after it."""
        self._began, self._timed = self._clock.monotonic(), False
        try:
            wait = self.task.step(self._proven)
            self._settle()
        except CutShort:
            if self._stuck:
                return self._back_off(SourceError("timeout", f"{self.task.name}: was stuck"))
            return 0
        except SourceError as error:
            return self._back_off(error)
        except Exception as error:  # noqa: BLE001  a source that cannot cope is an observation, never a crash
            said = f"{self.task.name}: {words_of(error)}"
            return self._back_off(
                SourceError("bad-answer", said, remedy="This is a bug of wfconsole; please report it.")
            )
        else:
            return jittered(wait, random.uniform)
        finally:
            self._stuck = False

    def _settle(self) -> None:
        """The first step is done: from here on, what it sees is told at the pacer's pace."""
        if not self._settled:
            self._settled = True
            self._notify()

    def _back_off(self, error: SourceError) -> Millis:
        self._attempts += 1
        wait = wait_after(self._attempts, error.retry_after_ms, random.uniform)
        self._backs_off = error.retry_after_ms is None
        self._failed(error, wait)
        self._notify()
        return wait

    def _failed(self, error: SourceError, wait: Millis) -> None:
        before = self.standing.failure
        now = self._clock.now()
        failure = Failure(
            kind=error.kind,
            message=error.message,
            since=before.since if before is not None else now,
            remedy=error.remedy,
            attempts=max(1, self._attempts),
            retry_at=now + wait if wait else 0,
            right=error.right,
        )
        self.standing = msgspec.structs.replace(self.standing, failure=failure)

    def _proven(self) -> None:
        """What the task holds is current as of now."""
        before, now = self.standing, self._clock.now()
        if self._timed and self._settled and before.failure is None and before.good_at == now:
            return  # a busy watch proves it with each change
        took = before.took_ms
        if not self._timed:
            self._timed = True
            took = self._clock.monotonic() - self._began
        self._attempts = 0
        self.standing = Standing(good_at=now, took_ms=took)
        if not self._settled or before.failure is not None:
            self._notify()
        if before.failure is not None and self._clock.now() - before.failure.since >= OUTAGE_MS:
            self._through()
