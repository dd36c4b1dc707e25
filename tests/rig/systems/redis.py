"""A real Redis with sessions and other keys in it, and the least-privilege users of the console."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any, Final

from redis import Redis as Client
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from tests.rig import processes
from tests.rig.processes import Account, Server, ServerPlan
from tests.rig.systems.system import System, program

MONITOR: Final = "wf_mon"
PASSWORD: Final = "monitor-me"
SESSIONS: Final = 300
MAX_CLIENTS: Final = 40
REFUSED: Final = 5  # writes, by a full server
KIB: Final = 1 << 10
MIB: Final = 1 << 20


class Redis(System):
    """One server. `admin()` gives a client that may do everything."""

    name = "redis"

    def __init__(self, *options: str) -> None:
        """`options` are more words of redis-server's command line."""
        super().__init__()
        self.account = Account.named("redis")
        self.server: Server
        self.port: int
        self._options = options
        self._held: list[socket.socket | Client] = []

    def bring_up(self) -> None:
        users = f"user default on nopass ~* &* +@all\n{users_file('monitoring-user')}{users_file('acting-users')}"
        (self.directory / "users.acl").write_text(users.replace("{password}", PASSWORD))
        self.server = self.run(self._plan())
        self.port = self.server.ports[0]
        self.stack.callback(self._let_go)
        self.seed()

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        password = self.directory / "monitor.password"
        if not password.exists():
            password.write_text(f"{PASSWORD}\n")
            password.chmod(0o600)
        where = {"host": "127.0.0.1", "port": self.port, "user": MONITOR, "acting_user": "wf_logout"}
        return {"cache": {**where, "password_file": str(password)}}

    @property
    def faults(self) -> Mapping[str, Callable[[], str]]:
        return {
            "redis-full": self.fill,
            "redis-evicting": self.evict,
            "redis-clients-exhausted": self.exhaust_clients,
            "redis-frozen": self.freeze,
        }

    def recover(self) -> None:
        self._let_go()
        if not self.server.alive:
            self.server = self.run(self._plan(self.port))
        os.kill(self.server.pid, signal.SIGCONT)
        admin = self._admitted()
        admin.config_set("maxmemory", 0)
        admin.config_set("maxmemory-policy", "noeviction")
        admin.config_set("maxclients", MAX_CLIENTS)
        admin.config_set("busy-reply-threshold", 5000)
        admin.replicaof("NO", "ONE")
        admin.flushall()
        admin.config_resetstat()
        admin.close()
        self._do("ACL", "LOAD")  # the users that tests made are in no file
        self.seed()

    def admin(self, database: int = 0) -> Client:
        """Fails within two seconds, and tries nothing twice."""
        retry = Retry(NoBackoff(), 0)
        return Client(port=self.port, db=database, protocol=2, driver_info=None, socket_timeout=2, retry=retry)

    def _admitted(self) -> Client:
        """A client of `admin`, once the server has noticed that others are gone."""
        until = time.monotonic() + 5
        while True:
            admin = self.admin()
            try:
                admin.ping()
            except RedisError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return admin

    def seed(self) -> None:
        """Sessions that expire, cached values, and counters that somebody would miss."""
        with self.admin() as admin, admin.pipeline(transaction=False) as batch:
            for number in range(SESSIONS):
                batch.set(f"session:{number:04}", "user", ex=3600)
            for number in range(50):
                batch.set(f"cache:product:{number}", "x" * 100)
            batch.set("ratelimit:10.0.0.7", 3)
            batch.set("version", 7)
            batch.execute()

    def fill(self) -> str:
        """Memory is full and nothing may be evicted: every write fails."""
        admin = self.admin()
        admin.config_set("maxmemory-policy", "noeviction")
        for number in range(150):
            admin.set(f"cache:filler:{number}", "x" * 20_000)
        used = admin.info("memory")["used_memory"]
        admin.config_set("maxmemory", used - 256 * KIB)
        for _ in range(REFUSED):
            with contextlib.suppress(RedisError):
                self.write()
        return f"memory is full, {REFUSED} writes were refused"

    def evict(self) -> str:
        """Memory is full and sessions are evicted to make room."""
        admin = self.admin()
        admin.config_set("maxmemory-policy", "allkeys-lru")
        admin.config_set("maxmemory", 4 * MIB)
        for number in range(800):
            admin.set(f"cache:big:{number}", "x" * 10_000)
        return f"{admin.info('stats')['evicted_keys']} keys were evicted"

    def write(self) -> None:
        """One write, as the application does it; raises what the server says."""
        self.admin().set("session:new", "user")

    def exhaust_clients(self) -> str:
        """Every slot that is left is taken by somebody who does nothing, and one more is refused."""
        admin = self.admin()
        most = admin.info("clients")["connected_clients"] + 5
        admin.config_set("maxclients", most)
        while admin.info("clients")["connected_clients"] < most:  # somebody may have left meanwhile
            self.knock()
        self._held.append(admin)
        self.knock(3)
        return f"{most} clients are connected, and nobody else gets in"

    def knock(self, times: int = 1) -> None:
        """Connections that are kept if there is room for them."""
        for _ in range(times):
            self._held.append(socket.create_connection(("127.0.0.1", self.port), timeout=2))

    def user(self, name: str, *permissions: str) -> dict[str, Any]:
        """A user with these permissions alone, as settings."""
        password = self.directory / f"{name}.password"
        password.write_text(name)
        rights = ("resetkeys", "resetchannels", "-@all", *permissions)
        self._do("ACL", "SETUSER", name, "on", f">{name}", *rights)
        return {"user": name, "password_file": str(password)}

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """In here a script holds it up, and it says so to everybody."""
        self.admin().config_set("busy-reply-threshold", 50)
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as endless:
            endless.sendall(b"EVAL 'while true do end' 0\r\n")
            try:
                yield
            finally:
                self.admin().script_kill()
                while self._is_busy():
                    time.sleep(0.01)

    def _is_busy(self) -> bool:
        try:
            self.admin().ping()
        except ResponseError:
            return True
        return False

    def _do(self, *words: str) -> Any:
        return self.admin().execute_command(*words)  # type: ignore[no-untyped-call]

    def freeze(self) -> str:
        """The process stands still; its connections stay."""
        os.kill(self.server.pid, signal.SIGSTOP)
        return "the server is stopped and answers nobody"

    def kill(self) -> str:
        """The process is gone at once."""
        self.server.process.kill()
        self.server.process.wait()
        return "the server was killed"

    def start_again(self) -> None:
        """On the same port, empty."""
        self.server = self.run(self._plan(self.port))

    def _let_go(self) -> None:
        for each in self._held:
            each.close()
        self._held.clear()

    def _plan(self, port: int = 0) -> ServerPlan:
        return ServerPlan(
            name="redis",
            command=lambda free: [
                *(program("redis-server", "redis-server"), "--bind", "127.0.0.1", "--port", str(port or free)),
                *("--dir", self.directory, "--aclfile", self.directory / "users.acl", "--save", ""),
                *("--maxclients", str(MAX_CLIENTS), *self._options),
            ],
            ready=lambda free: processes.accepts(port or free),
            directory=self.directory,
            account=self.account,
        )


def users_file(name: str) -> str:
    """The users that the project ships, as lines of an ACL file."""
    return resources.files("wfconsole.sources.cache").joinpath(f"{name}.acl").read_text()
