"""What is firing: from Alertmanager, and from Prometheus' own rules while Alertmanager does not answer."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.alerts import AlertRow
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.alertmanager.endpoint import Endpoint
from wfconsole.sources.alertmanager.payloads import (
    ManagedAlert,
    ManagedSilence,
    RuleAnswer,
    bounded,
    managed_rows,
    referred,
    rule_rows,
)
from wfconsole.sources.contract import SourceError
from wfconsole.sources.polling import Poll
from wfconsole.sources.sealing import seal

T = TypeVar("T")

# Of the time of a look that Alertmanager gets where Prometheus is there to be asked after it.
_SHARE: Final = 0.6


class AlertsPoll(Poll):
    """Fills `table` with one row for each alert. `prometheus` is asked only when Alertmanager fails."""

    def __init__(self, alertmanager: Endpoint, prometheus: Endpoint | None, interval_ms: Millis) -> None:
        super().__init__("alerts", interval_ms)
        self._alertmanager, self._prometheus = alertmanager, prometheus
        self._asked = alertmanager  # last
        self._starts: dict[str, Millis] = {}
        self._lacks: tuple[Lack, ...] = ()

    def read(self) -> None:
        missing: list[Lack] = []
        try:
            rows = self._managed(missing)
            self._starts = {key: row.starts_at for key, row in rows.items()}
        except Exception as error:  # noqa: BLE001  whatever it is, there may be another to ask
            failed = self._alertmanager.explain(error)
            if self._prometheus is None:
                raise failed from None
            rows = self._from_rules(self._prometheus, failed)
            missing = [failed.lack(f"from Prometheus: {failed.message}; silences unknown")]
        kept = bounded(rows)
        if len(kept) < len(rows):
            missing.append(Lack(f"the worst {len(kept)} of {len(rows)} alerts", "bounded"))
        self._lacks = tuple(missing)
        self.keep({key: seal(row) for key, row in kept.items()})

    def explain(self, error: Exception) -> SourceError:
        return self._alertmanager.explain(error)

    def whom(self) -> str:
        return self._asked.where

    def lacks(self) -> tuple[Lack, ...]:
        return self._lacks

    def facts(self) -> dict[str, str]:
        """What an operator should know about the server that answered."""
        return self._asked.facts()

    def _managed(self, missing: list[Lack]) -> dict[str, AlertRow]:
        server = self._asked = self._alertmanager
        seconds = self.left_s() * (_SHARE if self._prometheus is not None else 1.0)
        try:
            with self.within(seconds):
                body = server.get("/api/v2/alerts", seconds, self.addresses)
                alerts = _decoded(server, body, list[ManagedAlert])
                return managed_rows(alerts, self._silences(missing) if referred(alerts) else ())
        except TimeoutError:
            raise server.late(seconds) from None

    def _silences(self, missing: list[Lack]) -> list[ManagedSilence]:
        """All silences; without them the alerts are whole but for who silenced them."""
        server = self._alertmanager
        try:
            return _decoded(server, server.get("/api/v2/silences", self.left_s(), self.addresses), list[ManagedSilence])
        except Exception as error:  # noqa: BLE001  whatever it is, the alerts are there
            failed = server.explain(error)
            missing.append(failed.lack(f"who silenced what is unknown: {failed.message}"))
            return []

    def _from_rules(self, server: Endpoint, failed: SourceError) -> dict[str, AlertRow]:
        self._asked = server
        try:
            answer = _decoded(server, server.get("/api/v1/alerts", self.left_s(), self.addresses), RuleAnswer)
        except Exception as error:  # noqa: BLE001  both reasons are worth knowing
            second = server.explain(error)
            said = f"{failed.message}; {second.message}"
            raise SourceError(failed.kind, said, remedy=failed.remedy, code=failed.code, right=failed.right) from None
        return rule_rows(answer.data.alerts, self._starts)


def _decoded(server: Endpoint, body: bytes, kind: type[T]) -> T:
    try:
        return decoder_of(kind).decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise server.wrong(error) from None
