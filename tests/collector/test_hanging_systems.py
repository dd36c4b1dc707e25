"""The collector with other systems beside Kubernetes, of which one hangs: nobody else notices, and it ends at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.collector.process import CollectorProcess, kubeconfig_for
from tests.rig.systems.alertmanager import Alertmanager
from tests.rig.systems.aws import REGIONS, Aws
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.prometheus import Prometheus
from tests.rig.systems.redis import Redis
from tests.sources.api_double import ApiDouble
from tests.sources.fault_proxy import Fault, FaultProxy
from tests.threads import PATIENCE_S

OTHERS = {
    "database": ("database", "statements"),  # the others have no row while all is well
    "cache": ("cache", "keys"),
    "prometheus": ("signals", "gpus", "inference"),
    "alertmanager": ("alerts",),
    "aws": ("findings", "secrets"),
}
EVERY = ("pods", *(name for names in OTHERS.values() for name in names))


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


@pytest.fixture
def systems(
    postgres: Postgres, redis: Redis, prometheus: Prometheus, alertmanager: Alertmanager, aws: Aws
) -> dict[str, Any]:
    aws.faults["findings"]()
    aws.make_secret("prod/llm/key", 3)
    return {
        "database": postgres, "cache": redis, "prometheus": prometheus, "alertmanager": alertmanager, "aws": aws
    }  # fmt: skip


@pytest.fixture
def proxies(systems: dict[str, Any]) -> Iterator[dict[str, FaultProxy]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(FaultProxy(system.port)) for name, system in systems.items()}


@pytest.fixture
def collector(
    double: ApiDouble, proxies: dict[str, FaultProxy], systems: dict[str, Any], tmp_path: Path
) -> Iterator[CollectorProcess]:
    settings = {
        "kubeconfig": kubeconfig_for(double.url, tmp_path),
        "sources": ["pods"],
        "flush_ms": 50,
        "intervals": dict.fromkeys(EVERY, 1000),
    }
    for name, system in systems.items():
        port = proxies[name].port
        where: dict[str, Any] = {"port": port} if name in ("database", "cache") else {"url": f"http://127.0.0.1:{port}"}
        if name == "aws":
            where = {"regions": list(REGIONS[:1]), "endpoint_url": where["url"]}
        settings[name] = {**system.settings()[name], **where}
    with CollectorProcess(settings) as process:
        process.until_well(EVERY, 60)
        yield process


def heard(collector: CollectorProcess, names: tuple[str, ...]) -> dict[str, int]:
    """How often each of these has spoken."""
    said = [snapshot.source for snapshot in collector.history]
    return {name: said.count(name) for name in names}


@pytest.mark.slow
def test_one_system_after_another_hangs_and_the_others_are_seen_as_before(
    collector: CollectorProcess, proxies: dict[str, FaultProxy]
) -> None:
    for system, hung in OTHERS.items():
        others = tuple(name for name in EVERY if name not in hung)
        rows = {name: len(collector.snapshots[name].rows) for name in hung}
        proxies[system].become(Fault("silent"))
        if system == "alertmanager":  # whose place Prometheus takes, and that is said
            collector.until(lambda: "no answer" in collector.snapshots["alerts"].partial, "Prometheus is asked")
        else:
            collector.until_failing("timeout", hung)
            assert {name: len(collector.snapshots[name].rows) for name in hung} == rows, "what was seen last stays"
        before = heard(collector, others)
        collector.until(
            lambda others=others, before=before: all(  # type: ignore[misc]
                heard(collector, others)[name] >= before[name] + 3 and collector.snapshots[name].failure is None
                for name in others
            ),
            "the others go on, and are well",
        )
        proxies[system].heal()
        collector.until_well(EVERY, 30)


@pytest.mark.parametrize("how", ["input ends", "SIGTERM"])
def test_it_ends_at_once_while_every_system_hangs(
    how: str, collector: CollectorProcess, proxies: dict[str, FaultProxy]
) -> None:
    for proxy in proxies.values():
        proxy.become(Fault("silent"))
    collector.until(lambda: all(proxy.asked for proxy in proxies.values()), "all wait for an answer")
    if how == "input ends":
        collector.close_input()
    else:
        collector.child.send_signal(signal.SIGTERM)
    assert collector.child.wait(timeout=PATIENCE_S) == 0
    collector.until(lambda: collector.ended, "the stream says that it is complete")
