"""What there is to say about one service, ingress, or group of pods under network policies, by section."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.observations.ingresses import IngressRow, has_tls, is_broken
from wfconsole.observations.isolation import IsolationRow, Side
from wfconsole.observations.services import ServicePort, ServiceRow
from wfconsole.text import UNKNOWN
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.ingresses import answer, way
from wfconsole.tui.listings.isolation import plainly, who
from wfconsole.tui.listings.listing import counted
from wfconsole.tui.listings.services import address_of, ready_of, type_of
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.panes.row_parts import doubted, events_section, judged_line, now_section, told_section
from wfconsole.tui.widgets.scroll_text import Section

_UNENFORCED = "as the policies are written: whether the network plugin enforces them is not seen here"


def of_service(frame: Frame, key: str, row: ServiceRow) -> list[Section]:
    lines: list[Line] = [
        judged_line(frame, "services", key, "answers"),
        (Span(f"  {type_of(row)}   {address_of(row)}"),),
        (Span(f"  selector {row.selector or 'none'}"),),
    ]
    if not row.external_name:
        ends = f"{ready_of(row)} ready   {_number(row.serving)} answer requests   {_number(row.terminating)} shut down"
        lines.append((Span("  endpoints  ", "dim"), Span(ends)))
        if row.selector:
            pods = f"{_number(row.pods)} match the selector   {_number(row.pods_ready)} of them ready"
            lines.append((Span("  pods       ", "dim"), Span(pods)))
    ports: list[Line] = [(Span(f"  {_port(each)}"),) for each in row.ports] or [(Span("  none", "dim"),)]
    return [
        now_section(frame, "services", lines),
        told_section(frame, "services", heading(frame, "PORTS"), ports),
        _ways_in(frame, row),
        events_section(frame, "Service", row.namespace, row.name),
    ]


def _port(port: ServicePort) -> str:
    name = f" {port.name}" if port.name else ""
    node = f"   node port {port.node_port}" if port.node_port else ""
    return f"{port.port}/{port.protocol.lower()}{name} -> {port.target or port.port} of the pod{node}"


def _ways_in(frame: Frame, row: ServiceRow) -> Section:
    """Which ingresses lead here."""
    lines: list[Line] = [
        (Span(f"  {ingress.name}  ", "strong"), Span(way(path)))
        for ingress in frame.view.world.ingresses.values()
        if ingress.namespace == row.namespace
        for path in ingress.paths
        if path.service == row.name
    ]
    unsure = doubted(frame, "ingresses", "these" if lines else "none")
    if not lines and not unsure:
        lines = [(Span("  no ingress leads here", "dim"),)]
    return told_section(frame, "ingresses", heading(frame, "WAYS IN"), lines, unsure)


def of_ingress(frame: Frame, key: str, row: IngressRow) -> list[Section]:
    lines: list[Line] = [
        judged_line(frame, "ingresses", key, "every path is answered"),
        (Span(f"  class {row.class_name or 'default'}   addresses {', '.join(row.addresses) or UNKNOWN}"),),
    ]
    paths: list[Line] = [
        (Span(f"  {way(path)}   "), Span(answer(path), "warn" if is_broken(path) else "text")) for path in row.paths
    ]
    hosts = dict.fromkeys(path.host for path in row.paths)
    tls: list[Line] = [
        (Span(f"  {host or 'any host'}  ", "strong"), Span("ends here" if has_tls(row, host) else "none here"))
        for host in hosts
    ]
    if row.tls_secrets:
        tls.append((Span(f"  certificates in {', '.join(row.tls_secrets)}", "dim"),))
    return [
        now_section(frame, "ingresses", lines),
        told_section(frame, "ingresses", heading(frame, "PATHS"), paths or [(Span("  none", "dim"),)]),
        told_section(frame, "ingresses", heading(frame, "TLS"), tls or [(Span("  none", "dim"),)]),
        events_section(frame, "Ingress", row.namespace, row.name),
    ]


def of_isolation(frame: Frame, key: str, row: IsolationRow) -> list[Section]:
    lines: list[Line] = [
        judged_line(frame, "isolation", key, plainly(row)),
        (Span(f"  {who(row)}   {counted(row.pods, 'pod')}   {row.labels or 'no labels'}"),),
        (Span(f"  {_UNENFORCED}", "dim"),),
    ]
    return [
        now_section(frame, "isolation", lines),
        told_section(frame, "isolation", heading(frame, "INGRESS", "who may reach it"), _side(row.ingress)),
        told_section(frame, "isolation", heading(frame, "EGRESS", "what it may reach"), _side(row.egress)),
    ]


def _side(side: Side) -> Sequence[Line]:
    if not side.isolated:
        return [(Span("  open: no policy isolates it"),)]
    lines: list[Line] = [(Span("  isolated by ", "dim"), Span(", ".join(side.by)))]
    for each in side.allows:
        lines += in_place("  ", f"{each.policy} allows {each.peers} at {each.ports}")
    if side.more:
        lines.append((Span(f"  and {counted(side.more, 'more rule')}", "dim"),))
    if not side.allows:
        lines.append((Span("  nothing is allowed", "warn"),))
    return lines


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
