"""The signals that stand on the time axis: what the console saw, and what the metrics' server remembers of before."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wfconsole.clock import Millis
from wfconsole.observations.board import pane_of
from wfconsole.observations.history import Series
from wfconsole.observations.series import SIGNALS
from wfconsole.text import UNKNOWN, number, percent
from wfconsole.tui.frame import Frame

if TYPE_CHECKING:
    from wfconsole.observations.signals import SignalHistoryRow, SignalRow

Values = tuple[float | None, ...]


class Axis(NamedTuple):
    """`cells` stretches of `cell_ms` each, the newest last. They stand on multiples of it, as trends do."""

    now: Millis
    cells: int
    cell_ms: Millis

    @property
    def start(self) -> Millis:
        return (self.now // self.cell_ms - self.cells + 1) * self.cell_ms

    def cell(self, at: Millis) -> int | None:
        """Where an instant is; None before the beginning or after now."""
        cell = (at - self.start) // self.cell_ms
        return cell if 0 <= cell < self.cells else None


class AxisSignal(NamedTuple):
    """One signal in the cells of an axis; None is a gap."""

    name: str
    pane: int
    unit: str
    meaning: str
    values: Values

    def shown(self, value: float | None) -> str:
        """A value with its unit."""
        if value is None:
            return UNKNOWN
        if self.unit in ("ratio", "count"):
            return percent(value) if self.unit == "ratio" else number(round(value))
        from wfconsole.observations.signals import form  # here, because many consoles have no such signal

        return form(value, self.unit)


def axis_signals(frame: Frame, axis: Axis) -> list[AxisSignal]:
    """Signals that have had a value, in the order of their panes."""
    return sorted((*_kept(frame, axis), *_rules(frame, axis)), key=lambda each: each.pane)


def _kept(frame: Frame, axis: Axis) -> Iterator[AxisSignal]:
    """Those of which the console keeps a history; where it has a gap, the server may know more."""
    book = frame.view.series
    for signal in SIGNALS.values():
        series = book.series.get(signal.name)
        source, _, rule = signal.name.partition(".")
        known = _remembered(frame, rule, axis) if source == "signals" else ()
        if not known and (series is None or not _has_values(series)):
            continue
        seen = book.trend(signal.name, axis.now, axis.cells, axis.cell_ms)
        values = _filled(seen, known) if known else seen
        yield AxisSignal(signal.name, pane_of(signal.source), signal.unit, signal.meaning, values)


def _rules(frame: Frame, axis: Axis) -> Iterator[AxisSignal]:
    """The totals of all other rules, as far as the server remembers them."""
    for rule, row in sorted(frame.view.world.signals.items(), key=lambda each: (each[1].place, each[0])):
        if not row.group and f"signals.{rule}" not in SIGNALS:
            values = _remembered(frame, rule, axis)
            if any(value is not None for value in values):
                yield AxisSignal(
                    f"signals.{rule}", pane_of("signals"), row.unit, f'"{row.title}", all services', values
                )


def _has_values(series: Series) -> bool:
    return series.known


def _filled(seen: Values, known: Values) -> Values:
    return tuple(other if value is None else value for value, other in zip(seen, known, strict=True))


def _remembered(frame: Frame, rule: str, axis: Axis) -> Values:
    """What the server remembers of a rule's total; nothing where it was not asked."""
    world = frame.view.world
    row, history = world.signals.get(rule), world.signal_history.get(rule)
    return () if row is None or history is None else in_cells(history, row, axis)


def in_cells(history: SignalHistoryRow, row: SignalRow, axis: Axis) -> Values:
    """The worst value of each cell. A point speaks for its step, so that cells narrower than that are no gaps."""
    first = history.end - (len(history.points) - 1) * history.step_ms
    found: list[list[float]] = [[] for _ in range(axis.cells)]
    for place, value in enumerate(history.points):
        at = first + place * history.step_ms
        if value is None or at > axis.now:
            continue
        begins = (at - axis.start) // axis.cell_ms
        ends = (min(at + history.step_ms - 1, axis.now) - axis.start) // axis.cell_ms
        for cell in range(max(0, begins), min(axis.cells, ends + 1)):
            found[cell].append(value)
    return tuple(_worst(values, below=row.below) for values in found)


def _worst(values: Sequence[float], *, below: bool) -> float | None:
    return functools.reduce(min if below else max, values) if values else None
