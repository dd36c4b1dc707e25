"""What every rollout is asked beforehand, whatever causes it: whether its pods find room, GPUs and database slots, how
far its capacity goes down, and who watches over that."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.actions.kubernetes.placing import places
from wfconsole.actions.kubernetes.pods import budget_seen, budgets
from wfconsole.actions.kubernetes.rollouts import Strategy, gpus_of, needs_of, strategy_of
from wfconsole.actions.kubernetes.room import room_of, start_checks
from wfconsole.actions.kubernetes.workloads import seen
from wfconsole.actions.slots import slot_checks
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Aim, Check
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe


def paused(aim: Aim, item: Object) -> Iterator[Check]:
    """A paused deployment takes the change and does nothing with it."""
    if item["spec"].get("paused"):
        told = f"{aim} is paused: nothing is rolled out until somebody resumes it (kubectl rollout resume)"
        yield Check("refuse", told, (seen(aim, item, "paused"),))


def rollout_checks(systems: Systems, aim: Aim, item: Object, template: Object, new: int = 0) -> Iterator[Check]:
    """All of it for pods of `template`; `new` of them are there already."""
    strategy = strategy_of(aim.kind, item)
    yield from _of_strategy(aim, item, strategy)
    more = max(0, min(strategy.surge, strategy.replicas - new))
    if more:
        yield from _of_room(systems, aim, template, strategy, more)
        yield from slot_checks(systems, aim, more)
    elif systems.settings.actions.connections_per_pod:
        told = "each new pod opens its connections anew, when others may have taken them meanwhile"
        yield Check("explain", f"no pod more than now, but {told}")
    yield from _of_budgets(systems, aim, template, strategy)


def _of_strategy(aim: Aim, item: Object, strategy: Strategy) -> Iterator[Check]:
    here = (seen(aim, item, _as_written(item)),)
    if strategy.kind == "OnDelete":
        yield Check("refuse", f"{aim} has updateStrategy OnDelete: {strategy}", here, overridable=True)
    elif strategy.kind == "Recreate" and strategy.replicas:
        yield Check("refuse", f"{aim} has strategy Recreate: {strategy}", here, overridable=True)
    elif strategy.replicas and not strategy.least:
        yield Check("explain", f"for a while none of its {counted(strategy.replicas, 'pod')} may be ready", here)
    else:
        yield Check("ok", str(strategy), here)
    if strategy.kept and strategy.kept == strategy.replicas:
        yield Check(
            "refuse", "its partition keeps all of its pods as they are: none is replaced", here, overridable=True
        )
    elif strategy.kept:
        yield Check("explain", f"its partition keeps {counted(strategy.kept, 'pod')} as they are", here)


def _as_written(item: Object) -> str:
    """The strategy as the object has it: "RollingUpdate, maxSurge 25%, maxUnavailable 25%"."""
    written = item["spec"].get("strategy") or item["spec"].get("updateStrategy") or {}
    numbers = (f"{name} {value}" for name, value in sorted((written.get("rollingUpdate") or {}).items()))
    return safe(", ".join((written.get("type", "RollingUpdate"), *numbers)))


def _of_room(systems: Systems, aim: Aim, template: Object, strategy: Strategy, more: int) -> Iterator[Check]:
    """Without room for one pod more, a rollout that may take none away waits for ever."""
    if (stuck := gpu_wait(systems, template, strategy)) is not None:
        yield stuck
    for check in start_checks(systems.cluster, aim.namespace, template["spec"], more):
        if check.judgement != "refuse":
            yield check
        elif strategy.unavailable:
            told = f"{check.text}; it goes on all the same, as {counted(strategy.unavailable, 'pod')} may go first"
            yield msgspec.structs.replace(check, judgement="explain", text=told, overridable=False)
        elif stuck is None or stuck.judgement != "refuse":
            told = f"{check.text}; no pod may go before the new one is ready: the rollout would stand still"
            yield msgspec.structs.replace(check, text=told)


def gpu_wait(systems: Systems, template: Object, strategy: Strategy) -> Check | None:
    """Whether the rollout would wait for a GPU that only its own pods have; None where no GPU comes into it."""
    needs = needs_of(template["spec"])
    asked = gpus_of(needs)
    if not asked or strategy.kind != "RollingUpdate" or strategy.unavailable or not strategy.surge:
        return None
    names = ", ".join(safe(name) for name in sorted(asked))
    try:
        found = places(room_of(systems.cluster).nodes(), template["spec"], needs)
    except SourceError as error:
        # To find out by trying would leave a rollout that hangs.
        told = f"not known: whether {names} is free for one pod more, without which this stands still: {error.message}"
        return Check("refuse", told, (), True)
    if any(each.takes for each in found):
        return Check("ok", f"{names} is free for one pod more")
    return Check(
        "refuse",
        f"deadlock: it starts {strategy.surge} pod more before one may go, that pod needs {names}, and no node has it "
        "free. The new pod would stay pending, and the rollout would never end",
    )


def _of_budgets(systems: Systems, aim: Aim, template: Object, strategy: Strategy) -> Iterator[Check]:
    """Rollouts do not ask disruption budgets; only evictions do."""
    labels = (template.get("metadata") or {}).get("labels") or {}
    try:
        found = budgets(systems.cluster, aim.namespace, labels)
    except SourceError as error:
        yield Check("explain", f"not known: what disruption budgets want: {error.message}")
        return
    for each in found:
        if strategy.least < each.wants:
            told = f"disruption budget {each.name} wants {each.wants} healthy pods, and a rollout does not ask it"
            yield Check("explain", f"{told}: this one goes down to {strategy.least}", (budget_seen(each),))
        else:
            told = f"disruption budget {each.name} wants {each.wants} healthy pods: this keeps {strategy.least}"
            yield Check("ok", told, (budget_seen(each),))
    if not found:
        yield Check("ok", "no disruption budget is over its pods")
