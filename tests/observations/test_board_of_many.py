"""A pane that shows several sources: one line, which never says more than all of them know."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_bad_pod, a_database, a_failure, a_node, a_pod, a_snapshot, a_world
from wfconsole.clock import MINUTE
from wfconsole.observations import board as boards
from wfconsole.observations.board import BoardLine, board
from wfconsole.observations.headlines.database import database
from wfconsole.observations.headlines.nodes import nodes
from wfconsole.observations.headlines.pods import pods
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.series import SeriesBook
from wfconsole.observations.world import World


@pytest.fixture(autouse=True)
def a_pane_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    shows = (("database", database), ("pods", pods), ("nodes", nodes))
    monkeypatch.setattr(boards, "_PANES", (boards._Pane(6, "DB", shows, "db.connections"),))


def line(world: World) -> BoardLine:
    judged = Judged()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
    (shown,) = board(world, judged, SeriesBook(), NOW)
    return shown


def with_lost(world: World, source: str, rows: Any, failure: Any = None) -> World:
    return world.with_snapshot(a_snapshot(source, rows, good_at=NOW - 10 * MINUTE, failure=failure))


def test_all_well_says_the_first_fact_of_each() -> None:
    shown = line(a_world(database=[a_database()], pods=[a_pod()], nodes=[a_node()]))
    assert (shown.level, shown.quality) == (Level.OK, Quality.LIVE)
    assert shown.headline == "conn 10/97  1/1 ready"


def test_what_is_not_configured_is_not_missed() -> None:
    shown = line(a_world(pods=[a_pod()]))
    assert (shown.quality, shown.headline) == (Quality.LIVE, "1/1 ready")


def test_the_worst_leads_whatever_its_place() -> None:
    shown = line(a_world(database=[a_database()], pods=[a_bad_pod()]))
    assert shown.level == Level.CRITICAL
    assert shown.headline.startswith("gateway 0/1 ready")
    assert shown.reason.startswith("gateway: ")


def test_without_the_first_source_the_line_is_in_the_state_of_that_one() -> None:
    world = with_lost(a_world(pods=[a_bad_pod()]), "database", [a_database()], a_failure("refused", message="gone"))
    shown = line(world)
    assert shown.quality == Quality.STALE
    assert "gateway" not in shown.headline
    assert shown.headline.startswith("(conn 10/97)")
    assert "gone" in shown.reason


def test_without_another_source_it_is_not_all_of_it_and_says_what_is_missing() -> None:
    shown = line(with_lost(a_world(database=[a_database()]), "nodes", [a_node()], a_failure("refused", message="gone")))
    assert shown.quality == Quality.PARTIAL
    assert shown.headline == "conn 10/97"
    assert shown.reason.startswith("nodes: gone")


def test_a_lost_source_that_was_in_trouble_does_not_lead() -> None:
    shown = line(with_lost(a_world(database=[a_database()]), "pods", [a_bad_pod()]))
    assert shown.headline == "conn 10/97"
    assert (shown.quality, shown.level) == (Quality.PARTIAL, Level.OK)
