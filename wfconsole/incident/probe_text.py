"""A probe in words, for people who read what was looked at and not how it was written. Pure."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.probes import Clause, Filter, Operator, Probe
from wfconsole.incident.wording import counted
from wfconsole.observations.levels import Level
from wfconsole.observations.series import SIGNALS
from wfconsole.text import percent

_COMPARED: Final[dict[Operator, str]] = {
    "=": "exactly",
    "!=": "not",
    "<": "less than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
}
_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def probe_in_words(probe: Probe) -> str:
    """ "pods in production, not ready: none; the signal signals.p99: less than 2"."""
    return "; ".join(map(_clause, probe.clauses))


def _clause(clause: Clause) -> str:
    named = f"the signal {clause.signal}" if clause.signal else clause.table
    places = [" or ".join(each.words) for each in clause.filters if each.field == "namespace" and each.op == "="]
    where = f" in {places[0]}" if places else ""
    others = clause.filters if not places else [each for each in clause.filters if each.field != "namespace"]
    what = "".join(f", {_filter(each)}" for each in others)
    return f"{named}{where}{what}{_asked(clause)}"


def _asked(clause: Clause) -> str:
    if clause.op is None:
        return "" if clause.signal else ": any"
    if clause.op == "=" and clause.number == 0:
        return ": none"
    number = f"{clause.number:g}"
    if clause.signal and SIGNALS[clause.signal].unit in ("ratio", "seconds"):
        number = percent(clause.number) if SIGNALS[clause.signal].unit == "ratio" else f"{clause.number:g} s"
    return f": {_COMPARED[clause.op]} {number}"


def _filter(each: Filter) -> str:
    name = each.field.replace("-", " ")
    if each.op is None:
        return name
    if each.kind in ("identity", "word"):
        return f"{name} {'not ' if each.op == '!=' else ''}{' or '.join(each.words)}"
    value = f"{each.number:g}"
    if each.kind == "duration":
        value = _duration(int(each.number))
    elif each.kind == "level":
        value = Level(int(each.number)).name.lower()
    return f"{name} {_COMPARED[each.op]} {value}"


def _duration(span: Millis) -> str:
    unit, one = next(((unit, one) for unit, one in _UNITS if span >= unit and span % unit == 0), (0, ""))
    return counted(span // unit, one) if unit else f"{span} ms"
