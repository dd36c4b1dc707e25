"""All systems beside Kubernetes, up together, with one configuration for the console."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.rig.systems.alertmanager import Alertmanager
from tests.rig.systems.aws import Aws
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.prometheus import Prometheus
from tests.rig.systems.redis import Redis
from tests.rig.systems.system import System

Report = Callable[[str], None]


class Systems:
    """Use it as a context manager."""

    def __init__(self, report: Report = lambda _line: None, *, database: Postgres | None = None) -> None:
        """`database`: one of another size than usual."""
        self._report = report
        self._database = database or Postgres()
        self.alertmanager = Alertmanager()
        self._stack = ExitStack()
        self.all: list[System] = []

    def __enter__(self) -> Self:
        try:
            self._add(self._database)
            self._add(Redis())
            self._add(self.alertmanager)
            self._add(Prometheus(alertmanagers=[f"127.0.0.1:{self.alertmanager.port}"]))
            self._add(Aws())
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def faults(self) -> Mapping[str, Callable[[], str]]:
        """What can go wrong in any of them, by name."""
        return {name: cause for system in self.all for name, cause in system.faults.items()}

    @property
    def environment(self) -> Mapping[str, str]:
        """What a console needs in its environment."""
        return {name: value for system in self.all for name, value in system.environment.items()}

    def recover(self) -> None:
        """Undo every fault."""
        for system in self.all:
            system.recover()

    def configure(self, path: Path) -> None:
        """Write a configuration file that names all of them."""
        tables: dict[str, dict[str, Any]] = {}
        for system in self.all:
            for name, values in system.settings().items():
                tables.setdefault(name, {}).update(values)
        path.write_text("\n".join(line for name, values in tables.items() for line in _table(name, values)) + "\n")

    def _add(self, system: System) -> None:
        self._report(f"starting {system.name}")
        self.all.append(self._stack.enter_context(system))


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    """A table in TOML; JSON's strings, numbers, booleans and lists are TOML's too."""
    return [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
