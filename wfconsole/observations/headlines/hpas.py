"""Autoscalers: the one that most needs somebody."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.hpas import at_max, wants, why_blind
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World


def hpas(world: World, judged: Judged, _now: Millis) -> Facts:
    table = judged.rows("hpas")
    rows = [row for row in world.hpas.values() if not row.disabled]
    if not world.hpas:
        return Facts(("no autoscalers",))
    # Of equals the one that wants more and cannot have it comes first, then the first by name.
    found = (key for key in table.findings if key in world.hpas)
    key = min(found, key=lambda item: (-table.findings[item].level, not at_max(world.hpas[item]), item), default=None)
    if key is None or table.findings[key].level == Level.OK:
        below = sum(not at_max(row) for row in rows)
        return Facts((f"{below} of {len(world.hpas)} below max",))
    row, finding = world.hpas[key], table.findings[key]
    reason = f"{row.name}: {finding.reason}"
    if why_blind(row) and not row.disabled:
        return Facts((f"{row.name} BLIND", f"{row.current}/{row.maximum}"), finding.level, reason)
    if at_max(row):
        wanted = wants(row)
        more = (f"wants {wanted}",) if wanted is not None and wanted > row.maximum else ()
        return Facts((f"{row.name} {row.current}/{row.maximum} AT MAX", *more), finding.level, reason)
    return Facts(
        (f"{row.name} {finding.reason.partition(':')[0]}", f"{row.current}/{row.maximum}"), finding.level, reason
    )
