"""The API's objects of the network, in only the fields that we use; see `payloads`."""

from __future__ import annotations

import msgspec

from wfconsole.sources.kubernetes.payloads import Meta

# --- services and endpoint slices -----------------------------------------------------------------------------------


class Port(msgspec.Struct, gc=False, rename="camel"):
    port: int = 0
    protocol: str = "TCP"
    name: str = ""
    target_port: int | str = ""
    node_port: int = 0


class ServiceSpec(msgspec.Struct, gc=False, rename="camel"):
    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: list[Port] | None = None
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    external_name: str = ""


class Way(msgspec.Struct, gc=False):
    """status.loadBalancer.ingress[]"""

    ip: str = ""
    hostname: str = ""


class LoadBalancer(msgspec.Struct, gc=False):
    ingress: list[Way] | None = None


class BalancedStatus(msgspec.Struct, gc=False, rename="camel"):
    load_balancer: LoadBalancer | None = None

    def addresses(self) -> tuple[str, ...]:
        ways = (self.load_balancer.ingress if self.load_balancer is not None else None) or ()
        return tuple(way.ip or way.hostname for way in ways if way.ip or way.hostname)


class Service(msgspec.Struct):
    metadata: Meta
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)
    status: BalancedStatus = msgspec.field(default_factory=BalancedStatus)


class EndpointConditions(msgspec.Struct, gc=False):
    """Each may be missing: ready then counts as true, serving as what ready says, terminating as false."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(msgspec.Struct, gc=False):
    conditions: EndpointConditions | None = None


class EndpointSlice(msgspec.Struct, rename="camel"):
    """discovery.k8s.io/v1, and v1beta1, which has the same names for these."""

    metadata: Meta
    address_type: str = ""
    endpoints: list[Endpoint] | None = None


# --- ingresses ------------------------------------------------------------------------------------------------------


class BackendPort(msgspec.Struct, gc=False):
    number: int = 0
    name: str = ""


class BackendService(msgspec.Struct, gc=False):
    name: str = ""
    port: BackendPort | None = None


class BackendResource(msgspec.Struct, gc=False):
    kind: str = ""
    name: str = ""


class Backend(msgspec.Struct, gc=False):
    service: BackendService | None = None
    resource: BackendResource | None = None


class Path(msgspec.Struct, gc=False, rename="camel"):
    path: str = ""
    path_type: str = ""
    backend: Backend = msgspec.field(default_factory=Backend)


class Http(msgspec.Struct, gc=False):
    paths: list[Path] | None = None


class IngressRule(msgspec.Struct, gc=False):
    host: str = ""
    http: Http | None = None


class IngressTls(msgspec.Struct, gc=False, rename="camel"):
    hosts: list[str] | None = None
    secret_name: str = ""


class IngressSpec(msgspec.Struct, gc=False, rename="camel"):
    ingress_class_name: str = ""
    default_backend: Backend | None = None
    rules: list[IngressRule] | None = None
    tls: list[IngressTls] | None = None


class Ingress(msgspec.Struct):
    metadata: Meta
    spec: IngressSpec = msgspec.field(default_factory=IngressSpec)
    status: BalancedStatus = msgspec.field(default_factory=BalancedStatus)


# --- network policies -----------------------------------------------------------------------------------------------


class Expression(msgspec.Struct, gc=False):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(msgspec.Struct, gc=False, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: list[Expression] | None = None


class IpBlock(msgspec.Struct, gc=False):
    cidr: str = ""
    but: list[str] | None = msgspec.field(name="except", default=None)


class PolicyPeer(msgspec.Struct, gc=False, rename="camel"):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None


class PolicyPort(msgspec.Struct, gc=False, rename="camel"):
    protocol: str = "TCP"
    port: int | str = 0
    end_port: int = 0


class IngressPolicyRule(msgspec.Struct, gc=False):
    ports: list[PolicyPort] | None = None
    peers: list[PolicyPeer] | None = msgspec.field(name="from", default=None)


class EgressPolicyRule(msgspec.Struct, gc=False):
    ports: list[PolicyPort] | None = None
    peers: list[PolicyPeer] | None = msgspec.field(name="to", default=None)


class PolicySpec(msgspec.Struct, gc=False, rename="camel"):
    pod_selector: LabelSelector = msgspec.field(default_factory=LabelSelector)
    policy_types: list[str] | None = None
    ingress: list[IngressPolicyRule] | None = None
    egress: list[EgressPolicyRule] | None = None


class NetworkPolicy(msgspec.Struct):
    metadata: Meta
    spec: PolicySpec = msgspec.field(default_factory=PolicySpec)
