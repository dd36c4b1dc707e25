"""What a stateful set brings along when its count changes: volumes, copies of a database, and an order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.actions.kubernetes.rollouts import images_of
from wfconsole.actions.kubernetes.workloads import ready
from wfconsole.incident.plan import Aim, Check, Observed
from wfconsole.incident.wording import counted
from wfconsole.text import safe

_DATABASES: Final = re.compile(r"(?i)(?<![a-z])(postgres|pgsql|timescale|cloudnative-pg|mysql|mariadb|percona|mongo)")


def is_database(item: Object) -> bool:
    """Whether its image is that of a database server: then a new pod is a replica that copies all of it."""
    return any(_DATABASES.search(image.rpartition("/")[2]) for image in images_of(item["spec"]["template"]))


def claims_of(item: Object) -> tuple[str, ...]:
    """What each pod keeps for itself: "data 100Gi (fast-ssd)"."""
    return tuple(map(_claim, item["spec"].get("volumeClaimTemplates") or ()))


def _claim(template: Object) -> str:
    spec = template["spec"]
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "?")
    return (
        f"{safe(template['metadata']['name'])} {safe(size)} ({safe(spec.get('storageClassName') or 'default class')})"
    )


def loses_volumes(item: Object) -> bool:
    """Whether the volumes of pods that are scaled away are deleted with them."""
    policy = item["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return bool(claims_of(item)) and policy.get("whenScaled") == "Delete"


def growing(aim: Aim, item: Object, current: int, replicas: int, volumes: Iterable[Object] | None) -> Iterator[Check]:
    """What more pods of a stateful set cost. `volumes`: the namespace's claims, None where they are not known."""
    more, claims = replicas - current, claims_of(item)
    seen = (
        Observed(str(aim), f"volumes of each pod: {', '.join(claims) or 'none'}", item["metadata"]["resourceVersion"]),
    )
    if claims:
        yield Check("explain", f"{counted(more, 'more pod')}, each with volumes of its own: {', '.join(claims)}", seen)
        yield from _left_over(aim, item, current, replicas, volumes)
    if is_database(item):
        yield Check(
            "explain",
            f"{'each' if more > 1 else 'it'} copies the whole database from the primary before it serves, which costs"
            " that server reads and network for as long as it takes",
            seen,
        )
        yield Check(
            "explain",
            "a replica helps read load that is sent to replicas: no connection and no lock of the primary",
            seen,
        )
    if item["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady" and ready(item) < current:
        waits = f"{ready(item)} of {current} pods are ready"
        yield Check(
            "refuse", f"{waits}: its pods start in order, and none starts before those are", seen, overridable=True
        )


def _left_over(
    aim: Aim, item: Object, current: int, replicas: int, volumes: Iterable[Object] | None
) -> Iterator[Check]:
    if volumes is None:
        yield Check("explain", "not known: whether volumes of earlier pods of these names are still there")
        return
    first = int((item["spec"].get("ordinals") or {}).get("start", 0))
    wanted = {
        f"{each['metadata']['name']}-{aim.name}-{number + first}"
        for each in item["spec"].get("volumeClaimTemplates") or ()
        for number in range(current, replicas)
    }
    there = [each for each in volumes if each["metadata"]["name"] in wanted]
    if there:
        names = ", ".join(safe(each["metadata"]["name"]) for each in there[:5])
        yield Check(
            "explain",
            f"volumes of earlier pods are used again, with the old data on them: {names}",
            tuple(
                Observed(
                    f"claim {safe(each['metadata']['name'])}",
                    f"made {safe(each['metadata'].get('creationTimestamp'))}",
                    each["metadata"]["resourceVersion"],
                )
                for each in there[:5]
            ),
        )


def shrinking(aim: Aim, item: Object, current: int, replicas: int) -> Iterator[Check]:
    """What fewer pods of a stateful set cost."""
    if current - replicas > 0 and is_database(item):
        gone = f"{aim.name}-{current - 1}" if current - replicas == 1 else f"the last {current - replicas} replicas"
        yield Check("refuse", f"a replica fewer to read from: {gone} goes, whoever reads there", overridable=True)
    if loses_volumes(item):
        yield Check("refuse", "the volumes of the pods that go are deleted with them, and their data", overridable=True)
    elif claims_of(item):
        yield Check("ok", "the volumes of the pods that go stay")
