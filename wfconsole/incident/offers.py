"""Which actions fit the thing that somebody looks at, and what has to be said for each. Pure; nothing here acts.

An action is offered by what it is done to; whether it may and should be done is what its plan finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.plan import Aim, Request
from wfconsole.incident.playbook import Step

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
    """One action for one thing. `fixed` are the parameters that follow from the thing itself. Where the thing has to be
    said too, `named_by` is the parameter that names it: NAME, or NAMESPACE/NAME."""

    action: str
    title: str
    aim: Aim
    parameters: tuple[Parameter, ...] = ()
    fixed: Mapping[str, str] = msgspec.field(default_factory=dict)
    named_by: str = ""

    def request(self, said: Mapping[str, str]) -> Request:
        """The request with what somebody has said; what was left empty is left out."""
        told = {name: value for name, value in said.items() if value and name != self.named_by}
        aim = self.aim
        if self.named_by:
            namespace, _, name = said.get(self.named_by, "").rpartition("/")
            aim = msgspec.structs.replace(aim, name=name, namespace=namespace or aim.namespace)
        return Request(self.action, aim, {**self.fixed, **told})

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
            (Parameter("address", "Address", "an address, without a mask or with one"), *_BLOCKED),
            named_by="address",
        ),
        Offer("config-value", "Change a value of a ConfigMap", Aim("configmap", ""), _CONFIG, named_by="name"),
    )


_BLOCKED: Final = (
    Parameter("namespace", "Namespace", "where the pods are that it reaches"),
    Parameter("target", "Target", "what is to be closed to it: service/NAME or deployment/NAME"),
)
_CONFIG: Final = (
    Parameter("name", "ConfigMap", "NAMESPACE/NAME"),
    Parameter("key", "Key", "the key in it"),
    Parameter("value", "Value", "the new value"),
    Parameter("restart", "Restart", "restart the workloads that read it", "yes", ("yes", "no")),
)


def command_offers(step: Step) -> Iterator[Offer]:
    """The commands of a step that is an action, each as an action of its own."""
    if step.kind != "action" or not step.danger:
        return
    for number, command in enumerate(step.commands, 1):
        blanks = tuple(Parameter(blank.strip("<>"), blank.strip("<>").capitalize()) for blank in command.placeholders)
        first = next((line.strip() for line in command.text.splitlines() if line.strip()), "")
        asked = tuple(each for each in blanks if each.name not in ("context", "namespace"))
        deadline = Parameter("deadline", "Deadline", "such as 90 s or 5 m", "60 s", needed=False)
        title = f"Run its command {number}: {first[:_LONGEST]}"
        yield Offer("command", title, Aim("step", step.id), (*asked, deadline), {"block": str(number)})


# --- as a runbook says it


# What each action is done to, in the words of a request; wfconsole.actions.catalogue has the same names.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledge": ("incident",),
    "autoscale": ("horizontalpodautoscaler",),
    "block-source": ("source",),
    "command": ("step",),
    "config-value": ("configmap",),
    "end-idle-sessions": ("sessions",),
    "end-role-sessions": ("role",),
    "end-session": ("session",),
    "end-user-sessions": ("user sessions",),
    "escalate": ("incident",),
    "flush-database": ("cache",),
    "isolate-pod": ("pod",),
    "memory-limit": _WORKLOADS,
    "page": ("incident",),
    "remove-failing-pods": _WORKLOADS,
    "remove-pod": ("pod",),
    "restart": _WORKLOADS,
    "return-pod": ("pod",),
    "roll-back": _WORKLOADS,
    "rollout-strategy": ("deployment",),
    "rotate-secret": ("secret",),
    "rotate-secret-back": ("secret",),
    "scale": ("deployment", "statefulset"),
    "unblock-source": ("source",),
}
ASKED: Final = "?"
_TARGET: Final = "target of the action"


def offer_from(text: str, title: str = "") -> Offer:
    """An action as a runbook's step has it: `scale deployment production/gateway replicas=?`. What is `?` is asked for,
    the target too. Raises ValueError that says what is wrong with it."""
    return offer_of(text.split(), title)


def offer_of(said: Sequence[str], title: str = "") -> Offer:
    """The same in words."""
    action, *words = said or ("",)
    if action not in KINDS:
        raise ValueError(f"there is no action '{action}': there are {', '.join(KINDS)}")
    kinds = KINDS[action]
    kind = next((kind for kind in kinds if words[: len(kind.split())] == kind.split()), None)
    if kind is None:
        raise ValueError(f"'{action}' is done to a {' or a '.join(kinds)}")
    target, *rest = words[len(kind.split()) :] or [ASKED]
    if "=" in target:
        target, rest = ASKED, [target, *rest]
    fixed, asked = {}, []
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise ValueError(f"'{word}' is no NAME=VALUE; NAME=? is asked for")
        if value == ASKED:
            asked.append(Parameter(name, name.capitalize()))
        else:
            fixed[name] = value
    namespace, _, name = ("", "", "") if target == ASKED else target.rpartition("/")
    if target == ASKED:
        asked.insert(0, Parameter(_TARGET, kind.capitalize(), "NAME, or NAMESPACE/NAME"))
    aim = Aim(kind, name, namespace)
    return Offer(action, title or action, aim, tuple(asked), fixed, _TARGET if target == ASKED else "")


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
        Parameter("container", "Container", "its name; empty where there is only one", needed=False),
        Parameter("limit", "Limit", "such as 4Gi"),
        Parameter("request", "Request", "empty: it stays", needed=False),
    )
    yield Offer("memory-limit", "Change a memory limit", aim, limit)


def _workload(row: Any) -> Iterator[Offer]:
    """What is being rolled out and is not all there is mostly rolled back; else it is mostly scaled."""
    found = list(_of_workload(row.kind, row.namespace, row.name, row.desired))
    if row.ready < (row.desired or 0):
        found.sort(key=lambda offer: offer.action != "roll-back")
    yield from found


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
    if row.state == "active":  # to cancel does nothing to what runs nothing
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
    aim = Aim("user sessions", row.prefix)
    yield Offer("end-user-sessions", f"End the user sessions under {row.prefix}", aim, fixed={"prefix": row.prefix})


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
            _BLOCKED,
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
