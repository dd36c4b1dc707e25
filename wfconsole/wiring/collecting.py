"""How a collector is started: its command line, which holds no secret, and the settings that it reads first."""

from __future__ import annotations

import sys

import msgspec

from wfconsole.config.settings import Settings

SOURCES = ("pods", "workloads", "hpas", "nodes", "events")


def collector_command() -> tuple[str, ...]:
    return (sys.executable, "-m", "wfconsole.collector")


def collector_settings(settings: Settings, *, title: str = "") -> bytes:
    """One line of JSON, without its end."""
    from wfconsole.collector.settings import CollectorSettings

    kubernetes, every = settings.kubernetes, settings.intervals
    told = CollectorSettings(
        kubeconfig=kubernetes.kubeconfig,
        context=kubernetes.context,
        namespaces=kubernetes.namespaces,
        in_cluster=kubernetes.in_cluster,
        intervals={name: round(1000 * seconds) for name, seconds in msgspec.structs.asdict(every).items()},
        title=title,
    )
    return msgspec.json.encode(told)
