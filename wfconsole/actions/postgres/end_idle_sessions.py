"""End the sessions that have been idle for longest, where connection slots are what lacks. They hold no transaction, so
they lose nothing but a connection, which a pool opens anew when it needs one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.asked import whole_number
from wfconsole.actions.contract import Action, BadRequestError, Say, Stale, Unknown
from wfconsole.actions.postgres.judging import FEW_SLOTS
from wfconsole.actions.postgres.server import Database, Standing, ending, identifier, right_to_see, statement
from wfconsole.actions.postgres.target import called, like
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import (
    Alternative,
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
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

MOST: Final = 50
FEW: Final = 10  # at once; more is wide
_IDLE_S: Final = 10
_LISTED: Final = 20
KIND: Final = "sessions"
_OF_EACH_MS: Final[Millis] = 2 * SECOND


class IdleSession(msgspec.Struct, frozen=True):
    """See `sql/idle.sql`."""

    pid: int
    start: str
    idle_since: str
    idle_ms: Millis
    username: str
    application: str
    client: str
    same_role: bool
    all_of_them: int

    @property
    def who(self) -> str:
        client = f" from {self.client}" if self.client else ""
        return f"{called(self.application) or 'no name'} as {safe(self.username, 63)}{client}"


class EndIdleSessions(Action):
    """See `contract.Action`. The aim is sessions/idle, of the whole server. Parameters: `count`, how many at most;
    `idle_seconds`, how long they must have been idle.

    There is no dry run, so it is R2 where few are ended, and R3 where it is more than `FEW`.
    """

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        if request.aim.kind != KIND:
            raise BadRequestError(f"{request.aim.kind}: this is done to {KIND}")
        count = number(request, "count", 0, 1, MOST)
        idle_s = number(request, "idle_seconds", _IDLE_S, 1, 86_400)
        database, never = systems.database, systems.settings.actions.never_end
        standing = database.standing()
        found = idle_ones(database, count, idle_s, never) if standing.sees_all else []
        free, usable = database.free_slots()
        wanted = free + max(1, len(found) // 2)
        return Plan(
            request,
            title=f"End {counted(len(found), 'session')}, those that idled for longest"
            if found
            else "End idle sessions",
            place=database.where,
            danger="R3" if len(found) > FEW else "R2",
            made_at=now,
            blast=tuple(_blast(found)),
            undo="nothing to undo: whoever needs a connection opens a new one",
            lost=("temporary tables, prepared statements, advisory locks and LISTENs of these sessions",),
            checks=tuple(_checks(found, standing, count, idle_s, (free, usable))),
            permissions=(*_rights(found, standing), right_to_see(standing)),
            dry_run=DryRun("explained", "PostgreSQL cannot try this: these sessions are the ones that it shows now"),
            diff=(*(f"- {each.pid} | {each.who}" for each in found), f"+ {free} -> {free + len(found)} slots free"),
            by_hand=tuple(database.psql(_by_hand(each, standing)) for each in found[:_LISTED]),
            word=str(len(found)),
            alternatives=(_fewer(request),) if len(found) > FEW else (),
            signal=Signal("free connection slots", goal=wanted, unit="slots", window_ms=MINUTE),
            before=Reading(now, float(free) if standing.sees_all else None, f"{free} of {usable} are free"),
            calls={"sessions": [_call(each) for each in found], "never": like(never)},
            deadline_ms=10 * SECOND + len(found) * _OF_EACH_MS,
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        database, sessions = systems.database, plan.calls["sessions"]
        if not sessions:
            raise Stale("there was nobody to end")
        sql = statement("end-idle").replace("{call}", ending(database.standing().version))
        ended: list[str] = []
        spared: list[str] = []
        for place, each in enumerate(sessions):
            name = f"session {each['pid']} ({each['who']})"
            say(f"{place + 1} of {len(sessions)}: {name}")
            try:
                found = database.change(sql, {**each, "never": plan.calls["never"]}, f"end {name}")
            except (Unknown, SourceError) as error:
                left = len(sessions) - place - 1
                unknown = isinstance(error, Unknown)
                said = f"{name}: {'not known whether it ended: ' if unknown else 'not ended: '}{error}"
                return _stopped(ended, spared, said, left, unknown=unknown)
            (ended if found else spared).append(name if found else f"{name} has done something meanwhile: left alone")
        if not ended:
            raise Stale(f"none of the {len(sessions)} is idle any more as it was in the plan")
        if spared:
            lines = (*(f"{each} is ended" for each in ended), *spared)
            return Outcome("partial", f"{len(ended)} of {counted(len(sessions), 'session')} ended", lines)
        return Outcome("done", f"{counted(len(ended), 'session')} ended", tuple(ended))

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        sessions = plan.calls["sessions"]
        values = {"pids": [each["pid"] for each in sessions], "starts": [each["start"] for each in sessions]}
        there = len(systems.database.rows(statement("still-there"), values))
        told = f"{there} of {counted(len(sessions), 'session')} are still there"
        if not there:
            return "ran", told
        return ("did not run" if there == len(sessions) else "cannot tell"), told

    def measure(self, plan: Plan, systems: Systems) -> Reading:  # noqa: ARG002  slots are the server's
        if not systems.database.standing().sees_all:
            return Reading(systems.now(), None, "the server hides the sessions of other roles from us by now")
        free, usable = systems.database.free_slots()
        return Reading(systems.now(), float(free), f"{free} of {usable} are free")


def idle_ones(database: Database, count: int, idle_s: int, never: tuple[str, ...]) -> list[IdleSession]:
    """So many at most, those that idled for longest first. Raises SourceError."""
    values = {"count": count, "idle_s": idle_s, "never": like(never)}
    return convert(database.rows(statement("idle"), values), list[IdleSession])


def number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A parameter that is a number; a `default` of 0: it has to be given. Raises BadRequestError."""
    said = request.parameters.get(name, str(default) if default else "")
    found = whole_number(said, least, most)
    if found is None:
        raise BadRequestError(f"{name} {safe(said, 40)!r}: a number from {least} to {most}")
    return found


def _checks(
    found: Sequence[IdleSession], standing: Standing, count: int, idle_s: int, slots_of: tuple[int, int]
) -> Iterator[Check]:
    if not standing.sees_all:
        yield Check(
            "refuse", "which sessions there are, the server hides from us", (Observed("pg_stat_activity", "hidden"),)
        )
        return
    free, usable = slots_of
    slots = f"{free} of {usable} connection slots are free"
    if not found:
        yield Check(
            "refuse",
            f"no session has been idle for {idle_s} s: there is nobody to end. {slots}",
            (Observed("pg_stat_activity", "none"),),
        )
        return
    seen = tuple(
        Observed(f"session {each.pid}", f"{each.who}, idle for {spell_duration(each.idle_ms)}", each.start)
        for each in found[:_LISTED]
    )
    yield Check("ok", "idle clients outside of any transaction: no superuser's, no walsender, none of ours", seen)
    if free > max(FEW_SLOTS, usable // 5):
        yield Check(
            "refuse",
            f"{slots}: slots are not what lacks",
            (Observed("slots", f"{free} of {usable} free"),),
            overridable=True,
        )
    else:
        yield Check("ok", slots)
    if len(found) < count:
        yield Check("explain", f"{count} were asked for, and only {len(found)} have been idle for {idle_s} s")
    rest = found[0].all_of_them - len(found)
    if rest:
        yield Check("ok", f"{rest} more have been idle for {idle_s} s and stay")
    yield Check("explain", "pools may take the slots again at once: then the pools are too large, or too many")


def _blast(found: Sequence[IdleSession]) -> Iterator[str]:
    for who, count in Counter(each.who for each in found).most_common(_LISTED):
        yield f"{counted(count, 'idle session')} of {who}"
    if found:
        yield "whoever is about to use one of them gets an error once; a pool then opens a new one"


def _rights(found: Sequence[IdleSession], standing: Standing) -> Iterator[Permission]:
    foreign = sorted({each.username for each in found if not each.same_role})
    if not foreign:
        return
    allowed = standing.superuser or "pg_signal_backend" in standing.held
    grant = "" if allowed else f"GRANT pg_signal_backend TO {identifier(standing.role)};"
    names = ", ".join(safe(each, 63) for each in foreign[:5])
    yield Permission(f"terminate sessions of {names} (pg_signal_backend)", allowed, grant)


def _call(each: IdleSession) -> Mapping[str, Any]:
    return {"pid": each.pid, "start": each.start, "idle_since": each.idle_since, "who": each.who}


def _by_hand(each: IdleSession, standing: Standing) -> str:
    exactly = (
        f"a.pid = {each.pid}",
        f"a.backend_start = '{each.start}'",
        "a.state = 'idle'",
        f"a.state_change = '{each.idle_since}'",
    )
    return f"SELECT a.pid, {ending(standing.version)} FROM pg_stat_activity a WHERE {' AND '.join(exactly)}"  # noqa: S608  for people


def _fewer(request: Request) -> Alternative:
    fewer = msgspec.structs.replace(request, parameters={**request.parameters, "count": str(FEW)})
    return Alternative(f"begin with {FEW}", fewer)


def _stopped(ended: list[str], spared: list[str], said: str, left: int, *, unknown: bool) -> Outcome:
    """What was done until one of them failed: nothing is tried twice, and nothing after it."""
    lines = (*(f"{each} is ended" for each in ended), *spared, said, f"{left} not tried")
    if ended:
        return Outcome("partial", f"{counted(len(ended), 'session')} ended, then it failed", lines)
    return Outcome("unknown" if unknown else "failed", said, lines)
