"""Values for tests, every field defaulted: a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.events import Declared, Entry, Event, Noticed
from wfconsole.incident.playbook import Branch, Checklist, Runbook, Step
from wfconsole.incident.policy import BusinessCalendar, SeverityPolicy, SeverityRule, Span
from wfconsole.observations.auth import AuthRow
from wfconsole.observations.cache import CacheRow, KeysRow
from wfconsole.observations.database import DatabaseRow
from wfconsole.observations.events import EventRow
from wfconsole.observations.findings import FindingRow
from wfconsole.observations.gpus import GpuRow
from wfconsole.observations.hpas import HpaMetric, HpaRow
from wfconsole.observations.inference import InferenceRow
from wfconsole.observations.ingresses import IngressPath, IngressRow
from wfconsole.observations.isolation import IsolationRow
from wfconsole.observations.levels import Level
from wfconsole.observations.nodes import NodeRow
from wfconsole.observations.pods import ContainerRow, PodRow
from wfconsole.observations.replicas import ReplicaRow
from wfconsole.observations.secrets import SecretRow
from wfconsole.observations.services import ServicePort, ServiceRow
from wfconsole.observations.sessions import SessionRow, session_key
from wfconsole.observations.signals import SignalRow, signal_key
from wfconsole.observations.snapshot import Failure, Snapshot
from wfconsole.observations.statements import StatementRow
from wfconsole.observations.workloads import Revision, WorkloadRow
from wfconsole.observations.world import World

NOW: Millis = 1_772_375_527_000  # 2026-03-01 14:32:07 UTC
LONG_AGO: Millis = NOW - 3 * DAY
GATEWAY = "Deployment/production/gateway"


def a_pod(name: str = "gateway-1", **changes: Any) -> PodRow:
    """A pod that has been running well for days, of the deployment "gateway" unless said otherwise."""
    fields: dict[str, Any] = {
        "namespace": "production",
        "owner_kind": "Deployment",
        "owner": "gateway",
        "node": "node-1",
        "created_at": LONG_AGO,
        "ready_since": LONG_AGO + MINUTE,
        "image": "registry.example/gateway:1.4.0",
    }
    return PodRow(name=name, **(fields | changes))


def a_bad_pod(name: str = "gateway-1", status: str = "CrashLoopBackOff", **changes: Any) -> PodRow:
    """A pod that is not ready, with the word that kubectl would print."""
    fields: dict[str, Any] = {"ready": False, "ready_containers": 0, "ready_since": NOW - MINUTE, "status": status}
    return a_pod(name, **(fields | changes))


def a_container(name: str = "app", **changes: Any) -> ContainerRow:
    return ContainerRow(name=name, **changes)


def a_workload(name: str = "gateway", **changes: Any) -> WorkloadRow:
    """A deployment with three of three replicas ready."""
    fields: dict[str, Any] = {
        "kind": "Deployment",
        "namespace": "production",
        "desired": 3,
        "ready": 3,
        "updated": 3,
        "available": 3,
        "revision": 4,
        "images": ("registry.example/gateway:1.4.0",),
        "created_at": LONG_AGO,
    }
    return WorkloadRow(name=name, **(fields | changes))


def a_revision(number: int = 4, **changes: Any) -> Revision:
    fields: dict[str, Any] = {"created_at": LONG_AGO, "images": ("registry.example/gateway:1.4.0",)}
    return Revision(number=number, **(fields | changes))


def an_hpa(name: str = "gateway", **changes: Any) -> HpaRow:
    """An autoscaler of the gateway, 3 of 3 to 12 replicas, at half its target."""
    fields: dict[str, Any] = {
        "namespace": "production",
        "target_kind": "Deployment",
        "target": "gateway",
        "minimum": 3,
        "maximum": 12,
        "current": 3,
        "desired": 3,
        "metrics": (HpaMetric("cpu", "40%", "80%", 0.5),),
    }
    return HpaRow(name=name, **(fields | changes))


def a_node(name: str = "node-1", **changes: Any) -> NodeRow:
    """A ready node, half used."""
    fields: dict[str, Any] = {
        "ready_since": LONG_AGO,
        "created_at": LONG_AGO,
        "cpu": 8_000,
        "memory": 32 << 30,
        "pod_slots": 110,
        "pods": 20,
        "cpu_used": 4_000,
        "memory_used": 16 << 30,
        "used_at": NOW,
    }
    return NodeRow(name=name, **(fields | changes))


def a_database(name: str = "orders-db:5432", **changes: Any) -> DatabaseRow:
    """Ten clients, of 97 slots that an ordinary role may have."""
    fields: dict[str, Any] = {"clients": 10, "max_connections": 100, "reserved": 3, "states": {"idle": 10}}
    return DatabaseRow(**{"name": name, "database": "orders", "version": "15.18", **fields, **changes})


def a_session(pid: int = 3321, **changes: Any) -> SessionRow:
    """A session that has run its query for three seconds, and that nobody waits for."""
    fields: dict[str, Any] = {
        "started_at": NOW - HOUR,
        "backend": "client backend",
        "database": "orders",
        "user": "shop",
        "application": "checkout",
        "client": "10.2.8.14",
        "state": "active",
        "xact_at": NOW - 4 * SECOND,
        "query_at": NOW - 3 * SECOND,
        "state_at": NOW - 3 * SECOND,
        "query": "UPDATE orders SET state = $1",
    }
    return SessionRow(pid=pid, **(fields | changes))


def a_statement(query: str = "SELECT * FROM orders", **changes: Any) -> StatementRow:
    """One that ran twenty times since it was first read, 10 ms each."""
    fields: dict[str, Any] = {
        "user": "shop",
        "database": "orders",
        "calls": 120,
        "total_ms": 1200.0,
        "longest_ms": 88.0,
        "hits": 900,
        "reads": 100,
        "base_at": NOW - HOUR,
        "base_calls": 100,
        "base_ms": 1000.0,
    }
    return StatementRow(query=query, **(fields | changes))


def a_replica(name: str = "standby-1", **changes: Any) -> ReplicaRow:
    """One that follows."""
    fields: dict[str, Any] = {"client": "10.2.8.20", "state": "streaming", "sync": "async", "lag_bytes": 0}
    return ReplicaRow(name=name, **(fields | changes))


def an_event(reason: str = "BackOff", **changes: Any) -> EventRow:
    """A warning about a pod, of a minute ago."""
    fields: dict[str, Any] = {
        "namespace": "production",
        "kind": "Pod",
        "name": "gateway-1",
        "type": "Warning",
        "first_at": NOW - 2 * MINUTE,
        "last_at": NOW - MINUTE,
    }
    return EventRow(reason=reason, **(fields | changes))


def a_service(name: str = "gateway", **changes: Any) -> ServiceRow:
    """A service with three of three endpoints ready."""
    fields: dict[str, Any] = {
        "namespace": "production",
        "selector": "app=gateway",
        "ports": (ServicePort(80, target="8080"),),
        "address": "10.96.0.10",
        "endpoints": 3,
        "ready": 3,
        "serving": 3,
        "terminating": 0,
        "pods": 3,
        "pods_ready": 3,
    }
    return ServiceRow(name=name, **(fields | changes))


def an_ingress(name: str = "shop", **changes: Any) -> IngressRow:
    """An ingress whose only path is answered by the gateway."""
    paths = (IngressPath("gateway", "80", "shop.example", "/", ready=3),)
    return IngressRow("production", name, **({"class_name": "nginx", "paths": paths} | changes))


def an_isolation(name: str = "gateway", **changes: Any) -> IsolationRow:
    """The gateway's pods, which no policy isolates."""
    fields: dict[str, Any] = {"kind": "Deployment", "labels": "app=gateway", "pods": 3}
    return IsolationRow("production", name, **(fields | changes))


def all_logins(**changes: Any) -> AuthRow:
    """The row about all attempts of an hour, as many failing as ever."""
    fields: dict[str, Any] = {"failed": 540, "succeeded": 3000, "users": 40, "sources": 12, "per_minute": 9.0}
    return AuthRow(by="all", name="", **(fields | {"usual_per_minute": 9.0} | changes))


def a_login(name: str = "203.0.113.66", by: Any = "source", **changes: Any) -> AuthRow:
    """A source or a user with six failures."""
    fields: dict[str, Any] = {
        "failed": 6,
        "others": 1,
        "first_failed_at": NOW - 8 * MINUTE,
        "last_failed_at": NOW - MINUTE,
    }
    return AuthRow(by=by, name=name, **(fields | changes))


def a_finding(id: str = "finding-1", **changes: Any) -> FindingRow:
    """A CRITICAL finding of an hour ago that nobody was told."""
    fields: dict[str, Any] = {
        "region": "eu-west-1",
        "severity": "CRITICAL",
        "workflow": "NEW",
        "title": "Root account has an access key",
        "account": "123456789012",
        "resource_type": "AwsAccount",
        "resource": "arn:aws:iam::123456789012:root",
        "first_at": NOW - HOUR,
        "last_at": NOW - MINUTE,
        "updated_at": NOW - MINUTE,
    }
    return FindingRow(id=id, **(fields | changes))


def a_secret(name: str = "prod/orders/database", **changes: Any) -> SecretRow:
    """A secret that was changed three days ago."""
    fields: dict[str, Any] = {"region": "eu-west-1", "changed_at": LONG_AGO}
    return SecretRow(name=name, **(fields | changes))


def a_cache(name: str = "cache.example:6379", **changes: Any) -> CacheRow:
    """A master that is half full, of which nothing may be evicted."""
    fields: dict[str, Any] = {
        "version": "7.0.15",
        "role": "master",
        "clients": 12,
        "max_clients": 10_000,
        "memory_used": 512 << 20,
        "memory_max": 1 << 30,
        "policy": "noeviction",
        "ops_per_s": 900,
        "ping_ms": 0.4,
    }
    return CacheRow(name=name, **(fields | changes))


def a_keys_row(prefix: str = "session:", **changes: Any) -> KeysRow:
    """Sessions, counted to the end."""
    fields: dict[str, Any] = {"sessions": True, "keys": 300, "total": 400}
    return KeysRow(prefix=prefix, **(fields | changes))


def a_signal(rule: str = "errors", value: float | None = 0.001, **changes: Any) -> SignalRow:
    """The share of requests that fail, within its bounds, of all services."""
    fields: dict[str, Any] = {"title": "err", "unit": "ratio", "warning": 0.01, "critical": 0.05, "slo": True}
    if value is None:
        fields["state"] = "none"
    return SignalRow(rule=rule, value=value, **(fields | changes))


def a_gpu(gpu: str = "0", **changes: Any) -> GpuRow:
    """A card that is busy and well, of the pod llm-0."""
    fields: dict[str, Any] = {
        "node": "gpu-1",
        "namespace": "ai",
        "pod": f"llm-{gpu}",
        "utilization": 0.61,
        "memory_used": 48 << 30,
        "memory_total": 80 << 30,
        "temperature": 63.0,
        "power": 410.0,
        "xid": 0,
    }
    return GpuRow(gpu=gpu, **(fields | changes))


def a_model(name: str = "llama-3-70b", **changes: Any) -> InferenceRow:
    """A model that keeps up."""
    fields: dict[str, Any] = {"queue": 2.0, "queue_low": 2.0, "latency": 0.8, "batch": 24.0, "cache": 0.55}
    return InferenceRow(name=name, **(fields | changes))


def an_idle_session(pid: int = 3321, **changes: Any) -> SessionRow:
    """A session that idles in a transaction for ten minutes; nobody waits for it."""
    fields: dict[str, Any] = {
        "started_at": NOW - HOUR,
        "database": "orders",
        "user": "batch",
        "application": "reconcile",
        "state": "idle in transaction",
        "xact_at": NOW - 10 * MINUTE,
        "state_at": NOW - 10 * MINUTE,
    }
    return SessionRow(pid, **(fields | changes))


def a_fed_replica(name: str = "replica-1", **changes: Any) -> ReplicaRow:
    """A replica that keeps up, a little behind."""
    return a_replica(name, **({"client": "10.0.0.7", "sync": "", "lag_bytes": 4096, "lag_ms": 20} | changes))


def a_failure(kind: Any = "timeout", **changes: Any) -> Failure:
    fields: dict[str, Any] = {"message": "no answer within 3 s", "since": NOW - MINUTE}
    return Failure(kind=kind, **(fields | changes))


def a_snapshot(source: str = "pods", rows: Any = (), at: Millis = NOW, **changes: Any) -> Snapshot[Any]:
    """A good snapshot of `at`. `rows` is a mapping, or rows that get their usual keys."""
    keyed: Mapping[str, Any] = rows if isinstance(rows, Mapping) else {row_key(row): row for row in rows}
    fields: dict[str, Any] = {"good_at": at}
    return Snapshot(source=source, observed_at=at, rows=keyed, **(fields | changes))


def row_key(row: Any) -> str:
    """The key that a row has in its snapshot."""
    if isinstance(row, WorkloadRow):
        return f"{row.kind}/{row.namespace}/{row.name}"
    if isinstance(row, IsolationRow):
        return f"{row.namespace}/{row.kind}/{row.name}"
    if isinstance(row, NodeRow | DatabaseRow | CacheRow | InferenceRow):
        return row.name
    if isinstance(row, SessionRow):
        return f"prepared/{row.gid}" if row.gid else session_key(row.pid, row.started_at)
    if isinstance(row, StatementRow):
        return f"{row.query}/{row.user}/{row.database}"
    if isinstance(row, ReplicaRow):
        return row.role if row.role in ("missing", "standby") else f"{row.name} {row.client}".strip()
    if isinstance(row, AuthRow):
        return "all" if row.by == "all" else f"{row.by}/{row.name}"
    if isinstance(row, FindingRow):
        return f"{row.region}/{row.id}"
    if isinstance(row, SecretRow):
        return f"{row.region}/{row.name}"
    if isinstance(row, KeysRow):
        return f"cache.example:6379/{row.database}/{row.prefix}"
    if isinstance(row, SignalRow):
        return signal_key(row.rule, row.group)
    if isinstance(row, GpuRow):
        return f"{row.node}/{row.gpu}/{row.pod}"
    if isinstance(row, EventRow):
        return f"{row.namespace}/{row.name}/{row.reason}"
    return f"{row.namespace}/{row.name}"


def a_world(at: Millis = NOW, **rows: Any) -> World:
    """A world of good snapshots: `a_world(pods=[a_pod()], nodes=[])`. A value may be a snapshot of its own."""
    world = World()
    for source, value in rows.items():
        world = world.with_snapshot(value if isinstance(value, Snapshot) else a_snapshot(source, value, at))
    return world


def declared(**changes: Any) -> Declared:
    fields: dict[str, Any] = {
        "incident": "INC-20260301-1432",
        "title": "gateway answers 503",
        "severity": "SEV2",
        "commander": "op1",
    }
    return Declared(**(fields | changes))


def noticed(key: str = "crash-loop " + GATEWAY, **changes: Any) -> Noticed:
    fields: dict[str, Any] = {
        "family": "crash-loop",
        "phase": "began",
        "level": Level.CRITICAL,
        "text": "gateway: crash loop",
    }
    return Noticed(key=key, **(fields | changes))


def an_entry(event: Event, seq: int = 1, at: Millis = NOW, actor: str = "op1", entry_id: str = "") -> Entry:
    return Entry(id=entry_id or f"e{seq}", seq=seq, at=at, actor=actor, event=event)


def entries(*events: Event, start: Millis = NOW, every_ms: Millis = MINUTE, actor: str = "op1") -> list[Entry]:
    """The events as entries e1, e2, ... one `every_ms` after the other."""
    return [an_entry(event, place + 1, start + place * every_ms, actor) for place, event in enumerate(events)]


def a_policy(calendar: BusinessCalendar | None = None, *, meeting: Span | None = None) -> SeverityPolicy:
    """The four severities with the runbook's times; updates every 15, 30 and 60 minutes, none for SEV4."""

    def rule(name: Any, respond: Span, resolve: Span, update: int) -> SeverityRule:
        cadence = Span(update * MINUTE, text=f"{update} minutes") if update else None
        return SeverityRule(
            name, name, (f"what makes it a {name}",), respond, resolve, cadence, bool(update), meeting=meeting
        )

    minutes = {count: Span(count * MINUTE, text=f"{count} minutes") for count in (15, 30)}
    hours = {count: Span(count * HOUR, text=f"{count} hours") for count in (2, 4, 8, 24)}
    days = {count: Span(business_days=count, text=f"{count} business days") for count in (1, 5)}
    rules = (
        rule("SEV1", minutes[15], hours[4], 15),
        rule("SEV2", minutes[30], hours[8], 30),
        rule("SEV3", hours[2], hours[24], 60),
        rule("SEV4", days[1], days[5], 0),
    )
    return SeverityPolicy(rules, calendar or BusinessCalendar())


def a_step(title: str = "Look at the pods", list_id: str = "outage", **changes: Any) -> Step:
    return Step(id=f"{list_id}/{title.lower().replace(' ', '-')}", title=title, **changes)


def a_checklist(list_id: str = "outage", *steps: Step, kind: Any = "playbook", **changes: Any) -> Checklist:
    return Checklist(id=list_id, title=list_id.capitalize(), kind=kind, steps=steps, **changes)


def a_runbook(*checklists: Checklist, **changes: Any) -> Runbook:
    """A runbook with the given lists; without any, with a process list, a playbook with a decision, and a last list."""
    lists = checklists or (
        a_checklist(
            "first", a_step("Acknowledge the alert", "first"), a_step("Name a scribe", "first"), kind="process"
        ),
        a_checklist(
            "outage",
            a_step("Look at the pods", live="pods level>=warning"),
            a_step(
                "Is a rollout to blame",
                kind="decide",
                branches=(Branch("yes"), Branch("no", "outage/scale-up")),
            ),
            a_step("Roll back", kind="action", danger="R2"),
            a_step("Scale up", kind="action", danger="R1"),
            a_step("All pods are ready", sensed="pods namespace=production not-ready count=0"),
        ),
        a_checklist("close", a_step("Tell people that it is over", "close"), kind="process"),
    )
    fields: dict[str, Any] = {"title": "Our runbook", "version": "1", "reviewed": "2026-01-07", "policy": a_policy()}
    return Runbook(**(fields | {"checklists": lists} | changes))
