"""A busy GPU alone is no trouble; with a queue that grows, or answers that take too long, it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import NOW, a_gpu, a_model, a_node, a_snapshot, a_world
from wfconsole.clock import HOUR
from wfconsole.observations.board import BoardLine, board
from wfconsole.observations.gpus import count_xids, judge_gpu, mean_utilization
from wfconsole.observations.inference import InferenceRow, judge_inference, judge_saturation
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.series import SeriesBook, measure
from wfconsole.observations.snapshot import Failure
from wfconsole.observations.world import World

GROWING: dict[str, Any] = {"queue": 60.0, "queue_low": 5.0}


NOTHING = "tells nothing of itself"
NEITHER = "neither its queue nor its latency is known"


def line_of(world: World) -> BoardLine:
    judged = Judged()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
    return board(world, judged, SeriesBook(), NOW)[4]


@pytest.mark.parametrize(
    ("changes", "level", "reason"),
    [
        ({}, Level.OK, ""),
        ({"utilization": 1.0}, Level.OK, ""),
        ({"utilization": None, "xid": None, "temperature": None, "memory_used": None}, Level.WATCH, NOTHING),
        ({"xid": 79}, Level.WARNING, "last error Xid 79"),
        ({"xid": 31}, Level.WATCH, "last error Xid 31, of an application"),
        ({"temperature": 84.0}, Level.OK, ""),
        ({"temperature": 85.0}, Level.WATCH, "85 C"),
        ({"temperature": 93.0}, Level.WARNING, "93 C"),
        ({"problem": "No devices were found"}, Level.WARNING, "No devices were found"),
        ({"ecc_errors": 2}, Level.WARNING, "2 uncorrectable memory errors"),
        ({"memory_used": 79 << 30}, Level.WATCH, "memory 99% in use"),
        ({"memory_total": None, "memory_used": 79 << 30}, Level.OK, ""),
    ],
)
def test_a_gpu_is_judged_by_what_it_complains_of(changes: dict[str, Any], level: Level, reason: str) -> None:
    finding = judge_gpu(a_gpu(**changes), NOW)
    assert (finding.level, finding.reason) == (level, reason)


@pytest.mark.parametrize(
    ("changes", "level", "reason"),
    [
        ({}, Level.OK, ""),
        ({"queue": None, "queue_low": None, "latency": None, "cache": None}, Level.WATCH, NEITHER),
        (GROWING, Level.WARNING, "queue grew 5 to 60"),
        ({"queue": 60.0, "queue_low": 58.0}, Level.WATCH, "60 wait"),
        ({"queue": 60.0, "queue_low": None}, Level.WATCH, "60 wait"),
        ({"queue": 9.0, "queue_low": 0.0}, Level.OK, ""),
        ({"latency": 6.0}, Level.WARNING, "p95 6.0s above 5s"),
        ({"latency": 6.0, "latency_is_mean": True}, Level.WARNING, "mean 6.0s above 5s"),
        ({"latency": 11.0}, Level.CRITICAL, "p95 11.0s above 5s"),
        ({"latency": 6.0, **GROWING}, Level.CRITICAL, "queue grew 5 to 60, p95 6.0s above 5s"),
        ({"cache": 0.97}, Level.WATCH, "cache 97% in use"),
    ],
)
def test_a_model_is_judged_by_what_users_feel(changes: dict[str, Any], level: Level, reason: str) -> None:
    finding = judge_inference(a_model(**changes), NOW)
    assert (finding.level, finding.reason) == (level, reason)


@pytest.mark.parametrize(
    ("busy", "rows", "level"),
    [
        (1.0, [], Level.OK),
        (1.0, [a_model()], Level.OK),
        (1.0, [a_model(queue=60.0, queue_low=58.0)], Level.OK),
        (0.5, [a_model(**GROWING)], Level.OK),
        (None, [a_model(**GROWING)], Level.OK),
        (0.98, [a_model("other"), a_model(**GROWING)], Level.WARNING),
        (0.98, [a_model(latency=6.0)], Level.WARNING),
        (0.98, [a_model(latency=6.0, **GROWING)], Level.CRITICAL),
    ],
)
def test_busy_gpus_are_a_symptom_only_with_what_users_feel(
    busy: float | None, rows: list[InferenceRow], level: Level
) -> None:
    finding = judge_saturation(busy, rows)
    assert finding.level == level
    assert ("llama-3-70b" in finding.reason) == (level > Level.OK)


def test_what_a_card_does_not_tell_is_in_no_mean_and_no_count() -> None:
    rows = [a_gpu("0", utilization=0.5), a_gpu("1", utilization=None, xid=None)]
    assert mean_utilization(rows) == 0.5
    assert mean_utilization(rows[1:]) is None
    assert count_xids(rows) == 0
    assert count_xids(rows[1:]) is None
    shared = [a_gpu("0", pod="a", utilization=0.9), a_gpu("0", pod="b", utilization=0.9), a_gpu("1", utilization=0.3)]
    assert mean_utilization(shared) == pytest.approx(0.6)
    nothing = {"a": a_gpu(utilization=None, memory_used=None)}
    assert measure("gpus", nothing, NOW) == {"gpus.busy": None, "gpus.memory": None}
    assert measure("inference", {"a": a_model(queue=None, latency=None)}, NOW) == {
        "inference.queue": None,
        "inference.latency": None,
    }


def test_the_line_of_the_nodes_tells_of_gpus_as_well() -> None:
    line = line_of(a_world(nodes=[a_node()], gpus=[a_gpu(), a_gpu("1")], inference=[a_model()]))
    assert (line.level, line.headline) == (Level.OK, "1/1 ready  gpu 61%  0 Xid")


def test_a_busy_gpu_leaves_the_line_well_until_a_queue_grows() -> None:
    busy = [a_gpu(utilization=1.0)]
    assert line_of(a_world(nodes=[a_node()], gpus=busy, inference=[a_model()])).level == Level.OK
    line = line_of(a_world(nodes=[a_node()], gpus=busy, inference=[a_model(**GROWING)]))
    assert line.level == Level.WARNING
    assert line.reason == "GPUs 100% busy, llama-3-70b: queue grew 5 to 60"


def test_a_queue_that_was_long_an_hour_ago_says_nothing_about_busy_gpus() -> None:
    stale = a_snapshot("inference", [a_model(**GROWING)], good_at=NOW - HOUR)
    line = line_of(a_world(nodes=[a_node()], gpus=[a_gpu(utilization=1.0)], inference=stale))
    assert line.quality == Quality.PARTIAL
    assert "busy" not in line.reason


def test_a_cluster_whose_gpus_nobody_measures_says_so_and_one_without_says_nothing() -> None:
    assert line_of(a_world(nodes=[a_node(gpus=4)], gpus=[])).headline.endswith("gpu --")
    assert "gpu" not in line_of(a_world(nodes=[a_node()], gpus=[])).headline


LOST = Failure("refused", "prometheus:9090: connection refused", since=NOW)


def without_metrics(source: str, *rows: Any, **more: Any) -> Any:
    """A source of a Prometheus that is gone; `rows` were seen before that."""
    before = a_snapshot(source, rows)
    return msgspec.structs.replace(before, failure=LOST, good_at=NOW - HOUR if rows else None, **more)


def test_metrics_that_are_gone_leave_no_gap_where_there_are_no_gpus() -> None:
    gone = {source: without_metrics(source) for source in ("gpus", "inference")}
    line = line_of(a_world(nodes=[a_node()], **gone))
    assert (line.quality, line.reason) == (Quality.LIVE, "")
    assert "gpu" not in line.headline


@pytest.mark.parametrize(
    "known",
    [
        {"nodes": [a_node(gpus=1)]},
        {"gpus": without_metrics("gpus", a_gpu())},
        {"gpus": without_metrics("gpus", facts={"nvidia-smi": "by exec in gpu-operator"})},
        {"inference": without_metrics("inference", a_model())},
    ],
    ids=["a node offers one", "one was seen", "somebody named where to ask", "a model was seen"],
)
def test_metrics_that_are_gone_are_missed_where_there_is_something_to_measure(known: dict[str, Any]) -> None:
    gone = {source: without_metrics(source) for source in ("gpus", "inference")}
    line = line_of(a_world(**{"nodes": [a_node()], **gone, **known}))
    assert line.quality == Quality.PARTIAL
    assert "connection refused" in line.reason


def test_nodes_that_are_gone_are_missed_whatever_else_is() -> None:
    line = line_of(a_world(nodes=without_metrics("nodes", a_node()), gpus=without_metrics("gpus")))
    assert line.quality == Quality.STALE
