"""What there is to say about one finding of Security Hub, by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wfconsole.clock import Millis
from wfconsole.observations.findings import FindingRow
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span, faded
from wfconsole.tui.listings.standing import is_old
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.state_words import level_ink
from wfconsole.tui.widgets.scroll_text import Section


def of_finding(frame: Frame, key: str, row: FindingRow) -> list[Section]:
    """All sections; without colour, and with its age, where it is not known to be so now."""
    finding = frame.view.judged.finding("findings", key)
    now: list[Line] = [
        (Span("  "), Span(finding.reason, level_ink(finding.level))),
        (Span(f"  {row.title or UNKNOWN}", "strong"),),
        (Span(f"  found by {row.product or UNKNOWN}"),),
    ]
    return [
        Section(heading(frame, "NOW"), [*_how_old(frame), *_inked(frame, now)]),
        Section(heading(frame, "RESOURCE"), _inked(frame, list(_resource(row)))),
        Section(heading(frame, "SEEN"), _inked(frame, list(_seen(frame, row)))),
        Section(heading(frame, "WHAT TO DO", "as the product says"), _inked(frame, in_place("  ", row.remedy or "--"))),
        Section(heading(frame, "ID"), _inked(frame, in_place("  ", row.id))),
    ]


def _resource(row: FindingRow) -> Iterator[Line]:
    yield from in_place("  ", row.resource or UNKNOWN)
    yield (Span(f"  {row.resource_type or UNKNOWN}   account {row.account or UNKNOWN}   {row.region}"),)
    if row.resources > 1:
        yield (Span(f"  and {row.resources - 1} more that are not shown here", "dim"),)


def _seen(frame: Frame, row: FindingRow) -> Iterator[Line]:
    times: tuple[tuple[str, Millis], ...] = (
        ("first seen", row.first_at),
        ("last seen", row.last_at),
        ("updated", row.updated_at),
    )
    for name, at in times:
        when = f"{frame.times.calendar(at)}   {age(frame.now - at)} ago" if at else UNKNOWN
        yield (Span(f"  {name:<12}", "dim"), Span(when))


def _how_old(frame: Frame) -> list[Line]:
    if not is_old(frame.view.world.quality("findings", frame.now)):
        return []
    how_old = age(frame.view.world.snapshots["findings"].age_ms(frame.now))
    return [(Span(f"  as it was {how_old} ago", "strong"),)]


def _inked(frame: Frame, lines: Sequence[Line]) -> list[Line]:
    return list(map(faded, lines)) if is_old(frame.view.world.quality("findings", frame.now)) else list(lines)
