"""What the scribe looks for on the ways in: services where nobody answers, ingresses that lead nowhere."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.incident.sights import Seen, Sight, Untold, literal, named, touched
from wfconsole.observations.ingresses import IngressRow, is_broken
from wfconsole.observations.judged import Judged, JudgedRows
from wfconsole.observations.levels import Level
from wfconsole.observations.services import ServiceRow


def sights_of_services(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By service: no ready endpoint. One whose endpoints nobody may read is neither down nor up."""
    before, after = judged_before.rows("services"), judged.rows("services")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: ServiceRow | None = after.rows.get(key)
        seen[_subject("Service", key)] = None if row is None else _service(row, after, key)
    return seen


def _service(row: ServiceRow, table: JudgedRows, key: str) -> tuple[Sight | Untold, ...]:
    finding = table.finding(key)
    if finding.kind == "unknown":
        return (Untold("no-endpoints"),)
    if row.ready or row.external_name or finding.level < Level.WARNING:
        return ()
    return (
        Sight("no-endpoints", "service", finding.level, f"service {{name}} has no ready endpoint: {finding.reason}"),
    )


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
