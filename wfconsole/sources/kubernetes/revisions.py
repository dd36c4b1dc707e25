"""The revisions of workloads: ReplicaSets of deployments, ControllerRevisions of stateful and daemon sets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.workloads import Revision
from wfconsole.sources.kubernetes.payloads import ControllerRevision, Meta, ReplicaSet, RevisionData, Template
from wfconsole.sources.kubernetes.values import instant

REVISIONS_SHOWN: Final = 5
NUMBER: Final = "deployment.kubernetes.io/revision"

_CAUSE: Final = "kubernetes.io/change-cause"


def _members(member: bytes) -> tuple[re.Pattern[bytes], ...]:
    """What finds a member of a map with one comma beside it, where it has some. One search for all three has no letter
    that it could look for first, and takes five times as long."""
    return tuple(map(re.compile, (member + b",", b"," + member, member)))


# What a restart, and the controller itself, write into a template. The server writes maps sorted and without spaces,
# so two templates are the same exactly when their text is the same without these; a key inside a string value has its
# quotes escaped and does not match.
_RESTARTED: Final = _members(rb'"(?:kubectl\.kubernetes\.io/restartedAt|pod-template-hash)":"[^"]*"')
# A ControllerRevision keeps the very text that its controller wrote, and older controllers wrote this null.
_EMPTY: Final = _members(rb'"(?:(?:annotations|labels)":\{\}|creationTimestamp":null)')

_TEMPLATE: Final = decoder_of(Template)
_DATA: Final = decoder_of(RevisionData)


class Kept(msgspec.Struct, frozen=True):
    """What is kept of one: enough for a `Revision`, and a fingerprint of its template."""

    number: int
    created_at: Millis
    images: tuple[str, ...]
    template: bytes
    cause: str
    replicas: int = 0
    ready: int = 0
    generation: int = 0


def fingerprint(template: bytes) -> bytes:
    """Sixteen bytes that are equal for templates that differ in nothing but a restart."""
    for each in (*_RESTARTED, *_EMPTY):
        template = each.sub(b"", template)
    return hashlib.blake2b(template, digest_size=16).digest()


def number_of(annotations: dict[str, str] | None) -> int:
    """The revision that a deployment, or its ReplicaSet, says it is; 0 where it says none."""
    number = (annotations or {}).get(NUMBER, "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def controller_of(meta: Meta, *kinds: str) -> str:
    """The uid of what this belongs to, where that is of one of these kinds; else ""."""
    return next((each.uid for each in meta.owner_references or () if each.controller and each.kind in kinds), "")


def of_replica_set(item: ReplicaSet, before: Kept | None) -> Kept:
    """What to keep; the template is looked at again only when it can have changed since `before`."""
    meta = item.metadata
    created_at = instant(meta.creation_timestamp)
    if before is not None and (before.generation, before.created_at) == (meta.generation, created_at):
        images, template = before.images, before.template
    else:
        images, template = _read(item.spec.template)
    return Kept(
        number=number_of(meta.annotations),
        created_at=created_at,
        images=images,
        template=template,
        cause=_cause(meta),
        replicas=item.status.replicas,
        ready=item.status.ready_replicas,
        generation=meta.generation,
    )


def of_controller_revision(item: ControllerRevision) -> Kept | None:
    """What to keep; None where it holds no template of pods: its data may be anything."""
    try:
        images, template = _read(_DATA.decode(item.data).spec.template)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    meta = item.metadata
    return Kept(item.revision, instant(meta.creation_timestamp), images, template, _cause(meta))


def shown(known: Iterable[Kept]) -> tuple[Revision, ...]:
    """Newest first. A revision is restart-only when the one before it has the same template."""
    kept = sorted(known, key=lambda each: each.number, reverse=True)
    return tuple(
        Revision(
            number=each.number,
            created_at=each.created_at,
            images=each.images,
            replicas=each.replicas,
            ready=each.ready,
            restart_only=any(before.template == each.template for before in kept[place + 1 : place + 2]),
            cause=each.cause,
        )
        for place, each in enumerate(kept[:REVISIONS_SHOWN])
    )


def _read(template: msgspec.Raw) -> tuple[tuple[str, ...], bytes]:
    """The images and the fingerprint. Raises MsgspecError where it is no template of pods."""
    raw = bytes(template)
    return tuple(box.image for box in _TEMPLATE.decode(raw).spec.containers or ()), fingerprint(raw)


def _cause(meta: Meta) -> str:
    return (meta.annotations or {}).get(_CAUSE, "")
