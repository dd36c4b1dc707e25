"""pytest fixtures: one server of each system for a whole test run, well at the start of every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tests.rig.processes import ServerError
from tests.rig.systems.alertmanager import Alertmanager
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.system import System

S = TypeVar("S", bound=System)


@contextmanager
def running(system: S) -> Iterator[S]:
    """The system, up. With CI a missing program fails the test; elsewhere it skips it, and says what to install."""
    try:
        system.__enter__()
    except ServerError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{system.name}: {error}", pytrace=False)
        pytest.skip(str(error))
    try:
        yield system
    finally:
        system.__exit__(None, None, None)


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Postgres]:
    with running(Postgres()) as system:
        yield system


@pytest.fixture
def postgres(_postgres: Postgres) -> Iterator[Postgres]:
    yield _postgres
    _postgres.recover()


@pytest.fixture(scope="session")
def _alertmanager() -> Iterator[Alertmanager]:
    with running(Alertmanager()) as system:
        yield system


@pytest.fixture
def alertmanager(_alertmanager: Alertmanager) -> Iterator[Alertmanager]:
    yield _alertmanager
    _alertmanager.recover()
