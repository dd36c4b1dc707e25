"""The life cycle of one action, in a process of its own: plan, capture, run, watch. See `wfconsole.guard.protocol`.

stdin:  Begin, then "again", "capture", Run; its end means that the console is gone
stdout: what it found, line by line
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import queue
import resource
import signal
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec

from wfconsole.actions.asked import sensible
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import Action, BadRequestError, Stale, Unknown
from wfconsole.actions.systems import Systems
from wfconsole.actions.taking_back import as_kept, take_back
from wfconsole.clock import SECOND, Clock, Millis, SystemClock
from wfconsole.decoding import decoder_of
from wfconsole.guard import protocol
from wfconsole.guard.protocol import AGAIN, CAPTURE, KEEP, REVERT, Begin, Report, Run
from wfconsole.hands.words import words_of_the_console
from wfconsole.incident.plan import Outcome, Plan, Reading, Request, Signal, Verdict
from wfconsole.incident.verdict import verdict_of
from wfconsole.redaction import redact_text
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

_SAID_AT_MOST: Final = 400
_PATIENCE_MS: Final[Millis] = 5 * SECOND
_LOOK_S: Final = 0.05
_SET_DUMPABLE: Final = 4  # PR_SET_DUMPABLE of Linux's prctl


class _Gone(Exception):  # noqa: N818
    """The console is gone, or wants no more."""


def main() -> int:
    """The process. A signal that is meant for the console does not end it in the middle of a change."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _keep_memory()
    words: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(words,), daemon=True).start()
    first = words.get()
    if first is None:
        return 0
    begin = decoder_of(Begin).decode(first)
    with contextlib.suppress(_Gone):
        LifeCycle(begin, words, SystemClock()).through()
    return 0


class LifeCycle:
    """One action from its beginning to its verdict."""

    def __init__(self, begin: Begin, words: queue.SimpleQueue[bytes | None], clock: Clock) -> None:
        self._begin = begin
        self._words = words
        self._clock = clock
        self._systems = Systems(
            begin.settings, clock, receipt=begin.receipt, incident=begin.incident, operator=begin.operator
        )
        self._plan: Plan | None = begin.plan
        self._lock: IO[bytes] | None = None

    def through(self) -> None:
        """Everything that the console asks for, until it asks no more."""
        try:
            action = action_named(self._action_name())
            if self._begin.mode == "plan":
                self._planning(action)
            elif self._begin.mode == "observe":
                self._ask_later(action)
            else:
                self._watch(action, self._begin.ran_at)
        except (BadRequestError, Stale) as error:
            _tell(protocol.Trouble(_shown(str(error))))
        except SourceError as error:
            _tell(protocol.Trouble(_shown(error.message), _shown(error.remedy)))
        except _Gone:
            raise
        except Exception as error:  # noqa: BLE001  a traceback would end on a terminal, with whatever a client says in it
            _tell(protocol.Trouble(f"a fault of the console itself: {_fault(error)}"))

    def _action_name(self) -> str:
        request = self._plan.request if self._plan is not None else self._begin.request
        if request is None:
            raise BadRequestError("neither a request nor a plan")
        return request.action

    # --- before

    def _planning(self, action: Action) -> None:
        self._make_plan(action)
        while (word := self._words.get()) is not None:
            if word == AGAIN:
                self._make_plan(action)
            elif word == CAPTURE:
                self._capture(action)
            else:
                self._confirmed(action, decoder_of(Run).decode(word))
                return

    def _make_plan(self, action: Action) -> None:
        assert self._begin.request is not None
        # As the console will read it: what is confirmed has the digest of that.
        self._plan = as_kept(action.plan(sensible(self._begin.request), self._systems, self._clock.now()))
        _tell(protocol.Planned(self._plan))

    def _capture(self, action: Action) -> None:
        assert self._plan is not None
        self._hold(self._plan)
        for evidence in action.capture(self._plan, self._systems):
            _tell(protocol.Kept(evidence))
        _tell(protocol.Captured())

    def _hold(self, plan: Plan) -> None:
        """From here to its end nobody else on this machine does anything to the same thing. Raises Stale."""
        if not self._begin.locks or self._lock is not None:
            return
        folder = Path(self._begin.locks)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (folder / f"{plan.request.aim.key}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise Stale(f"another console acts on {plan.request.aim} just now") from None
        self._lock = file

    def _hold_soon(self, plan: Plan) -> None:
        """The same, with patience for who is about to end. Raises Stale."""
        until = self._clock.monotonic() + _PATIENCE_MS
        while True:
            try:
                return self._hold(plan)
            except Stale:
                if self._clock.monotonic() > until:
                    raise
            threading.Event().wait(_LOOK_S)

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.close()

    # --- the change

    def _confirmed(self, action: Action, run: Run) -> None:
        plan = self._plan
        assert plan is not None
        outcome = self._run(action, plan, run)
        _tell(protocol.Ran(outcome))
        if outcome.result not in ("done", "partial", "unknown"):
            self._let_go()
            return
        inverse = outcome.inverse or plan.inverse
        if plan.reverts_ms and inverse is not None:
            until = self._clock.monotonic() + plan.reverts_ms
            _tell(protocol.Provisional(self._clock.now() + plan.reverts_ms))
            self._watch(action, self._clock.now(), _Window(until, inverse))
        else:
            self._let_go()
            self._watch(action, self._clock.now())

    def _run(self, action: Action, plan: Plan, run: Run) -> Outcome:
        if run.digest != plan.digest:
            return Outcome("stale", "what was confirmed is another plan than the one at hand")
        began = self._clock.monotonic()
        try:
            self._hold(plan)
            _tell(protocol.Sending())
            outcome = action.run(plan, self._systems, _say)
        except Stale as error:
            outcome = Outcome("stale", _shown(str(error)))
        except Unknown as error:
            outcome = Outcome("unknown", _shown(str(error)))
        except SourceError as error:
            outcome = Outcome("failed", _shown(f"{error.message}. {error.remedy}".strip()))
        except Exception as error:  # noqa: BLE001  whatever it is, it may have been in the middle of the change
            outcome = Outcome("unknown", f"a fault of the console itself: {_fault(error)}")
        return msgspec.structs.replace(outcome, took_ms=self._clock.monotonic() - began)

    # --- after

    def _ask_later(self, action: Action) -> None:
        assert self._plan is not None
        try:
            self._hold_soon(self._plan)  # what another process is still doing may yet happen after "did not run"
            found, text = action.observe(self._plan, self._systems)
        except Stale as error:
            found, text = "cannot tell", f"not yet: {error}"
        except SourceError as error:
            found, text = "cannot tell", error.message
        _tell(protocol.Asked(found, _shown(text)))

    def _watch(self, action: Action, ran_at: Millis, window: _Window | None = None) -> None:
        """Read the signal until there is a verdict; with a window, until it is settled, too. Raises _Gone when the
        console is gone."""
        plan = self._plan
        assert plan is not None
        looked, judged = plan.signal, False
        if looked is not None and looked.probe:
            looked = None  # the console looks at it itself
        readings, look_at = list[Reading](), self._clock.monotonic()
        while (looked is not None and not judged) or window is not None:
            # What may still be taken back is looked at after its verdict, too: whoever decides sees how it stands.
            if looked is not None and self._clock.monotonic() >= look_at:
                readings.append(self._read(action, plan))
                _tell(protocol.Read(readings[-1]))
                look_at = self._clock.monotonic() + looked.every_ms
                judged = judged or self._judged(looked, readings, ran_at)
                continue
            moments = ([look_at] if looked is not None else []) + ([window.until] if window is not None else [])
            word = self._word_before(min(moments))
            settled = self._settled(word, window) if window is not None else None
            if window is None and word is None:
                raise _Gone
            if settled is not None:
                _tell(settled)
                self._let_go()
                window = None
                if not settled.kept:
                    if looked is not None and not judged:
                        _tell(protocol.Judged(Verdict("CANNOT TELL", "it was taken back before anybody could tell")))
                    return

    def _judged(self, looked: Signal, readings: Sequence[Reading], ran_at: Millis) -> bool:
        """Whether there is a verdict; it is said."""
        assert self._plan is not None
        verdict = verdict_of(looked, self._plan.before, readings, ran_at, self._clock.now())
        if verdict is not None:
            _tell(protocol.Judged(verdict))
        return verdict is not None

    def _settled(self, word: bytes | None, window: _Window) -> protocol.Settled | None:
        """What the console said, or its silence, makes of it; None while that is open."""
        if word == KEEP:
            return protocol.Settled(True)
        if word is None:
            why = "the console is gone"
        elif word == REVERT:
            why = "somebody asked for it"
        elif self._clock.monotonic() >= window.until:
            why = "nobody said in time that it shall stay"
        else:
            return None
        outcome = take_back(window.inverse, self._systems, _say)
        text = _shown(outcome.text)
        return protocol.Settled(False, why, msgspec.structs.replace(outcome, text=text))

    def _read(self, action: Action, plan: Plan) -> Reading:
        try:
            return action.measure(plan, self._systems)
        except SourceError as error:
            return Reading(self._clock.now(), None, _shown(error.message))

    def _word_before(self, until: Millis) -> bytes | None:
        """What the console says next, None once it is gone; b"" when it has said nothing by `until`."""
        left = (until - self._clock.monotonic()) / SECOND
        try:
            return self._words.get(timeout=max(0.0, left))
        except queue.Empty:
            return b""


class _Window(NamedTuple):
    """The time in which what was run may still take itself back."""

    until: Millis  # of the monotonic clock
    inverse: Request


def _say(text: str) -> None:
    _tell(protocol.Said(_shown(text)))


def _keep_memory() -> None:
    """There are passwords in it: it goes into no core, and no other process of this user reads it (Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def _fault(error: Exception) -> str:
    """What a developer needs, without a word of the error itself: `KeyError in sight.py, line 80`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _shown(text: str) -> str:
    return redact_text(safe(text, _SAID_AT_MOST))


def _listen(words: queue.SimpleQueue[bytes | None]) -> None:
    for word in words_of_the_console():
        words.put(word)
    words.put(None)


def _tell(report: Report) -> None:
    """A console that is gone hears nothing; what has begun is finished all the same."""
    data = msgspec.json.encode(report) + b"\n"
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(1, data) :]
