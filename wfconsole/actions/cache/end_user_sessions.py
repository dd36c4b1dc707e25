"""End sessions of users by removing their keys and no others: counted first, then in small batches, at a bounded
rate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from wfconsole.actions.cache.keys import (
    Chosen,
    Count,
    Others,
    are_sessions,
    chosen_by,
    count_chosen,
    count_others,
    walk_chosen,
)
from wfconsole.actions.cache.server import Cache, Standing
from wfconsole.actions.contract import Action, BadRequestError, Say, Stale, Unknown
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.plan import (
    Aim,
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
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.text import number, safe

KIND: Final = "user sessions"
RATE: Final = 5_000  # keys a second
_BATCH: Final = 250
# Slower than this, and than ten times what it was before, is a server that suffers.
_SLOW_MS: Final = 50.0
_SLOWER: Final = 10.0
_STRIKES: Final = 3
_REST_S: Final = 0.2  # for each strike
_SAID_EVERY_S: Final = 0.5
_NEW_ONES: Final = 0.05  # of those before: users log in again
_MORE: Final = 1_000  # keys beyond half as many again as were counted: then it is not what was planned


class EndUserSessions(Action):
    """See `contract.Action`. Parameters: `prefix` (how the keys begin, as the aim's name says without it), or `user`,
    and with that `pattern`, such as session:{user}:*, where cache.session_prefixes and the user's name do not do."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        if request.aim.kind != KIND:
            raise BadRequestError(f"{request.aim.kind}: this is done to {KIND}")
        cache = systems.cache
        chosen = chosen_by(request, cache.settings.session_prefixes)
        standing, found, others = cache.standing(), count_chosen(cache, chosen), count_others(cache, chosen)
        whose = _whose(request, chosen)
        about = f"{number(found.found)}" if found.whole else f"at least {number(found.found)}"
        return Plan(
            request,
            title=f"End {about} sessions {whose}",
            place=cache.where,
            danger="R2" if request.parameters.get("user") else "R3",
            made_at=now,
            blast=tuple(_blast(request, found, whose)),
            undo="nothing brings them back: users log in again",
            lost=("what only these sessions held: baskets, drafts, second factors that were passed",),
            checks=tuple(_checks(cache, standing, chosen, (found, others), request)),
            permissions=tuple(_rights(cache, chosen)),
            dry_run=DryRun("explained", "Redis cannot try this: what is said here was counted, and nothing removed"),
            diff=(f"- {about} keys like {safe(', '.join(chosen.globs), 200)}", "+ 0"),
            by_hand=(
                cache.cli("--scan", "--pattern", safe(chosen.match, 400), "--count", "500"),
                cache.cli("UNLINK", "KEY"),
            ),
            word=safe(request.parameters.get("user") or chosen.begins, 60),
            alternatives=tuple(_everybody(cache, found, others, request)),
            signal=Signal(
                f"keys of sessions {whose}",
                goal=round(found.found * _NEW_ONES),
                more=False,
                window_ms=MINUTE,
                every_ms=5 * SECOND,  # each reading is a walk
            ),
            before=Reading(now, float(found.found) if found.whole else None, f"{about} were counted"),
            calls=_call(standing, chosen, found),
            deadline_ms=_deadline(found),
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call, cache = plan.calls, systems.cache
        if not call["found"] and call["whole"]:
            raise Stale("there was no session to end")
        if call["run"]:
            cache.same(call["run"])
        return Removal(cache, plan, say).through()

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        left, before = _left(plan, systems), plan.calls["found"]
        if left is None:
            return "cannot tell", "there are too many keys to count in time"
        told = f"{number(left)} such keys are there, and {number(before)} were counted for the plan"
        if not plan.calls["whole"]:
            return "cannot tell", told
        if left <= before * _NEW_ONES:
            return "ran", told
        return ("did not run" if left >= before else "cannot tell"), told

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        left = _left(plan, systems)
        if left is None:
            return Reading(systems.now(), None, "there are too many keys to count in time")
        return Reading(systems.now(), float(left), f"{number(left)} are there now")


class Removal:
    """One walk that removes what it finds; it stops by itself where the server suffers, at its deadline, and where
    there is far more than was planned."""

    def __init__(self, cache: Cache, plan: Plan, say: Say) -> None:
        self._cache, self._call, self._say = cache, plan.calls, say
        self._until = time.monotonic() + plan.deadline_ms / SECOND
        self._most = plan.calls["found"] * 3 // 2 + _MORE if plan.calls["whole"] else None
        self._removed = 0
        self._strikes = 0
        self._said_at = 0.0

    def through(self) -> Outcome:
        """What came of it. Raises SourceError where nothing was removed, Unknown where that is not known."""
        slow_ms = max(_SLOW_MS, _SLOWER * self._cache.ping_ms())
        chosen = Chosen(tuple(self._call["globs"]))
        size = 1 if self._call["clustered"] else _BATCH  # a cluster takes keys of one slot at a time
        try:
            for keys in walk_chosen(self._cache, chosen):
                for start in range(0, len(keys), size):
                    why = self._remove(keys[start : start + size], slow_ms)
                    if why:
                        return self._stopped(why)
        except SourceError as error:
            if not self._removed:
                raise
            return self._stopped(error.message)
        except Unknown as error:
            if not self._removed:
                raise
            return self._stopped(f"{error}; up to {size} more may be ended")
        if not self._removed:
            return Outcome("done", "no such session was left")
        return Outcome("done", f"{counted(self._removed, 'session')} ended")

    def _remove(self, keys: list[bytes], slow_ms: float) -> str:
        """Remove a batch, and see how the server takes it; why to stop, or ""."""
        began = time.monotonic()
        self._removed += int(self._cache.change("UNLINK", *keys, what=f"UNLINK of {len(keys)} keys"))
        told = f"{number(self._removed)} of about {number(self._call['found'])} ended"
        if began - self._said_at >= _SAID_EVERY_S:
            self._said_at = began
            self._say(told)
        waited_ms = self._cache.ping_ms()
        self._strikes = self._strikes + 1 if waited_ms > slow_ms else 0
        if self._strikes >= _STRIKES:
            return f"the server is slow: an answer takes {waited_ms:.0f} ms; what is left can be ended later"
        if self._most is not None and self._removed > self._most:
            return "there are far more of them than were counted for the plan"
        if time.monotonic() > self._until:
            return "its time is over; what is left can be ended by another one"
        time.sleep(self._strikes * _REST_S + max(0.0, len(keys) / RATE - (time.monotonic() - began)))
        return ""

    def _stopped(self, why: str) -> Outcome:
        ended = counted(self._removed, "session")
        return Outcome("partial", f"{ended} ended, then it stopped: {why}", (f"{ended} ended", why))


def _rights(cache: Cache, chosen: Chosen) -> Iterator[Permission]:
    yield from cache.may("SCAN")
    for each in chosen.beginnings:
        yield from cache.may("UNLINK", beginning=each)


def _left(plan: Plan, systems: Systems) -> int | None:
    """How many there are now; None where they cannot be counted in time."""
    found = count_chosen(systems.cache, Chosen(tuple(plan.calls["globs"])))
    return found.found if found.whole else None


def _call(standing: Standing, chosen: Chosen, found: Count) -> dict[str, Any]:
    return {
        "globs": list(chosen.globs),
        "run": standing.run,
        "clustered": standing.row.clustered,
        "found": found.found,
        "whole": found.whole,
    }


def _deadline(found: Count) -> Millis:
    """Twice the time that its rate asks for, and what the walk needs."""
    return 30 * SECOND + 2 * SECOND * max(found.found, 0 if found.whole else found.total) // RATE + found.total // 10


def _whose(request: Request, chosen: Chosen) -> str:
    user = request.parameters.get("user", "")
    return f"of {safe(user, 60)}" if user else f"of everybody ({safe(chosen.begins, 80)})"


# --- what it means


def _blast(request: Request, found: Count, whose: str) -> Iterator[str]:
    about = number(found.found) if found.whole else f"at least {number(found.found)}"
    yield f"{about} sessions {whose}: each has to log in again"
    if not request.parameters.get("user"):
        yield "all at once: logins, and what sessions spared the database, come back as load for minutes"
    if found.samples:
        yield f"keys such as {', '.join(found.samples)}"


def _checks(
    cache: Cache, standing: Standing, chosen: Chosen, counts: tuple[Count, Others], request: Request
) -> Iterator[Check]:
    found, others = counts
    yield from server_checks(standing)
    if are_sessions(chosen, cache.settings.session_prefixes):
        yield Check("ok", "cache.session_prefixes says that these keys are sessions")
    else:
        text = f"{safe(chosen.begins, 80) or 'this'} is not among cache.session_prefixes: these keys may be anything"
        named = ", ".join(safe(each, 60) for each in cache.settings.session_prefixes) or "none"
        yield Check("refuse", text, (Observed("cache.session_prefixes", named),), overridable=True)
    yield _counted(found, request)
    yield Check("ok", f"all other keys stay: {others.told}" if others.counts else "no other key was found here")
    yield from not_revoked(cache, standing)
    if not request.parameters.get("user"):
        yield Check("explain", "the responders' own sessions are among them: you may be logged out of what you look at")
    waits = cache.ping_ms()
    if waits > _SLOW_MS:
        text = f"the server is slow already: an answer takes {waits:.0f} ms"
        yield Check("refuse", text, (Observed("PING", f"{waits:.0f} ms", standing.run),), overridable=True)
    else:
        yield Check("ok", f"the server answers in {waits:.1f} ms; it stops by itself when that grows")


def server_checks(standing: Standing) -> Iterator[Check]:
    """Whether this server takes changes at all."""
    row = standing.row
    seen = (Observed(f"{row.product} {row.name}", f"{row.role}, version {row.version}", standing.run),)
    if standing.replica:
        yield Check("refuse", f"it is a replica and takes no changes: its master is {safe(row.master, 100)}", seen)
    elif row.loading:
        yield Check("refuse", "it loads its data from disk and answers nobody meanwhile", seen)
    else:
        yield Check("ok", "it is a master and takes changes", seen)


def _counted(found: Count, request: Request) -> Check:
    if not found.whole:
        text = f"there are too many to count in time: {number(found.found)} and more of {number(found.total)} keys"
        return Check("explain", text)
    seen = (Observed("keys", f"{number(found.found)} of {number(found.total)}"),)
    if found.found:
        return Check("ok", f"{number(found.found)} of {number(found.total)} keys are such sessions", seen)
    text = f"there is no such session among {number(found.total)} keys of this database"
    if request.parameters.get("user"):
        text += ": where the names of keys do not hold the user, give a pattern that does, or end everybody's"
    return Check("refuse", text, seen)


def _everybody(cache: Cache, found: Count, others: Others, request: Request) -> Iterator[Alternative]:
    """What is left where nobody can tell whose sessions they are."""
    if found.found or not request.parameters.get("user"):
        return
    for each in cache.settings.session_prefixes:
        if any(name == each for name, _ in others.counts):
            yield Alternative(f"end everybody's sessions: {safe(each, 64)}", Request(request.action, Aim(KIND, each)))


def not_revoked(cache: Cache, standing: Standing) -> Iterator[Check]:
    """What stays valid all the same."""
    yield Check(
        "explain",
        "not revoked: tokens that carry their own proof (JWT), refresh tokens and sessions that other systems keep;"
        " rotate the signing key for those",
    )
    ours = f"db{cache.settings.database}"
    others = [(name, row.keys) for name, row in standing.row.keyspace.items() if name != ours and row.keys]
    if others:
        told = ", ".join(f"{safe(name, 10)} {number(count)} keys" for name, count in others[:8])
        yield Check("explain", f"sessions in other databases of this server stay: {told}")
    if standing.row.clustered:
        yield Check("explain", "this is one shard of a cluster: sessions of the other shards stay, do it there too")
