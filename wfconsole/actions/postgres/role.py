"""One role of the database and its password: who it is, whether a password logs in, and giving it another one."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wfconsole.actions.contract import Unknown
from wfconsole.actions.postgres.connecting import Connection
from wfconsole.actions.postgres.server import Database
from wfconsole.clock import Millis
from wfconsole.config.systems import DatabaseSettings
from wfconsole.secret import Secret
from wfconsole.sources.contract import SourceError
from wfconsole.sources.postgres import failures
from wfconsole.text import safe

# "yes" and "no": the server has asked for the password and has said so. "unchecked": it lets the role in without.
Answer = Literal["yes", "no", "unchecked", "unknown"]

_LISTED: Final = 20

_FACTS: Final = """
SELECT r.rolname::text AS name, r.rolcanlogin AS logs_in, r.rolsuper AS superuser, r.rolconnlimit AS most,
       to_char(nullif(r.rolvaliduntil, 'infinity') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS until,
       pg_is_in_recovery() AS standby, current_database()::text AS database,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at,
       ARRAY(SELECT o.rolname::text FROM pg_roles o WHERE o.rolcanlogin AND o.rolname <> r.rolname
              AND o.rolname IN (r.rolname || '_clone', regexp_replace(r.rolname, '_clone$', ''))) AS others
  FROM pg_roles r WHERE r.rolname = %(role)s
"""
_SESSIONS: Final = """
SELECT application_name AS application, coalesce(host(client_addr), 'a socket of the server') AS address,
       count(*)::int AS count
  FROM pg_stat_activity WHERE usename = %(role)s AND backend_type = 'client backend'
   AND application_name NOT LIKE 'wfconsole/%%'
 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""
_SINCE: Final = """
SELECT count(*)::int AS count FROM pg_stat_activity
 WHERE usename = %(role)s AND backend_type = 'client backend' AND application_name NOT LIKE 'wfconsole/%%'
   AND backend_start > to_timestamp(%(since)s / 1000.0)
"""
_ENCRYPTION: Final = "SELECT current_setting('password_encryption') AS how"
_CLOCK: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at"


class Sessions(msgspec.Struct, frozen=True):
    """So many sessions of one application from one address."""

    application: str
    address: str
    count: int


class Role(msgspec.Struct, frozen=True):
    """A role as the server knows it: `name` as it is, `shown` for people. `most` sessions may it have, -1: any number.
    `until`: its password's last day, "" for none. `others`: a second one of its kind, as AWS names those that
    alternate. `at`: the server's clock."""

    name: str
    logs_in: bool
    superuser: bool
    most: int
    until: str
    standby: bool
    database: str
    at: Millis
    others: tuple[str, ...]
    sessions: tuple[Sessions, ...]

    @property
    def shown(self) -> str:
        return safe(self.name, 63)

    @property
    def open_sessions(self) -> int:
        return sum(each.count for each in self.sessions)


def role_named(looking: Database, name: str) -> Role | None:
    """The role, None where there is none. Raises SourceError."""
    found = looking.rows(_FACTS, {"role": name})
    if not found:
        return None
    row = dict(found[0])
    sessions = tuple(
        Sessions(safe(each["application"], 60) or "no application_name", safe(each["address"], 60), each["count"])
        for each in looking.rows(_SESSIONS, {"role": name})[:_LISTED]
    )
    others = tuple(safe(each, 63) for each in row.pop("others"))
    return Role(**{**row, "until": row["until"] or ""}, others=others, sessions=sessions)


def logins_since(looking: Database, role: str, since: Millis) -> int:
    """How many of its open sessions began after this instant of the server's clock. Raises SourceError."""
    return int(looking.rows(_SINCE, {"role": role, "since": since})[0]["count"])


def logs_in(settings: DatabaseSettings, role: str, password: Secret) -> tuple[Answer, str]:
    """Whether a password lets the role in, and what the server said where that is not plain."""
    try:
        with Connection(settings, role, password) as connection:
            if connection.checked:
                return "yes", ""
            return "unchecked", "the server lets this role in from here without asking for a password"
    except SourceError as error:
        refused = "authentication failed" in error.message
        return ("no" if refused else "unknown"), error.message


class OwnPassword:
    """The role itself, logged in: it may change its own password, and, once in, needs none to take that back."""

    def __init__(self, settings: DatabaseSettings, role: str, password: Secret) -> None:
        self._settings = settings
        self._role = role
        self.connection = Connection(settings, role, password, reads=False)

    def set(self, new: Secret) -> Millis:
        """What is sent is what the server keeps of a password, which no log can give away; returns the server's time.

        Raises SourceError where nothing was changed, and Unknown.
        """
        import psycopg
        from psycopg.sql import SQL, Identifier, Literal

        how = str(self.connection.rows(_ENCRYPTION)[0]["how"])
        what = f"set the password of {safe(self._role, 63)}"
        try:
            with self.connection.raw() as connection:
                kept = connection.pgconn.encrypt_password(
                    new.reveal().encode(), self._role.encode(), b"md5" if how in ("md5", "on") else b"scram-sha-256"
                )
                connection.execute(
                    SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(self._role), Literal(kept.decode()))
                )
        except psycopg.Error as error:
            said = safe(error.diag.message_primary, 200)  # the rest would quote the statement
            where = failures.where(self._settings)
            if error.sqlstate is None:
                raise Unknown(f"{what}: {where}: the connection was lost") from None
            raise SourceError("denied", f"{what}: {where}: {said}", remedy="Nothing was changed.") from None
        return int(self.connection.rows(_CLOCK)[0]["at"])
