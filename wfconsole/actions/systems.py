"""The systems that an action reaches, each connected to when it is first asked for; all of it belongs to one thread."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from wfconsole.clock import Clock, Millis
from wfconsole.config.actions import ActingSettings

if TYPE_CHECKING:
    from wfconsole.actions.aws.store import SecretStore
    from wfconsole.actions.cache.server import Cache
    from wfconsole.actions.kubernetes.cluster import Cluster
    from wfconsole.actions.postgres.server import Database


class Systems:
    """`receipt` is the id of the action, the same in every attempt; `incident` and `operator` say whose it is."""

    def __init__(
        self, settings: ActingSettings, clock: Clock, *, receipt: str = "", incident: str = "", operator: str = ""
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.receipt = receipt
        self.incident = incident
        self.operator = operator
        self._stores: dict[str, SecretStore] = {}

    def now(self) -> Millis:
        return self.clock.now()

    @cached_property
    def cache(self) -> Cache:
        """The Redis server, as who looks and as who acts. Raises SourceError where none is configured."""
        from wfconsole.actions.cache.server import Cache

        return Cache(self.settings)

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster that the console is pinned to. Raises SourceError where it is another one."""
        from wfconsole.actions.kubernetes.cluster import Cluster

        return Cluster(self.settings)

    def secrets(self, region: str) -> SecretStore:
        """Secrets Manager in one region."""
        from wfconsole.actions.aws.store import SecretStore

        return self._stores.setdefault(region, SecretStore(self.settings.aws, region))

    @cached_property
    def database(self) -> Database:
        """The PostgreSQL server, as the role that acts. Raises SourceError where none is configured."""
        from wfconsole.actions.postgres.server import Database

        return Database(self.settings)
