"""What the LimitRanges of a namespace make of a pod: defaults that they fill in, and bounds that they set. Pure.

https://kubernetes.io/docs/concepts/policy/limit-range/
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping

from wfconsole.actions.kubernetes.rollouts import Object, needs_of, spelled, units
from wfconsole.text import safe


def defaulted(pod: Object, ranges: Iterable[Object]) -> Object:
    """The specification with the requests and limits that its pods get: a limit is the request where there is none,
    then the ranges' own defaults."""
    filled = copy.deepcopy(pod)
    items = [each for item in ranges for each in item["spec"].get("limits") or () if each["type"] == "Container"]
    for box in (*(filled.get("containers") or ()), *(filled.get("initContainers") or ())):
        resources = box.setdefault("resources", {})
        limits, requests = resources.setdefault("limits", {}), resources.setdefault("requests", {})
        for name, value in limits.items():
            requests.setdefault(name, value)
        for item in items:
            default = item.get("default") or {}
            for name, value in (default | (item.get("defaultRequest") or {})).items():
                requests.setdefault(name, value)
            for name, value in default.items():
                limits.setdefault(name, value)
    return filled


def broken(pod: Object, ranges: Iterable[Object]) -> Iterator[str]:
    """Each bound that a pod of this specification, with its defaults, is outside of: it would be refused."""
    for item in ranges:
        name = safe(item["metadata"]["name"])
        for bound in item["spec"].get("limits") or ():
            if bound["type"] == "Container":
                for box in pod.get("containers") or ():
                    told = box.get("resources") or {}
                    asked = {
                        of: {key: units(key, value) for key, value in (told.get(of) or {}).items()}
                        for of in ("requests", "limits")
                    }
                    yield from (f"{name}: container {safe(box['name'])}: {each}" for each in _outside(bound, asked))
            elif bound["type"] == "Pod":
                asked = {of: needs_of(pod, of) for of in ("requests", "limits")}
                yield from (f"{name}: a pod in all: {each}" for each in _outside(bound, asked))


def _outside(bound: Object, asked: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for resource, value in (bound.get("max") or {}).items():
        most, mine = units(resource, value), asked["limits"].get(resource)
        if mine is None or mine > most:
            told = "no limit" if mine is None else f"limit {spelled(resource, mine)}"
            yield f"{told} of {safe(resource)}, at most {spelled(resource, most)}"
    for resource, value in (bound.get("min") or {}).items():
        least, mine = units(resource, value), asked["requests"].get(resource)
        if mine is None or mine < least:
            told = "no request" if mine is None else f"request {spelled(resource, mine)}"
            yield f"{told} of {safe(resource)}, at least {spelled(resource, least)}"
    for resource, value in (bound.get("maxLimitRequestRatio") or {}).items():
        limit, request = asked["limits"].get(resource), asked["requests"].get(resource)
        if limit and request and limit / request > float(value):
            yield f"limit of {safe(resource)} is {limit / request:.3g} times the request, at most {safe(value)}"
