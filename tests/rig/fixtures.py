"""pytest fixtures: one control plane for all tests of a process, and the world on it."""

from collections.abc import Iterator

import pytest

from tests.real_parts import missing
from tests.rig import faults, world
from tests.rig.api import Api, Object, path_of
from tests.rig.binaries import Binaries, BinariesMissingError, find_or_build
from tests.rig.cluster import Access, Cluster


class World:
    """The runbook's namespace on a live control plane, and ways to break it.

    `fault` breaks it until `recover`. A test that breaks it in its own way sets `broken`; the fixture then recovers.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.api: Api = cluster.api
        self.viewer: Access = cluster.viewer
        self.admin: Access = cluster.admin
        self.actor: Access = cluster.actor
        self.broken = False

    def fault(self, name: str) -> str:
        """Cause a named fault; what it looks like comes in its own time, so wait for it."""
        self.broken = True
        return faults.inject(self.api, name)

    def recover(self) -> None:
        """Undo every fault and wait until the world is well, with new pods in the place of those that had one.

        A pod that is only relieved of its fault may still have a crash before it that kwok has in its queue.
        """
        for pod in self.pods():
            restarts = sum(status["restartCount"] for status in pod["status"].get("containerStatuses") or ())
            if restarts or faults.fault_of(pod):
                self.api.delete(path_of("v1", "Pod", pod["metadata"]["name"], world.NAMESPACE))
        faults.inject(self.api, "recover")
        faults.await_well(self.api)
        self.broken = False

    def pods(self, app: str = "") -> list[Object]:
        """The namespace's pods, or those of one workload."""
        selector = {"labelSelector": f"app={app}"} if app else {}
        return self.api.items(path_of("v1", "Pod", namespace=world.NAMESPACE), **selector)

    def await_metrics(self) -> None:
        """Wait until metrics.k8s.io has usage of the world's pods: some 25 s after the world's creation."""
        world.await_metrics(self.api)


@pytest.fixture(scope="session")
def rig_binaries() -> Binaries:
    """The control plane's programs."""
    try:
        # With CI the build is a step of its own before the tests.
        return find_or_build(build=False)
    except BinariesMissingError as error:
        missing(f"the rig's programs are missing: {error}")


@pytest.fixture(scope="session")
def cluster(rig_binaries: Binaries) -> Iterator[Cluster]:
    """An empty control plane: kubeconfigs in `.admin` and `.viewer`, the admin's client in `.api`."""
    with Cluster(rig_binaries) as running:
        yield running


@pytest.fixture(scope="session")
def _created_world(cluster: Cluster) -> World:
    world.create(cluster.api)
    return World(cluster)


@pytest.fixture(name="world")
def world_fixture(_created_world: World) -> Iterator[World]:
    """The world, well at the start of every test: what a test broke is undone after it."""
    yield _created_world
    if _created_world.broken:
        _created_world.recover()
