"""A machine with an open incident on it, and a configuration that leads to a real Redis and to no cluster."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.actions.cache.conftest import acting_on
from tests.actions.configured import declared, unasked_cluster, written
from tests.journal.helpers import until
from tests.rig.systems.redis import Redis
from tests.session.crashing import Console
from wfconsole.clock import MINUTE, SECOND, SystemClock
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionsArmed
from wfconsole.incident.events import Entry
from wfconsole.incident.plan import Aim, Request
from wfconsole.incident.policy import SeverityName
from wfconsole.runbook import load_runbook
from wfconsole.session.act_book import ActBook
from wfconsole.session.acting import Acting
from wfconsole.session.acts import Act
from wfconsole.session.journaling import JournalSink, read_entries
from wfconsole.session.session import Session

INCIDENT = "INC-20260301-1420"
OPERATOR = "ada"


class Machine:
    """`redis` is what is acted on: `users` have three sessions each."""

    def __init__(self, folder: Path, redis: Redis, *, severity: SeverityName = "SEV2", **cache: Any) -> None:
        self.folder, self.redis = folder, redis
        self.state = folder / "state"
        told = acting_on(redis)
        self.settings = msgspec.structs.replace(told, cache=msgspec.structs.replace(told.cache, **cache))
        self.incident = self.state / "incidents" / INCIDENT
        declared(self.state / "incidents", INCIDENT, OPERATOR, severity=severity)
        self.config = self._configured()

    def _configured(self) -> Path:
        return written(
            self.folder,
            {
                "console": {"operator": OPERATOR},
                "kubernetes": {"kubeconfig": str(unasked_cluster(self.folder))},
                "cache": msgspec.to_builtins(self.settings.cache),
            },
        )

    @property
    def environment(self) -> dict[str, str]:
        return {"WFCONSOLE_STATE_DIR": str(self.state), "XDG_CACHE_HOME": str(self.folder / "cache")}

    def log_in(self, user: str, sessions: int = 3) -> None:
        self.redis.admin().mset({f"session:{user}:{number}": 1 for number in range(sessions)})

    def left(self, user: str) -> int:
        """How many sessions of this user there are still."""
        return sum(1 for _ in self.redis.admin().scan_iter(f"session:{user}:*", count=1000))

    def effects(self) -> int:
        """How many times anything was deleted on this server."""
        stats = self.redis.admin().info("commandstats")
        return int(stats.get("cmdstat_unlink", {}).get("calls", 0))

    def words(self, user: str, *more: str) -> list[str]:
        end = ["act", "end-user-sessions", "user-sessions", user, f"user={user}"]
        return [*end, *more, "--config", str(self.config)]

    def act(self, user: str, *more: str) -> Console:
        """Somebody ends this user's sessions, on the command line."""
        return Console(self.words(user, *more), self.folder / f"out-{user}", self.environment)

    def entries(self) -> list[Entry]:
        return read_entries(self.incident)[0]

    def intended(self) -> list[str]:
        return [each.event.receipt for each in self.entries() if isinstance(each.event, ActionIntended)]

    def ended(self) -> list[tuple[str, str]]:
        return [
            (each.event.receipt, each.event.result) for each in self.entries() if isinstance(each.event, ActionEnded)
        ]


class Desk:
    """A console that goes on with the incident of a machine, without a screen."""

    def __init__(self, machine: Machine, *, incidents: Path | None = None, prelude: str = "") -> None:
        """`incidents`: where its journal goes instead; `prelude`: what the process that acts does first."""
        self._clock = SystemClock()
        self.session = Session(clock=self._clock, runbook=load_runbook(None), operator=OPERATOR)
        self._sink = JournalSink(
            incidents or machine.state / "incidents",
            self._clock,
            fallbacks=(),
            saved=self.session.saved,
            changed=self.session.journal_changed,
        )
        self.session.keep_in(self._sink)
        self.session.resume(machine.entries())
        self.session.journal_as(INCIDENT, anew=False)
        locks = str(machine.state / "locks")
        program = f"{prelude}\nimport sys\nfrom wfconsole.actions.main import main\nsys.exit(main())"
        book = ActBook(
            self.session,
            self._clock,
            lambda: machine.settings,
            operator=OPERATOR,
            locks=locks,
            command=(sys.executable, "-c", program),
        )
        self.acting = Acting(book)

    def answered(self) -> bool:
        return all(each.result for each in self.session.view.incident.receipts.values())

    def find_out(self) -> None:
        self.acting.take_up()
        until(self.answered, "every open intent is answered")

    def act(self, receipt: str) -> Act:
        return next(each for each in self.acting.show() if each.receipt == receipt)

    def result(self, receipt: str) -> str:
        found = self.session.view.incident.receipts.get(receipt)
        return "" if found is None else found.result

    def plan(self, user: str) -> str:
        """Plan to end a user's sessions, armed; its receipt."""
        self.session.submit(ActionsArmed(self._clock.now() + MINUTE))
        receipt = self.acting.plan(ends(user))
        until(lambda: self.act(receipt).stage != "planning", "it is planned")
        assert self.act(receipt).plan is not None, self.act(receipt)
        return receipt

    def close(self) -> float:
        """How long it took, in seconds."""
        began = time.monotonic()
        self.acting.close()
        self._sink.close(5 * SECOND)
        return time.monotonic() - began


def ends(user: str) -> Request:
    return Request("end-user-sessions", Aim("user sessions", user), {"user": user})
