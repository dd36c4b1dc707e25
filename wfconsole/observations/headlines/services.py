"""Services: those behind which pods stand and nobody answers; nothing while there is none."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.services import is_down
from wfconsole.observations.world import World


def services(world: World, judged: Judged, _now: Millis) -> Facts:
    table = judged.rows("services")
    down = sorted(key for key in table.findings if (row := world.services.get(key)) is not None and is_down(row))
    if not down:
        return Facts(())
    name = world.services[down[0]].name
    more = f" +{len(down) - 1}" if len(down) > 1 else ""
    reason = f"service {name}: {table.finding(down[0]).reason}"
    return Facts((f"svc {name}{more} no endpoints",), max(Level.WARNING, table.finding(down[0]).level), reason)
