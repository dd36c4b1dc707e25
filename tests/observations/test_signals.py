"""A value against its bounds, and what stands where there is no value: never zero, never well."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_signal, a_snapshot, a_world
from wfconsole.clock import MINUTE
from wfconsole.observations.board import HEADLINE_CELLS, BoardLine, board
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import HEALTHY, Finding, Level, Quality
from wfconsole.observations.series import SeriesBook, measure
from wfconsole.observations.signals import bare, form, judge_signal, worst_of_rules
from wfconsole.observations.world import World
from wfconsole.text import cells


def line_of(world: World) -> BoardLine:
    judged, series = Judged(), SeriesBook()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
        series = series.after(world, judged, source, NOW)
    return board(world, judged, series, NOW)[1]


JUDGED: list[tuple[str, dict[str, Any], Finding]] = [
    ("within", {"value": 0.01}, HEALTHY),
    ("past the first", {"value": 0.011}, Finding(Level.WARNING, "1.1%, above 1.0%", "bound")),
    ("past both", {"value": 0.078}, Finding(Level.CRITICAL, "7.8%, above 5.0%", "bound")),
    ("zero is a value", {"value": 0.0}, HEALTHY),
    (
        "zero, where less is worse",
        {"value": 0.0, "below": True, "warning": 0.5, "critical": 0.1},
        Finding(Level.CRITICAL, "0%, below 10%", "bound"),
    ),
    ("half, where less is worse", {"value": 0.6, "below": True, "warning": 0.5, "critical": 0.1}, HEALTHY),
    ("no bounds", {"value": 9e9, "warning": None, "critical": None}, HEALTHY),
    ("no such series", {"value": None}, Finding(Level.OK, "no such series", "no-value")),
    (
        "no such series for a rule of ours",
        {"value": None, "own": True},
        Finding(Level.WATCH, "no such series", "no-value"),
    ),
    ("no traffic", {"value": None, "state": "nan"}, Finding(Level.OK, "no traffic to divide by", "no-value")),
    (
        "refused",
        {"value": None, "state": "refused", "problem": "parse error"},
        Finding(Level.WATCH, "the query is refused: parse error", "no-value"),
    ),
    (
        "an old sample",
        {"value": None, "state": "old", "sampled_at": NOW - 6 * MINUTE},
        Finding(Level.WATCH, "the newest sample is older than 5 minutes", "no-value"),
    ),
]


@pytest.mark.parametrize(("changes", "finding"), [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED])
def test_a_value_is_judged_by_its_bounds(changes: dict[str, Any], finding: Finding) -> None:
    assert judge_signal(a_signal(**changes), NOW) == finding


@pytest.mark.parametrize(
    ("value", "unit", "words", "short"),
    [
        (0.078, "ratio", "7.8%", "7.8"),
        (0.9, "ratio", "90%", "90"),
        (0.01, "ratio", "1.0%", "1.0"),
        (2.41, "seconds", "2.41s", "2.41"),
        (0.8, "seconds", "0.80s", "0.80"),
        (0.02, "seconds", "20ms", "0.02"),
        (590.0, "per-second", "590/s", "590/s"),
        (0.5, "per-second", "0.50/s", "0.50/s"),
        (1.5 * 2**30, "bytes", "1.50Gi", "1.50Gi"),
        (12.0, "bytes", "12B", "12B"),
        (12.0, "count", "12", "12"),
        (12_345.6, "count", "12,346", "12,346"),
        (None, "ratio", "--", "--"),
    ],
)
def test_every_number_has_its_unit(value: float | None, unit: str, words: str, short: str) -> None:
    assert form(value, unit) == words
    assert bare(value, unit) == short


P99 = {"title": "p99", "unit": "seconds", "warning": 0.8, "critical": 2.0, "place": 1}


def test_the_line_tells_the_two_worst_with_their_bounds() -> None:
    traffic = a_signal("traffic", 590.0, title="traffic", unit="per-second", warning=None, critical=None, place=2)
    rows = [traffic, a_signal("errors", 0.078), a_signal("p99", 2.41, **P99)]
    line = line_of(a_world(signals=rows))
    assert (line.level, line.headline) == (Level.CRITICAL, "err 7.8% (SLO 1.0)  p99 2.41s (0.80)")
    assert cells(line.headline) <= HEADLINE_CELLS
    assert line.reason == "total err: 7.8%, above 5.0%"


def test_a_service_that_is_worse_than_the_total_comes_first_and_is_named() -> None:
    rows = [a_signal("errors", 0.001), a_signal("errors", 0.5, group="production/checkout")]
    line = line_of(a_world(signals=rows))
    assert (line.level, line.facts) == (Level.CRITICAL, ("checkout err 50% (1.0)",))
    assert line.reason == "production/checkout err: 50%, above 5.0%"


def test_a_total_that_is_as_bad_as_a_service_speaks_for_it() -> None:
    rows = [a_signal("errors", 0.5, group="production/checkout"), a_signal("errors", 0.06)]
    ((row, _),) = worst_of_rules((row, judge_signal(row, NOW)) for row in rows)
    assert row.group == ""


def test_rules_without_any_series_are_not_well_and_not_zero() -> None:
    line = line_of(a_world(signals=[a_signal(value=None), a_signal("p99", None, **P99)]))
    assert line.headline == "no such series"
    assert line_of(a_world(signals=[])).headline == "no rules"


def test_what_is_old_concludes_nothing() -> None:
    line = line_of(a_world(signals=a_snapshot("signals", [a_signal(value=0.5)], good_at=NOW - 9 * MINUTE)))
    assert line.quality == Quality.STALE
    assert line.headline == "(err 50% (SLO 1.0))"


def test_the_trend_is_the_worst_total_of_its_first_bound() -> None:
    rows = {
        "errors": a_signal("errors", 0.005),
        "p99": a_signal("p99", 1.2, **P99),
        "kept": a_signal("kept", 0.0, below=True, warning=0.5, critical=0.1),
        "errors/a": a_signal("errors", 1.0, group="a"),
    }
    measured = measure("signals", rows, NOW)
    assert measured == {"signals.worst": 2.0, "signals.errors": 0.005, "signals.p99": 1.2}
    del rows["kept"]
    assert measure("signals", rows, NOW)["signals.worst"] == pytest.approx(1.5)
    assert measure("signals", {"errors": a_signal(value=None)}, NOW)["signals.worst"] is None
