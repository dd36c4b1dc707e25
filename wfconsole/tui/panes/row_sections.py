"""What there is to say about one row, by section: from the rows alone, so in a replay too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from wfconsole.observations.hpas import HpaRow, size_wanted
from wfconsole.observations.nodes import NodeRow
from wfconsole.text import UNKNOWN, age, coarse_age, memory, millicores, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.listings.standing import doubt
from wfconsole.tui.panes.alert_sections import sections_of_alert
from wfconsole.tui.panes.finding_sections import of_finding
from wfconsole.tui.panes.network_sections import of_ingress, of_isolation, of_service
from wfconsole.tui.panes.plain_sections import plain_sections
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.panes.row_parts import (
    conditions_section,
    doubted,
    events_section,
    judged_line,
    now_section,
    told_section,
    troubled_pods,
)
from wfconsole.tui.panes.session_sections import session_sections
from wfconsole.tui.panes.signal_sections import signal_sections
from wfconsole.tui.widgets.scroll_text import Section


def sections_of(frame: Frame, source: str, key: str) -> list[Section]:
    """All sections of the row; what it was when it was last seen where nobody sees it any more."""
    if source == "alerts":
        return sections_of_alert(frame, key)
    snapshot = frame.view.world.snapshots.get(source)
    row = snapshot.rows.get(key) if snapshot is not None else None
    if row is None:
        said = doubt(frame, source, without="not there") or "not there any more"
        return [Section(heading(frame, "NOW"), [(Span(f"  {said}", "strong"),)])]
    own = _SECTIONS.get(source)
    return own(frame, key, row) if own is not None else plain_sections(frame, source, key, row)


# --- an autoscaler --------------------------------------------------------------------------------------------------


def _of_hpa(frame: Frame, key: str, row: HpaRow) -> list[Section]:
    scaled = "never"
    if row.last_scaled_at:
        scaled = f"{age(frame.now - row.last_scaled_at)} ago, at {frame.times.clock(row.last_scaled_at)}"
    now: list[Line] = [
        judged_line(frame, "hpas", key, "can act"),
        (Span(f"  runs {row.current}   {size_wanted(row)}   may {row.minimum} to {row.maximum}"),),
        (Span(f"  scaled last {scaled}"),),
    ]
    return [
        now_section(frame, "hpas", now),
        told_section(frame, "hpas", heading(frame, "METRICS"), list(_metrics(row))),
        conditions_section(frame, "hpas", row.conditions),
        _target(frame, row),
        events_section(frame, "HorizontalPodAutoscaler", row.namespace, row.name),
    ]


def _metrics(row: HpaRow) -> Iterable[Line]:
    if not row.metrics:
        yield (Span("  none: it looks at nothing", "warn"),)
    for metric in row.metrics:
        ink: Ink = "warn" if metric.ratio is None or metric.ratio > 1 else "text"
        ratio = "no value" if metric.ratio is None else f"{percent(metric.ratio)} of its target"
        values = f"{metric.current or UNKNOWN} of {metric.target or UNKNOWN}"
        yield (Span(f"  {metric.name}  ", "strong"), Span(f"{values}   {ratio}", ink))


def _target(frame: Frame, row: HpaRow) -> Section:
    key = f"{row.target_kind}/{row.namespace}/{row.target}"
    target = frame.view.world.workloads.get(key)
    title = heading(frame, "TARGET", f"{row.target_kind}/{row.target}")
    if target is None:
        said = doubt(frame, "workloads", without="not there") or "not in the list of workloads"
        return Section(title, [(Span(f"  {said}", "dim"),)])
    ready: Line = (Span(f"  ready {target.ready} of {target.desired}   revision {target.revision or UNKNOWN}"),)
    lines = [judged_line(frame, "workloads", key, "as many ready as desired"), ready]
    return told_section(frame, "workloads", title, lines, doubted(frame, "workloads", "this"))


# --- a node ---------------------------------------------------------------------------------------------------------


def _of_node(frame: Frame, key: str, row: NodeRow) -> list[Section]:
    roles = ", ".join(row.roles) or "no role"
    created = coarse_age(frame.now - row.created_at if row.created_at else None)
    cordoned = "   cordoned: no new pods" if row.cordoned else ""
    now: list[Line] = [
        judged_line(frame, "nodes", key, "ready"),
        (Span(f"  {roles}   kubelet {row.version or UNKNOWN}   created {created} ago{cordoned}"),),
    ]
    return [
        now_section(frame, "nodes", now),
        conditions_section(frame, "nodes", row.conditions),
        _room(frame, row),
        _taints(frame, row),
        troubled_pods(frame, "on this node", lambda pod: pod.node == row.name),
        events_section(frame, "Node", "", row.name),
    ]


def _room(frame: Frame, row: NodeRow) -> Section:
    measured = f"use measured {age(frame.now - row.used_at)} ago" if row.used_at else "use is not measured"
    gpus = "none"
    if row.gpus:
        gpus = f"{row.gpus} allocatable   {row.gpus_allocated} allocated   {row.gpu_resource}"
    lines: list[Line] = [
        _share("cpu", millicores, row.cpu, row.cpu_requested, row.cpu_used),
        _share("memory", memory, row.memory, row.memory_requested, row.memory_used),
        (Span("  pods    ", "dim"), Span(f"{row.pods} of {row.pod_slots or UNKNOWN}")),
        (Span("  gpus    ", "dim"), Span(gpus)),
    ]
    return told_section(frame, "nodes", heading(frame, "ROOM", measured), lines)


def _share(name: str, form: Callable[[int | None], str], whole: int, requested: int, used: int | None) -> Line:
    words = f"{form(whole)} allocatable   {form(requested)} requested ({percent(requested, whole)})"
    words += f"   {form(used)} used ({percent(used, whole)})"
    return (Span(f"  {name:<6}  ", "dim"), Span(words))


def _taints(frame: Frame, row: NodeRow) -> Section:
    if row.taints is None:
        return Section(heading(frame, "TAINTS"), [(Span(f"  {UNKNOWN} this recording does not tell", "dim"),)])
    lines: list[Line] = [(Span(f"  {taint}"),) for taint in row.taints]
    return Section(heading(frame, "TAINTS"), lines or [(Span("  none", "dim"),)])


_SECTIONS: Final[dict[str, Callable[[Frame, str, Any], list[Section]]]] = {
    "hpas": _of_hpa,
    "nodes": _of_node,
    "services": of_service,
    "ingresses": of_ingress,
    "isolation": of_isolation,
    "findings": of_finding,
    "sessions": session_sections,
    "signals": lambda frame, key, _row: signal_sections(frame, key),
}
