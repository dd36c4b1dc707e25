"""Pods: those that are not well, grouped by workload and worst first; and all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from wfconsole.observations.changes import short_image
from wfconsole.observations.levels import Finding, Level
from wfconsole.observations.pod_groups import LABELS, PodGroup, worst_first
from wfconsole.observations.pods import PodRow
from wfconsole.text import coarse_age, number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark

_COLUMNS: Final = (
    Column("", 1, keep=100),
    Column("POD", 24, grow=4, keep=99, keep_end=True),
    Column("READY", 5, keep=90),
    Column("STATUS", 16, grow=2, keep=95),
    Column("RST", 4, right=True, keep=85),
    Column("AGE", 4, right=True, keep=70),
    Column("NODE", 12, grow=1, keep=60),
    Column("NAMESPACE", 12, keep=40),
)
# Rows of groups have keys that no pod can have: a pod's key has no second slash.
_GROUP: Final = "group/"


class _PodRows(Listing):
    source = "pods"
    columns = _COLUMNS

    def cells(self, frame: Frame, key: str) -> Cells:
        return self._pod_cells(frame, key, "")

    def _pod_cells(self, frame: Frame, key: str, indent: str) -> Cells:
        row = frame.view.world.pods.get(key)
        if row is None:
            return tuple(Span("") for _ in _COLUMNS)
        finding = frame.view.judged.finding("pods", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(indent + row.name),
            Span(f"{row.ready_containers}/{row.all_containers}", level_ink(finding.level)),
            Span(_status(row, finding), level_ink(finding.level)),
            Span(str(row.restarts), "text" if row.restarts else "dim"),
            Span(coarse_age(frame.now - row.created_at if row.created_at else None), "dim"),
            Span(row.node or "--", "dim"),
            Span(row.namespace, "dim"),
        )

    def searched(self, frame: Frame, key: str) -> str:
        row = frame.view.world.pods.get(key)
        return "" if row is None else f"{key} {row.status} {row.node} {row.reason} {row.owner}".lower()

    def counts(self, frame: Frame) -> Line:
        tally = frame.view.judged.tally
        troubles = sorted(tally.kinds.items(), key=lambda item: -item[1])[:4]
        ready: tuple[Any, ...] = ((f" {number(tally.ready)}/{number(tally.total)} ready", "strong"),)
        return said(*ready, *(f"   {number(count)} {LABELS.get(kind, kind)}" for kind, count in troubles))

    def nothing(self, frame: Frame) -> str:
        return f"there are no pods{self.scope(frame)}"

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.pods.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("pods", key)
        owner = f"{row.owner_kind}/{row.owner}" if row.owner else "nobody"
        more = f"   {row.message}" if row.message not in finding.reason else ""
        return [
            row_line("ROW", (row.name, "strong"), f"   {row.namespace}   owner {owner}   {row.phase}"),
            row_line("why", (finding.reason or "healthy", level_ink(finding.level)), more),
            row_line("runs", f"{short_image(row.image) or '--'}   node {row.node or '--'}   {_last_end(row)}"),
            next_line(("Enter", "containers, events, logs"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("pods", key) if key in frame.view.world.pods else None


def _status(row: PodRow, finding: Finding) -> str:
    """The word that kubectl would print; where that is no trouble, or says how an evicted pod ended, the trouble."""
    if finding.level > Level.OK and (row.status == "Running" or finding.kind == "evicted"):
        return LABELS.get(finding.kind, row.status)
    return row.status


def _last_end(row: PodRow) -> str:
    ended = [box for box in row.containers if box.last_reason or box.last_exit_code is not None]
    if not ended:
        return ""
    box = max(ended, key=lambda item: item.last_finished_at)
    return (
        f"last ended {box.last_reason or 'Error'} exit {box.last_exit_code if box.last_exit_code is not None else '--'}"
    )


class UnhealthyPodsListing(_PodRows):
    """Workloads in trouble with their troubled pods below them, worst first."""

    title = "unhealthy"
    orders = ("worst", "name")

    def __init__(self) -> None:
        self._groups: Mapping[str, PodGroup] | None = None
        self._order = ""
        self._keys: list[str] = []
        self._of_group: dict[str, tuple[PodGroup, list[str]]] = {}

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        groups = frame.view.judged.groups
        if groups is not self._groups or order != self._order:
            self._groups, self._order = groups, order
            keys: list[str] = []
            troubled = worst_first(group for group in groups.values() if group.level > Level.OK)
            if order == "name":
                troubled = sorted(troubled, key=lambda group: (group.namespace, group.name))
            for group in troubled:
                if group.kind != "Pod":
                    keys.append(_GROUP + group.key)
                keys += self._troubled(group)
            if keys != self._keys:
                self._keys = keys
        return self._keys

    def _troubled(self, group: PodGroup) -> list[str]:
        """Its troubled pods, worst first: sorted once for as long as the group is the same."""
        known = self._of_group.get(group.key)
        if known is None or known[0] is not group:
            troubled = {key: finding for key, finding in group.troubled.items() if finding.level > Level.OK}
            known = group, sorted(troubled, key=lambda key: _rank(troubled[key], key))
            self._of_group[group.key] = known
        return known[1]

    def cells(self, frame: Frame, key: str) -> Cells:
        if not key.startswith(_GROUP):
            row = frame.view.world.pods.get(key)
            return self._pod_cells(frame, key, "  " if row is not None and row.owner else "")
        group = frame.view.judged.groups.get(key.removeprefix(_GROUP))
        if group is None:
            return tuple(Span("") for _ in _COLUMNS)
        ink = level_ink(group.level)
        return (
            mark(frame.glyphs, group.level),
            Span(group.name, "strong"),
            Span(f"{group.ready}/{group.total}", ink),
            Span(_reasons(group), ink),
            Span(""),
            Span(""),
            Span(group.kind, "dim"),
            Span(group.namespace, "dim"),
        )

    def searched(self, frame: Frame, key: str) -> str:
        if key.startswith(_GROUP):
            group = frame.view.judged.groups.get(key.removeprefix(_GROUP))
            return "" if group is None else f"{group.key} {_reasons(group)} {' '.join(group.troubled)}".lower()
        return super().searched(frame, key)

    def detail(self, frame: Frame, key: str) -> list[Line]:
        if not key.startswith(_GROUP):
            return super().detail(frame, key)
        group = frame.view.judged.groups.get(key.removeprefix(_GROUP))
        if group is None:
            return []
        return [
            row_line(
                "ROW", (f"{group.kind}/{group.name}", "strong"), f"   {group.namespace}   {counted(group.pods, 'pod')}"
            ),
            row_line("why", (group.worst.reason, level_ink(group.level)), f"   {_reasons(group)}"),
            _last_change(frame, group.key),
            next_line(("Enter", "the workload"), ("j", "to its pods"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        """The pod; of a group its workload, where that is listed."""
        if not key.startswith(_GROUP):
            return super().opens(frame, key)
        workload = key.removeprefix(_GROUP)
        return Opens("workloads", workload) if workload in frame.view.world.workloads else None

    def about(self, frame: Frame, key: str) -> str:
        return super().about(frame, key) if not key.startswith(_GROUP) else f"workloads {key.removeprefix(_GROUP)}"

    def nothing(self, frame: Frame) -> str:
        tally = frame.view.judged.tally
        if not tally.total:
            return super().nothing(frame)
        if tally.ready < tally.total:
            return f"none is in trouble; {number(tally.total - tally.ready)} not ready yet.   v shows all of them"
        return f"all {number(tally.ready)} pods are well.   v shows all of them"


def _rank(finding: Finding, key: str) -> tuple[int, int, str]:
    return (-finding.level, finding.since, key)


def _reasons(group: PodGroup) -> str:
    return ", ".join(f"{count} {LABELS.get(kind, kind)}" for kind, count in group.reasons)


def _last_change(frame: Frame, key: str) -> Line:
    """What changed at the workload last: the first question."""
    row = frame.view.world.workloads.get(key)
    if row is None or not row.revisions:
        return row_line("change", "--")
    newest = max(row.revisions, key=lambda revision: revision.number)
    last_made = max(revision.created_at for revision in row.revisions)
    ago = coarse_age(frame.now - last_made)
    # An old one again: some time after the one that it replaced was made.
    when = f"rolled back within {ago}" if newest.created_at < last_made else f"{ago} ago"
    images = ", ".join(short_image(image) for image in newest.images)
    return row_line("change", f"revision {newest.number} {when}   {images}   {newest.cause}")


class AllPodsListing(_PodRows):
    """Every pod there is."""

    title = "all"
    orders = ("worst", "name", "restarts", "age", "node")

    def __init__(self) -> None:
        self._sorted = SortedKeys()
        self._texts: dict[str, str] = {}
        self._texts_of: Mapping[str, PodRow] = {}

    def texts(self, frame: Frame, keys: Sequence[str]) -> Mapping[str, str]:
        del keys
        rows = frame.view.world.pods
        if rows is not self._texts_of:
            of, self._texts_of = self._texts_of.get, rows
            for key, row in rows.items():
                if of(key) is not row:
                    self._texts[key] = self.searched(frame, key)
            for key in self._texts.keys() - rows.keys():
                del self._texts[key]
        return self._texts

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("pods")
        findings = table.findings

        def rank(key: str, row: PodRow) -> tuple[Any, ...]:
            match order:
                case "name":
                    return (key,)
                case "restarts":
                    return (-row.restarts, key)
                case "age":
                    return (-row.created_at, key)
                case "node":
                    return (row.node, key)
                case _:
                    finding = findings.get(key)
                    return (-finding.level if finding is not None else 0, key)

        return self._sorted.keys(table.rows, findings, order, rank, table)
