"""The revisions of a workload: its images, how long it stood, whether it was healthy, and which to go back to.

Pure. Deployments keep theirs in replica sets, stateful sets and daemon sets in controller revisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.kubernetes.pods import Member
from wfconsole.actions.kubernetes.rollouts import RESTARTED_AT, Object, images_of, plain_template
from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.levels import Level
from wfconsole.redaction import redact_text
from wfconsole.sources.kubernetes.values import instant
from wfconsole.text import safe

NUMBER: Final = "deployment.kubernetes.io/revision"
CAUSE: Final = "kubernetes.io/change-cause"
HASH: Final = "pod-template-hash"
REVISION_HASH: Final = "controller-revision-hash"
# What was bad is replaced sooner, as a rule; what stood so long has served.
STOOD_LONG_ENOUGH: Final[Millis] = 10 * MINUTE
_DIFF_LINES: Final = 60
_NOT_SHOWN: Final = "(not shown)"


class Revision(msgspec.Struct, frozen=True):
    """One revision. `hashes`: what the label of its pods says. `healthy_ms`: for how long pods of it have been ready,
    None where none is. `stood_ms`: until the next one came; None where that cannot be told. `like`: the newest other
    revision with the same pods but for the time of a restart, 0 where there is none."""

    number: int
    template: Object
    path: str
    uid: str
    created_at: Millis
    hashes: tuple[str, ...] = ()
    cause: str = ""
    ready: int = 0
    healthy_ms: Millis | None = None
    stood_ms: Millis | None = None
    like: int = 0
    restarted: bool = False

    @property
    def images(self) -> tuple[str, ...]:
        return images_of(self.template)

    @property
    def restarted_at(self) -> str:
        notes = (self.template.get("metadata") or {}).get("annotations") or {}
        return str(notes.get(RESTARTED_AT, ""))

    @property
    def pods(self) -> str:
        """A name for what its pods are, whenever they were restarted."""
        return digest(plain_template(self.template, but_restarts=True))

    @property
    def proven(self) -> bool:
        """Whether something shows that it was healthy."""
        return self.healthy_ms is not None or (self.stood_ms or 0) >= STOOD_LONG_ENOUGH

    def told(self, now: Millis) -> str:
        """In a line: its images, its age, how long it was healthy."""
        parts = [f"revision {self.number}: {', '.join(self.images)}", f"{spell_duration(now - self.created_at)} old"]
        if self.healthy_ms is not None:
            parts.append(f"{counted(self.ready, 'pod')} ready for {spell_duration(self.healthy_ms)}")
        elif self.stood_ms is not None:
            parts.append(f"stood for {spell_duration(self.stood_ms)} until the next one came")
        if self.restarted and self.like:
            parts.append(f"only a restart of revision {self.like}")
        if self.cause:
            parts.append(f"because: {safe(self.cause, 100)}")
        return ", ".join(parts)


def digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]


def of_replica_sets(items: Iterable[Object], pods: Sequence[Member], now: Millis) -> tuple[Revision, ...]:
    """The revisions of a deployment, newest first."""
    return _linked([each for item in items if (each := _of_replica_set(item)) is not None], pods, now)


def _of_replica_set(item: Object) -> Revision | None:
    meta = item["metadata"]
    notes = meta.get("annotations") or {}
    number = str(notes.get(NUMBER, ""))
    if not number.isdecimal():
        return None
    return Revision(
        int(number),
        plain_template(item["spec"]["template"]),
        f"/apis/apps/v1/namespaces/{meta['namespace']}/replicasets/{meta['name']}",
        meta["uid"],
        instant(meta.get("creationTimestamp")),
        (str((meta.get("labels") or {}).get(HASH, "")),),
        str(notes.get(CAUSE, "")),
    )


def of_controller_revisions(items: Iterable[Object], pods: Sequence[Member], now: Millis) -> tuple[Revision, ...]:
    """The revisions of a stateful set or a daemon set, newest first."""
    return _linked([_of_controller_revision(item) for item in items], pods, now)


def _of_controller_revision(item: Object) -> Revision:
    meta = item["metadata"]
    template = dict(((item.get("data") or {}).get("spec") or {}).get("template") or {})
    template.pop("$patch", None)
    return Revision(
        int(item["revision"]),
        plain_template(template),
        f"/apis/apps/v1/namespaces/{meta['namespace']}/controllerrevisions/{meta['name']}",
        meta["uid"],
        instant(meta.get("creationTimestamp")),
        (meta["name"], str((meta.get("labels") or {}).get(REVISION_HASH, meta["name"]))),
        str((meta.get("annotations") or {}).get(CAUSE, "")),
    )


def _linked(found: list[Revision], pods: Sequence[Member], now: Millis) -> tuple[Revision, ...]:
    """Each with what the others, and the pods that are there, say of it."""
    found.sort(key=lambda each: each.number)
    linked = []
    for place, each in enumerate(found):
        after = found[place + 1] if place + 1 < len(found) else None
        well = [pod for pod in pods if _of(pod, each) and pod.ready and pod.finding.level < Level.WARNING]
        since = [pod.row.ready_since for pod in well if pod.row.ready_since]
        same = [other for other in found if other is not each and other.pods == each.pods]
        linked.append(
            msgspec.structs.replace(
                each,
                ready=len(well),
                healthy_ms=max(0, now - min(since)) if since else None,
                # One that was rolled back to is older than the revision before it: when it began nobody wrote down.
                stood_ms=after.created_at - each.created_at
                if after is not None and after.created_at > each.created_at
                else None,
                like=max((other.number for other in same), default=0),
                restarted=any(other.restarted_at < each.restarted_at for other in same),
            )
        )
    return tuple(reversed(linked))


def _of(pod: Member, revision: Revision) -> bool:
    labels = pod.labels
    return any(each and each in (labels.get(HASH), labels.get(REVISION_HASH)) for each in revision.hashes)


def is_of(revision: Revision, pod: Member) -> bool:
    """Whether a pod is of this revision."""
    return _of(pod, revision)


def proposed(found: Sequence[Revision]) -> Revision | None:
    """The newest revision whose pods are others than those of now, and that is known to be healthy; else the newest
    that stood for long; else, of those with another image, the one that stood longest. None where there is none."""
    now, *older = found
    others = [each for each in older if each.pods != now.pods]
    # A revision and its restarts are one: what shows that one of them was healthy holds for all.
    healthy = {each.pods for each in others if each.healthy_ms is not None}
    good = healthy or {each.pods for each in others if each.proven}
    for each in others:
        if each.pods in good:
            return each
    another = [each for each in others if each.images != now.images]
    return max(another, key=lambda each: (each.stood_ms or 0, each.number), default=None)


def difference_of(old: Object, new: Object) -> tuple[str, ...]:
    """What a pod template would have in place of what: lines that begin with "-" and "+". Values of the environment and
    of command lines are not shown: they may be secrets."""
    before, after = dict(_flat(old)), dict(_flat(new))
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            lines += [
                f"{sign} {path}: {_shown(path, side[path])}"
                for sign, side in (("-", before), ("+", after))
                if path in side
            ]
    if len(lines) > _DIFF_LINES:
        lines = [*lines[:_DIFF_LINES], f"  and {len(lines) - _DIFF_LINES} more lines"]
    return tuple(redact_text(safe(line, 300)) for line in lines)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of an object with their paths; members of lists by their names where they have some."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            name = inner.get("name", place) if isinstance(inner, dict) else place
            yield from _flat(inner, f"{path}[{name}]")
    else:
        yield path, value


def _shown(path: str, value: object) -> str:
    hidden = (".env[" in path and path.endswith(".value")) or ".args[" in path or ".command[" in path
    return _NOT_SHOWN if hidden else str(value)
