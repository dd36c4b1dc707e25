"""Named faults, injected through the API alone: any process that holds the admin's kubeconfig can cause them.

What then happens is kwok's, the scheduler's and the controllers' doing; how each fault looks is in `stages.py`.
"""

from collections import Counter
from collections.abc import Callable

from tests.rig import objects, stages, world
from tests.rig.api import STRATEGIC, Api, Object, path_of, wait_for

_GATEWAY = path_of("apps/v1", "Deployment", world.GATEWAY, world.NAMESPACE)
_LLM_AUTOSCALER = path_of("autoscaling/v2", "HorizontalPodAutoscaler", world.LLM, world.NAMESPACE)
_METRICS_API = path_of("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io")
_PODS = path_of("v1", "Pod", namespace=world.NAMESPACE)
_NODES = path_of("v1", "Node")


def bad_image(api: Api) -> str:
    """A rollout of the gateway to a tag that the registry does not have: the new pods stay in ImagePullBackOff."""
    return _roll_out(api, stages.MISSING_TAG)


def bad_image_crash(api: Api) -> str:
    """A rollout of the gateway to an image whose program exits at start: the new pods crash and back off."""
    return _roll_out(api, stages.CRASHING_TAG)


def crash_loop(api: Api) -> str:
    """Two gateway pods crash again and again: exit code 1, a growing restart count, a log of the previous run."""
    return _afflict(api, "crash-loop", 2)


def oom(api: Api) -> str:
    """One gateway pod leaks memory up to its limit and is killed, again and again: OOMKilled, exit code 137."""
    return _afflict(api, "oom", 1)


def not_ready(api: Api) -> str:
    """One gateway pod runs, and its readiness probe fails."""
    return _afflict(api, "not-ready", 1)


def node_pressure(api: Api) -> str:
    """The node with most pods that can be replaced comes under memory pressure and evicts one of them."""
    running = api.items(_PODS, fieldSelector="status.phase=Running")
    victims = [pod for pod in running if _owner_kind(pod) == "ReplicaSet" and not fault_of(pod)]
    if not victims:
        raise ValueError("node-pressure needs a pod that can be replaced, and none is running; recover first")
    places = Counter(pod["spec"]["nodeName"] for pod in victims)
    node = max(sorted(places), key=places.__getitem__)
    api.patch(path_of("v1", "Node", node), {"metadata": {"annotations": {stages.PRESSURE: "memory"}}})
    victim = next(pod for pod in victims if pod["spec"]["nodeName"] == node)
    _mark(api, victim, "evict")
    return f"{node} under memory pressure, evicting {victim['metadata']['name']}"


def hpa_at_max(api: Api) -> str:
    """The gateway's CPU use goes to twice its request: the autoscaler climbs to its maximum and wants more."""
    api.apply(world.usage(gateway=0.55))
    return "every gateway container now uses 550m CPU"


def hpa_blind(api: Api) -> str:
    """metrics.k8s.io loses the service behind it: autoscalers cannot see, and do nothing."""
    api.apply(_metrics_api(api, f"{objects.METRICS_SERVICE}-gone"))
    return "metrics.k8s.io has no server behind it"


def pending_no_gpu(api: Api) -> str:
    """Three replicas of the model on two GPUs: the scheduler finds no node for the third."""
    api.patch(_LLM_AUTOSCALER, {"spec": {"minReplicas": 3}})
    return "the model's autoscaler now wants 3 replicas at least; there are 2 GPUs"


def recover(api: Api) -> str:
    """Undo every fault. What it takes to be well again, controllers do in their own time: see `await_well`."""
    for pod in api.items(_PODS):
        if "deletionTimestamp" in pod["metadata"]:
            continue
        if pod["status"]["phase"] == "Failed" or fault_of(pod) == "evict":
            api.delete(path_of("v1", "Pod", pod["metadata"]["name"], world.NAMESPACE))
        elif fault_of(pod):
            _mark(api, pod, None)
    for node in api.items(_NODES):
        if stages.PRESSURE in (node["metadata"].get("annotations") or {}):
            path = path_of("v1", "Node", node["metadata"]["name"])
            api.patch(path, {"metadata": {"annotations": {stages.PRESSURE: None}}})
    api.apply(world.usage(), _metrics_api(api, objects.METRICS_SERVICE))
    api.patch(_LLM_AUTOSCALER, {"spec": {"minReplicas": 2}})
    _set_image(api, world.GATEWAY_TAG)
    return "everything is undone; controllers need some seconds more"


FAULTS: dict[str, Callable[[Api], str]] = {
    "bad-image": bad_image,
    "bad-image-crash": bad_image_crash,
    "crash-loop": crash_loop,
    "oom": oom,
    "not-ready": not_ready,
    "node-pressure": node_pressure,
    "hpa-at-max": hpa_at_max,
    "hpa-blind": hpa_blind,
    "pending-no-gpu": pending_no_gpu,
    "recover": recover,
}


def inject(api: Api, name: str) -> str:
    """Cause a fault by its name, and say what was done. Raises ValueError that lists the names."""
    if name not in FAULTS:
        raise ValueError(f"no fault is called {name!r}; there are: {', '.join(FAULTS)}")
    return FAULTS[name](api)


def await_well(api: Api, deadline_s: float = 90.0) -> None:
    """Wait until no fault is left: as many ready pods as wanted and no others, autoscalers at their minimum."""

    def well() -> bool:
        pods = [pod for pod in api.items(_PODS) if _owner_kind(pod) != "Job"]
        wanted = _replicas(api, "Deployment") | _replicas(api, "StatefulSet")
        calm = all(
            wanted[item["spec"]["scaleTargetRef"]["name"]] == item["spec"]["minReplicas"]
            for item in api.items(path_of("autoscaling/v2", "HorizontalPodAutoscaler", namespace=world.NAMESPACE))
        )
        settled = not world.unavailable(api) and len(pods) == sum(wanted.values())
        return calm and settled and not any(map(fault_of, pods))

    wait_for("the world to be well", well, deadline_s, interval_s=0.5)


def _replicas(api: Api, kind: str) -> dict[str, int]:
    items = api.items(path_of("apps/v1", kind, namespace=world.NAMESPACE))
    return {item["metadata"]["name"]: item["spec"]["replicas"] for item in items}


def _roll_out(api: Api, tag: str) -> str:
    _set_image(api, tag)
    return f"{world.GATEWAY} is being rolled out to {tag}"


def _set_image(api: Api, tag: str) -> None:
    containers = [{"name": "gateway", "image": f"{world.REGISTRY}/clean-gateway:{tag}"}]
    api.patch(_GATEWAY, {"spec": {"template": {"spec": {"containers": containers}}}}, STRATEGIC)


def _afflict(api: Api, fault: str, count: int) -> str:
    pods = [
        pod
        for pod in api.items(_PODS, labelSelector=f"app={world.GATEWAY}", fieldSelector="status.phase=Running")
        if not fault_of(pod) and "deletionTimestamp" not in pod["metadata"]
    ]
    if len(pods) < count:
        raise ValueError(f"{fault} needs {count} gateway pods without a fault, there are {len(pods)}; recover first")
    for pod in pods[:count]:
        _mark(api, pod, fault)
    return f"{fault}: {', '.join(pod['metadata']['name'] for pod in pods[:count])}"


def _mark(api: Api, pod: Object, fault: str | None) -> None:
    path = path_of("v1", "Pod", pod["metadata"]["name"], pod["metadata"]["namespace"])
    api.patch(path, {"metadata": {"annotations": {stages.FAULT: fault}}})


def fault_of(pod: Object) -> str:
    """The fault that a pod was given, or ""."""
    annotations: dict[str, str] = pod["metadata"].get("annotations") or {}
    return annotations.get(stages.FAULT, "")


def _owner_kind(pod: Object) -> str:
    owners = pod["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("kind", ""))


def _metrics_api(api: Api, service: str) -> Object:
    port = int(api.get(_METRICS_API)["spec"]["service"]["port"])
    return objects.metrics_api(port, service)
