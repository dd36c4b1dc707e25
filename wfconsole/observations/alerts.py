"""One alert: how bad its rule says it is, and whether it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import DAY, Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level

State = Literal["active", "suppressed", "unprocessed", "pending"]

# They fire while all is well: they prove the way of the alerts, or only mute others.
HEARTBEATS: Final = frozenset(("watchdog", "infoinhibitor", "deadmansswitch"))
# Whoever fires for longer than this stands there: nobody is going to do anything about it now.
STANDING_AFTER: Final = DAY
# An alert's cause is its name and the first of these labels that it has, in its namespace.
CAUSE_LABELS: Final = ("service", "app", "deployment", "statefulset", "daemonset", "horizontalpodautoscaler", "job")

_LEVELS: Final = {
    **dict.fromkeys(("critical", "crit", "page", "emergency", "fatal", "error", "p1", "sev1"), Level.CRITICAL),
    **dict.fromkeys(("warning", "warn", "high", "major", "p2", "sev2"), Level.WARNING),
    **dict.fromkeys(("info", "notice", "low", "minor", "none", "p3", "p4", "sev3", "sev4"), Level.WATCH),
}


class Silence(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who silenced an alert in Alertmanager, why and until when; only `id` is known where silences cannot be read."""

    id: str
    by: str = ""
    why: str = ""
    until: Millis = 0


class AlertRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One alert. Key: its fingerprint, the same from Alertmanager and from Prometheus."""

    name: str
    state: State = "active"
    severity: str = ""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    starts_at: Millis = 0
    summary: str = ""
    description: str = ""
    runbook: str = ""
    generator: str = ""
    receivers: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()
    inhibited_by: tuple[str, ...] = ()


def judge_alert(row: AlertRow, _now: Millis) -> Finding:
    """As bad as the rule's severity says. One without a severity is taken for a warning: somebody wrote the rule."""
    if is_heartbeat(row):
        return HEALTHY
    if row.silences:
        by = row.silences[0].by
        return Finding(Level.OK, f"silenced by {by}" if by else "silenced", "silenced", row.starts_at)
    if row.state == "suppressed" or row.inhibited_by:
        return Finding(Level.OK, "inhibited by another alert", "inhibited", row.starts_at)
    if row.state == "pending":
        return Finding(Level.OK, "pending: its rule holds, but not for long enough yet", "pending", row.starts_at)
    level = _LEVELS.get(row.severity.lower(), Level.WARNING)
    return Finding(level, title(row), "firing", row.starts_at)


def is_heartbeat(row: AlertRow) -> bool:
    """Whether it fires on purpose, all the time."""
    return row.name.lower() in HEARTBEATS


def counts(row: AlertRow, now: Millis) -> bool:
    """Whether it is trouble that somebody may have to answer: not held back, not only pending, no heartbeat."""
    return judge_alert(row, now).kind == "firing"


def thing(row: AlertRow) -> str:
    """What the alert is about: the first of the labels that name a service, "" where it has none."""
    return next((row.labels[label] for label in CAUSE_LABELS if row.labels.get(label)), "")


def cause(row: AlertRow) -> str:
    """Alerts of one cause are one group in a flood: the same name, namespace and service."""
    return "/".join((row.name, row.labels.get("namespace", ""), thing(row)))


def title(row: AlertRow) -> str:
    """What it says in a few words, with the thing in front that it is about."""
    about, said = thing(row), row.summary or row.name
    return said if not about or about.lower() in said.lower() else f"{about} {said}"


def cause_title(row: AlertRow) -> str:
    """A group in a few words: its alerts have one name and one thing, and summaries of their own."""
    about = thing(row)
    return f"{about} {row.name}" if about else row.name
