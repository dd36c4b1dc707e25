"""What the tests of whole consoles share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.process import ALL, kubeconfig_for
from tests.console.desk import Desk
from tests.sources.api_double import ApiDouble


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    """An API server that serves what a real one said once."""
    with ApiDouble() as server:
        yield server


@pytest.fixture
def watch(desk: Desk, double: ApiDouble, tmp_path: Path) -> Desk:
    """A desk that looks at the double, once a second."""
    desk.environment["KUBECONFIG"] = kubeconfig_for(double.url, tmp_path)
    for source in ALL:
        desk.environment[f"WFCONSOLE_INTERVALS_{source.upper()}"] = "1"
    return desk
