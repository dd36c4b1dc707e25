"""How bad a condition is: one thing has one level, on its pane, in the head, in the triage and in DO NOW.

What a workload's pods suffer from is as bad as it is for the workload: a crash loop of two pods of five is a warning,
of three of them critical.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wfconsole.incident.events import Noticed
from wfconsole.incident.looks import pane_of_condition, source_of_condition
from wfconsole.observations.board import BoardLine
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.pod_groups import PodGroup

_OF_PODS: Final = ("pods", "workloads")


def level_for_workload(level: Level, group: PodGroup | None) -> Level:
    """The level of what some pods of a workload suffer from, as the scribe writes it down when it sees it."""
    return level if group is None else min(level, max(Level.WARNING, group.level))


def level_now(key: str, found: Noticed, judged: Judged, lines: Iterable[BoardLine]) -> Level:
    """How bad a condition is at this instant, where its pane can be trusted, and then never worse than the pane: the
    record keeps the worst that it was."""
    number = pane_of_condition(key)
    pane = next((line for line in lines if line.number == number), None)
    if pane is None or not pane.quality.conclusive:
        return found.level
    group = judged.groups.get(found.subject) if source_of_condition(key) in _OF_PODS else None
    if group is None:
        return min(found.level, pane.level)
    return group.level if key.startswith("readiness ") else min(found.level, group.level)


def hurts(key: str, found: Noticed, judged: Judged) -> bool:
    """Whether it does harm at this instant: pods that were killed and serve again do not."""
    group = judged.groups.get(found.subject) if source_of_condition(key) in _OF_PODS else None
    return group is None or group.down > 0
