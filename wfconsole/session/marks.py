"""What stands on the time bar: what people did, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.events import SCRIBE, Entry
from wfconsole.incident.state import IncidentState
from wfconsole.observations.levels import Level
from wfconsole.recording.lines import kind_of

Mark = tuple[Millis, str]  # the instant, and one of the kinds of `TransportView.markers`

# What an event of a person is on the time bar; what is not here leaves no mark.
_KINDS = {
    "declared": "DECLARE",
    "severity": "DECLARE",
    "status": "STATE",
    "note": "NOTE",
    "step": "ACTION",
    "update": "COMMS",
    "message": "COMMS",
    "moment": "STATE",
    "alerts-acked": "STATE",
    "alerts-shelved": "STATE",
}


def mark_of(event: bytes) -> str:
    """The kind of mark of an encoded event, "" for none."""
    return _KINDS.get(kind_of(event), "")


def marks_in(entries: Iterable[Entry]) -> Iterator[Mark]:
    """What people did."""
    for entry in entries:
        kind = "" if entry.actor == SCRIBE else mark_of(msgspec.json.encode(entry.event))
        if kind:
            yield entry.at, kind


def alerts_in(incident: IncidentState) -> Iterator[Mark]:
    """What the scribe saw that is a warning or worse."""
    return (
        (line.at, line.kind) for line in incident.lines.values() if line.actor == SCRIBE and line.level >= Level.WARNING
    )
