"""Signals: the two that are worst, with the bounds that they are measured by."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.signals import SignalRow, bare, shown, worst_of_rules
from wfconsole.observations.world import World


def signals(world: World, judged: Judged, _now: Millis) -> Facts:
    table = judged.rows("signals")
    if not world.signals:
        return Facts(("no rules",))
    worst = worst_of_rules((row, table.finding(key)) for key, row in world.signals.items())
    known = [(row, finding) for row, finding in worst if row.value is not None]
    if not known:
        return Facts(("no such series",), worst[0][1].level, f"{worst[0][0].title}: {worst[0][1].reason}")
    facts = tuple(_fact(row, first=place == 0) for place, (row, _) in enumerate(known[:2]))
    row, finding = worst[0]
    reason = f"{row.group or 'total'} {row.title}: {finding.reason}" if finding.level > Level.OK else ""
    return Facts(facts, finding.level, reason)


def _fact(row: SignalRow, *, first: bool) -> str:
    """`err 7.8% (SLO 1.0)`: the word for a promise is there once, for want of room."""
    service = f"{row.group.rpartition('/')[2]} " if row.group else ""
    word = "SLO " if row.slo and first and not service else ""
    bound = f" ({word}{bare(row.bound, row.unit)})" if row.bound is not None else ""
    return f"{service}{row.title} {shown(row)}{bound}"
