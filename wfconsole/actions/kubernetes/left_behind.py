"""What a rollback does not bring back: configuration that was changed after the revision that it goes back to, and
whoever deploys from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.actions.kubernetes.revisions import Revision
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.incident.plan import Aim, Check, Observed
from wfconsole.incident.wording import spell_duration
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.values import instant
from wfconsole.text import safe

_SHOWN: Final = 5


def left_behind(
    systems: Systems, aim: Aim, found: tuple[Revision, ...], target: Revision, now: Millis
) -> Iterator[Check]:
    """The ConfigMaps that pods of the target read, against when they were last changed. Secrets are not read."""
    over = _over_at(found, target)
    for name, optional in sorted(config_maps_of(target.template).items()):
        yield _of_map(systems, aim, name, over, now, optional=optional)
    if names := sorted(secrets_of(target.template)):
        shown = ", ".join(safe(each) for each in names[:_SHOWN])
        yield Check("explain", f"not known: whether Secrets were changed since ({shown}); nobody here reads them")


def _over_at(found: tuple[Revision, ...], target: Revision) -> Millis:
    """When the next revision came after the target."""
    later = [each.created_at for each in found if each.number > target.number and each.created_at > target.created_at]
    return min(later, default=target.created_at)


def _of_map(systems: Systems, aim: Aim, name: str, over: Millis, now: Millis, *, optional: bool) -> Check:
    what = f"ConfigMap {safe(name)}"
    path = f"/api/v1/namespaces/{aim.namespace}/configmaps/{name}"
    try:
        item = systems.cluster.find(path, what)
    except SourceError as error:
        return Check("explain", f"not known: whether {what} was changed since: {error.message}")
    if item is None:
        if optional:
            return Check("explain", f"{what} is not there, which the pods allow")
        return Check(
            "refuse",
            f"{what} is gone, and pods of this revision do not start without it",
            (Observed(what, "is not there"),),
            True,
        )
    at = changed_at(item)
    here = (Observed(what, f"last changed {spell_duration(now - at)} ago", item["metadata"]["resourceVersion"]),)
    if at >= over:
        told = f"{what} was changed {spell_duration(now - at)} ago, after that revision: the rollback does not bring it"
        return Check("explain", f"{told} back", here)
    return Check("ok", f"{what} is as that revision knew it", here)


def changed_at(item: Object) -> Millis:
    """When somebody last wrote to an object, as far as the server keeps it."""
    meta = item["metadata"]
    times = [instant(each.get("time")) for each in meta.get("managedFields") or ()]
    return max(times, default=0) or instant(meta.get("creationTimestamp"))


def config_maps_of(template: Object) -> dict[str, bool]:
    """The ConfigMaps that pods of a template read, and whether they do without."""
    found: dict[str, bool] = {}
    for name, optional in _references(template, "configMap", "configMapRef", "configMapKeyRef"):
        found[name] = found.get(name, True) and optional
    return found


def secrets_of(template: Object) -> set[str]:
    """The Secrets that pods of a template read."""
    return {name for name, _ in _references(template, "secret", "secretRef", "secretKeyRef")}


def _references(value: Any, *kinds: str) -> Iterator[tuple[str, bool]]:
    """Whatever names one of these, wherever in the specification: variables, their sources, volumes."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in kinds and isinstance(inner, dict):
                name = inner.get("name") or inner.get("secretName")
                if name:
                    yield str(name), bool(inner.get("optional"))
            yield from _references(inner, *kinds)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner, *kinds)
