"""The network's sources of a cluster: services, ingresses, and what policies isolate. They share what they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wfconsole.sources.contract import Part
from wfconsole.sources.kubernetes import network_payloads as payloads
from wfconsole.sources.kubernetes.ingresses import IngressMirror
from wfconsole.sources.kubernetes.isolation import PolicyMirror
from wfconsole.sources.kubernetes.reflector import Collection, Reflector
from wfconsole.sources.kubernetes.services import Known, ServiceMirror

if TYPE_CHECKING:
    from wfconsole.sources.kubernetes.cluster import Cluster, ClusterSource

SERVICES = Collection("services", ("/api/v1",))
ENDPOINT_SLICES = Collection("endpointslices", ("/apis/discovery.k8s.io/v1", "/apis/discovery.k8s.io/v1beta1"))
INGRESSES = Collection("ingresses", ("/apis/networking.k8s.io/v1",))
NETWORK_POLICIES = Collection("networkpolicies", ("/apis/networking.k8s.io/v1",))

Reflectors = tuple[Reflector[Any], ...]


class Network:
    """Builds the three sources; services are followed once for two of them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._services: tuple[ServiceMirror, Reflectors, Reflectors] | None = None

    def services(self) -> ClusterSource:
        mirror, services, slices = self._follow_services()
        pods = self._cluster.follow_pods()
        parts = (
            *map(Part, services),
            *(Part(each, "part", "endpoints") for each in slices),
            *(Part(each, "part", "pods that are selected") for each in pods),
        )
        return self._source("services", parts, mirror, (*services, *slices))

    def ingresses(self) -> ClusterSource:
        services, whole, slices = self._follow_services()
        mirror = IngressMirror(services)
        reflectors = self._cluster.reflect(INGRESSES, payloads.Ingress, mirror, "ingresses")
        parts = (
            *map(Part, reflectors),
            *(Part(each, "part", "services that they lead to") for each in whole),
            *(Part(each, "part", "endpoints") for each in slices),
        )
        return self._source("ingresses", parts, mirror, reflectors)

    def isolation(self) -> ClusterSource:
        """Without policies nothing is known; pods that cannot be read are missing from the rows."""
        policies: list[Reflector[Any]] = []
        mirror = PolicyMirror(self._cluster.pods.groups, lambda: _listed(policies))
        policies += self._cluster.reflect(NETWORK_POLICIES, payloads.NetworkPolicy, mirror, "isolation")
        pods = self._cluster.follow_pods()
        parts = (*map(Part, policies), *(Part(each, "part", "pods") for each in pods))
        return self._source("isolation", parts, mirror, (*policies, *pods))

    def _follow_services(self) -> tuple[ServiceMirror, Reflectors, Reflectors]:
        if self._services is None:
            cluster = self._cluster
            services: list[Reflector[Any]] = []
            slices: list[Reflector[Any]] = []
            pods = cluster.follow_pods()
            known = Known(lambda: _listed(services), lambda: _listed(slices), lambda: _listed(pods))
            mirror = ServiceMirror(cluster.pods.groups, known)
            services += cluster.reflect(SERVICES, payloads.Service, mirror, "services")
            slices += cluster.reflect(ENDPOINT_SLICES, payloads.EndpointSlice, mirror.slices, "services")
            self._services = mirror, tuple(services), tuple(slices)
        return self._services

    def _source(self, name: str, parts: tuple[Part, ...], mirror: Any, reflectors: Reflectors) -> ClusterSource:
        from wfconsole.sources.kubernetes.cluster import ClusterSource

        cluster = self._cluster
        return ClusterSource(cluster.server, name, cluster.interval(name), parts, mirror.take, reflectors)


def _listed(reflectors: list[Reflector[Any]] | Reflectors) -> bool:
    return all(each.listed for each in reflectors)
