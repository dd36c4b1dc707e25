"""One exporter that speaks the metrics of kube-state-metrics, kubelet, ingress-nginx, dcgm-exporter, vLLM and Triton.

A process of its own: `python exporter.py PORT WORLD.json`. The file says how the world is (rates, levels) and is read
at each scrape; counters grow by what passed since the one before. Names are those of the real exporters: a library
would rename counters that lack `_total`, and what has a colon.
"""

from __future__ import annotations

import http.server
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

WELL: dict[str, Any] = {
    "requests": {"checkout": 40.0, "orders": 20.0},  # per second
    "errors": {"checkout": 0.001, "orders": 0.0},  # share of them
    "logins": {},  # by path of the gateway: refused ones per second
    "refused": {},  # by a client's address, of a gateway that tells it: per second
    "latency": {"checkout": 0.05, "orders": 0.02},  # seconds, of nearly all requests
    "memory": {"checkout": 0.5, "orders": 0.4},  # share of its limit
    "leak": {"checkout": 0.0},  # share of its limit that it takes in a second
    "gpus": {"0": 0.61, "1": 0.4},
    "xid": 0,
    "queue": 2.0,
    "queue_growth": 0.0,  # per second
    "model_seconds": 0.8,
    "hostile": "",
}
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MODEL_BUCKETS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0)
_LIMIT = 512 * 1024 * 1024
_MIB_OF_GPU = 81_920.0


class World:
    """Everything that counts up, and what it was told last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._counters: dict[str, float] = {}
        self._then = time.monotonic()

    def scrape(self) -> str:
        with self._lock:
            told = json.loads(self._file.read_text())
            now = time.monotonic()
            passed, self._then = now - self._then, now
            lines = [*self._ingress(told, passed), *self._pods(told, passed), *_gpus(told), *self._models(told, passed)]
        return "\n".join((*lines, ""))

    def _counted(self, series: str, more: float) -> str:
        self._counters[series] = self._counters.get(series, 0.0) + more
        return f"{series} {self._counters[series]!r}"

    def _ingress(self, told: dict[str, Any], passed: float) -> list[str]:
        lines = []
        for name, rate in told["requests"].items():
            wrong = told["errors"].get(name, 0.0)
            labels = f'namespace="production",ingress="{name}",service="{name}",method="GET"'
            shares = (("200", 1 - wrong), ("503", wrong / 2), ("500", wrong / 2))
            for status, share in shares:
                if share or status == "200":
                    series = f'nginx_ingress_controller_requests{{{labels},status="{status}"}}'
                    lines.append(self._counted(series, rate * share * passed))
            metric = "nginx_ingress_controller_request_duration_seconds"
            lines += self._histogram(metric, labels, _BUCKETS, told["latency"].get(name, 0.05), rate * passed)
        return [*lines, *self._logins(told, passed)]

    def _logins(self, told: dict[str, Any], passed: float) -> list[str]:
        lines = []
        for path, rate in told["logins"].items():
            labels = f'namespace="production",ingress="accounts",service="accounts",method="POST",path="{path}"'
            for status, each in (("401", rate), ("200", 1.0)):
                series = f'nginx_ingress_controller_requests{{{labels},status="{status}"}}'
                lines.append(self._counted(series, each * passed))
        for address, rate in told["refused"].items():
            series = f"gateway_refused_logins_total{{remote_addr={json.dumps(address)}}}"
            lines.append(self._counted(series, rate * passed))
        return lines

    def _histogram(self, metric: str, labels: str, edges: tuple[float, ...], at: float, count: float) -> list[str]:
        lines = [self._counted(f'{metric}_bucket{{{labels},le="{edge}"}}', count * (at <= edge)) for edge in edges]
        lines.append(self._counted(f'{metric}_bucket{{{labels},le="+Inf"}}', count))
        return [*lines, self._counted(f"{metric}_count{{{labels}}}", count)]

    def _pods(self, told: dict[str, Any], passed: float) -> list[str]:
        lines = []
        for name, share in told["memory"].items():
            leaked = self._counted(f"leak/{name}", told["leak"].get(name, 0.0) * passed)
            used = min(1.0, share + float(leaked.rpartition(" ")[2])) if told["leak"].get(name) else share
            labels = f'namespace="production",pod="{name}-1",container="app"'
            lines += [
                f"container_memory_working_set_bytes{{{labels}}} {used * _LIMIT!r}",
                f'kube_pod_container_resource_limits{{{labels},resource="memory"}} {_LIMIT}',
                f"kube_pod_container_status_restarts_total{{{labels}}} 0",
                self._counted(f"container_cpu_cfs_periods_total{{{labels}}}", 10 * passed),
                self._counted(f"container_cpu_cfs_throttled_periods_total{{{labels}}}", 0.1 * passed),
            ]
        if told["hostile"]:
            lines.append(f"hostile_gauge{{service={json.dumps(told['hostile'])}}} 1")
        return lines

    def _models(self, told: dict[str, Any], passed: float) -> list[str]:
        grown = self._counted("queue", told["queue_growth"] * passed)
        if not told["queue_growth"]:
            self._counters["queue"] = 0.0
        queue = told["queue"] + (float(grown.rpartition(" ")[2]) if told["queue_growth"] else 0.0)
        vllm, triton = 'model_name="llama-3-70b"', 'model="reranker",version="1"'
        return [
            f"vllm:num_requests_waiting{{{vllm}}} {queue!r}",
            f"vllm:num_requests_running{{{vllm}}} 24",
            f"vllm:kv_cache_usage_perc{{{vllm}}} 0.55",
            *self._histogram(
                "vllm:e2e_request_latency_seconds", vllm, _MODEL_BUCKETS, told["model_seconds"], 5 * passed
            ),
            f"nv_inference_pending_request_count{{{triton}}} 1",
            self._counted(f"nv_inference_request_success{{{triton}}}", 10 * passed),
            self._counted(f"nv_inference_request_duration_us{{{triton}}}", 10 * passed * 30_000),
            self._counted(f"nv_inference_count{{{triton}}}", 40 * passed),
            self._counted(f"nv_inference_exec_count{{{triton}}}", 10 * passed),
        ]


def _gpus(told: dict[str, Any]) -> list[str]:
    """Card 2 is partitioned and has no power sensor; it tells what it cannot as DCGM does: not at all."""
    lines = []
    for card, busy in told["gpus"].items():
        model = f'gpu="{card}",UUID="GPU-{card}",modelName="NVIDIA H100",Hostname="gpu-1"'
        labels = f'{model},exported_namespace="ai",exported_pod="llm-{card}",exported_container="vllm"'
        used = 0.6 * _MIB_OF_GPU
        lines += [
            f"DCGM_FI_DEV_GPU_UTIL{{{labels}}} {100 * busy!r}",
            f"DCGM_FI_DEV_FB_USED{{{labels}}} {used!r}",
            f"DCGM_FI_DEV_FB_FREE{{{labels}}} {_MIB_OF_GPU - used!r}",
            f"DCGM_FI_DEV_GPU_TEMP{{{labels}}} 63",
            f"DCGM_FI_DEV_POWER_USAGE{{{labels}}} 410.5",
            f"DCGM_FI_DEV_XID_ERRORS{{{labels}}} {told['xid'] if card == '0' else 0}",
        ]
    part = 'gpu="2",UUID="GPU-2",modelName="NVIDIA H100",hostname="gpu-2",GPU_I_PROFILE="3g.40gb",GPU_I_ID="1"'
    return [
        *lines,
        f'DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{part},pod="small-1",namespace="ai"}} 0.3',
        f'DCGM_FI_DEV_FB_USED{{{part},pod="small-1",namespace="ai"}} 1024',
        f'DCGM_FI_DEV_XID_ERRORS{{{part},pod="small-1",namespace="ai"}} 0',
    ]


def serve(port: int, file: Path) -> None:
    world = World(file)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = world.scrape().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: a scrape a second would fill the log."""

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
