"""What brings a secret into the cluster is asked to look now, and waited for: who restarts before that reads the old
value once more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.aws.steps import Sync
from wfconsole.actions.contract import Say, Stale, Unknown
from wfconsole.actions.kubernetes.cluster import Call, Object
from wfconsole.actions.systems import Systems
from wfconsole.decoding import convert
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

WITHIN_S: Final = 90.0
_EVERY_S: Final = 0.5


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one of several things. `about` is what others wait for."""

    text: str
    failed: bool = False
    about: str = ""


def sync(systems: Systems, asked: Iterable[Sync], say: Say) -> Iterator[Line]:
    """Ask all of them, then wait for each."""
    waiting: list[tuple[Sync, tuple[Any, ...]]] = []
    for each in asked:
        say(f"sync {each.what}")
        try:
            before = _looked(systems.cluster.get(each.path, each.what))
            systems.cluster.send(convert(each.call, Call))
            waiting.append((each, before))
        except (SourceError, Stale, Unknown) as error:
            yield Line(f"{each.what} was not asked to sync: {error}", failed=True, about=each.what)
    until = time.monotonic() + WITHIN_S
    for each, before in waiting:
        yield _awaited(systems, each, before, until)


def _awaited(systems: Systems, each: Sync, before: tuple[Any, ...], until: float) -> Line:
    said = ""
    while time.monotonic() < until:
        try:
            item = systems.cluster.get(each.path, each.what)
        except SourceError as error:
            said = error.message
        else:
            # Both: the time alone moves on with a look that began before the change, and an error moves neither.
            if all(now != then for now, then in zip(_looked(item), before, strict=True)) and _ready(item):
                return Line(f"{each.what} is synced", about=each.what)
            said = _why(item)
        threading.Event().wait(_EVERY_S)
    return Line(f"{each.what} is not synced after {WITHIN_S:g} s: {said}", failed=True, about=each.what)


def _looked(item: Object) -> tuple[Any, ...]:
    status = item.get("status") or {}
    return status.get("refreshTime"), status.get("syncedResourceVersion")


def _conditions(item: Object) -> Iterator[dict[str, Any]]:
    return (each for each in (item.get("status") or {}).get("conditions") or () if each.get("type") == "Ready")


def _ready(item: Object) -> bool:
    return any(each.get("status") == "True" for each in _conditions(item))


def _why(item: Object) -> str:
    return safe(next((str(each.get("message", "")) for each in _conditions(item)), "its operator is silent"), 200)
