"""Ingresses: which host and path leads to which service, and whether somebody answers there."""

from __future__ import annotations

from typing import Literal

import msgspec

from wfconsole.observations.levels import HEALTHY, Finding, Level

# "unknown": services or endpoints could not be read. "elsewhere": an external name, or an object that is no service.
BackendState = Literal["ready", "no-service", "no-port", "no-endpoints", "unknown", "elsewhere"]

_SAYS: dict[str, str] = {
    "no-service": "there is no service {service}",
    "no-port": "service {service} has no port {port}",
    "no-endpoints": "{service} has no ready endpoint",
    "unknown": "whether {service} answers is not known",
}


class IngressPath(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One way in. The backend of last resort has neither host nor path."""

    service: str
    port: str = ""
    host: str = ""
    path: str = ""
    exact: bool = False
    state: BackendState = "ready"
    ready: int | None = None


class IngressRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One ingress. Key: "namespace/name"."""

    namespace: str
    name: str
    class_name: str = ""
    paths: tuple[IngressPath, ...] = ()
    tls_hosts: tuple[str, ...] = ()
    tls_secrets: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def judge_ingress(row: IngressRow, _now: int) -> Finding:
    """Critical where no way in leads anywhere, a warning where one of several does not."""
    broken = [path for path in row.paths if is_broken(path)]
    if broken:
        level = Level.CRITICAL if len(broken) == len(row.paths) else Level.WARNING
        of_all = f"{len(broken)} of {len(row.paths)} paths: " if len(row.paths) > 1 else ""
        return Finding(level, of_all + trouble(broken[0]), broken[0].state)
    unknown = next((path for path in row.paths if path.state == "unknown"), None)
    if unknown is not None:
        return Finding(Level.WATCH, trouble(unknown), "unknown")
    if not row.paths:
        return Finding(Level.WATCH, "it leads nowhere: no rule and no default", "no-rules")
    return HEALTHY


def is_broken(path: IngressPath) -> bool:
    return path.state in ("no-service", "no-port", "no-endpoints")


def trouble(path: IngressPath) -> str:
    """What is wrong with one way in; "" for nothing."""
    return _SAYS.get(path.state, "").format(service=path.service, port=path.port)


def has_tls(row: IngressRow, host: str) -> bool:
    """Whether the ingress ends TLS for this host; a `*.` in its list stands for one label."""
    if not host:
        return bool(row.tls_hosts or row.tls_secrets)
    wild = "*." + host.partition(".")[2]
    return host in row.tls_hosts or wild in row.tls_hosts
