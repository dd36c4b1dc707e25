"""What all looks at PostgreSQL have in common: the shared session, who we are there, and the server's clock."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from wfconsole.clock import SECOND, Millis, SystemClock
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import Part, SourceError
from wfconsole.sources.polling import Poll, PolledSource
from wfconsole.sources.postgres import failures
from wfconsole.sources.postgres.connection import Row, Session, statement

MONITOR: Final = "pg_monitor"
HIDDEN: Final = Lack(
    "sessions of other roles are hidden", "permission", f"GRANT {MONITOR} TO the monitoring role", MONITOR
)
# Clocks that differ by less are called the same; one that is off is taken anew when it moved by as much.
_CLOCKS_DIFFER: Final[Millis] = 2 * SECOND


class Standing(NamedTuple):
    """Who we are to the server at one look. `shift_ms`: how far its clock is ahead of ours."""

    at: Millis = 0
    sees_all: bool = True
    shift_ms: Millis = 0


class SessionPoll(Poll):
    """A look at PostgreSQL over the shared session."""

    def __init__(self, name: str, session: Session, interval_ms: Millis) -> None:
        super().__init__(name, interval_ms, resolver=session.resolver)
        self.session = session

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> Sequence[Row]:
        """What a statement gives."""
        with self.session.turn(self) as connection:
            return connection.execute(sql.encode(), values).fetchall()

    def explain(self, error: Exception) -> SourceError:
        return failures.explain(error, self.session.settings)

    def sever(self) -> None:
        super().sever()
        self.session.sever(self)


class PostgresPoll(SessionPoll):
    """One that fills `table` with what `look` gives."""

    def __init__(self, name: str, session: Session, interval_ms: Millis) -> None:
        super().__init__(name, session, interval_ms)
        self.standing = Standing()

    @abc.abstractmethod
    def look(self) -> Mapping[str, bytes]:
        """All rows, sealed. `standing` is of this look."""

    def missing(self) -> tuple[Lack, ...]:
        """What the rows leave out, apart from what our role may not see."""
        return ()

    def read(self) -> None:
        self.standing = stand(self.standing, self.rows(statement("standing"))[0], SystemClock().now())
        self.keep(self.look())

    def source(self) -> PolledSource:
        """The source that rests on this look alone."""
        return PolledSource(
            self.name, self.interval_ms, (Part(self),), self.table.take, lacks=self._lacks, facts=self._facts
        )

    def _lacks(self) -> tuple[Lack, ...]:
        return self.missing() if self.standing.sees_all else (HIDDEN,)

    def _facts(self) -> Mapping[str, str]:
        return self.session.facts(self.standing.shift_ms)


def stand(before: Standing, told: Row, now: Millis) -> Standing:
    """The standing at `now`. The shift stays the same while it is about the same, so that instants do not tremble."""
    shift = told["clock_ms"] - now
    if abs(shift) < _CLOCKS_DIFFER:
        shift = 0
    elif abs(shift - before.shift_ms) < _CLOCKS_DIFFER:
        shift = before.shift_ms
    return Standing(now, told["sees_all"], shift)
