"""Thousands of pods: they are owned, ready, different, and they change when told to."""

from collections.abc import Iterator

import pytest

from tests.rig.api import condition, path_of, wait_for
from tests.rig.cluster import Cluster
from tests.rig.etcd import Etcd
from tests.rig.load import NAMESPACE, Load

pytestmark = [pytest.mark.rig, pytest.mark.slow]

_PODS = path_of("v1", "Pod", namespace=NAMESPACE)


@pytest.fixture
def load(cluster: Cluster) -> Iterator[Load]:
    with Etcd(cluster.server("etcd").ports[0]) as etcd:
        created = Load(cluster.api, etcd)
        created.create(250)
        yield created
        created.remove()


def test_pods_are_made_by_the_hundred_churn_and_go_away(cluster: Cluster, load: Load) -> None:
    pods = cluster.api.items(_PODS)
    assert len(pods) == 300
    assert len({pod["metadata"]["uid"] for pod in pods}) == 300
    assert all(condition(pod, "Ready") == "True" for pod in pods)
    owners = cluster.api.items(path_of("apps/v1", "ReplicaSet", namespace=NAMESPACE))
    uids = {owner["metadata"]["uid"] for owner in owners if owner["status"]["replicas"]}
    assert {pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods} == uids
    deployments = cluster.api.items(path_of("apps/v1", "Deployment", namespace=NAMESPACE))
    assert [item["status"]["readyReplicas"] for item in deployments] == [100, 100, 100]

    def unready() -> int:
        return sum(condition(pod, "Ready") == "False" for pod in cluster.api.items(_PODS))

    before = load.changes()
    with load.churning(100):
        wait_for("changes", lambda: unready() > 20)
        wait_for("changes of the owners", lambda: all(count > before[kind] for kind, count in load.changes().items()))
    assert unready() == 0
    assert len(cluster.api.items(_PODS)) == 300, "no controller made or deleted any"
