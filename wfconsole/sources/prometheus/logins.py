"""Refused logins in the gateway's metrics: how many, against what is usual; by source where its labels say so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final, Protocol

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.config.metrics import PrometheusSettings, SignalsSettings
from wfconsole.config.systems import AuthSettings
from wfconsole.observations.auth import AuthRow
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.choice import Way
from wfconsole.sources.contract import SourceError
from wfconsole.sources.prometheus.failures import REFUSED_QUERY
from wfconsole.sources.prometheus.server import MetricsPoll, Questions, Server
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

LISTED: Final = 50  # sources
_STRETCH_MINUTES: Final = 5  # what is usual is the median of so long stretches
# Of the three windows before this one; with less history nobody knows what is usual.
_LEAST_HISTORY: Final = 0.5
_NO_USERS: Final = Lack("users are unknown, so that spraying cannot be told")


class LoginSettings(Protocol):
    """What is asked, and of whom."""

    @property
    def prometheus(self) -> PrometheusSettings: ...
    @property
    def signals(self) -> SignalsSettings: ...
    @property
    def auth(self) -> AuthSettings: ...


def logins_way(settings: LoginSettings, interval_ms: Millis) -> Way | None:
    """The way to failed logins that asks Prometheus; None where there is none, or nobody wants it."""
    if not settings.prometheus.configured or settings.auth.gateway == "off":
        return None
    server = Server(settings.prometheus)
    poll = LoginsPoll(server, settings.auth, settings.signals.window, interval_ms)
    facts = {"gateway": f"metrics of {server.host}"}
    return Way(poll, poll.table, "from the gateway's metrics", lacks=poll.lacks, facts=lambda: facts)


class LoginsPoll(MetricsPoll):
    """Fills `table` with a row for all refused logins, and one for each of the worst sources."""

    def __init__(self, server: Server, settings: AuthSettings, window: str, interval_ms: Millis) -> None:
        super().__init__("refused logins", server, interval_ms)
        self._settings = settings
        self._asked = logins_promql(settings, window)
        self._usual: float | None = None  # a second
        self._usual_until = 0.0  # monotonic: it is asked once a stretch, since it goes through hours
        self._hidden: tuple[Lack, ...] = ()

    def lacks(self) -> tuple[Lack, ...]:
        return (_NO_USERS, *self._hidden)

    def read(self) -> None:
        with self.questions() as ask:
            rate = _first(ask, self._asked["rate"])
            if rate is None:
                said = f"{self.server.host}: no series of refused logins"
                raise SourceError(
                    "not-served", said, remedy="Set auth.gateway_failures for the metrics of your gateway."
                )
            failed = _first(ask, self._asked["failed"])
            self._learn(ask)
            sources = self._sources(ask)
        total = AuthRow(
            by="all",
            name="",
            failed=round(failed or 0.0),
            succeeded=None,
            window_minutes=self._settings.window_minutes,
            per_minute=rate * 60,
            usual_per_minute=None if self._usual is None else self._usual * 60,
            users=None,
            sources_listed=len(sources),
            told_by="gateway",
        )
        self.keep({key: seal(row) for key, row in {"all": total, **sources}.items()})

    def _learn(self, ask: Questions) -> None:
        """What is usual, once a stretch."""
        if time.monotonic() < self._usual_until:
            return
        reaches = (_first(ask, self._asked["history"]) or 0.0) >= _LEAST_HISTORY
        self._usual = _first(ask, self._asked["usual"]) if reaches else None
        self._usual_until = time.monotonic() + _STRETCH_MINUTES * MINUTE / SECOND

    def _sources(self, ask: Questions) -> dict[str, AuthRow]:
        self._hidden = ()
        if "sources" not in self._asked:
            return {}
        try:
            samples = ask.now(self._asked["sources"])
        except SourceError as error:
            if error.code not in REFUSED_QUERY:
                raise
            self._hidden = (error.lack(f"sources are unknown: {error.message}"),)
            return {}
        rows = {}
        for sample in samples[:LISTED]:
            name = safe("/".join(filter(None, (sample.labels.get(key) for key in self._settings.gateway_source))), 200)
            if name and sample.value is not None:
                rows[f"source/{name}"] = AuthRow(
                    by="source",
                    name=name,
                    failed=round(sample.value),
                    succeeded=None,
                    window_minutes=self._settings.window_minutes,
                    told_by="gateway",
                )
        return rows


def logins_promql(settings: AuthSettings, window: str) -> Mapping[str, str]:
    """The questions by what they ask for. Rates are a second, counts those of the window; `history` is the share of the
    time that is usual of which there are samples at all."""
    promql = " ".join(settings.gateway_failures.replace("$window", window).split())
    total = f"sum({promql.replace(', $by', '').replace(',$by', '').replace('$by', '')})"
    minutes, stretch = settings.window_minutes, _STRETCH_MINUTES
    before = f"({total})[{3 * minutes}m:{stretch}m] offset {minutes}m"
    asked = {
        "rate": total,
        "failed": _counted(total, minutes),
        "usual": f"quantile_over_time(0.5, {before})",
        "history": f"count_over_time({before}) / {3 * minutes // stretch}",
    }
    if settings.gateway_source and "$by" in promql:
        by = promql.replace("$by", ",".join(settings.gateway_source))
        asked["sources"] = f"topk({LISTED}, {_counted(by, minutes)}) >= {settings.minimum_failures}"
    return asked


def _counted(promql: str, minutes: int) -> str:
    """How many came in so many minutes, of so many a second."""
    return f"sum_over_time(({promql})[{minutes}m:1m]) * 60"


def _first(ask: Questions, promql: str) -> float | None:
    """The one number that a question has for an answer."""
    samples = ask.now(promql)
    return samples[0].value if samples else None
