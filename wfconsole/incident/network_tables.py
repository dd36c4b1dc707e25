"""The tables of services, ingresses and network policies that probes read: see `wfconsole.incident.probe_tables`."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.probe_tables import Table, known, of_kind, told
from wfconsole.observations.ingresses import IngressRow, is_broken, judge_ingress
from wfconsole.observations.isolation import IsolationRow, is_open, judge_isolation
from wfconsole.observations.levels import Finding
from wfconsole.observations.services import ServiceRow, judge_service
from wfconsole.text import UNKNOWN


def _answers(row: ServiceRow) -> bool | None:
    """Whether an endpoint is ready; an external name has none to look at."""
    return True if row.external_name else None if row.ready is None else row.ready > 0


def _silent(row: ServiceRow, _finding: Finding) -> bool | None:
    answers = _answers(row)
    return None if answers is None else not answers


def _tell_service(row: ServiceRow, finding: Finding, _now: Millis) -> str:
    ready = UNKNOWN if row.ready is None else str(row.ready)
    endpoints = UNKNOWN if row.endpoints is None else str(row.endpoints)
    where = f"leads to {row.external_name}" if row.external_name else f"{ready}/{endpoints} endpoints ready"
    return told(f"{row.namespace}/{row.name}", where, finding.reason if finding.kind != "no-endpoints" else "")


def _broken(row: IngressRow, _finding: Finding) -> bool | None:
    if any(map(is_broken, row.paths)):
        return True
    return None if any(path.state == "unknown" for path in row.paths) else False


def _broken_paths(row: IngressRow, _now: Millis) -> float:
    unknown = any(path.state == "unknown" for path in row.paths)
    return known(None if unknown else sum(map(is_broken, row.paths)))


def _tell_ingress(row: IngressRow, finding: Finding, _now: Millis) -> str:
    return told(f"{row.namespace}/{row.name}", f"{len(row.paths)} paths", finding.reason)


def _tell_isolation(row: IsolationRow, finding: Finding, _now: Millis) -> str:
    ways = (("ingress", row.ingress), ("egress", row.egress))
    by = ", ".join(f"{way} isolated by {', '.join(side.by)}" for way, side in ways if side.isolated)
    return told(f"{row.namespace}/{row.name or row.labels}", f"{row.pods} pods", by or "open", finding.reason)


SERVICES: Final = Table(
    one="service",
    words={"namespace": lambda row: row.namespace, "name": lambda row: row.name, "type": lambda row: row.type},
    numbers={
        "endpoints": lambda row, _now: None if row.external_name else known(row.endpoints),
        "ready": lambda row, _now: None if row.external_name else known(row.ready),
        "pods": lambda row, _now: None if not row.selector else known(row.pods),
    },
    flags={"ready": lambda row, _finding: _answers(row), "no-endpoints": _silent},
    judge=judge_service,
    tell=_tell_service,
)
INGRESSES: Final = Table(
    one="ingress",
    many="ingresses",
    words={
        "namespace": lambda row: row.namespace,
        "name": lambda row: row.name,
        "host": lambda row: tuple(path.host for path in row.paths),
        "service": lambda row: tuple(path.service for path in row.paths),
    },
    numbers={"paths": lambda row, _now: len(row.paths), "broken-paths": _broken_paths},
    flags={"broken": _broken},
    judge=judge_ingress,
    tell=_tell_ingress,
)
ISOLATION: Final = Table(
    one="group of pods",
    many="groups of pods",
    words={"namespace": lambda row: row.namespace, "name": lambda row: row.name, "kind": lambda row: row.kind},
    numbers={"pods": lambda row, _now: row.pods},
    flags={
        "ingress-isolated": lambda row, _finding: row.ingress.isolated,
        "egress-isolated": lambda row, _finding: row.egress.isolated,
        "open": lambda row, _finding: is_open(row),
        "cut-off": of_kind("cut-off"),
    },
    judge=judge_isolation,
    tell=_tell_isolation,
)
