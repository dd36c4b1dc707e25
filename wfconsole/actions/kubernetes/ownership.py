"""Who else writes to a workload, and would take a change back: the marks that deployment tools leave on objects.

Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
Flux: https://fluxcd.io/flux/components/kustomize/kustomizations/ and .../helm/helmreleases/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.actions.kubernetes.workloads import seen
from wfconsole.incident.plan import Aim, Check
from wfconsole.text import safe

# A label or an annotation -> whose it is.
_FROM_GIT: Final[Mapping[str, str]] = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "configmanagement.gke.io/managed": "Config Sync",
    "configsync.gke.io/resource-id": "Config Sync",
    "objectset.rio.cattle.io/id": "Fleet",
}
_ARGO_WRITES_AS: Final = "argocd"  # what its names in managedFields begin with
_HELM: Final = "meta.helm.sh/release-name"


def from_git(item: Object) -> str:
    """The tool that brings an object back to what is in Git, and by which mark: "Argo CD (argocd.argoproj.io/...)"; ""
    where none has left one."""
    meta = item["metadata"]
    marks = {**(meta.get("labels") or {}), **(meta.get("annotations") or {})}
    for mark, tool in _FROM_GIT.items():
        if mark in marks:
            return f"{tool} ({mark}={safe(str(marks[mark]), 100)})"
    writers = [str(each.get("manager", "")) for each in meta.get("managedFields") or ()]
    if any(each.startswith(_ARGO_WRITES_AS) for each in writers):
        return "Argo CD (it has written to it)"
    return ""


def helm_release(item: Object) -> str:
    """The Helm release that an object is part of, "" where it is of none."""
    return safe(str((item["metadata"].get("annotations") or {}).get(_HELM, "")), 100)


def ownership_checks(aim: Aim, item: Object) -> Iterator[Check]:
    """Whether a change of the template would stand."""
    here = (seen(aim, item, "its labels, annotations and writers"),)
    if tool := from_git(item):
        told = f"{tool} brings it back to what is in Git, as a rule within minutes"
        yield Check("refuse", f"{told}: revert it there, or suspend the sync first", here, overridable=True)
    elif release := helm_release(item):
        told = f"it is part of Helm release {release}, which does not know of this: the next upgrade undoes it"
        yield Check("explain", f"{told} (helm rollback {release} keeps both in step)", here)
    else:
        yield Check("ok", "nothing shows that it is deployed from Git or by Helm", here)


def may_be_taken_back(item: Object) -> Iterator[Check]:
    """The same of a number that Git need not hold: replicas are often left to autoscalers and people."""
    if tool := from_git(item):
        yield Check("explain", f"{tool} takes it back within minutes, if Git holds this number")
