"""Logins: how many fail, against what is usual, and the worst attacker by name."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.auth import per_minute
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World


def auth(world: World, judged: Judged, _now: Millis) -> Facts:
    rows, table = world.auth, judged.rows("auth")
    total = rows.get("all")
    if total is None:
        return Facts(("no login was seen",))
    where = "gateway " if total.told_by == "gateway" else ""
    rate = f"{where}{per_minute(total.per_minute)} fail/min (base {per_minute(total.usual_per_minute)})"
    bad = [(finding, rows[key]) for key, finding in table.findings.items() if key in rows and rows[key].by != "all"]
    # A source before its users: it is what can be blocked.
    worst = min(bad, key=lambda item: (-item[0].level, item[1].by, -item[1].failed, item[1].name), default=None)
    if worst is None:
        return Facts((rate,), table.level, table.finding("all").reason)
    finding, row = worst
    reason = f"{row.name}: {finding.reason}"
    if finding.level < Level.WARNING:
        return Facts((rate,), table.level, table.finding("all").reason or reason)
    return Facts((f"{finding.kind} {row.name}", rate), table.level, reason)
