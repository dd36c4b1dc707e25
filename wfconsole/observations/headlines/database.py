"""The database: connections against the slots that they may use."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.database import usable
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.world import World
from wfconsole.text import UNKNOWN


def database(world: World, judged: Judged, _now: Millis) -> Facts:
    table = judged.rows("database")
    row = next(iter(world.database.values()), None)
    if row is None:
        return Facts(("no server",))
    finding = table.finding(row.name)
    clients = UNKNOWN if row.clients is None else row.clients
    return Facts((f"conn {clients}/{usable(row)}",), finding.level, finding.reason)
