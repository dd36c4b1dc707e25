"""Commands for actions: arm, disarm, and any action in one line. What is planned here is confirmed like all others."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from wfconsole.clock import MINUTE
from wfconsole.tui import acting
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_commands import need_incident

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom


def arm(room: WarRoom, words: str) -> Act:
    """`[MINUTES] [WHY]`."""
    from wfconsole.incident.arming import ARMED_AT_MOST_MS, may_not_arm

    need_incident(room)
    first, _, rest = words.partition(" ")
    minutes, why = (int(first[:9]), rest.strip()) if first.isascii() and first.isdecimal() else (0, words)
    for_ms = minutes * MINUTE or room.session.acts.armed_for()
    if not MINUTE <= for_ms <= ARMED_AT_MOST_MS or first == "0":
        raise Refused(f"minutes: a number from 1 to {ARMED_AT_MOST_MS // MINUTE}")
    refusal = room.session.acts.refusal() or may_not_arm(room.session.view().incident, room.session.operator)
    if refusal:
        raise Refused(refusal)
    return lambda: acting.arm(room, for_ms, why)


def disarm(room: WarRoom, words: str) -> Act:
    need_incident(room)
    if room.session.view().incident.armed_until <= room.session.now():
        raise Refused("it is not armed")

    def act() -> str:
        acting.disarm(room, words)
        return ""

    return act


def act(room: WarRoom, words: str) -> Act:
    """`ACTION KIND TARGET NAME=VALUE ...`; alone it opens the list."""
    from wfconsole.incident.act_words import typed_offer

    if not words:
        return lambda: acting.open_list(room)
    if refusal := acting.refused(room):
        raise Refused(refusal)
    try:
        offer = typed_offer(shlex.split(words))
    except ValueError as wrong:
        raise Refused(str(wrong)) from None

    def take_up() -> str:
        acting.take_up(room, offer)
        return ""

    return take_up


def act_on(room: WarRoom, typed: str) -> str:
    """What was typed, a word longer."""
    from wfconsole.incident.act_words import gone_on

    return gone_on(typed, lambda kind: targets(room, kind))


def targets(room: WarRoom, kind: str) -> list[str]:
    """What there is of a kind, as it is typed, by what was seen last."""
    view = room.session.view()
    if kind in _FIXED_TARGETS:
        return [_FIXED_TARGETS[kind]]
    if kind == "incident":
        return [view.incident.id] if view.incident.declared else []
    if kind == "step":
        return [item.step.id for item in room.frame().checklist.items]
    source, name_of = _TARGETS.get(kind, ("", _no_name))
    snapshot = view.world.snapshots.get(source)
    names = (name_of(row, kind) for row in snapshot.rows.values()) if snapshot is not None else ()
    return list(dict.fromkeys(filter(None, names)))


def _no_name(_row: Any, _kind: str) -> str:
    return ""


def _workload_name(row: Any, kind: str) -> str:
    return f"{row.namespace}/{row.name}" if row.kind.lower() == kind else ""


def _placed_name(row: Any, _kind: str) -> str:
    return f"{row.namespace}/{row.name}"


_FIXED_TARGETS: Final = {"sessions": "idle", "cache": "database"}
_TARGETS: Final[Mapping[str, tuple[str, Callable[[Any, str], str]]]] = {
    "deployment": ("workloads", _workload_name),
    "statefulset": ("workloads", _workload_name),
    "daemonset": ("workloads", _workload_name),
    "pod": ("pods", _placed_name),
    "horizontalpodautoscaler": ("hpas", _placed_name),
    "session": ("sessions", lambda row, _kind: str(row.pid) if row.pid else ""),
    "user sessions": ("keys", lambda row, _kind: row.prefix),
    "source": ("auth", lambda row, _kind: row.name if row.by == "source" else ""),
    "secret": ("secrets", lambda row, _kind: row.name),
}
