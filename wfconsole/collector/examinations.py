"""Every system that the doctor can look at, whether it is configured or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.collector.settings import CollectorSettings
from wfconsole.observations.kinds import SYSTEMS
from wfconsole.sources.alertmanager import system as alertmanager
from wfconsole.sources.aws import system as aws
from wfconsole.sources.cache import system as cache
from wfconsole.sources.checking import Examination
from wfconsole.sources.choice import chosen_source
from wfconsole.sources.kubernetes.client import Limits, Server
from wfconsole.sources.kubernetes.cluster import Cluster
from wfconsole.sources.kubernetes.examination import Cards, ClusterExamination
from wfconsole.sources.kubernetes.gpus import cards_way
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.postgres import system as postgres
from wfconsole.sources.prometheus import system as prometheus

Build = Callable[[], Examination]

# Each source looks once. A deadline is at most an interval, and none is to be shorter than usual here.
_INTERVAL_MS: Final[Millis] = MINUTE
# A command that gives credentials must fail early enough for the doctor to say so.
_PLUGIN_MS: Final[Millis] = 8 * SECOND


class Plan(NamedTuple):
    """One system: its sources when all of it is configured, and how to begin; None where it is off.

    `build` raises SourceError where the configuration cannot work. `named_by` is what switches it on.
    """

    system: str
    sources: tuple[str, ...]
    build: Build | None
    named_by: str


def plans(settings: CollectorSettings) -> tuple[Plan, ...]:
    """All systems, in the order in which they are settings."""
    every: Mapping[str, Millis] = defaultdict(lambda: _INTERVAL_MS)
    return (
        Plan("kubernetes", settings.sources, lambda: _cluster(settings, every), "kubernetes.kubeconfig"),
        Plan(
            "database",
            SYSTEMS["database"],
            _when(settings.database.configured, lambda: postgres.examination(settings.database, every, settings.auth)),
            "database.host",
        ),
        Plan(
            "cache",
            SYSTEMS["cache"],
            _when(settings.cache.configured, lambda: cache.examination(settings.cache, every)),
            "cache.host",
        ),
        Plan(
            "prometheus",
            SYSTEMS["prometheus"],
            _when(settings.prometheus.configured, lambda: prometheus.examination(settings, every)),
            "prometheus.url",
        ),
        Plan(
            "alertmanager",
            SYSTEMS["alertmanager"],
            _when(settings.alertmanager.configured, lambda: alertmanager.examination(settings.alertmanager, every)),
            "alertmanager.url",
        ),
        Plan(
            "aws",
            SYSTEMS["aws"],
            _when(settings.aws.configured, lambda: aws.examination(settings.aws, every)),
            "aws.regions",
        ),
    )


def _when(configured: bool, build: Build) -> Build | None:
    return build if configured else None


def _cluster(settings: CollectorSettings, every: Mapping[str, Millis]) -> Examination:
    access = load_access(settings.kubeconfig, settings.context, in_cluster=settings.in_cluster)
    server = Server(access, Limits(deadline_ms=settings.deadline_ms, plugin_deadline_ms=_PLUGIN_MS))
    sources = Cluster(server, settings.namespaces, every).sources(settings.sources)
    way = cards_way(server, settings.gpu, every["gpus"])
    cards = Cards(chosen_source("gpus", every["gpus"], way), settings.gpu.exec_namespace) if way is not None else None
    return ClusterExamination(server, sources, settings.namespaces, cards)
