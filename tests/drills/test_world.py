"""The recorded world: it plays as if it were now, waits for whoever acts, and goes on as it was recorded after that."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.drills.recorded import EPOCH, GATEWAY, RESTART, ROLL_BACK, Playing, Script, a_plan
from wfconsole.clock import SECOND, SystemClock
from wfconsole.drills.doors import PAST, UNKNOWN, Door
from wfconsole.drills.world import OVER, STILL
from wfconsole.incident.plan import Request
from wfconsole.observations.answers import AskPod, Marker, PodAnswer, PodDetail
from wfconsole.observations.snapshot import Failure, follow

# Whole: a bad pod, somebody restarts in vain, then rolls back.
TRUNK = (
    Script()
    .pod(0, "gateway-1", keyframe=True)
    .pod(0.2, "gateway-bad")
    .act("r1", 0.6, a_plan(RESTART), verdict="NO EFFECT")
    .pod(0.8, "gateway-restarted")
    .act("r2", 2.0, a_plan())
    .pod(2.1, "gateway-good")
)
BRANCH = Script().pod(0, "gateway-1", keyframe=True).pod(1, "branch-bad").act("b1", 5, a_plan()).pod(5.1, "branch-good")


def trunk(folder: Path) -> Path:
    return TRUNK.write(folder / "trunk.jsonl", 3)


def branch(folder: Path) -> Path:
    return BRANCH.write(folder / "branch.jsonl", 7)


def door(playing: Playing, request: Request) -> Door:
    found = playing.world.answer_to(request)
    assert isinstance(found, Door), found
    return found


def test_it_plays_from_now_on_and_stands_still_where_somebody_acted(tmp_path: Path) -> None:
    began = SystemClock().now()
    with Playing(trunk(tmp_path)) as playing:
        audience = playing.audience
        playing.until(lambda: STILL in audience.words, "it stands still")
        seen = len(audience.patches)
        playing.until(lambda: len(audience.patches) > seen, "and goes on looking")
        (header,) = audience.headers
        assert abs(header.started_at - began) < 5 * SECOND
        assert header.target.context == "lab"
        assert audience.rows == {"shop/gateway-1", "shop/gateway-bad"}
        first, last = audience.patches[0], audience.patches[-1]
        assert abs(first.at - began) < 5 * SECOND
        row = (first.patch.rows or {})["shop/gateway-1"]
        assert row is not None
        assert row.created_at - first.at == -60 * SECOND, "as old as it was"
        assert last.at >= first.at
        assert not last.patch.rows
        assert [word for word in audience.words if word == STILL] == [STILL], "said once"


def test_what_people_did_then_is_not_told(tmp_path: Path) -> None:
    script = Script().pod(0, "gateway-1", keyframe=True).says(0.1, Marker("here it began")).act("r1", 0.4, a_plan())
    with Playing(script.write(tmp_path / "made.jsonl", 2)) as playing:
        playing.until(lambda: STILL in playing.audience.words, "it stands still")
        assert [note for note in playing.audience.notes if not hasattr(note, "text")] == [Marker("here it began")]


def test_through_a_door_the_world_goes_on_as_it_was_recorded(tmp_path: Path) -> None:
    with Playing(trunk(tmp_path)) as playing:
        audience = playing.audience
        playing.until(lambda: STILL in audience.words, "it stands still")
        count = len(audience.patches)
        acted = SystemClock().now()
        playing.world.enter(door(playing, ROLL_BACK))
        playing.until(lambda: "shop/gateway-good" in audience.rows, "what came of it")
        playing.until(lambda: OVER in audience.words, "and no more doors")
        whole = next(each for each in audience.patches[count:] if each.keyframe)
        assert set(whole.patch.rows or {}) == {"shop/gateway-1", "shop/gateway-bad", "shop/gateway-restarted"}
        good = next(each for each in audience.patches if "shop/gateway-good" in (each.patch.rows or {}))
        assert 0 <= good.at - acted < 2 * SECOND, "as long after the act as then, and never before it"
        snapshot = None
        for each in audience.patches:
            snapshot = follow(snapshot, each.source, each.at, each.patch, keyframe=each.keyframe)
        assert snapshot is not None
        assert len(snapshot.rows) == 4
        assert snapshot.failure is None


def test_in_vain_leaves_the_next_door_open(tmp_path: Path) -> None:
    with Playing(trunk(tmp_path)) as playing:
        playing.world.enter(door(playing, RESTART))
        playing.until(lambda: "shop/gateway-restarted" in playing.audience.rows, "what came of it")
        playing.until(lambda: STILL in playing.audience.words, "it waits for the next one")
        assert "shop/gateway-good" not in playing.audience.rows
        assert playing.world.answer_to(RESTART) == PAST, "the recording has no second one"
        playing.world.enter(door(playing, ROLL_BACK))
        playing.until(lambda: "shop/gateway-good" in playing.audience.rows, "what came of it")


def test_the_world_never_goes_back(tmp_path: Path) -> None:
    with Playing(trunk(tmp_path)) as playing:
        playing.world.enter(door(playing, ROLL_BACK))
        playing.until(lambda: OVER in playing.audience.words, "it is over")
        assert playing.world.answer_to(RESTART) == PAST
        assert playing.world.answer_to(Request("scale", GATEWAY, {"replicas": "9"})) == UNKNOWN


def test_a_branch_is_another_way_on(tmp_path: Path) -> None:
    in_vain = Script().pod(0, "gateway-1", keyframe=True).act("v1", 1, a_plan(RESTART), verdict="NO EFFECT")
    with Playing(branch(tmp_path), in_vain.pod(2, "still-bad").write(tmp_path / "vain.jsonl", 3)) as playing:
        playing.world.enter(door(playing, RESTART))
        playing.until(lambda: "shop/still-bad" in playing.audience.rows, "the other recording")
        found = door(playing, ROLL_BACK)
        assert found.recording == 0, "nothing has helped yet: the ways of the first recording are open too"
        playing.world.enter(found)
        playing.until(lambda: "shop/branch-good" in playing.audience.rows, "the first recording")
        assert playing.world.answer_to(RESTART) == PAST, "it has helped: no way leads back into the trouble"


def test_of_two_ways_the_one_is_taken_that_passes_over_less(tmp_path: Path) -> None:
    with Playing(trunk(tmp_path), branch(tmp_path)) as playing:
        assert door(playing, ROLL_BACK).recording == 1, "in the first one somebody has restarted before"
        playing.world.enter(door(playing, RESTART))
        playing.until(lambda: "shop/gateway-restarted" in playing.audience.rows, "so it is here by now")
        assert door(playing, ROLL_BACK).recording == 0


def test_what_was_looked_at_then_is_there_to_be_looked_at(tmp_path: Path) -> None:
    then = PodAnswer("old", "shop", "gateway-1", detail=PodDetail("shop", "gateway-1", use_at=EPOCH))
    script = Script().pod(0, "gateway-1", keyframe=True).says(0.1, then).act("r1", 0.4, a_plan())
    with Playing(script.write(tmp_path / "made.jsonl", 2)) as playing:
        playing.until(lambda: STILL in playing.audience.words, "it stands still")
        playing.world.ask(AskPod("one", "shop", "gateway-1"))
        playing.world.ask(AskPod("two", "shop", "gateway-2"))
        playing.until(lambda: len([n for n in playing.audience.notes if isinstance(n, PodAnswer)]) == 2, "answers")
        known, unknown = [note for note in playing.audience.notes if isinstance(note, PodAnswer)]
        assert (known.id, known.detail) == ("one", msgspec.structs.replace(then.detail, use_at=known.detail.use_at))  # type: ignore[type-var, union-attr]
        assert known.detail is not None
        assert abs(known.detail.use_at - SystemClock().now()) < 10 * SECOND
        assert unknown.failure is not None
        assert "nobody looked at this pod" in unknown.failure.message


def test_behind_a_door_each_source_is_as_it_was_there(tmp_path: Path) -> None:
    failure = Failure("timeout", "no answer within 4 s", since=EPOCH + SECOND, retry_at=EPOCH + 3 * SECOND)
    elsewhere = Script().pod(0, "gateway-1", keyframe=True).rows(0, {}, "nodes", keyframe=True, age_ms=-1)
    elsewhere.rows(1.5, {"shop/gateway-1": None}, failure=failure).act("b1", 5, a_plan())
    script = (
        Script().pod(0, "gateway-1", keyframe=True).rows(0, {}, "events", keyframe=True).act("r1", 0.5, a_plan(RESTART))
    )
    paths = script.write(tmp_path / "first.jsonl", 2), elsewhere.write(tmp_path / "branch.jsonl", 6)
    with Playing(*paths) as playing:
        audience = playing.audience
        playing.until(lambda: STILL in audience.words, "it stands still")
        entered, now = len(audience.patches), SystemClock().now()
        playing.world.enter(door(playing, ROLL_BACK))
        playing.until(lambda: OVER in audience.words, "it is over")
        assert playing.world.shift % SECOND == 0, "texts of whole seconds move with it"
        after = audience.patches[entered:]
        assert {each.source for each in after} == {"pods", "nodes"}, "nothing is said of what nobody saw there"
        pods, nodes = (next(each for each in after if each.source == name) for name in ("pods", "nodes"))
        shown = follow(None, "pods", pods.at, pods.patch, keyframe=True)
        assert shown.failure is not None
        assert abs(shown.failure.since - (now - 4 * SECOND)) < 2 * SECOND, "as long ago as then"
        assert shown.good_at is not None
        assert abs(shown.good_at - (now - 5 * SECOND)) < 2 * SECOND
        assert follow(None, "nodes", nodes.at, nodes.patch, keyframe=True).good_at is None, "never seen"


def test_a_world_that_stands_still_is_looked_at_as_often_as_before(tmp_path: Path) -> None:
    script = Script().pod(0, "gateway-1", keyframe=True).rows(0, {}, "nodes", keyframe=True, interval_ms=60 * SECOND)
    with Playing(script.act("r1", 0.2, a_plan()).write(tmp_path / "made.jsonl", 2)) as playing:
        told = playing.audience.patches
        playing.until(
            lambda: len([p for p in playing.audience.patches if p.source == "pods"]) >= 3, "pods, each second"
        )
        assert [each.source for each in playing.audience.patches].count("nodes") == 1, told


def test_how_it_stands_is_told_to_the_screen(tmp_path: Path) -> None:
    with Playing(trunk(tmp_path)) as playing:
        assert playing.world.standing() == "plays"
        playing.until(lambda: playing.world.standing() == "stands still", "it waits")
        playing.world.enter(door(playing, ROLL_BACK))
        playing.until(lambda: playing.world.standing() == "is over", "there is no more")


def test_it_ends_at_once_wherever_it_stands(tmp_path: Path) -> None:
    with Playing(trunk(tmp_path)) as playing:
        playing.world.close()
        playing.world.finish(1_000)
        assert not playing.world._thread.is_alive()
