"""What somebody can break by name: all that the console is there for. No server is started for this."""

from __future__ import annotations

from typing import Final

from tests.rig import faults
from tests.rig.systems.alertmanager import Alertmanager
from tests.rig.systems.aws import Aws
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.prometheus import Prometheus
from tests.rig.systems.redis import Redis

PROMISED: Final = (
    *("lock-chain", "lock-convoy", "connections-exhausted", "idle-in-transaction", "slow-query", "replica-lag"),
    *("redis-full", "gpu-saturated", "queue-growth", "password-spraying", "brute-force", "error-burst", "latency"),
    *("memory-leak", "findings"),
)

OF_THE_CLUSTER: Final = (
    *("bad-image", "crash-loop", "oom", "not-ready", "node-pressure", "hpa-at-max", "hpa-blind", "pending-no-gpu"),
    "recover",
)


def test_every_fault_has_one_name_and_one_system() -> None:
    systems = (Postgres(), Redis(), Prometheus(), Alertmanager(), Aws())
    names = [name for system in systems for name in system.faults]
    assert set(PROMISED) <= set(names)
    assert set(OF_THE_CLUSTER) <= set(faults.FAULTS)
    assert len(set(names)) == len(names)
    assert not set(names) & set(faults.FAULTS), "and none of them is one of the cluster"
