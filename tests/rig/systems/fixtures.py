"""pytest fixtures: one server of each system for a whole test run, well at the start of every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tests.real_parts import missing
from tests.rig.processes import ServerError
from tests.rig.systems.alertmanager import Alertmanager
from tests.rig.systems.aws import Aws
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.prometheus import Prometheus
from tests.rig.systems.redis import Redis
from tests.rig.systems.system import System

S = TypeVar("S", bound=System)


@contextmanager
def running(system: S) -> Iterator[S]:
    """The system, up; a missing program is one that a test may have to do without."""
    try:
        system.__enter__()
    except ServerError as error:
        missing(f"{system.name}: {error}")
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
def _aws() -> Iterator[Aws]:
    with running(Aws()) as system:
        yield system


@pytest.fixture
def aws(_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in _aws.environment.items():
        monkeypatch.setenv(name, value)
    yield _aws
    _aws.recover()


@pytest.fixture(scope="session")
def _redis() -> Iterator[Redis]:
    with running(Redis()) as system:
        yield system


@pytest.fixture
def redis(_redis: Redis) -> Iterator[Redis]:
    yield _redis
    _redis.recover()


@pytest.fixture(scope="session")
def _prometheus() -> Iterator[Prometheus]:
    with running(Prometheus()) as system:
        yield system


@pytest.fixture
def prometheus(_prometheus: Prometheus) -> Iterator[Prometheus]:
    yield _prometheus
    _prometheus.recover()


@pytest.fixture(scope="session")
def _alertmanager() -> Iterator[Alertmanager]:
    with running(Alertmanager()) as system:
        yield system


@pytest.fixture
def alertmanager(_alertmanager: Alertmanager) -> Iterator[Alertmanager]:
    yield _alertmanager
    _alertmanager.recover()
