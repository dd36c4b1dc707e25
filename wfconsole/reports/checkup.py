"""What the doctor found, for people and for programs. Pure.

For people: one block for each system, what is well close together, what is not on lines of its own; then what to do,
the shortest first, since at 3 am the end of the text is what is on the screen. A symbol is explained in the first line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from wfconsole import __version__
from wfconsole.clock import SECOND, Millis
from wfconsole.observations.checks import PARTIAL, SCHEMA, Check, State
from wfconsole.text import calendar_time, cells, to_ascii

MARKS: Final[dict[State, str]] = {"ok": "·", "problem": "■", "unknown": "?", "off": "-"}
WORDS: Final[dict[State, str]] = {"ok": "ok", "problem": "problem", "unknown": "not known", "off": "off"}
_WORST: Final[tuple[State, ...]] = ("problem", "unknown", "ok")
_SYSTEMS: Final = {"machine": "this machine"}
_NAME: Final = 13  # cells of a system's name
_INDENT: Final = " " * (_NAME + 3)
_LONG: Final = 40  # a detail that is longer gets a line of its own
_DEEP: Final = " " * 5
_NAMED: Final = 6  # names of one thing to mend that are told; a program reads them all


class Checkup(msgspec.Struct, frozen=True):
    """All checks of one run, in their order. `at`: when it began."""

    at: Millis
    took_ms: Millis
    checks: tuple[Check, ...]

    @property
    def well(self) -> bool:
        """Whether nobody has to do anything."""
        return all(check.well for check in self.checks)


def as_json(checkup: Checkup) -> str:
    """One object; its form is that of `observations.checks`, and grows only."""
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "at": calendar_time(checkup.at).replace(" ", "T"),
        "took_ms": checkup.took_ms,
        "well": checkup.well,
        "checks": checkup.checks,
    }
    return msgspec.json.format(msgspec.json.encode(told)).decode() + "\n"


def as_text(checkup: Checkup, *, width: int = 80, only_ascii: bool = False) -> str:
    """Lines of at most `width` cells, commands apart: they stay whole, so that they can be copied."""
    legend = "   ".join(f"{mark} {WORDS[state]}" for state, mark in MARKS.items())
    lines = [f"wfconsole doctor   {calendar_time(checkup.at)}   {legend}", ""]
    for system in dict.fromkeys(check.system for check in checkup.checks):
        lines += _system(system, [check for check in checkup.checks if check.system == system], width)
    lines += ["", *_to_do(checkup.checks, width), _verdict(checkup)]
    text = "\n".join(lines) + "\n"
    return to_ascii(text) if only_ascii else text


# --- one system -----------------------------------------------------------------------------------------------------


def _system(system: str, checks: Sequence[Check], width: int) -> list[str]:
    """A head line, then what is below it."""
    state = _state(checks)
    name = _SYSTEMS.get(system, system)
    room = width - len(_INDENT)
    told = [line for part in _parts(system, state, checks) for line in _wrapped(part, room)] or [""]
    lines = [f"{MARKS[state]} {name:<{_NAME}} {told[0]}".rstrip()]
    return [*lines, *(_INDENT + line for line in told[1:])]


def _state(checks: Iterable[Check]) -> State:
    """The worst; what only actions need counts for nothing."""
    states = {check.state for check in checks if check.aspect != "action"}
    return next((state for state in _WORST if state in states), "off")


def _parts(system: str, state: State, checks: Sequence[Check]) -> Iterable[str]:
    """What is said of a system, each on lines of its own."""
    if state == "off":
        yield f"off: {checks[0].detail}"
        return
    if system != "machine":
        yield _head(checks)
        reachable, authenticated = checks[:2]
        heads = [check for check in checks[1:] if check.aspect in ("reachable", "authenticated", "clock")]
        yield from (_alone(check) for check in heads if check.state == "problem")
        if "problem" in (reachable.state, authenticated.state):
            lost = [check.name for check in checks if check.source == check.name and check.state == "unknown"]
            yield f"{MARKS['unknown']} not known: {', '.join(lost)}"
            return
        yield from (_alone(check) for check in heads if check.state == "unknown")
        yield from _permissions(checks)
    rows = [check for check in checks if check.aspect in ("fresh", "rows", "machine")]
    yield from _rows([check for check in rows if not check.name.startswith("rule ")])
    yield from _rules([check for check in rows if check.name.startswith("rule ")])


def _head(checks: Sequence[Check]) -> str:
    """Who we are and where; or why that is not so."""
    reachable, authenticated, clock = checks[0], checks[1], next(each for each in checks if each.aspect == "clock")
    if reachable.state == "problem":
        return f"problem: {reachable.detail}"
    who = f"{authenticated.detail} at " if authenticated.state == "ok" and authenticated.detail else ""
    time = f", clock {clock.detail}" if clock.state == "ok" else ""
    return f"{who}{reachable.detail}{time}"


def _permissions(checks: Sequence[Check]) -> Iterable[str]:
    wanted = [check for check in checks if check.aspect == "permission" and check.state != "off"]
    acting = [check for check in checks if check.aspect == "action"]
    if not wanted:
        return
    told = f"{MARKS[_state(wanted)]} {_of(wanted)} permission{'' if len(wanted) == 1 else 's'}"
    yield f"{told}; for actions {_of(acting)}" if acting else told
    unknown = [check for check in wanted if check.state == "unknown"]
    for detail in dict.fromkeys(check.detail for check in unknown):
        count = sum(check.detail == detail for check in unknown)
        yield f"{MARKS['unknown']} {count} not known: {detail}"


def _of(checks: Sequence[Check]) -> str:
    return f"{sum(check.state == 'ok' for check in checks)} of {len(checks)}"


def _rows(checks: Sequence[Check]) -> Iterable[str]:
    """What is well stands close together; the rest, and what has much to say, on lines of its own."""
    brief = [check for check in checks if check.well and cells(check.detail) <= _LONG and check.state != "off"]
    if brief:
        told = (f"{MARKS[check.state]} {check.name} {check.detail}".rstrip() for check in brief)
        yield "   ".join(each.replace(" ", "\0") for each in told)
    same: dict[tuple[State, str], list[Check]] = {}
    for check in checks:
        if check not in brief:
            same.setdefault((check.state, check.detail), []).append(check)
    yield from (_alone(*those) for those in same.values())


def _rules(checks: Sequence[Check]) -> Iterable[str]:
    if not checks:
        return
    silent = [check.name.removeprefix("rule ") for check in checks if check.state == "off"]
    yield f"{MARKS['ok']} {_of(checks)} rules" + (f"; no series for {', '.join(silent)}" if silent else "")
    yield from (_alone(check) for check in checks if not check.well)


def _alone(check: Check, *others: Check) -> str:
    """A line for one check, and for others of which the same is to be said."""
    names = ", ".join(each.name for each in (check, *others))
    word = "" if check.state == "ok" or check.detail.startswith(PARTIAL) else f"{WORDS[check.state]}: "
    return f"{MARKS[check.state]} {names}: {word}{check.detail}"


def _wrapped(text: str, room: int) -> list[str]:
    """A zero byte is a space at which no line ends: what is said of one thing stays together."""
    lines = textwrap.wrap(
        text, max(20, room), break_on_hyphens=False, subsequent_indent="  " if text[1:2] == " " else ""
    )
    return [line.replace("\0", " ") for line in lines]


# --- what to do -----------------------------------------------------------------------------------------------------


class _ToDo(msgspec.Struct, frozen=True):
    """One remedy, and everything that it mends."""

    system: str
    checks: tuple[Check, ...]

    @property
    def effort(self) -> tuple[int, int]:
        first = self.checks[0]
        return (len(first.run), len(first.remedy) + sum(map(len, first.run)))


def _remedies(checks: Iterable[Check]) -> list[_ToDo]:
    """Each remedy once, the shortest first. A problem that has none goes away with another one."""
    same: dict[tuple[str, str, tuple[str, ...], str], list[Check]] = {}
    for check in checks:
        if check.state == "problem" and (check.remedy or check.run):
            own = check.detail if check.aspect == "machine" else ""  # each file is mended by itself
            same.setdefault((check.system, check.remedy, check.run, own), []).append(check)
    return sorted((_ToDo(key[0], tuple(those)) for key, those in same.items()), key=lambda each: each.effort)


def _to_do(checks: Iterable[Check], width: int) -> list[str]:
    """What to do, and commands that can be copied."""
    lines: list[str] = []
    for place, each in enumerate(_remedies(checks), 1):
        first = each.checks[0]
        lead = f"{place}. "
        lines += _hanging(f"{_SYSTEMS.get(each.system, each.system)}: {_named(each.checks)}", lead, width)
        lines += textwrap.wrap(first.remedy, width, initial_indent=_DEEP, subsequent_indent=_DEEP)
        lines += [_DEEP + command for command in first.run]
    return [*lines, ""] if lines else []


def _named(checks: Sequence[Check]) -> str:
    """What is wrong; why, where the system's own block does not say it or says it far away."""
    first = checks[0]
    if first.aspect in ("reachable", "authenticated") and first.name == first.aspect:
        return f"not {first.name}"
    names = _together([check.name for check in checks])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    told = "; ".join(names[:_NAMED]) + more
    return f"{told}: {first.detail}" if first.aspect in ("permission", "machine") else told


def _together(names: Sequence[str]) -> list[str]:
    """`get pods`, `list pods` become `get, list pods`."""
    verbs: dict[str, list[str]] = {}
    for name in names:
        first, _, rest = name.partition(" ")
        verbs.setdefault(rest or first, []).append(first if rest else "")
    return [f"{', '.join(those)} {rest}".strip() for rest, those in verbs.items()]


def _hanging(text: str, lead: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False)


def _verdict(checkup: Checkup) -> str:
    took = f"{checkup.took_ms / SECOND:.1f} s"
    if checkup.well:
        return f"{MARKS['ok']} all well, {took}"
    mend = len(_remedies(checkup.checks))
    unknown = [check for check in checkup.checks if check.state == "unknown" and not check.well]
    shown = len([check for check in unknown if check.aspect in ("rows", "machine")]) or len(unknown)
    told = [*([f"{mend} to mend"] if mend else []), *([f"{shown} not known"] if shown else [])]
    return f"{MARKS['problem']} not well: {', '.join(told)}, {took}"
