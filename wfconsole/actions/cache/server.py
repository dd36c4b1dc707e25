"""One Redis server for one who acts: as the user who looks for questions, as the user who acts for changes.

Every command has a deadline; at its end its socket is cut. Nothing is tried twice.
"""

from __future__ import annotations

import shlex
import statistics
import time
from typing import Any, Final

import msgspec

from wfconsole.actions.acting import of_the_actor
from wfconsole.actions.contract import Stale, Unknown
from wfconsole.config.actions import ActingSettings
from wfconsole.incident.plan import Permission
from wfconsole.observations.cache import CacheRow
from wfconsole.sources.cache import failures
from wfconsole.sources.cache.commands import permissions
from wfconsole.sources.cache.connection import CachePoll, Session
from wfconsole.sources.cache.info import cache_row, counters_of, parsed
from wfconsole.sources.contract import SourceError
from wfconsole.sources.polling import DEADLINE_MS
from wfconsole.text import safe

_PINGS: Final = 3
_DISABLED: Final = "disabled or renamed"


class Standing(msgspec.Struct, frozen=True):
    """What the server is. `run`: another one after each start, so that a fail-over shows; `row` as the pane has it."""

    run: str
    row: CacheRow

    @property
    def replica(self) -> bool:
        return self.row.role == "replica"


class Cache:
    """One server. Raises SourceError where none is configured."""

    def __init__(self, settings: ActingSettings) -> None:
        told = settings.cache
        if not told.configured:
            raise SourceError("configuration", "no Redis server is configured", remedy="Set cache.host.")
        self.settings = told
        self._own = bool(told.acting_user)
        self._sessions = [Session(told)]
        if self._own:
            acting = msgspec.structs.replace(told, user=told.acting_user, password_file=told.acting_password_file)
            self._sessions.append(Session(acting, "cache.acting_password_file"))
        self._looking, self._acting = _Question(self._sessions[0]), _Question(self._sessions[-1])

    def close(self) -> None:
        for each in self._sessions:
            each.close()

    @property
    def where(self) -> str:
        """The server and the database in words, for WHERE."""
        return f"Redis {failures.where(self.settings)}, database {self.settings.database}, as {self.user}"

    @property
    def user(self) -> str:
        """Who acts."""
        return safe(self.settings.acting_user or self.settings.user or "default", 64)

    def cli(self, *words: str) -> str:
        """A command that anybody can run; it asks for the password."""
        told = self.settings
        tls = ["--tls", *(["--cacert", told.ca_file] if told.ca_file else [])] if told.tls else []
        where = ["-h", told.host, "-p", str(told.port), "-n", str(told.database)]
        return shlex.join(["redis-cli", *where, *tls, "--user", self.user, "--askpass", *words])

    # --- one command after the other

    def ask(self, *words: str | int) -> Any:
        """The answer to one who looks. Raises SourceError."""
        return self._looking.asked(*words)

    def read(self, *words: str | int | bytes) -> Any:
        """The answer to one who acts, who may see more or less. Raises SourceError."""
        try:
            return self._acting.asked(*words)
        except SourceError as error:
            raise self._explained(error) from None

    def change(self, *words: str | int | bytes, what: str) -> Any:
        """Change something, once. Raises SourceError where the server has refused it or it never left, Unknown where
        nobody knows."""
        try:
            return self._acting.answer(*words)
        except SourceError as error:
            if self._acting.sent and not self._acting.refused:
                raise Unknown(f"{what}: {error.message}") from None
            raise self._explained(error) from None

    # --- what it is, and what we may

    def standing(self) -> Standing:
        """What the server says of itself. Raises SourceError."""
        info = parsed(self.ask("INFO"))
        row = cache_row(failures.where(self.settings), info, counters_of(info, 0.0), None, 0)
        return Standing(safe(info.get("run_id", ""), 60), row)

    def same(self, run: str) -> None:
        """Raises Stale where another server answers by now, or this one takes no changes any more."""
        now = self.standing()
        if now.run != run:
            raise Stale(f"{failures.where(self.settings)} was started anew, or is another server, since the plan")
        if now.replica:
            raise Stale(f"{failures.where(self.settings)} has become a replica since the plan")

    def ping_ms(self) -> float:
        """How long the one who acts waits for an answer. Raises SourceError."""
        times = []
        for _ in range(_PINGS):
            began = time.perf_counter()
            self.read("PING")
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)

    def may(self, *names: str, beginning: str = "") -> list[Permission]:
        """Whether the one who acts may run these commands on keys that begin so, asked of the server without running
        any. Raises SourceError."""
        told = msgspec.structs.replace(self.settings, session_prefixes=(beginning,))
        asked = permissions(self._looking.asked_raw, told)
        known = {each.name: each.refused for each in asked.commands or ()}
        return [self._right(name, beginning, known.get(name), asked.missing) for name in names]

    def _right(self, name: str, beginning: str, refused: str | None, missing: str) -> Permission:
        on = f" {safe(beginning, 80)}*" if name == "UNLINK" else ""
        right = f"{name}{on} as {self.user}"
        if refused is None or (not refused and missing):
            return Permission(f"{right}: {missing or 'not known'}", None)
        if not refused:
            return Permission(right, True)
        if _DISABLED in refused:
            return Permission(f"{name}: {refused}", False)
        if name == "FLUSHDB":
            return Permission(f"{right}: {refused}", False, "cache.acting_user: wf_flush of acting-users.acl")
        keys = f" {shlex.quote(f'~{safe(beginning, 80)}*')}" if on else ""
        return Permission(f"{right}: {refused}", False, f"ACL SETUSER {self.user}{keys} +{name.lower()}")

    def _explained(self, error: SourceError) -> SourceError:
        return of_the_actor(error, "cache", own=self._own, shipped="acting-users.acl")


class _Question(CachePoll):
    """One command within its deadline. `sent`: it may have reached the server; `refused`: the server has said no."""

    def __init__(self, session: Session) -> None:
        super().__init__("act", session, DEADLINE_MS)
        self.sent = False
        self.refused = False
        self._words: tuple[Any, ...] = ()
        self._answer: Any = None

    def answer(self, *words: Any) -> Any:
        self._words, self._answer, self.sent, self.refused = words, None, False, False
        self.step(lambda: None)
        return self._answer

    def asked(self, *words: Any) -> Any:
        """The same of what changes nothing: a connection that was lost meanwhile is opened anew, once."""
        try:
            return self.answer(*words)
        except SourceError as error:
            if error.kind != "refused" or self.refused or not self.sent:
                raise
            return self.answer(*words)

    def asked_raw(self, *words: Any) -> Any:
        """The same with the client's own error for what the server refuses."""
        from redis.exceptions import ResponseError

        try:
            return self.asked(*words)
        except SourceError as error:
            if self.refused:
                raise ResponseError(error.message) from None
            raise

    def read(self) -> None:
        with self.turn():
            self.session.connect(within_s=self.left_s())
            self.sent = True
            self._answer = self.ask(*self._words)

    def explain(self, error: Exception) -> SourceError:
        from redis.exceptions import ResponseError

        self.refused = isinstance(error, ResponseError)
        return super().explain(error)
