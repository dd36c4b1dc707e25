"""Judging again only what changed gives what judging everything would give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import GATEWAY, NOW, a_bad_pod, a_node, a_pod, a_snapshot, a_workload, a_world
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations import judged as judging
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import HEALTHY, Level
from wfconsole.observations.pod_groups import PodTally, group_pods, worst_first
from wfconsole.observations.pods import PodRow, judge_pod
from wfconsole.observations.series import tally_pods
from wfconsole.observations.snapshot import Patch, follow
from wfconsole.observations.world import World

STATUSES = ("Running", "CrashLoopBackOff", "ImagePullBackOff", "ContainerCreating", "Error")


def pods() -> st.SearchStrategy[PodRow]:
    return st.builds(
        lambda status, ready, owner, age, restarts, ending: a_pod(
            "x",
            status=status if not ready else "Running",
            ready=ready,
            owner=owner,
            owner_kind="Deployment" if owner else "",
            created_at=NOW - age * SECOND,
            ready_since=NOW - age * SECOND // 2,
            restarts=restarts,
            restarted_at=NOW - age * SECOND // 3 if restarts else 0,
            deleting_since=NOW if ending else 0,
        ),
        st.sampled_from(STATUSES),
        st.booleans(),
        st.sampled_from(("gateway", "llm", "")),
        st.integers(1, 1200),
        st.integers(0, 4),
        st.booleans(),
    )


STEPS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("abcde"), st.none() | pods(), max_size=4), st.integers(0, 400)),
    min_size=1,
    max_size=8,
)


@given(STEPS, st.integers(0, 2))
@settings(max_examples=150, deadline=None)
def test_following_the_changes_is_judging_everything(steps: list[Any], skip: int) -> None:
    world, snapshot, judged, now = World(), None, Judged(), NOW
    for place, (rows, seconds) in enumerate(steps):
        now += seconds * SECOND
        keyed = {f"production/{key}": row for key, row in rows.items()}
        snapshot = follow(snapshot, "pods", now, Patch(rows=keyed), keyframe=place == 0)
        world = world.with_snapshot(snapshot)
        if skip and place % (skip + 1) == 0:  # a consumer that misses some snapshots
            continue
        judged = judged.after(world, "pods", now)
        expected = {key: judge_pod(row, now) for key, row in world.pods.items()}
        assert {key: judged.finding("pods", key) for key in world.pods} == expected
        assert dict(judged.groups) == group_pods(world.pods, expected)
        assert judged.tally == tally_pods(world.pods, now)
        later = now + seconds * SECOND
        standing = judged.standing("pods", world.pods, later)
        if standing is not None:
            assert {key: standing.get(key, HEALTHY) for key in world.pods} == {
                key: judge_pod(row, later) for key, row in world.pods.items()
            }


def test_what_no_group_has_leaves_the_groups_as_they_are() -> None:
    world = a_world(pods=[a_pod("gateway-0", node="n1"), a_pod("gateway-1", node="n1")])
    judged = Judged().after(world, "pods", NOW)
    moved = follow(
        world.snapshots["pods"],
        "pods",
        NOW,
        Patch(rows={"production/gateway-0": a_pod("gateway-0", node="n2")}),
        keyframe=False,
    )
    after = judged.after(world.with_snapshot(moved), "pods", NOW)
    assert after.rows("pods").moved == {"production/gateway-0"}
    assert after.groups is judged.groups
    assert after.tally is judged.tally


def test_nothing_is_judged_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(pods=[a_pod(f"gateway-{place}") for place in range(50)])
    judged = Judged().after(world, "pods", NOW)
    looked: list[PodRow] = []
    monkeypatch.setitem(judging.WEIGH, "pods", lambda row, now: looked.append(row))
    again = follow(world.snapshots["pods"], "pods", NOW + SECOND, Patch(), keyframe=False)
    judged.after(world.with_snapshot(again), "pods", NOW + SECOND)
    assert looked == []


def test_a_restart_is_forgotten_when_its_time_is_over_although_no_row_changed() -> None:
    world = a_world(pods=[a_pod(restarts=1, restarted_at=NOW - 9 * MINUTE)])
    judged = Judged().after(world, "pods", NOW)
    assert judged.finding("pods", "production/gateway-1").level == Level.WATCH
    later = follow(world.snapshots["pods"], "pods", NOW + MINUTE, Patch(), keyframe=False)
    judged = judged.after(world.with_snapshot(later), "pods", NOW + MINUTE)
    assert judged.finding("pods", "production/gateway-1").level == Level.OK
    assert judged.groups[GATEWAY].level == Level.OK


def test_a_judgement_stands_until_time_may_change_it_and_only_for_its_own_rows() -> None:
    world = a_world(pods=[a_pod(restarts=1, restarted_at=NOW - 9 * MINUTE)])
    judged = Judged().after(world, "pods", NOW)
    found = judged.standing("pods", world.pods, NOW + MINUTE - 1)
    assert found is not None
    assert set(found) == {"production/gateway-1"}
    assert judged.standing("pods", world.pods, NOW + MINUTE) is None
    assert judged.standing("pods", world.pods, NOW - 1) is None
    assert judged.standing("pods", dict(world.pods), NOW) is None
    assert judged.standing("nodes", {}, NOW) is None


def test_going_back_in_time_judges_afresh() -> None:
    world = a_world(pods=[a_pod(restarts=1, restarted_at=NOW - 9 * MINUTE)])
    judged = Judged().after(world, "pods", NOW + MINUTE)
    assert judged.finding("pods", "production/gateway-1").level == Level.OK
    judged = judged.after(world, "pods", NOW)
    assert judged.finding("pods", "production/gateway-1").level == Level.WATCH
    assert judged.tally == PodTally(1, 1, {"restarted": 1})


def test_a_source_that_nobody_judges_changes_nothing() -> None:
    judged = Judged()
    assert judged.after(a_world(weather={}), "weather", NOW) is judged


def test_workloads_and_nodes_are_judged_beside_the_pods() -> None:
    world = a_world(workloads=[a_workload(ready=0)], nodes=[a_node(ready=False)])
    judged = Judged().after(world, "workloads", NOW).after(world, "nodes", NOW)
    assert judged.finding("workloads", GATEWAY).level == Level.CRITICAL
    assert judged.rows("nodes").level == Level.CRITICAL


GROUPS = [
    ("one of three down is a warning", [a_pod("a"), a_pod("b"), a_bad_pod("c")], Level.WARNING, 2, 3),
    ("two of three down is critical", [a_pod("a"), a_bad_pod("b"), a_bad_pod("c")], Level.CRITICAL, 1, 3),
    ("the only one down is critical", [a_bad_pod("a")], Level.CRITICAL, 0, 1),
    (
        "new pods that still start do not alarm",
        [a_pod("a"), *(a_bad_pod(x, "ContainerCreating", phase="Pending", created_at=NOW) for x in "bc")],
        Level.OK,
        1,
        3,
    ),
    (
        "those on their way out do not count",
        [a_pod("a"), a_bad_pod("b", "Terminating", deleting_since=NOW)],
        Level.OK,
        1,
        1,
    ),
    (
        "the evicted do not count, but show",
        [a_pod("a"), a_bad_pod("b", "Evicted", phase="Failed")],
        Level.WARNING,
        1,
        1,
    ),
    ("completed jobs do not count", [a_bad_pod("a", "Completed", phase="Succeeded")], Level.OK, 0, 0),
]


@pytest.mark.parametrize(
    ("rows", "level", "ready", "total"), [case[1:] for case in GROUPS], ids=[case[0] for case in GROUPS]
)
def test_a_workload_is_as_bad_as_what_it_lacks(rows: list[PodRow], level: Level, ready: int, total: int) -> None:
    keyed = {row.name: row for row in rows}
    group = group_pods(keyed, {key: judge_pod(row, NOW) for key, row in keyed.items()})[GATEWAY]
    assert (group.level, group.ready, group.total) == (level, ready, total)


def test_groups_come_worst_first_and_count_their_reasons() -> None:
    rows = [
        a_pod("well-1", owner="well"),
        a_bad_pod("bad-1", owner="bad"),
        a_bad_pod("bad-2", "ImagePullBackOff", owner="bad"),
        a_bad_pod("bad-3", "ImagePullBackOff", owner="bad"),
        a_pod("so-1", owner="so-so"),
        a_pod("so-2", owner="so-so", restarts=1, restarted_at=NOW),
        a_bad_pod("alone", owner="", owner_kind=""),
    ]
    keyed = {row.name: row for row in rows}
    groups = worst_first(group_pods(keyed, {key: judge_pod(row, NOW) for key, row in keyed.items()}).values())
    assert [group.name for group in groups] == ["alone", "bad", "so-so", "well"]
    assert groups[1].reasons == (("image-pull", 2), ("crash-loop", 1))
    assert (groups[0].key, groups[0].worst.kind) == ("Pod/production/alone", "crash-loop")
    assert (groups[1].restarted, groups[2].restarted) == (1, 1)


def test_a_snapshot_may_hold_rows_that_the_one_before_did_not_have() -> None:
    first = a_snapshot("pods", {"production/a": a_pod("a")})
    judged = Judged().after(a_world(pods=first), "pods", NOW)
    second = a_snapshot("pods", {"production/b": a_bad_pod("b")}, NOW + SECOND)
    judged = judged.after(a_world(pods=second), "pods", NOW + SECOND)
    assert judged.tally == PodTally(1, 0, {"crash-loop": 1})
