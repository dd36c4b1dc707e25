"""A control plane of its own with ten thousand pods, for what has to be measured against a real API server."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.rig import world
from tests.rig.api import path_of
from tests.rig.binaries import find_or_build
from tests.rig.cluster import Cluster
from tests.rig.etcd import Etcd
from tests.rig.load import Load
from tests.rig.processes import Server

PODS = 10_000


class Loaded(msgspec.Struct, frozen=True):
    """What the benchmarks need of it. `pods` counts those that should run, those of the rig's own world too."""

    kubeconfig: Path
    kubectl: Path
    pods: int
    load: Load
    controllers: Server

    @property
    def environment(self) -> dict[str, str]:
        return {"KUBECONFIG": str(self.kubeconfig)}


@contextmanager
def loaded_cluster(pods: int = PODS) -> Iterator[Loaded]:
    """Brought up in a minute or so; ended, with every file of it, whatever happens."""
    binaries = find_or_build()
    with Cluster(binaries, lambda line: print(f"  rig: {line}", file=sys.stderr)) as cluster:
        world.create(cluster.api)
        etcd = cluster.server("etcd")
        with Etcd(etcd.ports[0]) as store:
            load = Load(cluster.api, store)
            load.create(pods)
            there = len(cluster.api.items(path_of("v1", "Pod"), fieldSelector="status.phase!=Succeeded"))
            controllers = cluster.server("kube-controller-manager")
            yield Loaded(cluster.viewer.kubeconfig, binaries.kubectl, there, load, controllers)


class Spent(msgspec.Struct, frozen=True):
    """What a command took: seconds, CPU milliseconds, and its highest resident memory in MB."""

    wall_s: float
    cpu_ms: float
    peak_mb: float


def kubectl_get_pods(cluster: Loaded) -> Spent:
    """`kubectl get pods -A`, whose output nobody reads."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [cluster.kubectl, "get", "pods", "-A"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, **cluster.environment},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"kubectl ended with {process.returncode}")
    return Spent(time.perf_counter() - began, _cpu_ms(usage), usage.ru_maxrss * 1024 / 1e6)


def _cpu_ms(usage: resource.struct_rusage) -> float:
    return (usage.ru_utime + usage.ru_stime) * 1000
