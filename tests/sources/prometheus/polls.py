"""Looks at a Prometheus, real or not, and what they saw."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.rig.systems.prometheus import WINDOW
from wfconsole.config.metrics import GpuSettings, InferenceSettings, PrometheusSettings, SignalRule, SignalsSettings
from wfconsole.observations.kinds import KINDS
from wfconsole.sources.prometheus.gpus import GpusPoll
from wfconsole.sources.prometheus.history import HistoryPoll
from wfconsole.sources.prometheus.inference import InferencePoll
from wfconsole.sources.prometheus.server import Server
from wfconsole.sources.prometheus.signals import SignalsPoll


def signals_poll(
    url: str, *rules: SignalRule, defaults: bool = True, interval_ms: int = 5000, **server: Any
) -> SignalsPoll:
    settings = SignalsSettings(window=WINDOW, defaults=defaults, rules=rules)
    return SignalsPoll(Server(PrometheusSettings(url=url, **server)), settings, interval_ms)


def history_poll(url: str, *rules: SignalRule) -> HistoryPoll:
    return HistoryPoll(
        Server(PrometheusSettings(url=url)), SignalsSettings(window=WINDOW, defaults=False, rules=rules), 5000
    )


def gpus_poll(url: str, settings: GpuSettings | None = None) -> GpusPoll:
    return GpusPoll(Server(PrometheusSettings(url=url)), settings or GpuSettings(), 5000)


def inference_poll(url: str, **settings: Any) -> InferencePoll:
    server = Server(PrometheusSettings(url=url))
    return InferencePoll(server, InferenceSettings(**settings), SignalsSettings(window=WINDOW), 5000)


def seen(poll: Any, kind: str) -> dict[str, Any]:
    """The rows after one more look. Rows that did not change since the look before are not among them."""
    poll.step(lambda: None)
    rows = {key: row for key, row in poll.table.take().items() if row is not None}
    return {key: msgspec.json.decode(row, type=KINDS[kind].row) for key, row in rows.items()}


def all_seen(poll: Any, kind: str) -> dict[str, Any]:
    """All rows after one more look."""
    poll.table.replace({})
    poll.table.take()
    return seen(poll, kind)
