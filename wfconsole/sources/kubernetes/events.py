"""Events: the newest warnings and a few of the rest, whichever API they come from."""

from __future__ import annotations

from typing import Final

from wfconsole.observations.events import EventRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes.payloads import Event, EventObject, EventSource
from wfconsole.sources.kubernetes.values import instant
from wfconsole.sources.sealing import seal

WARNINGS_KEPT: Final = 500
OTHERS_KEPT: Final = 200

_NOTHING = EventObject()
_NOBODY = EventSource()


def event_row(item: Event) -> EventRow:
    """The row of one event. Its time is when it was last seen: a plain sort by lastTimestamp misses the series."""
    about = item.regarding or item.involved_object or _NOTHING
    source = item.deprecated_source or item.source or _NOBODY
    last_at = instant(item.series.last_observed_time) if item.series else 0
    plain = instant(item.deprecated_last_timestamp or item.last_timestamp)
    first = instant(item.deprecated_first_timestamp or item.first_timestamp)
    event_time, created = instant(item.event_time), instant(item.metadata.creation_timestamp)
    return EventRow(
        namespace=about.namespace or item.metadata.namespace,
        kind=about.kind,
        name=about.name,
        type="Warning" if item.type == "Warning" else "Normal",
        reason=item.reason,
        message=(item.note or item.message).strip(),
        count=(item.series.count if item.series else 0) or item.deprecated_count or item.count or 1,
        first_at=first or event_time or created,
        last_at=last_at or max(event_time, plain) or first or created,
        source=item.reporting_controller or item.reporting_component or source.component,
    )


class EventMirror:
    """Keeps a bounded number of events; see `reflector.Mirror`."""

    def __init__(self, warnings: int = WARNINGS_KEPT, others: int = OTHERS_KEPT) -> None:
        self.table = RowTable()
        self.forgotten = 0  # left out for room
        self._room = {"Warning": warnings, "Normal": others}
        self._kept: dict[str, dict[str, int]] = {"Warning": {}, "Normal": {}}  # key -> when it was last seen

    def key(self, item: Event) -> str:
        return item.metadata.uid or f"{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: Event) -> str:
        row = event_row(item)
        key = self.key(item)
        kept = self._kept[row.type]
        if key not in kept and len(kept) >= self._room[row.type] + self._room[row.type] // 4:
            self._make_room(row.type)
        kept[key] = row.last_at
        self.table.put(key, seal(row))
        return key

    def drop(self, key: str) -> None:
        for kept in self._kept.values():
            kept.pop(key, None)
        self.table.remove(key)

    def facts(self) -> dict[str, str]:
        """What was left out."""
        return {"left out": f"{self.forgotten} older events"} if self.forgotten else {}

    def _make_room(self, kind: str) -> None:
        """Forget the oldest; a quarter at a time, so that sorting stays cheap."""
        kept = self._kept[kind]
        oldest = sorted(kept, key=kept.__getitem__)[: len(kept) - self._room[kind] + 1]
        for key in oldest:
            del kept[key]
            self.table.remove(key)
        self.forgotten += len(oldest)
