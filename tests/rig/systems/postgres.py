"""A real PostgreSQL with the application's tables, its sessions, and the least-privilege role of the console."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Final

import psycopg

from tests.rig import processes
from tests.rig.processes import Account, Server, ServerPlan
from tests.rig.systems import auth_faults
from tests.rig.systems.postgres_faults import PostgresFaults
from tests.rig.systems.system import System, program

DATABASE: Final = "wearforce"
APPLICATION: Final = "wf_app"
MONITOR: Final = "wf_mon"
ACTING: Final = "wf_act"
PLAIN: Final = "wf_plain"  # may log in, and nothing else
ORDERS: Final = "wf_orders"  # an application whose password the server asks for
PASSWORD: Final = "monitor-me"
MAX_CONNECTIONS: Final = 30

_TABLES: Final = """
CREATE EXTENSION pg_stat_statements;
CREATE TABLE orders(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL DEFAULT 'new',
  total numeric NOT NULL DEFAULT 0);
INSERT INTO orders(total) SELECT n FROM generate_series(1, 200) n;
CREATE TABLE auth_logs(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, username text,
  status text NOT NULL CHECK (status IN ('success', 'failed')), ip_address inet, user_agent text,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON auth_logs(created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON orders, auth_logs TO wf_app;
"""


def alive(session: psycopg.Connection[Any]) -> bool:
    """Whether the server still answers on this connection."""
    try:
        session.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


class Postgres(System):
    """One server. `admin()` gives a superuser's connection, `application()` one of the application's."""

    name = "postgres"
    APPLICATION = APPLICATION
    DATABASE = DATABASE

    def __init__(self, *, max_connections: int = MAX_CONNECTIONS, options: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.account = Account.named("postgres")
        self.server: Server
        self.port: int
        self.made = PostgresFaults(self)
        self._options = {
            "max_connections": str(max_connections),
            "superuser_reserved_connections": "3",
            "shared_preload_libraries": "pg_stat_statements",
            "shared_buffers": "16MB",
            "max_prepared_transactions": "5",
            "fsync": "off",
            "full_page_writes": "off",
            **(options or {}),
        }

    def bring_up(self) -> None:
        self._initialise()
        self.server = self.run(self._plan())
        self.port = self.server.ports[0]
        self._create()

    def settings(self, role: str = MONITOR) -> Mapping[str, Mapping[str, Any]]:
        password = self.directory / "monitor.password"
        if not password.exists():
            password.write_text(f"{PASSWORD}\n")
            password.chmod(0o600)
        where = {"host": "127.0.0.1", "port": self.port, "name": DATABASE, "user": role}
        return {"database": {**where, "password_file": str(password)}, "auth": {"table": "auth_logs"}}

    @property
    def faults(self) -> Mapping[str, Callable[[], str]]:
        return {**self.made.all, **auth_faults.faults(self.application)}

    def recover(self) -> None:
        if not self.answers(self.port):  # a test that failed half way has left it down
            self.restart()
        self.made.end()
        auth_faults.recover(self.application)
        with self.admin() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usename = ANY(%s)",
                ([APPLICATION, MONITOR, ORDERS],),  # a console of the test before would be counted in the next
            )
            connection.execute(f"ALTER ROLE {ORDERS} PASSWORD '{PASSWORD}'")  # a rotation has given it another one

    def restart(self) -> None:
        """End it in good order, and start it again on the same port."""
        self.server.stop()
        self.server = self.run(self._plan(self.port))

    def admin(self, database: str = DATABASE) -> psycopg.Connection[Any]:
        """A connection that may do everything."""
        return self._connect(database, "postgres")

    def application(self, name: str = "checkout-api", *, user: str = "") -> psycopg.Connection[Any]:
        """A session of the application, in a transaction once it runs something."""
        connection = self._connect(DATABASE, user or APPLICATION, name)
        connection.autocommit = False
        return connection

    def _connect(self, database: str, user: str, application: str = "rig") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname=database,
            user=user,
            password=PASSWORD,
            application_name=application,
            autocommit=True,
        )

    def _initialise(self) -> None:
        """initdb's result; its first half second is spent once for each of our processes."""
        initdb = program("initdb", "postgresql")
        identity: dict[str, Any] = {}
        if self.account is not None:
            identity = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        authentication = ("--auth-host=trust", "--auth-local=trust")
        subprocess.run(
            [initdb, "-D", "data", "-U", "postgres", *authentication, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=self.directory,
            env=processes.minimal_env(self.directory),
            **identity,
        )
        (self.directory / "data" / "pg_hba.conf").write_text(
            f"local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost replication postgres 127.0.0.1/32 trust\n"
            f"host all {MONITOR},{ACTING},{PLAIN},{ORDERS} 127.0.0.1/32 scram-sha-256\n"
            f"host all all 127.0.0.1/32 trust\n"
        )

    def _plan(self, fixed: int | None = None) -> ServerPlan:
        """`fixed`: the port that it had before."""
        options = [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]
        return ServerPlan(
            name="postgres",
            command=lambda port: [
                *(program("postgres", "postgresql"), "-D", self.directory / "data"),
                *("-c", "listen_addresses=127.0.0.1", "-c", f"port={fixed or port}"),
                *("-c", f"unix_socket_directories={self.directory}", *options),
            ],
            ready=lambda port: self.answers(fixed or port),
            directory=self.directory,
            stop_signal=signal.SIGINT,  # its fast shutdown; TERM waits for every session
            account=self.account,
        )

    def answers(self, port: int) -> bool:
        """Whether a server there takes questions."""
        if not processes.accepts(port):
            return False
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _create(self) -> None:
        with self.admin("postgres") as connection:
            connection.execute(f"CREATE ROLE {APPLICATION} LOGIN")
            connection.execute(f"CREATE DATABASE {DATABASE}")
        with self.admin() as connection:
            connection.execute(_TABLES)
            connection.execute(f"CREATE ROLE {PLAIN} LOGIN PASSWORD '{PASSWORD}'")
            connection.execute(f"CREATE ROLE {ORDERS} LOGIN PASSWORD '{PASSWORD}'")
            for name in ("monitoring-role", "auth-log", "acting-role"):
                connection.execute(shipped(name).replace("{password}", PASSWORD))


def shipped(name: str) -> str:
    """The SQL that the project ships for a role."""
    return resources.files("wfconsole.sources.postgres").joinpath("sql", f"{name}.sql").read_text()
