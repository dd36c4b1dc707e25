"""The real server: what a look says of it when it is well, and under each fault."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from redis.exceptions import RedisError

from tests.rig.systems.fixtures import running
from tests.rig.systems.redis import MAX_CLIENTS, MONITOR, REFUSED, SESSIONS, Redis
from tests.sources.api_double import until
from tests.sources.cache.looking import a_session, look
from wfconsole.observations.cache import CacheRow, judge_cache
from wfconsole.observations.levels import Level
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.cache.server import ServerPoll
from wfconsole.sources.contract import SourceError


@pytest.fixture
def poll(redis: Redis) -> ServerPoll:
    return ServerPoll(a_session(redis), 1000)


def judged(row: CacheRow) -> tuple[Level, str]:
    finding = judge_cache(row, 0)
    return finding.level, finding.kind


def test_a_server_that_is_well(redis: Redis, poll: ServerPoll) -> None:
    row = look(poll)
    assert (row.name, row.role, row.policy) == (f"127.0.0.1:{redis.port}", "master", "noeviction")
    assert row.version.count(".") == 2
    assert (row.clients, row.max_clients, row.memory_max) == (1, MAX_CLIENTS, 0)
    assert row.memory_used > 0
    assert row.keyspace["db0"].expires == SESSIONS
    assert row.keyspace["db0"].keys > SESSIONS
    assert row.ping_ms is not None
    assert 0 < row.ping_ms < 1000
    assert row.started_at > 0
    assert judged(row) == (Level.OK, "")


def test_rates_are_not_known_at_the_first_look_and_are_no_zero(poll: ServerPoll) -> None:
    first = look(poll)
    assert (first.evicted_per_s, first.rejected_per_s, first.write_errors_per_s) == (None, None, None)
    second = look(poll)
    assert (second.evicted_per_s, second.rejected_per_s, second.write_errors_per_s) == (0.0, 0.0, 0.0)


def test_a_full_server_refuses_writes(redis: Redis, poll: ServerPoll) -> None:
    look(poll)
    redis.faults["redis-full"]()
    with pytest.raises(RedisError, match="maxmemory"):
        redis.write()
    row = look(poll)
    assert row.write_errors["OOM"] == REFUSED + 1
    assert judged(row) == (Level.CRITICAL, "write-errors")
    quiet = look(poll)
    assert quiet.write_errors_per_s == 0.0
    assert judged(quiet) == (Level.CRITICAL, "memory"), "nobody writes any more, and it is as full as before"


def test_evictions_are_seen_while_they_go_on(redis: Redis, poll: ServerPoll) -> None:
    look(poll)
    redis.faults["redis-evicting"]()
    row = look(poll)
    assert row.evicted > 0
    assert judged(row) == (Level.WARNING, "evictions")
    assert judged(look(poll)) == (Level.OK, "")


def test_a_full_house_is_seen_from_within(redis: Redis, poll: ServerPoll) -> None:
    look(poll)
    redis.faults["redis-clients-exhausted"]()
    row = look(poll)
    assert row.rejected_per_s
    assert row.clients == row.max_clients
    assert judged(row) == (Level.CRITICAL, "rejected")
    with pytest.raises(SourceError) as told:
        look(ServerPoll(a_session(redis), 1000))
    assert told.value.kind == "refused"
    assert "All client slots are taken" in told.value.remedy


def test_a_frozen_server_is_cut_off_in_time_and_is_well_again_afterwards(redis: Redis, poll: ServerPoll) -> None:
    look(poll)
    redis.faults["redis-frozen"]()
    with pytest.raises(SourceError) as told:
        look(poll)
    assert told.value.kind == "timeout"
    assert f"127.0.0.1:{redis.port}: no answer within 1 s" in told.value.message
    redis.recover()
    assert judged(look(poll)) == (Level.OK, "")


def test_a_server_that_was_killed_is_refused_and_is_well_again_when_it_is_back(redis: Redis, poll: ServerPoll) -> None:
    before = look(poll)
    redis.kill()
    for _ in range(2):  # the connection that was lost, and the next one
        with pytest.raises(SourceError) as told:
            look(poll)
        assert told.value.kind == "refused"
    assert "Does Redis run" in told.value.remedy
    redis.start_again()
    after = look(poll)
    assert after.started_at >= before.started_at
    assert after.evicted_per_s is None, "its counters began anew"


def test_the_connection_is_kept(redis: Redis, poll: ServerPoll) -> None:
    look(poll)
    ours = [each["id"] for each in redis.admin().client_list() if each["user"] == MONITOR]
    look(poll)
    assert [each["id"] for each in redis.admin().client_list() if each["user"] == MONITOR] == ours


def test_what_actions_need_is_asked_and_never_run(redis: Redis, poll: ServerPoll) -> None:
    row = look(poll)
    assert row.commands_for == "wf_logout"
    assert row.commands is not None
    refused = {each.name: each.refused for each in row.commands}
    assert refused["SCAN"] == refused["UNLINK"] == ""
    assert "no permissions" in refused["FLUSHDB"]
    poll.session.settings = msgspec.structs.replace(poll.session.settings, acting_user="wf_flush")
    other = ServerPoll(poll.session, 1000)
    row = look(other)
    assert row.commands is not None
    assert {each.name: bool(each.refused) for each in row.commands}["FLUSHDB"] is False
    assert redis.admin().dbsize() > SESSIONS, "and nothing was flushed"
    assert "flushdb" not in redis.admin().info("commandstats")


def test_without_a_user_for_actions_they_are_our_own_permissions(redis: Redis) -> None:
    row = look(ServerPoll(a_session(redis, acting_user=""), 1000))
    assert row.commands_for == MONITOR
    assert row.commands is not None
    assert {each.name for each in row.commands if each.refused} == {"UNLINK", "DEL", "FLUSHDB"}


def test_a_user_that_is_not_there_is_said_and_nothing_is_taken_for_allowed(redis: Redis) -> None:
    poll = ServerPoll(a_session(redis, acting_user="nobody"), 1000)
    look(poll)
    assert "what nobody may do is not known" in in_words(poll.lacks())


@pytest.fixture(scope="module")
def renamed() -> Iterator[Redis]:
    with running(Redis("--rename-command", "FLUSHDB", "")) as system:
        yield system


def test_a_command_that_somebody_disabled_is_named(renamed: Redis) -> None:
    row = look(ServerPoll(a_session(renamed), 1000))
    assert row.commands is not None
    said = {each.name: each.refused for each in row.commands}
    assert said["FLUSHDB"] == "this server does not have it: disabled or renamed"
    assert said["UNLINK"] == ""


def test_a_replica_that_lost_its_master(redis: Redis, poll: ServerPoll) -> None:
    admin = redis.admin()
    admin.config_set("repl-timeout", 2)
    admin.replicaof("127.0.0.1", 1)
    row = look(poll)
    assert (row.role, row.master, row.link_up) == ("replica", "127.0.0.1:1", False)
    assert judged(row)[1] == "replication"


@pytest.mark.parametrize(
    ("changes", "kind", "remedy"),
    [
        ({"user": "nobody"}, "denied", "cache.password_file"),
        ({"database": 99}, "configuration", "cache.database"),
        ({"tls": True}, "timeout", "cache.tls"),  # it waits for the end of what it takes for a command
        ({"port": 1}, "refused", "Does Redis run"),
        ({"host": "nowhere.invalid"}, "refused", "cache.host"),
    ],
)
def test_what_cannot_work_is_said_with_what_mends_it(
    redis: Redis, changes: dict[str, object], kind: str, remedy: str
) -> None:
    with pytest.raises(SourceError) as told:
        look(ServerPoll(a_session(redis, **changes), 3000))
    assert told.value.kind == kind, told.value.message
    assert remedy in told.value.remedy


def test_a_wrong_password_is_denied_and_not_repeated(redis: Redis, poll: ServerPoll) -> None:
    wrong = redis.directory / "wrong"
    wrong.write_text("not-it")
    with pytest.raises(SourceError) as told:
        look(ServerPoll(a_session(redis, password_file=str(wrong)), 1000))
    assert told.value.kind == "denied"
    assert "not-it" not in told.value.message
    assert f"127.0.0.1:{redis.port}" in told.value.message


def test_a_permission_that_is_missing_is_named_with_where_it_is_listed(redis: Redis) -> None:
    poll = ServerPoll(a_session(redis, **redis.user("half", "+ping", "+info")), 1000)
    row = look(poll)
    assert row.commands is None
    assert "which commands work is not known" in in_words(poll.lacks())
    redis.user("half", "+ping")
    with pytest.raises(SourceError) as told:
        look(poll)
    assert told.value.kind == "denied"
    assert "monitoring-user.acl" in told.value.remedy


def test_a_right_that_lacks_is_there_at_no_moment_of_a_look(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lacks is asked for by another thread, and one answer without it is told as a right that was given."""
    poll = ServerPoll(a_session(redis, **redis.user("deaf", "+info")), 1000)
    look(poll)
    lacked: list[str] = []
    timed = poll._timed

    def listening() -> float:
        lacked.append(in_words(poll.lacks()))
        return timed()

    monkeypatch.setattr(poll, "_timed", listening)
    look(poll)
    assert "the round trip is not known" in lacked[0]


def test_a_script_that_holds_it_up_is_named(redis: Redis, poll: ServerPoll) -> None:
    look(poll)
    with redis.busy():
        said = until(lambda: _failure(poll), "it is busy")
        assert said.kind == "server-error"
        assert "SCRIPT KILL" in said.remedy
    assert judged(look(poll)) == (Level.OK, "")


def _failure(poll: ServerPoll) -> SourceError | None:
    try:
        poll.step(lambda: None)
    except SourceError as error:
        return error
    return None
