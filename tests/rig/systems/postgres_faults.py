"""What can go wrong with PostgreSQL: real sessions that really hold, wait, run and fill. `end` leaves nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import SQL, Literal

from tests.rig.systems.postgres_standby import Standby

if TYPE_CHECKING:
    from tests.rig.systems.postgres import Postgres

DEADLINE_S = 10.0
_REFUSALS = 8  # in a row, until a server counts as full
_BETWEEN_REFUSALS_S = 0.2


class PostgresFaults:
    """Every session that a fault opened is kept here, so that it stays as it is until `end`."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._held: list[psycopg.Connection[Any]] = []
        self._stack = ExitStack()
        self._standby: Standby | None = None

    @property
    def all(self) -> Mapping[str, Callable[[], str]]:
        return {
            "lock-chain": self.lock_chain,
            "lock-convoy": self.lock_convoy,
            "connections-exhausted": self.connections_exhausted,
            "idle-in-transaction": self.idle_in_transaction,
            "slow-query": self.slow_query,
            "replica-lag": self.replica_lag,
            "prepared-transaction": self.prepared_transaction,
        }

    def lock_chain(self) -> str:
        """A idles in its transaction, B waits for A, C for B, D for C."""
        names = ("batch-reconcile", "checkout-api", "checkout-api", "orders-svc")
        pids = []
        for place, name in enumerate(names):
            session = self.session(name)
            if place < len(names) - 1:
                session.execute("UPDATE orders SET state = 'held' WHERE id = %s", (place + 1,))
            if place:
                self.wait(session, f"UPDATE orders SET state = 'wanted' WHERE id = {place}")
            pids.append(session.info.backend_pid)
        return f"pid {pids[0]} idles in its transaction; {pids[1]} waits for it, {pids[2]} for that, {pids[3]} for that"

    def lock_convoy(self) -> str:
        """A reader idles in its transaction, ALTER TABLE waits for it, and everybody waits for ALTER TABLE."""
        reader = self.session("report")
        reader.execute("SELECT count(*) FROM orders")
        changing = self.session("migration", user="postgres")
        self.wait(changing, "ALTER TABLE orders ADD COLUMN note text")
        for _ in range(2):
            self.wait(self.session("checkout-api"), "SELECT count(*) FROM orders")
        return f"pid {changing.info.backend_pid} waits to change a table behind a reader, and two wait behind it"

    def connections_exhausted(self) -> str:
        """All slots that the application may have are taken."""
        count = refused = 0
        while True:
            try:
                session = self._server.application("checkout-api")
            except psycopg.OperationalError as error:
                refused += 1
                if refused == _REFUSALS:
                    return f"{count} sessions, then: {str(error).strip().splitlines()[-1]}"
                time.sleep(_BETWEEN_REFUSALS_S)  # a session of somebody else that is just ending would leave a slot
                continue
            session.autocommit = True
            self._held.append(session)
            count, refused = count + 1, 0

    def idle_in_transaction(self) -> str:
        """One session read something and never ended its transaction."""
        session = self.session("batch-reconcile")
        session.execute("SELECT count(*) FROM orders")
        return f"pid {session.info.backend_pid} idles in its transaction"

    def slow_query(self) -> str:
        """Three slow queries ended, so that they count; a fourth one runs."""
        session = self.session("report")
        for _ in range(3):
            session.execute("SELECT sum(a.total * b.total) FROM orders a, orders b, generate_series(1, 5)")
        session.commit()
        self.wait(session, "SELECT pg_sleep(3600)", for_lock=False)
        return f"pid {session.info.backend_pid} runs one query for an hour"

    def prepared_transaction(self, gid: str = "payment-42") -> str:
        """Nobody has it open, and it holds a lock that somebody waits for."""
        with self._server.application("payments") as session:
            session.autocommit = True  # so that we begin and end it ourselves
            session.execute("BEGIN")
            session.execute("UPDATE orders SET state = 'paid' WHERE id = 1")
            session.execute(SQL("PREPARE TRANSACTION {}").format(Literal(gid)))
        self.wait(self.session("checkout-api"), "UPDATE orders SET state = 'wanted' WHERE id = 1")
        return f"the prepared transaction {gid} holds up a session"

    def replica_lag(self) -> str:
        """A standby receives and does not replay."""
        standby = self._standby or self.standby()
        standby.pause()
        with self._server.admin() as connection:
            connection.execute("CREATE TABLE bulk AS SELECT n, repeat('x', 500) AS x FROM generate_series(1, 20000) n")
        return "the standby does not replay what it receives"

    def standby(self, name: str = "replica-1") -> Standby:
        """A real standby, until the end."""
        self._standby = self._stack.enter_context(Standby(self._server, name))
        return self._standby

    def session(self, name: str, *, user: str = "") -> psycopg.Connection[Any]:
        """A session in a transaction as soon as it runs something; it is ended by `end`."""
        session = self._server.application(name, user=user)
        self._held.append(session)
        return session

    def wait(self, session: psycopg.Connection[Any], sql: str, *, for_lock: bool = True) -> None:
        """Send `sql`, and go on once the server waits with it. No thread: the answer is never read."""
        if session.info.transaction_status == psycopg.pq.TransactionStatus.IDLE and for_lock:
            session.execute("SELECT 1")
        session.pgconn.send_query(sql.encode())
        waits = "wait_event_type = 'Lock'" if for_lock else "state = 'active'"
        deadline = time.monotonic() + DEADLINE_S
        with self._server.admin() as admin:
            while not admin.execute(
                f"SELECT FROM pg_stat_activity WHERE pid = %s AND {waits}", (session.info.backend_pid,)
            ).fetchall():
                if time.monotonic() > deadline:
                    raise AssertionError(f"it never waited: {sql}")
                time.sleep(0.02)

    def end(self) -> None:
        """Undo all of it: no session, no prepared transaction, no standby and none of its tables stays."""
        self._stack.close()
        self._standby = None
        with self._server.admin() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name <> 'rig'"
                " AND backend_type = 'client backend' AND usename IN (%s, 'postgres') AND pid <> pg_backend_pid()",
                (self._server.APPLICATION,),
            )
            for session in self._held:
                with suppress(psycopg.Error):
                    session.close()
            self._held.clear()
            for (gid,) in admin.execute("SELECT gid FROM pg_prepared_xacts").fetchall():
                admin.execute(SQL("ROLLBACK PREPARED {}").format(Literal(gid)))
            admin.execute("DROP TABLE IF EXISTS bulk")
