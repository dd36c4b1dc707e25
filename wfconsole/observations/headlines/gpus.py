"""GPUs: how busy they are, how many complain, and whether anybody feels it."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.gpus import count_xids, mean_utilization
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.inference import judge_saturation
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import HEALTHY, Level
from wfconsole.observations.world import World
from wfconsole.text import UNKNOWN, percent


def are_there(world: World) -> bool:
    """Whether there are GPUs, as far as anybody knows: nodes that offer some, some that were seen, or somebody who
    named the pods in which to ask for them."""
    snapshot = world.snapshots.get("gpus")
    asked = snapshot is not None and "nvidia-smi" in snapshot.facts
    return asked or bool(world.gpus) or any(row.gpus for row in world.nodes.values())


def gpus(world: World, judged: Judged, now: Millis) -> Facts:
    rows = world.gpus.values()
    if not rows:
        there = world.quality("nodes", now).conclusive and any(row.gpus for row in world.nodes.values())
        return Facts((f"gpu {UNKNOWN}",) if there else (), missed=are_there(world))
    table = judged.rows("gpus")
    busy, xids = mean_utilization(rows), count_xids(rows)
    fact = f"gpu {percent(busy)}  {UNKNOWN if xids is None else xids} Xid"
    worst = min(table.findings.items(), key=lambda each: (-each[1].level, each[0]), default=("", HEALTHY))
    asked = world.inference.values() if world.quality("inference", now).conclusive else ()
    saturated = judge_saturation(busy, asked)
    if saturated.level >= max(worst[1].level, Level.WATCH):
        return Facts((fact,), saturated.level, saturated.reason)
    return Facts((fact,), worst[1].level, f"{worst[0]}: {worst[1].reason}" if worst[0] else "")
