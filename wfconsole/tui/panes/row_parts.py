"""What the sections about any row have in common: the judgement, conditions, events, and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wfconsole.observations.conditions import ConditionRow, is_fine
from wfconsole.observations.events import workload_of
from wfconsole.observations.levels import Level
from wfconsole.observations.pods import PodRow
from wfconsole.text import UNKNOWN, age, fit
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, faded
from wfconsole.tui.listings.standing import doubt, is_old
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.state_words import level_ink, mark
from wfconsole.tui.widgets.scroll_text import Section

EVENTS_SHOWN: Final = 12
PODS_SHOWN: Final = 12


def told_section(frame: Frame, source: str, title: Line, lines: Sequence[Line], unsure: Sequence[Line] = ()) -> Section:
    """Lines that this source told: without colour where they are old. `unsure` is what is said of that."""
    old = is_old(frame.view.world.quality(source, frame.now))
    return Section(title, [*(map(faded, lines) if old else lines), *unsure])


def now_section(frame: Frame, source: str, lines: Sequence[Line]) -> Section:
    section = told_section(frame, source, heading(frame, "NOW"), lines)
    if not is_old(frame.view.world.quality(source, frame.now)):
        return section
    how_old = age(frame.view.world.snapshots[source].age_ms(frame.now))
    return Section(section.heading, [(Span(f"  as it was {how_old} ago", "strong"),), *section.lines])


def judged_line(frame: Frame, source: str, key: str, well: str) -> Line:
    finding = frame.view.judged.finding(source, key)
    since = f" for {age(frame.now - finding.since)}" if finding.since else ""
    return (Span("  "), Span(finding.reason or well, level_ink(finding.level)), Span(since))


def doubted(frame: Frame, source: str, what: str) -> list[Line]:
    """A line where it is not known that `what` is all there is now."""
    said = doubt(frame, source, without=what)
    return [(Span(f"  {said}", "strong"),)] if said else []


def conditions_section(frame: Frame, source: str, told: Sequence[ConditionRow]) -> Section:
    """Those that are not as they should be first."""
    lines: list[Line] = []
    for each in sorted(told, key=is_fine):
        ink: Ink = "text" if is_fine(each) else "warn"
        since = f"for {age(frame.now - each.since)}" if each.since else ""
        words = f"  {fit(each.type, max(18, len(each.type)))} {fit(each.status, 7)} "
        lines.append((Span(words, ink), Span(each.reason), Span(f"   {since}", "dim")))
        if each.message:
            lines += in_place("      ", each.message, "dim" if is_fine(each) else "text")
    if not told:
        lines.append((Span(f"  {UNKNOWN} none was read", "dim"),))
    return told_section(frame, source, heading(frame, "CONDITIONS"), lines)


def events_section(frame: Frame, kind: str, namespace: str, name: str) -> Section:
    """Its events, newest first, those of a deployment's ReplicaSets too. Those of a node are in whatever namespace
    their reporter chose."""
    workload = f"{kind}/{namespace}/{name}"
    found = [
        event
        for event in frame.view.world.events.values()
        if (event.name == name and event.kind == kind and namespace in ("", event.namespace))
        or workload_of(event) == workload
    ]
    found.sort(key=lambda event: -event.last_at)
    lines: list[Line] = []
    for event in found[:EVENTS_SHOWN]:
        count = f" x{event.count}" if event.count > 1 else ""
        ink = level_ink(Level.WARNING) if event.type == "Warning" else "text"
        first, *more = in_place("  ", event.message)
        when = frame.times.clock(event.last_at or None)
        lines += [(Span(f"  {when} ", "dim"), Span(f"{event.reason}{count}", ink), *first), *more]
    unsure = doubted(frame, "events", "these" if found else "none")
    if not found and not unsure:
        lines.append((Span("  none that the cluster still keeps", "dim"),))
    return told_section(frame, "events", heading(frame, "EVENTS"), lines, unsure)


def troubled_pods(frame: Frame, which: str, belongs: Callable[[PodRow], bool]) -> Section:
    """The pods that belong here and are not well, the worst first; `which` says in words which they are."""
    judged, pods = frame.view.judged.rows("pods"), frame.view.world.pods
    found = [
        (finding, key)
        for key, finding in judged.findings.items()
        if finding.level > Level.OK and key in pods and belongs(pods[key])
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
    unsure = doubted(frame, "pods", "these" if found else "none")
    if len(found) > PODS_SHOWN:
        lines.append((Span(f"  and {len(found) - PODS_SHOWN} more   3 shows all", "dim"),))
    if not found and not unsure:
        lines.append((Span("  none", "dim"),))
    return told_section(frame, "pods", heading(frame, "PODS IN TROUBLE", which), lines, unsure)
