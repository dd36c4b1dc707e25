"""The doctor on a real API server: well with exactly the shipped role, and each right that it lacks by its name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collector.examined import Examined
from tests.rig.api import wait_for
from tests.rig.cluster import VIEWER
from tests.rig.fixtures import World
from wfconsole.sources.kubernetes.rights import ACTOR, path_of, rights_of
from wfconsole.sources.kubernetes.rights import VIEWER as ROLE

pytestmark = pytest.mark.rig

PATH = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{ROLE}"


def examined(world: World) -> Examined:
    return Examined("kubernetes", {"kubeconfig": str(world.viewer.kubeconfig)})


def without(rule: dict[str, Any]) -> dict[str, Any] | None:
    """The rule without nodes, logs, and lists of autoscalers; None where nothing is left of it."""
    kinds = [each for each in rule["resources"] if each != "pods/log" and (each, rule["apiGroups"]) != ("nodes", [""])]
    verbs = ["get", "watch"] if kinds == ["horizontalpodautoscalers"] else rule["verbs"]
    return {**rule, "resources": kinds, "verbs": verbs} if kinds else None


def test_all_is_well_with_exactly_the_shipped_role(world: World) -> None:
    world.await_metrics()
    found = examined(world)
    assert found.unwell == {}
    assert found["authenticated"].detail == VIEWER
    assert found.named("permission") == {str(right): "ok" for right in rights_of(ROLE)}
    assert found.named("action") == {str(right): "off" for right in rights_of(ACTOR)}
    assert found["pods"].detail.endswith(" rows")
    assert world.viewer.token not in repr(found.checks)


def test_rights_that_are_taken_away_are_named_with_the_grant_that_mends_them(world: World) -> None:
    lost = {"list nodes", "get nodes", "watch nodes", "get pods/log", "list horizontalpodautoscalers.autoscaling"}
    role = world.api.get(PATH)
    changed = [each for rule in role["rules"] if (each := without(rule)) is not None]
    world.api.request("PUT", PATH, json={**role, "rules": changed})
    try:
        found = wait_for(
            "the server minds the new role",
            lambda: told if (told := examined(world))["list nodes"].state == "problem" else None,
        )
    finally:
        current = world.api.get(PATH)
        world.api.request("PUT", PATH, json={**current, "rules": role["rules"]})
    refused = {name for name, state in found.named("permission").items() if state == "problem"}
    assert refused == lost
    assert found["list nodes"].detail == "denied"
    assert found["get pods/log"].detail == "denied in all namespaces"
    assert found["get pods/log"].run == (
        f"kubectl apply -f {path_of(ROLE)}",
        f"kubectl create clusterrolebinding {ROLE} --clusterrole={ROLE} --user={VIEWER}",
    )
    assert {"nodes": "problem", "hpas": "problem"}.items() <= found.unwell.items()
    assert found["pods"].state == "ok"
