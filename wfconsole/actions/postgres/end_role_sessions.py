"""End the sessions of one role that were logged in before an instant: a new password lets nobody out who is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say, Stale, Unknown
from wfconsole.actions.postgres.server import Database, Standing, ending, identifier, right_to_see, statement
from wfconsole.actions.postgres.target import called, like
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import (
    Check,
    DryRun,
    Found,
    Observed,
    Outcome,
    Permission,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.text import calendar_time, safe

_LISTED: Final = 20
_OF_EACH_MS: Final[Millis] = 2 * SECOND
_MOST: Final = 500
_DRY: Final = DryRun("explained", "PostgreSQL cannot try this: these sessions are the ones that it shows now")


class RoleSession(msgspec.Struct, frozen=True):
    """See `sql/role-sessions.sql`."""

    pid: int
    start: str
    application: str
    client: str
    state: str
    in_transaction: bool
    same_role: bool
    may_end: bool

    @property
    def who(self) -> str:
        return f"{called(self.application) or 'no name'}{f' from {self.client}' if self.client else ''}"


class EndRoleSessions(Action):
    """See `contract.Action`. The aim is a role, of kind "role". Parameters: `before`, milliseconds since 1970 by the
    server's clock; without it all that are there."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        role, before = _asked(request)
        database, never = systems.database, systems.settings.actions.never_end
        standing = database.standing()
        all_ = _sessions(database, role, before, never) if standing.sees_all else []
        found, kept = [each for each in all_ if each.may_end][:_MOST], [each for each in all_ if not each.may_end]
        shown = safe(role, 63)
        since = f" that began before {calendar_time(before)}" if before else ""
        return Plan(
            request,
            title=f"End {counted(len(found), 'session')} of {shown}{since}",
            place=database.where,
            danger="R3",
            made_at=now,
            blast=tuple(_blast(found)),
            undo="nothing brings them back: whoever has the password logs in again",
            lost=("what their transactions have not committed", "temporary tables, prepared statements, LISTENs"),
            checks=tuple(_checks(found, kept, standing, shown)),
            permissions=(*_rights(found, standing, shown), right_to_see(standing)),
            dry_run=_DRY,
            diff=tuple(f"- {each.pid} | {each.who} | {safe(each.state, 30)}" for each in found),
            by_hand=tuple(database.psql(_by_hand(each, standing)) for each in found[:_LISTED]),
            word=shown,
            signal=_signal(shown),
            before=Reading(now, float(len(found)) if standing.sees_all else None, counted(len(found), "session")),
            calls={"sessions": [_call(each) for each in found], "role": role, "never": like(never)},
            deadline_ms=10 * SECOND + len(found) * _OF_EACH_MS,
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        database, sessions = systems.database, plan.calls["sessions"]
        sql = statement("end-role-session").replace("{call}", ending(database.standing().version))
        ended: list[str] = []
        for place, each in enumerate(sessions):
            name = f"session {each['pid']} ({each['who']})"
            say(f"{place + 1} of {len(sessions)}: {name}")
            values = {"pid": each["pid"], "start": each["start"]}
            values |= {"role": plan.calls["role"], "never": plan.calls["never"]}
            try:
                if database.change(sql, values, f"end {name}"):
                    ended.append(f"{name} is ended")
            except (Unknown, SourceError) as error:
                if not ended:
                    raise
                lines = (*ended, str(error), f"{len(sessions) - place - 1} not tried")
                return Outcome("partial", f"{counted(len(ended), 'session')} ended, then it failed", lines)
        if not ended:
            raise Stale("none of them is there any more")
        gone = len(sessions) - len(ended)
        rest = f", {gone} had ended by themselves" if gone else ""
        return Outcome("done", f"{counted(len(ended), 'session')} ended{rest}", tuple(ended))

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        there, all_ = _still_there(plan, systems), len(plan.calls["sessions"])
        told = f"{there} of {counted(all_, 'session')} are still there"
        return ("ran" if not there else "did not run" if there == all_ else "cannot tell"), told

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        if not systems.database.standing().sees_all:
            return Reading(systems.now(), None, "the server hides the sessions of other roles from us by now")
        there = _still_there(plan, systems)
        return Reading(systems.now(), float(there), f"{there} of {len(plan.calls['sessions'])} are still there")


def _asked(request: Request) -> tuple[str, Millis | None]:
    if request.aim.kind != "role" or not request.aim.name:
        raise BadRequestError(f"{safe(str(request.aim), 200)}: a role of the database")
    said = request.parameters.get("before", "")
    if said and not (said.isascii() and said.isdecimal() and len(said) <= 14):
        raise BadRequestError(f"before {safe(said, 40)!r}: milliseconds since 1970")
    return request.aim.name, int(said) if said else None


def _signal(role: str) -> Signal:
    text = f"sessions of {role} from before"
    return Signal(text, goal=0, more=False, unit="sessions", window_ms=MINUTE, hold_ms=SECOND)


def _call(each: RoleSession) -> dict[str, Any]:
    return {"pid": each.pid, "start": each.start, "who": each.who}


def _sessions(database: Database, role: str, before: Millis | None, never: tuple[str, ...]) -> list[RoleSession]:
    rows = database.rows(statement("role-sessions"), {"role": role, "before": before, "never": like(never)})
    return convert(rows, list[RoleSession])


def _still_there(plan: Plan, systems: Systems) -> int:
    sessions = plan.calls["sessions"]
    values = {"pids": [each["pid"] for each in sessions], "starts": [each["start"] for each in sessions]}
    return len(systems.database.rows(statement("still-there"), values))


def _checks(
    found: Sequence[RoleSession], kept: Sequence[RoleSession], standing: Standing, role: str
) -> Iterator[Check]:
    if not standing.sees_all:
        yield Check(
            "refuse", "which sessions there are, the server hides from us", (Observed("pg_stat_activity", "hidden"),)
        )
        return
    if not found:
        yield Check("refuse", f"there is no such session of {role}", (Observed("pg_stat_activity", "none"),))
        return
    seen = tuple(Observed(f"session {each.pid}", f"{each.who}, {safe(each.state, 30)}", each.start) for each in found)
    busy = sum(1 for each in found if each.in_transaction)
    yield Check("explain" if busy else "ok", f"{busy} of {len(found)} are in a transaction, which is rolled back", seen)
    if kept:
        names = safe(", ".join(sorted({each.who for each in kept})), 200)
        yield Check("explain", f"{counted(len(kept), 'session')} stay, as settings or the server have it: {names}")
    yield Check(
        "explain",
        "whoever holds the password that is valid now logs in again at once: change it first, and restart who needs it",
    )


def _blast(found: Sequence[RoleSession]) -> Iterator[str]:
    for who, count in Counter(each.who for each in found).most_common(_LISTED):
        yield f"{counted(count, 'session')} of {who}"
    if found:
        yield "what they are in the middle of fails; a pool opens new ones"


def _rights(found: Sequence[RoleSession], standing: Standing, role: str) -> Iterator[Permission]:
    if any(not each.same_role for each in found):
        allowed = standing.superuser or "pg_signal_backend" in standing.held
        grant = "" if allowed else f"GRANT pg_signal_backend TO {identifier(standing.role)};"
        yield Permission(f"terminate sessions of {role} (pg_signal_backend)", allowed, grant)


def _by_hand(each: RoleSession, standing: Standing) -> str:
    exactly = f"a.pid = {each.pid} AND a.backend_start = '{each.start}'"
    return f"SELECT a.pid, {ending(standing.version)} FROM pg_stat_activity a WHERE {exactly}"  # noqa: S608  for people
