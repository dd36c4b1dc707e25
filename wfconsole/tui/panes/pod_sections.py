"""What there is to say about one pod, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wfconsole.observations.answers import ContainerUse, LogTail, PodDetail
from wfconsole.observations.levels import Level
from wfconsole.observations.pods import ContainerRow
from wfconsole.text import UNKNOWN, age, coarse_age, memory, millicores, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.listings.standing import doubt
from wfconsole.tui.panes.long_texts import LOG_LINE_CELLS, in_place
from wfconsole.tui.state_words import level_ink
from wfconsole.tui.widgets.scroll_text import Log, Section


def heading(frame: Frame, title: str, more: str = "") -> Line:
    """The heading of a section."""
    return (Span(f"{frame.glyphs.rule * 2} ", "rule"), Span(title, "title"), Span(f" {more}", "dim"))


def from_row(frame: Frame, key: str) -> Section:
    """What the list of pods says of it: there at once, and in every recording."""
    row = frame.view.world.pods.get(key)
    if row is None:
        said = doubt(frame, "pods", without="this pod was not there") or "this pod is not in the list of pods any more"
        return Section(heading(frame, "NOW"), [(Span(f"  {said}", "strong"),)])
    finding = frame.view.judged.finding("pods", key)
    since = f" for {age(frame.now - finding.since)}" if finding.since else ""
    reason = finding.reason or "healthy"
    status = "" if reason.startswith(row.status) else f"{row.status}  "
    owner = f"{row.owner_kind}/{row.owner}" if row.owner else "nobody"
    restarts = f"{row.restarts} restarts"
    if row.restarted_at:
        restarts += f", last {age(frame.now - row.restarted_at)} ago"
    created = f"created {coarse_age(frame.now - row.created_at if row.created_at else None)} ago"
    lines: list[Line] = [
        (Span("  "), Span(f"{status}{reason}", level_ink(finding.level)), Span(since)),
        (Span(f"  ready {row.ready_containers}/{row.all_containers}   {restarts}   {created}   {row.phase}"),),
        (Span(f"  owner {owner}   revision {row.revision or UNKNOWN}   node {row.node or UNKNOWN}"),),
    ]
    if row.message:
        lines += in_place("  ", row.message, "strong")
    return Section(heading(frame, "NOW"), lines)


def from_answer(frame: Frame, detail: PodDetail) -> list[Section]:
    """Everything that the answer holds, what explains a failure first."""
    sections = [_containers(frame, detail)]
    if detail.conditions:
        lines = [line for text in detail.conditions for line in in_place("  ", text, _condition_ink(text))]
        sections.append(Section(heading(frame, "CONDITIONS"), lines))
    sections.append(_events(frame, detail))
    sections += [_log(frame, tail) for tail in detail.logs_worst_first]
    return sections


def _containers(frame: Frame, detail: PodDetail) -> Section:
    used = {use.container: use for use in detail.use or ()}
    why = f"use: {detail.use_reason or 'not measured'}" if detail.use is None else ""
    if detail.use is not None and detail.use_at:
        why = f"use measured {age(frame.now - detail.use_at)} ago"
    facts = f"qos {detail.qos or UNKNOWN}   ip {detail.pod_ip or UNKNOWN}   account {detail.service_account or UNKNOWN}"
    lines: list[Line] = [(Span(f"  {facts}", "dim"),)]
    for box in detail.containers:
        lines += _container(frame, box, used.get(box.name))
    return Section(heading(frame, "CONTAINERS", why), lines)


def _container(frame: Frame, box: ContainerRow, use: ContainerUse | None) -> list[Line]:
    ink: Ink = "text" if box.fine else "crit" if box.state == "waiting" and box.restarts else "warn"
    state = " ".join(part for part in (box.state, box.reason) if part)
    code = f" exit {box.exit_code}" if box.exit_code is not None else ""
    began = f" for {age(frame.now - box.started_at)}" if box.started_at and box.state == "running" else ""
    lines: list[Line] = [
        (
            Span(f"  {'init ' if box.init else ''}{box.name}", "strong"),
            Span(f"  {state or UNKNOWN}{code}{began}", ink),
            Span(f"   {'ready' if box.ready else 'not ready'}   restarts {box.restarts}"),
        ),
        (Span(f"      image   {box.image}", "dim"),),
        (Span(f"      cpu     {_share(millicores, use.cpu if use else None, box.cpu_request, box.cpu_limit)}"),),
        (Span(f"      memory  {_share(memory, use.memory if use else None, box.memory_request, box.memory_limit)}"),),
    ]
    if box.last_reason or box.last_exit_code is not None:
        ago = f" {age(frame.now - box.last_finished_at)} ago" if box.last_finished_at else ""
        exit_code = UNKNOWN if box.last_exit_code is None else box.last_exit_code
        lines.append((Span(f"      before  {box.last_reason or 'ended'} exit {exit_code}{ago}", "warn"),))
    if box.message:
        lines += in_place("      says    ", box.message)
    return lines


def _share(form: Callable[[int | None], str], used: int | None, request: int, limit: int) -> str:
    """`310m used (62% of its limit)   request 250m   limit 500m`; a dash where nothing is set, never a zero."""
    of = f" ({percent(used, limit)} of its limit)" if used is not None and limit else ""
    asked = form(request) if request else "none"
    most = form(limit) if limit else "none"
    return f"{form(used)} used{of}   request {asked}   limit {most}"


def _condition_ink(text: str) -> Ink:
    return "warn" if " False" in text else "text"


def _events(frame: Frame, detail: PodDetail) -> Section:
    lines: list[Line] = []
    if detail.events_reason:
        lines.append((Span(f"  not known: {detail.events_reason}", "warn"),))
    elif not detail.events:
        lines.append((Span("  none that the cluster still keeps", "dim"),))
    for event in sorted(detail.events, key=lambda event: -event.last_at):
        count = f" x{event.count}" if event.count > 1 else ""
        ink = level_ink(Level.WARNING) if event.type == "Warning" else "text"
        when = frame.times.clock(event.last_at or None)
        first, *more = in_place("  ", event.message)
        lines += [(Span(f"  {when} ", "dim"), Span(f"{event.reason}{count}", ink), *first), *more]
    return Section(heading(frame, "EVENTS"), lines)


def _log(frame: Frame, tail: LogTail) -> Section:
    log = Log(f"{tail.container}{' (the run before)' if tail.previous else ''}", ended=tail.previous)
    title = f"LOG {log.name}"
    more = f"last {len(tail.lines)} lines" + (", there were more" if tail.cut else "")
    if tail.failure:
        return Section(heading(frame, title), [(Span(f"  {tail.failure}", "warn"),)], log)
    lines = [row for label, line in _dated(frame, tail) for row in in_place(label, line, most=LOG_LINE_CELLS)]
    nothing: Line = (Span("  it has said nothing", "dim"),)
    return Section(heading(frame, title, more), lines or [nothing], log)


def _dated(frame: Frame, tail: LogTail) -> Iterator[tuple[str, str]]:
    """Each line with what stands before it: its time, where the recording has it."""
    if not tail.lines_at:
        yield from (("  ", line) for line in tail.lines)
        return
    for at, line in zip(tail.lines_at, tail.lines, strict=True):
        yield f"  {frame.times.short(at) if at else '':{frame.times.cells}}  ", line
