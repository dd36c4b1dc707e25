"""The application's log of logins. Its table and columns are what the configuration says, and are looked up first."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from wfconsole.clock import MINUTE, Millis, SystemClock
from wfconsole.config.systems import AuthSettings
from wfconsole.observations.auth import SPRAYED_USERS, AuthRow
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.choice import Way, chosen_source
from wfconsole.sources.contract import Part, Source, SourceError
from wfconsole.sources.postgres.connection import Row, Session, statement
from wfconsole.sources.postgres.looking import SessionPoll, Standing, stand
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

if TYPE_CHECKING:
    from psycopg import sql

LISTED: Final = 50  # users, and sources
MOST_ATTEMPTS: Final = 200_000  # that one look goes through
RECENT_MINUTES: Final = 5  # what "a minute" is the average of
_STRETCH_MS: Final[Millis] = RECENT_MINUTES * MINUTE
_TIMES: Final = ("timestamp with time zone", "timestamp without time zone")


def auth_source(
    session: Session, settings: AuthSettings, every_ms: Mapping[str, Millis], logins: Way | None
) -> list[Source]:
    """The source, where a table is named. `logins` stands in for it."""
    if not settings.configured:
        return []
    usual = UsualPoll(session, settings, every_ms["auth"])
    poll = AuthPoll(session, settings, every_ms["auth"], usual)
    more = (Part(usual, "extra", "the usual rate"),)
    logged = Way(poll, poll.table, "from the log of logins", more, lacks=poll.lacks, facts=poll.facts)
    return [chosen_source("auth", poll.interval_ms, logged, logins)]


class Log:
    """The log as it really is on this server: which columns there are, and the statements that fit them."""

    def __init__(self, settings: AuthSettings, columns: Sequence[Row]) -> None:
        """Raises SourceError where something that is needed is not there, or is not ours to read."""
        self._settings = settings
        self._columns = {column["name"]: column for column in columns}
        if not columns:
            raise SourceError(
                "not-served",
                f"there is no table {settings.table}",
                remedy="Name the log of logins in auth.table, with its schema.",
            )
        for key in ("user_column", "result_column", "time_column"):
            self._require(key, getattr(settings, key))
        if self._type(settings.time_column) not in _TIMES:
            kind = safe(self._type(settings.time_column), 60)
            raise SourceError(
                "configuration",
                f"{settings.table}.{settings.time_column} is {kind}, no timestamp",
                remedy="Name a column with a timestamp in auth.time_column, or a view that has one.",
            )
        self.hidden = self._why_no_source()

    def statement(self, name: str) -> str:
        """The SQL of `sql/NAME.sql` with the names in it, quoted."""
        from psycopg import sql

        settings = self._settings
        at = sql.Identifier(settings.time_column)
        zoned = self._type(settings.time_column) == _TIMES[0]
        named = {
            "table": sql.Identifier(*settings.table.split(".")),
            "user": sql.Identifier(settings.user_column),
            "result": sql.Identifier(settings.result_column),
            "time": at,
            "source": self._source(),
            # The column stays bare in the comparison, so that its index serves.
            "now": sql.SQL("now()" if zoned else "(now() AT TIME ZONE 'UTC')"),
            "first_failed_ms": _instant("first_failed"),
            "last_failed_ms": _instant("last_failed"),
            "succeeded_ms": _instant("succeeded_at"),
            "first_at_ms": _instant("min(at) FILTER (WHERE failed)"),
            "last_at_ms": _instant("max(at) FILTER (WHERE failed)"),
        }
        return sql.SQL(statement(name)).format(**named).as_string(None)

    def _source(self) -> sql.Composable:
        from psycopg import sql

        if self.hidden is not None:
            return sql.SQL("NULL::text")
        column = sql.Identifier(self._settings.address_column)
        # host() leaves out the length of the net, which an address of a client has by accident only.
        form = "host({})" if self._type(self._settings.address_column) == "inet" else "left({}::text, 200)"
        return sql.SQL(form).format(column)

    def _require(self, key: str, name: str) -> None:
        table = self._settings.table
        if name not in self._columns:
            there = safe(", ".join(list(self._columns)[:20]), 200)
            raise SourceError(
                "configuration", f"{table} has no column {name}", remedy=f"Set auth.{key} to one of {there}."
            )
        if not self._columns[name]["readable"]:
            raise SourceError(
                "denied",
                f"{table}.{name} is not ours to read",
                remedy=f"GRANT SELECT ON {table} TO the monitoring role.",
                right=f"SELECT {table}.{name}",
            )

    def _why_no_source(self) -> Lack | None:
        """Why nothing is known by source; None where it is."""
        table, name = self._settings.table, self._settings.address_column
        if not name:
            return Lack("sources are hidden: auth.address_column names no column")
        if name not in self._columns:
            return Lack(f"sources are hidden: {table} has no column {name}")
        if not self._columns[name]["readable"]:
            said, grant = f"sources are hidden: {table}.{name} is not ours to read", f"GRANT SELECT ({name}) ON {table}"
            return Lack(said, "permission", f"{grant} TO the monitoring role", f"SELECT {table}.{name}")
        return None

    def _type(self, name: str) -> str:
        return str(self._columns[name]["type"])


class _LogPoll(SessionPoll):
    """A look at the log."""

    def __init__(self, name: str, session: Session, settings: AuthSettings, interval_ms: Millis) -> None:
        super().__init__(name, session, interval_ms)
        self.settings = settings

    def log(self) -> Log:
        """Looked up each time: it costs a millisecond, and a grant is noticed at once."""
        from psycopg import sql

        quoted = sql.Identifier(*self.settings.table.split(".")).as_string(None)
        return Log(self.settings, self.rows(statement("auth-columns"), {"table": quoted}))

    def explain(self, error: Exception) -> SourceError:
        state = getattr(error, "sqlstate", None)
        table = self.settings.table
        if state == "42501":
            return SourceError(
                "denied",
                f"{table}: {safe(' '.join(str(error).split()), 200)}",
                remedy=f"GRANT SELECT ON {table} TO the monitoring role.",
                right=f"SELECT {table}",
            )
        if state == "57014":
            said = f"{table}: the attempts of {self.settings.window_minutes} minutes were not counted in time"
            return SourceError("timeout", said, remedy=f"An index on {self.settings.time_column} makes this quick.")
        return super().explain(error)


class UsualPoll(_LogPoll):
    """What is usual: the median stretch of five minutes in the three windows before this one. Read once a stretch."""

    def __init__(self, session: Session, settings: AuthSettings, interval_ms: Millis) -> None:
        super().__init__("usual failed logins", session, settings, interval_ms)
        self.interval_ms = max(interval_ms, _STRETCH_MS)
        self.per_minute: float | None = None

    def read(self) -> None:
        minutes = self.settings.window_minutes
        values = {"minutes": minutes, "most": MOST_ATTEMPTS, "failed": list(self.settings.failed_values)}
        (found,) = self.rows(self.log().statement("auth-usual"), values)
        whole = found["reaches"] and found["looked_at"] < MOST_ATTEMPTS
        self.per_minute = usual_per_minute(found["counts"], minutes) if whole else None


class AuthPoll(_LogPoll):
    """Fills `table` with the worst users and sources of the window, and one row about all of it."""

    def __init__(self, session: Session, settings: AuthSettings, interval_ms: Millis, usual: UsualPoll) -> None:
        super().__init__("logins", session, settings, interval_ms)
        self._usual = usual
        self._lacks: tuple[Lack, ...] = ()
        self._standing = Standing()

    def read(self) -> None:
        settings, log = self.settings, self.log()
        # The log has the times of the server's clock.
        self._standing = stand(self._standing, self.rows(statement("standing"))[0], SystemClock().now())
        found = self.rows(
            log.statement("auth"),
            {
                "failed": list(settings.failed_values),
                "success": list(settings.success_values),
                "minutes": settings.window_minutes,
                "minimum": settings.minimum_failures,
                "recent": RECENT_MINUTES,
                "most": MOST_ATTEMPTS,
                "listed": LISTED,
                "many": SPRAYED_USERS,
            },
        )
        shift = self._standing.shift_ms
        rows = auth_rows(found, settings, self._usual.per_minute, sources_known=log.hidden is None, shift_ms=shift)
        self.keep({key: seal(row) for key, row in rows.items()})
        lacks = [log.hidden] if log.hidden is not None else []
        if any(row["looked_at"] >= MOST_ATTEMPTS for row in found):
            lacks.insert(0, Lack(f"only the newest {MOST_ATTEMPTS:,} attempts were counted", "bounded"))
        self._lacks = tuple(lacks)

    def lacks(self) -> tuple[Lack, ...]:
        return self._lacks

    def facts(self) -> Mapping[str, str]:
        return self.session.facts(self._standing.shift_ms)


def auth_rows(
    found: Sequence[Row], settings: AuthSettings, usual: float | None, *, sources_known: bool, shift_ms: Millis = 0
) -> dict[str, AuthRow]:
    """The rows of what `auth.sql` gave, by key. `shift_ms`: how far the server's clock is ahead of ours."""
    rows: dict[str, AuthRow] = {}
    listed = {row["by"]: row["listed"] for row in found}
    for row in found:
        by: Literal["user", "source", "all"] = row["by"]
        common: dict[str, Any] = {
            "by": by,
            "name": safe(row["name"], 200),
            "failed": row["failed"],
            "succeeded": row["succeeded"],
            "first_failed_at": (row["first_failed_ms"] or shift_ms) - shift_ms,
            "last_failed_at": (row["last_failed_ms"] or shift_ms) - shift_ms,
            "window_minutes": settings.window_minutes,
        }
        if by == "all":
            rows["all"] = AuthRow(
                **common,
                users=row["others"],
                users_listed=listed.get("user", 0),
                sources=row["sources"] if sources_known else None,
                sources_listed=listed.get("source", 0),
                per_minute=row["recent"] / RECENT_MINUTES,
                usual_per_minute=usual,
            )
            continue
        rows[f"{by}/{common['name']}"] = AuthRow(
            **common,
            others=row["others"] if by == "source" or sources_known else None,
            failed_before_success=row["failed_before_success"],
            succeeded_at=(row["succeeded_ms"] or shift_ms) - shift_ms,
        )
    return rows


def usual_per_minute(counts: Sequence[int], window_minutes: int) -> float:
    """The median of all stretches of three windows; `counts` are those in which something failed."""
    stretches = max(len(counts), 3 * window_minutes // RECENT_MINUTES)
    return statistics.median([*counts, *[0] * (stretches - len(counts))]) / RECENT_MINUTES


def _instant(expression: str) -> sql.Composable:
    """Milliseconds since 1970. A time without a zone counts as UTC."""
    from psycopg import sql

    return sql.SQL(f"(extract(epoch FROM {expression}) * 1000)::bigint")
