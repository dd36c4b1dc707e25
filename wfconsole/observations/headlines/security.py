"""Findings that nobody has dealt with, and secrets that are too old."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.findings import is_critical, is_new, rank
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World


def findings(world: World, judged: Judged, _now: Millis) -> Facts:
    rows = world.findings.values()
    new = sum(map(is_new, rows))
    critical = sum(map(is_critical, rows))
    # One fact: the other cell of the line says how logins stand.
    said = f"{critical} crit finding" if critical else f"{new} new finding"
    worst = min(rows, key=rank, default=None)
    return Facts(
        (said if (critical or new) == 1 else f"{said}s",),
        judged.rows("findings").level,
        worst.title if worst is not None else "",
    )


def secrets(_world: World, judged: Judged, _now: Millis) -> Facts:
    table = judged.rows("secrets")
    stale = sum(finding.level > Level.OK for finding in table.findings.values())
    said = f"{stale} stale secret" if stale == 1 else f"{stale} stale secrets"
    worst = min(table.findings.items(), key=lambda item: (-item[1].level, item[1].since, item[0]), default=None)
    # Old secrets are work for the day after: they never colour the board like an attack does.
    level = min(table.level, Level.WATCH)
    return Facts((said,), level, f"{worst[0]}: {worst[1].reason}" if worst else "")
