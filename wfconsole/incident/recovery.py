"""Whether it is over: the signals of recovery that the runbook declares, and for how long each has held without a gap.

Those of the stand-down list and of the chosen playbook count. Each is verified, holds but not for long enough, does
not hold, cannot be told, or is for people to say. A stretch in which nobody could tell verifies nothing: what holds
after it holds since then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.ledger import public_open
from wfconsole.incident.playbook import Runbook, Symptom
from wfconsole.incident.probing import evaluate, understood
from wfconsole.incident.state import IncidentState
from wfconsole.incident.wording import spell_duration
from wfconsole.observations.world import World
from wfconsole.text import clock_time

STAND_DOWN: Final = "stand-down"

RecoveryState = Literal["verified", "holds", "broken", "cannot tell", "ask people"]


class Verdict(msgspec.Struct, frozen=True):
    """One signal of recovery as it stands. `since`: since when it holds without a gap, 0 where it does not."""

    text: str
    state: RecoveryState
    words: str
    since: Millis = 0


class Gate(msgspec.Struct, frozen=True):
    """What speaks for calling it resolved, and what does not. `public`: what the public is still told."""

    verdicts: tuple[Verdict, ...] = ()
    public: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether no reason is needed: every signal that there is, and there is one, is verified; nothing is public."""
        return bool(self.verdicts) and not self.missing

    @property
    def told(self) -> tuple[str, ...]:
        """Every signal as it stands, and what is public: a line each."""
        return (*(f"{verdict.text}: {verdict.words}" for verdict in self.verdicts), *self._public)

    @property
    def _public(self) -> tuple[str, ...]:
        return tuple(f"public: {words}" for words in self.public)

    @property
    def missing(self) -> tuple[str, ...]:
        """Why it cannot be called resolved without a reason."""
        told = [f"{verdict.text}: {verdict.words}" for verdict in self.verdicts if verdict.state != "verified"]
        if not self.verdicts:
            told.append("the runbook declares no signals of recovery")
        return (*told, *self._public)

    @property
    def verified(self) -> tuple[str, ...]:
        """What the record keeps of it: what was verified, as it was shown."""
        return tuple(f"{verdict.text}: {verdict.words}" for verdict in self.verdicts if verdict.state == "verified")


class RecoveryHeld(msgspec.Struct, frozen=True):
    """Since when each signal's probe holds without a gap, by the probe's text; as far as this console saw it."""

    since: Mapping[str, Millis] = msgspec.field(default_factory=dict)

    def after(self, signals: Iterable[Symptom], before: World, world: World, source: str, now: Millis) -> RecoveryHeld:
        """Looked again after `source` has spoken at `now`; only the signals that rest on it are.

        `before` is the world up to now: what had gone stale in it was a gap.
        """
        since = dict(self.since)
        for signal in signals:
            probe = understood(signal.live)
            if source not in probe.sources:
                continue
            began = since.pop(signal.live, now)
            if evaluate(probe, world, now).holds:
                gap = not all(before.quality(name, now).conclusive for name in probe.sources)
                since[signal.live] = now if gap else min(began, now)
        return self if since == self.since else RecoveryHeld(since)


def recovery_signals(runbook: Runbook, state: IncidentState) -> tuple[Symptom, ...]:
    """The signals of the stand-down list and of the chosen playbook, each probe once."""
    lists = (runbook.checklist(STAND_DOWN), runbook.checklist(state.playbook) if state.playbook else None)
    found = [signal for each in lists if each is not None for signal in each.recovery]
    return tuple({signal.live or signal.text: signal for signal in found}.values())


def gate(runbook: Runbook, state: IncidentState, held: RecoveryHeld | None, world: World, now: Millis) -> Gate:
    """What stands between the incident and "resolved" at `now`."""
    kept = held or RecoveryHeld()
    signals = recovery_signals(runbook, state)
    return Gate(tuple(_verdict(signal, kept, world, now) for signal in signals), public_open(state))


def _verdict(signal: Symptom, held: RecoveryHeld, world: World, now: Millis) -> Verdict:
    if not signal.live:
        return Verdict(signal.text, "ask people", "no data shows it: somebody has to say so")
    result = evaluate(understood(signal.live), world, now)
    evidence = result.why or (result.lines[0] if result.lines else "")
    if result.holds is None:
        return Verdict(signal.text, "cannot tell", f"cannot tell: {evidence}")
    if not result.holds:
        return Verdict(signal.text, "broken", f"does not hold: {evidence}")
    since = held.since.get(signal.live, now)
    lasted = max(0, now - since)
    if lasted < signal.hold_ms:
        waits = f"held {spell_duration(lasted)} of {spell_duration(signal.hold_ms)}, since {clock_time(since)}"
        return Verdict(signal.text, "holds", waits, since)
    words = f"held {spell_duration(lasted)}, since {clock_time(since)} ({evidence})"
    return Verdict(signal.text, "verified", words, since)
