"""Fixtures for every room's tests."""

from __future__ import annotations

import gc
import os
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

import pytest

from tests.real_parts import missing

pytest_plugins = ["tests.rig.fixtures", "tests.rig.systems.fixtures", "tests.actions.fixtures"]

# Rooms whose tests wait for real servers, processes and terminals.
WAITING: Final = (
    *("actions", "collector", "comms", "console", "discovery", "hands", "journal", "session", "sources", "terminal"),
)
SCREENS: Final = "tests/tui/"
# What xdist writes behind the name of a test.
_GROUP_NAME: Final = re.compile(r"@(?:tests/|rig)[^@\[\]]*$")
# Rooms with so many tests on the control plane that they have one for themselves.
OWN_PLANE: Final = ("actions",)


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For `--dist loadgroup`: what stays whole in one process, and (with `--no-loadscope-reorder`) in which order.

    Tests on a control plane wait for minutes, so they begin, and waiting rooms come before computing ones: a process
    that is left alone with a long wait at the end keeps a core idle. Screens hardly wait: they are spread among those
    that do.
    """
    groups = [_group_of(item) for item in items]
    for item, group in zip(items, groups, strict=True):
        item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(config, "workerinput"):
        slow = {group for item, group in zip(items, groups, strict=True) if item.get_closest_marker("slow")}
        order = _order_of(Counter(groups), slow)
        items[:] = [item for _, item in sorted(zip(groups, items, strict=True), key=lambda pair: order[pair[0]])]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test is called the same whether it shared a process or not: else none of those that failed is found again."""
    if "PYTEST_XDIST_WORKER" not in os.environ:  # there xdist itself goes by that name
        report.nodeid = _GROUP_NAME.sub("", report.nodeid)


_CRASHED: Final = pytest.StashKey[bool]()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    """A process of the suite that was killed or had a segmentation fault."""
    if error is not None:
        node.config.stash[_CRASHED] = True


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Not the exit status of failed tests, which may pass alone: this was no lateness, and tests were not run."""
    if session.config.stash.get(_CRASHED, False):
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: no collection of garbage has to look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def root() -> None:
    """For what only root may do: mount a disk, or become somebody else."""
    if os.geteuid() != 0:
        missing("needs root: run it as root, or in a container")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """A control plane ends with the last test that needs it: idle, it takes a tenth of a core from all others."""
    if not hasattr(item.config, "workerinput") or not isinstance(item, pytest.Function):
        return
    if nextitem is None or _group_of(nextitem) != _group_of(item):
        for fixture in item._fixtureinfo.name2fixturedefs.get("cluster", ()):
            fixture.finish(item._request)  # type: ignore[arg-type]  # it only asks the request for hooks


def _group_of(item: pytest.Item) -> str:
    """The file; or whoever shares a control plane."""
    path = item.nodeid.partition("::")[0]
    marker = item.get_closest_marker("rig")
    if marker is None or marker.kwargs.get("own"):
        return path
    room = Path(path).parts[1]
    return f"rig of {room}" if room in OWN_PLANE else "rig"


def _order_of(sizes: Counter[str], slow: set[str]) -> dict[str, tuple[int, float, str]]:
    """By turns; within one, screens and others evenly mixed, the largest groups of both first."""
    alike = defaultdict(list)
    for group in sorted(sizes, key=lambda group: (-sizes[group], group)):
        alike[_turn_of(group, slow), group.startswith(SCREENS)].append(group)
    return {
        group: (turn, place / len(groups), group)
        for (turn, _), groups in alike.items()
        for place, group in enumerate(groups)
    }


def _turn_of(group: str, slow: set[str]) -> int:
    if group.startswith("rig") or group in slow:
        return 0
    return 1 if group.startswith(SCREENS) or Path(group).parts[1] in WAITING else 2
