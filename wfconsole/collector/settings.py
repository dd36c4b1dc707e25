"""What the collector is told on its first line of input. Imports nothing heavy: the console builds it too."""

from __future__ import annotations

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.config.metrics import GpuSettings, InferenceSettings, PrometheusSettings, SignalsSettings
from wfconsole.config.systems import (
    AlertmanagerSettings,
    AuthSettings,
    AwsSettings,
    CacheSettings,
    DatabaseSettings,
)
from wfconsole.observations.answers import WatchedRule
from wfconsole.observations.kinds import SYSTEMS


class CollectorSettings(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything has a default: `{}` follows the whole cluster that kubeconfig names. Carries no secrets."""

    kubeconfig: str = ""  # a path; else $KUBECONFIG, ~/.kube/config, the pod's service account
    context: str = ""  # else the kubeconfig's current one, pinned at start
    in_cluster: bool = False  # the pod's service account, whatever else there is
    namespaces: tuple[str, ...] = ()  # none: all
    # Those of Kubernetes.
    sources: tuple[str, ...] = SYSTEMS["kubernetes"]
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings()
    aws: AwsSettings = AwsSettings()
    cache: CacheSettings = CacheSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    signals: SignalsSettings = SignalsSettings()
    gpu: GpuSettings = GpuSettings()
    inference: InferenceSettings = InferenceSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    rules: tuple[WatchedRule, ...] = ()  # what symptoms of the runbook ask of Prometheus
    intervals: dict[str, Millis] = {}  # by source, in ms: how often it looks at least; 5 s where not named
    flush_ms: Millis = 500  # how long changes are collected before they are sent
    deadline_ms: Millis = 4 * SECOND  # for an answer to begin; shorter than the intervals
    ask_deadline_ms: Millis = 8 * SECOND  # for the whole answer to an on-demand read
    title: str = ""  # of the stream
    replaces: bool = False  # it takes the place of one that ended: what that one saw stays until it is seen again
    strict: bool = False  # end with exit code 8 and a message when the configuration cannot work, instead of trying on
    doctor: bool = False  # look once at everything, tell the checks instead of a stream, and end

    def problems(self) -> list[str]:
        """What is wrong with it, each with its remedy; empty when all is well."""
        found = []
        for name, interval in self.intervals.items():
            if not 500 <= interval <= 600 * SECOND:
                found.append(f"interval of {name}: {interval} ms is not between 500 and 600000")
        if not 100 <= self.deadline_ms <= 60 * SECOND:
            found.append(f"deadline: {self.deadline_ms} ms is not between 100 and 60000")
        return found
