"""What there is to say about a row of which its list tells all that is known: the same in full, with what else belongs
to it, and how it was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from wfconsole.clock import SECOND
from wfconsole.observations.board import pane_of
from wfconsole.observations.pods import PodRow
from wfconsole.observations.statements import StatementRow
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.text import UNKNOWN, age, fit
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings import listings_of
from wfconsole.tui.listings.listing import Listing
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.panes.row_parts import (
    doubted,
    events_section,
    judged_line,
    now_section,
    told_section,
    troubled_pods,
)
from wfconsole.tui.widgets.scroll_text import Section

_TITLE_CELLS: Final = 12


def plain_sections(frame: Frame, source: str, key: str, row: Any) -> list[Section]:
    """How it stands, every column, what belongs to it, and how old all of it is."""
    listing = _listing_of(source)
    told = [_besides(line) for line in listing.detail(frame, key)]
    now = [judged_line(frame, source, key, "nothing is wrong with it"), *((Span(" "), *line) for line in told if line)]
    more = _MORE.get(source)
    return [
        now_section(frame, source, now),
        told_section(frame, source, heading(frame, "IN THE LIST"), list(_columns(frame, listing, key))),
        *(more(frame, key, row) if more is not None else ()),
        Section(heading(frame, "HOW IT WAS SEEN"), list(_seen(frame, source))),
    ]


def _besides(line: Line) -> Line:
    """A line of the block below the list, but for what it says elsewhere: the judgement, and keys of the list."""
    match line[0].text.strip():
        case "NEXT":
            return ()
        case "why":
            return (line[0], *line[2:]) if len(line) > len(("why", "judgement")) else ()
    return line


@cache
def _listing_of(source: str) -> Listing:
    return next(each for each in listings_of(pane_of(source)) if each.source == source)


def _columns(frame: Frame, listing: Listing, key: str) -> Iterator[Line]:
    for column, cell in zip(listing.columns, listing.cells(frame, key), strict=True):
        if column.title and cell.text:
            yield (Span(f"  {fit(column.title.lower(), _TITLE_CELLS)}", "dim"), Span(cell.text, cell.ink))


def _seen(frame: Frame, source: str) -> Iterator[Line]:
    """Its age, and what looking costs."""
    snapshot = frame.view.world.snapshots[source]
    when = age(snapshot.age_ms(frame.now)) if snapshot.good_at is not None else UNKNOWN
    yield (Span(f"  {when} ago"), Span(f"   looked at every {snapshot.interval_ms / SECOND:g} s", "dim"))
    yield (Span(f"  a look takes {snapshot.took_ms} ms", "dim"),)
    yield from doubted(frame, source, "this")
    for name, words in snapshot.facts.items():
        yield (Span(f"  {fit(name, _TITLE_CELLS)}", "dim"), Span(words))


def _of_workload(frame: Frame, _key: str, row: WorkloadRow) -> Sequence[Section]:
    """Its pods that are not well, and its events."""

    def owned(pod: PodRow) -> bool:
        return (pod.owner_kind, pod.namespace, pod.owner) == (row.kind, row.namespace, row.name)

    return (
        troubled_pods(frame, "of this workload", owned),
        events_section(frame, row.kind, row.namespace, row.name),
    )


def _of_statement(frame: Frame, _key: str, row: StatementRow) -> Sequence[Section]:
    text = in_place("  ", row.query or "its text is hidden from us", most=1_000)
    return (told_section(frame, "statements", heading(frame, "QUERY"), text),)


_MORE: Final[dict[str, Callable[[Frame, str, Any], Sequence[Section]]]] = {
    "workloads": _of_workload,
    "statements": _of_statement,
}
