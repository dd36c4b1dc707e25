"""The version before is current again, in the store and in the database: what takes a rotation back."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from wfconsole.actions.aws import checks, parts
from wfconsole.actions.aws.afterwards import Afterwards
from wfconsole.actions.aws.asked import asked
from wfconsole.actions.aws.consumers import Found
from wfconsole.actions.aws.material import shown
from wfconsole.actions.aws.rotate_secret import EXPLAINED
from wfconsole.actions.aws.sight import Sight, answer, look, password_of
from wfconsole.actions.aws.store import CURRENT, PENDING, PREVIOUS, short
from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Check, Plan, Request
from wfconsole.incident.wording import counted
from wfconsole.text import safe


class RotateSecretBack(Afterwards):
    """See `contract.Action`. As `rotate-secret`, and `version`: the one that becomes current again; without it the one
    that AWS calls AWSPREVIOUS."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        sight = look(asked(request, systems.settings.aws), systems)
        to = _version(sight)
        pending = sight.described.version(PENDING)
        login = _login(sight, systems, to, pending)
        if to == sight.current:  # the store has never given out another one: its readers have the right one
            sight = sight._replace(found=Found(unknown=sight.found.unknown))
        ways = parts.Ways(to, login, pending, leaves=pending if pending != to else "")
        steps = parts.steps(sight, ways, now, parts.back(request, sight, login or sight.current, systems))
        return Plan(
            request,
            title=f"Go back to {short(to)} of secret {safe(sight.described.name, 200)} ({parts.shown_role(sight)})",
            place=parts.place(sight),
            danger="R3",
            made_at=now,
            blast=tuple(_blast(sight, parts.shown_role(sight), to)),
            undo=f"make {short(login)} {CURRENT} again, and set it in the database again" if login else "",
            lost=("restarts, and logins that failed meanwhile", "sessions that were ended"),
            checks=tuple(_checks(sight, to, login)),
            permissions=tuple(parts.permissions(sight, systems)),
            dry_run=EXPLAINED,
            diff=tuple(_diff(sight, to, login, ways.leaves)),
            by_hand=tuple(parts.by_hand(sight, systems, to, make=False)),
            word=sight.described.name,
            signal=parts.signal(len(steps.consumers), steps.role),
            before=parts.before(sight.found, now),
            inverse=convert(steps.back, Request) if login and login != to else None,
            deadline_ms=parts.DEADLINE_MS,
            calls=msgspec.to_builtins(steps),
        )


def _version(sight: Sight) -> str:
    """The version to go back to, which still has a password. Raises BadRequestError and SourceError."""
    to = sight.asked.version or sight.described.version(PREVIOUS)
    if to not in sight.described.stages:
        raise BadRequestError(
            f"version {short(to)} is not there to go back to: {sight.described.told}. AWS keeps no version that has"
            " lost its last stage: rotate once more instead"
        )
    if password_of(sight.store, sight.described.arn, to, sight.asked.field) is None:
        raise BadRequestError(f"version {short(to)} has no {shown(sight.asked.field)}")
    return to


def _login(sight: Sight, systems: Systems, to: str, pending: str) -> str:
    """The version whose password the database takes now; "" where none does."""
    if sight.role is None:
        return ""
    for version in dict.fromkeys((sight.current, pending, to)):
        if version:
            held = password_of(sight.store, sight.described.arn, version, sight.asked.field)
            if held is not None and answer(systems, sight.role.name, held)[0] in ("yes", "unchecked"):
                return version
    return ""


def _checks(sight: Sight, to: str, login: str) -> Iterator[Check]:
    told = (sight.told,)
    if login == to and sight.current == to:
        yield Check("refuse", f"{short(to)} is {CURRENT} and logs in: there is nothing to go back to", told)
    elif not login:
        yield Check("refuse", "no version that the store has logs in: set it in the database as an administrator", told)
    else:
        yield Check(
            "ok", f"the database takes the one of {short(login)} now, and {short(to)} is kept in the store", told
        )
    yield Check("explain", "it makes the old one valid again: if that is known to others, they are in again", told)
    yield from checks.of_store(sight)
    yield from checks.of_role(sight)
    if to != sight.current:
        yield from checks.of_consumers(sight.found)


def _blast(sight: Sight, role: str, to: str) -> Iterator[str]:
    if to == sight.current:
        yield "no workload restarts: the store has never given out another one"
    else:
        count = len(sight.found.consumers)
        yield f"{counted(count, 'workload')} restart; each must log in anew"
        yield f"from the change in the database to its restart, new logins of each consumer as {role} fail"


def _diff(sight: Sight, to: str, login: str, leaves: str) -> Iterator[str]:
    yield f"- database: as in {short(login)}"
    yield f"+ database: as in {short(to)}"
    yield f"- {CURRENT} {short(sight.current)}" + (f", {PENDING} {short(leaves)}" if leaves else "")
    yield f"+ {CURRENT} {short(to)}"
