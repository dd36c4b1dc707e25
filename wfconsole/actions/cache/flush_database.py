"""Empty one database of Redis whole: the last resort, where everything in it is sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfconsole.actions.cache.end_user_sessions import KIND as SESSIONS
from wfconsole.actions.cache.end_user_sessions import not_revoked, server_checks
from wfconsole.actions.cache.keys import Chosen, Others, count_others, escaped
from wfconsole.actions.cache.server import Cache, Standing
from wfconsole.actions.contract import Action, BadRequestError, Say, Stale
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.plan import (
    Aim,
    Alternative,
    Check,
    DryRun,
    Found,
    Observed,
    Outcome,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.sources.cache.failures import where
from wfconsole.text import number, safe

KIND: Final = "cache"
NAME: Final = "database"
_NEW_ONES: Final = 0.05
_MORE: Final = 1_000


class FlushDatabase(Action):
    """See `contract.Action`. The aim is cache/database: the one that the configuration names, or its number."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        cache = systems.cache
        _of_this_one(request, cache)
        standing = cache.standing()
        total = int(cache.ask("DBSIZE"))
        sessions = Chosen(tuple(f"{escaped(each)}*" for each in cache.settings.session_prefixes) or ("",))
        others = count_others(cache, sessions)
        name = f"{where(cache.settings)}/{cache.settings.database}"
        return Plan(
            request,
            title=f"Empty database {name}: {number(total)} keys",
            place=cache.where,
            danger="R3",
            made_at=now,
            blast=tuple(_blast(total, others)),
            undo="nothing brings them back: it goes to replicas and to the log of writes as well",
            lost=("everything in this database",),
            checks=tuple(_checks(cache, standing, total, others)),
            permissions=tuple(cache.may("FLUSHDB")),
            dry_run=DryRun("explained", "Redis cannot try this: what is said here was counted, and nothing removed"),
            diff=(f"- {number(total)} keys", "+ 0"),
            by_hand=(cache.cli("FLUSHDB", "ASYNC"),),
            word=f"flush {name}",
            alternatives=tuple(
                Alternative(
                    f"end only the sessions under {safe(each, 64)}", Request("end-user-sessions", Aim(SESSIONS, each))
                )
                for each in cache.settings.session_prefixes
            ),
            signal=Signal("keys in this database", goal=round(total * _NEW_ONES), more=False, window_ms=MINUTE),
            before=Reading(now, float(total), f"{number(total)} keys"),
            calls={"run": standing.run, "total": total},
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call, cache = plan.calls, systems.cache
        if call["run"]:
            cache.same(call["run"])
        total = int(cache.ask("DBSIZE"))
        if total > call["total"] * 3 // 2 + _MORE:
            raise Stale(f"there are {number(total)} keys by now, and {number(call['total'])} when the plan was made")
        say("FLUSHDB ASYNC")
        cache.read("PING")
        cache.change("FLUSHDB", "ASYNC", what="FLUSHDB ASYNC")
        return Outcome("done", f"{number(total)} keys are gone; the server gives their memory back by and by")

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        total, before = int(systems.cache.ask("DBSIZE")), plan.calls["total"]
        told = f"{number(total)} keys are there, and {number(before)} were there for the plan"
        if total <= before * _NEW_ONES:
            return "ran", told
        return ("did not run" if total >= before else "cannot tell"), told

    def measure(self, plan: Plan, systems: Systems) -> Reading:  # noqa: ARG002  it is the whole database
        total = int(systems.cache.ask("DBSIZE"))
        return Reading(systems.now(), float(total), f"{number(total)} keys are there now")


def _of_this_one(request: Request, cache: Cache) -> None:
    if request.aim.kind != KIND:
        raise BadRequestError(f"{request.aim.kind}: this is done to a {KIND}")
    if request.aim.name not in (NAME, str(cache.settings.database)):
        raise BadRequestError(
            f"database {safe(request.aim.name, 20)!r}: cache.database names {cache.settings.database}, and no other"
            " one is emptied from here"
        )


def _blast(total: int, others: Others) -> Iterator[str]:
    yield f"all {number(total)} keys of this database, whatever they are"
    if others.counts:
        yield f"among them what is no session: {others.told}"


def _checks(cache: Cache, standing: Standing, total: int, others: Others) -> Iterator[Check]:
    yield from server_checks(standing)
    seen = tuple(Observed(f"keys {safe(name, 60)}*", number(count)) for name, count in others.counts[:8])
    if not total:
        yield Check("refuse", "this database is empty already", (Observed("DBSIZE", "0", standing.run),))
    elif others.all:
        least = "" if others.whole else "at least "
        text = f"{least}{number(others.all)} keys are no sessions (queues, limits, locks, caches) and go too: "
        text += others.told
        yield Check("refuse", text, seen, overridable=True)
    elif not others.whole:
        part = f"{number(others.walked)} of {number(total)} keys were looked at in time"
        yield Check("refuse", f"what else is in it is not known: {part}", seen, overridable=True)
    else:
        yield Check("ok", f"all {number(total)} keys are what cache.session_prefixes calls sessions")
    yield Check("explain", "whoever may run this may empty every database of this server: key patterns do not bind it")
    yield from not_revoked(cache, standing)
    yield Check("explain", "the responders' own sessions are among them: you may be logged out of what you look at")
