"""The cache server, and its keys by how they begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from wfconsole.observations.cache import CacheRow, KeysRow, keys_estimate, keys_known, memory_share, rate
from wfconsole.text import UNKNOWN, age, memory, number, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import (
    Cells,
    Column,
    Listing,
    SortedKeys,
    counted,
    next_line,
    row_line,
    said,
)
from wfconsole.tui.state_words import level_ink, mark


class CacheListing(Listing):
    """One row for each server."""

    title = "cache"
    source = "cache"
    orders: ClassVar = ("name",)
    columns = (
        Column("", 1, keep=100),
        Column("SERVER", 18, grow=1, keep=99),
        Column("MEMORY", 6, right=True, keep=98),
        Column("CLIENTS", 9, right=True, keep=95),
        Column("PING", 7, right=True, keep=90),
        Column("OPS", 8, right=True, keep=80),
        Column("HITS", 4, right=True, keep=60),
        Column("EVICT", 6, right=True, keep=85),
        Column("ROLE", 7, keep=70),
        Column("VERSION", 9, keep=40),
    )

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        del order
        return sorted(frame.view.world.cache)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.cache.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("cache", key)
        share = memory_share(row)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong"),
            Span(percent(share) if share is not None else memory(row.memory_used), level_ink(finding.level)),
            Span(f"{row.clients}/{row.max_clients or UNKNOWN}"),
            Span(_ping(row)),
            Span(f"{number(row.ops_per_s)}/s"),
            Span(percent(row.hit_ratio)),
            Span(rate(row.evicted_per_s)),
            Span(row.role or UNKNOWN),
            Span(row.version, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.cache.values()
        clients = sum(row.clients for row in rows)
        ops = sum(row.ops_per_s for row in rows)
        return said((f" {counted(clients, 'client')}", "strong"), f"   {number(ops)} commands/s")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.cache.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("cache", key)
        up = f"up since {frame.times.calendar(row.started_at)}" if row.started_at else "up since --"
        shard = "   one shard of a cluster" if row.clustered else ""
        return [
            row_line("ROW", (row.name, "strong"), f"   {row.product} {row.version}   {up}{shard}"),
            row_line("why", (finding.reason or "has room and answers", level_ink(finding.level))),
            row_line("memory", _memory(row)),
            row_line("errors", _trouble(row)),
            row_line("copies", _copies(row)),
            row_line("keys", _keyspace(row)),
            row_line("may", _permissions(row)),
            next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy")),
        ]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no cache servers"


class KeysListing(Listing):
    """One row for each beginning of keys; sessions first."""

    title = "sessions by prefix"
    source = "keys"
    orders: ClassVar = ("sessions", "count", "name")
    columns = (
        Column("PREFIX", 24, grow=1, keep=100),
        Column("KEYS", 12, right=True, keep=99),
        Column("COUNTED", 14, right=True, keep=90),
        Column("SHARE", 5, right=True, keep=70),
        Column("WALKED", 6, right=True, keep=60),
        Column("KIND", 8, keep=80),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        def rank(key: str, row: KeysRow) -> tuple[object, ...]:
            del key
            found = row.keys if row.keys is not None else row.so_far
            match order:
                case "name":
                    return (row.prefix,)
                case "count":
                    return (-found, row.prefix)
                case _:
                    return (not row.sessions, -found, row.prefix)

        table = frame.view.judged.rows("keys")
        return self._sorted.keys(table.rows, table.findings, order, rank)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.keys.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        return (
            Span(row.prefix, "strong" if row.sessions else "text"),
            Span(keys_known(row), "strong"),
            Span(_when(frame, row), "dim"),
            Span(percent(row.keys, row.total) if row.keys is not None else UNKNOWN),
            Span(percent(row.walked, row.total) if row.walked else "", "dim"),
            Span("sessions" if row.sessions else "", "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.keys.values()
        total = max((row.total for row in rows), default=0)
        sessions = [row for row in rows if row.sessions]
        whole = all(row.keys is not None for row in rows)
        found = sum(row.so_far if row.keys is None else row.keys for row in sessions)
        return said(
            (f" {number(found)}{'' if whole else '+'} {'session' if found == 1 and whole else 'sessions'}", "strong"),
            f"   of {counted(total, 'key')}{'' if whole else ', counting'}",
        )

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.keys.get(key)
        if row is None:
            return []
        estimate, when = keys_estimate(row), _when(frame, row)
        under_way = (
            f"{row.so_far:,} so far, {percent(row.walked, row.total)} of all keys seen" if row.walked else "not begun"
        )
        about = f"   by that share about {estimate:,}" if estimate is not None else ""
        return [
            row_line("ROW", (row.prefix, "strong"), f"   database {row.database}"),
            row_line(
                "keys",
                (keys_known(row), "strong"),
                f"   {when if row.keys is None else f'counted {when}'}",
            ),
            row_line("count", f"{under_way}{about}"),
            row_line("all", f"{counted(row.total, 'key')} in this database"),
            next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy")),
        ]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no keys"


def _when(frame: Frame, row: KeysRow) -> str:
    """How old the count is, by its own clock or that of the look which ended it."""
    if row.keys is None:
        return "counting"
    snapshot = frame.view.world.snapshots["keys"]
    at = row.counted_at or snapshot.good_at
    return f"{age(frame.now - at)} ago" if at else UNKNOWN


def _ping(row: CacheRow) -> str:
    return UNKNOWN if row.ping_ms is None else f"{row.ping_ms:.1f} ms" if row.ping_ms < 100 else f"{row.ping_ms:.0f} ms"


def _memory(row: CacheRow) -> str:
    if not row.memory_max:
        return f"{memory(row.memory_used)} used, no limit   host has {memory(row.memory_of_host or None)}"
    share = percent(memory_share(row))
    return f"{memory(row.memory_used)} of {memory(row.memory_max)}, {share}   {row.policy or UNKNOWN}"


def _trouble(row: CacheRow) -> str:
    words = ", ".join(f"{count:,} {word}" for word, count in sorted(row.write_errors.items())) or "0"
    evicted = f"evicted {row.evicted:,} ({rate(row.evicted_per_s)})"
    rejected = f"rejected {row.rejected:,} ({rate(row.rejected_per_s)})"
    disk = f"   disk: {', '.join(row.disk_errors)}" if row.disk_errors else ""
    return f"{evicted}   {rejected}   failed writes {words} ({rate(row.write_errors_per_s)}){disk}"


def _copies(row: CacheRow) -> str:
    if row.role == "replica":
        state = "up" if row.link_up else "syncing" if row.syncing else "down"
        return f"replica of {row.master}, link {state}   {counted(row.replicas, 'replica')} of its own"
    return f"{row.role or UNKNOWN}   {counted(row.replicas, 'replica')}   {counted(row.blocked, 'blocked client')}"


def _keyspace(row: CacheRow) -> str:
    each = (f"{name} {space.keys:,} ({space.expires:,} expire)" for name, space in sorted(row.keyspace.items()))
    return "   ".join(each) or "none"


def _permissions(row: CacheRow) -> str:
    """What the user of the actions may do, and why not."""
    if row.commands is None:
        return UNKNOWN
    who = f"{row.commands_for}: " if row.commands_for else ""
    may = ", ".join(command.name for command in row.commands if not command.refused) or "none of these"
    not_ = "; ".join(f"{command.name}: {command.refused}" for command in row.commands if command.refused)
    return f"{who}{may}{f'   not {not_}' if not_ else ''}"
