"""The doctor on a real Redis: each command of the shipped user, and each that is missing by its name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collector.examined import Examined
from tests.rig.systems.redis import MONITOR, PASSWORD, Redis
from tests.sources.fault_proxy import Fault, FaultProxy
from wfconsole.sources.cache.examination import WORDS, allowed


def examined(redis: Redis, **changes: Any) -> Examined:
    return Examined("cache", {"cache": {**redis.settings()["cache"], **changes}})


def test_all_is_well_with_exactly_the_shipped_user(redis: Redis) -> None:
    found = examined(redis)
    assert found.unwell == {}
    assert found["authenticated"].detail == MONITOR
    assert found.named("permission") == {f"+{name}": "ok" for name in allowed()}
    assert found.named("action") == {
        "SCAN as wf_logout": "ok",
        "UNLINK as wf_logout": "ok",
        "DEL as wf_logout": "off",
        "FLUSHDB as wf_logout": "off",
    }
    assert PASSWORD not in repr(found.checks)


def test_every_command_of_the_file_is_tried() -> None:
    assert set(allowed()) == set(WORDS)


@pytest.mark.parametrize("name", list(WORDS))
def test_a_command_that_is_taken_away_is_named_and_its_grant_mends_it(redis: Redis, name: str) -> None:
    user = redis.user("someone", *(f"+{each}" for each in allowed() if each != name))
    found = examined(redis, **user)
    assert {check.name for check in found.checks if check.aspect == "permission" and not check.well} == {f"+{name}"}
    assert found[f"+{name}"].run == (f"ACL SETUSER someone +{name}",)
    assert found["authenticated"].state == "ok"
    redis.admin().execute_command(*found[f"+{name}"].run[0].split())  # type: ignore[no-untyped-call]
    assert examined(redis, **user).unwell == {}


def test_a_wrong_password_is_no_lack_of_rights(redis: Redis) -> None:
    wrong = redis.directory / "wrong.password"
    wrong.write_text("not-the-password")
    found = examined(redis, password_file=str(wrong))
    assert found["reachable"].state == "ok"
    assert found["authenticated"].state == "problem"
    assert "cache.password_file" in found["authenticated"].remedy
    assert "not-the-password" not in repr(found.checks)


def test_a_server_that_hangs_is_told_in_time_and_names_nothing_that_nobody_knows(redis: Redis) -> None:
    with FaultProxy(redis.port) as proxy:
        proxy.become(Fault("silent"))
        found = Examined("cache", {"cache": {**redis.settings()["cache"], "port": proxy.port}}, within_ms=700)
    assert found["reachable"].state == "problem"
    assert "no answer" in found["reachable"].detail
    assert {check.state for check in found.checks if check.name != "reachable"} == {"unknown"}


def test_a_server_that_is_gone_is_told(redis: Redis) -> None:
    with FaultProxy(redis.port) as proxy:
        proxy.become(Fault("refuse"))
        found = examined(redis, port=proxy.port)
    assert found["reachable"].state == "problem"
    assert "Does Redis run" in found["reachable"].remedy


def test_a_replica_that_lost_its_master_is_as_old_as_that(redis: Redis) -> None:
    assert examined(redis)["data"].detail == "of the master itself"
    admin = redis.admin()
    admin.config_set("repl-timeout", 2)
    admin.replicaof("127.0.0.1", 1)
    found = examined(redis)
    assert found["data"].state == "problem"
    assert "of a replica without its master 127.0.0.1:1" in found["data"].detail
    assert "master" in found["data"].remedy
