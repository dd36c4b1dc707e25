"""Which actions fit the thing that somebody looks at, and what has to be said for each. Pure; nothing here acts.

An action is offered by what it is done to; whether it may and should be done is what its plan finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.plan import Aim, Request

_WORKLOADS: Final = ("deployment", "statefulset", "daemonset")
_LONGEST: Final = 200


class Parameter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that has to be said. `value` is what stands there at first; `choices` are all that may be said."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    choices: tuple[str, ...] = ()
    needed: bool = True


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action for one thing. `fixed` are the parameters that follow from the thing itself."""

    action: str
    title: str
    aim: Aim
    parameters: tuple[Parameter, ...] = ()
    fixed: Mapping[str, str] = msgspec.field(default_factory=dict)

    def request(self, said: Mapping[str, str]) -> Request:
        """The request with what somebody has said; what was left empty is left out."""
        told = {name: value for name, value in said.items() if value}
        return Request(self.action, self.aim, {**self.fixed, **told})

    def missing(self, said: Mapping[str, str]) -> str:
        """What has to be said still, "" when nothing."""
        for each in self.parameters:
            value = said.get(each.name, "")
            if each.needed and not value:
                return f"{each.label}: {each.hint or 'say what'}"
            if value and each.choices and value not in each.choices:
                return f"{each.label}: {', '.join(each.choices)}"
        return ""


def offers_for(source: str, row: Any, *, security: bool = False) -> tuple[Offer, ...]:
    """What can be done about a row of this source. `security`: it is a security incident, and evidence is to stay."""
    made = _BY_SOURCE.get(source)
    if made is None:
        return ()
    found = list(made(row))
    if security:  # what keeps the evidence comes before what destroys it
        found.sort(key=lambda offer: offer.action != "isolate-pod")
    return tuple(found)


def offer_at_large() -> tuple[Offer, ...]:
    """What can be done whatever is looked at."""
    who = Parameter("who", "Who", "a role or a name of the runbook's contacts")
    why = Parameter("why", "Why", "what they need to know")
    incident = Aim("incident", "this")
    return (
        Offer("page", "Page somebody", incident, (who, why)),
        Offer("escalate", "Escalate to the next one of the severity's chain", incident, (why,)),
        Offer("acknowledge", "Acknowledge the page", incident, (Parameter("why", "Why", needed=False),)),
        Offer(
            "block-source",
            "Block a source address",
            Aim("source", ""),
            (Parameter("address", "Address", "an address or a range"), Parameter("namespace", "Namespace")),
        ),
        Offer("config-value", "Change a value of a ConfigMap", Aim("configmap", ""), _CONFIG),
    )


_CONFIG: Final = (
    Parameter("name", "ConfigMap", "NAMESPACE/NAME"),
    Parameter("key", "Key", "the key in it"),
    Parameter("value", "Value", "the new value"),
    Parameter("restart", "Restart", "restart the workloads that read it", "yes", ("yes", "no")),
)


# --- by what is looked at


def _of_workload(kind: str, namespace: str, name: str, desired: int | None = None) -> Iterator[Offer]:
    kind = kind.lower()
    if kind not in _WORKLOADS:
        return
    aim = Aim(kind, name, namespace)
    if kind != "daemonset":
        value = "" if desired is None else str(desired)
        yield Offer("scale", "Scale", aim, (Parameter("replicas", "Replicas", "how many pods", value),))
    yield Offer("restart", "Restart, pod after pod", aim)
    yield Offer("remove-failing-pods", "Remove only the pods that fail, one at a time", aim)
    revision = Parameter("revision", "Revision", "empty: the last one that was healthy", needed=False)
    yield Offer("roll-back", "Roll back", aim, (revision,))
    limit = (
        Parameter("container", "Container", "its name"),
        Parameter("limit", "Limit", "such as 4Gi"),
    )
    yield Offer("memory-limit", "Change a memory limit", aim, limit)


def _workload(row: Any) -> Iterator[Offer]:
    yield from _of_workload(row.kind, row.namespace, row.name, row.desired)


def _pod(row: Any) -> Iterator[Offer]:
    aim = Aim("pod", row.name, row.namespace)
    yield Offer("remove-pod", "Remove this pod (evict: keeps to the disruption budget)", aim)
    yield Offer("isolate-pod", "Isolate this pod, and keep it for evidence", aim)
    yield from _of_workload(row.owner_kind, row.namespace, row.owner)


def _hpa(row: Any) -> Iterator[Offer]:
    bounds = (
        Parameter("min", "Minimum", "how many pods at least", str(row.minimum)),
        Parameter("max", "Maximum", "how many at most", str(row.maximum)),
    )
    yield Offer(
        "autoscale", "Change the autoscaler's bounds", Aim("horizontalpodautoscaler", row.name, row.namespace), bounds
    )
    yield from _of_workload(row.target_kind, row.namespace, row.target)


def _gpu(row: Any) -> Iterator[Offer]:
    if row.pod:
        yield Offer("remove-pod", "Remove this pod (evict)", Aim("pod", row.pod, row.namespace))


def _session(row: Any) -> Iterator[Offer]:
    if not row.pid:
        return
    aim, start = Aim("session", str(row.pid)), {"backend_start": iso(row.started_at)}
    yield Offer("end-session", "Cancel its query", aim, fixed={**start, "how": "cancel"})
    yield Offer("end-session", "End this session", aim, fixed={**start, "how": "terminate"})
    yield _IDLE


_IDLE: Final = Offer(
    "end-idle-sessions",
    "End the sessions that idle longest",
    Aim("sessions", "idle"),
    (Parameter("count", "How many", "a number", "3"),),
)


def _database(_row: Any) -> Iterator[Offer]:
    yield _IDLE


def _keys(row: Any) -> Iterator[Offer]:
    yield Offer("end-user-sessions", f"End the user sessions under {row.prefix}", Aim("user sessions", row.prefix))


def _cache(_row: Any) -> Iterator[Offer]:
    user = Parameter("user", "User", "whose sessions")
    yield Offer("end-user-sessions", "End one user's sessions", Aim("user sessions", "of one user"), (user,))
    yield Offer("flush-database", "Empty the whole database (last resort)", Aim("cache", "database"))


def _auth(row: Any) -> Iterator[Offer]:
    if row.by == "source":
        yield Offer(
            "block-source",
            f"Block {row.name}",
            Aim("source", row.name),
            (Parameter("namespace", "Namespace", "where the ingress is"),),
        )
    elif row.by == "user":
        yield Offer(
            "end-user-sessions",
            f"End the sessions of {row.name}",
            Aim("user sessions", row.name),
            fixed={"user": row.name},
        )


def _secret(row: Any) -> Iterator[Offer]:
    yield Offer("rotate-secret", "Rotate it", Aim("secret", row.name), fixed={"region": row.region})


_BY_SOURCE: Final[Mapping[str, Callable[[Any], Iterator[Offer]]]] = {
    "workloads": _workload,
    "pods": _pod,
    "hpas": _hpa,
    "gpus": _gpu,
    "sessions": _session,
    "database": _database,
    "keys": _keys,
    "cache": _cache,
    "auth": _auth,
    "secrets": _secret,
}


def iso(at: Millis) -> str:
    """An instant as text, to the millisecond."""
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds")
