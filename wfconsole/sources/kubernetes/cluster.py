"""The sources of one cluster, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import Part
from wfconsole.sources.kubernetes import payloads
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.events import EventMirror
from wfconsole.sources.kubernetes.glance import Glance
from wfconsole.sources.kubernetes.health import ServerHealth
from wfconsole.sources.kubernetes.hpa_payloads import Hpa
from wfconsole.sources.kubernetes.hpas import HpaMirror
from wfconsole.sources.kubernetes.network import Network
from wfconsole.sources.kubernetes.nodes import NodeMetricsPoll, NodeMirror
from wfconsole.sources.kubernetes.pod_mirror import PodMirror
from wfconsole.sources.kubernetes.reflector import Collection, FirstLook, Mirror, Reflector
from wfconsole.sources.kubernetes.workloads import WorkloadMirror
from wfconsole.text import safe

# Each namespace takes a connection of its own for each collection: beyond this, the whole cluster is less work for the
# server, and what is not asked for is left out here.
MOST_NAMESPACES: Final = 8

PODS = Collection("pods", ("/api/v1",))
NODES = Collection("nodes", ("/api/v1",), namespaced=False)
DEPLOYMENTS = Collection("deployments", ("/apis/apps/v1",))
STATEFUL_SETS = Collection("statefulsets", ("/apis/apps/v1",))
DAEMON_SETS = Collection("daemonsets", ("/apis/apps/v1",))
REPLICA_SETS = Collection("replicasets", ("/apis/apps/v1",))
CONTROLLER_REVISIONS = Collection("controllerrevisions", ("/apis/apps/v1",), extra=True)
HPAS = Collection("horizontalpodautoscalers", ("/apis/autoscaling/v2", "/apis/autoscaling/v2beta2"))
# Both name the same objects; many roles grant only one of the two.
EVENTS = Collection("events", ("/apis/events.k8s.io/v1", "/api/v1"))

REVISIONS_OF_SETS: Final = "revisions of stateful and daemon sets"


class ClusterSource(msgspec.Struct, frozen=True):
    """One kind of rows; see `contract.Source`."""

    server: Server
    name: str
    interval_ms: Millis
    parts: tuple[Part, ...]
    take: Callable[[], Mapping[str, bytes | None]]
    reflectors: tuple[Reflector[Any], ...]
    more_facts: Callable[[], Mapping[str, str]] = dict
    more_lacks: Callable[[], tuple[Lack, ...]] = tuple

    def lacks(self) -> tuple[Lack, ...]:
        """Listing progress and restrictions of what it follows."""
        told = [lack for each in self.reflectors for lack in each.lacks]
        return tuple(dict.fromkeys((*told, *self.more_lacks())))

    def facts(self) -> Mapping[str, str]:
        """What the reflectors say, and the clock of the server where it disagrees with ours."""
        told: dict[str, str] = {}
        for each in self.reflectors:
            for key, value in each.facts.items():
                told[key] = value if told.get(key, value) == value else f"{told[key]}, {value}"
        return told | dict(self.more_facts()) | self.server.facts()


class Cluster:
    """Builds the sources of one cluster; what several of them need is read once."""

    def __init__(self, server: Server, namespaces: Sequence[str], intervals_ms: Mapping[str, Millis]) -> None:
        self.server = server
        self._namespaces = tuple(namespaces)
        self._intervals_ms = intervals_ms
        self.pods = PodMirror()
        self._pod_reflectors: tuple[Reflector[Any], ...] = ()
        # Shared by all sources: their rows come from the API server's memory, which is old when etcd is gone.
        self._health = Part(ServerHealth(server), "check")
        self._network = Network(self)

    def sources(self, names: Sequence[str]) -> list[ClusterSource]:
        """The sources with these names, in that order. Raises KeyError for a name that we do not have."""
        makers = {
            "pods": self._make_pods,
            "workloads": self._make_workloads,
            "hpas": self._make_hpas,
            "nodes": self._make_nodes,
            "events": self._make_events,
            "services": self._network.services,
            "ingresses": self._network.ingresses,
            "isolation": self._network.isolation,
        }
        made = [makers[name]() for name in names]
        return [msgspec.structs.replace(source, parts=(*source.parts, self._health)) for source in made]

    def interval(self, name: str) -> Millis:
        return self._intervals_ms.get(name, 5 * SECOND)

    def reflect(
        self,
        collection: Collection,
        kind: Any,
        mirror: Mirror[Any],
        source: str,
        first_look: Callable[[], FirstLook | None] = lambda: None,
    ) -> tuple[Reflector[Any], ...]:
        """One reflector for the whole cluster, or one for each namespace that we are told to look at."""
        named = self._namespaces if collection.namespaced else ()

        def one(namespace: str = "", only: Sequence[str] = ()) -> Reflector[Any]:
            return Reflector(
                self.server,
                collection,
                kind,
                mirror,
                namespace=namespace,
                only=frozenset(only),
                window_ms=self.interval(source),
                first_look=first_look(),
            )

        if not named or len(named) > MOST_NAMESPACES:
            return (one(only=named),)
        return tuple(map(one, named))

    def follow_pods(self) -> tuple[Reflector[Any], ...]:
        """The pods are listed once, whoever asks."""
        if not self._pod_reflectors:
            self._pod_reflectors = self.reflect(
                PODS, payloads.Pod, self.pods, "pods", lambda: Glance(self.server, self.pods)
            )
        return self._pod_reflectors

    def _make_pods(self) -> ClusterSource:
        reflectors = self.follow_pods()
        return ClusterSource(
            self.server, "pods", self.interval("pods"), tuple(map(Part, reflectors)), self.pods.table.take, reflectors
        )

    def _make_workloads(self) -> ClusterSource:
        mirror = WorkloadMirror()
        whole = (
            *self.reflect(DEPLOYMENTS, payloads.Deployment, mirror.deployments, "workloads"),
            *self.reflect(STATEFUL_SETS, payloads.StatefulSet, mirror.stateful_sets, "workloads"),
            *self.reflect(DAEMON_SETS, payloads.DaemonSet, mirror.daemon_sets, "workloads"),
        )
        revisions = self.reflect(REPLICA_SETS, payloads.ReplicaSet, mirror.replica_sets, "workloads")
        of_sets = self.reflect(
            CONTROLLER_REVISIONS, payloads.ControllerRevision, mirror.controller_revisions, "workloads"
        )
        parts = (
            *map(Part, whole),
            *(Part(each, "part", "revisions") for each in revisions),
            *(Part(each, "extra", REVISIONS_OF_SETS) for each in of_sets),
        )
        reflectors = (*whole, *revisions)
        return ClusterSource(
            self.server,
            "workloads",
            self.interval("workloads"),
            parts,
            mirror.take,
            reflectors,
            more_lacks=lambda: tuple(_lacks_of_sets(of_sets, reflectors)),
        )

    def _make_hpas(self) -> ClusterSource:
        mirror = HpaMirror()
        reflectors = self.reflect(HPAS, Hpa, mirror, "hpas")
        return ClusterSource(
            self.server, "hpas", self.interval("hpas"), tuple(map(Part, reflectors)), mirror.table.take, reflectors
        )

    def _make_nodes(self) -> ClusterSource:
        mirror = NodeMirror(self.pods.loads)
        reflectors = self.reflect(NODES, payloads.Node, mirror, "nodes")
        pods = self.follow_pods()
        parts = (
            *map(Part, reflectors),
            *(Part(each, "part", "requests and pod counts") for each in pods),
            Part(NodeMetricsPoll(self.server, mirror), "extra", "use"),
        )

        def more_lacks() -> tuple[Lack, ...]:
            counted = dict.fromkeys(each.scope for each in pods if each.scope)
            refused = [lack for each in pods for lack in each.lacks if lack.right]
            said = f"requests and pods only of {', '.join(counted)}"
            if refused:
                return (msgspec.structs.replace(refused[0], text=said),)
            return (Lack(said),) if counted else ()

        return ClusterSource(
            self.server, "nodes", self.interval("nodes"), parts, mirror.take, reflectors, more_lacks=more_lacks
        )

    def _make_events(self) -> ClusterSource:
        mirror = EventMirror()
        reflectors = self.reflect(EVENTS, payloads.Event, mirror, "events")
        parts = tuple(map(Part, reflectors))
        return ClusterSource(
            self.server, "events", self.interval("events"), parts, mirror.table.take, reflectors, mirror.facts
        )


def _lacks_of_sets(revisions: Sequence[Reflector[Any]], others: Sequence[Reflector[Any]]) -> Iterator[Lack]:
    """What is not read of the revisions of sets. Until it was tried the rows wait for it: who notes what changes would
    take old revisions for new ones. From then on they are whole without; what `others` lack too, these say."""
    told = {lack for each in others for lack in each.lacks}
    for each in revisions:
        if not each.tried:
            yield Lack(f"{REVISIONS_OF_SETS} unknown: {each.name}: not read yet", "loading")
            continue
        for lack in each.lacks:
            if lack.extra:
                yield lack
            elif lack.kind == "permission" and lack not in told:
                text, right = f"{REVISIONS_OF_SETS} {lack.text}", f"list {each.kind_of_object}"
                yield msgspec.structs.replace(lack, text=text, right=right, extra=True)


def described(server: Server) -> dict[str, str]:
    """The pinned target in words for the stream's header."""
    access = server.access
    return {"context": safe(access.context), "namespace": safe(access.namespace), "server": safe(access.server)}
