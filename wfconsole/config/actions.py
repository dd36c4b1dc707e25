"""Who we are when something is changed, and the bounds that are set to it. No secrets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from wfconsole.config.about import about
from wfconsole.config.messaging import PagerDutySettings
from wfconsole.config.metrics import InferenceSettings, PrometheusSettings
from wfconsole.config.systems import AlertmanagerSettings, AwsSettings, CacheSettings, DatabaseSettings

_A_PATTERN = "a pattern such as pg_dump*"


class ActionsSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Guarded actions: changes to production that the console makes for its commander."""

    enabled: Annotated[
        bool, about("offer actions at all; false: nothing can be changed from here", "true or false")
    ] = True
    armed_minutes: Annotated[
        int, about("how long the console stays armed", "a number of minutes from 1 to 60", ge=1, le=60)
    ] = 15
    second_person: Annotated[
        bool,
        about("what is wide or one way only needs a second person, from another login", "true or false"),
    ] = True
    connections_per_pod: Annotated[
        int,
        about(
            "how many database connections one pod of the application opens; 0: not known",
            "a number from 0 to 1000",
            ge=0,
            le=1000,
        ),
    ] = 0
    database_clients: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        about(
            "workloads that hold such connections; empty: not known",
            "patterns such as production/gateway",
            max_length=50,
        ),
    ] = ()
    never_end: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...],
        about(
            "database sessions whose application_name matches are never ended from here",
            f"{_A_PATTERN}, one to fifty",
            max_length=50,
        ),
    ] = ("pg_dump*", "pg_basebackup*", "pg_receivewal*", "patroni*", "*migrat*")
    own_addresses: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...],
        about(
            "our own addresses and ranges, which are never blocked", "addresses such as 203.0.113.0/24", max_length=100
        ),
    ] = ()


class ActingSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a process that acts is told on its first line of input. Carries no secrets."""

    kubeconfig: str = ""
    context: str = ""  # that of the user who acts
    in_cluster: bool = False
    server: str = ""  # the API server that the console is pinned to; another one is refused
    database: DatabaseSettings = DatabaseSettings()
    cache: CacheSettings = CacheSettings()
    aws: AwsSettings = AwsSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    inference: InferenceSettings = InferenceSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    pagerduty: PagerDutySettings = PagerDutySettings()
    runbook: str = ""  # the team's, for its own commands; "": the bundled one
    actions: ActionsSettings = ActionsSettings()
