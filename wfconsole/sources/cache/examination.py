"""Redis under the doctor's eyes: every command of the shipped user is run once, which is the exact way to know.

All of them only read, and cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Final

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.cache import CacheRow
from wfconsole.observations.checks import Check
from wfconsole.sources.cache.commands import Permissions, permissions
from wfconsole.sources.cache.connection import CachePoll, Session
from wfconsole.sources.cache.failures import where
from wfconsole.sources.cache.info import parsed, server_time
from wfconsole.sources.checking import Looks
from wfconsole.sources.contract import Source, Task
from wfconsole.text import safe

_SYSTEM: Final = "cache"
# How each is run. {user}: who we are; {database}: the one of the configuration.
WORDS: Final[Mapping[str, str]] = {
    "ping": "PING",
    "info": "INFO SERVER",
    "select": "SELECT {database}",
    "dbsize": "DBSIZE",
    "scan": "SCAN 0 COUNT 1",
    "command|info": "COMMAND INFO PING",
    "acl|whoami": "ACL WHOAMI",
    "acl|dryrun": "ACL DRYRUN {user} PING",
}


def allowed(name: str = "monitoring-user") -> tuple[str, ...]:
    """The commands that `NAME.acl` allows, as it writes them."""
    text = resources.files(__package__).joinpath(f"{name}.acl").read_text(encoding="utf-8")
    return tuple(word[1:] for word in text.split() if word.startswith("+"))


class CacheExamination(CachePoll):
    """See `checking.Examination`."""

    def __init__(self, session: Session, sources: Sequence[Source], interval_ms: Millis) -> None:
        super().__init__("who we are", session, interval_ms)
        self.sources = sources
        self.where = where(session.settings)
        self.identity = ""
        self._refused: dict[str, str] = {}  # by command: "" where it works
        self._acting = Permissions()

    @property
    def tasks(self) -> Sequence[Task]:
        return (self,)

    @property
    def ahead_ms(self) -> Millis | None:
        return self.session.ahead_ms

    def read(self) -> None:
        """Every command once. Who we are comes first: others need the name."""
        with self.turn():
            for name in sorted(allowed(), key=lambda each: each != "acl|whoami"):
                self._refused[name] = self._try(name)
            self._acting = permissions(self.ask, self.session.settings)

    def checks(self, looks: Looks) -> Sequence[Check]:
        """One check for each command: of the user who looks, and of the one who would act. And whose data it is."""
        error = looks.of(self).error
        why = error.message if error is not None else "not asked"
        rows = (decoder_of(CacheRow).decode(row) for row in looks.rows.get("cache", {}).values())
        return [*(self._check(name, why) for name in allowed()), *self._actions(why), *map(_fresh, rows)]

    def _try(self, name: str) -> str:
        """Run one command; why it is refused, "" where it is not. Raises what is no refusal."""
        from redis.exceptions import NoPermissionError, ResponseError

        settings = self.session.settings
        user = self.identity or settings.user or "default"
        try:
            answer = self.ask(*(word.format(user=user, database=settings.database) for word in WORDS[name].split()))
        except NoPermissionError:
            return "not granted"
        except ResponseError as error:
            said = safe(" ".join(str(error).split()), 120)
            if "unknown" in said.lower():
                return f"this server does not have it: {said}"
            raise
        if name == "acl|whoami":
            self.identity = safe(answer, 64)
        if name == "info":
            self.session.heard(server_time(parsed(answer)))
        return ""

    def _check(self, name: str, why: str) -> Check:
        refused = self._refused.get(name)
        if refused is None:
            return Check(_SYSTEM, "", "permission", f"+{name}", "unknown", why)
        if not refused:
            return Check(_SYSTEM, "", "permission", f"+{name}", "ok")
        if refused != "not granted":
            return Check(_SYSTEM, "", "permission", f"+{name}", "off", refused)
        user = self.identity or self.session.settings.user or "default"
        run = (f"ACL SETUSER {user} +{name}",)
        return Check(_SYSTEM, "", "permission", f"+{name}", "problem", refused, run=run)

    def _actions(self, why: str) -> Iterable[Check]:
        acting = self._acting
        if acting.commands is None:
            yield Check(_SYSTEM, "", "action", "commands", "unknown", acting.missing or why)
            return
        for each in acting.commands:
            name = f"{each.name} as {acting.user}"
            if acting.missing:
                yield Check(_SYSTEM, "", "action", name, "unknown", acting.missing)
            elif each.refused:
                yield Check(_SYSTEM, "", "action", name, "off", each.refused)
            else:
                yield Check(_SYSTEM, "", "action", name, "ok")


def _fresh(row: CacheRow) -> Check:
    """A replica that lost its master goes on telling what it has."""
    if row.loading:
        said, remedy = "not there yet: it loads them from disk", "Wait until it has loaded them."
        return Check(_SYSTEM, "", "fresh", "data", "problem", said, remedy)
    if row.role != "replica":
        return Check(_SYSTEM, "", "fresh", "data", "ok", "of the master itself")
    if row.link_up:
        return Check(_SYSTEM, "", "fresh", "data", "ok", f"of a replica that follows {row.master}")
    said = f"of a replica without its master {row.master}: as old as that loss"
    return Check(_SYSTEM, "", "fresh", "data", "problem", said, "Look at the master, and at the way to it.")
