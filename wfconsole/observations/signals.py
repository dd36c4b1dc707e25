"""Signals: what rules ask of the metrics, one number for the total and one for each service, against its bounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level
from wfconsole.text import UNKNOWN, memory, percent

# "none": no such series, which is neither zero nor a division by no traffic ("nan"). "old": the newest sample is older
# than `GOOD_FOR_MS`. "unasked": the time of the look was over before.
State = Literal["value", "none", "nan", "old", "refused", "unasked"]

GOOD_FOR_MS: Final[Millis] = 300_000
_SAID: Final[dict[str, str]] = {
    "none": "no such series",
    "nan": "no traffic to divide by",
    "old": "the newest sample is older than 5 minutes",
    "refused": "the query is refused",
    "unasked": "not asked: the server is too slow",
}


class SignalRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One rule, as a total (`group` is "") or for one service. Key: "rule" or "rule/group".

    `value` is None in every state but "value". `sampled_at` is told only where it is not the look's own instant.
    """

    rule: str
    title: str
    unit: str = "count"
    group: str = ""
    state: State = "value"
    value: float | None = None
    warning: float | None = None
    critical: float | None = None
    below: bool = False  # trouble lies below the bounds
    slo: bool = False  # the first bound is a promise to users
    own: bool = False  # the configuration asks for it, it is no bundled rule
    place: int = 0  # in the order of the rules
    promql: str = ""  # of the total; the same for its services
    problem: str = ""  # in the server's words
    sampled_at: Millis = 0

    @property
    def bound(self) -> float | None:
        """The bound that is met first."""
        return self.critical if self.warning is None else self.warning


class SignalHistoryRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The last hour of one signal, oldest first; None where there was no value. Its key is that of the signal."""

    points: tuple[float | None, ...]
    end: Millis  # the instant of the last point
    step_ms: Millis


def signal_key(rule: str, group: str = "") -> str:
    return f"{rule}/{group}" if group else rule


def judge_signal(row: SignalRow, _now: Millis) -> Finding:
    """The value against its bounds. What has no value is never well: it is worth a look where somebody asked for it."""
    if row.value is None:
        said = f"{_SAID.get(row.state, 'no value')}{': ' + row.problem if row.problem else ''}"
        asked = row.state in ("refused", "unasked", "old") or (row.own and row.state == "none" and not row.group)
        return Finding(Level.WATCH if asked else Level.OK, said, "no-value")
    for bound, level in ((row.critical, Level.CRITICAL), (row.warning, Level.WARNING)):
        if bound is not None and past(row, row.value, bound):
            return Finding(level, f"{shown(row)}, {'below' if row.below else 'above'} {form(bound, row.unit)}", "bound")
    return HEALTHY


def past(row: SignalRow, value: float, bound: float) -> bool:
    return value < bound if row.below else value > bound


def of_bound(row: SignalRow) -> float | None:
    """How far a value has come towards its first bound, from the good side: 1 is there."""
    if row.value is None or not row.bound:
        return None
    return min(2.0, row.bound / row.value if row.value else 2.0) if row.below else min(2.0, row.value / row.bound)


def shown(row: SignalRow) -> str:
    """The value with its unit, or what stands for it."""
    return UNKNOWN if row.value is None else form(row.value, row.unit)


def form(value: float | None, unit: str) -> str:
    """`7.8%`, `2.41s`, `120ms`, `590/s`, `1.50Gi`, `12`."""
    if value is None:
        return UNKNOWN
    match unit:
        case "ratio":
            return percent(value)
        case "seconds":
            return f"{value * 1000:.0f}ms" if 0 < abs(value) < 0.1 else f"{_digits(value)}s"
        case "per-second":
            return f"{_digits(value)}/s"
        case "bytes":
            return f"{memory(round(value))}{'' if abs(value) >= 999.5 else 'B'}"
        case _:
            return _digits(value)


def bare(value: float | None, unit: str) -> str:
    """The same for a bound beside a value whose unit stands there already: `1.0`, `0.80`."""
    if value is None:
        return UNKNOWN
    if unit == "ratio":
        return f"{100 * value:.1f}" if abs(value) < 0.0995 else f"{100 * value:.0f}"
    return f"{value:.2f}" if unit == "seconds" else form(value, unit)


def _digits(value: float) -> str:
    size = abs(value)
    if size >= 99.5 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.95 else f"{value:.2f}"


def worst_of_rules(rows: Iterable[tuple[SignalRow, Finding]]) -> list[tuple[SignalRow, Finding]]:
    """One row for each rule, the worst rule first: its worst row, the total before a service that is as bad."""
    best: dict[str, tuple[SignalRow, Finding]] = {}
    for row, finding in rows:
        known = best.get(row.rule)
        if known is None or _rank(row, finding) < _rank(*known):
            best[row.rule] = (row, finding)
    return sorted(best.values(), key=lambda each: (-each[1].level, each[0].value is None, each[0].place))


def _rank(row: SignalRow, finding: Finding) -> tuple[int, bool, bool, str]:
    return (-finding.level, bool(row.group), row.value is None, row.group)
