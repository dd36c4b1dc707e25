"""Who uses a secret: the workloads whose pods refer to it, as far as the API shows, and through what it comes to them.

What cannot be seen is said: jobs, other clusters, programs that ask AWS themselves by a name that they put together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from wfconsole.actions.kubernetes.cluster import Cluster, Object
from wfconsole.actions.kubernetes.rollouts import wanted
from wfconsole.actions.kubernetes.workloads import path_of, ready
from wfconsole.incident.plan import Aim
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

KINDS: Final = ("deployment", "statefulset", "daemonset")
_OPERATOR: Final = "external-secrets.io"
_CSI: Final = "secrets-store.csi.k8s.io"
_CLASSES: Final = "/apis/secrets-store.csi.x-k8s.io/v1"


class Synced(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Kubernetes Secret that is made from it. `by` "externalsecret", "secretproviderclass", or "" where nothing shows
    who makes it; `path`: where that is; `every`: how often it looks."""

    namespace: str
    held_in: str  # the Secret's name
    by: str = ""
    name: str = ""
    path: str = ""
    every: str = ""

    def __str__(self) -> str:
        return f"Secret {safe(self.namespace)}/{safe(self.held_in)}"

    @property
    def maker(self) -> str:
        return f"{self.by} {safe(self.namespace)}/{safe(self.name)}" if self.by else "nobody that shows here"


class Consumer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A workload that uses it. `how` in words; `through` the Secrets that it comes through; `paused`: a restart does
    nothing; `by_hand_only`: its pods are replaced only when somebody deletes them; `down`: none of its pods
    is ready, and some should be."""

    aim: Aim
    uid: str
    version: str
    how: tuple[str, ...] = ()
    through: tuple[Synced, ...] = ()
    paused: bool = False
    by_hand_only: bool = False
    down: bool = False

    @property
    def waits_for(self) -> tuple[Synced, ...]:
        return tuple(each for each in self.through if each.by == "externalsecret")


class Found(msgspec.Struct, frozen=True):
    """`unknown`: what could not be looked at, in words."""

    consumers: tuple[Consumer, ...] = ()
    synced: tuple[Synced, ...] = ()
    unknown: tuple[str, ...] = ()


class Sought(msgspec.Struct, frozen=True):
    """`names`: how the secret may be called, its ARN too; `namespaces` to look into, all where none is named. `named`
    and `held_in`: what somebody told us: workloads, and Kubernetes Secrets as (namespace, name)."""

    names: tuple[str, ...]
    namespaces: tuple[str, ...]
    named: tuple[Aim, ...] = ()
    held_in: tuple[tuple[str, str], ...] = ()


def find(cluster: Cluster, sought: Sought) -> Found:
    """All that the API shows. Raises SourceError for a workload that was named and is not there."""
    unknown: list[str] = []
    consumers: dict[str, Consumer] = {}
    synced: list[Synced] = []
    for namespace in sought.namespaces or ("",):
        here = [*_by_operator(cluster, namespace, sought, unknown), *_by_driver(cluster, namespace, sought, unknown)]
        known = {each.held_in for each in here}
        here += [Synced(namespace, name) for of, name in sought.held_in if of == namespace and name not in known]
        synced += here
        for kind in KINDS:
            path = f"/apis/apps/v1{_within(namespace)}/{kind}s"
            items = _listed(cluster, path, f"{kind}s{_of(namespace)}", unknown) or ()
            for each in _of_kind(items, kind, here, sought.names):
                consumers[str(each.aim)] = each
    for aim in sought.named:
        if str(aim) not in consumers:
            item = cluster.get(path_of(aim), str(aim))
            consumers[str(aim)] = _consumer(aim, item, ("you say so",), ())
    return Found(tuple(consumers.values()), tuple(synced), tuple(unknown))


# --- what brings it into the cluster


def _by_operator(cluster: Cluster, namespace: str, sought: Sought, unknown: list[str]) -> Iterator[Synced]:
    for version in ("v1", "v1beta1"):
        group = f"/apis/{_OPERATOR}/{version}"
        path = f"{group}{_within(namespace)}/externalsecrets"
        items = _listed(cluster, path, f"external secrets{_of(namespace)}", unknown)
        if items is None:
            continue
        for item in items:
            spec, name, home = item.get("spec") or {}, item["metadata"]["name"], item["metadata"]["namespace"]
            if not sought_in(sought.names, _remote_keys(spec)):
                continue
            path = f"{group}{_within(home)}/externalsecrets/{name}"
            target = (spec.get("target") or {}).get("name") or name
            yield Synced(home, target, "externalsecret", name, path, safe(spec.get("refreshInterval") or "", 20))
        return


def _remote_keys(spec: Mapping[str, Any]) -> Iterator[str]:
    for each in spec.get("data") or ():
        yield str((each.get("remoteRef") or {}).get("key", ""))
    for each in spec.get("dataFrom") or ():
        yield str((each.get("extract") or {}).get("key", ""))


def _by_driver(cluster: Cluster, namespace: str, sought: Sought, unknown: list[str]) -> Iterator[Synced]:
    path = f"{_CLASSES}{_within(namespace)}/secretproviderclasses"
    for item in _listed(cluster, path, f"secret provider classes{_of(namespace)}", unknown) or ():
        spec, name, home = item.get("spec") or {}, item["metadata"]["name"], item["metadata"]["namespace"]
        if not sought_in(sought.names, _objects(spec)):
            continue
        made = [str(each.get("secretName", "")) for each in spec.get("secretObjects") or ()]
        for target in made or [""]:  # "": only as files
            yield Synced(home, target, "secretproviderclass", name)


def _objects(spec: Mapping[str, Any]) -> Iterator[str]:
    """The names in `parameters.objects`, which is YAML inside a text."""
    import yaml

    with contextlib.suppress(yaml.YAMLError, RecursionError):
        told = yaml.safe_load(str((spec.get("parameters") or {}).get("objects", "")))
        yield from (str(each.get("objectName", "")) for each in told or () if isinstance(each, dict))


def sought_in(names: Iterable[str], said: Iterable[str]) -> bool:
    """Whether one of the texts is the secret's name or ARN, with or without the six characters that AWS appends."""
    told = {each for each in said if each}
    return any(name in told or (name.startswith("arn:") and name[:-7] in told) for name in names)


# --- who refers to it


def _of_kind(items: Iterable[Object], kind: str, synced: list[Synced], names: tuple[str, ...]) -> Iterator[Consumer]:
    for item in items:
        aim = Aim(kind, item["metadata"]["name"], item["metadata"]["namespace"])
        here = [each for each in synced if each.namespace == aim.namespace]
        how, through = uses(item["spec"]["template"].get("spec") or {}, here, names)
        if how:
            yield _consumer(aim, item, how, through)


def uses(
    pod: Mapping[str, Any], synced: Iterable[Synced], names: Iterable[str]
) -> tuple[tuple[str, ...], tuple[Synced, ...]]:
    """How a pod of this specification uses the secret, and through which Secrets; nothing where it does not."""
    how: list[str] = []
    through: list[Synced] = []
    held, classes = dict(_referred(pod)), dict(_mounted_classes(pod))
    for each in synced:
        said = held.get(each.held_in) if each.held_in else None
        if each.by == "secretproviderclass" and each.name in classes:
            said = f"{said}; {classes[each.name]}" if said else classes[each.name]
        if said:
            how.append(f"{said} of {each}" if each.held_in else said)
            through.append(each)
    telling = [name for name in names if "/" in name or ":" in name]  # "postgres" would be many other things too
    for name, value in _plain_values(pod):
        if sought_in(telling, (value,)):
            how.append(f"asks AWS itself (environment {safe(name, 60)})")
    return tuple(how), tuple(through)


def _containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("initContainers", "containers"):
        yield from pod.get(kind) or ()


def _referred(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kubernetes Secrets by name, and how a pod uses them; the environment last, since it is what a restart is for."""
    for volume in pod.get("volumes") or ():
        if (name := (volume.get("secret") or {}).get("secretName")) is not None:
            yield str(name), "files"
        for source in (volume.get("projected") or {}).get("sources") or ():
            if (name := (source.get("secret") or {}).get("name")) is not None:
                yield str(name), "files"
    for container in _containers(pod):
        for source in container.get("envFrom") or ():
            if (name := (source.get("secretRef") or {}).get("name")) is not None:
                yield str(name), "environment"
        for variable in container.get("env") or ():
            key = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
            if "name" in key:
                yield str(key["name"]), "environment"


def _mounted_classes(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for volume in pod.get("volumes") or ():
        csi = volume.get("csi") or {}
        if csi.get("driver") == _CSI:
            yield str((csi.get("volumeAttributes") or {}).get("secretProviderClass", "")), "mounted by the CSI driver"


def _plain_values(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for container in _containers(pod):
        for variable in container.get("env") or ():
            if isinstance(variable.get("value"), str):
                yield str(variable.get("name", "")), variable["value"]


def _consumer(aim: Aim, item: Object, how: tuple[str, ...], through: tuple[Synced, ...]) -> Consumer:
    spec, meta = item["spec"], item["metadata"]
    strategy = (spec.get("updateStrategy") or {}).get("type", "")
    return Consumer(
        aim,
        meta["uid"],
        meta.get("resourceVersion", ""),
        how,
        through,
        paused=bool(spec.get("paused")),
        by_hand_only=strategy == "OnDelete",
        down=bool(wanted(item)) and not ready(item),
    )


def _within(namespace: str) -> str:
    return f"/namespaces/{namespace}" if namespace else ""


def _of(namespace: str) -> str:
    return f" of {namespace}" if namespace else " of all namespaces"


def _listed(cluster: Cluster, path: str, what: str, unknown: list[str]) -> list[Object] | None:
    """All of them; None where the server does not serve them, or does not let us see them, which is noted."""
    try:
        return cluster.list(path, what)
    except SourceError as error:
        if error.code != 404:
            unknown.append(error.message)
        return None
