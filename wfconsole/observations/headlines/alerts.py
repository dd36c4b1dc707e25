"""Alerts: how many fire, and the worst. Who acknowledged what is the incident's: `incident.alarms` says more."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World


def alerts(world: World, judged: Judged, _now: Millis) -> Facts:
    del world
    firing = [found for found in judged.rows("alerts").findings.values() if found.kind == "firing"]
    worst = max(firing, key=lambda found: (found.level, -found.since), default=None)
    if worst is None:
        return Facts(("0 active",))
    return Facts((f"{len(firing)} active", worst.reason), max(worst.level, Level.OK), worst.reason)
