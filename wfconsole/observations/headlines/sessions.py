"""Sessions of the database: who holds up how many, then what lasts too long."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.sessions import IDLE_IN_TRANSACTION, PREPARED, is_root, name_of
from wfconsole.observations.world import World
from wfconsole.text import UNKNOWN

# A kind of finding, and what one and many of it are called.
_LASTING = (
    (IDLE_IN_TRANSACTION, "idle in tx", "idle in tx"),
    (PREPARED, "prepared", "prepared"),
    ("long query", "long query", "long queries"),
)


def sessions(world: World, judged: Judged, _now: Millis) -> Facts:
    rows, table = world.sessions, judged.rows("sessions")
    facts = []
    root = max((row for row in rows.values() if is_root(row)), key=lambda row: row.behind, default=None)
    circle = sum(row.cycle for row in rows.values())
    if root is not None:
        facts.append(f"{root.behind} wait for {name_of(root)}")
    elif circle:
        facts.append(f"{circle} wait in a circle")
    kinds = [finding.kind for finding in table.findings.values() if finding.level > Level.OK]
    for kind, one, many in _LASTING:
        if count := kinds.count(kind):
            facts.append(f"{count} {one if count == 1 else many}")
    if not facts:
        facts.append(f"lock waits {UNKNOWN}" if world.snapshots["sessions"].partial else "no lock waits")
    worst = min(table.findings.items(), key=lambda item: (-item[1].level, item[1].since, item[0]), default=None)
    reason = f"{name_of(rows[worst[0]])}: {worst[1].reason}" if worst else ""
    return Facts(tuple(facts[:2]), table.level, reason)
