"""What stands on the time bar: what people did, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
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


class _Note(msgspec.Struct):
    """As much of a note as its mark needs."""

    kind: str = ""
    at_time: Millis = 0


def marks_of(at: Millis, event: bytes | msgspec.Raw) -> Iterator[Mark]:
    """The mark of an encoded event of this instant. One that somebody set stands at the instant that it speaks of."""
    kind = _KINDS.get(kind_of(event), "")
    if kind == "NOTE":
        try:
            note = decoder_of(_Note).decode(event)
        except msgspec.MsgspecError:
            note = _Note()
        if note.kind == "mark":
            at, kind = note.at_time or at, "MARK"
    if kind:
        yield at, kind


def marks_in(entries: Iterable[Entry]) -> Iterator[Mark]:
    """What people did."""
    for entry in entries:
        if entry.actor != SCRIBE:
            yield from marks_of(entry.at, msgspec.json.encode(entry.event))


def alerts_in(incident: IncidentState) -> Iterator[Mark]:
    """What the scribe saw that is a warning or worse."""
    return (
        (line.at, line.kind) for line in incident.lines.values() if line.actor == SCRIBE and line.level >= Level.WARNING
    )
