"""Replicas: as the sender sees each of them, and as a standby sees itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfconsole.clock import Millis
from wfconsole.observations.replicas import NO_REPLICA, ReplicaRow
from wfconsole.sources.postgres.connection import Row, Session, statement
from wfconsole.sources.postgres.looking import PostgresPoll
from wfconsole.sources.sealing import seal
from wfconsole.text import safe


class ReplicasPoll(PostgresPoll):
    """All replicas that there are or should be."""

    def __init__(self, session: Session, interval_ms: Millis) -> None:
        super().__init__("replicas", session, interval_ms)

    def look(self) -> Mapping[str, bytes]:
        standby = self.rows(statement("standby"))
        senders = self.rows(statement("replicas"))
        expected = 0 if standby else self.session.settings.replicas
        rows = replica_rows(senders, standby, expected, self.standing.shift_ms)
        return {key: seal(row) for key, row in rows.items()}


def replica_rows(
    senders: Sequence[Row], standby: Sequence[Row], expected: int, shift_ms: Millis = 0
) -> dict[str, ReplicaRow]:
    """Rows by key. A missing replica is a row of its own: an empty list says nothing."""
    rows: dict[str, ReplicaRow] = {}
    for each in standby:
        rows["standby"] = ReplicaRow(
            name="this server",
            role="standby",
            state=each["receiver"] or "",
            lag_bytes=each["lag_bytes"],
            replayed_at=(each["replayed_at"] or shift_ms) - shift_ms,
            paused=each["paused"],
            receives=each["receiver"] is not None,
        )
    for each in senders:
        if each["state"] not in NO_REPLICA:
            key = _free(f"{safe(each['application'], 100)} {each['client']}".strip(), rows)
            rows[key] = _replica(each, shift_ms)
    found = sum(row.role == "replica" for row in rows.values())
    if found < expected:
        rows["missing"] = ReplicaRow(f"{expected - found} missing", "missing", found=found, expected=expected)
    return rows


def _replica(each: Row, shift_ms: Millis) -> ReplicaRow:
    return ReplicaRow(
        name=each["application"],
        client=each["client"],
        state=each["state"],
        sync=each["sync"],
        started_at=(each["started_at"] or shift_ms) - shift_ms,
        lag_bytes=None if each["lag_bytes"] is None else max(0, each["lag_bytes"]),
        lag_ms=each["lag_ms"],
    )


def _free(key: str, taken: Mapping[str, object]) -> str:
    """`key`, or `key #2`: standbys call themselves walreceiver unless they are told a name."""
    number, tried = 1, key
    while tried in taken:
        number += 1
        tried = f"{key} #{number}"
    return tried
