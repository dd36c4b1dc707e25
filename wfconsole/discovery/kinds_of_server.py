"""The servers that are looked for, on loopback and among the services of a cluster."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from wfconsole.discovery import protocols
from wfconsole.discovery.protocols import Recognised

Recognise = Callable[[str, int, float], Recognised | None]


class Kind(Struct, frozen=True):
    """`table` is where its address belongs. `labels` are values of app.kubernetes.io/name and the like, `name` a part
    of a service's name between hyphens; `port_names` are those of its main port. `any_name`: its port alone makes a
    service worth a question."""

    table: str
    what: str
    port: int
    recognise: Recognise
    labels: frozenset[str]
    name: re.Pattern[str]
    port_names: frozenset[str]
    any_name: bool = False

    def settings(self, host: str, port: int) -> dict[str, Any]:
        """How its table says where it is."""
        if self.table in ("prometheus", "alertmanager"):
            shown = f"[{host}]" if ":" in host else host
            return {"url": f"http://{shown}:{port}"}
        return {"host": host, "port": port}


_WEB: Final = frozenset({"http", "web", "http-web", "http-metrics"})
KINDS: Final = (
    Kind(
        table="database",
        what="PostgreSQL",
        port=5432,
        recognise=protocols.postgres,
        labels=frozenset({"postgresql", "postgres", "spilo", "cloudnative-pg", "postgresql-ha"}),
        name=re.compile(r"(postgres|postgresql|pg|psql|timescaledb)"),
        port_names=frozenset({"postgresql", "postgres", "tcp-postgresql"}),
        any_name=True,
    ),
    Kind(
        table="cache",
        what="Redis",
        port=6379,
        recognise=protocols.redis,
        labels=frozenset({"redis", "valkey", "redis-ha", "keydb"}),
        name=re.compile(r"(redis|valkey|keydb)"),
        port_names=frozenset({"redis", "tcp-redis", "valkey"}),
        any_name=True,
    ),
    Kind(
        table="prometheus",
        what="Prometheus",
        port=9090,
        recognise=protocols.prometheus,
        labels=frozenset({"prometheus", "prometheus-server", "kube-prometheus-stack-prometheus"}),
        name=re.compile(r"(prometheus)"),
        port_names=_WEB,
    ),
    Kind(
        table="alertmanager",
        what="Alertmanager",
        port=9093,
        recognise=protocols.alertmanager,
        labels=frozenset({"alertmanager", "kube-prometheus-stack-alertmanager"}),
        name=re.compile(r"(alertmanager)"),
        port_names=_WEB,
    ),
)
USUAL_PORTS: Final[Mapping[str, int]] = {kind.table: kind.port for kind in KINDS}
