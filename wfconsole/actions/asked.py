"""A request, before an action reads it: what nobody means is refused here, in one line, for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfconsole.actions.contract import BadRequestError
from wfconsole.incident.plan import Request
from wfconsole.text import is_safe, safe

_LONGEST_NAME: Final = 512  # a secret of AWS has the longest ones
_LONGEST_VALUE: Final = 64 << 10  # a value of a ConfigMap
_MOST_PARAMETERS: Final = 50
_MOST_DIGITS: Final = 18
_PAGING: Final = ("who", "why", "severity", "title", "ladder", "called", "restricted")
_ROTATION: Final = ("region", "field", "user_field", "role", "namespaces", "synced_as", "consumers")
_BLOCKING: Final = ("namespace", "target", "policy")
# What each action may be told. A command has names of its own: the blanks of its text.
_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledge": _PAGING,
    "autoscale": ("min", "max"),
    "block-source": _BLOCKING,
    "config-value": ("name", "key", "value", "remove", "restart"),
    "end-idle-sessions": ("count", "idle_seconds"),
    "end-role-sessions": ("before",),
    "end-session": ("backend_start", "how"),
    "end-user-sessions": ("prefix", "user", "pattern"),
    "escalate": _PAGING,
    "flush-database": (),
    "isolate-pod": ("network",),
    "memory-limit": ("container", "limit", "request"),
    "page": _PAGING,
    "remove-failing-pods": (),
    "remove-pod": (),
    "restart": ("strategy",),
    "return-pod": ("labels",),
    "roll-back": ("revision", "strategy"),
    "rollout-strategy": ("surge", "unavailable"),
    "rotate-secret": (*_ROTATION, "pending"),
    "rotate-secret-back": (*_ROTATION, "version"),
    "scale": ("replicas",),
    "unblock-source": _BLOCKING,
}


def sensible(request: Request) -> Request:
    """The request. Raises BadRequestError for one that is too long, whose target cannot even be shown, or that tells
    the action what means nothing to it."""
    aim = request.aim
    for what, said in (("kind", aim.kind), ("namespace", aim.namespace), ("name", aim.name)):
        if len(said) > _LONGEST_NAME:
            raise BadRequestError(f"a {what} of {len(said)} characters: at most {_LONGEST_NAME}")
        if not is_safe(said):
            raise BadRequestError(f"{what} {safe(said, 60)!r}: it has characters that no {what} has")
    if len(request.parameters) > _MOST_PARAMETERS:
        raise BadRequestError(f"{len(request.parameters)} parameters: at most {_MOST_PARAMETERS}")
    for name, value in request.parameters.items():
        if len(name) > _LONGEST_NAME or len(value) > _LONGEST_VALUE:
            raise BadRequestError(f"{safe(name, 60)}: at most {_LONGEST_VALUE} characters")
    known = _KNOWN.get(request.action)
    for name in request.parameters if known is not None else ():
        if name not in (known or ()):
            takes = f"it takes {', '.join(known)}" if known else "it takes no parameters"
            raise BadRequestError(f"{safe(name, 60)!r} means nothing to {request.action}: {takes}")
    return request


def whole_number(said: str, least: int, most: int) -> int | None:
    """The number that was said; None where it is none, or not one from `least` to `most`. `int` reads digits of every
    script, and fails on thousands of them."""
    if not (said.isascii() and said.isdecimal() and len(said) <= _MOST_DIGITS):
        return None
    number = int(said)
    return number if least <= number <= most else None
