"""Which services of a cluster may be the servers that are looked for: by label, name and port. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from wfconsole.discovery.kinds_of_server import Kind
from wfconsole.sources.kubernetes.network_payloads import Port, Service

_LABELS: Final = ("app.kubernetes.io/name", "app", "k8s-app", "application")
# Parts of names of what stands beside the server itself.
_BESIDE: Final = frozenset(
    (
        *("admission", "adapter", "blackbox", "exporter", "exporters", "metrics", "node", "operator", "pushgateway"),
        *("hl", "headless", "pooler", "pgbouncer", "r", "read", "readonly", "replica", "replicas", "ro", "sentinel"),
        *("state", "webhook"),
    )
)
_MAIN: Final = frozenset(("k8s", "leader", "main", "master", "primary", "prod", "production", "rw", "server"))
_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.:-]{1,253}")


class Candidate(Struct, frozen=True):
    """A service with the port that counts, and the addresses under which it may be reached from here."""

    namespace: str
    name: str
    port: int
    addresses: tuple[str, ...]

    @property
    def shown(self) -> str:
        return f"service {self.namespace}/{self.name}, port {self.port}"


def candidates(kind: Kind, services: Iterable[Service]) -> list[Candidate]:
    """The likeliest first."""
    scored = [
        (score, service.metadata.namespace, service.metadata.name, port, service)
        for service in services
        if _is_plain(service)
        for port in [_port(kind, service)]
        if port and (score := _score(kind, service, port))
    ]
    scored.sort(key=lambda each: (-each[0], *each[1:4]))
    return [
        Candidate(namespace, name, port, (f"{name}.{namespace}.svc", *_balanced(service)))
        for _, namespace, name, port, service in scored
    ]


def _is_plain(service: Service) -> bool:
    """Whether its names are what Kubernetes lets pass; anything else is written nowhere."""
    names = (service.metadata.name, service.metadata.namespace)
    return service.spec.type != "ExternalName" and all(_DNS_LABEL.fullmatch(name) for name in names)


def _port(kind: Kind, service: Service) -> int:
    """Its main port; 0 where none fits."""
    ports: list[Port] = [port for port in service.spec.ports or () if port.protocol == "TCP"]
    usual = [port.port for port in ports if port.port == kind.port]
    named = [port.port for port in ports if port.name in kind.port_names]
    return next(iter((*usual, *named)), 0)


def _score(kind: Kind, service: Service, port: int) -> int:
    labels = service.metadata.labels or {}
    parts = service.metadata.name.split("-")
    labelled = any(labels.get(name) in kind.labels for name in _LABELS)
    named = any(kind.name.fullmatch(part) for part in parts)
    if _BESIDE & set(parts) or not (labelled or named or (kind.any_name and port == kind.port)):
        return 0
    lone = service.spec.cluster_ip != "None"  # a headless one leads to some pod of several
    return 1 + 4 * labelled + 3 * named + 2 * bool(_MAIN & set(parts)) + lone


def _balanced(service: Service) -> tuple[str, ...]:
    """What a load balancer gave it."""
    return tuple(address for address in service.status.addresses() if _ADDRESS.fullmatch(address))
