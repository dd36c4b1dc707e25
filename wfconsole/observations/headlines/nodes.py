"""Nodes: how many are ready, and what presses them."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World
from wfconsole.text import percent

# From this share of nodes that are not ready on, the cluster itself is in danger.
_CRITICAL_SHARE: Final = 0.2


def nodes(world: World, judged: Judged, _now: Millis) -> Facts:
    rows = world.nodes
    table = judged.rows("nodes")
    if not rows:
        return Facts(("no nodes",))
    ready = sum(row.ready for row in rows.values())
    facts = [f"{ready}/{len(rows)} ready"]
    pressed = sorted(row.name for row in rows.values() if row.pressures)
    gpus = sum(row.gpus for row in rows.values())
    if pressed:
        facts.append(f"{len(pressed)} under pressure" if len(pressed) > 1 else f"{pressed[0]} under pressure")
    elif gpus:
        facts.append(f"gpu {sum(row.gpus_allocated for row in rows.values())}/{gpus} allocated")
    else:
        used = [row for row in rows.values() if row.memory_used is not None]
        memory = percent(sum(row.memory_used or 0 for row in used), sum(row.memory for row in used))
        facts.append(f"memory {memory}")
    level = min(table.level, Level.WARNING)
    critical = sum(finding.level == Level.CRITICAL for finding in table.findings.values())
    if critical >= _CRITICAL_SHARE * len(rows) and critical:
        level = Level.CRITICAL
    worst = min(table.findings.items(), key=lambda item: (-item[1].level, item[0]), default=None)
    return Facts(tuple(facts), level, f"{worst[0]}: {worst[1].reason}" if worst else "")
