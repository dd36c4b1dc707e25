"""What the two actions on a secret share once there is a plan: the run, what became of it, and whether it helped."""

from __future__ import annotations

from collections.abc import Iterator

from wfconsole.actions.aws.parts import RESTARTED_AT, instant
from wfconsole.actions.aws.rotation import Rotation
from wfconsole.actions.aws.sight import answer, password_of
from wfconsole.actions.aws.steps import Restart, Steps
from wfconsole.actions.aws.store import CURRENT, Description, short
from wfconsole.actions.contract import Action, Say
from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.actions.kubernetes.workloads import path_of
from wfconsole.actions.postgres.role import logins_since
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Found, Outcome, Plan, Reading
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe


class Afterwards(Action):
    """See `contract.Action`; only `plan` is left to say."""

    def __init__(self) -> None:
        self._changed_at: Millis = 0  # by the database's clock, once this process has changed it

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        rotation = Rotation(plan, systems, say)
        try:
            return rotation.through()
        finally:
            self._changed_at = rotation.changed_at

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        steps = convert(plan.calls, Steps)
        described = systems.secrets(steps.region).describe(steps.arn)
        if steps.to not in described.stages and steps.makes:
            return "did not run", f"there is no version {short(steps.to)}: {described.told}"
        said = _logins(steps, described, systems)
        told = f"{described.told}; {said['text']}"
        if described.version(CURRENT) == steps.to and said["to"] == "yes":
            rest = _not_restarted(steps, systems)
            return "ran", f"{told}; {rest}"
        if said["to"] == "no" and described.version(CURRENT) == steps.current:
            return "did not run", f"{told}; what is pending is read by nobody"
        if said["to"] == "yes":
            half = (
                "HALF DONE: the database has the new one and the store gives out the old one, so that new logins fail"
            )
            return "cannot tell", f"{half}. Go on with it (pending: continue), or go back. {told}"
        return "cannot tell", told

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        steps = convert(plan.calls, Steps)
        described = systems.secrets(steps.region).describe(steps.arn)
        now = systems.now()
        if described.version(CURRENT) != steps.to:
            return Reading(now, 0.0, described.told, f"{CURRENT} was moved meanwhile: {described.told}")
        stands = [_stands(each, _item(each, systems), steps.restarted_at) for each in steps.consumers]
        logins = logins_since(systems.database, steps.role, self._changed_at or steps.at)
        whole = sum(1 for value in stands if value > 0)
        text = f"{whole} of {counted(len(stands), 'consumer')} new and whole, {counted(logins, 'login')} since"
        lost = sum(1 for value in stands if value < 0)
        if lost:
            text += f"; {counted(lost, 'consumer')} with no pod that is ready"
        return Reading(now, float(sum(stands) + (1 if logins else 0)), text)


def _logins(steps: Steps, described: Description, systems: Systems) -> dict[str, str]:
    """What the database says of the password of each of the two versions."""
    store, told, words = systems.secrets(steps.region), {"to": "unknown", "login": "unknown"}, []
    for name, version in (("login", steps.login), ("to", steps.to)):
        held = password_of(store, steps.arn, version, steps.field) if version in described.stages else None
        if held is not None:
            told[name] = answer(systems, steps.role, held)[0]
        does = {"yes": "logs in", "no": "does not log in"}.get(told[name], "logs in or not, nobody knows")
        words.append(f"the one of {short(version)} {does}")
    return {**told, "text": ", ".join(words)}


def _item(each: Restart, systems: Systems) -> Object | None:
    aim = Aim(each.kind, each.name, each.namespace)
    return systems.cluster.find(path_of(aim), each.what)


def _not_restarted(steps: Steps, systems: Systems) -> str:
    late: list[str] = []
    try:
        for each in steps.consumers:
            item = _item(each, systems)
            if item is None or not _restarted(item, steps.restarted_at):
                late.append(each.what)
    except SourceError as error:
        return f"which consumers were restarted is not known: {error.message}"
    return f"not restarted: {safe(', '.join(late), 400)}" if late else "every consumer was restarted"


def _restarted(item: Object, at: str) -> bool:
    """By us, or by somebody after us."""
    annotations = item["spec"]["template"].get("metadata", {}).get("annotations") or {}
    return instant(str(annotations.get(RESTARTED_AT, ""))) >= instant(at)


def _stands(each: Restart, item: Object | None, at: str) -> int:
    """1: all its pods are new and ready. 0: not yet. -1: it has no ready pod at all."""
    if item is None:
        return -1
    status, spec = item.get("status") or {}, item["spec"]
    wanted, ready, updated = _counts(each.kind, spec, status)
    seen = status.get("observedGeneration", 0) >= item["metadata"].get("generation", 0)
    if wanted and not ready:
        return -1
    settled = status.get("replicas", updated) == updated or each.kind == "daemonset"
    return int(seen and settled and _restarted(item, at) and updated >= wanted and ready >= wanted)


def _counts(kind: str, spec: Object, status: Object) -> Iterator[int]:
    if kind == "daemonset":
        names = ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled")
        return (int(status.get(name, 0) or 0) for name in names)
    wanted = int(spec.get("replicas", 1))
    return iter((wanted, *(int(status.get(name, 0) or 0) for name in ("readyReplicas", "updatedReplicas"))))
