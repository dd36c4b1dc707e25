"""Every system that is polled, for the tests that hold for all of them.

A system joins with one entry in `SYSTEMS`: then the contract (`test_polled_contract.py`) and the matrix of faults
(`test_fault_matrix.py`) hold for it, against its real server of `tests/rig/systems`, with a proxy between that can
break the way. An entry says

- `fixture`: the pytest fixture that gives the system, up and well (`tests/rig/systems/fixtures.py`);
- `sources`: its sources by name; each is put through everything;
- `build`: all sources of the system as its `system.py` makes them, asked at `where` and not where the server is;
- `state`: something of the server that a reader must not change, whatever it is;
- `calm`: sources that have no row while all is well;
- `measured`: fields that differ at every look because somebody measures them;
- `http`: it speaks HTTP, each look over connections of its own, so that more can go wrong;
- the rest only where a system differs: see `Polled`.

Sources that are no `Poll` (Kubernetes, which watches) have tests of their own.
"""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from tests.rig.systems.alertmanager import Alertmanager
from tests.rig.systems.aws import REGIONS, Aws
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.prometheus import Prometheus
from tests.rig.systems.redis import Redis
from tests.sources.fault_proxy import Preamble
from wfconsole.clock import Millis
from wfconsole.collector.settings import CollectorSettings
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.config.systems import AlertmanagerSettings, AuthSettings, AwsSettings, CacheSettings, DatabaseSettings
from wfconsole.sources.alertmanager import system as alertmanager
from wfconsole.sources.aws import system as aws
from wfconsole.sources.cache import system as cache
from wfconsole.sources.contract import Source
from wfconsole.sources.polling import Poll
from wfconsole.sources.postgres import system as postgres
from wfconsole.sources.prometheus import system as prometheus

EVERY_MS: Final[Millis] = 60_000  # so that the deadline is that of the test


_ENDLESS: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
S = TypeVar("S")


class Where(NamedTuple):
    """Where a source asks. `ca_file`: over TLS, and only a server that this authority vouches for."""

    host: str
    port: int
    ca_file: Path | None = None


@dataclass(frozen=True)
class Polled:
    """One system; see the module's docstring."""

    fixture: str
    sources: tuple[str, ...]
    build: Callable[[Any, Where], Sequence[Source]]
    state: Callable[[Any], object]
    measured: frozenset[str] = frozenset()
    grows: frozenset[str] = frozenset()  # sources in which our own looks show, once they are over
    calm: frozenset[str] = frozenset()  # sources that have no row while all is well
    http: bool = False
    deadline_ms: Millis = 500  # of a look over a broken way
    called: str = "127.0.0.1:{port}"  # how its messages name the server
    preamble: Preamble | None = None  # what comes before a TLS handshake
    warm: Callable[[Any], object] | None = None  # what a task prepares at its first look, without asking anybody
    endless: bytes = b""  # how an answer begins that never ends


def _every() -> Mapping[str, Millis]:
    return defaultdict(lambda: EVERY_MS)


def _database(system: Postgres, where: Where) -> Sequence[Source]:
    table = {**system.settings()["database"], "host": where.host, "port": where.port, "tls": "disable"}
    if where.ca_file is not None:
        table |= {"tls": "verify-full", "ca_file": str(where.ca_file)}
    return postgres.sources(msgspec.convert(table, DatabaseSettings), _every(), AuthSettings(table="auth_logs"))


def _written(system: Postgres) -> object:
    with system.admin() as connection:
        return connection.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables ORDER BY 1"
        ).fetchall()


def _cache(system: Redis, where: Where) -> Sequence[Source]:
    table = {**system.settings()["cache"], "host": where.host, "port": where.port}
    if where.ca_file is not None:
        table |= {"tls": True, "ca_file": str(where.ca_file)}
    return cache.sources(msgspec.convert(table, CacheSettings), _every())


def _metrics(system: Prometheus, where: Where) -> Sequence[Source]:
    told = {**system.settings(), "prometheus": _at(where, PrometheusSettings)}
    return prometheus.sources(msgspec.convert(told | {"intervals": {}}, CollectorSettings), _every())


def _asked(system: Prometheus) -> object:
    """Which doors were ever used, but for those of whoever scrapes it and looks whether it is up."""
    handlers = {
        line.split('handler="')[1].split('"')[0]
        for line in urllib.request.urlopen(f"{system.url}/metrics", timeout=5).read().decode().splitlines()
        if line.startswith("prometheus_http_requests_total{")
    }
    return handlers - {"/api/v1/query", "/api/v1/query_range", "/metrics", "/-/ready"}


def _alerts(system: Alertmanager, where: Where) -> Sequence[Source]:
    return alertmanager.sources(_at(where, AlertmanagerSettings), PrometheusSettings(), _every())


def _silences(system: Alertmanager) -> object:
    return json.loads(urllib.request.urlopen(f"{system.url}/api/v2/silences", timeout=5).read())


def _aws(system: Aws, where: Where) -> Sequence[Source]:
    table = {**system.settings()["aws"], "regions": list(REGIONS[:1]), "endpoint_url": _url(where)}
    if where.ca_file is not None:
        table |= {"ca_file": str(where.ca_file)}
    return aws.sources(msgspec.convert(table, AwsSettings), _every())


def _account(system: Aws) -> object:
    findings = system.client("securityhub").get_findings()["Findings"]
    return findings, system.client("secretsmanager").list_secrets()["SecretList"]


def _url(where: Where) -> str:
    return f"{'http' if where.ca_file is None else 'https'}://{where.host}:{where.port}"


def _at(where: Where, settings: type[S]) -> S:
    ca_file = {} if where.ca_file is None else {"ca_file": str(where.ca_file)}
    return msgspec.convert({"url": _url(where), **ca_file}, settings)


def _changed(system: Redis) -> object:
    with system.admin() as admin:
        return admin.info("persistence")["rdb_changes_since_last_save"], admin.dbsize()


SYSTEMS: Final[Mapping[str, Polled]] = {
    "postgres": Polled(
        fixture="postgres",
        sources=("database", "sessions", "statements", "replicas", "auth"),
        build=_database,
        state=_written,
        # Our own statements are counted too.
        measured=frozenset({"calls", "total_ms", "longest_ms", "rows", "hits", "reads"}),
        grows=frozenset({"statements"}),
        calm=frozenset({"sessions", "replicas"}),
        preamble=Preamble(length=8, answer=b"S"),
    ),
    "redis": Polled(
        fixture="redis",
        sources=("cache", "keys"),
        build=_cache,
        state=_changed,
        measured=frozenset(
            {
                *("memory_used", "ops_per_s", "ping_ms", "clients", "hit_ratio"),
                *("evicted_per_s", "rejected_per_s", "write_errors_per_s"),
            }
        ),
        endless=b"$2000000000\r\n",
    ),
    "prometheus": Polled(
        fixture="prometheus",
        sources=("signals", "signal_history", "gpus", "inference"),
        build=_metrics,
        state=_asked,
        http=True,
        calm=frozenset({"signal_history"}),  # a server that is up for less than a minute remembers no whole one
        deadline_ms=1000,  # half of it is kept back for what was asked already
        measured=frozenset({"state", "value", "points", "end", "queue", "queue_low", "latency"}),
        grows=frozenset({"signals", "signal_history", "inference"}),
        endless=_ENDLESS,
    ),
    "alertmanager": Polled(
        fixture="alertmanager",
        sources=("alerts",),
        build=_alerts,
        state=_silences,
        http=True,
        calm=frozenset({"alerts"}),  # its Prometheus may not have told it anything yet
        endless=_ENDLESS,
    ),
    "aws": Polled(
        fixture="aws",
        sources=("findings", "secrets"),
        build=_aws,
        state=_account,
        http=True,
        calm=frozenset({"findings", "secrets"}),
        deadline_ms=1000,  # each look makes a client, which takes a while
        called=REGIONS[0],
        warm=lambda task: task._made().close(),
        endless=_ENDLESS,
    ),
}

# For `pytest.mark.parametrize`: "redis-keys".
EACH: Final = [(system, name) for system, polled in SYSTEMS.items() for name in polled.sources]
IDS: Final = [f"{system}-{name}" for system, name in EACH]
BY_HTTP: Final = [(system, name) for system, name in EACH if SYSTEMS[system].http]


def polls_of(source: Source) -> list[Poll]:
    """Its tasks."""
    return [part.task for part in source.parts if isinstance(part.task, Poll)]


def built(system: str, name: str, server: Any, where: Where) -> Source:
    """One source of a system."""
    polled = SYSTEMS[system]
    (source,) = (each for each in polled.build(server, where) if each.name == name)
    for task in polls_of(source):
        if polled.warm is not None:
            polled.warm(task)
    return source
