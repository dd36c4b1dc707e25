"""The one session that an action is about, as the server describes it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from wfconsole.actions.asked import whole_number
from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.postgres.server import Database, Standing, statement
from wfconsole.clock import SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Observed, Permission, Request
from wfconsole.incident.wording import spell_duration
from wfconsole.observations.sessions import IDLE_IN_TRANSACTION, session_key
from wfconsole.redaction import redact_text
from wfconsole.sources.contract import SourceError
from wfconsole.text import calendar_time, safe

KIND: Final = "session"
How = Literal["cancel", "terminate"]
_MOST_PID: Final = 2**31 - 1
_START: Final = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::?\d\d)?)")
# Clocks that differ by less are called the same, as the sources do.
_CLOCKS_DIFFER: Final[Millis] = 2 * SECOND


class Target(msgspec.Struct, frozen=True):
    """See `sql/session.sql`. Instants with an `_at` are milliseconds of the server's clock."""

    pid: int
    start: str
    started_at: Millis
    backend: str
    database: str
    username: str
    application: str
    client: str
    state: str
    wait: str
    xact: str | None
    xact_at: Millis | None
    query_start: str | None
    query_at: Millis | None
    state_at: Millis | None
    query: str
    writes: bool
    ours: bool
    superuser: bool
    replicates: bool
    never: str
    same_role: bool
    may_end: bool
    may_cancel: bool
    locks: int
    relations: tuple[str, ...]
    building: str

    @property
    def key(self) -> str:
        """As the tree calls it."""
        return session_key(self.pid, self.started_at)

    @property
    def idles_in_transaction(self) -> bool:
        return self.state.startswith(IDLE_IN_TRANSACTION)

    @property
    def who(self) -> str:
        """`checkout-api as wf_app from 10.0.0.7`"""
        client = f" from {self.client}" if self.client else ""
        return f"{called(self.application) or 'no name'} as {safe(self.username, 63)}{client}"

    def doing(self, clock_ms: Millis) -> str:
        """`idle in transaction for 17 min`, by the server's clock."""
        since = self.query_at if self.state == "active" else self.state_at
        lasts = "" if since is None else f" for {spell_duration(clock_ms - since)}"
        return f"{self.state or self.backend or 'hidden from us'}{lasts}"

    def transaction(self, clock_ms: Millis) -> str:
        """`17 min 55 s`; "" where it has none."""
        return "" if self.xact_at is None else spell_duration(clock_ms - self.xact_at)

    def seen(self, clock_ms: Millis) -> Observed:
        return Observed(f"session {self.pid}", f"{self.who}, {self.doing(clock_ms)}", self.start)


def called(application: str) -> str:
    """What an application calls itself, which may be anything."""
    return redact_text(safe(application, 60))


def pid_of(aim: Aim) -> int:
    """The pid that an aim names; 0 stands for a prepared transaction, as the server itself writes it. Raises
    BadRequestError."""
    if aim.kind != KIND:
        raise BadRequestError(f"{aim.kind} {safe(aim.name, 60)}: this is done to a session")
    pid = whole_number(aim.name, 0, _MOST_PID)
    if pid is None:
        raise BadRequestError(f"session {safe(aim.name, 60)!r}: name it by its pid, such as 3321")
    return pid


def find(database: Database, pid: int, never: tuple[str, ...]) -> Target | None:
    """The session that has this pid now; None where there is none, or where the server hides it from us. Raises
    SourceError."""
    found = database.rows(statement("session"), {"pid": pid, "never": like(never)})
    return convert(found[0], Target) if found and found[0]["start"] is not None else None


def like(patterns: tuple[str, ...]) -> list[str]:
    """Patterns such as `pg_dump*` as those of ILIKE."""
    return [
        re.sub(r"[\\%_]", r"\\\g<0>", pattern).replace("*", "%").replace("?", "_") for pattern in patterns
    ]  # fmt: skip


class Start(msgspec.Struct, frozen=True):
    """When somebody says that the session began; `exact`: to the microsecond, as the server writes it."""

    at: datetime
    exact: bool

    def is_of(self, target: Target, clock_ms: Millis, now: Millis) -> bool:
        """Whether it is this session's. A screen shows milliseconds, by our clock where the server's is off."""
        began = _instant(target.start).at
        if self.exact:
            return began == self.at
        shift = timedelta(milliseconds=clock_ms - now)
        return min(abs(began - self.at), abs(began - shift - self.at)) < timedelta(milliseconds=_CLOCKS_DIFFER)


def start_of(request: Request) -> Start | None:
    """Which session is meant by its start; None where nobody says. Raises BadRequestError."""
    said = request.parameters.get("backend_start", "").strip()
    return _instant(said) if said else None


def how_of(request: Request, target: Target | None) -> How:
    """What is to be done: as it was asked, or what fits. Raises BadRequestError."""
    said = request.parameters.get("how", "")
    if said == "cancel":
        return "cancel"
    if said == "terminate":
        return "terminate"
    if said:
        raise BadRequestError(f"how {safe(said, 40)!r}: cancel (its statement) or terminate (its session)")
    return "cancel" if target is not None and target.state == "active" else "terminate"


def right_to_signal(target: Target, standing: Standing, how: How) -> Permission:
    """Whether we may end it, as the server says: its own roles', with pg_signal_backend any but a superuser's."""
    from wfconsole.actions.postgres.server import identifier

    told = f"{how} sessions of {safe(target.username, 63)} (pg_signal_backend)"
    function, executes = (
        ("pg_cancel_backend", target.may_cancel) if how == "cancel" else ("pg_terminate_backend", target.may_end)
    )
    ours = identifier(standing.role)
    if not executes:
        return Permission(f"EXECUTE of {function}", False, f"GRANT EXECUTE ON FUNCTION {function} TO {ours};")
    if standing.superuser:
        return Permission(told, True)
    if target.superuser:
        return Permission(f"{how} a superuser's session: only a superuser may", False)
    if target.same_role or "pg_signal_backend" in standing.held:
        return Permission(told, True)
    return Permission(told, False, f"GRANT pg_signal_backend TO {ours};")


def another(target: Target | None, pid: int, start: Start) -> str:
    """Why the session that was meant is not there any more."""
    meant = calendar_time(round(start.at.timestamp() * 1000))
    if target is None:
        return f"session {pid} of {meant} is gone: it ended by itself, or somebody ended it"
    return (
        f"pid {pid} is another session now: it began at {target.start} ({target.who}), the one that was meant at"
        f" {meant}: that one is gone"
    )


def refused_late(database: Database, pid: int, start: str, never: tuple[str, ...]) -> str:
    """Why the server found nothing to end."""
    try:
        target = find(database, pid, never)
    except SourceError as error:
        return f"session {pid} is not as it was in the plan; what it is now is not known: {error.message}"
    if target is None or target.start != start:
        return another(target, pid, _instant(start))
    return f"session {pid} is not as it was in the plan: {target.who}, {safe(target.state, 60) or 'nobody knows'} now"


def _instant(said: str) -> Start:
    match = _START.fullmatch(said)
    if match is None:
        raise BadRequestError(
            f"backend_start {safe(said, 60)!r}: as pg_stat_activity has it, with its zone, such as"
            " 2026-03-01T14:32:07.123456Z"
        )
    seconds, fraction, zone = match.groups()
    zone = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[3:].strip(':') or '00'}"
    try:
        at = datetime.fromisoformat(f"{seconds}.{(fraction or '').ljust(6, '0')}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequestError(f"backend_start {safe(said, 60)!r}: there is no such instant") from None
    return Start(at, len(fraction or "") > 3)
