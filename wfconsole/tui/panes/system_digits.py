"""The large numbers of the systems beside the cluster: what users feel, and who waits in the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.sessions import SessionRow, is_root, name_of
from wfconsole.observations.signals import SignalRow, bare, form
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.panes.digits import Number

_MILLISECONDS_BELOW: Final = 0.1  # seconds: with two decimals nothing would be left of such a number


def system_numbers(frame: Frame) -> list[Number]:
    """The share of errors, the latency of the slowest in a hundred, and who waits for a lock, as far as these are
    looked at."""
    return [*_signal(frame, "errors", "ERRORS"), *_signal(frame, "p99", "P99"), *_waiters(frame)]


def _signal(frame: Frame, rule: str, label: str) -> Iterator[Number]:
    """The total of a rule; nothing where there is no such rule."""
    world = frame.view.world
    snapshot = world.snapshots.get("signals")
    row = world.signals.get(rule)
    if snapshot is None or (row is None and snapshot.good_at is not None):
        return
    quality = snapshot.quality(frame.now)
    if row is None or not quality.tells:
        yield Number(label, UNKNOWN, Level.OK, quality, _why(frame, "signals"))
        return
    finding = frame.view.judged.finding("signals", rule)
    value, unit = _value(row)
    bound = f"{'SLO' if row.slo else 'bound'} {bare(row.bound, row.unit)}" if row.bound is not None else ""
    said = tuple(filter(None, (finding.reason or _measured(row), _worst_service(frame, rule))))
    if row.value is None:
        yield Number(f"{label} {unit}", UNKNOWN, Level.OK, Quality.UNKNOWN, said, beside=bound)
    else:
        yield Number(f"{label} {unit}", value, finding.level, quality, said, beside=bound)


def _value(row: SignalRow) -> tuple[str, str]:
    """Digits, and the unit that stands in the label."""
    value = row.value
    match row.unit:
        case "ratio":
            return bare(value, "ratio"), "%"
        case "seconds" if value is not None and abs(value) < _MILLISECONDS_BELOW:
            return f"{value * 1000:.0f}", "ms"
        case "seconds":
            return bare(value, "seconds"), "s"
        case _:
            return UNKNOWN if value is None else f"{value:.0f}", row.unit


def _measured(row: SignalRow) -> str:
    return f"bound {form(row.bound, row.unit)}" if row.bound is not None else ""


def _worst_service(frame: Frame, rule: str) -> str:
    """The service that is worst past a bound."""
    table = frame.view.judged.rows("signals")
    bad = [
        (finding, row)
        for key, finding in table.findings.items()
        if finding.kind == "bound" and (row := table.rows.get(key)) is not None and row.rule == rule and row.group
    ]
    if not bad:
        return ""
    finding, row = max(bad, key=lambda each: (each[0].level, each[1].value or 0.0, each[1].group))
    return f"{row.group.rpartition('/')[2]} {finding.reason}"


def _waiters(frame: Frame) -> Iterator[Number]:
    world = frame.view.world
    snapshot = world.snapshots.get("sessions")
    if snapshot is None:
        return
    quality = snapshot.quality(frame.now)
    rows = world.sessions
    waiting = sum(row.blockers > 0 for row in rows.values())
    in_part = quality == Quality.PARTIAL and waiting > 0  # where sessions are hidden, none seems to wait
    if not (quality.conclusive or in_part):
        yield Number("DB WAITERS", UNKNOWN, Level.OK, quality, _why(frame, "sessions"))
        return
    findings = frame.view.judged.rows("sessions").findings
    level = max(
        (found.level for found in findings.values() if found.kind in ("blocks", "waits", "deadlock")), default=Level.OK
    )
    yield Number("DB WAITERS", f"{waiting}{'+' if in_part else ''}", level, quality, _root(rows.values()))


def _root(rows: Iterable[SessionRow]) -> tuple[str, ...]:
    """Whom most of them wait for."""
    worst = max(filter(is_root, rows), key=lambda row: row.behind, default=None)
    if worst is None:
        return ("nobody waits",)
    who = worst.application or worst.user
    return (f"{worst.behind} behind {name_of(worst)}{f' ({who})' if who else ''}", worst.state)


def _why(frame: Frame, source: str) -> tuple[str, ...]:
    """Why there is no number, or how old the last one is."""
    snapshot = frame.view.world.snapshots[source]
    old = snapshot.age_ms(frame.now)
    failure = snapshot.failure
    why = failure.message if failure is not None else snapshot.partial
    return tuple(filter(None, (why, f"{age(old)} old" if old is not None else "nothing reported yet")))
