"""What kwok plays: how a node and a pod go from one status to the next, as a kubelet would report it.

A pod's first container is the one that fails; its other containers stay up. What goes wrong with a pod is said by
its annotation `FAULT`, or by its image's tag: a rollout to a bad image needs nothing else.
Selectors are jq, templates are Go's. The selectors exclude one another: at most one stage matches at any time.
"""

from pathlib import Path

import yaml

from tests.rig import objects, steps
from tests.rig import templates as t
from tests.rig.api import Object

FAULT = "rig.wfconsole.dev/fault"
PRESSURE = "rig.wfconsole.dev/pressure"
#: Pods made by the thousand: one stage, no events.
BULK_LABEL = "rig.wfconsole.dev/bulk"
#: Nodes whose usage metrics-server asks for.
MEASURED_LABEL = "rig.wfconsole.dev/measured"
USAGE_PATH_ANNOTATION = "metrics.k8s.io/resource-metrics-path"

#: A tag that no registry has, and one whose program exits at start.
MISSING_TAG = "2.15.0-rc1"
CRASHING_TAG = "2.15.0"

#: kwok reads these kinds from the API, so that a fault can change them while it runs.
DYNAMIC_KINDS = ("Logs", "ClusterResourceUsage", "Exec")

_ALIVE = ".metadata.deletionTimestamp == null"
_PENDING = '.status.phase == "Pending"'
_RUNNING = '.status.phase == "Running"'
_BULK = f'(.metadata.labels["{BULK_LABEL}"] // "") == "true"'
_NOT_BULK = f"({_BULK}) | not"
_FAULT = f'(.metadata.annotations["{FAULT}"] // "")'
_TAG = '(.spec.containers[0].image | split(":") | last)'
_STATE = "(.status.containerStatuses[0].state // {})"
_WAITING = f'({_STATE}.waiting.reason // "")'
_READY = '([.status.conditions[]? | select(.type == "Ready") | .status][0] // "")'
_OOMS = f'{_FAULT} == "oom"'
_CRASHES = f'({_FAULT} == "crash-loop" or {_TAG} == "{CRASHING_TAG}")'
_PULL_FAILS = f'{_TAG} == "{MISSING_TAG}"'
_HEALTHY = f'({_FAULT} == "") and ({_TAG} != "{CRASHING_TAG}")'

#: A container that is about to exit does not get as far as passing its readiness probe.
_STARTS_READY = f"not (or ({t.fault_is(FAULT, 'crash-loop')}) ({t.image_tag_is(CRASHING_TAG)}))"

#: A kubelet waits 10 s, 20 s, 40 s ... 5 min; ours is in more of a hurry: 4 s, 8 s, 16 s ... 60 s.
_RESTART_DELAY = '[4 * pow(2; .status.containerStatuses[0].restartCount), 60] | min | tostring | . + "s"'
_HEARTBEAT_MS = 120_000


def resource_definitions() -> list[Object]:
    """The definitions of DYNAMIC_KINDS."""
    return [
        objects.kwok_resource("Logs", "logs", namespaced=True),
        objects.kwok_resource("ClusterResourceUsage", "clusterresourceusages", namespaced=False),
        objects.kwok_resource("Exec", "execs", namespaced=True),
    ]


def kwok_configuration(logs: Path, containers: list[str]) -> str:
    """kwok's configuration file. `logs` holds a file for each of `containers`, and `other.log` for any other."""
    documents = [*_node_stages(), *_pod_life(), *_pod_faults(logs), _metrics(), _cluster_logs(logs, containers)]
    return yaml.safe_dump_all(documents, sort_keys=False)


def _stage(
    name: str,
    when: list[str],
    *then: Object,
    kind: str = "Pod",
    delay_ms: tuple[int, int] = (0, 0),
    delay_from: str = "",
) -> Object:
    delay: Object = {"durationMilliseconds": delay_ms[0], "jitterDurationMilliseconds": delay_ms[1]}
    if delay_from:
        delay = {"durationMilliseconds": delay_ms[0], "durationFrom": {"jq": {"expression": delay_from}}}
    condition = " and ".join(f"({part})" for part in when)
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": {"matchExpressions": [{"jq": {"key": condition, "operator": "In", "values": ["true"]}}]},
            "delay": delay,
            "steps": list(then),
        },
    }


def _node_stages() -> list[Object]:
    def node(name: str, when: list[str], *then: Object, delay_ms: tuple[int, int] = (0, 0)) -> Object:
        return _stage(name, [_ALIVE, *when], *then, kind="Node", delay_ms=delay_ms)

    wants = f'(.metadata.annotations["{PRESSURE}"] // "") == "memory"'
    pressed = '([.status.conditions[]? | select(.type == "MemoryPressure") | .status][0] // "") == "True"'
    return [
        node("node-initialize", [f'{_READY} != "True"'], steps.status(t.NODE_READY)),
        node(
            "node-heartbeat",
            [f'{_READY} == "True"', f"({wants}) == ({pressed})"],
            steps.status(t.NODE_HEARTBEAT),
            delay_ms=(_HEARTBEAT_MS, _HEARTBEAT_MS + 20_000),
        ),
        node(
            "node-under-pressure",
            [f'{_READY} == "True"', wants, f"({pressed}) | not"],
            steps.status(t.memory_pressure("True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory")),
            steps.node_event("Warning", "EvictionThresholdMet", "Attempting to reclaim memory"),
            steps.node_event(
                "Normal", "NodeHasInsufficientMemory", "Node {node} status is now: NodeHasInsufficientMemory"
            ),
        ),
        node(
            "node-relieved",
            [f'{_READY} == "True"', f"({wants}) | not", pressed],
            steps.status(t.memory_pressure("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory")),
            steps.node_event("Normal", "NodeHasSufficientMemory", "Node {node} status is now: NodeHasSufficientMemory"),
        ),
    ]


def _pod_life() -> list[Object]:
    return [
        _stage("pod-bulk", [_ALIVE, _PENDING, _BULK], steps.status(t.started())),
        _stage(
            "pod-admit",
            [_ALIVE, _PENDING, _NOT_BULK, ".status.containerStatuses == null"],
            steps.status(t.ADMITTED),
            steps.event("Normal", "Pulling", 'Pulling image "{image}"'),
            delay_ms=(50, 300),
        ),
        _stage(
            "pod-start",
            [_ALIVE, _PENDING, f'{_WAITING} == "ContainerCreating"', f"({_PULL_FAILS}) | not"],
            steps.status(t.started(ready=_STARTS_READY)),
            steps.event("Normal", "Pulled", 'Successfully pulled image "{image}"'),
            steps.event("Normal", "Created", "Container created"),
            steps.event("Normal", "Started", "Container started"),
            delay_ms=(500, 1500),
        ),
        _stage(
            "pod-complete",
            [_ALIVE, _RUNNING, '.metadata.ownerReferences[0].kind == "Job"'],
            steps.status(t.COMPLETED),
            delay_ms=(2000, 3000),
        ),
        _stage(
            "pod-delete",
            [".metadata.deletionTimestamp != null", _NOT_BULK],
            steps.event("Normal", "Killing", "Stopping container {container}"),
            {"delete": True},
            delay_ms=(500, 1500),
        ),
        _stage("pod-bulk-delete", [".metadata.deletionTimestamp != null", _BULK], {"delete": True}),
    ]


def _pod_faults(logs: Path) -> list[Object]:
    back_off = steps.event("Warning", "BackOff", "Back-off restarting failed container {container} in pod {pod}")
    restart = [
        steps.event("Normal", "Pulled", 'Container image "{image}" already present on machine'),
        steps.event("Normal", "Created", "Container created"),
        steps.event("Normal", "Started", "Container started"),
    ]
    return [
        _stage(
            "pod-pull-fails",
            [_ALIVE, _PENDING, _PULL_FAILS, f'{_WAITING} == "ContainerCreating" or {_WAITING} == "ImagePullBackOff"'],
            steps.status(t.waiting("ErrImagePull", t.PULL_ERROR)),
            steps.event("Warning", "Failed", f'Failed to pull image "{{image}}": {t.PULL_ERROR}'),
            steps.event("Warning", "Failed", "Error: ErrImagePull", tag="pull"),
            delay_from=f'if {_WAITING} == "ImagePullBackOff" then "30s" else "1s" end',
        ),
        _stage(
            "pod-pull-backs-off",
            [_ALIVE, _PENDING, f'{_WAITING} == "ErrImagePull"'],
            steps.status(t.waiting("ImagePullBackOff", 'Back-off pulling image "{image}": ErrImagePull')),
            steps.event("Normal", "BackOff", 'Back-off pulling image "{image}"'),
            steps.event("Warning", "Failed", "Error: ImagePullBackOff", tag="back-off"),
            delay_ms=(1500, 2500),
        ),
        _stage(
            "pod-crash",
            [_ALIVE, _RUNNING, _CRASHES, f"{_STATE}.running != null"],
            steps.previous_log(logs),
            steps.status(t.crashed("Error", 1)),
            back_off,
            delay_ms=(1500, 3000),
        ),
        _stage(
            "pod-out-of-memory",
            [_ALIVE, _RUNNING, _OOMS, f"{_STATE}.running != null"],
            steps.previous_log(logs),
            steps.status(t.crashed("OOMKilled", 137)),
            back_off,
            delay_ms=(6000, 9000),
        ),
        _stage(
            "pod-restart",
            [_ALIVE, _RUNNING, f"{_CRASHES} or {_OOMS}", f'{_WAITING} == "CrashLoopBackOff"'],
            steps.status(t.restarted(ready=t.fault_is(FAULT, "oom"))),
            *restart,
            delay_from=_RESTART_DELAY,
        ),
        _stage(
            "pod-recover",
            [_ALIVE, _RUNNING, _NOT_BULK, _HEALTHY, f'{_READY} != "True"'],
            steps.status(t.RECOVERED),
            delay_ms=(800, 1600),
        ),
        _stage(
            "pod-not-ready",
            [_ALIVE, _RUNNING, f'{_FAULT} == "not-ready"', f'{_READY} == "True"'],
            steps.status(t.UNREADY),
            steps.event("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        ),
        _stage(
            "pod-evict",
            [_ALIVE, _RUNNING, f'{_FAULT} == "evict"'],
            steps.status(t.EVICTED),
            steps.event("Warning", "Evicted", t.EVICTION),
        ),
    ]


def _metrics() -> Object:
    """A kubelet's /metrics/resource, in which metrics-server reads CPU seconds, working sets and start times."""

    def metric(name: str, dimension: str, kind: str, value: str) -> Object:
        labels = {"container": "container.name", "namespace": "pod.metadata.namespace", "pod": "pod.metadata.name"}
        wanted = {"node": (), "pod": ("namespace", "pod"), "container": ("container", "namespace", "pod")}[dimension]
        return {
            "name": name,
            "dimension": dimension,
            "kind": kind,
            "labels": [{"name": label, "value": labels[label]} for label in wanted],
            "value": value,
        }

    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Metric",
        "metadata": {"name": "metrics-resource"},
        "spec": {
            "path": "/metrics/nodes/{nodeName}/metrics/resource",
            "metrics": [
                metric(
                    "container_start_time_seconds",
                    "container",
                    "gauge",
                    "UnixSecond(pod.metadata.creationTimestamp)",
                ),
                metric(
                    "container_cpu_usage_seconds_total",
                    "container",
                    "counter",
                    'pod.CumulativeUsage("cpu", container.name)',
                ),
                metric(
                    "container_memory_working_set_bytes",
                    "container",
                    "gauge",
                    'pod.Usage("memory", container.name)',
                ),
                metric("node_cpu_usage_seconds_total", "node", "counter", 'node.CumulativeUsage("cpu")'),
                metric("node_memory_working_set_bytes", "node", "gauge", 'node.Usage("memory")'),
            ],
        },
    }


def _cluster_logs(logs: Path, containers: list[str]) -> Object:
    files = [{"containers": [name], "logsFile": str(logs / f"{name}.log"), "follow": True} for name in containers]
    files.append({"logsFile": str(logs / "other.log"), "follow": True})
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "by-container"},
        "spec": {"logs": files},
    }
