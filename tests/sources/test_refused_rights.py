"""From a right that a real server takes away to the line in the record, and to the line that says it is there again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from tests.collector.process import CollectorProcess
from tests.rig.systems.aws import Aws, policy
from tests.rig.systems.postgres import MONITOR, Postgres
from tests.rig.systems.redis import MONITOR as CACHE_USER
from tests.rig.systems.redis import Redis
from tests.sources.scribing import Scribe
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.levels import Quality

OFTEN = {"flush_ms": 50, "intervals": dict.fromkeys(KINDS, 500)}


class Right(NamedTuple):
    """One right of one source. `said`: what the line says of it, with its grant."""

    fixture: str
    source: str
    take: Callable[[Any], None]
    give: Callable[[Any], None]
    said: str
    over: str
    wholly: bool = False  # nothing is known without it
    settings: Mapping[str, Mapping[str, Any]] = {}


def sql(*statements: str) -> Callable[[Postgres], None]:
    def run(postgres: Postgres) -> None:
        with postgres.admin() as admin:
            for each in statements:
                admin.execute(each)

    return run


def acl(*words: str) -> Callable[[Redis], None]:
    def run(redis: Redis) -> None:
        with redis.admin() as admin:
            admin.execute_command("ACL", "SETUSER", CACHE_USER, *words)

    return run


def allow(*without: str) -> Callable[[Aws], None]:
    def run(aws: Aws) -> None:
        (statement,) = policy()["Statement"]
        aws.allow(*(each for each in statement["Action"] if each not in without))

    return run


LOG = {"auth": {"table": "auth_logs"}}
RIGHTS = {
    "pg_monitor": Right(
        "postgres",
        "sessions",
        sql(f"REVOKE pg_monitor FROM {MONITOR}"),
        sql(f"GRANT pg_monitor TO {MONITOR}"),
        "sessions of other roles are hidden; GRANT pg_monitor TO the monitoring role",
        "database: pg_monitor",
    ),
    "a column of the log of logins": Right(
        "postgres",
        "auth",
        sql(
            f"REVOKE SELECT ON auth_logs FROM {MONITOR}",
            f"GRANT SELECT (username, status, created_at) ON auth_logs TO {MONITOR}",
        ),
        sql(f"GRANT SELECT ON auth_logs TO {MONITOR}"),
        "auth: sources are hidden: auth_logs.ip_address is not ours to read; GRANT SELECT (ip_address) ON auth_logs TO",
        "database: SELECT auth_logs.ip_address",
        settings=LOG,
    ),
    "the log of logins": Right(
        "postgres",
        "auth",
        sql(f"REVOKE SELECT ON auth_logs FROM {MONITOR}"),
        sql(f"GRANT SELECT ON auth_logs TO {MONITOR}"),
        "auth: refused, auth_logs.username is not ours to read; GRANT SELECT ON auth_logs TO the monitoring role.",
        "database: SELECT auth_logs.username",
        wholly=True,
        settings=LOG,
    ),
    "+acl|dryrun": Right(
        "redis",
        "cache",
        acl("-acl|dryrun"),
        acl("+acl|dryrun"),
        f"; ACL SETUSER {CACHE_USER} +acl|dryrun",
        "cache: +acl|dryrun",
    ),
    "+command|info": Right(
        "redis",
        "cache",
        acl("-command|info"),
        acl("+command|info"),
        f"; ACL SETUSER {CACHE_USER} +command|info",
        "cache: +command|info",
    ),
    "+ping": Right("redis", "cache", acl("-ping"), acl("+ping"), f"; ACL SETUSER {CACHE_USER} +ping", "cache: +ping"),
    "+scan": Right(
        "redis",
        "keys",
        acl("-scan"),
        acl("+scan"),
        f"; ACL SETUSER {CACHE_USER} +scan",
        "cache: +scan",
        wholly=True,
    ),
    "securityhub:GetFindings": Right(
        "aws",
        "findings",
        allow("securityhub:GetFindings"),
        allow(),
        "Allow securityhub:GetFindings in the policy of this identity",
        "aws: securityhub:GetFindings in eu-west-1",
        wholly=True,
    ),
}


@pytest.fixture(params=RIGHTS, ids=str)
def right(request: pytest.FixtureRequest) -> Right:
    return RIGHTS[request.param]


@pytest.fixture
def server(right: Right, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The real server, without the right."""
    server = request.getfixturevalue(right.fixture)
    right.take(server)
    yield server
    right.give(server)


def test_a_right_that_lacks_is_said_once_with_its_grant_and_once_when_it_is_there(right: Right, server: Any) -> None:
    settings = {**OFTEN, "sources": [], **server.settings(), **right.settings}
    with CollectorProcess(settings) as collector:
        scribe = Scribe(collector)
        began = scribe.until("began", right.said, of=right.over.partition(": ")[2])
        assert right.source in began.sources or right.fixture == "postgres"
        for _ in range(2):
            if not right.wholly:
                scribe.looked(right.source)
        hidden = Quality.DENIED if right.wholly else Quality.PARTIAL

        def so_it_stands() -> Any:
            """A look that was late for once is none."""
            snapshot = collector.snapshots[right.source]
            return snapshot if snapshot.quality(snapshot.observed_at) == hidden else None

        snapshot = collector.until(so_it_stands, f"its pane is {hidden.value}")
        told = snapshot.failure.remedy if snapshot.failure is not None else snapshot.partial
        assert right.said.rpartition("; ")[2].removesuffix(".") in told, "its pane says what mends it too"
        mine = [each for each in scribe.said if each.key == began.key]
        assert [each.phase for each in mine if each.phase != "again"] == ["began"]
        assert all(re.search(re.escape(right.said.rpartition("; ")[2]), each.text) for each in mine)

        right.give(server)
        collector.send({"type": "retry", "id": "1", "source": right.source})
        over = scribe.until("ended", right.over)
        assert over.key == began.key

        def none_lasts() -> bool:
            lasting = {each.key: each.phase for each in scribe.hear()}
            return all(phase == "ended" for key, phase in lasting.items() if key.startswith("right "))

        collector.until(none_lasts, "no right is missing any more, in no region")
