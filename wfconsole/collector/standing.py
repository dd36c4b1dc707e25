"""From the standing of its parts to that of a whole source. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from wfconsole.clock import Millis
from wfconsole.collector.worker import Standing
from wfconsole.observations.snapshot import Failure
from wfconsole.sources.contract import Part
from wfconsole.text import clock_time


class Whole(msgspec.Struct, frozen=True):
    """How it stands with a source: as old as its oldest part; failing when none of its main parts answers."""

    good_at: Millis | None
    failure: Failure | None
    partial: str
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
        partial=f"{part.gives} since {clock_time(failure.since)}: {failure.message}",
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
    missing = [] if failing else [_missing(part, standing) for part, standing in parts]
    return Whole(
        good_at=min(ages) if ages else None,
        failure=msgspec.structs.replace(_first(failures), retry_at=next_try) if failing else None,
        partial="; ".join(dict.fromkeys(filter(None, missing))) if ages else "",
        facts={
            part.gives: _unknown(standing) for part, standing in parts if part.role == "extra" and _unknown(standing)
        },
        took_ms=max((each.took_ms for each in main), default=0),
    )


def _first(failures: Sequence[Failure]) -> Failure:
    return min(failures, key=lambda each: each.since)


def _missing(part: Part, standing: Standing) -> str:
    """What the rows lack because of this part."""
    if part.role in ("extra", "instead") or (standing.failure is None and standing.good_at is not None):
        return ""
    if part.role == "check" and standing.failure is None:
        return ""
    told = standing.failure.message if standing.failure is not None else f"{part.task.name}: not read yet"
    return f"{part.gives} unknown: {told}" if part.gives else told


def _unknown(standing: Standing) -> str:
    return f"unknown: {standing.failure.message}" if standing.failure is not None else ""
