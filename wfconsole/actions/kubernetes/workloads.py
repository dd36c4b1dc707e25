"""What the actions on deployments, stateful sets and daemon sets share: where they are, and how it stands with them."""

from __future__ import annotations

import re
from typing import Final

from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.kubernetes.cluster import Cluster, Object
from wfconsole.incident.plan import Aim, Observed
from wfconsole.text import safe

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LONGEST: Final = 253
_PLURALS: Final = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}


def resource_of(aim: Aim, *kinds: str) -> str:
    """`deployments` for a deployment. Raises BadRequestError for another kind than `kinds`, or without a namespace."""
    if aim.kind not in kinds:
        raise BadRequestError(f"{aim.kind} {aim.name}: this is done to a {' or a '.join(kinds)}")
    named(aim)
    return _PLURALS[aim.kind]


def named(aim: Aim) -> None:
    """Raises BadRequestError where its name or namespace cannot be one of an object: what else is in a path leads
    elsewhere."""
    for part in (aim.namespace, aim.name):
        if len(part) > _LONGEST or not _NAME.fullmatch(part):
            raise BadRequestError(
                f"{safe(part, 80)!r}: name it as NAMESPACE/NAME, in small letters, digits, dots and hyphens"
            )


def path_of(aim: Aim) -> str:
    """The REST path of a workload."""
    return f"/apis/apps/v1/namespaces/{aim.namespace}/{_PLURALS[aim.kind]}/{aim.name}"


def ready(item: Object) -> int:
    """How many of its pods are ready."""
    status = item.get("status") or {}
    return int(status.get("numberReady", status.get("readyReplicas", 0)) or 0)


def seen(aim: Aim, item: Object, said: str) -> Observed:
    """A workload as evidence."""
    return Observed(str(aim), said, item["metadata"].get("resourceVersion", ""))


def hpa_of(cluster: Cluster, aim: Aim) -> Object | None:
    """The autoscaler that sets its replicas, None where there is none. Raises SourceError where nobody can say."""
    path = f"/apis/autoscaling/v2/namespaces/{aim.namespace}/horizontalpodautoscalers"
    for item in cluster.list(path, "autoscalers"):
        target = item["spec"]["scaleTargetRef"]
        if target["kind"].lower() == aim.kind and target["name"] == aim.name:
            return item
    return None
