"""Prometheus' answers as values: what is no number is None, and what is not an answer is an error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from wfconsole.clock import Millis
from wfconsole.sources.contract import SourceError

# More series than this answer no question that a person has.
MOST_SERIES: Final = 5000
_DIGITS: Final = 4


class Sample(NamedTuple):
    """One series at one instant. `value` is None for NaN and infinity: a division by no traffic."""

    labels: Mapping[str, str]
    at: Millis
    value: float | None


class Track(NamedTuple):
    """One series over time, a value for each step, None where there is none."""

    labels: Mapping[str, str]
    points: tuple[float | None, ...]


def samples_of(result: Any) -> list[Sample]:
    """A vector, or a scalar (a pair of instant and text). Raises SourceError; TypeError and its kin over no answer."""
    if isinstance(result, list) and len(result) == 2 and isinstance(result[1], str):
        return [Sample({}, *_pair(result))]
    return [Sample(_labels(each), *_pair(each["value"])) for each in _series(result)]


def tracks_of(result: Any, start_s: int, end_s: int, step_s: int) -> list[Track]:
    """A matrix, put on the steps that were asked for. Raises as `samples_of`."""
    tracks = []
    for each in _series(result):
        points: list[float | None] = [None] * ((end_s - start_s) // step_s + 1)
        for pair in each["values"]:
            at, value = _pair(pair)
            place = round((at / 1000 - start_s) / step_s)
            if 0 <= place < len(points):
                points[place] = value
        tracks.append(Track(_labels(each), tuple(points)))
    return tracks


def _series(result: Any) -> list[Any]:
    if not isinstance(result, list) or not all(isinstance(each, dict) for each in result):
        raise TypeError("no list of series")
    if len(result) > MOST_SERIES:
        said = f"{len(result)} series; {MOST_SERIES} are the most that are read"
        raise SourceError("bad-answer", said, remedy="Narrow the rule: fewer labels in its group.", code=413)
    return result


def _labels(series: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in series["metric"].items()}


def _pair(pair: Any) -> tuple[Millis, float | None]:
    at, text = pair
    number = float(text)
    return round(float(at) * 1000), rounded(number) if math.isfinite(number) else None


def rounded(value: float) -> float:
    """Four digits: more is noise, and would make every row another one at each look."""
    return float(f"{value:.{_DIGITS}g}")
