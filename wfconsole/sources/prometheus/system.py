"""The sources of one Prometheus, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from wfconsole.clock import Millis
from wfconsole.config.metrics import GpuSettings, InferenceSettings, PrometheusSettings, SignalsSettings
from wfconsole.sources.choice import Way, chosen_source
from wfconsole.sources.contract import Part, Source
from wfconsole.sources.polling import PolledSource
from wfconsole.sources.prometheus.examination import MetricsExamination
from wfconsole.sources.prometheus.gpus import GpusPoll
from wfconsole.sources.prometheus.history import HistoryPoll
from wfconsole.sources.prometheus.inference import InferencePoll
from wfconsole.sources.prometheus.logins import LoginSettings, logins_way
from wfconsole.sources.prometheus.server import Server
from wfconsole.sources.prometheus.signals import SignalsPoll


class MetricsSettings(Protocol):
    """What is asked, and of whom."""

    @property
    def prometheus(self) -> PrometheusSettings: ...
    @property
    def signals(self) -> SignalsSettings: ...
    @property
    def gpu(self) -> GpuSettings: ...
    @property
    def inference(self) -> InferenceSettings: ...


class ExaminedSettings(MetricsSettings, LoginSettings, Protocol):
    """What the doctor asks besides."""


def sources(settings: MetricsSettings, every_ms: Mapping[str, Millis], cards: Way | None = None) -> list[Source]:
    """`every_ms` says how often each is looked at, by its name. `cards` stands in for the metrics of GPUs."""
    return _over(Server(settings.prometheus), settings, every_ms, cards) if settings.prometheus.configured else []


def examination(settings: ExaminedSettings, every_ms: Mapping[str, Millis]) -> MetricsExamination:
    """What the doctor looks at; the settings must name a server."""
    server = Server(settings.prometheus)
    found = _over(server, settings, every_ms)
    logins = logins_way(settings, every_ms["auth"])
    if logins is not None and settings.auth.gateway == "on":
        # A gateway knows no users: that is how it is, and nothing to mend.
        found.append(chosen_source("auth", every_ms["auth"], msgspec.structs.replace(logins, lacks=tuple)))
    return MetricsExamination(server, found, every_ms["signals"])


def _over(
    server: Server, settings: MetricsSettings, every_ms: Mapping[str, Millis], cards: Way | None = None
) -> list[Source]:
    signals = SignalsPoll(server, settings.signals, every_ms["signals"])
    history = HistoryPoll(server, settings.signals, every_ms["signal_history"])
    gpus = GpusPoll(server, settings.gpu, every_ms["gpus"], required=cards is not None)
    measured = Way(gpus, gpus.table, "from the metrics of dcgm-exporter", lacks=gpus.lacks, facts=gpus.facts)
    inference = InferencePoll(server, settings.inference, settings.signals, every_ms["inference"])
    return [
        PolledSource("signals", signals.interval_ms, (Part(signals),), signals.table.take, signals.lacks, server.facts),
        PolledSource(
            "signal_history", history.interval_ms, (Part(history),), history.table.take, history.lacks, server.facts
        ),
        chosen_source("gpus", gpus.interval_ms, measured, cards),
        PolledSource("inference", inference.interval_ms, (Part(inference),), inference.table.take, facts=server.facts),
    ]
