"""End one session, or cancel what it runs: the one that holds up others, named by its pid and by its start."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from wfconsole.actions.contract import Action, Say, Stale, Unknown
from wfconsole.actions.postgres import judging
from wfconsole.actions.postgres.judging import Look
from wfconsole.actions.postgres.server import GONE_WITHIN_MS, Database, ending, right_to_see, statement
from wfconsole.actions.postgres.target import (
    How,
    find,
    how_of,
    like,
    pid_of,
    refused_late,
    right_to_signal,
    start_of,
)
from wfconsole.actions.postgres.tree import Tree, read_tree
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.plan import Danger, DryRun, Evidence, Found, Outcome, Plan, Reading, Request, Signal
from wfconsole.sources.contract import SourceError

_DRY: Final = DryRun("explained", "PostgreSQL cannot try this: what is said here follows from what it shows now")
_KEPT: Final = 60  # lines of the tree, as evidence
_WINDOW_MS: Final[Millis] = MINUTE
_HOLD_MS: Final[Millis] = 5 * SECOND
_AGAIN_S: Final = 0.1


class EndSession(Action):
    """See `contract.Action`. The aim's name is the pid. Parameters: `backend_start`, as pg_stat_activity has it;
    without it only who has had the pid for minutes is meant. `how`: cancel or terminate; without it what fits."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        look = look_at(request, systems, now)
        if look.target is None or look.another or not look.standing.sees_all:
            return _nothing_to_end(look, systems, now)
        target, how = look.target, look.how
        call = _call(look)
        return Plan(
            request,
            title=f"{_verb(how)} session {target.pid} ({target.who})",
            place=systems.database.where,
            danger=_danger(look),
            made_at=now,
            blast=tuple(judging.blast(look)),
            undo="nothing brings it back: what it has not committed is rolled back",
            lost=tuple(judging.lost(look)),
            checks=tuple(judging.checks(look)),
            permissions=(right_to_signal(target, look.standing, how), right_to_see(look.standing)),
            dry_run=_DRY,
            diff=tuple(judging.diff(look)),
            by_hand=(systems.database.psql(judging.by_hand(target, how, look.standing.version)),),
            word=str(target.pid),
            captures=(f"the lock tree below session {target.pid}",),
            alternatives=tuple(judging.alternatives(look)),
            signal=_signal(look),
            before=_reading(now, call, look.tree, there=True),
            calls=call,
        )

    def capture(self, plan: Plan, systems: Systems) -> Iterator[Evidence]:
        what = plan.captures[0] if plan.captures else ""
        if not what:
            return
        try:
            lines = list(read_tree(systems.database, systems.now()).lines(plan.calls["row"]))
        except SourceError as error:
            yield Evidence(what, missing=error.message)
            return
        yield Evidence(what, tuple(lines[:_KEPT]), max(0, len(lines) - _KEPT))

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call, database = plan.calls, systems.database
        if not call:
            raise Stale(plan.refusals[0] if plan.refusals else "there is nothing to end")
        never, pid, start = systems.settings.actions.never_end, call["pid"], call["start"]
        what = f"{call['how']} session {pid}"
        values = {"pid": pid, "start": start, "xact": call["xact"], "query": call["query"], "never": like(never)}
        name = "cancel-session" if call["how"] == "cancel" else "end-session"
        sql = statement(name).replace("{call}", ending(database.standing().version))
        say(what)
        found = database.change(sql, values, what)
        if not found:
            raise Stale(refused_late(database, pid, start, never))
        if not _await(database, call):
            raise Unknown(f"{what}: the signal was sent, and it is still there after {GONE_WITHIN_MS // SECOND} s")
        return Outcome("done", judging.done(call))

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        call = plan.calls
        name = f"session {call['pid']} of {call['start']}"
        if _running(systems.database, call):
            same = "runs the same statement" if call["how"] == "cancel" else "is there"
            return "did not run", f"{name} still {same}"
        if call["how"] == "terminate":
            return "ran", f"{name} is gone"
        # A statement ends by itself too, and most of them soon.
        return (
            "cannot tell",
            f"{name} does not run that statement any more: it was cancelled, or it has ended by itself",
        )

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        standing = systems.database.standing()
        if not standing.sees_all:
            return Reading(systems.now(), None, "the server hides the sessions of other roles from us by now")
        tree = read_tree(systems.database, standing.clock_ms)
        return _reading(systems.now(), plan.calls, tree, there=_running(systems.database, plan.calls))


def look_at(request: Request, systems: Systems, now: Millis) -> Look:
    """All that a plan is made from. Raises BadRequestError and SourceError."""
    pid, database = pid_of(request.aim), systems.database
    standing = database.standing()
    never = systems.settings.actions.never_end
    target = find(database, pid, never) if pid else None
    start = start_of(request) if pid else None
    return Look(
        request,
        pid,
        target,
        how_of(request, target),
        start,
        standing,
        read_tree(database, standing.clock_ms),
        database.free_slots(),
        now,
    )


def _nothing_to_end(look: Look, systems: Systems, now: Millis) -> Plan:
    """A plan that only says why: the session is another one, or none at all but a prepared transaction."""
    return Plan(
        look.request,
        title=f"End session {look.pid}" if look.pid else "End a prepared transaction",
        place=systems.database.where,
        danger="R3",
        made_at=now,
        checks=tuple(judging.nothing_to_end(look)),
        permissions=(right_to_see(look.standing),),
        dry_run=_DRY,
        by_hand=tuple(systems.database.psql(sql) for sql in judging.rollbacks(look)),
        word=str(look.pid),
    )


def _verb(how: How) -> str:
    return "Cancel what runs in" if how == "cancel" else "End"


def _danger(look: Look) -> Danger:
    """A cancel, and the end of a session that has written nothing, are small; what is rolled back nothing brings back.
    There is no dry run, so each is one class above that."""
    assert look.target is not None
    return "R3" if look.how == "terminate" and look.target.writes else "R2"


def _call(look: Look) -> dict[str, Any]:
    target = look.target
    assert target is not None
    waiting = look.tree.waiters(target.key)
    freed = set(look.tree.freed(target.key))
    return {
        "pid": target.pid,
        "start": target.start,
        "how": look.how,
        "xact": target.xact,
        "query": target.query_start,
        "row": target.key,
        "waiters": waiting,
        "others": [each for each in waiting if each not in freed],
    }


def _signal(look: Look) -> Signal:
    target = look.target
    assert target is not None
    waiting = look.tree.waiters(target.key)
    if not waiting:
        told = f"session {target.pid} {'running that statement' if look.how == 'cancel' else 'there'}"
        return Signal(told, goal=0, more=False, window_ms=_WINDOW_MS)
    kept = len(waiting) - len(look.tree.freed(target.key))
    return Signal(
        f"sessions that waited behind session {target.pid} and still wait",
        goal=kept,
        more=False,
        window_ms=_WINDOW_MS,
        hold_ms=_HOLD_MS,
    )


def _reading(now: Millis, call: Mapping[str, Any], tree: Tree, *, there: bool) -> Reading:
    """How many of those who waited, and of those who wait behind it by now, still wait; without any, whether it is
    there."""
    if not tree.whole:
        return Reading(now, None, "more sessions are among locks than one look can tell")
    if not call["waiters"]:
        return Reading(now, float(there), judging.still(call, there=there))
    waiting = {*call["waiters"], *tree.waiters(call["row"])} & tree.blockers.keys()
    return Reading(now, float(len(waiting)), judging.left_waiting(tree, sorted(waiting)))


def _running(database: Database, call: Mapping[str, Any]) -> bool:
    """Whether what is to be ended is still there: the session, or its statement."""
    found = database.rows(statement("still-there"), {"pids": [call["pid"]], "starts": [call["start"]]})
    if call["how"] == "terminate" or not found:
        return bool(found)
    (session,) = found
    return bool(session["state"] == "active" and session["query_start"] == call["query"])


def _await(database: Database, call: Mapping[str, Any]) -> bool:
    """Whether it has ended within the time that it has for that. Raises Unknown where nobody can say."""
    until = time.monotonic() + GONE_WITHIN_MS / SECOND
    while True:
        try:
            running = _running(database, call)
        except SourceError as error:
            raise Unknown(f"the signal was sent to session {call['pid']}; what came of it: {error.message}") from None
        if not running or time.monotonic() >= until:
            return not running
        time.sleep(_AGAIN_S)
