"""What a collector is told when it is started: the settings that it reads first."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.config.settings import Settings
from wfconsole.errors import UserError
from wfconsole.incident.playbook import Runbook
from wfconsole.named_files import kind_at
from wfconsole.observations.answers import WatchedRule
from wfconsole.observations.kinds import SYSTEMS
from wfconsole.recording.lines import Header
from wfconsole.text import safe

# What a pod's service account brings with it.
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
# How long a collector waits at most before it asks a server again that did not answer.
LONGEST_RETRY: Millis = MINUTE
CLUSTER_SOURCES = SYSTEMS["kubernetes"]


def sources_of(settings: Settings) -> tuple[str, ...]:
    """The names of all sources that are looked at."""
    logged = settings.database.configured and settings.auth.configured
    refused = settings.prometheus.configured and settings.auth.gateway == "on"
    there = {
        "kubernetes": True,
        "database": settings.database.configured,
        "cache": settings.cache.configured,
        "prometheus": settings.prometheus.configured,
        "alertmanager": settings.alertmanager.configured,
        "aws": settings.aws.configured,
    }
    two_ways = {
        "auth": logged or refused,
        "gpus": settings.prometheus.configured or settings.gpu.runs_commands,
    }
    return tuple(name for system, names in SYSTEMS.items() for name in names if two_ways.get(name, there[system]))


def collector_settings(
    settings: Settings,
    *,
    title: str = "",
    strict: bool = False,
    before: Header | None = None,
    doctor: bool = False,
    rules: tuple[WatchedRule, ...] = (),
) -> bytes:
    """One line of JSON, without its end. `strict`: a configuration that cannot work ends the collector.

    `before` is the header of the collector whose place this one takes: it looks at the same cluster, whatever
    kubeconfig says by now. `rules`: what the symptoms of the runbook ask of Prometheus. `doctor`: one look at
    everything, and checks instead of a stream.
    """
    from wfconsole.collector.settings import CollectorSettings

    kubernetes, every = settings.kubernetes, msgspec.structs.asdict(settings.intervals)
    told = CollectorSettings(
        kubeconfig=kubernetes.kubeconfig,
        context=kubernetes.context or ("" if before is None or kubernetes.in_cluster else before.target.context),
        namespaces=kubernetes.namespaces,
        in_cluster=kubernetes.in_cluster,
        database=settings.database,
        auth=settings.auth,
        aws=settings.aws,
        cache=settings.cache,
        prometheus=settings.prometheus,
        signals=settings.signals,
        gpu=settings.gpu,
        inference=settings.inference,
        alertmanager=settings.alertmanager,
        rules=rules,
        intervals={name: round(seconds * SECOND) for name, seconds in every.items()},
        title=title,
        replaces=before is not None,
        strict=strict,
        doctor=doctor,
    )
    return msgspec.json.encode(told)


def rules_of(runbook: Runbook) -> tuple[WatchedRule, ...]:
    """What the symptoms of a runbook ask of Prometheus, each question once."""
    rules = {}
    for playbook in runbook.playbooks:
        for symptom in playbook.symptoms:
            if (asked := symptom.measure) is not None:
                below = asked.op in ("<", "<=")
                rules[asked.rule] = WatchedRule(asked.rule, asked.promql, asked.bound, below, symptom.text)
    return tuple(rules.values())


def silent_after(settings: Settings) -> Millis:
    """After how long without a word a collector hangs: each source speaks once in an interval, or in its retries.

    Those of the cluster are always there; others may be looked at every five minutes only.
    """
    longest: float = max(getattr(settings.intervals, name) for name in CLUSTER_SOURCES)
    return round(2 * longest * SECOND) + LONGEST_RETRY + MINUTE


def require_cluster(settings: Settings) -> None:
    """Raise UserError where nothing says which cluster to look at. Whether it answers, the sources will say."""
    kubernetes = settings.kubernetes
    if kubernetes.in_cluster:
        if _trouble_at(SERVICE_ACCOUNT):
            raise UserError("--in-cluster: this is no pod with a service account", exit_codes.CLUSTER)
        return
    named = kubernetes.kubeconfig or os.environ.get("KUBECONFIG", "")
    places = [Path(part) for part in named.split(os.pathsep) if part] or [Path("~/.kube/config")]
    troubles = {place: _trouble_at(place) for place in places}
    if all(troubles.values()):
        where = safe("; ".join(f"{safe(str(place), 300)}: {trouble}" for place, trouble in troubles.items()), 800)
        remedy = "give one with --kubeconfig, set KUBECONFIG, or use --in-cluster in a pod"
        raise UserError(f"no kubeconfig: {where}; {remedy}. `wfconsole demo` needs none", exit_codes.CLUSTER)


def _trouble_at(place: Path) -> str:
    """Why there is no file to read; "" where there is one."""
    try:
        kind = kind_at(place.expanduser())
    except OSError as error:
        return error.strerror or "cannot be read"
    except RuntimeError:
        return "this home does not exist"
    if kind == "nothing":
        return "there is no such file"
    return "" if kind == "file" else f"it is a {kind}, not a file"
