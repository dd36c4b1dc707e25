"""The bundled rules, for the usual exporters, and how rules become PromQL.

Bounds that are critical are on what users feel: errors, latency, traffic that is gone. What is only full is a warning.
Where nothing failed there is no series of failures: `or 0 * ...` makes that the zero that it is.
"""

from __future__ import annotations

from typing import Final

from wfconsole.config.metrics import SignalRule, SignalsSettings

_REQUESTS: Final = "sum by ($by) (rate(nginx_ingress_controller_requests[$window]))"
_INGRESS: Final = ("namespace", "ingress")
_POD: Final = ("namespace", "pod")
_IN_PODS: Final = 'container!="",container!="POD"'
_DISKS: Final = 'fstype!~"tmpfs|overlay|squashfs|ramfs|iso9660"'


def _failed(status: str) -> str:
    failed = f'sum by ($by) (rate(nginx_ingress_controller_requests{{status=~"{status}"}}[$window]))'
    return f"({failed} or 0 * {_REQUESTS})"


def _latency(quantile: str) -> str:
    buckets = "nginx_ingress_controller_request_duration_seconds_bucket"
    return f"histogram_quantile({quantile}, sum by (le,$by) (rate({buckets}[$window])))"


_RESTARTED: Final = "increase(kube_pod_container_status_restarts_total[15m]) > 0"

DEFAULT_RULES: Final = (
    SignalRule("errors", f"{_failed('5..')} / {_REQUESTS}", "ratio", "err", 0.01, 0.05, group=_INGRESS, slo=True),
    SignalRule("unavailable", _failed("50[34]"), "per-second", "503/504", 1.0, group=_INGRESS),
    SignalRule("p99", _latency("0.99"), "seconds", "p99", 0.8, 2.0, group=_INGRESS, slo=True),
    SignalRule("p95", _latency("0.95"), "seconds", "p95", 0.5, 1.5, group=_INGRESS, slo=True),
    SignalRule("traffic", _REQUESTS, "per-second", "traffic", group=_INGRESS),
    SignalRule(
        "traffic-kept",
        f"{_REQUESTS} / {_REQUESTS.replace('[$window]', '[$window] offset 1h')}",
        "ratio",
        "of 1h ago",
        0.5,
        0.1,
        direction="below",
        group=_INGRESS,
    ),
    SignalRule(
        "memory-limit",
        f"max by ($by) (max by (namespace, pod, container) (container_memory_working_set_bytes{{{_IN_PODS}}})"
        ' / max by (namespace, pod, container) (kube_pod_container_resource_limits{resource="memory"}))',
        "ratio",
        "mem of limit",
        0.9,
        group=_POD,
    ),
    SignalRule(
        "throttled",
        f"sum by ($by) (rate(container_cpu_cfs_throttled_periods_total{{{_IN_PODS}}}[$window]))"
        f" / sum by ($by) (rate(container_cpu_cfs_periods_total{{{_IN_PODS}}}[$window]))",
        "ratio",
        "cpu throttled",
        0.25,
        group=_POD,
    ),
    SignalRule(
        "out-of-memory",
        'sum by ($by) ((kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1)'
        f" and on (namespace, pod, container) ({_RESTARTED}))"
        " or 0 * sum by ($by) (kube_pod_container_status_restarts_total)",
        "count",
        "OOM in 15m",
        0.5,
        group=_POD,
    ),
    SignalRule(
        "node-cpu",
        'max by ($by) (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$window])))',
        "ratio",
        "node cpu",
        0.9,
        group=("instance",),
    ),
    SignalRule(
        "node-memory",
        "max by ($by) (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
        "ratio",
        "node mem",
        0.9,
        group=("instance",),
    ),
    SignalRule(
        "disk",
        f"max by ($by) (1 - node_filesystem_avail_bytes{{{_DISKS}}} / node_filesystem_size_bytes{{{_DISKS}}})",
        "ratio",
        "disk",
        0.85,
        group=("instance", "mountpoint"),
    ),
)


def rules_in_force(settings: SignalsSettings) -> tuple[SignalRule, ...]:
    """The bundled rules, each in its place or replaced there, then the others; of two with one name the last."""
    own = {rule.name: rule for rule in settings.rules}
    bundled = DEFAULT_RULES if settings.defaults else ()
    named = {rule.name for rule in bundled}
    return (
        *(own.get(rule.name, rule) for rule in bundled),
        *(rule for rule in own.values() if rule.name not in named),
    )


def queries(rule: SignalRule, window: str) -> tuple[str, ...]:
    """The total, then the same for each service; one query where the rule does not tell the two apart."""
    promql = " ".join(rule.promql.replace("$window", window).split())
    if "$by" not in promql:
        return (promql,)
    total = promql.replace(", $by", "").replace(",$by", "").replace("$by", "")
    return (total, promql.replace("$by", ",".join(rule.group))) if rule.group else (total,)
