"""How an action is typed: what each one may be told, how dangerous it is, and how a line goes on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from wfconsole.incident.offers import ASKED, KINDS, Offer, offer_of

# The classes that a plan of it can have; which one it is depends on what the preflight sees.
CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledge": ("R2",),
    "autoscale": ("R1", "R2"),
    "block-source": ("R2",),
    "command": ("R1", "R2", "R3"),
    "config-value": ("R1", "R2"),
    "end-idle-sessions": ("R2", "R3"),
    "end-role-sessions": ("R3",),
    "end-session": ("R2", "R3"),
    "end-user-sessions": ("R2", "R3"),
    "escalate": ("R2",),
    "flush-database": ("R3",),
    "isolate-pod": ("R2",),
    "memory-limit": ("R2",),
    "page": ("R2",),
    "remove-failing-pods": ("R2",),
    "remove-pod": ("R2",),
    "restart": ("R2",),
    "return-pod": ("R2",),
    "roll-back": ("R2",),
    "rollout-strategy": ("R1",),
    "rotate-secret": ("R3",),
    "rotate-secret-back": ("R3",),
    "scale": ("R1", "R2", "R3"),
    "unblock-source": ("R1",),
}
# What each may be told, as NAME=VALUE, with values where there are few.
PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledge": ("why=",),
    "autoscale": ("min=", "max="),
    "block-source": ("namespace=", "target=deployment/", "target=service/", "policy="),
    "command": ("block=", "deadline=", "namespace="),
    "config-value": ("key=", "value=", "restart=yes", "restart=no", "remove=yes"),
    "end-idle-sessions": ("count=", "idle_seconds="),
    "end-role-sessions": ("before=",),
    "end-session": ("how=cancel", "how=terminate", "backend_start="),
    "end-user-sessions": ("user=", "prefix=", "pattern="),
    "escalate": ("why=",),
    "flush-database": (),
    "isolate-pod": ("network=",),
    "memory-limit": ("container=", "limit=", "request="),
    "page": ("who=", "why="),
    "remove-failing-pods": (),
    "remove-pod": (),
    "restart": ("strategy=one-fewer",),
    "return-pod": ("labels=",),
    "roll-back": ("revision=", "strategy=one-fewer"),
    "rollout-strategy": ("surge=", "unavailable="),
    "rotate-secret": (
        *("region=", "field=", "user_field=", "role=", "namespaces=", "consumers=", "synced_as="),
        *("pending=continue", "pending=replace"),
    ),
    "rotate-secret-back": ("region=", "version="),
    "scale": ("replicas=",),
    "unblock-source": ("namespace=", "target=deployment/", "target=service/", "policy="),
}
# What each has to be told; without it there is nothing to plan.
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "block-source": ("target",),
    "config-value": ("key", "value"),
    "end-idle-sessions": ("count",),
    "escalate": ("why",),
    "memory-limit": ("limit",),
    "page": ("who", "why"),
    "scale": ("replicas",),
}
NAMESPACED: Final = frozenset(
    ("configmap", "daemonset", "deployment", "horizontalpodautoscaler", "pod", "source", "statefulset")
)
Targets = Callable[[str], Sequence[str]]


def class_word(action: str) -> str:
    """`R2`, or `R1-R3` where the plan decides."""
    classes = CLASSES[action]
    return classes[0] if len(classes) == 1 else f"{classes[0]}-{classes[-1]}"


def typed_offer(words: Sequence[str]) -> Offer:
    """An action as somebody types it: ACTION KIND TARGET NAME=VALUE ... What it needs and was not said is asked for.
    Raises ValueError with what is wrong."""
    action = words[0] if words else ""
    told = {word.partition("=")[0] for word in words if "=" in word}
    if "remove" in told:
        told.add("value")
    asked = [f"{name}={ASKED}" for name in NEEDED.get(action, ()) if name not in told]
    return offer_of((*words, *asked))


def gone_on(typed: str, targets: Targets) -> str:
    """The line that begins with what was typed, a word longer; "" where nothing goes on so. `targets` gives the names
    of what there is of a kind."""
    *before, last = typed.split(" ")
    found = next((word for word in _next(before, targets) if word.startswith(last) and word != last), "")
    return " ".join((*before, found)) if found else ""


def _next(before: Sequence[str], targets: Targets) -> Iterable[str]:
    """All that may follow these words."""
    if not before:
        return KINDS
    action, *rest = before
    if action not in KINDS:
        return ()
    kinds = KINDS[action]
    kind = next((kind for kind in kinds if list(rest[: len(kind.split())]) == kind.split()), None)
    if kind is None:
        return [kind[len(" ".join(rest)) :].lstrip() for kind in kinds if kind.startswith(" ".join(rest))]
    said = rest[len(kind.split()) :]
    if not said:
        return targets(kind)
    names = {word.partition("=")[0] for word in said[1:]}
    return [word for word in PARAMETERS[action] if word.partition("=")[0] not in names]
