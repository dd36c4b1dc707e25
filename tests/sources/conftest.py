"""What the tests over all polled systems share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sources.fault_bench import Bench
from tests.sources.fault_proxy import FaultProxy
from tests.sources.polled import SYSTEMS


@pytest.fixture
def server(system: str, request: pytest.FixtureRequest) -> Any:
    """The real server of a system."""
    return request.getfixturevalue(SYSTEMS[system].fixture)


@pytest.fixture
def bench(system: str, name: str, server: Any) -> Iterator[Bench]:
    with FaultProxy(server.port) as proxy:
        yield Bench(system, name, server, proxy)
