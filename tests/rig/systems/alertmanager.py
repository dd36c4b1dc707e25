"""A real Alertmanager with silences and inhibitions, and a real Prometheus whose rules fire into it."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.rig import processes
from tests.rig.processes import Server, ServerPlan
from tests.rig.systems.system import System, program

FLOOD: Final = 30
_MANAGER: Final = """
route: {receiver: operators, group_wait: 1s, group_by: [alertname]}
receivers: [{name: operators}]
inhibit_rules:
  - source_matchers: ['alertname="NodeDown"']
    target_matchers: ['severity="warning"']
    equal: [node]
"""
_RULES: Final = """
groups:
  - name: rig
    rules:
      - alert: OrdersDbLockWait
        expr: vector(1)
        labels: {severity: critical, service: orders-db, namespace: production}
        annotations: {summary: "lock wait p95 above 5 s", runbook_url: "https://runbooks.example/locks"}
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: none}
      - alert: SlowCheckout
        expr: vector(1)
        for: 1h
        labels: {severity: warning, service: checkout}
"""


class Alertmanager(System):
    """Two servers. `raise_alert` raises one by hand, as whoever posts to Alertmanager does."""

    name = "alertmanager"

    def __init__(self) -> None:
        super().__init__()
        self.server: Server | None = None
        self.prometheus: Server | None = None
        self._touched = False  # since Alertmanager began
        self.port = processes.free_port()
        self.prometheus_port = processes.free_port()

    def bring_up(self) -> None:
        (self.directory / "manager.yml").write_text(_MANAGER)
        (self.directory / "rules.yml").write_text(_RULES)
        (self.directory / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{self.port}']}}]}}]}}\n"
        )
        self.start_manager()
        self.start_prometheus()

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        return {"alertmanager": {"url": self.url}, "prometheus": {"url": f"http://127.0.0.1:{self.prometheus_port}"}}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def faults(self) -> Mapping[str, Callable[[], str]]:
        return {
            "alert-flood": self.flood,
            "alert-silenced": self.silence,
            "alert-inhibited": self.inhibit,
            "alertmanager-down": self.stop_manager,
        }

    def recover(self) -> None:
        """Alerts are in Alertmanager's memory, silences in its folder: it begins anew without both, unless nothing was
        done to it."""
        if self._touched:
            self.stop_manager()
            self.start_manager()
        if self.prometheus is None or not self.prometheus.alive:
            self.start_prometheus()

    def start_manager(self) -> None:
        self._touched = False
        shutil.rmtree(self.directory / "silences", ignore_errors=True)
        self.server = self.run(
            self._plan("alertmanager", program("prometheus-alertmanager", "prometheus-alertmanager"), self.port)
        )

    def stop_manager(self) -> str:
        self._touched = True
        if self.server is not None:
            self.server.stop()
        return "Alertmanager is gone; Prometheus goes on"

    def start_prometheus(self) -> None:
        self.prometheus = self.run(self._plan("prometheus", program("prometheus", "prometheus"), self.prometheus_port))

    def raise_alert(self, name: str, *, ended: bool = False, summary: str = "", **labels: str) -> None:
        """One alert, raised now (or over)."""
        now = datetime.now(UTC)
        alert = {
            "labels": {"alertname": name, **labels},
            "annotations": {"summary": summary} if summary else {},
            "startsAt": _time(now - timedelta(seconds=1)),
            "endsAt": _time(now if ended else now + timedelta(hours=1)),
            "generatorURL": f"http://127.0.0.1:{self.prometheus_port}/graph",
        }
        self.post("/api/v2/alerts", [alert])

    def flood(self) -> str:
        """A lock in the database, then what follows from it."""
        self.raise_alert("DbLockWait", severity="critical", service="orders-db", summary="lock wait")
        for number in range(FLOOD):
            self.raise_alert("PodErrors", severity="warning", service="checkout", pod=f"checkout-{number}")
        for number in range(3):
            self.raise_alert("CrashLoop", severity="warning", service="cart", pod=f"cart-{number}")
        return f"{FLOOD + 4} alerts of three causes; the first is orders-db"

    def silence(self, name: str = "DiskFull", by: str = "op2", why: str = "resize is planned") -> str:
        """An alert that somebody silenced."""
        self.raise_alert(name, severity="critical", service="node-07")
        self.post(
            "/api/v2/silences",
            {
                "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
                "startsAt": _time(datetime.now(UTC)),
                "endsAt": _time(datetime.now(UTC) + timedelta(hours=1)),
                "createdBy": by,
                "comment": why,
            },
        )
        return f"{name} fires, silenced by {by}"

    def inhibit(self) -> str:
        """An alert that another one makes pointless."""
        self.raise_alert("NodeDown", severity="critical", node="node-3")
        self.raise_alert("PodDown", severity="warning", node="node-3")
        return "PodDown is inhibited by NodeDown"

    def post(self, path: str, body: Any) -> bytes:
        self._touched = True
        request = urllib.request.Request(
            f"{self.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bytes(answer.read())

    def _plan(self, name: str, binary: Path, port: int) -> ServerPlan:
        listen = f"--web.listen-address=127.0.0.1:{port}"
        own = (
            # Without the last one it would listen for other Alertmanagers, on all addresses.
            ["--config.file=manager.yml", "--storage.path=silences", "--cluster.listen-address="]
            if name == "alertmanager"
            else ["--config.file=prometheus.yml", "--storage.tsdb.path=series", "--rules.alert.resend-delay=1s"]
        )
        return ServerPlan(
            name=name,
            command=lambda: [binary, listen, *own],
            ready=lambda: _is_ready(port),
            directory=self.directory,
            port_count=0,
        )


def until(holds: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"never: {what}"
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1) as answer:
            return int(answer.status) == 200
    except OSError:
        return False


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
