"""The way to Prometheus: one connection for each look, with a deadline, a bound, and our credentials read anew."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from wfconsole.clock import Millis, SystemClock
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.sources import clocks
from wfconsole.sources.contract import SourceError
from wfconsole.sources.passwords import read_secret
from wfconsole.sources.polling import Poll
from wfconsole.sources.prometheus import failures
from wfconsole.sources.prometheus.samples import Sample, Track, samples_of, tracks_of
from wfconsole.sources.resolver import Resolver
from wfconsole.text import safe

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect

MOST_BYTES: Final = 4 * 1024 * 1024


class Server:
    """What all looks at one Prometheus share."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self.settings = settings
        parts = urlsplit(settings.url)
        self.name = parts.hostname or ""
        self.host = safe(parts.netloc, 100)
        self.resolver = Resolver(self.name, parts.port or (443 if parts.scheme == "https" else 80), "prometheus.url")
        self.ahead_ms: Millis | None = None  # how far its clock is ahead of ours, once it was heard
        self._answered = False

    def heard(self, headers: Mapping[str, str]) -> None:
        """The headers of an answer that has just come."""
        self._answered = True
        ahead = clocks.ahead_ms(headers.get("date", ""))
        if ahead is not None:
            self.ahead_ms = ahead

    def facts(self) -> dict[str, str]:
        """What an operator should know about this server, once it answered; little when all is as usual."""
        if not self._answered:
            return {}
        return {"server": self.host, **clocks.facts(self.ahead_ms), **self.resolver.facts()}

    def now(self) -> Millis:
        """The instant by its clock, as far as that is known."""
        return SystemClock().now() + (self.ahead_ms or 0)


class Questions:
    """One look's questions, over one connection."""

    def __init__(self, poll: MetricsPoll, client: PrometheusConnect) -> None:
        self._poll, self._client = poll, client

    def now(self, promql: str, within_s: float = 0.0) -> list[Sample]:
        """What a query gives at this instant. Raises SourceError and the client's errors."""
        return samples_of(self._client.custom_query(promql, timeout=within_s or self._poll.left_s()))

    def hour(self, promql: str, start_s: int, end_s: int, step_s: int) -> list[Track]:
        """What it gave from one instant to another, at each step."""
        found: Any = self._client.custom_query_range(
            promql,
            datetime.fromtimestamp(start_s, UTC),
            datetime.fromtimestamp(end_s, UTC),
            str(step_s),
            timeout=self._poll.left_s(),
        )
        return tracks_of(found, start_s, end_s, step_s)


class MetricsPoll(Poll):
    """A look at Prometheus."""

    def __init__(self, name: str, server: Server, interval_ms: Millis) -> None:
        super().__init__(name, interval_ms, resolver=server.resolver)
        self.server = server

    @contextlib.contextmanager
    def questions(self) -> Iterator[Questions]:
        """A connection that ends with the look, so that cutting the look's sockets cuts all there is."""
        from prometheus_api_client import PrometheusConnect
        from urllib3.util.retry import Retry

        from wfconsole.sources.prometheus.session import BoundedSession

        settings = self.server.settings
        token = read_secret(settings.token_file, "prometheus.token_file")
        password = read_secret(settings.password_file, "prometheus.password_file")
        server = self.server
        with BoundedSession(server.host, MOST_BYTES, server.heard, server.name, self.reached) as session:
            session.verify = settings.ca_file or True
            if token is not None:
                session.headers["Authorization"] = f"Bearer {token.reveal()}"
            elif settings.user:
                session.auth = (settings.user, password.reveal() if password is not None else "")
            yield Questions(self, PrometheusConnect(settings.url.rstrip("/"), session=session, retry=Retry(total=0)))

    def explain(self, error: Exception) -> SourceError:
        return failures.explain(error, self.server.host)
