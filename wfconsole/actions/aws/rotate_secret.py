"""A new password for the application's role: made here, seen by nobody, and given to everybody who needs it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from wfconsole.actions.aws import checks, parts
from wfconsole.actions.aws.afterwards import Afterwards
from wfconsole.actions.aws.asked import asked
from wfconsole.actions.aws.material import shown
from wfconsole.actions.aws.sight import Sight, answer, look, password_of
from wfconsole.actions.aws.store import CURRENT, PENDING, PREVIOUS, short, version_of
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Alternative, Check, DryRun, Plan, Request
from wfconsole.incident.wording import counted
from wfconsole.text import safe

EXPLAINED = DryRun("explained", "neither Secrets Manager nor ALTER ROLE can be tried without doing it")


class RotateSecret(Afterwards):
    """See `contract.Action`. The aim is a secret by its name or ARN, with the namespace of its users. Parameters:
    `region`; `field` (password) and `user_field` (username) of its JSON, or `role`; `namespaces`, `synced_as` and
    `consumers` where its users are not to be seen; `pending`: continue or replace what never ended."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        sight = look(asked(request, systems.settings.aws), systems)
        pending = sight.described.version(PENDING)
        left = pending if pending != sight.current else ""
        goes_on = bool(left) and sight.asked.pending == "continue"
        to = left if goes_on else version_of(systems.incident, systems.receipt)
        login, more = _login(sight, systems, left, goes_on=goes_on)
        steps = parts.steps(
            sight,
            parts.Ways(to, login, pending, makes=not goes_on),
            now,
            parts.back(request, sight, sight.current, systems),
        )
        return Plan(
            request,
            title=f"Rotate secret {safe(sight.described.name, 200)} ({parts.shown_role(sight)})",
            place=parts.place(sight),
            danger="R3",
            made_at=now,
            blast=tuple(_blast(sight, parts.shown_role(sight))),
            undo=f"make {short(sight.current)} {CURRENT} again, and set it in the database again",
            lost=("restarts, and logins that failed meanwhile", "going back makes the exposed one valid again"),
            checks=(*checks.of_store(sight), *checks.of_role(sight), *more, *checks.of_consumers(sight.found)),
            permissions=tuple(parts.permissions(sight, systems)),
            dry_run=EXPLAINED,
            diff=tuple(_diff(sight, to, left, goes_on=goes_on)),
            by_hand=tuple(parts.by_hand(sight, systems, to, make=not goes_on)),
            word=sight.described.name,
            alternatives=tuple(_alternatives(request, left, sight)),
            signal=parts.signal(len(steps.consumers), steps.role),
            before=parts.before(sight.found, now),
            inverse=convert(steps.back, Request),
            deadline_ms=parts.DEADLINE_MS,
            calls=msgspec.to_builtins(steps),
        )


def _login(sight: Sight, systems: Systems, left: str, *, goes_on: bool) -> tuple[str, list[Check]]:
    """The version whose password logs in now, and what is to be said of that."""
    if not left:
        return sight.current, list(checks.of_login(sight))
    told = (sight.told,)
    held = password_of(sight.store, sight.described.arn, left, sight.asked.field)
    stuck = f"a rotation never ended: {short(left)} is {PENDING} still"
    if held is None or sight.role is None:
        text = f"{stuck}, and has no {shown(sight.asked.field)}"
        return sight.current, [
            *checks.of_login(sight),
            Check("refuse", text, told, overridable=sight.asked.pending == "replace"),
        ]
    said = answer(systems, sight.role.name, held)[0]
    if goes_on:
        login = left if said == "yes" else sight.current
        where = "the database has it already" if said == "yes" else "the database does not have it yet"
        more = [] if said == "yes" else list(checks.of_login(sight))
        return login, [*more, Check("explain", f"{stuck}: this goes on with it; {where}", told)]
    if said == "yes" and sight.login[0] != "yes":
        text = f"{stuck}, and the database has it: new logins fail with the one of {CURRENT}. Go on with it"
        return left, [Check("refuse", text, told)]
    text = f"{stuck}; it does not log in. Somebody may be in the middle of it; this would take its place"
    judgement = Check("explain" if sight.asked.pending == "replace" else "refuse", text, told, overridable=True)
    return sight.current, [*checks.of_login(sight), judgement]


def _blast(sight: Sight, role: str) -> Iterator[str]:
    count = len(sight.found.consumers)
    yield f"{counted(count, 'workload')} restart; each must log in anew"
    yield f"from the change in the database to its restart, new logins of each consumer as {role} fail"
    if sight.role is not None and sight.role.open_sessions:
        yield f"{counted(sight.role.open_sessions, 'session')} that are open stay open"


def _diff(sight: Sight, to: str, left: str, *, goes_on: bool) -> Iterator[str]:
    """Names of fields and of versions; no value."""
    for field in sight.material.names:
        if field == shown(sight.asked.field):
            yield f"- {field}  as in {short(sight.current)}"
            yield f"+ {field}  {'as in' if goes_on else 'new in'} {short(to)}"
        else:
            yield f"  {field}  unchanged"
    yield f"- {CURRENT} {short(sight.current)}" + (f", {PENDING} {short(left)}" if left else "")
    yield f"+ {CURRENT} {short(to)}, {PREVIOUS} {short(sight.current)}"


def _alternatives(request: Request, left: str, sight: Sight) -> Iterator[Alternative]:
    if sight.role is not None and sight.role.open_sessions:
        yield Alternative(
            f"afterwards: end the sessions of {sight.role.shown} that are logged in now",
            Request("end-role-sessions", Aim("role", sight.role.name), {"before": str(sight.role.at)}),
        )
    if left and sight.asked.pending != "continue":
        told = {**request.parameters, "pending": "continue"}
        yield Alternative(
            f"go on with {short(left)}, which a rotation left behind", msgspec.structs.replace(request, parameters=told)
        )
