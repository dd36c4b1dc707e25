"""The section `Severity policy`: criteria and clocks of each severity, and the calendar of working days."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterator

from wfconsole.incident.playbook import Place
from wfconsole.incident.policy import (
    SEVERITIES,
    BusinessCalendar,
    Call,
    CallKind,
    SeverityName,
    SeverityPolicy,
    SeverityRule,
    SeveritySign,
    Span,
)
from wfconsole.runbook.markdown import Listing
from wfconsole.runbook.problems import Problems, near
from wfconsole.runbook.properties import (
    Properties,
    Property,
    duration,
    entries_of,
    held_probe,
    names_of,
    read_properties,
    severity_named,
    text_of,
)
from wfconsole.runbook.sections import Part, Section, parts

_RULE_KEYWORDS = (
    *("criteria", "signals", "respond", "resolve", "update", "page", "tell", "escalate", "roles", "meeting"),
)
_CALLS: tuple[CallKind, ...] = ("page", "tell", "escalate")
_CALLED = re.compile(r"(.+?),\s+(?:(at once)|(?:within|after) (.+))")
_CALENDAR_KEYWORDS = ("time zone", "days", "hours", "holidays")
_HEADING = re.compile(r"(SEV[ -]?\d)\W*(.*)")
_OUR_DEFAULT = re.compile(r"\s*\(our default\)$")
_BUSINESS_DAYS = re.compile(r"(\d{1,3}) business days?")
_HOURS = re.compile(r"([0-2]\d):([0-5]\d) (?:to|-) ([0-2]\d):([0-5]\d)")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = "a time such as '15 minutes', '4 hours' or '5 business days'"


def read_policy(section: Section, problems: Problems) -> SeverityPolicy:
    """All four severities, each with the time to respond and to resolve, and the calendar (Monday to Friday, UTC)."""
    rules: dict[SeverityName, SeverityRule] = {}
    calendar = BusinessCalendar()
    for part in parts(section):
        if part.heading is None:
            continue
        match = _HEADING.fullmatch(part.heading.text)
        name = severity_named(match[1]) if match else None
        if match and name is None:
            problems.add(part.heading.place, f"unknown severity '{match[1]}'", "SEV1, SEV2, SEV3 or SEV4")
        elif match and name in rules:
            problems.add(part.heading.place, f"{name} stands here twice", "each severity once")
        elif match and name:
            rules[name] = _rule(name, match[2].strip(), part, problems)
        elif part.heading.text.lower() == "business calendar":
            calendar = _calendar(part, problems)
        elif hint := near(part.heading.text, ("business calendar",)):
            problems.add(part.heading.place, f"unknown heading '{part.heading.text}'{hint}", "'Business calendar'")
    if missing := [name for name in SEVERITIES if name not in rules]:
        problems.add(section.place, f"{', '.join(missing)} missing", "a heading for each of SEV1, SEV2, SEV3, SEV4")
    return SeverityPolicy(tuple(rules[name] for name in SEVERITIES if name in rules), calendar)


def _rule(name: SeverityName, title: str, part: Part, problems: Problems) -> SeverityRule:
    found = _annotations(part, _RULE_KEYWORDS, name, problems)
    place = part.heading.place if part.heading else Place("", 0)
    for needed in ("criteria", "respond", "resolve"):
        if needed not in found:
            problems.add(
                place, f"{name} does not say '{needed.capitalize()}'", f"a bullet '{needed.capitalize()}: ...'"
            )
    update, is_default = _update(found.get("update"), problems)
    calls = tuple(call for kind in _CALLS for call in _calls(kind, found, problems))
    return SeverityRule(
        name=name,
        title=title,
        criteria=entries_of(found, "criteria", problems),
        respond=_span(found.get("respond"), problems),
        resolve=_span(found.get("resolve"), problems),
        update=update,
        update_is_default=is_default,
        escalation=tuple(call.text for call in calls if call.kind == "escalate"),
        roles=names_of(found, "roles", problems),
        signs=_signs(found.get("signals"), problems),
        calls=calls,
        meeting=_meeting(found.get("meeting"), problems),
    )


def _signs(found: Property | None, problems: Problems) -> tuple[SeveritySign, ...]:
    """What speaks for a severity: in words, and below them `Signal:` as symptoms have it."""
    if found is None:
        return ()
    signs: list[SeveritySign] = []
    for item in found.bullets:
        nested = tuple(inner for block in item.blocks[1:] if isinstance(block, Listing) for inner in block.items)
        signal = read_properties(nested, ("signal",), "a sign of a severity", problems).get("signal")
        if item.head is None or signal is None:
            problems.add(item.place, "nothing can be seen of this sign", "its words, and 'Signal: a probe' below them")
        else:
            signs.append(SeveritySign(item.head.text, *held_probe(signal, problems)))
    if found.value or not signs:
        problems.add(found.place, "'Signals' holds no bullets", "a bullet for each sign below it")
    return tuple(signs)


def _calls(kind: CallKind, found: Properties, problems: Problems) -> Iterator[Call]:
    """Who is called, and within which time where the bullet ends with one: "VP Engineering, within 1 hour".

    Words of `Escalate` that are no time are words: runbooks had them before they had clocks.
    """
    for text in entries_of(found, kind, problems):
        words = _OUR_DEFAULT.sub("", text)
        match = _CALLED.fullmatch(words)
        if match is None or match[2]:
            yield Call(kind, match[1] if match else words, text=text)
            continue
        within = parsed_span(match[3])
        if within is None and kind != "escalate":
            problems.add(found[kind].place, f"'{match[3]}' is no time", _SPAN)
        yield Call(kind, match[1] if within else words, within, text)


def _meeting(found: Property | None, problems: Problems) -> Span | None:
    """`within 48 hours`; `none` where nobody meets."""
    if found is None:
        return None
    words = _OUR_DEFAULT.sub("", found.value)
    if words.lower() == "none":
        return None
    span = parsed_span(words.removeprefix("within "))
    if span is None:
        problems.add(found.place, f"'{found.value}' is no time", f"'none', or {_SPAN}")
    return span


def _annotations(part: Part, known: tuple[str, ...], where: str, problems: Problems) -> Properties:
    return read_properties((item for block in part.bullets for item in block.items), known, where, problems)


def _span(found: Property | None, problems: Problems) -> Span:
    if found is None:
        return Span()
    span = parsed_span(found.value)
    if span is None:
        problems.add(found.place, f"'{found.value}' is no time", _SPAN)
    return span or Span()


def parsed_span(text: str) -> Span | None:
    """`15 minutes`, `5 business days`; None for anything else."""
    if match := _BUSINESS_DAYS.fullmatch(text):
        return Span(business_days=int(match[1]), text=text) if int(match[1]) else None
    allowed = duration(text)
    return Span(duration_ms=allowed, text=text) if allowed else None


def _update(found: Property | None, problems: Problems) -> tuple[Span | None, bool]:
    """The cadence of updates, and whether `(our default)` stands behind it. `none`: no update is owed."""
    if found is None:
        return None, False
    text = _OUR_DEFAULT.sub("", found.value)
    is_default = text != found.value
    if text.lower() == "none":
        return None, is_default
    span = parsed_span(text.removeprefix("every "))
    if span is None:
        problems.add(
            found.place, f"'{found.value}' is no cadence", f"'none', or {_SPAN}; then '(our default)' or nothing"
        )
    return span, is_default


def _calendar(part: Part, problems: Problems) -> BusinessCalendar:
    found = _annotations(part, _CALENDAR_KEYWORDS, "the business calendar", problems)
    usual = BusinessCalendar()
    start, end = _hours(found.get("hours"), problems) or (usual.start_minute, usual.end_minute)
    return BusinessCalendar(
        timezone=_time_zone(found.get("time zone"), problems) or usual.timezone,
        days=_days(found.get("days"), problems) or usual.days,
        start_minute=start,
        end_minute=end,
        holidays=_holidays(found, problems),
    )


def _time_zone(found: Property | None, problems: Problems) -> str:
    if found is None or found.value == "UTC":
        return found.value if found else ""
    try:
        zoneinfo.ZoneInfo(found.value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        problems.add(found.place, f"unknown time zone '{found.value}'", "an IANA name such as UTC or Europe/Berlin")
        return ""
    return found.value


def _hours(found: Property | None, problems: Problems) -> tuple[int, int] | None:
    if found is None:
        return None
    match = _HOURS.fullmatch(found.value)
    start, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
    if not 0 <= start < end <= 24 * 60:
        problems.add(found.place, f"'{found.value}' are no hours", "a day's hours such as '09:00 to 17:00'")
        return None
    return start, end


def _days(found: Property | None, problems: Problems) -> tuple[int, ...]:
    if found is None:
        return ()
    days: list[int] = []
    for part in found.value.lower().split(","):
        ends = [word.strip() for word in part.split(" to ")]
        if len(ends) > 2 or not all(word in _DAYS for word in ends):
            problems.add(found.place, f"'{part.strip()}' are no days", "'Monday to Friday', or names with commas")
            return ()
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        days += range(first, (last if last >= first else last + 7) + 1)
    return tuple(sorted({day % 7 for day in days}))


def _holidays(found: Properties, problems: Problems) -> tuple[str, ...]:
    text = text_of(found, "holidays", problems)
    dates: list[str] = []
    for part in text.replace(";", ",").split(","):
        day = part.strip()
        if not day or day.lower() == "none":
            continue
        if iso_date(day) is None:
            problems.add(found["holidays"].place, f"'{day}' is no date", "dates such as 2026-12-25, with commas")
        dates.append(day)
    return tuple(dates)


def iso_date(text: str) -> datetime.date | None:
    """A calendar date written 2026-12-25; None for anything else."""
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
