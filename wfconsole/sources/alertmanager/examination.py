"""Alertmanager under the doctor's eyes: whether it lets us read its alerts and its silences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis, SystemClock
from wfconsole.decoding import decoder_of
from wfconsole.observations.checks import Check
from wfconsole.sources.alertmanager.endpoint import Endpoint
from wfconsole.sources.alertmanager.payloads import instant
from wfconsole.sources.checking import Looks, used_permission
from wfconsole.sources.contract import Source, SourceError, Task
from wfconsole.sources.polling import Poll
from wfconsole.text import age, safe

# What it is asked for, and what the permission is called.
_READ: Final = {"/api/v2/alerts": "read alerts", "/api/v2/silences": "read silences"}


_SYSTEM: Final = "alertmanager"
_ALERTS: Final = "alerts come in"
# Prometheus repeats what fires each minute, unless somebody told it otherwise.
OLD_MS: Final[Millis] = 5 * MINUTE


class _Sent(msgspec.Struct):
    """One alert, as far as it says when it was last heard of."""

    labels: dict[str, str]
    updatedAt: str = ""  # noqa: N815  the API's name


class _Read(Poll):
    """Asks for one path, and only whether there is an answer."""

    def __init__(self, name: str, server: Endpoint, path: str, interval_ms: Millis) -> None:
        super().__init__(name, interval_ms)
        self._server, self._path = server, path
        self.body = b"[]"

    def read(self) -> None:
        self.body = self._server.get(self._path, self.left_s(), self.addresses)

    def explain(self, error: Exception) -> SourceError:
        return self._server.explain(error)


class AlertsExamination:
    """See `checking.Examination`."""

    identity = ""  # nobody is told who they are

    def __init__(self, server: Endpoint, sources: Sequence[Source], interval_ms: Millis, heartbeat: str = "") -> None:
        """`heartbeat` is the name of an alert that must always fire."""
        self.sources = sources
        self._heartbeat = heartbeat
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
        """One for each thing that is read, and whether anybody sends alerts."""
        found = [used_permission(looks.of(task), _SYSTEM, name, "alerts") for name, task in self._reads.items()]
        alerts = self._reads["read alerts"]
        return found if looks.of(alerts).error is not None else [*found, self._fresh(alerts.body)]

    def _fresh(self, body: bytes) -> Check:
        """Alertmanager does not say when it was last told anything. An alert that must always fire does; of any other,
        only a new word says something: one that nobody repeats may be over, or be raised by hand."""
        try:
            sent = decoder_of(list[_Sent]).decode(body)
        except (msgspec.MsgspecError, RecursionError):
            return Check(_SYSTEM, "alerts", "fresh", _ALERTS, "unknown", "the answer cannot be read")
        now = SystemClock().now() + (self.ahead_ms or 0)
        wanted = [each for each in sent if self._heartbeat in ("", each.labels.get("alertname", ""))]
        newest = max((instant(each.updatedAt) for each in wanted), default=0)
        told = f"{safe(self._heartbeat, 80) or 'newest'} sent {age(max(0, now - newest))} ago"
        if newest and now - newest <= OLD_MS:
            return Check(_SYSTEM, "alerts", "fresh", _ALERTS, "ok", told)
        if self._heartbeat:
            said = told if newest else f"the heartbeat {safe(self._heartbeat, 80)} does not fire"
            remedy = "Alerts may not arrive: look at Prometheus, its rules and its alerting section."
            return Check(_SYSTEM, "alerts", "fresh", _ALERTS, "problem", said, remedy)
        said = told if newest else "there are none"
        return Check(_SYSTEM, "alerts", "fresh", _ALERTS, "off", f"{said}; alertmanager.heartbeat would tell")
