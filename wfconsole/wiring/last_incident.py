"""How it stands with the newest incident of this machine, for a console in which none is declared."""

from __future__ import annotations

from typing import Final

from wfconsole.errors import UserError
from wfconsole.recording.lines import MIB
from wfconsole.session.journaling import JournalFiles, journal_files, read_entries
from wfconsole.session.view import LastIncident
from wfconsole.text import safe
from wfconsole.wiring.ground import Ground, incident_names

# So many folders are looked into: a console in which nobody ever declared leaves one without an incident.
NEWEST: Final = 20
LARGEST: Final = 8 * MIB  # of a journal, which takes some tenths of a second beside the keyboard


class LastIncidents:
    """A journal is read when it is another than at the look before; of all others no more than the names."""

    def __init__(self, base: Ground) -> None:
        self._base = base
        self._known: dict[str, tuple[JournalFiles, LastIncident | None]] = {}

    def read(self) -> LastIncident | None:
        """Reads files: never call it on the screen's loop."""
        try:
            names = incident_names(self._base)[-NEWEST:]
        except UserError:
            return LastIncident("", problem="the incidents of this machine cannot be listed")
        return next((found for name in reversed(names) if (found := self._found(name)) is not None), None)

    def _found(self, name: str) -> LastIncident | None:
        try:
            files = journal_files(self._base.incidents / name, self._base.fallbacks)
            if name not in self._known or self._known[name][0] != files:
                self._known[name] = files, self._read(name, files)
            return self._known[name][1]
        except Exception as error:  # noqa: BLE001  what was once written must never end a console
            return LastIncident(safe(name, 80), problem=f"its journal cannot be read: {type(error).__name__}")

    def _read(self, name: str, files: JournalFiles) -> LastIncident | None:
        """None where nothing was declared."""
        from wfconsole.incident.advance import fold
        from wfconsole.reports.record import known_as, lapses

        if sum(size for _, size, _ in files) > LARGEST:
            return LastIncident(safe(name, 80), problem="its journal is too long to be read here")
        entries, unknown, report = read_entries(self._base.incidents / name, self._base.fallbacks)
        state = fold(entries)
        if not state.declared and report.intact:
            return None
        problem = "" if report.intact else "its journal is damaged"
        if unknown:
            problem = "its journal was written by another version"
        return LastIncident(
            incident=safe(name, 80),
            title=safe(known_as(state)),
            severity=state.severity if state.declared else "",
            status=state.status,
            declared_at=state.declared_at,
            took_ms=next(lapse.took_ms for lapse in lapses(state) if lapse.name == "resolve"),
            problem=problem,
        )
