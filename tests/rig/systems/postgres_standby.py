"""A real standby of the rig's PostgreSQL: a base backup that streams."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import psycopg

from tests.rig import processes
from tests.rig.processes import Server, ServerPlan
from tests.rig.systems.system import program

if TYPE_CHECKING:
    from tests.rig.systems.postgres import Postgres

_COPY = ("-R", "-X", "stream", "-c", "fast", "--no-sync")
_OPTIONS = ("max_connections=30", "max_prepared_transactions=5", "shared_buffers=16MB", "fsync=off", "hot_standby=on")


class Standby:
    """One standby, streaming by the time it is entered. Leaving ends it and removes its data."""

    def __init__(self, primary: Postgres, name: str) -> None:
        self._primary = primary
        self._name = name
        self._data = primary.directory / name
        self._server: Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.ports[0]

    def __enter__(self) -> Self:
        try:
            self._copy()
            self._server = processes.start(self._plan())
            self._await_streaming()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.stop()
        shutil.rmtree(self._data, ignore_errors=True)

    def admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=self._primary.DATABASE, autocommit=True
        )

    def pause(self) -> None:
        """Receive, and replay nothing any more."""
        with self.admin() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        with self.admin() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")

    def _copy(self) -> None:
        account = self._primary.account
        identity: dict[str, Any] = {}
        if account is not None:
            identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
        source = f"host=127.0.0.1 port={self._primary.port} user=postgres application_name={self._name}"
        subprocess.run(
            [program("pg_basebackup", "postgresql"), "-D", self._data, "-d", source, *_COPY],
            check=True,
            capture_output=True,
            cwd=self._primary.directory,
            env=processes.minimal_env(self._primary.directory),
            **identity,
        )

    def _plan(self) -> ServerPlan:
        return ServerPlan(
            name=self._name,
            command=lambda port: [
                *(program("postgres", "postgresql"), "-D", self._data, "-c", f"port={port}"),
                *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._primary.directory}"),
                *(word for option in _OPTIONS for word in ("-c", option)),
            ],
            ready=self._primary.answers,
            directory=self._primary.directory,
            stop_signal=signal.SIGINT,
            account=self._primary.account,
        )

    def _await_streaming(self) -> None:
        deadline = time.monotonic() + 10
        with self._primary.admin() as connection:
            while not connection.execute(
                "SELECT FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'", (self._name,)
            ).fetchall():
                if time.monotonic() > deadline:
                    raise AssertionError(f"{self._name} does not stream")
                time.sleep(0.05)
