"""A rollout that may take one pod away instead of adding one, where no node has a GPU for one more: the deployment's
strategy is changed for this rollout, recorded, and put back when it is through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from wfconsole.actions.contract import BadRequestError, Say, Stale, Unknown
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import Cluster, Object
from wfconsole.actions.kubernetes.pods import wait_until
from wfconsole.actions.kubernetes.rollout_strategy import ONE_FEWER, before_of, put_back, set_strategy
from wfconsole.actions.kubernetes.rollouts import under_way, wanted
from wfconsole.actions.kubernetes.workloads import path_of, seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.plan import Aim, Check, Outcome, Plan, Request
from wfconsole.sources.contract import SourceError

WORD: Final = "one-fewer"
PATIENCE_MS: Final[Millis] = 15 * MINUTE  # a model takes its time to load


def asked(request: Request, item: Object) -> bool:
    """Whether the parameter `strategy` asks for it. Raises BadRequestError."""
    said = request.parameters.get("strategy", "")
    if said not in ("", WORD):
        raise BadRequestError(f"strategy {said!r}: leave it empty, or say {WORD}")
    if said and (request.aim.kind != "deployment" or (item["spec"].get("strategy") or {}).get("type") == "Recreate"):
        raise BadRequestError(f"{WORD} is for deployments that replace their pods step by step")
    return bool(said)


def as_rolled(item: Object) -> Object:
    """The deployment as it is while the rollout lasts."""
    return {**item, "spec": {**item["spec"], "strategy": set_strategy(ONE_FEWER)}}


def check(aim: Aim, item: Object) -> Check:
    """What it costs."""
    all_ = wanted(item)
    left = max(0, all_ - 1)
    lost = f"{100 // max(1, all_)} % of its capacity is gone"
    told = f"one pod fewer at a time: {left} of {all_} serve while it lasts, {lost}"
    return Check("explain", told, (seen(aim, item, f"wants {all_}"),))


def offered(aim: Aim, item: Object) -> str:
    """The same as an offer."""
    return (
        "with one pod fewer instead of one more (maxUnavailable 1, maxSurge 0), for this rollout only:"
        f" {max(0, wanted(item) - 1)} of {wanted(item)} pods of {aim.name} serve while it lasts,"
        " and the strategy is put back after it"
    )


def difference(item: Object) -> tuple[str, ...]:
    old = before_of(item)
    return (
        f"- maxSurge: {old['surge']}, maxUnavailable: {old['unavailable']}",
        "+ maxSurge: 0, maxUnavailable: 1 (for this rollout; put back after it)",
    )


def by_hand(cluster: Cluster, aim: Aim, item: Object, command: str) -> tuple[str, ...]:
    """The command between a change of the strategy and its way back."""

    def patch(values: Mapping[str, str]) -> str:
        body = msgspec.json.encode({"spec": {"strategy": set_strategy(values)}}).decode()
        return kubectl(cluster, aim.namespace, "patch", aim.kind, aim.name, "--type=merge", "-p", body)

    status = kubectl(cluster, aim.namespace, "rollout", "status", f"{aim.kind}/{aim.name}")
    return (patch(ONE_FEWER), command, status, patch(before_of(item)))


def until_through(plan: Plan, systems: Systems, say: Say, done: str, patience_ms: Millis) -> Outcome:
    """Wait for the rollout that has begun, then put back the strategy in `plan.calls`. Says what is left to do where
    that was not possible."""
    aim, cluster, before = plan.request.aim, systems.cluster, plan.calls["strategy"]
    say(f"waits until {aim} is through, to put its strategy back")

    def through() -> bool:
        return not under_way(aim.kind, cluster.get(path_of(aim), str(aim)))

    left = Request("rollout-strategy", aim, before, undoes=systems.receipt)
    if not wait_until(through, patience_ms):
        lines = (done, "the rollout is not through: its strategy is left as it is, one pod fewer at a time")
        return Outcome("partial", f"{done}, and is not through", lines, left, plan.lost)
    try:
        put_back(cluster, aim, before)
    except (SourceError, Stale, Unknown) as error:
        lines = (done, f"its strategy was not put back: {error}")
        return Outcome("partial", f"{done}, its strategy not put back", lines, left, plan.lost)
    return Outcome("done", f"{done}, one pod at a time", (done, "its strategy is what it was"), None, plan.lost)
