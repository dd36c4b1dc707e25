"""Inference services: nothing while they are well, the worst one otherwise."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.headlines.gpus import are_there
from wfconsole.observations.inference import InferenceRow
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World


def inference(world: World, judged: Judged, _now: Millis) -> Facts:
    table = judged.rows("inference")
    found = [(table.finding(key), row) for key, row in world.inference.items()]
    worst = min(found, key=lambda each: (-each[0].level, each[1].name), default=None)
    if worst is None or worst[0].level < Level.WARNING:
        return Facts((), missed=bool(world.inference) or are_there(world))
    finding, row = worst
    return Facts((_fact(row),), finding.level, f"{row.name}: {finding.reason}")


def _fact(row: InferenceRow) -> str:
    waits = f" {row.queue:.0f} wait" if row.queue is not None else ""
    return f"{row.name}{waits}"
