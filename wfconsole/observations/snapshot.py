"""What one source saw at one moment, and the patch that leads from one snapshot to the next.

The wire form is a `Patch`. A keyframe is a patch applied to nothing; a delta is a patch applied to the snapshot before
it. `rows` replaces whole rows by key, `null` removes one; a field that is not there did not change. A patch with no
field at all says "looked again, nothing changed", which keeps the age honest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from wfconsole.clock import Millis
from wfconsole.observations.levels import Quality

Row = TypeVar("Row")

FailureKind = Literal[
    "refused",  # nobody listens, or the network says no
    "timeout",  # no answer within the deadline
    "denied",  # 401 or 403: the server knows us and says no, or does not know us
    "rate-limited",  # 429
    "server-error",  # 5xx
    "bad-answer",  # not what the protocol promises, cut off, or too large
    "not-served",  # the API is not there on this server
    "configuration",  # what we were told to use cannot work
    "stopped",  # the collector ended; nobody looks any more
]

# A value older than this many intervals is stale (and late before that).
STALE_AFTER_INTERVALS = 3


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a source cannot answer. `since` is when this run of failures began."""

    kind: FailureKind
    message: str
    since: Millis
    remedy: str = ""
    attempts: int = 1
    retry_at: Millis = 0
    right: str = ""  # of "denied": the right that was refused, as its system calls it, where it is known


LackKind = Literal[
    "permission",  # the server refuses it; `remedy` is the grant
    "bounded",  # there is more of it than one look takes in
    "failing",  # something that it rests on does not answer
    "loading",  # it is being read for the first time
    "other",  # where it comes from tells no more, or we were told to look at less
]


# What stands beside the words of a lack.
LACK_WORDS: Final[dict[LackKind, str]] = {
    "permission": "refused",
    "bounded": "left out",
    "failing": "failing",
    "loading": "loading",
    "other": "partial",
}


class Lack(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a source lacks, and why. `right` as in `Failure`.

    `extra`: the rows are all of it without this, which is only good to have.
    """

    text: str
    kind: LackKind = "other"
    remedy: str = ""
    right: str = ""
    extra: bool = False


def in_words(lacks: Iterable[Lack]) -> str:
    """Why the rows are not all of it, each cause once; "" when they are. What mends a refusal is said with it."""
    told = (
        f"{lack.text}; {lack.remedy}" if lack.kind == "permission" and lack.remedy else lack.text
        for lack in lacks
        if not lack.extra
    )
    return "; ".join(dict.fromkeys(told))


class Patch(msgspec.Struct, Generic[Row], frozen=True, omit_defaults=True):
    """A step from one snapshot to the next; see the module's docstring."""

    rows: dict[str, Row | None] | UnsetType = UNSET
    failure: Failure | UnsetType | None = UNSET
    partial: str | UnsetType = UNSET  # why the rows are not all of it, in words; "" when they are
    lacks: tuple[Lack, ...] | UnsetType = UNSET  # the same by cause, and what is only good to have; replaced whole
    interval_ms: int | UnsetType = UNSET
    took_ms: int | UnsetType = UNSET
    age_ms: int | UnsetType = UNSET  # age of the rows, where it is not "just now"; -1: there never were any
    facts: dict[str, str] | UnsetType = UNSET  # what holds for the source as a whole, replaced whole


class Snapshot(msgspec.Struct, Generic[Row], frozen=True):
    """The last good rows of one source, and how it stands with the source itself.

    `rows` is never changed once it is here. `changed` names the keys that differ from the snapshot before; None means
    "could be anything" (a keyframe). `step` counts snapshots since the keyframe of `keyframe_at`: who skipped one
    notices it there.
    """

    source: str
    observed_at: Millis
    rows: Mapping[str, Row] = msgspec.field(default_factory=dict)
    good_at: Millis | None = None
    failure: Failure | None = None
    partial: str = ""
    lacks: tuple[Lack, ...] = ()  # none where somebody tells only words, as recordings did before there were causes
    interval_ms: int = 5_000
    took_ms: int = 0
    facts: Mapping[str, str] = msgspec.field(default_factory=dict)
    changed: frozenset[str] | None = None
    keyframe_at: Millis = 0
    step: int = 0

    def quality(self, now: Millis) -> Quality:
        """How far the rows can be trusted at `now`."""
        if self.failure is not None and self.failure.kind == "denied":
            return Quality.DENIED
        if self.good_at is None:
            return Quality.UNKNOWN
        age = now - self.good_at
        if age > STALE_AFTER_INTERVALS * self.interval_ms:
            return Quality.STALE
        if self.failure is not None:
            return Quality.ERROR
        if self.partial:
            return Quality.PARTIAL
        return Quality.LATE if age > self.interval_ms * 3 // 2 else Quality.LIVE

    @property
    def told(self) -> bool:
        """Whether the source has said what it sees, or that it cannot: it is not being read for the first time."""
        return self.failure is not None or (
            self.good_at is not None and not any(lack.kind == "loading" for lack in self.lacks)
        )

    def age_ms(self, now: Millis) -> int | None:
        """Age of the rows at `now`, never negative; None when there never were any."""
        return None if self.good_at is None else max(0, now - self.good_at)

    def only_younger(self, before: Snapshot[Row] | None, now: Millis) -> bool:
        """Whether all that differs from the snapshot `before` is the age of its rows, and that too means the same."""
        return (
            before is not None
            and self.changed == frozenset()
            and self.failure == before.failure
            and self.partial == before.partial
            and self.lacks == before.lacks
            and self.facts == before.facts
            and self.interval_ms == before.interval_ms
            and self.quality(now) is before.quality(now)
        )


def follow(
    before: Snapshot[Any] | None, source: str, at: Millis, patch: Patch[Any], *, keyframe: bool
) -> Snapshot[Any]:
    """The snapshot after `patch`, which the source made at `at`.

    A patch that carries a failure leaves the rows and their age as they were. Raises nothing: a removal of an unknown
    key is no error, since a recording may begin in the middle.
    """
    base = before if before is not None and not keyframe else Snapshot(source=source, observed_at=at)
    rows: Mapping[str, Any] = base.rows
    changed: frozenset[str] | None = frozenset()
    if patch.rows is not UNSET and patch.rows:
        merged = dict(base.rows)
        for key, row in patch.rows.items():
            if row is None:
                merged.pop(key, None)
            else:
                merged[key] = row
        rows = merged
        changed = frozenset(patch.rows)
    failure = base.failure if patch.failure is UNSET else patch.failure
    if patch.age_ms is not UNSET:
        good_at = None if patch.age_ms < 0 else at - patch.age_ms
    else:
        good_at = at if failure is None else base.good_at
    return Snapshot(
        source=source,
        observed_at=at,
        rows=rows,
        good_at=good_at,
        failure=failure,
        partial=base.partial if patch.partial is UNSET else patch.partial,
        lacks=_lacks(base, patch),
        interval_ms=base.interval_ms if patch.interval_ms is UNSET else patch.interval_ms,
        took_ms=base.took_ms if patch.took_ms is UNSET else patch.took_ms,
        facts=base.facts if patch.facts is UNSET else patch.facts,
        changed=None if keyframe else changed,
        keyframe_at=base.keyframe_at or base.observed_at,
        step=0 if keyframe else base.step + 1,
    )


def whole(snapshot: Snapshot[Row], at: Millis) -> Patch[Row]:
    """The patch that leads from nothing to this state at `at`."""
    return Patch(
        rows=dict(snapshot.rows),
        failure=snapshot.failure,
        partial=snapshot.partial,
        lacks=snapshot.lacks or UNSET,
        interval_ms=snapshot.interval_ms,
        took_ms=snapshot.took_ms,
        age_ms=-1 if snapshot.good_at is None else max(0, at - snapshot.good_at),
        facts=dict(snapshot.facts),
    )


def _lacks(base: Snapshot[Any], patch: Patch[Any]) -> tuple[Lack, ...]:
    """Words that come without their causes leave none of those before."""
    if patch.lacks is not UNSET:
        return patch.lacks
    return base.lacks if patch.partial is UNSET else ()
