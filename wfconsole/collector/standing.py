"""From the standing of its parts to that of a whole source. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from wfconsole.clock import Millis
from wfconsole.collector.worker import Standing
from wfconsole.observations.snapshot import Failure
from wfconsole.sources.contract import Part


class Whole(msgspec.Struct, frozen=True):
    """How it stands with a source: as old as its oldest part; failing when none of its main parts answers."""

    good_at: Millis | None
    failure: Failure | None
    partial: str
    facts: dict[str, str]
    took_ms: int


def combined(parts: Sequence[tuple[Part, Standing]]) -> Whole:
    """One failing part of several makes the rows partial; all of them failing makes the source fail."""
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
    if part.role == "extra" or (standing.failure is None and standing.good_at is not None):
        return ""
    if part.role == "check" and standing.failure is None:
        return ""
    told = standing.failure.message if standing.failure is not None else f"{part.task.name}: not read yet"
    return f"{part.gives} unknown: {told}" if part.gives else told


def _unknown(standing: Standing) -> str:
    return f"unknown: {standing.failure.message}" if standing.failure is not None else ""
