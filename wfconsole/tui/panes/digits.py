"""What can be read from three metres: severity, elapsed time, the next deadline, and three numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from wfconsole.clock import DAY, Millis
from wfconsole.incident.clocks import next_due
from wfconsole.observations.board import BoardLine
from wfconsole.observations.hpas import at_max, wants
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.pod_groups import PodGroup, worst_first
from wfconsole.text import UNKNOWN, age, cells, countdown, fit
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import BLANK, Line, Span
from wfconsole.tui.state_words import clock_level, level_ink, sign_and_word
from wfconsole.tui.widgets.block_digits import ROWS, block_digits
from wfconsole.tui.widgets.lines import Pane

_GAP: Final = 4


class Number(NamedTuple):
    """One number with its state: `value` is UNKNOWN where nobody can say, and `quality` says why.

    `said` explains it, the most important words first; `beside` is what it is measured by, in a word or two. One that
    is not `judged` is neither good nor bad.
    """

    label: str
    value: str
    level: Level = Level.OK
    quality: Quality = Quality.LIVE
    said: tuple[str, ...] = ()
    judged: bool = True
    beside: str = ""


class Digits(Pane):
    """Numbers in a row, each with its label and state above it; those that do not fit are left out from the right."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        labels: list[Span] = [Span(" ")]
        rows: list[list[Span]] = [[Span(" ")] for _ in range(ROWS)]
        used = 1
        for number in (*incident_numbers(frame), *world_numbers(frame)):
            drawn = block_digits(number.value, frame.glyphs.block)
            sign = sign_and_word(frame.glyphs, number.level, number.quality)[0]
            label = f"{number.label} {sign} {number.beside}".rstrip()
            size = max(cells(label), *(len(row) for row in drawn))
            if used + size > width:
                break
            used += size + _GAP
            ink = level_ink(number.level) if number.level else "strong"
            labels.append(Span(fit(label, size + _GAP), ink if number.level else "dim"))
            for row, text in zip(rows, drawn, strict=True):
                row.append(Span(fit(text, size + _GAP), ink))
        return [tuple(labels), *(tuple(row) for row in rows), BLANK]


def incident_numbers(frame: Frame) -> list[Number]:
    """Severity, elapsed time, next deadline; none of them without an incident."""
    incident = frame.view.incident
    if not incident.declared:
        return []
    level = Level.OK if incident.resolved else _SEVERITY_LEVELS[incident.severity]
    shown = [Number(incident.severity[:3], incident.severity[3:], level, said=(incident.status, incident.title))]
    began, declared = frame.incident_since, incident.declared_at
    since = [f"since {_when(frame, began)}"] if began != declared else []
    resolved = [f"resolved {_when(frame, began + frame.incident_ms)}"] if incident.resolved else []
    said = (*resolved, *since, f"declared {_when(frame, declared)}")
    label = "LASTED" if incident.resolved else "ELAPSED"
    shown.append(Number(label, countdown(frame.incident_ms), said=said, judged=False))
    clock = next_due(frame.clocks)
    if clock is not None:
        overdue = clock.left_ms < 0
        label = f"{clock.kind.upper()} {'OVERDUE' if overdue else 'DUE'}"
        value = ("+" if overdue else "") + countdown(abs(clock.left_ms))
        due = f"{'since' if overdue else 'at'} {_when(frame, clock.due_at)}"
        rule = f"{'every' if clock.name == 'update' else 'within'} {clock.text}" if clock.text else ""
        shown.append(Number(label, value, clock_level(clock), said=_words(due, rule or clock.words)))
    return shown


def world_numbers(frame: Frame) -> list[Number]:
    """Numbers that are bad unless they are nothing: three of the cluster; where metrics and a database are there too,
    what users feel and who waits come first, and one of the cluster beside them."""
    pods, hpas = frame.board[2], frame.board[3]
    tally = frame.view.judged.tally
    full = frame.view.series.series.get("hpas.at_max")
    at_their_max = int(full.last) if full is not None and full.last is not None else None
    first = _of_other_systems(frame)
    cluster = [
        _counted("PODS NOT READY", tally.total - tally.ready, pods.level, pods, (*pods.facts, pods.reason)),
        _counted("CRASH LOOPS", tally.kinds.get("crash-loop", 0), _level_of_loops(frame), pods, _crashing(frame)),
        _counted("HPA AT MAX", at_their_max, _level_at_max(frame), hpas, _at_max(frame)),
    ]
    return [*first, *cluster][: max(len(cluster), len(first) + 1)]


def _of_other_systems(frame: Frame) -> list[Number]:
    if not frame.view.heard or frame.view.world.snapshots.keys().isdisjoint(("signals", "sessions")):
        return []
    from wfconsole.tui.panes.system_digits import system_numbers  # here, because no first frame has any of these

    return system_numbers(frame)


def _counted(label: str, count: int | None, level: Level, line: BoardLine, said: Sequence[str]) -> Number:
    """What nobody knows, or can trust, is no number at all."""
    if not line.quality.conclusive:
        old = f"{age(line.age_ms)} old" if line.age_ms is not None else ""
        why = line.headline if line.quality == Quality.OFF else line.reason
        said = _words(old, why) if line.quality == Quality.STALE else _words(why, old)
        return Number(label, UNKNOWN, Level.OK, line.quality, said)
    if count is None:
        return Number(label, UNKNOWN, Level.OK, Quality.UNKNOWN, ("nothing reported yet",))
    return Number(label, str(count), level if count else Level.OK, line.quality, _words(*said))


def _looping(frame: Frame) -> list[PodGroup]:
    """The workloads whose pods are in a crash loop, the worst first."""
    return worst_first(group for group in frame.view.judged.groups.values() if "crash-loop" in dict(group.reasons))


def _level_of_loops(frame: Frame) -> Level:
    """A loop is as bad as it is for its workload."""
    return max((group.level for group in _looping(frame)), default=Level.OK)


def _crashing(frame: Frame) -> tuple[str, ...]:
    """The workloads whose pods are in a crash loop, and what is said of the worst."""
    groups = _looping(frame)
    return (", ".join(group.name for group in groups), groups[0].worst.reason) if groups else ("none",)


def _level_at_max(frame: Frame) -> Level:
    """The worst of the autoscalers at their maximum: one that wants no more is no trouble yet."""
    full = (key for key, row in frame.view.world.hpas.items() if at_max(row))
    return max((frame.view.judged.finding("hpas", key).level for key in full), default=Level.OK)


def _at_max(frame: Frame) -> tuple[str, ...]:
    """Which autoscalers those are, and how many replicas each would run if it might."""
    rows = frame.view.world.hpas.values()
    said: list[str] = []
    for row in sorted(filter(at_max, rows), key=lambda row: row.name):
        wanted = wants(row) or 0
        said += [f"{row.name} {row.current}/{row.maximum}", *([f"wants {wanted}"] if wanted > row.maximum else [])]
    return tuple(said) or (f"none of {len(rows)}",)


def _words(*said: str) -> tuple[str, ...]:
    return tuple(filter(None, said))


def _when(frame: Frame, at: Millis) -> str:
    """The time of day; with the day where that is another one."""
    if frame.times.way == "iso":
        return frame.times.clock(at)
    near = abs(frame.now - at) < DAY
    return f"{frame.times.minute(at) if near else frame.times.calendar(at)[5:16]} {frame.times.name(at)}"


_SEVERITY_LEVELS: Final = {
    "SEV1": Level.CRITICAL,
    "SEV2": Level.CRITICAL,
    "SEV3": Level.WARNING,
    "SEV4": Level.WATCH,
}
