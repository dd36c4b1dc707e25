"""What Alertmanager and Prometheus answer, as far as we use it, and the rows that it becomes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.alerts import AlertRow, Silence, judge_alert
from wfconsole.text import safe

ALERTS_KEPT: Final = 1_000
_LABELS_KEPT: Final = 40
_LABEL_CELLS: Final = 200
_WORDS_KEPT: Final = 1_000
_LISTED: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Status(msgspec.Struct):
    state: str = "active"
    silencedBy: list[str] = []  # noqa: N815  the API's names
    inhibitedBy: list[str] = []  # noqa: N815


class Receiver(msgspec.Struct):
    name: str = ""


class ManagedAlert(msgspec.Struct):
    """One of GET /api/v2/alerts."""

    labels: dict[str, str]
    fingerprint: str = ""
    annotations: dict[str, str] = {}
    startsAt: str = ""  # noqa: N815
    generatorURL: str = ""  # noqa: N815
    receivers: list[Receiver] = []
    status: Status = msgspec.field(default_factory=Status)


class SilenceStatus(msgspec.Struct):
    state: str = ""


class ManagedSilence(msgspec.Struct):
    """One of GET /api/v2/silences."""

    id: str
    createdBy: str = ""  # noqa: N815
    comment: str = ""
    endsAt: str = ""  # noqa: N815
    status: SilenceStatus = msgspec.field(default_factory=SilenceStatus)


class RuleAlert(msgspec.Struct):
    """One of Prometheus' GET /api/v1/alerts; it has all labels of its rule, the severity among them."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    state: str = ""
    activeAt: str = ""  # noqa: N815


class RuleAlerts(msgspec.Struct):
    alerts: list[RuleAlert] = []


class RuleAnswer(msgspec.Struct):
    status: str
    data: RuleAlerts = msgspec.field(default_factory=RuleAlerts)


def fingerprint(labels: Mapping[str, str]) -> str:
    """The key that Alertmanager gives to an alert with these labels: FNV-1a (64 bit) over names and values, sorted,
    each ended by a byte that no text holds. Prometheus does not tell it, and the rows must keep their keys."""
    total = 0xCBF29CE484222325
    for name in sorted(labels):
        for byte in (*name.encode(), 0xFF, *labels[name].encode(), 0xFF):
            total = ((total ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{total:016x}"


def instant(text: str) -> Millis:
    """An RFC 3339 time, its finer digits cut off as Alertmanager does; 0 where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    if moment.tzinfo is None or moment.year < 1971:
        return 0
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def managed_rows(alerts: Iterable[ManagedAlert], silences: Iterable[ManagedSilence]) -> dict[str, AlertRow]:
    """Rows of what Alertmanager knows."""
    known = {each.id: _silence(each) for each in silences}
    rows = {}
    for alert in alerts:
        status = alert.status
        row = _row(alert.labels, alert.annotations, alert.startsAt)
        rows[safe(alert.fingerprint, 64) or fingerprint(alert.labels)] = msgspec.structs.replace(
            row,
            state="suppressed" if status.state == "suppressed" else "active",
            generator=safe(alert.generatorURL, _WORDS_KEPT),
            receivers=tuple(safe(each.name, _LABEL_CELLS) for each in alert.receivers[:_LISTED]),
            silences=tuple(known.get(each, Silence(safe(each, 64))) for each in status.silencedBy[:_LISTED]),
            inhibited_by=tuple(safe(each, 64) for each in status.inhibitedBy[:_LISTED]),
        )
    return rows


def rule_rows(alerts: Iterable[RuleAlert], before: Mapping[str, Millis]) -> dict[str, AlertRow]:
    """Rows of what Prometheus' rules say. `before` has the starts that Alertmanager told: Prometheus counts from when
    the rule first held, and an alert that somebody acknowledged must not look like a new one."""
    rows = {}
    for alert in alerts:
        if alert.state not in ("firing", "pending"):
            continue
        key = fingerprint(alert.labels)
        row = _row(alert.labels, alert.annotations, alert.activeAt)
        told = before.get(key, 0)
        rows[key] = msgspec.structs.replace(
            row,
            state="active" if alert.state == "firing" else "pending",
            starts_at=told if told >= row.starts_at else row.starts_at,
        )
    return rows


def bounded(rows: Mapping[str, AlertRow]) -> dict[str, AlertRow]:
    """At most so many rows: the worst ones, then the newest."""
    if len(rows) <= ALERTS_KEPT:
        return dict(rows)
    ranked = sorted(rows, key=lambda key: (-judge_alert(rows[key], 0).level, -rows[key].starts_at, key))
    return {key: rows[key] for key in ranked[:ALERTS_KEPT]}


def referred(alerts: Sequence[ManagedAlert]) -> bool:
    """Whether any alert is silenced, so that the silences are worth asking for."""
    return any(alert.status.silencedBy for alert in alerts)


def _row(labels: Mapping[str, str], annotations: Mapping[str, str], starts_at: str) -> AlertRow:
    told: Any = {safe(name, 60): safe(value, _WORDS_KEPT) for name, value in annotations.items()}
    return AlertRow(
        name=safe(labels.get("alertname", ""), _LABEL_CELLS) or "without a name",
        severity=safe(labels.get("severity", ""), 30),
        labels={safe(name, 60): safe(labels[name], _LABEL_CELLS) for name in sorted(labels)[:_LABELS_KEPT]},
        starts_at=instant(starts_at),
        summary=told.get("summary", "") or told.get("message", "") or told.get("title", ""),
        description=told.get("description", ""),
        runbook=told.get("runbook_url", "") or told.get("runbook", ""),
    )


def _silence(silence: ManagedSilence) -> Silence:
    return Silence(
        safe(silence.id, 64),
        safe(silence.createdBy, 60),
        safe(silence.comment, _LABEL_CELLS),
        instant(silence.endsAt),
    )
