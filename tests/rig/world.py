"""The world that the rig shows: the runbook's namespace `production`, a second one beside it, and their nodes."""

from collections.abc import Callable
from typing import Any

from tests.rig import stages
from tests.rig.api import Api, Object, path_of, wait_for

NAMESPACE = "production"
GATEWAY = "wearforce-clean-gateway"
LLM = "wearforce-clean-llm"
REGISTRY = "registry.wearforce.example"
GATEWAY_TAG = "2.14.3"
GPU = "nvidia.com/gpu"

_GIB = 1024 * 1024 * 1024
_MIB = 1024 * 1024

#: What each container uses when all is well: CPU in cores, memory in MiB.
USAGE: dict[str, tuple[float, float]] = {
    "gateway": (0.11, 230),
    "envoy": (0.02, 48),
    "llm": (1.6, 9200),
    "postgresql": (0.45, 1400),
    "metrics": (0.005, 24),
    "redis": (0.04, 180),
    "prometheus": (0.2, 900),
    "agent": (0.03, 90),
    "migrate": (0.1, 60),
}

Report = Callable[[str], None]


def create(api: Api, report: Report = lambda _line: None, *, metrics_first: bool = False) -> None:
    """Create the world and wait until every workload is available (seconds).

    With `metrics_first` the autoscalers come when metrics.k8s.io has usage (20 s more), so that they never were blind.
    """
    report("creating nodes and workloads")
    api.apply(usage())
    for item in nodes():
        api.create(path_of("v1", "Node"), item)
    api.apply(_namespace(NAMESPACE), _namespace("monitoring"))
    for namespace in (NAMESPACE, "monitoring"):
        await_account(api, namespace)
    api.apply(*configuration(), *workloads(), *services())
    report("waiting for workloads to become available")
    wait_for("every workload available", lambda: not unavailable(api), deadline_s=90)
    if metrics_first:
        report("waiting for the first usage from metrics.k8s.io")
        await_metrics(api)
    api.apply(*autoscalers())


def await_account(api: Api, namespace: str) -> None:
    """Wait for the namespace's account, which the controller manager makes: no pod is admitted before."""
    path = path_of("v1", "ServiceAccount", "default", namespace)
    wait_for(f"the service account of {namespace}", lambda: api.get(path))


def await_metrics(api: Api, deadline_s: float = 60.0) -> None:
    """Wait for usage of every node and running pod: metrics-server needs two scrapes of each, ten seconds apart."""
    measured = path_of("metrics.k8s.io/v1beta1", "PodMetrics", namespace=NAMESPACE)
    measured_nodes = path_of("metrics.k8s.io/v1beta1", "NodeMetrics")

    def complete() -> bool:
        running = api.items(path_of("v1", "Pod", namespace=NAMESPACE), fieldSelector="status.phase=Running")
        return _names(running) <= _names(api.items(measured)) and len(api.items(measured_nodes)) == len(nodes())

    wait_for("usage from metrics.k8s.io", complete, deadline_s, interval_s=0.5)


def _names(items: list[Object]) -> set[str]:
    return {item["metadata"]["name"] for item in items}


def unavailable(api: Api) -> list[str]:
    """Names of the workloads with fewer ready replicas than wanted."""
    found = []
    for kind in ("Deployment", "StatefulSet"):
        for item in api.items(path_of("apps/v1", kind, namespace=NAMESPACE)):
            if item["status"].get("readyReplicas", 0) < item["spec"]["replicas"]:
                found.append(item["metadata"]["name"])
    return found


def node(name: str, cpu: int, memory_gib: int, labels: dict[str, str], gpus: int = 0) -> Object:
    """A node for kwok to play. Its status must come with its creation: server-side apply would drop it."""
    capacity = {"cpu": str(cpu), "memory": f"{memory_gib}Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    allocatable = capacity | {"cpu": f"{cpu * 1000 - 100}m", "memory": f"{memory_gib * 1024 - 700}Mi"}
    if gpus:
        capacity[GPU] = allocatable[GPU] = str(gpus)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
            | labels,
            "annotations": {stages.USAGE_PATH_ANNOTATION: f"/metrics/nodes/{name}/metrics/resource"},
        },
        "status": {
            "capacity": capacity,
            "allocatable": allocatable,
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "6.12.41",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.36.3",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "systemUUID": "",
            },
        },
    }


def nodes() -> list[Object]:
    """Three ordinary nodes and two with a GPU each."""

    def labels(zone: str, **more: str) -> dict[str, str]:
        return {stages.MEASURED_LABEL: "true", "topology.kubernetes.io/zone": f"zone-{zone}"} | more

    ordinary = [node(f"node-{i}", 8, 32, labels(zone)) for i, zone in enumerate("abc", start=1)]
    gpu = [node(f"gpu-node-{i}", 16, 64, labels(zone, accelerator="nvidia"), 1) for i, zone in enumerate("ab", start=1)]
    return ordinary + gpu


def usage(**cores: float) -> Object:
    """What kwok reports as used, by container name; `gateway=0.5` overrides that container's CPU."""

    def running(value: str) -> Object:
        # A pod that does not run uses nothing; metrics-server then leaves it out, as with a real kubelet.
        return {"expression": f'pod.status.phase == "Running" ? {value} : 0.0'}

    def memory(mib: float) -> str:
        steady = f"{mib * _MIB:.1f} * (0.97 + 0.06 * Rand())"
        grown = f'pod.metadata.annotations["{stages.FAULT}"] == "oom"'
        # A leak: from half of its limit to the limit, again and again.
        leak = f"{2 * mib * _MIB:.1f} * (0.5 + 0.05 * double(int(UnixSecond(Now())) % 10))"
        return f'("{stages.FAULT}" in pod.metadata.annotations && {grown} ? {leak} : {steady})'

    table = USAGE | {name: (value, USAGE[name][1]) for name, value in cores.items()}
    usages: list[Object] = [
        {
            "containers": [name],
            "usage": {"cpu": running(f"{cpu} * (0.9 + 0.2 * Rand())"), "memory": running(memory(mib))},
        }
        for name, (cpu, mib) in table.items()
    ]
    usages.append({"usage": {"cpu": running("0.01"), "memory": running(f"{32 * _MIB:.1f}")}})
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterResourceUsage",
        "metadata": {"name": "by-container"},
        "spec": {"usages": usages},
    }


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def container(name: str, image: str, cpu: str, memory: str, **more: Any) -> Object:
    """A container with requests; limits are twice the CPU and the same memory unless given."""
    requests = {"cpu": cpu, "memory": memory} | more.pop("extra", {})
    limits = {"memory": memory} | {key: value for key, value in requests.items() if key == GPU}
    resources = {"requests": requests, "limits": more.pop("limits", limits)}
    return {"name": name, "image": f"{REGISTRY}/{image}", "resources": resources, **more}


def _workload(kind: str, name: str, replicas: int, pod: Object, namespace: str = NAMESPACE, **spec: Any) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            **({} if kind == "DaemonSet" else {"replicas": replicas}),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            **spec,
        },
    }


def gateway_pod(tag: str = GATEWAY_TAG) -> Object:
    """The gateway's pod: the service itself and its proxy."""
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5}
    main = container("gateway", f"clean-gateway:{tag}", "250m", "512Mi", ports=[{"containerPort": 8080}])
    return {
        "containers": [
            main | {"readinessProbe": probe},
            container("envoy", "envoy:1.35.2", "50m", "128Mi"),
        ],
        "terminationGracePeriodSeconds": 5,
    }


def workloads() -> list[Object]:
    """Deployments, stateful sets, a daemon set, and a job that is done."""
    llm = {
        "initContainers": [container("fetch-model", "clean-llm-model:7b-q4", "100m", "256Mi")],
        "containers": [container("llm", "clean-llm:1.8.0", "4", "16Gi", extra={GPU: "1"})],
        "terminationGracePeriodSeconds": 5,
    }
    postgresql = {
        "containers": [
            container("postgresql", "postgresql:16.9", "1", "4Gi", ports=[{"containerPort": 5432}]),
            container("metrics", "postgres-exporter:0.17.1", "20m", "64Mi"),
        ]
    }
    redis = {"containers": [container("redis", "redis:7.4.5", "100m", "512Mi", ports=[{"containerPort": 6379}])]}
    prometheus = {"containers": [container("prometheus", "prometheus:3.5.0", "300m", "2Gi")]}
    agent = {"containers": [container("agent", "node-agent:1.30.0", "50m", "128Mi")]}
    return [
        _workload("Deployment", GATEWAY, 4, gateway_pod(), progressDeadlineSeconds=60),
        _workload("Deployment", LLM, 2, llm),
        _workload("StatefulSet", "postgresql", 1, postgresql, serviceName="postgresql"),
        _workload("StatefulSet", "postgresql-read", 2, postgresql, serviceName="postgresql-read"),
        _workload("StatefulSet", "redis-master", 1, redis, serviceName="redis-master"),
        _workload("StatefulSet", "prometheus", 1, prometheus, "monitoring", serviceName="prometheus"),
        _workload("DaemonSet", "node-agent", 0, agent, "monitoring"),
        _migration(),
    ]


def _migration() -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "schema-migration", "namespace": NAMESPACE},
        "spec": {
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [container("migrate", "schema-migration:88", "100m", "128Mi")],
                }
            }
        },
    }


def services() -> list[Object]:
    """A service for each workload, and the ingress in front of the gateway."""
    ports = {GATEWAY: 8080, LLM: 8000, "postgresql": 5432, "postgresql-read": 5432, "redis-master": 6379}
    rule = {
        "host": "clean.wearforce.example",
        "http": {
            "paths": [
                {
                    "path": "/",
                    "pathType": "Prefix",
                    "backend": {"service": {"name": GATEWAY, "port": {"number": 8080}}},
                }
            ]
        },
    }
    ingress: Object = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "wearforce-clean-ingress", "namespace": NAMESPACE},
        "spec": {"ingressClassName": "nginx", "rules": [rule]},
    }
    return [
        *(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": name}},
                "spec": {"selector": {"app": name}, "ports": [{"port": port, "targetPort": port}]},
            }
            for name, port in ports.items()
        ),
        ingress,
    ]


def configuration() -> list[Object]:
    """The configuration map that the runbook patches."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "llm-config", "namespace": NAMESPACE},
            "data": {"BATCH_SIZE": "8"},
        }
    ]


def autoscalers() -> list[Object]:
    """Autoscalers on CPU. The model's may ask for more replicas than there are GPUs."""
    return [_autoscaler(GATEWAY, 4, 10, 60), _autoscaler(LLM, 2, 4, 80)]


def _autoscaler(name: str, least: int, most: int, cpu_percent: int) -> Object:
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": cpu_percent}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": metric}],
        },
    }
