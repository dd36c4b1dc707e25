"""Sessions of the database that matter: who waits for a lock, who holds it, idle transactions, long queries."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.ladder import PLAIN, Rung, Weighed, climb
from wfconsole.observations.levels import HEALTHY, Finding, Level

IDLE_IN_TRANSACTION: Final = "idle in transaction"
PREPARED: Final = "prepared"
_MANY: Final = 10
# Locks that are waited for less than two seconds are a busy database's daily life.
_HOLDS_UP: Final = (
    Rung(0, Level.OK),
    Rung(2 * SECOND, Level.WATCH),
    Rung(10 * SECOND, Level.WARNING),
    Rung(MINUTE, Level.CRITICAL),
)
_HOLDS_UP_MANY: Final = (Rung(0, Level.OK), Rung(2 * SECOND, Level.WARNING), Rung(15 * SECOND, Level.CRITICAL))
_WAITS: Final = (Rung(0, Level.OK), Rung(2 * SECOND, Level.WATCH), Rung(MINUTE, Level.WARNING))
_LASTS: Final = (Rung(0, Level.OK), Rung(MINUTE, Level.WATCH), Rung(5 * MINUTE, Level.WARNING))


class SessionRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One session. Key: "PID/START" (its start in milliseconds), because the server uses pids again; "prepared/GID" for
    a prepared transaction, which has no session.

    Locks: `blocked_by` names those it waits for (at most eight keys of `blockers`), `under` the deepest of them in the
    tree; `behind` counts all who wait for it, directly or not, the first of them since `held_since`. `cycle`: it waits
    for itself in the end.
    """

    pid: int = 0
    started_at: Millis = 0
    gid: str = ""
    backend: str = ""
    database: str = ""
    user: str = ""
    application: str = ""
    client: str = ""
    state: str = ""
    wait: str = ""
    wants: str = ""
    xact_at: Millis = 0
    query_at: Millis = 0
    state_at: Millis = 0
    waiting_at: Millis = 0
    query: str = ""
    transaction: str = ""
    blocked_by: tuple[str, ...] = ()
    blockers: int = 0
    under: str = ""
    behind: int = 0
    held_since: Millis = 0
    cycle: bool = False


def session_key(pid: int, started_at: Millis) -> str:
    return f"{pid}/{started_at}"


def name_of(row: SessionRow) -> str:
    """`pid 3321`, or what a prepared transaction is called."""
    return f"prepared {row.gid}" if row.state == PREPARED else f"pid {row.pid}"


def in_locks(row: SessionRow) -> bool:
    """Whether it waits for a lock, or is waited for."""
    return bool(row.behind or row.blockers)


def is_root(row: SessionRow) -> bool:
    """Whether others wait for it while it waits for nobody: what must end for the rest to go on."""
    return row.behind > 0 and not row.blockers


def is_idle_in_transaction(row: SessionRow) -> bool:
    return row.state.startswith(IDLE_IN_TRANSACTION)


def busy_since(row: SessionRow) -> Millis:
    """Since when it is as it is: idle, running, or prepared."""
    if row.state == PREPARED:
        return row.xact_at
    return row.state_at if is_idle_in_transaction(row) else row.query_at


def lasts(row: SessionRow, now: Millis) -> bool:
    """Whether it has been as it is for a minute."""
    return now - busy_since(row) >= MINUTE


def judge_session(row: SessionRow, now: Millis) -> Finding:
    return weigh_session(row, now)[0]


def weigh_session(row: SessionRow, now: Millis) -> Weighed:
    """The worst that can be said of one session, and when time alone may change it."""
    if row.cycle:
        return Finding(Level.WARNING, "waits for itself in a circle", "deadlock", row.waiting_at), 0
    if is_root(row):
        rungs = _HOLDS_UP_MANY if row.behind >= _MANY else _HOLDS_UP
        verb = "waits" if row.behind == 1 else "wait"
        return _climbed(rungs, row.held_since, now, f"{row.behind} {verb} for it, {doing(row)}", "blocks")
    if row.blockers:
        return _climbed(_WAITS, row.waiting_at, now, f"waits for {row.wants or 'a lock'}", "waits")
    if row.state == PREPARED:
        return _climbed(_LASTS, row.xact_at, now, "prepared, neither committed nor rolled back", PREPARED)
    if is_idle_in_transaction(row):
        return _climbed(_LASTS, row.state_at, now, row.state, IDLE_IN_TRANSACTION)
    if row.state == "active":
        return _climbed(_LASTS, row.query_at, now, "runs one query", "long query")
    return PLAIN


def doing(row: SessionRow) -> str:
    """What it does, in the server's words where there are any."""
    if row.state == PREPARED:
        return "a prepared transaction"
    return row.state or row.backend or "nobody knows what it does"


def remedy(row: SessionRow) -> str:
    """What ends it, and what does not; "" where nobody waits for it."""
    if row.state == PREPARED:
        gid = row.gid.replace("'", "''")
        return f"only its owner ({row.user or 'unknown'}) or a superuser can end it: ROLLBACK PREPARED '{gid}'"
    if is_idle_in_transaction(row):
        return "cancelling does nothing to it, since it runs nothing: its session must end, or its transaction"
    if row.blockers:
        return "ending it frees only those behind it: look at the root"
    return "cancel its query first; where that does not help, end its session" if row.behind else ""


def _climbed(rungs: tuple[Rung, ...], since: Millis, now: Millis, reason: str, kind: str) -> Weighed:
    finding, until = climb(rungs, since, now, reason, kind)
    return (finding if finding.level else HEALTHY), until
