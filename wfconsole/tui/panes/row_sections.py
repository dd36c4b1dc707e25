"""What there is to say about one autoscaler or one node, by section: from the rows alone, so in a replay too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from wfconsole.observations.conditions import ConditionRow, is_fine
from wfconsole.observations.hpas import HpaRow, wants
from wfconsole.observations.levels import Level
from wfconsole.observations.nodes import NodeRow
from wfconsole.text import UNKNOWN, age, clock_time, coarse_age, fit, memory, millicores, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, faded
from wfconsole.tui.listings.standing import doubt, is_old
from wfconsole.tui.panes.alert_sections import sections_of_alert
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.state_words import level_ink, mark
from wfconsole.tui.widgets.scroll_text import Section

EVENTS_SHOWN: Final = 12
PODS_SHOWN: Final = 12


def sections_of(frame: Frame, source: str, key: str) -> list[Section]:
    """All sections of the row; what it was when it was last seen where nobody sees it any more."""
    if source == "alerts":
        return sections_of_alert(frame, key)
    row = frame.view.world.hpas.get(key) if source == "hpas" else frame.view.world.nodes.get(key)
    if row is None:
        said = doubt(frame, source, without="not there") or "not there any more"
        return [Section(heading(frame, "NOW"), [(Span(f"  {said}", "strong"),)])]
    return _of_hpa(frame, key, row) if isinstance(row, HpaRow) else _of_node(frame, key, row)


def _section(frame: Frame, source: str, title: Line, lines: Sequence[Line], unsure: Sequence[Line] = ()) -> Section:
    """Lines that this source told: without colour where they are old. `unsure` is what is said of that."""
    old = is_old(frame.view.world.quality(source, frame.now))
    return Section(title, [*(map(faded, lines) if old else lines), *unsure])


def _now(frame: Frame, source: str, lines: Sequence[Line]) -> Section:
    section = _section(frame, source, heading(frame, "NOW"), lines)
    if not is_old(frame.view.world.quality(source, frame.now)):
        return section
    how_old = age(frame.view.world.snapshots[source].age_ms(frame.now))
    return Section(section.heading, [(Span(f"  as it was {how_old} ago", "strong"),), *section.lines])


def _judged(frame: Frame, source: str, key: str, well: str) -> Line:
    finding = frame.view.judged.finding(source, key)
    since = f" for {age(frame.now - finding.since)}" if finding.since else ""
    return (Span("  "), Span(finding.reason or well, level_ink(finding.level)), Span(since))


# --- an autoscaler --------------------------------------------------------------------------------------------------


def _of_hpa(frame: Frame, key: str, row: HpaRow) -> list[Section]:
    wanted = wants(row)
    by_load = f"   by its metrics it would want {wanted}" if wanted is not None and wanted > row.desired else ""
    scaled = "never"
    if row.last_scaled_at:
        scaled = f"{age(frame.now - row.last_scaled_at)} ago, at {clock_time(row.last_scaled_at)}"
    now: list[Line] = [
        _judged(frame, "hpas", key, "can act"),
        (Span(f"  runs {row.current}   wants {row.desired}   may {row.minimum} to {row.maximum}{by_load}"),),
        (Span(f"  scaled last {scaled}"),),
    ]
    return [
        _now(frame, "hpas", now),
        _section(frame, "hpas", heading(frame, "METRICS"), list(_metrics(row))),
        _conditions(frame, "hpas", row.conditions),
        _target(frame, row),
        _events(frame, "HorizontalPodAutoscaler", row.namespace, row.name),
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
    lines = [_judged(frame, "workloads", key, "as many ready as desired"), ready]
    return _section(frame, "workloads", title, lines, _doubted(frame, "workloads", "this"))


def _doubted(frame: Frame, source: str, what: str) -> list[Line]:
    """A line where it is not known that `what` is all there is now."""
    said = doubt(frame, source, without=what)
    return [(Span(f"  {said}", "strong"),)] if said else []


# --- a node ---------------------------------------------------------------------------------------------------------


def _of_node(frame: Frame, key: str, row: NodeRow) -> list[Section]:
    roles = ", ".join(row.roles) or "no role"
    created = coarse_age(frame.now - row.created_at if row.created_at else None)
    cordoned = "   cordoned: no new pods" if row.cordoned else ""
    now: list[Line] = [
        _judged(frame, "nodes", key, "ready"),
        (Span(f"  {roles}   kubelet {row.version or UNKNOWN}   created {created} ago{cordoned}"),),
    ]
    return [
        _now(frame, "nodes", now),
        _conditions(frame, "nodes", row.conditions),
        _room(frame, row),
        _taints(frame, row),
        _troubled_pods(frame, row.name),
        _events(frame, "Node", "", row.name),
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
    return _section(frame, "nodes", heading(frame, "ROOM", measured), lines)


def _share(name: str, form: Callable[[int | None], str], whole: int, requested: int, used: int | None) -> Line:
    words = f"{form(whole)} allocatable   {form(requested)} requested ({percent(requested, whole)})"
    words += f"   {form(used)} used ({percent(used, whole)})"
    return (Span(f"  {name:<6}  ", "dim"), Span(words))


def _taints(frame: Frame, row: NodeRow) -> Section:
    if row.taints is None:
        return Section(heading(frame, "TAINTS"), [(Span(f"  {UNKNOWN} this recording does not tell", "dim"),)])
    lines: list[Line] = [(Span(f"  {taint}"),) for taint in row.taints]
    return Section(heading(frame, "TAINTS"), lines or [(Span("  none", "dim"),)])


def _troubled_pods(frame: Frame, node: str) -> Section:
    judged, pods = frame.view.judged.rows("pods"), frame.view.world.pods
    found = [
        (finding, key)
        for key, finding in judged.findings.items()
        if finding.level > Level.OK and key in pods and pods[key].node == node
    ]
    found.sort(key=lambda item: (-item[0].level, item[1]))
    lines: list[Line] = [
        (
            Span("  "),
            mark(frame.glyphs, finding.level),
            Span(f" {key}  "),
            Span(finding.reason, level_ink(finding.level)),
        )
        for finding, key in found[:PODS_SHOWN]
    ]
    unsure = _doubted(frame, "pods", "these" if found else "none")
    if len(found) > PODS_SHOWN:
        lines.append((Span(f"  and {len(found) - PODS_SHOWN} more   3 shows all", "dim"),))
    if not found and not unsure:
        lines.append((Span("  none", "dim"),))
    return _section(frame, "pods", heading(frame, "PODS IN TROUBLE", "on this node"), lines, unsure)


# --- both -----------------------------------------------------------------------------------------------------------


def _conditions(frame: Frame, source: str, conditions: Sequence[ConditionRow]) -> Section:
    """Those that are not as they should be first."""
    lines: list[Line] = []
    for each in sorted(conditions, key=is_fine):
        ink: Ink = "text" if is_fine(each) else "warn"
        since = f"for {age(frame.now - each.since)}" if each.since else ""
        words = f"  {fit(each.type, max(18, len(each.type)))} {fit(each.status, 7)} "
        lines.append((Span(words, ink), Span(each.reason), Span(f"   {since}", "dim")))
        if each.message:
            lines += in_place("      ", each.message, "dim" if is_fine(each) else "text")
    if not conditions:
        lines.append((Span(f"  {UNKNOWN} none was read", "dim"),))
    return _section(frame, source, heading(frame, "CONDITIONS"), lines)


def _events(frame: Frame, kind: str, namespace: str, name: str) -> Section:
    """Its events, newest first. Those of a node are in whatever namespace their reporter chose."""
    found = [
        event
        for event in frame.view.world.events.values()
        if event.name == name and event.kind == kind and namespace in ("", event.namespace)
    ]
    found.sort(key=lambda event: -event.last_at)
    lines: list[Line] = []
    for event in found[:EVENTS_SHOWN]:
        count = f" x{event.count}" if event.count > 1 else ""
        ink = level_ink(Level.WARNING) if event.type == "Warning" else "text"
        first, *more = in_place("  ", event.message)
        when = clock_time(event.last_at or None)
        lines += [(Span(f"  {when} ", "dim"), Span(f"{event.reason}{count}", ink), *first), *more]
    unsure = _doubted(frame, "events", "these" if found else "none")
    if not found and not unsure:
        lines.append((Span("  none that the cluster still keeps", "dim"),))
    return _section(frame, "events", heading(frame, "EVENTS"), lines, unsure)
