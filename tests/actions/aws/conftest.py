"""A secret on moto's AWS, its role on the real PostgreSQL, and its users on the real control plane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest

from tests.actions.aws.application import NAME, Application, Vault
from tests.actions.bed import Bed
from tests.rig import world as worlds
from tests.rig.cluster import Cluster
from tests.rig.systems.aws import REGIONS, Aws
from tests.rig.systems.postgres import Postgres
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.incident.plan import Aim, Plan, Request

SYNCED = "orders-database"  # the Kubernetes Secret


@pytest.fixture
def vault(aws: Aws, postgres: Postgres) -> Vault:
    return Vault(aws, postgres)


@pytest.fixture
def outside(vault: Vault) -> ActingSettings:
    return vault.acting()


@pytest.fixture
def acting(outside: ActingSettings, cluster: Cluster) -> ActingSettings:
    """With exactly the rights that the console ships for those who act, everywhere."""
    return msgspec.structs.replace(outside, kubeconfig=str(cluster.actor.kubeconfig))


@pytest.fixture
def systems(acting: ActingSettings) -> Systems:
    return Systems(acting, SystemClock(), receipt="act-1", incident="INC-1", operator="ada")


@pytest.fixture
def applications(bed: Bed, vault: Vault) -> Iterator[tuple[Application, Application]]:
    """Two workloads that hold it: one in its environment, the other in files."""
    gateway = worlds.container("gateway", "gateway:1.0.0", "10m", "16Mi")
    gateway |= {"envFrom": [{"secretRef": {"name": SYNCED}}]}
    llm = worlds.container("llm", "llm:1.0.0", "10m", "16Mi")
    files = [{"name": "secret", "secret": {"secretName": SYNCED}}]
    bed.make("gateway", 2, pod={"containers": [gateway]})
    bed.make("llm", 1, pod={"containers": [llm], "volumes": files})
    bed.make("other", 1)
    bed.await_ready("gateway", 2)
    bed.await_ready("llm", 1)
    with ExitStack() as stack:
        made = tuple(Application(vault, bed, name) for name in ("gateway", "llm"))
        for each in made:
            stack.callback(each.end)
        yield made  # type: ignore[misc]  # two of them


def rotate(bed: Bed, action: str = "rotate-secret", **parameters: str) -> Request:
    told = {"region": REGIONS[0], "synced_as": SYNCED, **parameters}
    return Request(action, Aim("secret", NAME, bed.namespace), told)


def allowed(plan: Plan) -> set[str]:
    """What refuses it, in words."""
    return set(plan.refusals)


def quick(plan: Plan, **changes: Any) -> Plan:
    """The same with less patience."""
    assert plan.signal is not None
    signal = msgspec.structs.replace(plan.signal, **{"hold_ms": 300, "every_ms": 200, "window_ms": 8000, **changes})
    return msgspec.structs.replace(plan, signal=signal)
