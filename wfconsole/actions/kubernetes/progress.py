"""How far a rollout has come, as one number that shows whether it helped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.actions.kubernetes.pods import Member
from wfconsole.actions.kubernetes.rollouts import strategy_of
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.plan import Aim, Reading, Signal

_WINDOW_MS: Final[Millis] = 10 * MINUTE
_LONGEST_MS: Final[Millis] = 60 * MINUTE
_HOLD_MS: Final[Millis] = 20 * SECOND
_SHOWN: Final = 3


def rollout_signal(aim: Aim, item: Object) -> Signal:
    """New pods that are ready; below zero while fewer pods are ready than before, by so many. It has as long as the
    deployment itself gives a rollout for its next pod, at least ten minutes."""
    strategy = strategy_of(aim.kind, item)
    patience = int(item["spec"].get("progressDeadlineSeconds") or 0) * SECOND
    return new_pods_signal(aim, strategy.replicas - strategy.kept, max(_WINDOW_MS, min(patience, _LONGEST_MS)))


def new_pods_signal(aim: Aim, count: int, window_ms: Millis) -> Signal:
    """The same for so many pods, in so much time."""
    text = f"new pods of {aim} that are ready (below zero: so many fewer are ready than before)"
    return Signal(text, goal=float(count), unit="pods", window_ms=window_ms, hold_ms=_HOLD_MS)


def standing(pods: Iterable[Member], new: Callable[[Member], bool], before: int, now: Millis, undone: str) -> Reading:
    """The reading. `before`: how many pods were ready before it began."""
    there = [each for each in pods if not each.over]
    ready = [each for each in there if each.ready]
    fresh, old = sum(map(new, ready)), sum(not new(each) for each in there)
    value = fresh if len(ready) >= before else len(ready) - before
    bad = [f"{each.name}: {each.finding.reason}" for each in there if each.failing]
    told = f"{fresh} new and {len(ready) - fresh} old ones ready, {old} old ones are still there"
    return Reading(now, float(value), "; ".join((told, *bad[:_SHOWN])), undone)
