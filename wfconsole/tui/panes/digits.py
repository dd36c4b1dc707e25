"""What can be read from three metres: severity, elapsed time, the next deadline, and three numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from wfconsole.clock import HOUR, MINUTE, Millis
from wfconsole.incident.clocks import next_due
from wfconsole.observations.levels import Level
from wfconsole.text import UNKNOWN, cells, fit
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import BLANK, Line, Span
from wfconsole.tui.state_words import clock_level, level_ink, level_sign
from wfconsole.tui.widgets.block_digits import ROWS, block_digits
from wfconsole.tui.widgets.lines import Pane

_GAP: Final = 4


class _Number(NamedTuple):
    label: str
    value: str
    level: Level


class Digits(Pane):
    """Numbers in a row, each with its label and state above it; those that do not fit are left out from the right."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        labels: list[Span] = [Span(" ")]
        rows: list[list[Span]] = [[Span(" ")] for _ in range(ROWS)]
        used = 1
        for number in _numbers(frame):
            drawn = block_digits(number.value, frame.glyphs.block)
            label = f"{number.label} {level_sign(frame.glyphs, number.level)}"
            size = max(cells(label), *(len(row) for row in drawn))
            if used + size > width:
                break
            used += size + _GAP
            ink = level_ink(number.level) if number.level else "strong"
            labels.append(Span(fit(label, size + _GAP), ink if number.level else "dim"))
            for row, text in zip(rows, drawn, strict=True):
                row.append(Span(fit(text, size + _GAP), ink))
        return [tuple(labels), *(tuple(row) for row in rows), BLANK]


def _numbers(frame: Frame) -> list[_Number]:
    incident = frame.view.incident
    shown: list[_Number] = []
    if incident.declared:
        shown.append(_Number(incident.severity[:3], incident.severity[3:], _SEVERITY_LEVELS[incident.severity]))
        shown.append(_Number("ELAPSED", _span(frame.now - frame.incident_since), Level.OK))
    clock = next_due(frame.clocks)
    if clock is not None:
        overdue = "+" if clock.left_ms < 0 else ""
        label = f"{clock.name.upper()} {'OVERDUE' if overdue else 'DUE'}"
        shown.append(_Number(label, overdue + _span(abs(clock.left_ms)), clock_level(clock)))
    lines = {line.number: line for line in frame.board}
    tally = frame.view.judged.tally
    shown.append(
        _counted("PODS NOT READY", tally.total - tally.ready, lines[3].level, known=lines[3].quality.conclusive)
    )
    loops = tally.kinds.get("crash-loop", 0)
    shown.append(_counted("CRASH LOOPS", loops, Level.CRITICAL, known=lines[3].quality.conclusive))
    full = frame.view.series.series.get("hpas.at_max")
    at_max = int(full.last) if full is not None and full.last is not None else None
    shown.append(
        _counted("HPA AT MAX", at_max or 0, Level.WARNING, known=lines[4].quality.conclusive and at_max is not None)
    )
    return shown


def _counted(label: str, count: int, level: Level, *, known: bool) -> _Number:
    """A number that is bad unless it is nothing; what nobody knows is no number at all."""
    if not known:
        return _Number(label, UNKNOWN, Level.OK)
    return _Number(label, str(count), level if count else Level.OK)


def _span(duration: Millis) -> str:
    """`18:40`, from an hour on `1h05`."""
    duration = max(0, duration)
    if duration >= HOUR:
        return f"{duration // HOUR}h{duration % HOUR // MINUTE:02}"
    return f"{duration // MINUTE:02}:{duration % MINUTE // 1000:02}"


_SEVERITY_LEVELS: Final = {
    "SEV1": Level.CRITICAL,
    "SEV2": Level.CRITICAL,
    "SEV3": Level.WARNING,
    "SEV4": Level.WATCH,
}
