"""One service of AWS in one region, asked within a deadline.

Credentials come as for every AWS client: environment, shared files, role of the machine. A client is made anew for
each look, so that none of its connections outlives the look, where nobody could cut them; what it costs is paid once
a minute. The session is kept, and made anew once it was not let in: somebody may have logged in meanwhile.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from wfconsole.clock import SECOND, Millis
from wfconsole.config.systems import AwsSettings
from wfconsole.sources import clocks
from wfconsole.sources.aws import failures
from wfconsole.sources.aws.bounded import BoundedHttp
from wfconsole.sources.contract import SourceError
from wfconsole.sources.polling import Poll
from wfconsole.sources.resolver import Addresses, Resolver

if TYPE_CHECKING:
    from botocore.client import BaseClient

# Several pages of a hundred findings each, across an ocean.
_DEADLINE_MS: Final[Millis] = 20 * SECOND
# botocore's sessions share what they load, and are not made by two threads at once.
_MAKING: Final = threading.Lock()


class RegionPoll(Poll):
    """Fills `table` with what one service has in one region. `action` is what its policy must allow."""

    service: str
    action: str

    def __init__(self, name: str, settings: AwsSettings, region: str, interval_ms: Millis) -> None:
        super().__init__(f"{name} {region}", interval_ms, _DEADLINE_MS)
        self.settings = settings
        self.region = region
        self.ahead_ms: Millis | None = None  # how far the service's clock is ahead of ours, once it was heard
        self._session: Any = None
        self._resolvers: dict[str, Resolver] = {}

    def explain(self, error: Exception) -> SourceError:
        return failures.explain(error, self.region, self.action)

    @contextlib.contextmanager
    def client(self) -> Iterator[BaseClient]:
        """A client whose name is looked up already. Raises SourceError and botocore's errors."""
        try:
            client = self._made()
            with contextlib.closing(client):
                host, addresses = self._look_up(client.meta.endpoint_url)
                BoundedHttp.put_into(client, host, addresses)
                yield client
        except Exception as error:
            if self.explain(error).kind in ("denied", "configuration"):
                self._session = None
            raise

    def _made(self) -> Any:
        import boto3.session
        from botocore.config import Config

        config = Config(
            connect_timeout=2,
            read_timeout=8,
            retries={"total_max_attempts": 1, "mode": "standard"},  # trying again is our pacer's work
            user_agent_extra="wfconsole",
            tcp_keepalive=True,
        )
        with _MAKING:
            if self._session is None:
                self._session = boto3.session.Session(profile_name=self.settings.profile or None)
            client = self._session.client(
                self.service,
                region_name=self.region,
                endpoint_url=self.settings.endpoint_url or None,
                verify=self.settings.ca_file or None,
                config=config,
            )
        client.meta.events.register("after-call", self._heard)
        return client

    def _heard(self, http_response: Any, **_: Any) -> None:
        self.ahead_ms = clocks.ahead_ms(http_response.headers.get("Date", ""))

    def facts(self) -> dict[str, str]:
        """What an operator should know of this region's service; nothing while all is as it should be."""
        told = clocks.facts(self.ahead_ms)
        for resolver in self._resolvers.values():
            told |= resolver.facts()
        return told

    def _look_up(self, url: str) -> tuple[str, Addresses]:
        """Whom to connect to, and where that is: looking up a name has no deadline in the client. Behind a proxy it is
        the proxy's name that counts."""
        from botocore.utils import get_environ_proxies

        scheme = urlsplit(url).scheme
        target = urlsplit(get_environ_proxies(url).get(scheme) or url)
        host = target.hostname or ""
        port = target.port or (443 if target.scheme == "https" else 80)
        named_by = "aws.endpoint_url" if self.settings.endpoint_url else "aws.regions"
        resolver = self._resolvers.setdefault(f"{host}:{port}", Resolver(host, port, named_by))
        return host, self.addresses(resolver, min(self.left_s(), 4.0))
