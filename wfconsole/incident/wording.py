"""Words that several parts of the incident use for the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis


def step_title(step_id: str) -> str:
    """A readable name for a step whose runbook is not at hand: its id is "<list>/<slug of the title>"."""
    return step_id.rpartition("/")[2].replace("-", " ")


_ONE: Final[Mapping[str, str]] = {
    "pods": "pod",
    "workloads": "workload",
    "hpas": "autoscaler",
    "services": "service",
    "ingresses": "ingress",
    "nodes": "node",
    "gpus": "GPU",
    "alerts": "alert",
    "signals": "signal",
    "inference": "model",
    "sessions": "session",
    "secrets": "secret",
}
_IN_NAMESPACES: Final = frozenset(("pods", "hpas", "services", "ingresses"))


def thing_in_words(about: str) -> str:
    """What a note is about, for people: "pod gateway-1 in production" for "pods production/gateway-1"."""
    source, _, key = about.partition(" ")
    one = _ONE.get(source)
    if one is None or not key:
        return about
    match key.split("/"):
        case [kind, namespace, name] if source == "workloads":
            return f"{kind} {name} in {namespace}"
        case [namespace, name] if source in _IN_NAMESPACES:
            return f"{one} {name} in {namespace}"
    return f"{one} {key}"


def because(text: str, reason: str) -> str:
    """What is said, and why where somebody said so."""
    return f"{text}: {reason}" if reason else text


def counted(count: int, one: str) -> str:
    """`1 source`, `3 sources`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def spell_duration(duration_ms: Millis) -> str:
    """A duration for prose: "45 s", "12 min", "1 h 05 min", "2 d 3 h"; seconds are dropped from ten minutes on."""
    duration = max(0, duration_ms)
    if duration < MINUTE:
        return f"{duration // SECOND} s"
    if duration < 10 * MINUTE:
        seconds = duration % MINUTE // SECOND
        return f"{duration // MINUTE} min {seconds:02} s" if seconds else f"{duration // MINUTE} min"
    if duration < HOUR:
        return f"{duration // MINUTE} min"
    if duration < DAY:
        minutes = duration % HOUR // MINUTE
        return f"{duration // HOUR} h {minutes:02} min" if minutes else f"{duration // HOUR} h"
    hours = duration % DAY // HOUR
    return f"{duration // DAY} d {hours} h" if hours else f"{duration // DAY} d"
