"""A state being written, for the functions that each take one kind of event."""

from __future__ import annotations

from typing import Any

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.events import Entry, Moment
from wfconsole.incident.state import IncidentState, Line, Overwritten
from wfconsole.observations.levels import Level


class Draft:
    """A state being written: a field is copied when it is first written to, never before."""

    def __init__(self, state: IncidentState) -> None:
        self._state = state
        self._new: dict[str, Any] = {}
        self._trace: list[Overwritten] | None = None

    def done(self) -> IncidentState:
        return msgspec.structs.replace(self._state, **self._new)

    def begin(self, entry: Entry, *, can_undo: bool) -> None:
        """What follows is what this entry does."""
        self._trace = [] if can_undo else None
        self._new["head_seq"] = entry.seq

    def end(self) -> tuple[Overwritten, ...]:
        """What the entry has replaced."""
        trace, self._trace = self._trace, None
        return tuple(trace or ())

    # --- reading and writing

    def get(self, field: str) -> Any:
        return self._new[field] if field in self._new else getattr(self._state, field)

    def mapping(self, field: str) -> dict[str, Any]:
        """The mapping of that name, ours to write to."""
        if field not in self._new:
            self._new[field] = dict(getattr(self._state, field))
        mapping: dict[str, Any] = self._new[field]
        return mapping

    def set(self, field: str, value: Any) -> None:
        if self._trace is not None:
            self._trace.append(Overwritten(field, "", self.get(field), value))
        self._new[field] = value

    def set_for_good(self, field: str, value: Any) -> None:
        """As `set`, and no undo brings the old value back."""
        self._new[field] = value

    def put(self, field: str, key: str, value: Any) -> None:
        """Set one key of a mapping; None removes it."""
        mapping = self.mapping(field)
        if self._trace is not None:
            self._trace.append(Overwritten(field, key, mapping.get(key), value))
        if value is None:
            mapping.pop(key, None)
        else:
            mapping[key] = value

    def moment(self, moment: Moment, at: Millis) -> None:
        """Set a moment that follows from something, unless it is known already."""
        if at and moment not in self.get("moments"):
            self.put("moments", moment, at)

    def line(self, entry: Entry, kind: str, text: str, *, level: Level = Level.OK, at: Millis = 0) -> None:
        when = at or entry.at
        self.mapping("lines")[entry.id] = Line(
            entry.id, entry.seq, when, kind, entry.actor, text, level, last_at=when, entries=(entry.id,)
        )

    def line_of(self, entry_id: str) -> Line | None:
        """The line that an entry stands in, alone or folded with others."""
        lines = self.get("lines")
        found: Line | None = lines.get(entry_id)
        if found is None:
            found = next((line for line in reversed(lines.values()) if entry_id in line.entries), None)
        return found

    def revise(self, line: Line, **changes: Any) -> None:
        revised = msgspec.structs.replace(line, **changes)
        if self._trace is not None:
            self._trace.append(Overwritten("lines", line.entry, line, revised))
        self.mapping("lines")[line.entry] = revised

    def on_the_same_line(self, entry: Entry, key: str, kind: str, *, text: str, level: Level) -> None:
        """The line that the thing has already says what is new; one that has none yet gets one."""
        line = self.get("lines").get(self.get("line_of_key").get(key, ""))
        if line is None:
            self.line(entry, kind, text, level=level)
            self.mapping("line_of_key")[key] = entry.id
        else:
            self.revise(line, text=text, level=level, last_at=entry.at, entries=(*line.entries, entry.id))
