"""Ingresses: every way in, with the state of the service that it leads to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NamedTuple

from wfconsole.observations.ingresses import BackendState, IngressPath, IngressRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes.network_payloads import Backend, BackendPort, Ingress, Service
from wfconsole.sources.kubernetes.services import ServiceMirror
from wfconsole.sources.sealing import seal

_CLASS = "kubernetes.io/ingress.class"  # the annotation that spec.ingressClassName replaced


class IngressMirror:
    """Keeps ingresses; their rows are made anew when a service changed that they lead to."""

    def __init__(self, services: ServiceMirror) -> None:
        self.table = RowTable()
        self._services = services
        self._changed_services = services.subscribe()
        self._ingresses: dict[str, Ingress] = {}
        self._leading_to: dict[str, set[str]] = {}  # by the key of a service
        self._touched: set[str] = set()
        self._knew = (False, False)
        self._lock = threading.Lock()

    def key(self, item: Ingress) -> str:
        return f"{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: Ingress) -> str:
        key = self.key(item)
        with self._lock:
            self._unlink(key)
            self._ingresses[key] = item
            for service in _services_of(item):
                self._leading_to.setdefault(service, set()).add(key)
            self._touched.add(key)
        return key

    def drop(self, key: str) -> None:
        with self._lock:
            self._unlink(key)
            self._ingresses.pop(key, None)
            self._touched.discard(key)
        self.table.remove(key)

    def take(self) -> dict[str, bytes | None]:
        """Encoded rows that changed since the last call."""
        known = (self._services.known.services(), self._services.known.slices())
        changed = self._services.taken(self._changed_services)
        with self._lock:
            if known != self._knew:
                self._knew = known
                self._touched.update(self._ingresses)
            for service in changed:
                self._touched |= self._leading_to.get(service, set())
            touched, self._touched = self._touched, set()
            items = [(key, self._ingresses[key]) for key in touched if key in self._ingresses]
        for key, item in items:
            self.table.put(key, seal(ingress_row(item, self._services)))
        return self.table.take()

    def _unlink(self, key: str) -> None:
        before = self._ingresses.get(key)
        for service in _services_of(before) if before is not None else ():
            self._leading_to.get(service, set()).discard(key)


def ingress_row(item: Ingress, services: ServiceMirror) -> IngressRow:
    """The row of one ingress."""
    meta, spec = item.metadata, item.spec
    tls = spec.tls or ()
    return IngressRow(
        namespace=meta.namespace,
        name=meta.name,
        class_name=spec.ingress_class_name or (meta.annotations or {}).get(_CLASS, ""),
        paths=tuple(_path(meta.namespace, way, services) for way in _ways(item)),
        tls_hosts=tuple(dict.fromkeys(host for each in tls for host in each.hosts or ())),
        tls_secrets=tuple(dict.fromkeys(each.secret_name for each in tls if each.secret_name)),
        addresses=item.status.addresses(),
    )


class _Way(NamedTuple):
    """One way in; the default has neither host nor path."""

    backend: Backend
    host: str = ""
    path: str = ""
    exact: bool = False


def _ways(item: Ingress) -> Iterator[_Way]:
    """Every way in, the default last."""
    for rule in item.spec.rules or ():
        for path in (rule.http.paths if rule.http is not None else None) or ():
            yield _Way(path.backend, rule.host, path.path or "/", path.path_type == "Exact")
    if item.spec.default_backend is not None:
        yield _Way(item.spec.default_backend)


def _services_of(item: Ingress) -> set[str]:
    named = [way.backend.service.name for way in _ways(item) if way.backend.service is not None]
    return {f"{item.metadata.namespace}/{name}" for name in named}


def _path(namespace: str, way: _Way, services: ServiceMirror) -> IngressPath:
    backend, host, path, exact = way
    if backend.service is None:
        named = backend.resource
        what = f"{named.kind} {named.name}" if named is not None else ""
        return IngressPath(what, host=host, path=path, exact=exact, state="elsewhere")
    name, port = backend.service.name, backend.service.port or BackendPort()
    state, ready = _state(f"{namespace}/{name}", port, services)
    return IngressPath(name, port.name or str(port.number or ""), host, path, exact, state, ready)


def _state(key: str, port: BackendPort, services: ServiceMirror) -> tuple[BackendState, int | None]:
    """How it stands with a backend, and how many endpoints are ready."""
    service = services.service(key)
    if service is None:
        return ("no-service" if services.known.services() else "unknown"), None
    if service.spec.type == "ExternalName":
        return "elsewhere", None
    if not _has_port(service, port):
        return "no-port", None
    ends = services.ends(key)
    if ends is None:
        return "unknown", None
    return ("ready" if ends.ready or ends.serving else "no-endpoints"), ends.ready


def _has_port(service: Service, port: BackendPort) -> bool:
    if not port.name and not port.number:
        return True
    return any(each.name == port.name if port.name else each.port == port.number for each in service.spec.ports or ())
