"""What the incident did, as far as the record holds it: for how long, to what, and which promises to users it broke."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.checklist import active_checklist
from wfconsole.incident.events import Entry, Noticed, StatusChanged
from wfconsole.incident.recovery import recovery_signals
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
    """When nobody could see signals within the incident: no console was open, their source was lost, or there was none
    as far as the record tells."""
    within = window(record)
    if within is None:
        return ()
    if not _watched(record):
        return (within,)
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


def _watched(record: Record) -> bool:
    """Whether anything on record says that there were signals to see."""
    events = (entry.event for entry in record.entries)
    return any(
        isinstance(event, Noticed) and (event.family in ("signal", "slo") or event.key == "source signals")
        for event in events
    )


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
    if not _watched(record):
        return gap("no signal is on record, so nobody can tell whether a promise to users was broken.")
    return gap("no broken promise to users is on record; the impact section says how far the record can tell.")


def slo(record: Record) -> str:
    """Minutes in which a promise to users was broken; on what that rests, and what is not known."""
    within = window(record)
    if within is None:
        return gap("the times of this incident contradict each other, so no minutes can be counted.")
    if not _watched(record):
        whole = _minutes(within[1] - within[0])
        return gap(
            f"no signal is on record, so for the whole incident ({whole}) nobody can tell whether a promise to users "
            "was broken."
        )
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
        parts.append("No signal is on record as past its bound.")
    if past:
        parts.append(bullets([_past(each) for each in past]))
    rests = ["Only what an open console saw is counted, so the true figures may be higher."]
    if blind:
        rests.append(f"For {_minutes(_length(blind))} of the incident nobody could see the signals.")
    parts.append(" ".join(rests))
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
    told = [f"users, as written down: {words(text)}" for _entry, text in record.said_about("users", "impact")]
    users = bullets(told) if told else gap("nobody wrote down which users were affected.")
    if not rows:
        return f"{users}\n\nNo affected workload, service or system is on record."
    more = [f"and {len(rows) - _SHOWN} more, in the timeline"] if len(rows) > _SHOWN else []
    affected = f"The console saw {counted(len(seen), 'affected object')}:"
    return "\n\n".join((users, affected, bullets([*rows[:_SHOWN], *more])))


def spell_span(line: Line, event: Noticed) -> str:
    """From when to when a condition held; flaps are no single span. `event` is its first one."""
    times = f"{line.count} times between " if line.count > 1 and not line.counts else ""
    until = iso(line.until) if line.until else "the end of the record"
    return f"{times}{iso(event.since or line.at)} {'and' if times else 'to'} {until}"


def recovery(record: Record) -> str:
    """What showed that it was over, as the last resolution has it, and what did not; "" while it is not resolved."""
    if not record.state.resolved:
        return ""
    found = _resolution(record)
    if found is None:
        return gap("what showed that it was over is not written down.")
    entry, last = found
    why = f"gave as the reason: {words(last.reason).rstrip('.')}." if last.reason else "gave no reason."
    told = [f"{words(entry.actor)} called the incident resolved and {why}", *_signals_at(record, last)]
    checklist = active_checklist(record.runbook, record.state)
    if still := checklist.total - checklist.closed:
        stayed = "was" if still == 1 else "were"
        told.append(f"{still} of {counted(checklist.total, 'step')} of the checklist {stayed} never closed.")
    return "\n\n".join(told)


def _resolution(record: Record) -> tuple[Entry, StatusChanged] | None:
    """The last time that somebody called it resolved."""
    for entry in reversed(record.entries):
        event = entry.event
        if isinstance(event, StatusChanged) and event.status == "resolved" and record.is_shown(entry.id):
            return entry, event
    return None


def _signals_at(record: Record, resolution: StatusChanged) -> list[str]:
    """Which of the runbook's signals of recovery were verified at a resolution, and which were not."""
    verified = [words(shown) for shown in resolution.verified]
    wanted = [signal.text for signal in recovery_signals(record.runbook, record.state)]
    missing = [words(text) for text in wanted if not any(shown.startswith(f"{text}:") for shown in resolution.verified)]
    told = [f"Verified at that moment:\n\n{bullets(verified)}"] if verified else []
    if missing:
        told.append(f"Not verified at that moment:\n\n{bullets(missing)}")
    return told or ["No signal of recovery was verified at that moment."]


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
