"""From the standing of its parts to that of a whole source. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from wfconsole.clock import Millis
from wfconsole.collector.worker import Standing
from wfconsole.observations.snapshot import Failure, Lack, LackKind
from wfconsole.sources.contract import Part
from wfconsole.text import clock_time


class Whole(msgspec.Struct, frozen=True):
    """How it stands with a source: as old as its oldest part; failing when none of its main parts answers."""

    good_at: Millis | None
    failure: Failure | None
    lacks: tuple[Lack, ...]
    facts: dict[str, str]
    took_ms: int


def combined(parts: Sequence[tuple[Part, Standing]]) -> Whole:
    """One failing part of several makes the rows partial; all of them failing makes the source fail, unless another
    stands in for them."""
    whole = _of_its_own(parts)
    for part, standing in parts:
        if part.role == "instead" and whole.failure is not None:
            return _stood_in(whole, whole.failure, part, standing)
    return whole


def _stood_in(whole: Whole, failure: Failure, part: Part, standing: Standing) -> Whole:
    """A source whose own parts all fail, and somebody who may stand in for them."""
    if standing.failure is not None:
        seen = [each for each in (whole.good_at, standing.good_at) if each is not None]
        both = msgspec.structs.replace(
            failure,
            message=f"{failure.message}; {standing.failure.message}",
            remedy=" ".join(filter(None, (failure.remedy, standing.failure.remedy))),
        )
        return msgspec.structs.replace(whole, failure=both, good_at=max(seen, default=None))
    if standing.good_at is None or standing.good_at < failure.since:
        return whole  # it has not looked since it is needed
    return msgspec.structs.replace(
        whole,
        failure=None,
        good_at=standing.good_at,
        lacks=(_lack(f"{part.gives} since {clock_time(failure.since)}: {failure.message}", failure),),
        facts={},  # extras are those of the first choice
        took_ms=standing.took_ms,
    )


def _of_its_own(parts: Sequence[tuple[Part, Standing]]) -> Whole:
    """What the parts give that nobody stands in for."""
    main = [standing for part, standing in parts if part.role == "whole"]
    failures = [standing.failure for standing in main if standing.failure is not None]
    failing = bool(main) and len(failures) == len(main)
    next_try = min((each.retry_at for each in failures if each.retry_at), default=0)
    ages = [each.good_at for each in main if each.good_at is not None and (failing or each.failure is None)]
    first = _first(failures) if failing else None
    if first is not None:  # one failure is told; other rights that are refused are to be granted too
        missing = [_refused(standing.failure, first) for part, standing in parts if part.role == "whole"]
    else:
        missing = [_missing(part, standing) for part, standing in parts] if ages else []
    return Whole(
        good_at=min(ages) if ages else None,
        failure=msgspec.structs.replace(first, retry_at=next_try) if first is not None else None,
        lacks=tuple(dict.fromkeys(filter(None, missing))),
        facts={
            part.gives: _unknown(standing) for part, standing in parts if part.role == "extra" and _unknown(standing)
        },
        took_ms=max((each.took_ms for each in main), default=0),
    )


def _first(failures: Sequence[Failure]) -> Failure:
    return min(failures, key=lambda each: each.since)


def _refused(failure: Failure | None, told: Failure) -> Lack | None:
    """A right that is refused beside the one of the failure that is told."""
    if failure is None or failure.kind != "denied" or failure.right in ("", told.right):
        return None
    return _lack(failure.message, failure)


def _missing(part: Part, standing: Standing) -> Lack | None:
    """What the rows lack because of this part. What is only good to have is told where it is refused: everything else
    about it is a fact."""
    failure = standing.failure
    if part.role == "instead":
        return None
    if part.role == "extra":
        if failure is None or failure.kind != "denied":
            return None
        return msgspec.structs.replace(_lack(f"{part.gives} unknown: {failure.message}", failure), extra=True)
    if failure is None:
        return None if part.role == "check" or standing.good_at is not None else _unread(part)
    return _lack(f"{part.gives} unknown: {failure.message}" if part.gives else failure.message, failure)


def _unread(part: Part) -> Lack:
    told = f"{part.task.name}: not read yet"
    return Lack(f"{part.gives} unknown: {told}" if part.gives else told, "loading")


def _lack(text: str, failure: Failure) -> Lack:
    kind: LackKind = "permission" if failure.kind == "denied" else "failing"
    return Lack(text, kind, failure.remedy, failure.right)


def _unknown(standing: Standing) -> str:
    return f"unknown: {standing.failure.message}" if standing.failure is not None else ""
