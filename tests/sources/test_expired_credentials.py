"""A password that somebody changes in the middle of an incident: what was open goes on, what is opened anew is denied
with the setting that mends it, and the next look works once the file has the new one. Nothing is restarted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig.systems.postgres import MONITOR, PASSWORD, Postgres
from tests.rig.systems.redis import Redis
from tests.sources.cache.looking import settings_of
from wfconsole.config.systems import DatabaseSettings
from wfconsole.sources.cache.connection import Session as CacheSession
from wfconsole.sources.cache.server import ServerPoll
from wfconsole.sources.contract import SourceError
from wfconsole.sources.polling import Poll
from wfconsole.sources.postgres.capacity import CapacityPoll
from wfconsole.sources.postgres.connection import Session as DatabaseSession

OLD, NEW = "as-it-was", "as-it-is"


def refused(poll: Poll) -> SourceError:
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    return told.value


def is_taken_up(poll: Poll, password: Path, setting: str) -> None:
    """The session is gone; its password is another by now."""
    assert refused(poll).kind == "refused", "the session that was ended"
    for _ in range(2):
        error = refused(poll)
        assert error.kind == "denied"
        assert setting in error.remedy
        assert not {OLD, NEW} & set(error.message.split())
    password.write_text(NEW)
    poll.step(lambda: None)


def test_of_the_database(postgres: Postgres, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(OLD)
    where = {**postgres.settings()["database"], "password_file": str(password)}
    poll = CapacityPoll(DatabaseSession(DatabaseSettings(**where)), 5000)
    with postgres.admin() as admin:
        try:
            admin.execute(f"ALTER ROLE {MONITOR} PASSWORD '{OLD}'")
            poll.step(lambda: None)
            admin.execute(f"ALTER ROLE {MONITOR} PASSWORD '{NEW}'")
            poll.step(lambda: None)  # a session that is open asks for no password
            admin.execute("SELECT pg_terminate_backend(pid, 3000) FROM pg_stat_activity WHERE usename = %s", (MONITOR,))
            is_taken_up(poll, password, "database.password_file")
        finally:
            admin.execute(f"ALTER ROLE {MONITOR} PASSWORD '{PASSWORD}'")


def test_of_the_cache(redis: Redis, tmp_path: Path) -> None:
    rights = ("+ping", "+info", "+command|info", "+acl|whoami", "+acl|dryrun")
    user = redis.user("changing", *rights)
    password = tmp_path / "password"
    password.write_text("changing")
    poll = ServerPoll(CacheSession(settings_of(redis, user=user["user"], password_file=str(password))), 5000)
    poll.step(lambda: None)
    admin = redis.admin()
    admin.execute_command("ACL", "SETUSER", "changing", "resetpass", f">{NEW}")  # type: ignore[no-untyped-call]
    poll.step(lambda: None)
    admin.execute_command("CLIENT", "KILL", "USER", "changing")  # type: ignore[no-untyped-call]
    is_taken_up(poll, password, "cache.password_file")
