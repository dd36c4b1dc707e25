"""Alertmanager under the doctor's eyes: whether it lets us read its alerts and its silences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wfconsole.clock import Millis
from wfconsole.observations.checks import Check
from wfconsole.sources.alertmanager.endpoint import Endpoint
from wfconsole.sources.checking import Looks, used_permission
from wfconsole.sources.contract import Source, SourceError, Task
from wfconsole.sources.polling import Poll

# What it is asked for, and what the permission is called.
_READ: Final = {"/api/v2/alerts": "read alerts", "/api/v2/silences": "read silences"}


class _Read(Poll):
    """Asks for one path, and only whether there is an answer."""

    def __init__(self, name: str, server: Endpoint, path: str, interval_ms: Millis) -> None:
        super().__init__(name, interval_ms)
        self._server, self._path = server, path

    def read(self) -> None:
        self._server.get(self._path, self.left_s(), self.addresses)

    def explain(self, error: Exception) -> SourceError:
        return self._server.explain(error)


class AlertsExamination:
    """See `checking.Examination`."""

    identity = ""  # nobody is told who they are

    def __init__(self, server: Endpoint, sources: Sequence[Source], interval_ms: Millis) -> None:
        self.sources = sources
        self.where = server.shown
        self._endpoint = server
        self._reads = {name: _Read(name, server, path, interval_ms) for path, name in _READ.items()}

    @property
    def tasks(self) -> Sequence[Task]:
        return tuple(self._reads.values())

    @property
    def ahead_ms(self) -> Millis | None:
        return self._endpoint.ahead_ms

    def checks(self, looks: Looks) -> Sequence[Check]:
        """One for each thing that is read."""
        return [used_permission(looks.of(task), "alertmanager", name, "alerts") for name, task in self._reads.items()]
