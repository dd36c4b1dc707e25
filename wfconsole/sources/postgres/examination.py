"""PostgreSQL under the doctor's eyes: which roles ours has, of those that the shipped SQL grants, and which columns of
the log of logins it may read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any, Final

from wfconsole.clock import Millis, SystemClock
from wfconsole.config.systems import AuthSettings
from wfconsole.observations.checks import Check
from wfconsole.sources.checking import Looks
from wfconsole.sources.contract import Source, Task
from wfconsole.sources.postgres import failures
from wfconsole.sources.postgres.connection import Row, Session, statement
from wfconsole.sources.postgres.freshness import attempts, freshness
from wfconsole.sources.postgres.looking import SessionPoll
from wfconsole.text import safe

_SYSTEM: Final = "database"
_GRANTS: Final = re.compile(r"^GRANT ([\w, ]+) TO ", re.MULTILINE)
# Lets us in when the application has taken all slots: PostgreSQL 16 and later, where slots are reserved for it.
_RESERVED: Final = "pg_use_reserved_connections"


def granted(name: str) -> tuple[str, ...]:
    """The roles that `sql/NAME.sql` grants to the console's."""
    text = resources.files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return tuple(role.strip() for grant in _GRANTS.findall(text) for role in grant.split(","))


class DatabaseExamination(SessionPoll):
    """See `checking.Examination`."""

    def __init__(self, session: Session, sources: Sequence[Source], auth: AuthSettings, interval_ms: Millis) -> None:
        super().__init__("who we are", session, interval_ms)
        self.sources = sources
        self.where = failures.where(session.settings)
        self._role = ""
        self.ahead_ms: Millis | None = None
        self._auth = auth
        self._for_looking = granted("monitoring-role")
        self._for_actions = tuple(role for role in granted("acting-role") if role not in self._for_looking)
        self._told: Row | None = None
        self._columns: Sequence[Row] | None = None
        self._standby: Sequence[Row] = ()

    @property
    def tasks(self) -> Sequence[Task]:
        return (self,)

    @property
    def identity(self) -> str:
        powerful = self._told is not None and self._told["superuser"]
        return f"{self._role} (superuser)" if powerful else self._role

    def read(self) -> None:
        """Three statements."""
        roles = [*self._for_looking, *self._for_actions, _RESERVED]
        (self._told,) = self.rows(statement("rights"), {"roles": roles})
        self.ahead_ms = self._told["clock_ms"] - SystemClock().now()
        self._role = safe(self._told["role"], 63)
        self._standby = self.rows(statement("standby"))
        if self._auth.configured:
            from psycopg import sql

            quoted = sql.Identifier(*self._auth.table.split(".")).as_string(None)
            self._columns = self.rows(statement("auth-columns"), {"table": quoted})

    def checks(self, looks: Looks) -> Sequence[Check]:
        """One check for each role and each column that is mapped; and how new is what it tells."""
        error = looks.of(self).error
        why = error.message if error is not None else "not asked"
        fresh = freshness(self._told, self._standby, self.ahead_ms or 0) if self._told is not None else ()
        return [*self._roles(why), *self._log(why), *fresh, *attempts(looks.rows.get("auth", {}))]

    def _roles(self, why: str) -> Iterable[Check]:
        told = self._told
        if told is None:
            yield from (Check(_SYSTEM, "", "permission", role, "unknown", why) for role in self._for_looking)
            yield from (Check(_SYSTEM, "", "action", role, "unknown", why) for role in self._for_actions)
            return
        for role in self._for_looking:
            run = () if role in told["held"] else (self._grant(role),)
            yield Check(_SYSTEM, "", "permission", role, *_held(run, "other roles' sessions are hidden"), run=run)
        if told["reserved"] and _RESERVED in told["known"]:
            run = () if _RESERVED in told["held"] else (self._grant(_RESERVED),)
            yield Check(_SYSTEM, "", "permission", _RESERVED, *_held(run, "a full server would let nobody in"), run=run)
        for role in self._for_actions:
            if role in told["held"]:
                yield Check(_SYSTEM, "", "action", role, "ok")
            else:
                remedy = "Actions have a role of their own: acting-role.sql."
                yield Check(_SYSTEM, "", "action", role, "off", "not granted", remedy)

    def _log(self, why: str) -> Iterable[Check]:
        """The columns of the log of logins. What is not there at all, the source itself says."""
        auth = self._auth
        if not auth.configured:
            return
        wanted = [auth.user_column, auth.result_column, auth.time_column, auth.address_column]
        names = list(dict.fromkeys(filter(None, wanted)))
        there = {row["name"]: row["readable"] for row in self._columns or ()}
        lacking = ", ".join(name for name in names if there.get(name) is False)
        run = (f"GRANT SELECT ({lacking}) ON {auth.table} TO {_identifier(self._role)};",)
        for name in names:
            shown = f"SELECT {auth.table}.{name}"
            if self._columns is None:
                yield Check(_SYSTEM, "auth", "permission", shown, "unknown", why)
            elif name not in there:
                yield Check(_SYSTEM, "auth", "permission", shown, "unknown", "there is no such column")
            elif there[name]:
                yield Check(_SYSTEM, "auth", "permission", shown, "ok")
            else:
                yield Check(_SYSTEM, "auth", "permission", shown, "problem", "not ours to read", run=run)

    def _grant(self, role: str) -> str:
        return f"GRANT {role} TO {_identifier(self._role)};"


def _held(lacking: Sequence[str], without: str) -> tuple[Any, str]:
    """State and detail of a role: what is `lacking` is the grant."""
    return ("problem", f"not granted: {without}") if lacking else ("ok", "")


def _identifier(name: str) -> str:
    """A name as SQL takes it."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
