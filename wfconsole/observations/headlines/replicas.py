"""Replicas of the database: those that are missing, then how far the worst is behind."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.world import World
from wfconsole.text import UNKNOWN, memory


def replicas(world: World, judged: Judged, _now: Millis) -> Facts:
    rows, table = world.replicas, judged.rows("replicas")
    facts = [f"{row.found} of {row.expected} replicas" for row in rows.values() if row.role == "missing"]
    seen = [row for row in rows.values() if row.role != "missing"]
    if seen:
        known = [row.lag_bytes for row in seen if row.lag_bytes is not None]
        behind = UNKNOWN if len(known) < len(seen) else f"{memory(max(known))}B"
        facts.append(f"replica {behind} behind")
    if not facts:
        facts.append(f"replicas {UNKNOWN}" if world.snapshots["replicas"].partial else "no replicas")
    worst = min(table.findings.items(), key=lambda item: (-item[1].level, item[0]), default=None)
    return Facts(tuple(facts[:2]), table.level, f"{rows[worst[0]].name}: {worst[1].reason}" if worst else "")
