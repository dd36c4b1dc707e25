"""Fixtures for whoever tests with actions: a place to act in, and the one who acts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.actions.bed import Bed
from tests.rig.cluster import Cluster
from wfconsole.config.actions import ActingSettings


@pytest.fixture
def bed(cluster: Cluster) -> Iterator[Bed]:
    """A namespace of the test's own. A test that needs nodes takes the fixture `world` too."""
    made = Bed(cluster.api)
    yield made
    made.leave()


@pytest.fixture
def acting(cluster: Cluster) -> ActingSettings:
    """On the rig's cluster, with exactly the rights that the console ships for those who act."""
    return ActingSettings(kubeconfig=str(cluster.actor.kubeconfig))
