"""A namespace of a test's own on the rig: cheaper to make and to throw away than the whole world is to mend."""

from __future__ import annotations

import itertools
from typing import Any

from tests.rig import world as worlds
from tests.rig.api import Api, Object, path_of, wait_for
from wfconsole.incident.plan import Aim

_NUMBERS = itertools.count(1)


class Bed:
    """`namespace` is its name. What is made in it goes with it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.namespace = f"bed-{next(_NUMBERS)}"
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        worlds.await_account(api, self.namespace)

    def leave(self) -> None:
        """Its pods at once: in a namespace that ends, whoever plays the node may not record that a pod is stopped, and
        never stops one that nothing owns."""
        self.api.delete(path_of("v1", "Namespace", self.namespace))
        pods = path_of("v1", "Pod", namespace=self.namespace)
        self.api.request("DELETE", pods, params={"gracePeriodSeconds": 0})

    def deployment(self, name: str = "web", replicas: int = 2, **spec: Any) -> Aim:
        """A deployment of one small container, whose pods are ready. `pod` in `spec`: the pod's own specification."""
        self.make(name, replicas, **spec)
        self.await_ready(name, replicas)
        return Aim("deployment", name, self.namespace)

    def make(self, name: str, replicas: int, *, kind: str = "Deployment", **spec: Any) -> None:
        """The same without waiting."""
        pod = spec.pop("pod", None) or {"containers": [worlds.container("app", "app:1.0.0", "10m", "16Mi")]}
        labels = {"app": name}
        self.apply(
            "apps/v1",
            kind,
            name,
            spec={
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod | {"terminationGracePeriodSeconds": 0}},
                **spec,
            },
        )

    def autoscaler(self, name: str, least: int, most: int) -> Aim:
        self.apply(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            name,
            spec={
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                "minReplicas": least,
                "maxReplicas": most,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
                    }
                ],
            },
        )
        return Aim("horizontalpodautoscaler", name, self.namespace)

    def apply(self, api_version: str, kind: str, name: str, **rest: Any) -> None:
        self.api.apply(
            {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": self.namespace}, **rest}
        )

    def get(self, api_version: str, kind: str, name: str) -> Object:
        return self.api.get(path_of(api_version, kind, name, self.namespace))

    def workload(self, name: str = "web", kind: str = "Deployment") -> Object:
        return self.get("apps/v1", kind, name)

    def pods(self, name: str = "web") -> list[Object]:
        return self.api.items(path_of("v1", "Pod", namespace=self.namespace), labelSelector=f"app={name}")

    def await_ready(self, name: str, replicas: int, kind: str = "Deployment") -> None:
        """So many are, as its controller says of what is wanted now."""

        def so() -> bool:
            found = self.workload(name, kind)
            status = found["status"]
            if status.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
                return False
            return bool(status.get("readyReplicas", 0) == replicas)

        wait_for(f"{replicas} ready pods of {name}", so)
