"""What the preflight makes of one session: pure, from a look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from wfconsole.actions.postgres.server import Standing, ending
from wfconsole.actions.postgres.target import KIND, How, Start, Target, another, called
from wfconsole.actions.postgres.tree import Tree, prepared_roots, shown
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.plan import Aim, Alternative, Check, Observed, Request
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.sessions import PREPARED, SessionRow, remedy
from wfconsole.text import safe

FEW_SLOTS: Final = 3
YOUNG_MS: Final[Millis] = 5 * MINUTE  # since somebody may have looked at the one who had the pid before
_LISTED: Final = 5  # prepared transactions
_PREPARED: Final = Aim(KIND, "0")  # what the server itself calls the one who holds its locks
_BACKGROUND: Final[Mapping[str, str]] = {
    "walsender": "it feeds a replica or a backup, which would break",
    "autovacuum worker": "the server starts it anew, and needs it to live",
    "parallel worker": "it belongs to another session's statement and ends with that",
}


class Look(NamedTuple):
    """All that a plan is made from. `target`: who has the pid now; `slots`: how many are free, and of how many; `now`:
    our clock, beside `standing.clock_ms`, the server's."""

    request: Request
    pid: int
    target: Target | None
    how: How
    start: Start | None
    standing: Standing
    tree: Tree
    slots: tuple[int, int]
    now: Millis

    @property
    def another(self) -> str:
        """Why the session that was meant is not there; "" where it is."""
        if self.start is None:
            return ""
        if self.target is not None and self.start.is_of(self.target, self.standing.clock_ms, self.now):
            return ""
        return another(self.target, self.pid, self.start)

    @property
    def clock(self) -> Millis:
        return self.standing.clock_ms


# --- what may be ended at all


def checks(look: Look) -> Iterator[Check]:
    """Every question, each with its answer."""
    target = look.target
    assert target is not None
    evidence = (target.seen(look.clock),)
    barred = _barred(target)
    if barred:
        yield Check("refuse", barred, evidence)
        return
    yield Check("ok", "a client's session: no walsender, no background work, no superuser's, none of ours", evidence)
    if look.start is None:
        yield _unnamed(look, target)
    yield _statement(look, target)
    if target.building.upper().endswith("CONCURRENTLY"):
        text = f"it runs {safe(target.building, 60)}: ending that leaves an invalid index behind, to be dropped by hand"
        yield Check("refuse", text, evidence, overridable=True)
    yield _place(look, target)
    yield from _afterwards(look, target)
    yield _slots(look)


def _barred(target: Target) -> str:
    """Why it is never ended from here; "" where it may be."""
    if target.ours:
        return f"session {target.pid} is the console's own ({called(target.application)})"
    if target.backend != "client backend":
        why = _BACKGROUND.get(target.backend, "it is background work of the server")
        return f"session {target.pid} is no client's but a {safe(target.backend, 60)}: {why}"
    if target.superuser:
        return f"{safe(target.username, 63)} is a superuser: what it does is somebody's work, ask them"
    if target.replicates:
        return f"{safe(target.username, 63)} is a role for replication: ending it may break a replica or a backup"
    if target.never:
        return (
            f"{called(target.application)} matches {safe(target.never, 64)}: actions.never_end says that it is"
            " never ended from here"
        )
    return ""


def _unnamed(look: Look, target: Target) -> Check:
    """Nobody has said when the session that is meant began. A pid is used again, but hardly within minutes."""
    lasts = look.clock - target.started_at
    text = f"no backend_start was given: this is who has pid {target.pid} now, for {spell_duration(lasts)}"
    if lasts >= YOUNG_MS:
        return Check("explain", f"{text}; make sure that it is the one that is meant", (target.seen(look.clock),))
    text = f"{text}: it may be another one than is meant; give backend_start={target.start}"
    return Check("refuse", text, (target.seen(look.clock),), overridable=True)


def _statement(look: Look, target: Target) -> Check:
    """Whether what was asked for can do anything to what it does just now."""
    seen = (Observed(f"session {target.pid}", shown(target.query) or "no statement", target.start),)
    active = target.state == "active"
    if look.how == "cancel" and not active:
        doing = "is idle in its transaction" if target.idles_in_transaction else f"is {safe(target.state, 60)}"
        return Check("refuse", f"a cancel does nothing: it {doing} and runs no statement; only its end helps", seen)
    if look.how == "cancel":
        return Check("ok", "its statement is cancelled and its transaction rolled back; its session stays", seen)
    if active:
        text = "it runs a statement: cancel that first, which rolls its transaction back and keeps its session"
        return Check("explain", text, seen)
    doing = target.doing(look.clock)
    return Check("ok", f"it is {doing}: a cancel would do nothing, only its end helps", seen)


def _place(look: Look, target: Target) -> Check:
    """Where it stands among those who wait for locks: the culprit, a victim, or neither."""
    tree, key = look.tree, target.key
    waiting = tree.waiters(key)
    roots = [each for each in tree.roots(key) if each != key]
    seen = tuple(Observed(tree.name(each), _row(tree, each)) for each in [*roots, *waiting[:_LISTED]])
    if tree.circles(key):
        text = "it waits for itself in a circle: the server ends one of them by itself within deadlock_timeout"
        return Check("explain", text, seen)
    if roots:
        behind = f"ending it frees only the {len(waiting)} behind it" if waiting else "ending it frees nobody"
        by_hand = "".join(f"; {remedy(row)}" for row in map(tree.rows.get, roots) if row is not None and not row.pid)
        text = f"it is a victim and not the culprit: {tree.named(roots)} holds it up{by_hand}; {behind}"
        return Check("refuse", text, seen, overridable=True)
    if not waiting:
        return Check("explain", "nobody waits for it: ending it frees no lock that anybody wants")
    freed = tree.freed(key)
    text = f"it is the root: {counted(len(waiting), 'session')} wait behind it, {len(freed)} for nobody else"
    return Check("ok", text, seen)


def _afterwards(look: Look, target: Target) -> Iterator[Check]:
    """Who holds up the rest once it is gone."""
    tree, key = look.tree, target.key
    waiting = tree.waiters(key)
    freed = set(tree.freed(key))
    kept = [each for each in waiting if each not in freed]
    if kept:
        text = f"{len(kept)} of them wait for others too, and are not freed: {tree.named(tree.others(key))}"
        yield Check("explain", text)
    heir = tree.next_root(key)
    if heir:
        after = _wait(tree.rows[heir].behind)
        yield Check(
            "explain",
            f"the next root may be {tree.name(heir)}: {after} for it; look at the tree again",
        )
    if not tree.whole:
        yield Check("explain", "more sessions are among locks than one look can tell: these numbers are the least")


def _slots(look: Look) -> Check:
    free, usable = look.slots
    if free > FEW_SLOTS:
        return Check("ok", f"{free} of {usable} connection slots are free")
    return Check("explain", f"{free} of {usable} connection slots are free: ending one session gives one of them back")


# --- in words


def blast(look: Look) -> Iterator[str]:
    target, tree = look.target, look.tree
    assert target is not None
    one = "1 statement of" if look.how == "cancel" else "1 session:"
    yield f"{one} {target.who}, {target.doing(look.clock)}"
    waiting = tree.waiters(target.key)
    if waiting:
        yield f"{counted(len(waiting), 'session')} wait behind it: {tree.named(waiting)}"
    lasts = target.transaction(look.clock)
    if lasts:
        wrote = "it has written, how many rows the server does not say" if target.writes else "it has written nothing"
        yield f"rolls back its transaction of {lasts}: {wrote}"
    on = f", on {', '.join(safe(each, 80) for each in target.relations)}" if target.relations else ""
    if target.locks:
        yield f"lets go of {counted(target.locks, 'lock')}{on}"
    if target.query:
        yield f"{'its statement' if target.state == 'active' else 'its last statement'}: {shown(target.query)}"


def lost(look: Look) -> Iterator[str]:
    target = look.target
    assert target is not None
    if target.xact is not None:
        written = "what it has written" if target.writes else "nothing that it has written"
        yield f"its transaction of {target.transaction(look.clock)}: {written}"
    if look.how == "terminate":
        yield "its session: temporary tables, prepared statements, advisory locks, what it listens to"


def diff(look: Look) -> Iterator[str]:
    target = look.target
    assert target is not None
    behind = len(look.tree.waiters(target.key))
    yield f"- {target.pid} | {called(target.application)} | {safe(target.state, 40)} | {behind} behind it"
    yield f"+ {target.pid} | its statement is cancelled" if look.how == "cancel" else f"+ {target.pid} is gone"


def by_hand(target: Target, how: How, version: int) -> str:
    """The same as one statement, with what it must not hit."""
    call = "pg_cancel_backend(a.pid)" if how == "cancel" else ending(version)
    same = [f"a.query_start = '{target.query_start}'"] if how == "cancel" and target.query_start else []
    exactly = [
        f"a.pid = {target.pid}",
        f"a.backend_start = '{target.start}'",
        *same,
        "a.backend_type = 'client backend'",
        "a.pid <> pg_backend_pid()",
    ]
    return f"SELECT a.pid, {call} FROM pg_stat_activity a WHERE {' AND '.join(exactly)}"  # noqa: S608  for people


def alternatives(look: Look) -> Iterator[Alternative]:
    target = look.target
    assert target is not None
    if _barred(target):
        return
    for key in look.tree.roots(target.key):
        row = look.tree.rows.get(key)
        if key == target.key or row is None or look.tree.circles(target.key):
            continue
        if row.pid:
            yield Alternative(f"end the root instead: {look.tree.name(key)}", end(row))
        else:
            yield Alternative(f"see how it is ended by hand: {look.tree.name(key)}", Request("end-session", _PREPARED))
    if look.how == "cancel" and target.state != "active":
        yield Alternative("end its session", _same(look, "terminate"))
    if look.how == "terminate" and target.state == "active":
        yield Alternative("cancel its statement first", _same(look, "cancel"))
    if look.slots[0] <= FEW_SLOTS:
        request = Request("end-idle-sessions", Aim("sessions", "idle"), {"count": "5"})
        yield Alternative("where slots are what lacks: end the sessions that have been idle for longest", request)


def end(row: SessionRow) -> Request:
    """The request to end a session of the tree."""
    seconds, milliseconds = divmod(row.started_at, SECOND)
    from datetime import UTC, datetime

    start = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"
    return Request("end-session", Aim(KIND, str(row.pid)), {"backend_start": start})


def _same(look: Look, how: How) -> Request:
    assert look.target is not None
    parameters = {"backend_start": look.target.start, "how": how}
    return msgspec.structs.replace(look.request, parameters=parameters)


# --- where there is no such session


def nothing_to_end(look: Look) -> Iterator[Check]:
    """Why there is nothing to end: it is hidden or gone, or it is a prepared transaction, which has no session."""
    if not look.standing.sees_all:
        yield Check(
            "refuse",
            "which sessions there are, and who waits for whom, the server hides from us",
            (Observed("pg_stat_activity", "hidden"),),
        )
        return
    if look.pid:
        there = () if look.target is None else (look.target.seen(look.clock),)
        yield Check("refuse", look.another, there)
        return
    found = prepared_roots(look.tree)[:_LISTED]
    seen = tuple(Observed(_gid(row), _prepared(look, row)) for row in found)
    text = "a prepared transaction has no session that could be ended: it holds its locks even through a restart"
    if not found:
        yield Check("refuse", "there is no session 0, and no prepared transaction is left", seen)
        return
    yield Check("refuse", text, seen)
    for row in found:
        owner = safe(row.user, 63)
        yield Check(
            "explain",
            f"{_gid(row)}: {_wait(row.behind)} for it; only {owner} or a superuser may end it, in its own database, and"
            " whoever prepared it may still mean to COMMIT PREPARED: ask its transaction manager first",
        )


def rollbacks(look: Look) -> Sequence[str]:
    """How a prepared transaction is ended by hand."""
    if look.pid:
        return ()
    rows = [row for row in prepared_roots(look.tree)[:_LISTED] if row.gid != "?"]
    return tuple(f"ROLLBACK PREPARED '{_quoted(row.gid)}'" for row in rows)


def _wait(count: int) -> str:
    return f"{count} waits" if count == 1 else f"{count} wait"


def _gid(row: SessionRow) -> str:
    return f"prepared transaction {safe(row.gid, 100)}"


def _prepared(look: Look, row: SessionRow) -> str:
    lasts = spell_duration(look.clock - row.xact_at) if row.xact_at else "nobody knows how long"
    return f"of {safe(row.user, 63)} in {safe(row.database, 63)}, for {lasts}, {row.behind} behind it"


def _quoted(gid: str) -> str:
    return gid.replace("'", "''")


# --- afterwards


def done(call: Mapping[str, Any]) -> str:
    pid = call["pid"]
    return f"the statement of session {pid} is cancelled" if call["how"] == "cancel" else f"session {pid} is gone"


def still(call: Mapping[str, Any], *, there: bool) -> str:
    what = "its statement" if call["how"] == "cancel" else "the session"
    return f"{what} is {'still there' if there else 'gone'}"


def left_waiting(tree: Tree, waiting: Sequence[str]) -> str:
    """Who still waits, and for whom."""
    if not waiting:
        return "nobody of them waits any more"
    return f"{len(waiting)} of them wait, for {tree.named(tree.roots(*waiting))}"


def _row(tree: Tree, key: str) -> str:
    row = tree.rows.get(key)
    if row is None:
        return "not seen any more"
    if row.state == PREPARED:
        return f"prepared, of {safe(row.user, 63)}"
    wants = f"wants {safe(row.wants, 80)}" if row.wants else safe(row.state, 40) or "hidden from us"
    return f"{wants}: {shown(row.query)}"
