"""What the scribe looks for in metrics: signals past their bounds, GPUs that complain, models that are slow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.sights import Seen, Sight, Untold, named, touched
from wfconsole.observations.gpus import HOT, TOO_HOT, GpuRow, findings_of
from wfconsole.observations.inference import InferenceRow, grows, judge_inference, slow
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Finding, Level
from wfconsole.observations.signals import SignalRow

_FAMILY: Final = "inference"
Card = tuple[str, str]


def sights_of_signals(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By signal, the total and each service: past a bound. What has no value is neither past it nor within."""
    before, after = judged_before.rows("signals"), judged.rows("signals")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: SignalRow | None = after.rows.get(key)
        subject = _signal(before.rows[key] if row is None else row)
        finding = after.finding(key)
        if row is None:
            seen[subject] = None
        elif row.value is None:
            seen[subject] = (Untold("signal"),)
        elif finding.kind == "bound":
            family = "slo" if row.slo else "signal"  # the record must tell which bound is a promise to users
            seen[subject] = (Sight("signal", family, finding.level, f"{{name}} {finding.reason}"),)
        else:
            seen[subject] = ()
    return seen


def _signal(row: SignalRow) -> str:
    """A rule's name is its own; the title on the screen may be that of several."""
    namespace, _, service = row.group.rpartition("/")
    return named("Signal", namespace, f"{service} {row.rule}" if service else row.rule)


def sights_of_gpus(judged_before: Judged, judged: Judged, lasting: frozenset[str], _now: Millis) -> Seen:
    """By card, which several rows may tell of: its last error, uncorrectable memory errors, too much heat."""
    before, after = judged_before.rows("gpus"), judged.rows("gpus")
    moved = touched(before, after)
    cards = {_card(row) for rows in (before.rows, after.rows) for key in moved if (row := rows.get(key)) is not None}
    by_card: dict[Card, list[GpuRow]] = {card: [] for card in cards}
    old_xids: dict[Card, int | None] = {_card(row): row.xid for row in before.rows.values()} if cards else {}
    for row in after.rows.values() if cards else ():
        if (card := _card(row)) in by_card:
            by_card[card].append(row)
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for card, rows in by_card.items():
        subject = named("Gpu", *card)
        hot = f"gpu-hot {subject}" in lasting
        seen[subject] = tuple(_complaints(rows[0], old_xids.get(card), hot=hot)) if rows else None
    return seen


def _card(row: GpuRow) -> Card:
    return row.node, row.gpu


def _complaints(row: GpuRow, old_xid: int | None, *, hot: bool) -> Iterator[Sight | Untold]:
    """Heat is over when the card is no longer hot, not already when it is a degree below what is too hot."""
    told = {finding.kind: finding for finding in findings_of(row)}
    if row.xid is None:
        yield Untold("gpu-xid")
    elif (found := told.get("xid")) is not None:
        another = int(old_xid is not None and old_xid != row.xid)
        yield Sight("gpu-xid", "gpu", found.level, f"GPU {{name}}: {found.reason}", happened=another)
    if row.ecc_errors is None:
        yield Untold("gpu-memory")
    elif (found := told.get("ecc")) is not None:
        yield Sight("gpu-memory", "gpu", found.level, f"GPU {{name}}: {found.reason}", affected=row.ecc_errors)
    if row.temperature is None:
        yield Untold("gpu-hot")
    elif row.temperature >= (HOT if hot else TOO_HOT):
        text = f"GPU {{name}} is at {row.temperature:.0f} C (bound {TOO_HOT:.0f} C)"
        yield Sight("gpu-hot", "gpu", Level.WARNING, text)


def sights_of_inference(judged_before: Judged, judged: Judged, lasting: frozenset[str], now: Millis) -> Seen:
    """By model: a queue that grew until it is short again, answers that take too long."""
    before, after = judged_before.rows("inference"), judged.rows("inference")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: InferenceRow | None = after.rows.get(key)
        subject = named("Model", key)
        if row is None:
            seen[subject] = None
        else:
            grown = f"queue {subject}" in lasting
            seen[subject] = tuple(_model(row, judge_inference(row, now), grown=grown))
    return seen


def _model(row: InferenceRow, finding: Finding, *, grown: bool) -> Iterator[Sight | Untold]:
    level = max(finding.level, Level.WARNING)
    if row.queue is None:
        yield Untold("queue")
    elif grows(row) or (grown and row.queue > row.queue_limit):
        rise = f" from {row.queue_low:.0f}" if row.queue_low is not None and row.queue_low < row.queue else ""
        text = f"model {{name}}: {row.queue:.0f} requests wait, up{rise} (bound {row.queue_limit:g})"
        yield Sight("queue", _FAMILY, level, text, affected=round(row.queue))
    if row.latency is None:
        yield Untold("latency")
    elif slow(row):
        kind = "mean" if row.latency_is_mean else "p95"
        text = f"model {{name}}: {kind} {row.latency:.1f}s, above {row.latency_limit:g}s"
        yield Sight("latency", _FAMILY, level, text)
