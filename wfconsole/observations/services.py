"""Services: what stands behind each of them, and whether any of it takes requests."""

from __future__ import annotations

import msgspec

from wfconsole.observations.levels import HEALTHY, Finding, Level


class ServicePort(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One port; `target` is the port of the pods, a number or a name."""

    port: int
    protocol: str = "TCP"
    name: str = ""
    target: str = ""
    node_port: int = 0


class ServiceRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One service with the endpoints of all its slices. Key: "namespace/name".

    What was not read is None: the endpoints where EndpointSlices are not ours to read, the pods where pods are not.
    """

    namespace: str
    name: str
    type: str = "ClusterIP"
    selector: str = ""  # "app=gateway,tier=web"; "" for none
    ports: tuple[ServicePort, ...] = ()
    headless: bool = False
    external_name: str = ""
    address: str = ""  # of the load balancer, else of the cluster
    pending: bool = False  # a load balancer was asked for and gave no address yet
    endpoints: int | None = None
    ready: int | None = None
    serving: int | None = None  # answer requests, those that are being shut down among them
    terminating: int | None = None
    pods: int | None = None  # that its selector matches
    pods_ready: int | None = None


def judge_service(row: ServiceRow, _now: int) -> Finding:
    """Whether somebody answers behind the service: critical where there should be, and nobody does."""
    if row.external_name:
        return HEALTHY
    if row.endpoints is None or row.ready is None:
        return Finding(Level.WATCH, "its endpoints are not known", "unknown")
    if row.ready > 0:
        return _with_some(row.ready, row.endpoints, row.terminating or 0, pending=row.pending)
    if row.serving:
        return Finding(Level.WARNING, f"only {row.serving} endpoints that shut down answer", "terminating")
    if not row.selector:
        return Finding(Level.WATCH, "no selector, and no endpoint was given", "no-endpoints")
    if row.endpoints:
        return Finding(Level.CRITICAL, f"0/{row.endpoints} endpoints ready", "no-endpoints")
    if row.pods:
        return Finding(Level.CRITICAL, f"no endpoint, {row.pods} pods match, {row.pods_ready} ready", "no-endpoints")
    if row.pods is None:
        return Finding(Level.WARNING, "no endpoint; its pods are not known", "no-endpoints")
    return Finding(Level.WARNING, "its selector matches no pod", "no-pods")


def is_down(row: ServiceRow) -> bool:
    """Whether pods stand behind it and none answers."""
    return row.ready == 0 and not row.serving and bool(row.endpoints or row.pods)


def _with_some(ready: int, endpoints: int, terminating: int, *, pending: bool) -> Finding:
    if ready * 2 < endpoints - terminating:
        return Finding(Level.WARNING, f"{ready}/{endpoints} endpoints ready", "short")
    if pending:
        return Finding(Level.WATCH, "its load balancer gave no address yet", "pending")
    return HEALTHY
