"""Whether an action has helped: the declared signal in its window, and nothing concluded from what is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.clock import Millis
from wfconsole.incident.plan import Reading, Signal, Verdict
from wfconsole.incident.wording import spell_duration


def verdict_of(
    signal: Signal, before: Reading | None, readings: Sequence[Reading], ran_at: Millis, now: Millis
) -> Verdict | None:
    """The verdict at `now`; None while it is open. `readings`, in order: those since the action's end at `ran_at`."""
    known_before = None if before is None else before.value
    last = readings[-1] if readings else None
    if last is not None and last.undone:
        return Verdict("NO EFFECT", last.undone, known_before, last.value)
    held = _held_ms(signal, readings)
    if held is not None and held >= signal.hold_ms:
        assert last is not None
        return Verdict("WORKED", _told(signal, last, known_before), known_before, last.value)
    if now - ran_at < signal.window_ms:
        return None
    if last is None or last.value is None:
        why = last.text if last is not None and last.text else "it could not be read"
        return Verdict("CANNOT TELL", f"{signal.text}: {why}", known_before)
    told = _told(signal, last, known_before)
    if held is not None:
        needed = f"held {spell_duration(held)} of {spell_duration(signal.hold_ms)} when its time was over"
        return Verdict("CANNOT TELL", f"{told}, {needed}", known_before, last.value)
    if known_before is None:
        return Verdict("CANNOT TELL", f"{told}; nobody knows what it was before", None, last.value)
    word = "WORSE" if signal.worse(last.value, known_before) else "NO EFFECT"
    return Verdict(word, told, known_before, last.value)  # type: ignore[arg-type]  # one of two words


def _held_ms(signal: Signal, readings: Sequence[Reading]) -> Millis | None:
    """For how long the goal has been met without a gap up to the last reading; None when it is not met there."""
    since: Millis | None = None
    for reading in readings:
        met = reading.value is not None and signal.met(reading.value)
        since = (since if since is not None else reading.at) if met else None
    return None if since is None else readings[-1].at - since


def _told(signal: Signal, last: Reading, before: float | None) -> str:
    unit = f" {signal.unit}" if signal.unit and signal.unit != "%" else signal.unit
    asked = f"{'at least' if signal.more else 'at most'} {signal.goal:g}{unit}"
    was = "not known" if before is None else f"{before:g}{unit}"
    return f"{signal.text}: {was} -> {last.value:g}{unit} (asked: {asked})"
