"""Services with what stands behind them: the endpoints of all their slices, and the pods that they select."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from wfconsole.observations.policies import Selector
from wfconsole.observations.services import ServicePort, ServiceRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes.label_groups import Group, LabelGroups
from wfconsole.sources.kubernetes.network_payloads import Endpoint, EndpointConditions, EndpointSlice, Service
from wfconsole.sources.sealing import seal

_SERVICE_NAME: Final = "kubernetes.io/service-name"
_NO_CONDITIONS: Final = EndpointConditions()


class Ends(NamedTuple):
    """How many endpoints there are, and in which condition."""

    endpoints: int = 0
    ready: int = 0
    serving: int = 0
    terminating: int = 0


class _Slice(msgspec.Struct, frozen=True, gc=False):
    service: str
    family: str
    ends: Ends


class Known(NamedTuple):
    """What of the cluster has been read at all: what has not is unknown, and never none."""

    services: Callable[[], bool]
    slices: Callable[[], bool]
    pods: Callable[[], bool]


def counted(endpoints: list[Endpoint] | None) -> Ends:
    """One slice. A missing condition means what the API says that it means: ready."""
    ready = serving = terminating = 0
    for each in endpoints or ():
        condition = each.conditions or _NO_CONDITIONS
        is_ready = condition.ready is not False
        ready += is_ready
        serving += is_ready if condition.serving is None else condition.serving
        terminating += condition.terminating is True
    return Ends(len(endpoints or ()), ready, serving, terminating)


def service_row(item: Service, ends: Ends | None, pods: tuple[int, int] | None) -> ServiceRow:
    """The row of one service. `pods`: how many its selector matches, and how many of them are ready."""
    meta, spec = item.metadata, item.spec
    balanced = spec.type == "LoadBalancer"
    addresses = item.status.addresses()
    headless = spec.cluster_ip == "None"
    external = spec.external_name if spec.type == "ExternalName" else ""
    row = ServiceRow(
        namespace=meta.namespace,
        name=meta.name,
        type=spec.type,
        selector=",".join(f"{key}={value}" for key, value in sorted((spec.selector or {}).items())),
        ports=tuple(
            ServicePort(each.port, each.protocol, each.name, str(each.target_port), each.node_port)
            for each in spec.ports or ()
        ),
        headless=headless,
        external_name=external,
        address=addresses[0] if addresses else "" if headless else spec.cluster_ip,
        pending=balanced and not addresses,
    )
    if ends is not None and not external:
        row = msgspec.structs.replace(
            row, endpoints=ends.endpoints, ready=ends.ready, serving=ends.serving, terminating=ends.terminating
        )
    if pods is not None and spec.selector and not external:
        row = msgspec.structs.replace(row, pods=pods[0], pods_ready=pods[1])
    return row


class ServiceMirror:
    """Keeps services, and joins them with their slices and pods when somebody takes the rows.

    Which groups of pods a service selects is found out again only where a group came or went.
    """

    def __init__(self, groups: LabelGroups, known: Known) -> None:
        self.table = RowTable()
        self.slices = SliceMirror(self)
        self.known = known
        self._groups = groups
        self._changed_groups = groups.subscribe(readiness=True)
        self._services: dict[str, Service] = {}
        self._slices: dict[str, dict[str, _Slice]] = {}  # by service, then by slice
        self._of_slice: dict[str, str] = {}
        self._selected: dict[str, tuple[int, frozenset[Group]]] = {}
        self._touched: set[str] = set()
        self._knew = (False, False)
        self._watchers: list[set[str]] = []
        self._lock = threading.Lock()

    # --- what the reflectors tell

    def key(self, item: Service) -> str:
        return f"{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: Service) -> str:
        key = self.key(item)
        with self._lock:
            self._services[key] = item
            self._selected.pop(key, None)
            self._touch(key)
        return key

    def drop(self, key: str) -> None:
        with self._lock:
            self._services.pop(key, None)
            self._selected.pop(key, None)
            self._touch(key)
        self.table.remove(key)

    def put_slice(self, key: str, found: _Slice) -> None:
        with self._lock:
            before = self._of_slice.get(key)
            if before is not None and before != found.service:
                self._drop_slice(key)
            of_service = self._slices.setdefault(found.service, {})
            if of_service.get(key) != found:
                of_service[key] = found
                self._of_slice[key] = found.service
                self._touch(found.service)

    def drop_slice(self, key: str) -> None:
        with self._lock:
            self._drop_slice(key)

    # --- what others ask

    def subscribe(self) -> set[str]:
        """A set into which the key of every service is put of which something changed."""
        mine: set[str] = set()
        self._watchers.append(mine)
        return mine

    def taken(self, mine: set[str]) -> set[str]:
        with self._lock:
            changed = set(mine)
            mine.clear()
            return changed

    def service(self, key: str) -> Service | None:
        return self._services.get(key)

    def ends(self, key: str) -> Ends | None:
        """All endpoints of the service; None where they have not been read."""
        if not self.known.slices():
            return None
        with self._lock:
            return self._ends(key)

    def take(self) -> dict[str, bytes | None]:
        """Encoded rows that changed since the last call."""
        slices, pods = self.known.slices(), self.known.pods()
        changed = self._groups.take(self._changed_groups)
        with self._lock:
            if (slices, pods) != self._knew:
                self._knew = (slices, pods)
                self._touched.update(self._services)
            if changed:
                self._touch_selecting(changed)
            touched, self._touched = self._touched, set()
            for key in touched & self._services.keys():
                item = self._services[key]
                row = service_row(item, self._ends(key) if slices else None, self._pods(key, item) if pods else None)
                self.table.put(key, seal(row))
        return self.table.take()

    # --- under the lock

    def _touch(self, key: str) -> None:
        self._touched.add(key)
        for each in self._watchers:
            each.add(key)

    def _touch_selecting(self, changed: set[Group]) -> None:
        namespaces = {group.namespace for group in changed}
        for key, item in self._services.items():
            if item.metadata.namespace in namespaces and not self._select(key, item).isdisjoint(changed):
                self._touched.add(key)

    def _drop_slice(self, key: str) -> None:
        service = self._of_slice.pop(key, None)
        if service is not None:
            of_service = self._slices[service]
            del of_service[key]
            if not of_service:
                del self._slices[service]
            self._touch(service)

    def _ends(self, key: str) -> Ends:
        """A service of two address families has every endpoint twice: the fuller family tells."""
        families: dict[str, Ends] = {}
        for each in self._slices.get(key, {}).values():
            before = families.get(each.family, Ends())
            families[each.family] = Ends(*(a + b for a, b in zip(before, each.ends, strict=True)))
        return max(families.values(), key=lambda ends: (ends.ready, ends.endpoints), default=Ends())

    def _pods(self, key: str, item: Service) -> tuple[int, int]:
        counts = [self._groups.count(group) for group in self._select(key, item)]
        return sum(count.pods for count in counts), sum(count.ready for count in counts)

    def _select(self, key: str, item: Service) -> frozenset[Group]:
        """The groups that the service selects, those that went just now among them: they count for nothing."""
        namespace, wanted = item.metadata.namespace, item.spec.selector
        if not wanted:
            return frozenset()
        version = self._groups.version(namespace)
        before = self._selected.get(key)
        if before is not None and before[0] == version:
            return before[1]
        selector = Selector(tuple(wanted.items()))
        now = frozenset(group for group in self._groups.groups(namespace) if selector.matches(group.labels))
        self._selected[key] = version, now
        return now if before is None else now | before[1]


class SliceMirror:
    """Keeps the counts of endpoint slices; see `reflector.Mirror`. Those of no service are nobody's."""

    def __init__(self, services: ServiceMirror) -> None:
        self._services = services

    def key(self, item: EndpointSlice) -> str:
        return f"{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: EndpointSlice) -> str:
        key = self.key(item)
        name = (item.metadata.labels or {}).get(_SERVICE_NAME, "")
        if name:
            service = f"{item.metadata.namespace}/{name}"
            self._services.put_slice(key, _Slice(service, item.address_type, counted(item.endpoints)))
        else:
            self._services.drop_slice(key)
        return key

    def drop(self, key: str) -> None:
        self._services.drop_slice(key)
