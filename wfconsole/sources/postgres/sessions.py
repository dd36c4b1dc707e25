"""Sessions that matter, with their place in the lock tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.locks import with_tree
from wfconsole.observations.sessions import PREPARED, SessionRow, session_key
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.postgres.connection import Row, Session, statement
from wfconsole.sources.postgres.looking import PostgresPoll
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

LIMIT: Final = 500
# What lasts less than this is nobody's business.
_LEAST_S: Final = 5
_INSTANTS: Final = ("started_at", "xact_at", "query_at", "state_at", "waiting_at")
_UNKNOWN: Final = f"{PREPARED}/?"


class SessionsPoll(PostgresPoll):
    """Without pg_read_all_stats the server hides who waits, and says so by nothing at all."""

    def __init__(self, session: Session, interval_ms: Millis) -> None:
        super().__init__("sessions", session, interval_ms)
        self._cut_off = False

    def look(self) -> Mapping[str, bytes]:
        found = self.rows(statement("sessions"), {"least_s": _LEAST_S, "limit": LIMIT + 1})
        prepared = self.rows(statement("prepared"))
        self._cut_off = len(found) > LIMIT
        rows, blockers = session_rows(found[:LIMIT], prepared, self.standing.shift_ms)
        return {key: seal(row) for key, row in with_tree(rows, blockers).items()}

    def missing(self) -> tuple[Lack, ...]:
        said = f"the {LIMIT} sessions with the oldest transactions; there are more"
        return (Lack(said, "bounded"),) if self._cut_off else ()


def session_rows(
    found: Sequence[Row], prepared: Sequence[Row], shift_ms: Millis = 0
) -> tuple[dict[str, SessionRow], dict[str, set[str]]]:
    """Rows by key, and whom each waiter waits for. `shift_ms` turns the server's instants into ours."""
    keys = {row["pid"]: session_key(row["pid"], (row["started_at"] or 0) - shift_ms) for row in found}
    rows = {keys[row["pid"]]: _row_of(row, shift_ms) for row in found}
    holders: dict[int, set[str]] = {}
    for each in prepared:
        key = f"{PREPARED}/{safe(each['gid'], 200)}"
        rows[key] = _prepared(each, shift_ms)
        for pid in each["waiting"]:
            holders.setdefault(pid, set()).add(key)
    blockers: dict[str, set[str]] = {}
    for each in found:
        pid, those = each["pid"], each["blockers"]
        if those:
            named = {keys.get(one, f"{one}/?") for one in those if one}
            blockers[keys[pid]] = named | (holders.get(pid, {_UNKNOWN}) if 0 in those else set())
    if any(_UNKNOWN in those for those in blockers.values()):  # it ended, or began, between two answers
        rows[_UNKNOWN] = SessionRow(gid="?", state=PREPARED)
    return rows, blockers


def _row_of(row: Row, shift_ms: Millis) -> SessionRow:
    waits = bool(row["blockers"])
    instants = {name: row[name] - shift_ms for name in _INSTANTS if row[name] and (waits or name != "waiting_at")}
    return SessionRow(
        pid=row["pid"],
        backend=row["backend"],
        database=row["database"],
        user=row["username"],
        application=row["application"],
        client=row["client"],
        state=row["state"],
        wait=row["wait"],
        wants=row["wants"] if waits else "",
        query=row["query"] or "",
        **instants,
    )


def _prepared(row: Row, shift_ms: Millis) -> SessionRow:
    return msgspec.structs.replace(
        SessionRow(gid=safe(row["gid"], 200), state=PREPARED),
        user=row["username"],
        database=row["database"],
        transaction=row["transaction"],
        xact_at=row["prepared_at"] - shift_ms,
    )
