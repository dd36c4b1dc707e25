"""Rollouts of stateful sets and daemon sets: each is written down once, whatever is read first of it.

A set and its revisions are followed by two watches: either may be ahead of the other.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.builders import NOW, a_revision, a_workload
from tests.incident.scribe_room import Room
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.what_changed import what_changed
from wfconsole.observations.snapshot import Lack

OLD_IMAGE, NEW_IMAGE = ("r/postgresql:16.9",), ("r/postgresql:17.1",)
OLD = a_revision(1, images=OLD_IMAGE)
NEW = a_revision(2, created_at=NOW, images=NEW_IMAGE)
BACK = a_revision(3, images=OLD_IMAGE)
ROLLOUT = "once postgresql revision 1 -> 2: image postgresql:16.9 -> postgresql:17.1"
ROLLBACK = "once postgresql revision 2 -> 3 (rolled back): image postgresql:17.1 -> postgresql:16.9"
IMAGE_ALONE = "once postgresql image postgresql:16.9 -> postgresql:17.1"
UNREAD: dict[str, Any] = {"partial": "not read yet", "lacks": (Lack("not read yet", "loading"),)}


def postgresql(images: tuple[str, ...], *revisions: Any, **more: Any) -> list[Any]:
    number = revisions[0].number if revisions else 0
    return [a_workload("postgresql", kind="StatefulSet", images=images, revision=number, revisions=revisions, **more)]


BEFORE, IMAGE_FIRST = postgresql(OLD_IMAGE, OLD), postgresql(NEW_IMAGE, OLD)
REVISION_FIRST, ROLLED_OUT = postgresql(OLD_IMAGE, NEW, OLD), postgresql(NEW_IMAGE, NEW, OLD)
ROLLED_BACK = postgresql(OLD_IMAGE, BACK, NEW)


def seen(room: Room, *looks: list[Any]) -> list[str]:
    """What is written of these looks, one after the other."""
    return [text for look in looks for text in room.see("workloads", look)]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize("between", [IMAGE_FIRST, REVISION_FIRST], ids=["its image first", "its revision first"])
def test_a_rollout_is_said_once_whatever_is_seen_first(room: Room, between: list[Any]) -> None:
    assert seen(room, BEFORE, between, ROLLED_OUT, ROLLED_OUT) == [ROLLOUT]


@pytest.mark.parametrize(
    "between",
    [postgresql(OLD_IMAGE, NEW, OLD), postgresql(NEW_IMAGE, BACK, NEW)],
    ids=["its image first", "its revision first"],
)
def test_a_rollback_is_said_as_such_once_and_when_it_was_seen(room: Room, between: list[Any]) -> None:
    assert seen(room, ROLLED_OUT) == [ROLLOUT]
    assert seen(room, between, ROLLED_BACK, ROLLED_BACK) == [ROLLBACK]
    (at,) = (line.at for line in room.state.lines.values() if "rolled back" in line.text)
    assert NOW < at <= room.now


@pytest.mark.parametrize("first", [ROLLED_OUT, IMAGE_FIRST, REVISION_FIRST], ids=["both", "image", "revision"])
def test_what_the_first_look_finds_is_said_once_with_its_own_time(room: Room, first: list[Any]) -> None:
    assert seen(room, first, ROLLED_OUT) == [ROLLOUT]
    assert [line.at for line in room.state.lines.values() if line.kind == "CHANGE"] == [NOW]


def test_revisions_that_are_not_read_yet_are_waited_for(room: Room) -> None:
    assert room.see("workloads", postgresql(NEW_IMAGE), **UNREAD) == []
    assert seen(room, ROLLED_OUT) == [ROLLOUT]


@pytest.mark.parametrize("looks", [[ROLLED_OUT], [IMAGE_FIRST, ROLLED_OUT]], ids=["both", "its image first"])
def test_after_a_resume_it_is_not_said_again(room: Room, looks: list[list[Any]]) -> None:
    assert seen(room, BEFORE, IMAGE_FIRST, ROLLED_OUT) == [ROLLOUT]
    room.start_over()
    assert seen(room, *looks) == []


def test_a_new_set_is_made_and_not_rolled_out(room: Room) -> None:
    assert seen(room, [], postgresql(OLD_IMAGE), postgresql(OLD_IMAGE, OLD)) == ["once StatefulSet postgresql created"]


def test_without_the_right_to_revisions_a_new_image_is_said_by_itself(room: Room) -> None:
    assert seen(room, postgresql(OLD_IMAGE), postgresql(NEW_IMAGE)) == [IMAGE_ALONE]


def test_a_right_that_is_taken_away_hides_no_new_image_and_given_back_tells_it_no_second_time(room: Room) -> None:
    looks = [BEFORE, postgresql(OLD_IMAGE), postgresql(NEW_IMAGE)]
    assert seen(room, *looks, ROLLED_OUT) == [IMAGE_ALONE]
    found = what_changed(room.world, room.state, room.now, HOUR)
    assert ["once " + change.text for change in found] == [ROLLOUT]


def test_what_else_happened_in_that_minute_stands_beside_it(room: Room) -> None:
    looks = [postgresql(OLD_IMAGE), postgresql(NEW_IMAGE, desired=9), postgresql(NEW_IMAGE, NEW, OLD, desired=9)]
    assert seen(room, *looks)[:2] == [IMAGE_ALONE, "once postgresql scaled 3 -> 9"]
    found = what_changed(room.world, room.state, room.now, HOUR)
    assert {"once " + change.text for change in found} == {ROLLOUT, "once postgresql scaled 3 -> 9"}


IMAGES = (OLD_IMAGE, NEW_IMAGE, OLD_IMAGE, ("r/postgresql:18",))
KNOWN = ((OLD,), (NEW, OLD), (BACK, NEW), (a_revision(4, created_at=NOW, images=IMAGES[3]), BACK, NEW))


@pytest.mark.parametrize(
    "ahead", sorted(set(permutations((0, 0, 0, 1, 1, 1)))), ids=lambda path: "".join(map(str, path))
)
def test_however_far_one_watch_is_ahead_of_the_other_each_rollout_is_said_once(room: Room, ahead: tuple[int]) -> None:
    """Each number is a step: 0 of the images, 1 of the revisions."""
    assert room.see("workloads", BEFORE) == []
    said = []
    for place in range(1, len(ahead) + 1):
        images, revisions = (ahead[:place].count(watch) for watch in (0, 1))
        said += room.see("workloads", postgresql(IMAGES[images], *KNOWN[revisions]))
    third = "once postgresql revision 3 -> 4: image postgresql:16.9 -> postgresql:18"
    assert said == [ROLLOUT, ROLLBACK, third]


def test_two_rollouts_of_which_one_could_not_be_read_are_two(room: Room) -> None:
    assert seen(room, postgresql(OLD_IMAGE), postgresql(NEW_IMAGE)) == [IMAGE_ALONE]
    room.now += 2 * MINUTE
    later = a_revision(3, created_at=room.now, images=("r/postgresql:18",))
    room.see("workloads", postgresql(("r/postgresql:18",), later))
    found = [change.text for change in what_changed(room.world, room.state, room.now, HOUR)]
    assert found == [
        "postgresql image postgresql:17.1 -> postgresql:18",
        IMAGE_ALONE.removeprefix("once "),
    ]
