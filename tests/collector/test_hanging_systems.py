"""The collector with other systems beside Kubernetes, of which one hangs: nobody else notices, and it ends at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.process import CollectorProcess, kubeconfig_for
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.redis import Redis
from tests.sources.api_double import ApiDouble
from tests.sources.fault_proxy import Fault, FaultProxy, What

OTHERS = {"database": ("database",), "cache": ("cache", "keys")}
EVERY = ("pods", "database", "cache", "keys")
WAYS: tuple[What, ...] = ("silent", "drip")
HANGS = [
    ("database", Fault("silent")),
    ("cache", Fault("silent")),
    ("cache", Fault("drip")),
    ("database", Fault("drip")),
]


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


@pytest.fixture
def proxies(postgres: Postgres, redis: Redis) -> Iterator[dict[str, FaultProxy]]:
    with FaultProxy(postgres.port) as database, FaultProxy(redis.port) as cache:
        yield {"database": database, "cache": cache}


@pytest.fixture
def collector(
    double: ApiDouble, proxies: dict[str, FaultProxy], postgres: Postgres, redis: Redis, tmp_path: Path
) -> Iterator[CollectorProcess]:
    settings = {
        "kubeconfig": kubeconfig_for(double.url, tmp_path),
        "sources": ["pods"],
        "flush_ms": 50,
        "intervals": dict.fromkeys(EVERY, 1000),
        "database": {**postgres.settings()["database"], "port": proxies["database"].port},
        "cache": {**redis.settings()["cache"], "port": proxies["cache"].port},
    }
    with CollectorProcess(settings) as process:
        process.until_well(EVERY)
        yield process


def heard(collector: CollectorProcess, names: tuple[str, ...]) -> dict[str, int]:
    """How often each of these has spoken."""
    said = [snapshot.source for snapshot in collector.history]
    return {name: said.count(name) for name in names}


@pytest.mark.parametrize(("system", "fault"), HANGS, ids=[f"{system} {fault.what}" for system, fault in HANGS])
def test_one_system_hangs_and_the_others_are_seen_as_before(
    system: str, fault: Fault, collector: CollectorProcess, proxies: dict[str, FaultProxy]
) -> None:
    hung = OTHERS[system]
    others = tuple(name for name in EVERY if name not in hung)
    proxies[system].become(fault)
    collector.until_failing("timeout", hung)
    before, began = heard(collector, others), time.monotonic()
    collector.until(
        lambda: all(heard(collector, others)[name] >= before[name] + 3 for name in others), "the others go on"
    )
    assert time.monotonic() - began < 6, "at their own pace"
    assert all(collector.snapshots[name].failure is None for name in others)
    assert all(collector.snapshots[name].rows for name in hung), "what was seen last stays"
    proxies[system].heal()
    collector.until_well(EVERY, 30)


@pytest.mark.parametrize("how", ["input ends", "SIGTERM"])
def test_it_ends_at_once_while_every_system_hangs(
    how: str, collector: CollectorProcess, proxies: dict[str, FaultProxy]
) -> None:
    for proxy in proxies.values():
        proxy.become(Fault("silent"))
    collector.until(lambda: all(proxy.asked for proxy in proxies.values()), "both wait for an answer")
    began = time.monotonic()
    if how == "input ends":
        collector.close_input()
    else:
        collector.child.send_signal(signal.SIGTERM)
    assert collector.child.wait(timeout=5) == 0
    assert time.monotonic() - began < 1
    collector.until(lambda: collector.ended, "the stream says that it is complete")
