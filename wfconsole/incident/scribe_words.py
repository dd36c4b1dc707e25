"""What the scribe writes of a condition: the event, and its words."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.clock import Millis
from wfconsole.incident.condition import Condition
from wfconsole.incident.events import Noticed, Phase
from wfconsole.incident.looks import said_when_over, what_is_counted
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.text import clock_time


def name(subject: str, namespace: str) -> str:
    """The name alone for what is in the namespace that the console is pinned to, else with its namespace."""
    parts = subject.split("/")
    if len(parts) < 3 or parts[1] == namespace:
        return parts[-1]
    return f"{parts[1]}/{parts[-1]}"


def event(key: str, found: Condition, phase: Phase, text: str, now: Millis) -> Noticed:
    """What is written of it at `now`, with the words of the worst where they are not written yet."""
    ended, counts, told = phase == "ended", what_is_counted(key), found.told.worst
    if ended:
        worse = found.worst.rank > told.rank or (bool(counts) and found.worst.text != told.text)
    else:
        worse = found.worst.text not in ("", found.text)
    return Noticed(
        key,
        found.family,
        phase,
        found.level,
        text,
        found.subject,
        found.since,
        count=found.count,
        sources=() if ended else found.concerned.now,
        over_at=found.until if ended and found.until != now else 0,
        last_at=(found.last or found.began) if found.count > 1 else 0,
        counts=counts,
        affected=max(1, found.worst.affected),
        whole=found.worst.whole,
        worst=found.worst.text if worse else "",
        worst_at=found.worst.at if worse else 0,
        counter=found.counter,
    )


def over(key: str, found: Condition, namespace: str) -> str:
    """`gateway is ready again, after 4 min`; of flaps how many there were, of crashes how many, and when the last."""
    sources, what = len(found.concerned.ever), what_is_counted(key)
    named = name(found.subject, namespace) + (f", {counted(sources, 'source')}" if sources > 1 else "")
    text = said_when_over(key, gone=found.gone).replace("{name}", named)
    text += f", after {spell_duration(found.until - found.began)}"
    if found.count > 1 and what:
        text += f", {counted(found.count, what)} seen"
    elif found.count > 1:
        text += f"; {found.count} times within {spell_duration(found.until - found.since)}"
    return f"{text}, the last {what} was at {clock_time(found.last)}" if what and found.quiet else text


def scaled(subject: str, path: Sequence[int], count: int, namespace: str) -> str:
    """`gateway scaled 4 -> 10 -> 4, 6 moves`."""
    moves = f", {count} moves" if count > 1 else ""
    return f"{name(subject, namespace)} scaled {' -> '.join(map(str, path))}{moves}"


def flood(word: str, subjects: Sequence[str], most: int, namespace: str) -> str:
    """Many things that began at once; `most` of them by name."""
    names = ", ".join(name(subject, namespace) for subject in subjects[:most])
    more = f" and {len(subjects) - most} others" if len(subjects) > most else ""
    return f"{word}: {len(subjects)} more at once: {names}{more}"
