"""What is known to have changed: what the objects tell and what the scribe saw, each change once."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_revision, a_workload, a_world, an_hpa
from tests.incident.scribe_room import Room
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.events import EntryWithdrawn
from wfconsole.incident.what_changed import what_changed
from wfconsole.observations.changes import Change
from wfconsole.text import clock_time

GATEWAY = "Deployment/production/gateway"
OLD = a_revision(4, images=("r/gateway:1.4.0",))


@pytest.fixture
def room() -> Room:
    """A scribe that has seen a quiet cluster."""
    opened = Room()
    opened.see("workloads", [a_workload(revisions=(OLD,))])
    opened.see("hpas", [an_hpa()])
    return opened


def known(room: Room, window: int = HOUR) -> list[Change]:
    return list(what_changed(room.world, room.state, room.now, window))


def texts(room: Room, window: int = HOUR) -> list[str]:
    return [change.text for change in known(room, window)]


def test_replicas_that_somebody_moved_are_known_from_the_scribe(room: Room) -> None:
    room.see("workloads", [a_workload(desired=8, revisions=(OLD,))], MINUTE)
    (change,) = known(room)
    assert (change.at, change.kind, change.subject, change.text) == (
        room.now,
        "scale",
        GATEWAY,
        "gateway scaled 3 -> 8",
    )


def test_moves_that_are_one_line_have_the_instant_of_the_last(room: Room) -> None:
    first = room.now + 2 * MINUTE
    for desired in (8, 2):
        room.see("workloads", [a_workload(desired=desired, revisions=(OLD,))], 2 * MINUTE)
    (change,) = known(room)
    assert (change.at, change.text) == (
        room.now,
        f"gateway scaled 3 -> 8 -> 2, 2 moves, the first at {clock_time(first)}",
    )


def test_a_move_that_an_autoscaler_tells_too_is_told_once_with_who_moved(room: Room) -> None:
    room.see("hpas", [an_hpa(desired=8, last_scaled_at=room.now)])
    room.see("workloads", [a_workload(desired=8, revisions=(OLD,))])
    assert texts(room) == ["autoscaler gateway moved gateway to 8 replicas"]
    first = room.now
    room.see("workloads", [a_workload(desired=2, revisions=(OLD,))], 2 * MINUTE)
    assert texts(room)[0] == f"gateway scaled 3 -> 8 -> 2, 2 moves, the first at {clock_time(first)}"


def test_a_rollout_that_both_tell_is_one_change_with_its_images(room: Room) -> None:
    new = a_revision(5, created_at=room.now, images=("r/gateway:1.4.1",))
    room.see("workloads", [a_workload(revision=5, images=new.images, revisions=(new, OLD))])
    (change,) = known(room)
    assert (change.before, change.after, change.revision) == ("gateway:1.4.0", "gateway:1.4.1", 5)


def test_a_rollback_that_the_scribe_saw_has_its_own_instant(room: Room) -> None:
    new = a_revision(5, created_at=room.now, images=("r/gateway:1.4.1",))
    again = a_revision(6, images=OLD.images)
    room.see("workloads", [a_workload(revision=5, images=new.images, revisions=(new, OLD))])
    room.see("workloads", [a_workload(revision=6, images=OLD.images, revisions=(again, new))], MINUTE)
    rollback, rollout = known(room)
    assert (rollback.at, rollback.revision) == (room.now, 6)
    assert rollback.text == "gateway revision 5 -> 6 (rolled back): image gateway:1.4.1 -> gateway:1.4.0"
    assert rollout.revision == 5


def test_what_happened_before_the_window_or_was_withdrawn_is_left_out(room: Room) -> None:
    room.see("workloads", [a_workload(desired=8, revisions=(OLD,))])
    room.now += 10 * MINUTE
    assert texts(room, 5 * MINUTE) == []
    entry = room.state.line_of_key[f"scale {GATEWAY} {room.noticed[-1].since}"]
    room.enter(EntryWithdrawn(entry), "op1")
    assert texts(room) == []


def test_what_no_journal_has_seen_is_known_from_the_objects_alone() -> None:
    room = Room()
    new = a_revision(5, created_at=NOW - MINUTE, images=("r/gateway:1.4.1",))
    world = a_world(workloads=[a_workload(revision=5, revisions=(new, OLD))])
    found = what_changed(world, room.state, NOW, HOUR)
    assert [change.text for change in found] == ["gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:1.4.1"]


def test_other_changes_say_that_they_are_changes(room: Room) -> None:
    room.see("hpas", [an_hpa(maximum=20)])
    (change,) = known(room)
    assert (change.kind, change.text) == ("change", "autoscaler gateway bounds 3-12 -> 3-20")
