"""What the incident did, as far as the record holds it: for how long, to what, and which promises to users it broke."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.events import Noticed, StatusChanged
from wfconsole.incident.state import Line
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.levels import Level
from wfconsole.reports.markdown import bullets, gap, words
from wfconsole.reports.record import Record, iso

Span = tuple[Millis, Millis]

# Told elsewhere: signals below, sources in "About this record", changes in the analysis.
_NO_SCOPE: Final = frozenset(("signal", "slo", "source", "rollout", "scale", "change", "alert"))
_SHOWN: Final = 20
_KINDS: Final = {"slo": "a promise to users", "signal": "no promise to users"}


class Past(msgspec.Struct, frozen=True):
    """When one signal was past its bound, within the incident. `slo`: the bound is a promise to users."""

    name: str
    slo: bool
    spans: tuple[Span, ...]
    worst: str

    @property
    def lasted(self) -> Millis:
        return _length(self.spans)


def window(record: Record) -> Span | None:
    """From when it broke (or was detected) to its resolution, or to the last entry; None where the times contradict."""
    moments = record.state.moments
    start = moments.get("started", moments.get("detected", record.state.declared_at))
    end = moments.get("resolved", record.last_at)
    return (start, end) if end >= start else None


def unseen(record: Record) -> tuple[Span, ...]:
    """When nobody could see signals within the incident: no console was open, or their source was lost."""
    within = window(record)
    if within is None:
        return ()
    spans = [(start, end) for start, end, _how in record.unattended()]
    begun: dict[str, Millis] = {}
    for entry in record.entries:
        event = entry.event
        if not isinstance(event, Noticed) or event.family != "source":
            continue
        if event.phase != "ended" and _blinds(event):
            begun.setdefault(event.key, entry.at)
        elif event.key in begun:
            spans.append((begun.pop(event.key), entry.at))
    spans += [(start, record.last_at) for start in begun.values()]
    return _joined(_clipped(spans, within))


def _blinds(event: Noticed) -> bool:
    """Whether signals are lost with it: their own source, their right, or all that there is."""
    if event.key in ("source signals", "collector"):
        return True
    return "signals" in event.sources and event.level >= Level.WARNING


def signals_past(record: Record) -> tuple[Past, ...]:
    """Each signal that the scribe saw past its bound, the promises to users first, the longest before others."""
    within = window(record)
    if within is None:
        return ()
    begun: dict[str, Millis] = {}
    spans: dict[str, list[Span]] = {}
    told: dict[str, Noticed] = {}
    for entry in record.entries:
        event = entry.event
        if not isinstance(event, Noticed) or event.family not in ("signal", "slo") or not record.is_shown(entry.id):
            continue
        if event.phase == "ended":
            over_at = event.over_at or entry.at
            spans.setdefault(event.key, []).append((begun.pop(event.key, over_at), over_at))
            continue
        if event.key not in begun:
            began = event.since if event.phase == "began" else event.last_at
            begun[event.key] = min(began or entry.at, entry.at)
        if event.level >= told.get(event.key, event).level:
            told[event.key] = msgspec.structs.replace(event, text=event.worst or event.text)
    for key, start in begun.items():
        spans.setdefault(key, []).append((start, record.last_at))
    found = [
        Past(_name(event), event.family == "slo", _joined(_clipped(spans.get(key, ()), within)), event.text)
        for key, event in told.items()
    ]
    return tuple(sorted((past for past in found if past.spans), key=lambda past: (not past.slo, -past.lasted)))


def slo_minutes(record: Record) -> str:
    """The same in a line, for the summary."""
    broken = _joined(span for each in signals_past(record) if each.slo for span in each.spans)
    if broken:
        return f"{_minutes(_length(broken))} in which at least one promise to users was broken"
    return gap("no broken promise to users is on record; see below on what that rests.")


def slo(record: Record) -> str:
    """Minutes in which a promise to users was broken; on what that rests, and what is not known."""
    if window(record) is None:
        return gap("the times of this incident contradict each other, so no minutes can be counted.")
    past, blind = signals_past(record), unseen(record)
    promises = [each for each in past if each.slo]
    parts = []
    if promises:
        broken = _joined(span for each in promises for span in each.spans)
        named = ", ".join(words(each.name) for each in promises)
        parts.append(f"{_minutes(_length(broken))} in which at least one promise to users was broken ({named}).")
    elif past:
        parts.append("No promise to users is known to have been broken; other signals were past their bounds.")
    else:
        parts.append(gap("no signal is on record as past its bound; whether any was watched, the journal cannot tell."))
    if past:
        parts.append(bullets([_past(each) for each in past]))
    rests = "Known is what the scribe wrote down in the journal while a console was open"
    rests += ": it was at least so long." if past else "."
    if blind:
        rests += f" Not known: {_minutes(_length(blind))} of the incident in which nobody could see the signals."
    parts.append(rests)
    return "\n\n".join(parts)


def scope(record: Record) -> str:
    """Which workloads and services were hit, in the console's own words, and what people said of users."""
    rows = []
    seen: set[str] = set()
    for entry in record.entries:
        event, line = entry.event, record.state.lines.get(entry.id)
        if not isinstance(event, Noticed) or line is None or not record.is_shown(entry.id):
            continue
        if event.family in _NO_SCOPE or event.phase == "once" or line.level < Level.WARNING:
            continue
        seen.add(event.subject or event.key)
        rows.append(f"{words(line.text)}, {spell_span(line, event)}")
    users = [f"users, as written down: {words(text)}" for _entry, text in record.said_about("users", "impact")]
    if not users:
        users = [gap("nobody wrote down which users were affected.")]
    more = [f"and {len(rows) - _SHOWN} more, in the timeline"] if len(rows) > _SHOWN else []
    if not rows:
        rows = ["no workload, service or system is on record as hit"]
    else:
        users.append(f"{counted(len(seen), 'thing')} hit, as the console saw it:")
    return bullets([*users, *rows[:_SHOWN], *more])


def spell_span(line: Line, event: Noticed) -> str:
    """From when to when a condition held; flaps are no single span. `event` is its first one."""
    times = f"{line.count} times between " if line.count > 1 and not line.counts else ""
    until = iso(line.until) if line.until else "the end of the record"
    return f"{times}{iso(event.since or line.at)} {'and' if times else 'to'} {until}"


def recovery(record: Record) -> str:
    """What showed that it was over, as the last resolution has it; "" while it is not resolved."""
    if not record.state.resolved:
        return ""
    resolutions = (entry.event for entry in reversed(record.entries) if record.is_shown(entry.id))
    last = next(
        (event for event in resolutions if isinstance(event, StatusChanged) and event.status == "resolved"), None
    )
    if last is None:
        return gap("what showed that it was over is not written down.")
    head = f"Called resolved: {words(last.reason)}." if last.reason else "Called resolved without a reason."
    if not last.verified:
        return f"{head} No signal was verified then."
    return f"{head} Verified then:\n\n{bullets([words(shown) for shown in last.verified])}"


def business(record: Record) -> str:
    """Only people know what it cost."""
    told = [f"{words(text)} ({words(entry.actor)})" for entry, text in record.said_about("business", "revenue")]
    return bullets(told) if told else gap("nobody wrote down what it cost the business.")


def _past(past: Past) -> str:
    times = ", ".join(f"{iso(start)} to {iso(end)}" for start, end in past.spans[:_SHOWN])
    more = f" and {len(past.spans) - _SHOWN} times more" if len(past.spans) > _SHOWN else ""
    kind = _KINDS["slo" if past.slo else "signal"]
    return f"{words(past.name)} ({kind}): {_minutes(past.lasted)}, at worst {words(past.worst)}: {times}{more}"


def _name(event: Noticed) -> str:
    """`errors of gateway in production` from `Signal/production/gateway errors`."""
    parts = event.subject.split("/")[1:]
    if not parts:
        return event.key
    service, _, rule = parts[-1].rpartition(" ")
    where = f" in {parts[0]}" if len(parts) > 1 else ""
    return f"{rule} of {service}{where}" if service else rule


def _minutes(length: Millis) -> str:
    """Whole minutes, each that was begun counts: `17 min`, from two hours on with the hours beside them."""
    minutes = -(-length // MINUTE)
    return f"{minutes} min" + (f" ({spell_duration(length)})" if minutes >= 120 else "")


def _clipped(spans: Iterable[Span], within: Span) -> list[Span]:
    cut = ((max(start, within[0]), min(end, within[1])) for start, end in spans)
    return [(start, end) for start, end in cut if end > start]


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Without overlaps, in the order of time."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _length(spans: Iterable[Span]) -> Millis:
    return sum(end - start for start, end in spans)
