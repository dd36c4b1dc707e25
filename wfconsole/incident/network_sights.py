"""What the scribe looks for on the ways in: services where nobody answers, ingresses that lead nowhere."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.incident.sights import Seen, Sight, Untold, literal, named, touched
from wfconsole.observations.ingresses import IngressRow, is_broken
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Finding, Level
from wfconsole.observations.services import ServiceRow


def sights_of_services(judged_before: Judged, judged: Judged, lasting: frozenset[str], _now: Millis) -> Seen:
    """By service: no ready endpoint. One whose endpoints nobody may read is neither down nor up; one that never had a
    pod as long as anybody watched is a leftover and no trouble."""
    before, after = judged_before.rows("services"), judged.rows("services")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: ServiceRow | None = after.rows.get(key)
        subject = _subject("Service", key)
        old: ServiceRow | None = before.rows.get(key)
        known = f"no-endpoints {subject}" in lasting or (old is not None and bool(old.ready))
        seen[subject] = None if row is None else _service(row, after.finding(key), known=known)
    return seen


def _service(row: ServiceRow, finding: Finding, *, known: bool) -> tuple[Sight | Untold, ...]:
    """`known`: it had endpoints before, or was told to have none."""
    if finding.kind == "unknown":
        return (Untold("no-endpoints"),)
    if row.ready or row.external_name or finding.level < (Level.WARNING if known else Level.CRITICAL):
        return ()
    text = f"service {{name}} has no ready endpoint: {finding.reason}"
    return (Sight("no-endpoints", "service", finding.level, text),)


def sights_of_ingresses(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By ingress: paths that lead nowhere. Where it is not known of a path, it is not said that all is well."""
    before, after = judged_before.rows("ingresses"), judged.rows("ingresses")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: IngressRow | None = after.rows.get(key)
        subject = _subject("Ingress", key)
        if row is None:
            seen[subject] = None
        elif broken := sum(map(is_broken, row.paths)):
            finding = after.finding(key)
            text = f"ingress {{name}}: {literal(finding.reason)}"
            seen[subject] = (Sight("no-backend", "ingress", finding.level, text, affected=broken),)
        else:
            unknown = any(path.state == "unknown" for path in row.paths)
            seen[subject] = (Untold("no-backend"),) if unknown else ()
    return seen


def _subject(kind: str, key: str) -> str:
    namespace, _, name = key.partition("/")
    return named(kind, namespace, name)
