"""A real Prometheus that scrapes an exporter of ours each second; faults move what the exporter tells."""

from __future__ import annotations

import copy
import http.client
import json
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.rig import processes
from tests.rig.api import wait_for
from tests.rig.processes import Account, Server, ServerPlan
from tests.rig.systems import exporter
from tests.rig.systems.system import System, program

# Seconds of scrapes are enough for a rate then; in the field it is minutes.
WINDOW: Final = "5s"
USER: Final = "wfconsole"
PASSWORD: Final = "monitor-me"
_HASH: Final = "$2b$04$Kex.6SbHiTMHtFhObzE1N.FgLb64VvuJVZDaJcTx81Bqtu2nFpffO"  # bcrypt of the password


class Prometheus(System):
    """One server and one exporter. `world` is what the exporter tells; `tell` changes it.

    `guarded`: it asks everybody for a user and a password. `alertmanagers`: "host:port" that alerts go to. `rules`:
    files of alerting rules, which stay where they are. `past`: samples of earlier times, in OpenMetrics.
    """

    name = "prometheus"

    def __init__(
        self,
        *,
        alertmanagers: Sequence[str] = (),
        rules: Sequence[Path] = (),
        guarded: bool = False,
        past: str = "",
    ) -> None:
        super().__init__()
        self._past = past
        self._guarded = guarded
        self.account = Account.named("prometheus")
        self.server: Server
        self.exporter: Server
        self.world: dict[str, Any] = copy.deepcopy(exporter.WELL)
        self._alertmanagers, self._rules = list(alertmanagers), list(rules)

    @property
    def port(self) -> int:
        return self.server.ports[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bring_up(self) -> None:
        self._write()
        self.exporter = self.run(
            ServerPlan(
                name="exporter",
                command=lambda port: [sys.executable, exporter.__file__, str(port), self._world_file],
                ready=processes.accepts,
                directory=self.directory,
            )
        )
        self._configure()
        if self._past:
            self._fill()
        self.server = self.run(self._plan())
        if not self._guarded:
            wait_for("it scrapes the exporter", lambda: self.query("up == 1"))

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        who: dict[str, str] = {}
        if self._guarded:
            password = self.directory / "password"
            password.write_text(f"{PASSWORD}\n")
            password.chmod(0o600)
            who = {"user": USER, "password_file": str(password)}
        return {
            "prometheus": {"url": self.url, **who},
            "signals": {"window": WINDOW},
            "intervals": {"signals": 2.0, "gpus": 2.0, "inference": 2.0},
        }

    @property
    def faults(self) -> Mapping[str, Callable[[], str]]:
        return {
            "gpu-saturated": self._gpu_saturated,
            "queue-growth": self._queue_growth,
            "error-burst": self._error_burst,
            "latency": self._latency,
            "memory-leak": self._memory_leak,
            "login-failures": self._login_failures,
        }

    def recover(self) -> None:
        self.world = copy.deepcopy(exporter.WELL)
        self._write()

    def tell(self, **changes: Any) -> None:
        """Change what the exporter tells from the next scrape on."""
        self.world |= changes
        self._write()

    def reload(self, *, alertmanagers: Sequence[str] = (), rules: Sequence[Path] = ()) -> None:
        """Take these targets of alerts and files of rules in place of those before."""
        self._alertmanagers, self._rules = list(alertmanagers), list(rules)
        self._configure()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/-/reload")
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
        finally:
            connection.close()
        if answer.status != 200:
            raise processes.ServerError(f"Prometheus does not take its configuration: {said}")

    def query(self, promql: str) -> list[dict[str, Any]]:
        """What a query gives now, asked without the code under test."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", f"/api/v1/query?{urllib.parse.urlencode({'query': promql})}")
            result: list[dict[str, Any]] = json.loads(connection.getresponse().read())["data"]["result"]
        finally:
            connection.close()
        return result

    # --- faults -----------------------------------------------------------------------------------------------------

    def _gpu_saturated(self) -> str:
        self.tell(gpus={"0": 0.99, "1": 0.98})
        return "both GPUs of gpu-1 are busy all the time; alone that is no trouble"

    def _queue_growth(self) -> str:
        self.tell(queue=5.0, queue_growth=10.0)
        return "ten more requests each second wait for llama-3-70b"

    def _error_burst(self) -> str:
        self.tell(errors={"checkout": 0.2, "orders": 0.0})
        return "a fifth of the requests to checkout fail, half of them with 503"

    def _latency(self) -> str:
        self.tell(latency={"checkout": 2.2, "orders": 0.02})
        return "checkout answers after 2.2 s"

    def _memory_leak(self) -> str:
        self.tell(memory={"checkout": 0.85, "orders": 0.4}, leak={"checkout": 0.02})
        return "checkout takes 2 % more of its memory limit each second"

    def _login_failures(self) -> str:
        self.tell(logins={"/login": 4.0})
        return "the gateway refuses four logins a second"

    # --- starting ---------------------------------------------------------------------------------------------------

    @property
    def _world_file(self) -> Path:
        return self.directory / "world.json"

    def _write(self) -> None:
        """In one step: a scrape must never read half of it."""
        fresh = self.directory / "world.json.new"
        fresh.write_text(json.dumps(self.world))
        os.replace(fresh, self._world_file)

    def _configure(self) -> None:
        """JSON is YAML."""
        told: dict[str, Any] = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in self._rules],
            "scrape_configs": [
                {"job_name": "rig", "static_configs": [{"targets": [f"127.0.0.1:{self.exporter.ports[0]}"]}]}
            ],
        }
        if self._alertmanagers:
            told["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": self._alertmanagers}]}]}
        path = self.directory / "prometheus.yml"
        path.write_text(json.dumps(told))
        path.chmod(0o644)
        users = {USER: _HASH} if self._guarded else {}
        (self.directory / "web.yml").write_text(json.dumps({"basic_auth_users": users}))

    def _fill(self) -> None:
        """Blocks of the past, as if the server had been there."""
        past = self.directory / "past.om"
        past.write_text(self._past)
        command = (program("promtool", "prometheus"), *("tsdb", "create-blocks-from", "openmetrics", past))
        subprocess.run([*command, self.directory / "data"], check=True, capture_output=True, timeout=60)
        if self.account is not None:
            for path in (self.directory / "data", *(self.directory / "data").rglob("*")):
                os.chown(path, self.account.uid, self.account.gid)

    def _plan(self) -> ServerPlan:
        return ServerPlan(
            name="prometheus",
            command=lambda port: [
                *(program("prometheus", "prometheus"), f"--config.file={self.directory / 'prometheus.yml'}"),
                *(f"--storage.tsdb.path={self.directory / 'data'}", f"--web.listen-address=127.0.0.1:{port}"),
                *("--storage.tsdb.retention.time=2h", "--web.enable-lifecycle", "--query.timeout=10s"),
                *(f"--web.config.file={self.directory / 'web.yml'}",),
                *("--rules.alert.resend-delay=1s", "--log.level=warn"),
            ],
            ready=_ready,
            directory=self.directory,
            account=self.account,
        )


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status in (200, 401)
    except OSError:
        return False
    finally:
        connection.close()
