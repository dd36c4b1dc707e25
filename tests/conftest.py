"""Fixtures for every room's tests."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.rig.fixtures", "tests.rig.systems.fixtures", "tests.actions.fixtures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For `-n 4 --dist loadgroup`: one process has the one control plane, and any other file stays whole in one."""
    for item in items:
        group = "rig" if item.get_closest_marker("rig") else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
