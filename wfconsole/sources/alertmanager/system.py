"""The source of alerts, put together."""

from __future__ import annotations

from collections.abc import Mapping

from wfconsole.clock import Millis
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.config.systems import AlertmanagerSettings
from wfconsole.sources.alertmanager.alerts import AlertsPoll
from wfconsole.sources.alertmanager.endpoint import Endpoint
from wfconsole.sources.alertmanager.examination import AlertsExamination
from wfconsole.sources.contract import Part, Source
from wfconsole.sources.polling import PolledSource


def sources(
    settings: AlertmanagerSettings, prometheus: PrometheusSettings, every_ms: Mapping[str, Millis]
) -> list[Source]:
    """Nothing where no Alertmanager is named. `every_ms` says how often each is looked at, by its name."""
    if not settings.configured:
        return []
    poll = a_poll(settings, prometheus, every_ms["alerts"])
    heartbeat = {"heartbeat": settings.heartbeat} if settings.heartbeat else {}

    def facts() -> Mapping[str, str]:
        return {**heartbeat, **poll.facts()}

    return [PolledSource("alerts", poll.interval_ms, (Part(poll),), poll.table.take, poll.lacks, facts)]


def a_poll(settings: AlertmanagerSettings, prometheus: PrometheusSettings, interval_ms: Millis) -> AlertsPoll:
    """The task that reads alerts, over both servers where both are named."""
    return AlertsPoll(manager_of(settings), _rules_of(prometheus) if prometheus.configured else None, interval_ms)


def _rules_of(settings: PrometheusSettings) -> Endpoint:
    login = settings.user, settings.password_file
    token, authority = settings.token_file, settings.ca_file
    return Endpoint("prometheus", "Prometheus", settings.url, token_file=token, ca_file=authority, login=login)


def manager_of(settings: AlertmanagerSettings) -> Endpoint:
    token, authority = settings.token_file, settings.ca_file
    return Endpoint("alertmanager", "Alertmanager", settings.url, token_file=token, ca_file=authority)


def examination(settings: AlertmanagerSettings, every_ms: Mapping[str, Millis]) -> AlertsExamination:
    """What the doctor looks at; the settings must name an Alertmanager. Nobody stands in for it here."""
    alone = sources(settings, PrometheusSettings(), every_ms)
    return AlertsExamination(manager_of(settings), alone, every_ms["alerts"], settings.heartbeat)
