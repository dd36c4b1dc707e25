"""What the systems of the rig have in common."""

from __future__ import annotations

import abc
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.rig import processes
from tests.rig.processes import Account, Server, ServerError

# Debian keeps the servers' own programs out of PATH.
_ELSEWHERE = (Path("/usr/lib/postgresql"),)


class System(abc.ABC):
    """One or more servers as a context manager. Leaving it ends every process and removes every file.

    `faults` are what can go wrong, by name: each says what it did. `settings` is what a console's configuration file
    says of this system, by table.
    """

    name: str
    account: Account | None = None

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.directory: Path

    def __enter__(self) -> Self:
        try:
            prefix = f"wfconsole-{self.name}-"
            self.directory = self.stack.enter_context(processes.temporary_directory(prefix, self.account))
            self.bring_up()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    @abc.abstractmethod
    def bring_up(self) -> None:
        """Start the servers and what is in them; what must end goes on `stack`."""

    @abc.abstractmethod
    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Tables of a configuration file."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What a console needs in its environment to be let in."""
        return {}

    @property
    def faults(self) -> Mapping[str, Callable[[], str]]:
        """What can go wrong, by name."""
        return {}

    @abc.abstractmethod
    def recover(self) -> None:
        """Undo every fault."""

    def run(self, plan: processes.ServerPlan) -> Server:
        """Start one server; it ends with the system."""
        server = processes.start(plan)
        self.stack.callback(server.stop)
        return server


def program(name: str, package: str) -> Path:
    """Where a server's program is. Raises ServerError that names the Debian package with it."""
    found = shutil.which(name)
    if found:
        return Path(found)
    for place in _ELSEWHERE:
        for path in sorted(place.glob(f"*/bin/{name}"), reverse=True):
            return path
    raise ServerError(f"{name} is not installed; on Debian: apt-get install {package}")
