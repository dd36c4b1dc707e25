"""What can be set, with its type, its default and its meaning. Secrets are never among it.

Every field carries the words that its documentation and its error messages are made of: `description` says what it
does, `extra["expected"]` what a value looks like. The tables of the file are the fields of `Settings`.
"""

from __future__ import annotations

import fnmatch
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from wfconsole.config.about import PATH, about
from wfconsole.config.actions import ActionsSettings
from wfconsole.config.messaging import MessagesSettings, PagerDutySettings, SlackSettings, StatusPageSettings
from wfconsole.config.metrics import GpuSettings, InferenceSettings, PrometheusSettings, SignalsSettings
from wfconsole.config.systems import (
    AlertmanagerSettings,
    AuthSettings,
    AwsSettings,
    CacheSettings,
    DatabaseSettings,
)

UNKNOWN_CLUSTER: Final = "PROD?"  # a cluster that no rule knows is treated as production until somebody says otherwise


def _seconds(of: str) -> Meta:
    return about(f"seconds between two looks at {of}", "a number of seconds from 1 to 300", ge=1, le=300)


class KubernetesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which cluster is looked at. What is not set follows kubeconfig."""

    kubeconfig: Annotated[
        str, about("the kubeconfig file; empty: $KUBECONFIG, then ~/.kube/config", PATH, path=True)
    ] = ""
    context: Annotated[
        str,
        about(
            "the context, pinned from the start; empty: kubeconfig's current one",
            "the name of a context",
            max_length=300,
        ),
    ] = ""
    acting_context: Annotated[
        str,
        about(
            "the context of the user who acts, on the same cluster; empty: the one that looks",
            "the name of a context",
            max_length=300,
        ),
    ] = ""
    namespaces: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")], ...],
        about(
            "look only into these; empty: into all", "names of namespaces (lower case, digits, hyphens)", max_length=100
        ),
    ] = ()
    in_cluster: Annotated[
        bool, about("use the service account of the pod that the console runs in", "true or false")
    ] = False


class IntervalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How often each source is looked at."""

    pods: Annotated[float, _seconds("pods")] = 2.0
    workloads: Annotated[float, _seconds("workloads")] = 5.0
    hpas: Annotated[float, _seconds("autoscalers")] = 5.0
    nodes: Annotated[float, _seconds("nodes")] = 10.0
    events: Annotated[float, _seconds("events")] = 5.0
    database: Annotated[float, _seconds("database connections")] = 5.0
    services: Annotated[float, _seconds("services and their endpoints")] = 5.0
    ingresses: Annotated[float, _seconds("ingresses")] = 10.0
    isolation: Annotated[float, _seconds("network policies")] = 10.0
    auth: Annotated[float, _seconds("login attempts")] = 15.0
    findings: Annotated[float, _seconds("security findings")] = 60.0
    secrets: Annotated[float, _seconds("the ages of secrets")] = 300.0
    cache: Annotated[float, _seconds("the cache server")] = 5.0
    keys: Annotated[float, _seconds("keys by prefix")] = 5.0
    sessions: Annotated[float, _seconds("database sessions and locks")] = 3.0
    statements: Annotated[float, _seconds("slow statements")] = 15.0
    replicas: Annotated[float, _seconds("database replicas")] = 10.0
    signals: Annotated[float, _seconds("signals")] = 10.0
    signal_history: Annotated[float, _seconds("the last hour of the signals")] = 60.0
    gpus: Annotated[float, _seconds("the use of GPUs")] = 15.0
    inference: Annotated[float, _seconds("inference services")] = 15.0
    alerts: Annotated[float, _seconds("alerts")] = 5.0


class EnvironmentRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Which word stands for the clusters whose context matches: `*` is any run of characters, case does not matter."""

    context: Annotated[
        str, about("a pattern for the name of the context", "a pattern such as *prod*", min_length=1, max_length=300)
    ]
    word: Annotated[str, about("the word on the screen", "one short word such as PROD", min_length=1, max_length=12)]


DEFAULT_ENVIRONMENTS: Final = (
    EnvironmentRule("*nonprod*", "staging"),
    EnvironmentRule("*non-prod*", "staging"),
    EnvironmentRule("*preprod*", "staging"),
    EnvironmentRule("*pre-prod*", "staging"),
    EnvironmentRule("*prod*", "PROD"),
    EnvironmentRule("*prd*", "PROD"),
    EnvironmentRule("*live*", "PROD"),
    EnvironmentRule("*stag*", "staging"),
    EnvironmentRule("*stg*", "staging"),
    EnvironmentRule("kind-*", "lab"),
    EnvironmentRule("k3d-*", "lab"),
    EnvironmentRule("minikube*", "lab"),
    EnvironmentRule("docker-desktop", "lab"),
    EnvironmentRule("rig", "lab"),
    EnvironmentRule("rig-*", "lab"),
)


class ConsoleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the console looks, and who sits at it."""

    theme: Annotated[
        str,
        about(
            "the theme; empty: plain without a UTF-8 locale, else mono with NO_COLOR, else warroom-dark",
            "a name such as warroom-dark, mono or plain",
            max_length=60,
        ),
    ] = ""
    glyphs: Annotated[
        Literal["theme", "unicode", "ascii"],
        about("which symbols are drawn; theme: as the theme says", "theme, unicode or ascii"),
    ] = "theme"
    mouse: Annotated[
        bool, about("take the mouse; false leaves it to the terminal, to select text", "true or false")
    ] = True
    keymap: Annotated[
        Literal["qwerty", "azerty", "qwertz"],
        about(
            "the keyboard that the keys are laid out for; your own keymap.toml goes over it", "qwerty, azerty or qwertz"
        ),
    ] = "qwerty"
    bell: Annotated[
        bool, about("ring the terminal's bell when a clock runs out or a pane becomes critical", "true or false")
    ] = True
    observer: Annotated[bool, about("look only: nothing can be changed from here", "true or false")] = False
    operator: Annotated[str, about("who you are in the record; empty: your login", "a name", max_length=60)] = ""
    timezone: Annotated[
        str,
        about(
            "the zone of local times; local: that of this machine",
            "UTC, local, or an IANA name such as Europe/Berlin",
        ),
    ] = "local"
    times: Annotated[
        Literal["utc", "local", "iso"],
        about("how times are written at first; a key changes it. The record is UTC", "utc, local or iso"),
    ] = "utc"
    environment: Annotated[
        str,
        about(
            "the word for this cluster; empty: as the rules below say",
            "one short word such as PROD, staging or lab",
            max_length=12,
        ),
    ] = ""
    environments: Annotated[
        tuple[EnvironmentRule, ...],
        about(
            "rules that give the word, the first that matches; replaces the bundled ones",
            "tables [[console.environments]] with context and word",
        ),
    ] = DEFAULT_ENVIRONMENTS

    def environment_word(self, context: str) -> str:
        """The word for a cluster; one that nothing is known of counts as production."""
        if self.environment:
            return self.environment
        return next((rule.word for rule in self.environments if _fits(context, rule.context)), UNKNOWN_CLUSTER)


def _fits(context: str, pattern: str) -> bool:
    """Before the cluster has a name none of the patterns is compiled: the first frame waits for that."""
    return fnmatch.fnmatchcase(context.lower(), pattern.lower()) if context else not pattern.strip("*")


class RunbookSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which runbook is followed."""

    path: Annotated[str, about("the team's runbook; empty: the bundled one", PATH, path=True)] = ""


class RecordingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The recording of each session, for looking back and for replay."""

    enabled: Annotated[bool, about("record live sessions", "true or false")] = True
    keep: Annotated[
        int, about("how many recordings stay; the oldest go first", "a number from 1 to 1000", ge=1, le=1000)
    ] = 20
    max_megabytes: Annotated[
        int,
        about("where one recording stops", "a number of megabytes from 1 to 64, which a reader takes", ge=1, le=64),
    ] = 64


class JournalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where incidents are written, and where to when that place fails."""

    directory: Annotated[str, about("the folder of incidents; empty: in the state folder", PATH, path=True)] = ""
    fallbacks: Annotated[
        tuple[str, ...],
        about(
            "folders to go on in, in this order, when the first cannot be written",
            "paths of folders",
            path=True,
            max_length=8,
        ),
    ] = ("/var/tmp", "/dev/shm")  # noqa: S108 - a place that outlives the session is the point


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    kubernetes: KubernetesSettings = KubernetesSettings()
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings()
    aws: AwsSettings = AwsSettings()
    cache: CacheSettings = CacheSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    signals: SignalsSettings = SignalsSettings()
    gpu: GpuSettings = GpuSettings()
    inference: InferenceSettings = InferenceSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    messages: MessagesSettings = MessagesSettings()
    slack: SlackSettings = SlackSettings()
    pagerduty: PagerDutySettings = PagerDutySettings()
    status_page: StatusPageSettings = StatusPageSettings()
    actions: ActionsSettings = ActionsSettings()
    intervals: IntervalSettings = IntervalSettings()
    console: ConsoleSettings = ConsoleSettings()
    runbook: RunbookSettings = RunbookSettings()
    recording: RecordingSettings = RecordingSettings()
    journal: JournalSettings = field(default_factory=JournalSettings)
