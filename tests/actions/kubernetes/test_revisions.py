"""Which revision to go back to, without a server."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from wfconsole.actions.kubernetes import left_behind, ownership, revisions
from wfconsole.actions.kubernetes.pods import Member, member
from wfconsole.actions.kubernetes.rollouts import RESTARTED_AT

NOW = 1_800_000_000_000


def at(minutes_ago: float) -> str:
    return dt.datetime.fromtimestamp(NOW / 1000 - 60 * minutes_ago, dt.UTC).isoformat()


def template(tag: str, restarted: str = "", **env: str) -> dict[str, Any]:
    box = {"name": "app", "image": f"app:{tag}", "env": [{"name": key, "value": value} for key, value in env.items()]}
    notes = {RESTARTED_AT: restarted} if restarted else {}
    return {"metadata": {"labels": {"app": "web"}, "annotations": notes}, "spec": {"containers": [box]}}


def replica_set(number: int, minutes_ago: float, **of: Any) -> dict[str, Any]:
    made = template(**of)
    made["metadata"]["labels"]["pod-template-hash"] = f"h{number}"
    meta = {
        "name": f"web-h{number}",
        "namespace": "shop",
        "uid": f"u{number}",
        "creationTimestamp": at(minutes_ago),
        "labels": {"pod-template-hash": f"h{number}"},
        "annotations": {revisions.NUMBER: str(number)},
    }
    return {"metadata": meta, "spec": {"template": made}}


def pod(number: int, ready_minutes: float) -> Member:
    raw = {
        "metadata": {
            "name": f"p{number}",
            "namespace": "shop",
            "uid": "p",
            "labels": {"pod-template-hash": f"h{number}"},
        },
        "spec": {"containers": [{"name": "app"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": at(ready_minutes)}],
            "containerStatuses": [{"name": "app", "ready": True, "restartCount": 0, "state": {"running": {}}}],
        },
    }
    return member(raw, NOW)


def found(*sets: dict[str, Any], pods: tuple[Member, ...] = ()) -> tuple[revisions.Revision, ...]:
    return revisions.of_replica_sets(sets, pods, NOW)


@pytest.mark.parametrize(
    ("sets", "pods", "number"),
    [
        # The one before it stood for a day.
        ((replica_set(1, 1500, tag="1"), replica_set(2, 60, tag="2")), (), 1),
        # The one before it was a bad one too, and was replaced within minutes.
        ((replica_set(1, 1500, tag="1"), replica_set(2, 60, tag="2"), replica_set(3, 57, tag="3")), (), 1),
        # It stood for an hour, but nobody replaced the bad one sooner: what is ready now knows better.
        (
            (replica_set(1, 1500, tag="1"), replica_set(2, 90, tag="2"), replica_set(3, 20, tag="3")),
            (pod(1, 1500),),
            1,
        ),
        # A restart of the good one stood only a moment: it is the good one all the same.
        (
            (
                replica_set(1, 1500, tag="1"),
                replica_set(2, 62, tag="1", restarted=at(62)),
                replica_set(3, 60, tag="2"),
            ),
            (),
            2,
        ),
        # Restarts of the bad one are the bad one.
        (
            (
                replica_set(1, 1500, tag="1"),
                replica_set(2, 60, tag="2"),
                replica_set(3, 40, tag="2", restarted=at(40)),
                replica_set(4, 20, tag="2", restarted=at(20)),
            ),
            (),
            1,
        ),
        # Another setting of the same image, which stood long: that is what was healthy.
        ((replica_set(1, 3000, tag="1", A="1"), replica_set(2, 60, tag="1", A="2")), (), 1),
        # Another setting of the same bad image, which did not.
        ((replica_set(1, 5, tag="1"), replica_set(2, 4, tag="2", A="1"), replica_set(3, 2, tag="2", A="2")), (), 1),
    ],
)
def test_the_last_one_that_was_healthy_is_proposed(
    sets: tuple[dict[str, Any], ...], pods: tuple[Member, ...], number: int
) -> None:
    target = revisions.proposed(found(*sets, pods=pods))
    assert target is not None
    assert target.number == number


def test_where_there_is_nothing_else_nothing_is_proposed() -> None:
    assert revisions.proposed(found(replica_set(1, 60, tag="1"), replica_set(2, 9, tag="1", restarted=at(9)))) is None
    short = found(replica_set(1, 12, tag="1", A="1"), replica_set(2, 9, tag="1", A="2"))
    assert revisions.proposed(short) is None  # the same image, three minutes


def test_a_revision_says_its_image_its_age_and_how_long_it_was_healthy() -> None:
    now, restart, first = found(
        replica_set(1, 1500, tag="1"), replica_set(2, 62, tag="1", restarted=at(62)), replica_set(3, 60, tag="2"),
        pods=(pod(3, 30),),
    )  # fmt: skip
    assert first.told(NOW) == "revision 1: app:1, 1 d 1 h old, stood for 23 h 58 min until the next one came"
    assert restart.told(NOW) == (
        "revision 2: app:1, 1 h 02 min old, stood for 2 min until the next one came, only a restart of revision 1"
    )
    assert now.told(NOW) == "revision 3: app:2, 1 h old, 1 pod ready for 30 min"


def test_one_that_was_rolled_back_to_says_nothing_of_how_long_it_stood() -> None:
    again, bad = found(replica_set(3, 1500, tag="1"), replica_set(2, 60, tag="2"))
    assert (again.number, again.stood_ms, bad.stood_ms) == (3, None, None)


def test_a_difference_shows_no_value_that_may_be_a_secret() -> None:
    old, new = template("1", SESSION="abc", MODE="a"), template("2", SESSION="def", NEW="x")
    new["spec"]["containers"][0]["args"] = ["--dsn=postgres://u:p@h/d"]
    assert revisions.difference_of(old, new) == (
        "+ spec.containers[app].args[0]: (not shown)",
        "- spec.containers[app].env[MODE].name: MODE",
        "- spec.containers[app].env[MODE].value: (not shown)",
        "+ spec.containers[app].env[NEW].name: NEW",
        "+ spec.containers[app].env[NEW].value: (not shown)",
        "- spec.containers[app].env[SESSION].value: (not shown)",
        "+ spec.containers[app].env[SESSION].value: (not shown)",
        "- spec.containers[app].image: app:1",
        "+ spec.containers[app].image: app:2",
    )


def test_a_difference_cannot_draw_on_the_terminal() -> None:
    lines = revisions.difference_of(template("1"), template("\x1b]52;c;ZXZpbA==\x07"))
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    ("meta", "tool"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "a:b"}}, "Argo CD (argocd.argoproj.io/tracking-id=a:b)"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux (kustomize.toolkit.fluxcd.io/name=apps)"),
        ({"managedFields": [{"manager": "argocd-controller"}]}, "Argo CD (it has written to it)"),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, ""),
        ({}, ""),
    ],
)
def test_whose_it_is_shows_in_its_marks(meta: dict[str, Any], tool: str) -> None:
    assert ownership.from_git({"metadata": meta}) == tool


def test_what_pods_read_is_found_wherever_it_is_named() -> None:
    pod_spec = {
        "containers": [
            {
                "envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "s1"}}],
                "env": [{"valueFrom": {"configMapKeyRef": {"name": "b", "key": "K", "optional": True}}}],
            }
        ],
        "volumes": [
            {"configMap": {"name": "c", "optional": True}},
            {"secret": {"secretName": "s2"}},
            {"projected": {"sources": [{"configMap": {"name": "b"}}]}},
        ],
    }
    assert left_behind.config_maps_of({"spec": pod_spec}) == {"a": False, "b": False, "c": True}
    assert left_behind.secrets_of({"spec": pod_spec}) == {"s1", "s2"}
