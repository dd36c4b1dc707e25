"""What changed recently: rollouts, images, scale moves. The first thing to look at when something broke.

Two ways to know: what the objects themselves say (a revision's creation, an autoscaler's last move), which also holds
for what happened before anybody watched; and the difference of two rows, which says it at the moment it happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.hpas import HpaRow
from wfconsole.observations.workloads import Revision, WorkloadRow
from wfconsole.observations.world import World

if TYPE_CHECKING:
    from wfconsole.observations.isolation import IsolationRow

ChangeKind = Literal["rollout", "restart", "scale", "bounds", "paused", "existence", "isolation", "change"]


class Change(msgspec.Struct, frozen=True):
    """One change. `subject` is "Kind/namespace/name"; `before` and `after` what is different, for reading.

    `revision` is the number of a rollout's revision, 0 for everything else.
    """

    at: Millis
    kind: ChangeKind
    subject: str
    text: str
    before: str = ""
    after: str = ""
    revision: int = 0


def recent_changes(world: World, now: Millis, window: Millis) -> tuple[Change, ...]:
    """What the objects say changed within `window` before `now`, newest first.

    A workload's very first revision is no change. Moves of replicas by hand leave no trace in an object.
    """
    since = now - window
    changes: list[Change] = []
    for key, row in world.workloads.items():
        for position, revision in enumerate(row.revisions):
            before = next(iter(row.revisions[position + 1 :]), None)
            if before is None and revision.number <= 1:
                continue
            change = rollout_change(key, revision, before)
            if change.at > since:
                changes.append(change)
    for key, hpa in world.hpas.items():
        if hpa.last_scaled_at > since:
            name = f"{hpa.target_kind}/{hpa.namespace}/{hpa.target}"
            text = f"autoscaler {hpa.name} moved {hpa.target} to {hpa.desired} replicas"
            changes.append(Change(hpa.last_scaled_at, "scale", name or key, text, after=str(hpa.desired)))
    return tuple(sorted(changes, key=lambda change: (-change.at, -change.revision, change.subject)))


def workload_changes(key: str, before: WorkloadRow, after: WorkloadRow, at: Millis) -> tuple[Change, ...]:
    """What is different between two rows of one workload that was seen changing at `at`.

    Between none and a revision nothing was rolled out: it is the first of a new workload, or is known only now.
    """
    changes: list[Change] = []
    numbered = bool(before.revision and after.revision)
    if numbered and after.revision != before.revision:
        known = {item.number: item for item in (*before.revisions, *after.revisions)}
        revision = known.get(after.revision) or Revision(after.revision, at, after.images)
        older = known.get(before.revision) or Revision(before.revision, before.created_at, before.images)
        changes.append(rollout_change(key, revision, older, at))
    elif not numbered and after.images != before.images and after.images:  # else its revision is about to follow
        text = f"{after.name} image {image_move(before.images, after.images)}"
        changes.append(Change(at, "rollout", key, text, _list(before.images), _list(after.images), after.revision))
    if after.desired != before.desired:
        text = f"{after.name} scaled {before.desired} -> {after.desired}"
        changes.append(Change(at, "scale", key, text, str(before.desired), str(after.desired)))
    if after.paused != before.paused:
        changes.append(Change(at, "paused", key, f"{after.name} rollouts {'paused' if after.paused else 'resumed'}"))
    return tuple(changes)


def hpa_changes(before: HpaRow, after: HpaRow, at: Millis) -> tuple[Change, ...]:
    """Whether somebody moved the bounds of an autoscaler. What it does itself shows in its target."""
    old = f"{before.minimum}-{before.maximum}"
    new = f"{after.minimum}-{after.maximum}"
    if old == new:
        return ()
    key = f"HorizontalPodAutoscaler/{after.namespace}/{after.name}"
    return (Change(at, "bounds", key, f"autoscaler {after.name} bounds {old} -> {new}", old, new),)


def isolation_changes(before: IsolationRow, after: IsolationRow, at: Millis) -> tuple[Change, ...]:
    """Whether network policies isolate pods that were open before, or no longer do."""
    said = []
    for way, old, new in (("ingress", before.ingress, after.ingress), ("egress", before.egress, after.egress)):
        if new.isolated and not old.isolated:
            said.append(f"{way} isolated by {', '.join(new.by)}{'' if new.allows else ', nothing may pass'}")
        elif old.isolated and not new.isolated:
            said.append(f"{way} open again")
    if not said:
        return ()
    name = after.name or after.labels.replace("/", " ")
    key = f"{after.kind or 'Pods'}/{after.namespace}/{name}"
    return (Change(at, "isolation", key, f"{name} pods: {'; '.join(said)}"),)


def rollout_change(key: str, revision: Revision, before: Revision | None, seen_at: Millis = 0) -> Change:
    """The change that a new revision is. `key` is the workload's, `seen_at` when it was seen to become the newest.

    A rollback takes up an old one under a new number: its creation says nothing about when that happened. Where nobody
    saw it, all that is known is that it came after the revision that it replaced.
    """
    name = key.rpartition("/")[2]
    old = before.images if before is not None else ()
    back = before is not None and 0 < revision.created_at < before.created_at
    at = seen_at or before.created_at if back and before is not None else revision.created_at
    if revision.restart_only:
        text = f"{name} restarted (revision {revision.number}, same template)"
        return Change(at, "restart", key, text, revision=revision.number)
    what = f"image {image_move(old, revision.images)}" if old != revision.images else "same images, template changed"
    text = f"{name} revision {before.number} -> {revision.number}" if before else f"{name} revision {revision.number}"
    if back:
        text += " (rolled back)" if seen_at else " (rolled back, some time after this)"
    text = f"{text}: {what}"
    return Change(at, "rollout", key, text, _list(old), _list(revision.images), revision.number)


def image_move(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """Only the images that differ: "gateway:1.4.0 -> gateway:1.4.1"; the registry's host and path are left out."""
    gone = [image for image in before if image not in after]
    new = [image for image in after if image not in before]
    return f"{_list(gone) or 'none'} -> {_list(new) or 'none'}" if gone else _list(new) or "unchanged"


def _list(images: tuple[str, ...] | list[str]) -> str:
    return ", ".join(short_image(image) for image in images)


def short_image(image: str) -> str:
    """An image without registry and path; of a digest only its beginning, which is what people compare."""
    name = image.rpartition("/")[2]
    base, at, digest = name.partition("@")
    return f"{base}@{digest[:19]}" if at else base
