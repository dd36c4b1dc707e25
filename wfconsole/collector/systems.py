"""Which sources there are beside Kubernetes. What reads a system is imported where the settings name it, and a client
library by the first look that needs it: the first rows wait for the collector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.collector.settings import CollectorSettings
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.choice import Way, chosen_source
from wfconsole.sources.contract import Source
from wfconsole.sources.kubernetes.client import Server

# How often a source is looked at that is not named.
_INTERVAL_MS: Millis = 5 * SECOND


def other_sources(settings: CollectorSettings, cluster: Server | None) -> list[Source]:
    """The sources of all systems that the settings name. Some of what they tell can be had in a second way, from
    another system; without the first, the second is the only one."""
    every: Mapping[str, Millis] = defaultdict(lambda: _INTERVAL_MS, settings.intervals)
    cards = None if cluster is None else _cards_way(cluster, settings, every["gpus"])
    logins = _logins_way(settings, every["auth"])
    found: list[Source] = []
    if settings.database.configured:
        from wfconsole.sources.postgres import system as postgres

        found += postgres.sources(settings.database, every, settings.auth, logins)
    if settings.aws.configured:
        from wfconsole.sources.aws import system as aws

        found += aws.sources(settings.aws, every)
    if settings.cache.configured:
        from wfconsole.sources.cache import system as cache

        found += cache.sources(settings.cache, every)
    if settings.prometheus.configured:
        from wfconsole.sources.prometheus import system as prometheus

        found += prometheus.sources(settings, every, cards)
    if settings.alertmanager.configured:
        from wfconsole.sources.alertmanager import system as alertmanager

        found += alertmanager.sources(settings.alertmanager, settings.prometheus, every)
    named = {each.name for each in found}
    if cards is not None and "gpus" not in named:
        found.append(chosen_source("gpus", every["gpus"], cards))
    if logins is not None and "auth" not in named and settings.auth.gateway == "on":
        only = msgspec.structs.replace(logins, lacks=lambda: _only_way(logins))
        found.append(chosen_source("auth", every["auth"], only))
    return found


def _cards_way(cluster: Server, settings: CollectorSettings, interval_ms: Millis) -> Way | None:
    if not settings.gpu.runs_commands:
        return None
    from wfconsole.sources.kubernetes.gpus import cards_way

    return cards_way(cluster, settings.gpu, interval_ms)


def _logins_way(settings: CollectorSettings, interval_ms: Millis) -> Way | None:
    if not settings.prometheus.configured:
        return None
    from wfconsole.sources.prometheus.logins import logins_way

    return logins_way(settings, interval_ms)


def _only_way(way: Way) -> tuple[Lack, ...]:
    """What it lacks, with where its rows come from said once."""
    first, *others = way.lacks() or (Lack(""),)
    return (msgspec.structs.replace(first, text=f"{way.gives}: {first.text}".removesuffix(": ")), *others)
