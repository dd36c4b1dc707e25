"""The terms of `tests.actions.terms` for every action on the cluster, in one namespace."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import planned, ran
from tests.actions.kubernetes.troubles import afflict, image_of, roll_out
from tests.actions.terms import Target, hold
from tests.rig.api import STRATEGIC, Object, path_of, wait_for
from tests.rig.cluster import Cluster
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Aim, Request

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]

NETWORKING = "networking.k8s.io/v1"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def shared(cluster: Cluster) -> Iterator[Bed]:
    made = Bed(cluster.api)
    yield made
    made.leave()


class Workshop:
    """Makes one target of each kind in the shared namespace, under a name of its own."""

    def __init__(self, bed: Bed, systems: Systems) -> None:
        self.bed, self.systems = bed, systems
        self.name = f"web-{next(_NUMBERS):02}"

    def target(
        self, action: str, aim: Aim, disturb: Callable[[], Request | None] | None = None, **parameters: str
    ) -> Target:
        return Target(Request(action, aim, parameters), self.systems, self.state, disturb)

    def workload(self, replicas: int = 1) -> Aim:
        return self.bed.deployment(self.name, replicas)

    def change(self, path: str, patch: Object) -> None:
        self.bed.api.patch(path, patch)

    def patch(self, spec: Object) -> None:
        """As somebody else would; what the controllers make of it is over."""
        path = path_of("apps/v1", "Deployment", self.name, self.bed.namespace)
        wanted = self.bed.api.patch(path, {"spec": spec}, STRATEGIC)

        def settled() -> bool:
            item, pods = self.bed.workload(self.name), self.bed.pods(self.name)
            status, replicas = item["status"], item["spec"]["replicas"]
            seen = status.get("observedGeneration", 0) >= wanted["metadata"]["generation"]
            return bool(seen and len(pods) == replicas == status.get("updatedReplicas") == status.get("readyReplicas"))

        wait_for("it has settled", settled)

    def state(self) -> object:
        """What people have written: what controllers count and note is not compared."""
        found = []
        for version, kind in (
            ("apps/v1", "Deployment"),
            ("autoscaling/v2", "HorizontalPodAutoscaler"),
            ("v1", "ConfigMap"),
            (NETWORKING, "NetworkPolicy"),
            ("v1", "Pod"),
        ):
            for item in self.bed.api.items(path_of(version, kind, namespace=self.bed.namespace)):
                meta = item["metadata"]
                if kind != "NetworkPolicy" and not meta["name"].startswith(f"{self.name}"):
                    continue  # of another test
                spec = None if kind == "Pod" else item.get("spec")
                going = "deletionTimestamp" in meta
                found.append((kind, meta["name"], meta.get("labels"), spec, item.get("data"), going))
        return found

    # --- targets

    def scaled(self) -> Target:
        return self.target("scale", self.workload(2), lambda: self.patch({"replicas": 1}), replicas="3")

    def restarted(self) -> Target:
        return self.target("restart", self.workload(), lambda: self.new_image("1.0.1"))

    def rolled_back(self) -> Target:
        aim = self.workload()
        self.new_image("1.0.1")
        return self.target("roll-back", aim, lambda: self.new_image("1.0.2"), revision="1")

    def new_image(self, tag: str) -> None:
        roll_out(self.bed, tag, self.name)
        wait_for("it is rolled out", lambda: self.rolled_out(tag))

    def rolled_out(self, tag: str) -> bool:
        pods = self.bed.pods(self.name)
        there = image_of(self.bed.workload(self.name)) == tag
        status = self.bed.workload(self.name)["status"]
        return there and len(pods) == 1 and status.get("updatedReplicas") == status.get("readyReplicas") == 1

    def limited(self) -> Target:
        box = {"name": "app", "resources": {"limits": {"memory": "24Mi"}}}
        return self.target(
            "memory-limit",
            self.workload(),
            lambda: self.patch({"template": {"spec": {"containers": [box]}}}),
            container="app",
            limit="64Mi",
            request="16Mi",
        )

    def strategy(self) -> Target:
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}
        return self.target(
            "rollout-strategy",
            self.workload(),
            lambda: self.patch({"strategy": rolling}),
            surge="0",
            unavailable="1",
        )

    def autoscaled(self) -> Target:
        self.workload()
        aim = self.bed.autoscaler(self.name, 1, 3)
        path = path_of("autoscaling/v2", "HorizontalPodAutoscaler", self.name, self.bed.namespace)
        return self.target("autoscale", aim, lambda: self.change(path, {"spec": {"maxReplicas": 4}}), min="1", max="5")

    def configured(self) -> Target:
        self.bed.apply("v1", "ConfigMap", self.name, data={"BATCH_SIZE": "8"})
        path = path_of("v1", "ConfigMap", self.name, self.bed.namespace)
        return self.target(
            "config-value",
            Aim("configmap", self.name, self.bed.namespace),
            lambda: self.change(path, {"data": {"BATCH_SIZE": "12"}}),
            key="BATCH_SIZE",
            value="16",
            restart="yes",
        )

    def pod(self) -> Aim:
        return Aim("pod", self.bed.pods(self.name)[0]["metadata"]["name"], self.bed.namespace)

    def other_pod(self, action: str, aim: Aim, **parameters: str) -> Request:
        """It is gone, and what is asked for then is about the one in its place."""
        self.bed.api.delete(path_of("v1", "Pod", aim.name, self.bed.namespace))
        wait_for("another one", lambda: [each["metadata"]["name"] for each in self.bed.pods(self.name)] != [aim.name])
        self.bed.await_ready(self.name, 1)
        wait_for("the old one is gone", lambda: len(self.bed.pods(self.name)) == 1)
        return Request(action, self.pod(), parameters)

    def removed(self) -> Target:
        self.workload()
        aim = self.pod()
        return self.target("remove-pod", aim, lambda: self.other_pod("remove-pod", aim))

    def isolated(self) -> Target:
        self.workload()
        aim = self.pod()
        return self.target("isolate-pod", aim, lambda: self.other_pod("isolate-pod", aim))

    def returned(self) -> Target:
        there = self.isolated()
        plan = planned(self.systems, there.request)
        outcome = ran(self.systems, plan)
        self.bed.await_ready(self.name, 1)
        back = outcome.inverse or plan.inverse
        assert back is not None
        return Target(back, self.systems, self.state)

    def failing(self) -> Target:
        aim = self.workload()
        afflict(self.bed, self.bed.pods(self.name)[0])

        def another_fails() -> None:
            self.other_pod("remove-pod", self.pod())
            afflict(self.bed, self.bed.pods(self.name)[0])

        return self.target("remove-failing-pods", aim, another_fails)

    def other_policy(self) -> None:
        """Policies add up: the sum is another one."""
        spec = {"podSelector": {"matchLabels": {"app": "elsewhere"}}, "policyTypes": ["Ingress"], "ingress": [{}]}
        self.bed.apply(NETWORKING, "NetworkPolicy", self.name, spec=spec)

    def blocked(self) -> Target:
        self.workload()
        return self.target(
            "block-source",
            Aim("source", "203.0.113.9"),
            self.other_policy,
            namespace=self.bed.namespace,
            target=f"deployment/{self.name}",
        )

    def unblocked(self) -> Target:
        there = self.blocked()
        plan = planned(self.systems, there.request)
        outcome = ran(self.systems, plan)
        back = outcome.inverse or plan.inverse
        assert back is not None
        return Target(back, self.systems, self.state)


ACTIONS: dict[str, Callable[[Workshop], Target]] = {
    "autoscale": Workshop.autoscaled,
    "block-source": Workshop.blocked,
    "config-value": Workshop.configured,
    "isolate-pod": Workshop.isolated,
    "memory-limit": Workshop.limited,
    "remove-failing-pods": Workshop.failing,
    "remove-pod": Workshop.removed,
    "restart": Workshop.restarted,
    "return-pod": Workshop.returned,
    "roll-back": Workshop.rolled_back,
    "rollout-strategy": Workshop.strategy,
    "scale": Workshop.scaled,
    "unblock-source": Workshop.unblocked,
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_keeps_its_terms(action: str, shared: Bed, systems: Systems) -> None:
    hold(ACTIONS[action](Workshop(shared, systems)))
