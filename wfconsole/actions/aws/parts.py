"""The parts of a plan that going on and going back share: the restarts, the permissions, the commands, the signal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from wfconsole.actions.aws.consumers import Consumer, Found
from wfconsole.actions.aws.sight import Sight
from wfconsole.actions.aws.steps import Restart, Steps, Sync
from wfconsole.actions.aws.store import CURRENT, PENDING
from wfconsole.actions.kubernetes.cluster import MERGE, Call, Unchanged, unchanged
from wfconsole.actions.kubernetes.workloads import path_of
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.plan import Permission, Reading, Request, Signal
from wfconsole.sources.kubernetes.rights import ACTOR, grant
from wfconsole.text import safe

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
ASKED_AT = "force-sync"
DEADLINE_MS: Millis = 4 * MINUTE


def stamp(now: Millis) -> str:
    """With its thousandths: the second time within one second, a restart would be none."""
    return datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")


def instant(said: str) -> float:
    """Such a stamp, whoever wrote it, in seconds since 1970; 0 for what is none."""
    try:
        return datetime.fromisoformat(said).timestamp()
    except ValueError:
        return 0.0


class Ways(NamedTuple):
    """From which version to which; see `Steps`."""

    to: str
    login: str
    pending: str
    makes: bool = False
    leaves: str = ""


def steps(sight: Sight, ways: Ways, now: Millis, back_: Request) -> Steps:
    """All that will be done."""
    return Steps(
        sight.asked.region,
        sight.described.arn,
        sight.role.name if sight.role is not None else "",
        sight.asked.field,
        current=sight.current,
        to=ways.to,
        login=ways.login,
        makes=ways.makes,
        unchecked=sight.login[0] == "unchecked",
        pending=ways.pending,
        leaves=ways.leaves,
        at=sight.role.at if sight.role is not None else 0,
        restarted_at=stamp(now),
        consumers=restarts(sight.found, stamp(now)),
        synced=syncs(sight.found, stamp(now)),
        back=msgspec.to_builtins(back_),
    )


def shown_role(sight: Sight) -> str:
    return sight.role.shown if sight.role is not None else "no role"


def place(sight: Sight) -> str:
    return f"{sight.store.where}; the database and the cluster of the console"


def restarts(found: Found, at: str) -> tuple[Restart, ...]:
    return tuple(_restart(each, at) for each in found.consumers)


def _restart(each: Consumer, at: str) -> Restart:
    aim, path = each.aim, path_of(each.aim)
    body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}}}
    call = Call("PATCH", path, body, MERGE, f"restart {aim}")
    # Of its parts none matters: whatever it has become, it needs the new one.
    same = Unchanged(path, str(aim), each.uid, (), unchanged(path, "", {"metadata": {"uid": each.uid}}).digest)
    waits = tuple(one.maker for one in each.waits_for)
    return Restart(
        str(aim), aim.kind, aim.namespace, aim.name, msgspec.to_builtins(call), msgspec.to_builtins(same), waits
    )


def syncs(found: Found, at: str) -> tuple[Sync, ...]:
    made = {}
    for each in found.synced:
        if each.by == "externalsecret":
            body = {"metadata": {"annotations": {ASKED_AT: at}}}
            call = Call("PATCH", each.path, body, MERGE, f"sync {each.maker}")
            made[each.path] = Sync(each.maker, each.path, msgspec.to_builtins(call))
    return tuple(made.values())


def permissions(sight: Sight, systems: Systems) -> Iterator[Permission]:
    """Of AWS, and of the cluster for each kind of thing that is restarted or asked to sync."""
    yield from sight.store.permissions(sight.described.arn)
    if not sight.found.consumers and not sight.found.synced:
        return
    cluster = systems.cluster
    for kind, namespace in sorted({(each.aim.kind, each.aim.namespace) for each in sight.found.consumers}):
        yield cluster.may("patch", f"{kind}s", "apps", namespace)
    for namespace in sorted({each.namespace for each in sight.found.synced if each.by == "externalsecret"}):
        yield cluster.may("patch", "externalsecrets", "external-secrets.io", namespace)
    if sight.found.unknown:
        mends = "; ".join(grant(ACTOR, cluster.user, list(sight.asked.namespaces)))
        yield Permission("see everything that could bring it into the cluster", None, mends)


def by_hand(sight: Sight, systems: Systems, to: str, *, make: bool) -> Iterator[str]:
    """The same with the usual tools, in the same order, with no value on any command line."""
    if sight.role is None:
        return
    described, settings = sight.described, systems.settings
    profile = settings.aws.acting_profile or settings.aws.profile
    words = [*(("--profile", profile) if profile else ()), "--region", sight.asked.region]
    words += ["--endpoint-url", settings.aws.endpoint_url] if settings.aws.endpoint_url else []

    def aws(command: str, *more: str) -> str:
        return shlex.join(["aws", "secretsmanager", command, *words, "--secret-id", described.arn, *more])

    if make:
        told = ("--version-stages", PENDING, "--secret-string", "file://FILE-THAT-ONLY-YOU-READ")
        yield aws("put-secret-value", *told)
    database = settings.database
    where = ["-h", database.host, "-p", str(database.port)] if database.host else []
    conninfo = [f"service={database.service}"] if database.service else ["-d", database.name or sight.role.database]
    yield shlex.join(["psql", *where, "-U", sight.role.shown, *conninfo, "-c", r"\password"])
    if to != sight.current:
        moved = (
            "--move-to-version-id",
            "VERSION-ID-OF-THE-ANSWER" if make else to,
            "--remove-from-version-id",
            sight.current,
        )
        yield aws("update-secret-version-stage", "--version-stage", CURRENT, *moved)
    if not (sight.found.synced or sight.found.consumers):
        return
    context = ["--context", systems.cluster.access.context] if systems.cluster.access.context else []
    for each in sight.found.synced:
        if each.by == "externalsecret":
            annotate = ["annotate", "--overwrite", "externalsecret", each.name, f"{ASKED_AT}=NOW"]
            yield shlex.join(["kubectl", *context, "-n", each.namespace, *annotate])
    for one in sight.found.consumers:
        yield shlex.join(
            ["kubectl", *context, "-n", one.aim.namespace, "rollout", "restart", f"{one.aim.kind}/{one.aim.name}"]
        )


def signal(consumers: int, role: str) -> Signal | None:
    """Each consumer counts once it is new and whole, and so does the first login with the new one. A consumer that has
    become unable to serve counts against it."""
    if not consumers:
        return None
    return Signal(
        f"consumers that are new and whole, and a login of {safe(role, 63)} since",
        goal=consumers + 1,
        unit="of it",
        window_ms=5 * MINUTE,
        hold_ms=20 * SECOND,  # a pod that cannot log in is ready for a moment, and then crashes
        every_ms=3 * SECOND,
    )


def before(found: Found, now: Millis) -> Reading:
    """The same, as it stands: nobody is new yet, and who is down already is not our doing."""
    down = sum(1 for each in found.consumers if each.down)
    return Reading(now, float(-down), f"nobody has it yet; {down} of {len(found.consumers)} have no pod that is ready")


def back(request: Request, sight: Sight, to: str, systems: Systems) -> Request:
    """The request that makes `to` current again."""
    told = {name: value for name, value in request.parameters.items() if name not in ("pending", "version")}
    parameters = {**told, "region": sight.asked.region, "version": to}
    return Request("rotate-secret-back", request.aim, parameters, systems.receipt)
