"""What changed recently: from what the objects say of themselves, and from the difference of two rows."""

from __future__ import annotations

import pytest

from tests.builders import GATEWAY, LONG_AGO, NOW, a_revision, a_workload, a_world, an_hpa
from wfconsole.clock import HOUR, MINUTE
from wfconsole.observations.changes import (
    hpa_changes,
    image_move,
    recent_changes,
    short_image,
    workload_changes,
)
from wfconsole.observations.workloads import WorkloadRow

OLD = a_revision(4, images=("registry.example/team/gateway:1.4.0",))
NEW = a_revision(5, created_at=NOW - 5 * MINUTE, images=("registry.example/team/gateway:1.4.1",))
ROLLOUT = "gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:1.4.1"


def test_a_recent_revision_is_a_rollout_at_its_own_time() -> None:
    changes = recent_changes(a_world(workloads=[a_workload(revisions=(NEW, OLD))]), NOW, HOUR)
    assert [(change.at, change.kind, change.text) for change in changes] == [(NOW - 5 * MINUTE, "rollout", ROLLOUT)]
    assert changes[0].revision == 5


def test_a_rollback_that_nobody_saw_came_after_what_it_replaced() -> None:
    again = a_revision(6, images=OLD.images)  # the ReplicaSet of revision 4, with its old creation
    bad, older = NEW, a_revision(3, created_at=LONG_AGO - HOUR)
    changes = recent_changes(a_world(workloads=[a_workload(revision=6, revisions=(again, bad, older))]), NOW, HOUR)
    assert [(change.at, change.text) for change in changes] == [
        (
            bad.created_at,
            "gateway revision 5 -> 6 (rolled back, some time after this): image gateway:1.4.1 -> gateway:1.4.0",
        ),
        (bad.created_at, "gateway revision 3 -> 5: image gateway:1.4.0 -> gateway:1.4.1"),
    ]


def test_what_changed_long_ago_is_not_recent() -> None:
    assert recent_changes(a_world(workloads=[a_workload(revisions=(OLD,))]), NOW, HOUR) == ()
    assert recent_changes(a_world(workloads=[a_workload(revisions=(NEW, OLD))]), NOW, MINUTE) == ()


def test_a_new_workload_has_not_changed() -> None:
    first = a_revision(1, created_at=NOW - MINUTE)
    assert recent_changes(a_world(workloads=[a_workload(revisions=(first,))]), NOW, HOUR) == ()


def test_a_restart_is_told_from_a_new_image() -> None:
    again = a_revision(5, created_at=NOW - MINUTE, restart_only=True)
    (change,) = recent_changes(a_world(workloads=[a_workload(revisions=(again, OLD))]), NOW, HOUR)
    assert (change.kind, change.text) == ("restart", "gateway restarted (revision 5, same template)")


def test_an_autoscaler_tells_when_it_moved_last_and_all_come_newest_first() -> None:
    world = a_world(workloads=[a_workload(revisions=(NEW, OLD))], hpas=[an_hpa(desired=7, last_scaled_at=NOW - MINUTE)])
    changes = recent_changes(world, NOW, HOUR)
    assert [change.text for change in changes] == ["autoscaler gateway moved gateway to 7 replicas", ROLLOUT]
    assert changes[0].subject == GATEWAY


DIFFERENCES = [
    ("nothing", a_workload(), a_workload(ready=1), []),
    (
        "a rollout",
        a_workload(revisions=(OLD,)),
        a_workload(revision=5, images=NEW.images, revisions=(NEW, OLD)),
        [ROLLOUT],
    ),
    (
        "a rollout whose history we may not read",
        a_workload(),
        a_workload(revision=5, images=("registry.example/gateway:2",)),
        ["gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:2"],
    ),
    (
        "a new template with the same image",
        a_workload(),
        a_workload(revision=5),
        ["gateway revision 4 -> 5: same images, template changed"],
    ),
    (
        "an image without a revision",
        a_workload(revision=0),
        a_workload(revision=0, images=("registry.example/gateway:2",)),
        ["gateway image gateway:1.4.0 -> gateway:2"],
    ),
    (
        "an image whose revision is about to follow",
        a_workload(),
        a_workload(images=("registry.example/gateway:2",)),
        [],
    ),
    (
        "an image whose revision came before it",
        a_workload(revision=5, revisions=(NEW, OLD)),
        a_workload(revision=5, images=NEW.images, revisions=(NEW, OLD)),
        [],
    ),
    (
        "a revision that came after its image",
        a_workload(images=NEW.images, revisions=(OLD,)),
        a_workload(revision=5, images=NEW.images, revisions=(NEW, OLD)),
        [ROLLOUT],
    ),
    (
        "a revision after which the one before is not kept",
        a_workload(images=NEW.images, revisions=(OLD,)),
        a_workload(revision=5, images=NEW.images, revisions=(NEW,)),
        [ROLLOUT],
    ),
    (
        "a rollback after its image",
        a_workload(revision=5, images=OLD.images, revisions=(NEW, OLD)),
        a_workload(revision=6, images=OLD.images, revisions=(a_revision(6, images=OLD.images), NEW)),
        ["gateway revision 5 -> 6 (rolled back): image gateway:1.4.1 -> gateway:1.4.0"],
    ),
    ("the first revision of a new workload", a_workload(revision=0), a_workload(revision=1), []),
    ("revisions that are known only now", a_workload(revision=0), a_workload(revision=5, revisions=(NEW, OLD)), []),
    ("revisions that nobody may read any more", a_workload(revisions=(OLD,)), a_workload(revision=0), []),
    (
        "revisions that are known only now, and an image",
        a_workload(revision=0),
        a_workload(revision=5, images=NEW.images, revisions=(NEW, OLD)),
        ["gateway image gateway:1.4.0 -> gateway:1.4.1"],
    ),
    (
        "revisions that nobody may read any more, and an image",
        a_workload(revisions=(OLD,)),
        a_workload(revision=0, images=NEW.images),
        ["gateway image gateway:1.4.0 -> gateway:1.4.1"],
    ),
    ("scaled up", a_workload(), a_workload(desired=10), ["gateway scaled 3 -> 10"]),
    ("scaled to nothing", a_workload(), a_workload(desired=0), ["gateway scaled 3 -> 0"]),
    ("paused", a_workload(), a_workload(paused=True), ["gateway rollouts paused"]),
    ("resumed", a_workload(paused=True), a_workload(), ["gateway rollouts resumed"]),
]


@pytest.mark.parametrize(
    ("before", "after", "texts"), [case[1:] for case in DIFFERENCES], ids=[case[0] for case in DIFFERENCES]
)
def test_two_rows_tell_what_changed(before: WorkloadRow, after: WorkloadRow, texts: list[str]) -> None:
    assert [change.text for change in workload_changes(GATEWAY, before, after, NOW)] == texts


def test_the_bounds_of_an_autoscaler_are_somebodys_change() -> None:
    (change,) = hpa_changes(an_hpa(), an_hpa(maximum=20), NOW)
    assert change.text == "autoscaler gateway bounds 3-12 -> 3-20"
    assert hpa_changes(an_hpa(), an_hpa(current=5, desired=6), LONG_AGO) == ()


def test_images_are_told_by_what_differs_and_without_their_registry() -> None:
    assert short_image("registry.example:5000/team/gateway:1.4.0") == "gateway:1.4.0"
    assert short_image(f"r.example/gateway@sha256:{'ab' * 32}") == "gateway@sha256:abababababab"
    assert image_move(("r/a:1", "r/b:1"), ("r/a:2", "r/b:1")) == "a:1 -> a:2"
    assert image_move((), ("r/a:2",)) == "a:2"
    assert image_move(("r/a:1",), ()) == "a:1 -> none"
