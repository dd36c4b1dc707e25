"""What changed recently, newest first: the first thing to look at when something broke."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.observations.changes import Change
from wfconsole.observations.levels import Level
from wfconsole.text import age, coarse_age
from wfconsole.tui.frame import CHANGES_WINDOW, Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, counted, next_line, row_line, said


class ChangesListing(Listing):
    """Rollouts, restarts, moves of replicas and of autoscalers within the last hour."""

    title = "changes"
    source = "workloads"
    orders = ("newest", "name")
    columns = (
        Column("AT", 9, keep=100),
        Column("AGO", 4, right=True, keep=80),
        Column("KIND", 8, keep=70),
        Column("WHAT CHANGED", 30, grow=1, keep=99),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self) -> None:
        self._changes: dict[str, Change] = {}
        self._keys: list[str] = []

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        found = frame.changes_within(CHANGES_WINDOW)
        if order == "name":
            found = tuple(sorted(found, key=lambda change: change.subject.partition("/")[2]))
        self._changes = {_key(change): change for change in found}
        keys = list(self._changes)
        if keys != self._keys:
            self._keys = keys
        return self._keys

    def cells(self, frame: Frame, key: str) -> Cells:
        change = self._changes[key]
        namespace = _namespace(change)
        return (
            Span(frame.times.column(change.at), "strong" if change.at >= frame.incident_since else "dim"),
            Span(coarse_age(frame.now - change.at), "dim"),
            Span(change.kind, "watch" if change.kind in ("rollout", "bounds") else "text"),
            Span(change.text.removeprefix(f"{namespace}/")),
            Span(namespace, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        del frame
        found = len(self._changes)
        return said((f" {counted(found, 'change')}", "strong"), f" within the last {age(CHANGES_WINDOW)}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        change = self._changes.get(key)
        if change is None:
            return []
        finding = frame.view.judged.finding("workloads", change.subject)
        now_is = finding.reason or "as many ready as desired"
        return [
            row_line("ROW", (change.subject, "strong"), f"   {age(frame.now - change.at)} ago"),
            row_line("before", change.before or "--"),
            row_line("after", change.after or "--"),
            row_line("now", (now_is, "strong" if finding.level > Level.OK else "text")),
            next_line(("Enter", "what it is now"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        """What changed, as it is now."""
        change = self._changes.get(key)
        if change is None:
            return None
        world = frame.view.world
        if change.subject in world.workloads:
            return Opens("workloads", change.subject)
        return Opens("hpas", change.subject) if change.subject in world.hpas else None

    def about(self, frame: Frame, key: str) -> str:
        del frame
        change = self._changes.get(key)
        return f"change {change.subject}" if change is not None else ""

    def nothing(self, frame: Frame) -> str:
        return f"no change is known of the last {age(CHANGES_WINDOW)}{self.scope(frame)}"


def _key(change: Change) -> str:
    """A rollback that nobody saw has the instant of what it replaced; several bounds can be moved at once."""
    return f"{change.at} {change.kind} {change.revision} {change.subject} {change.text}"


def _namespace(change: Change) -> str:
    parts = change.subject.split("/")
    return parts[1] if len(parts) == 3 else ""
