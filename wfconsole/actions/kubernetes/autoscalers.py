"""What an autoscaler does to a workload, by itself and when somebody changes the replicas beside it. Pure.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
"""

from __future__ import annotations

from collections.abc import Iterator

from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.incident.plan import Aim, Alternative, Check, Observed, Request
from wfconsole.text import safe


def name_of(hpa: Object | None) -> str:
    """Its name, "" where there is none."""
    return "" if hpa is None else str(hpa["metadata"]["name"])


def bounds_of(hpa: Object) -> tuple[int, int]:
    """Its minimum and its maximum."""
    least = hpa["spec"].get("minReplicas")
    return 1 if least is None else int(least), int(hpa["spec"]["maxReplicas"])


def scaler_seen(hpa: Object) -> Observed:
    """An autoscaler as evidence."""
    meta, status = hpa["metadata"], hpa.get("status") or {}
    least, most = bounds_of(hpa)
    said = f"min {least}, max {most}, {status.get('currentReplicas', 0)} now, {status.get('desiredReplicas', 0)} wanted"
    return Observed(f"HPA {safe(meta['namespace'])}/{safe(meta['name'])}", said, meta["resourceVersion"])


def blind(hpa: Object) -> str:
    """Why it cannot count and so changes nothing by itself, "" where it can, or has not said yet."""
    for each in (hpa.get("status") or {}).get("conditions") or ():
        if each["type"] == "ScalingActive" and each["status"] == "False" and each.get("reason") != "ScalingDisabled":
            return safe(each.get("message") or each.get("reason") or "no reason given", 200)
    return ""


def at_most(hpa: Object) -> bool:
    """Whether it would have more than its maximum."""
    return any(
        each["type"] == "ScalingLimited" and each["status"] == "True" and each.get("reason") == "TooManyReplicas"
        for each in (hpa.get("status") or {}).get("conditions") or ()
    )


def scaler_checks(hpa: Object | None, current: int, replicas: int) -> Iterator[Check]:
    """What an autoscaler makes of a number of replicas that somebody sets."""
    if hpa is None:
        yield Check("ok", "no autoscaler sets its replicas")
        return
    name, (least, most), evidence = safe(name_of(hpa)), bounds_of(hpa), (scaler_seen(hpa),)
    told = f"autoscaler {name} sets its replicas (min {least}, max {most})"
    if replicas == 0:
        said = f"{told}, and 0 switches it off: it never brings a pod back until somebody scales up by hand"
    elif current == 0:
        said = f"{told}, and is off while there are 0: this switches it on again, and it decides from there"
    elif replicas > most:
        said = f"{told} and takes this back to {most} within seconds: change its bounds instead"
    elif replicas < least:
        said = f"{told} and takes this back to {least} within seconds: change its bounds instead"
    elif reason := blind(hpa):
        said = f"{told}; it is blind and leaves this until it sees again, then takes it back: {reason}"
    else:
        said = f"{told} and takes this back within seconds, to what it reckons: change its bounds instead"
    awakes = current == 0 < replicas
    yield Check("explain" if awakes else "refuse", said, evidence, overridable=not awakes)


def scaler_instead(hpa: Object | None, current: int, replicas: int) -> Iterator[Alternative]:
    """Its bounds, for somebody who wants another number of replicas; it is never told to stop everything."""
    if hpa is None or replicas == 0:
        return
    least, most = bounds_of(hpa)
    bounds = (replicas, max(most, replicas)) if replicas > current else (min(least, replicas), replicas)
    aim = Aim("horizontalpodautoscaler", hpa["metadata"]["name"], hpa["metadata"]["namespace"])
    yield Alternative(
        f"set {aim} to min {bounds[0]}, max {bounds[1]} (now {least}, {most})",
        Request("autoscale", aim, {"min": str(bounds[0]), "max": str(bounds[1])}),
    )
