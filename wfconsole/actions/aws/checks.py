"""The questions about a secret that is to be changed, and what was seen of their answers."""

from __future__ import annotations

from collections.abc import Iterator

from wfconsole.actions.aws.consumers import Consumer, Found, Synced
from wfconsole.actions.aws.material import shown
from wfconsole.actions.aws.sight import Sight
from wfconsole.actions.aws.store import CURRENT, short
from wfconsole.actions.postgres.role import Role
from wfconsole.incident.plan import Check, Observed
from wfconsole.incident.wording import counted
from wfconsole.text import safe


def of_store(sight: Sight) -> Iterator[Check]:
    described, told = sight.described, (sight.told,)
    name = shown(sight.asked.field)
    yield Check(
        "ok",
        f"only {name} gets another value: {counted(len(sight.material.names), 'field')} in all"
        f" ({safe(', '.join(sight.material.names), 300)})",
        told,
    )
    if described.rotates:
        by = described.rotated_by or "its schedule"
        yield Check(
            "refuse",
            f"AWS rotates it by itself ({by}): two rotations at once leave one of them locked out. Use that one:"
            " aws secretsmanager rotate-secret",
            told,
            overridable=True,
        )
    if described.owner:
        yield Check("refuse", f"it belongs to {described.owner}, and only that service changes it", told)
    if described.primary:
        yield Check("refuse", f"it is a copy: it is changed in {described.primary}", told)


def of_role(sight: Sight) -> Iterator[Check]:
    role = sight.role
    if role is None:
        where = (sight.asked.role and f"{safe(sight.asked.role, 63)!r}") or f"what {shown(sight.asked.user_field)} says"
        yield Check(
            "refuse", f"{where} is no role of the database: is settings.database the one that it is for?", _field(sight)
        )
        return
    seen = (_seen(role),)
    if role.standby:
        yield Check("refuse", "this server is a standby: it changes no role. Name the primary in [database]", seen)
    if not role.logs_in:
        yield Check("refuse", f"{role.shown} may not log in", seen)
    if role.superuser:
        yield Check("explain", f"{role.shown} is a superuser: an application should not be one", seen)
    if role.until:
        yield Check("explain", f"its password is valid until {role.until} UTC only, the new one too", seen)
    yield from _sessions(role)
    if sight.elsewhere:
        yield Check(
            "explain",
            f"its {', '.join(sight.elsewhere)} differs from [database]: make sure that this is the server which its"
            " users reach, by another name or through a pooler. A pooler with a list of passwords of its own has to"
            " be told too",
        )
    if role.others:
        yield Check(
            "explain",
            f"{safe(', '.join(role.others), 200)} exists too: two roles that take turns would leave no gap. That takes"
            " an administrator of the database; here the role changes its own password",
        )


def _sessions(role: Role) -> Iterator[Check]:
    """Who is logged in stays in; who is not must have the new one."""
    each = [Observed(f"{one.application} from {one.address}", counted(one.count, "session")) for one in role.sessions]
    count = role.open_sessions
    if count:
        yield Check(
            "explain",
            f"{counted(count, 'session')} of {role.shown} stay logged in, an intruder's too: end them afterwards",
            tuple(each),
        )
    else:
        yield Check("explain", f"nobody is logged in as {role.shown}: is it the role that its users have?")


def _field(sight: Sight) -> tuple[Observed, ...]:
    return (Observed(f"version {short(sight.current)}", f"field {shown(sight.asked.user_field)}"),)


def _seen(role: Role) -> Observed:
    most = "no limit" if role.most < 0 else f"at most {role.most}"
    return Observed(f"role {role.shown} of {role.database}", f"{counted(role.open_sessions, 'session')}, {most}")


def of_consumers(found: Found) -> Iterator[Check]:
    if found.consumers:
        yield Check(
            "explain",
            f"{counted(len(found.consumers), 'workload')} must restart to read it: "
            + safe(", ".join(str(each.aim) for each in found.consumers), 400),
            tuple(Observed(str(each.aim), "; ".join(each.how), each.version) for each in found.consumers),
        )
    else:
        yield Check(
            "refuse",
            "no workload is known that uses it: nobody would be restarted, and whoever uses it fails at its next login",
            (Observed("workloads", "none of those that we may read names it"),),
            overridable=True,
        )
    for each in found.consumers:
        yield from _of_one(each)
    yield from _of_syncing(found.synced)
    unseen = "jobs, other namespaces and clusters, and whoever puts the name together"
    more = f"; and {safe(found.unknown[0], 300)}" if found.unknown else ""
    if len(found.unknown) > 1:
        more += f" (and {len(found.unknown) - 1} more that could not be read)"
    yield Check("explain", f"not known: {unseen}{more}")


def _of_one(each: Consumer) -> Iterator[Check]:
    seen = (Observed(str(each.aim), "; ".join(each.how), each.version),)
    if each.paused:
        yield Check("refuse", f"{each.aim} is paused: a restart would do nothing", seen, overridable=True)
    if each.down:
        yield Check("explain", f"{each.aim} has no pod that is ready now already")
    if each.by_hand_only:
        yield Check("refuse", f"{each.aim} replaces its pods only when somebody removes them", seen, overridable=True)


def _of_syncing(synced: tuple[Synced, ...]) -> Iterator[Check]:
    for each in synced:
        if each.by == "externalsecret":
            often = f"every {each.every}" if each.every else "in its own time"
            yield Check("ok", f"{each} comes from {each.maker} ({often}): asked to look at once, and waited for")
        elif each.by == "secretproviderclass" and each.held_in:
            yield Check(
                "explain",
                f"{each} comes from {each.maker}: its files are read anew by each pod, but its environment may be"
                " from before; look at it after the restart",
            )
        elif not each.by:
            yield Check(
                "refuse",
                f"{each}: nothing shows who makes it, so it cannot be waited for: a restart may read the old one",
                overridable=True,
            )


def of_login(sight: Sight) -> Iterator[Check]:
    """Whether the password that the store gives out is the one that the database takes."""
    answer, said = sight.login
    if sight.role is None:
        return
    name, current = sight.role.shown, f"the one of {CURRENT} ({short(sight.current)})"
    seen = (_seen(sight.role),)
    match answer:
        case "yes":
            yield Check("ok", f"{current} logs in as {name}, which may change its own")
        case "unchecked":
            yield Check(
                "refuse",
                f"{said} (pg_hba.conf): no login from here proves anything, and none of it was needed to get in",
                seen,
                overridable=True,
            )
        case "no":
            yield Check("refuse", f"{current} does not log in as {name}: the database has another one", seen)
        case _:
            yield Check("refuse", f"not known whether {current} logs in: {said}", seen)
