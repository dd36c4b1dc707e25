"""Fixtures for every room's tests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

pytest_plugins = ["tests.rig.fixtures", "tests.rig.systems.fixtures", "tests.actions.fixtures"]

# Rooms whose tests wait for real servers, processes and terminals; those of the others only compute.
WAITING: Final = ("collector", "comms", "console", "discovery", "hands", "journal", "session", "sources", "terminal")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For `--dist loadgroup`: what stays whole in one process, and (with `--no-loadscope-reorder`) in which order.

    Tests on a control plane wait for minutes, so they begin, and waiting rooms come before computing ones: a process
    that is left alone with a long wait at the end keeps a core idle.
    """
    groups = [_group_of(item) for item in items]
    for item, group in zip(items, groups, strict=True):
        item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(config, "workerinput"):
        sizes = Counter(groups)
        slow = {group for item, group in zip(items, groups, strict=True) if item.get_closest_marker("slow")}
        order = {group: (_turn_of(group, slow), -sizes[group], group) for group in sizes}
        items[:] = [item for _, item in sorted(zip(groups, items, strict=True), key=lambda pair: order[pair[0]])]


def _group_of(item: pytest.Item) -> str:
    """The file; or who shares a control plane: one for the rig's own tests, one for all others that need one."""
    path = item.nodeid.partition("::")[0]
    marker = item.get_closest_marker("rig")
    if marker is None or marker.kwargs.get("own"):
        return path
    return "rig of its own tests" if Path(path).parts[1] == "rig_tests" else "rig"


def _turn_of(group: str, slow: set[str]) -> int:
    if group.startswith("rig") or group in slow:
        return 0
    return 1 if Path(group).parts[1] in WAITING else 2
