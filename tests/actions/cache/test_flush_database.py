"""Emptying a database on the real server: the last resort, and refused while there is anything else in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.actions.cache.conftest import Opens, acting_on, by_hand, end, flush, names
from tests.actions.conftest import planned, ran
from tests.rig.systems.fixtures import running
from tests.rig.systems.redis import SESSIONS, Redis
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Plan
from wfconsole.sources.contract import SourceError


@pytest.fixture
def flusher(opens: Opens) -> Systems:
    """As the user that is shipped for it."""
    return opens(acting_user="wf_flush")


def texts(plan: Plan) -> str:
    return "\n".join(check.text for check in plan.checks)


def test_it_is_refused_while_anything_else_is_in_it(redis: Redis, flusher: Systems) -> None:
    plan = planned(flusher, flush())
    assert (plan.colour, plan.overridable, plan.danger) == ("REFUSE", True, "R3")
    assert plan.word == f"flush 127.0.0.1:{redis.port}/0"
    assert "52 keys are no sessions" in plan.refusals[0]
    assert "cache: 50" in plan.refusals[0]
    assert [each.request.action for each in plan.alternatives] == ["end-user-sessions"]
    assert planned(flusher, plan.alternatives[0].request).calls["found"] == SESSIONS
    assert "may empty every database of this server" in texts(plan)


def test_where_all_of_it_is_sessions(redis: Redis, flusher: Systems) -> None:
    admin = redis.admin()
    admin.unlink(*(name for name in names(redis) if not name.startswith("session:")))
    redis.admin(3).set("other", 1)
    plan = planned(flusher, flush())
    assert plan.colour == "EXPLAIN"
    action = action_named("flush-database")
    assert action.observe(plan, flusher)[0] == "did not run"
    assert ran(flusher, plan).text == f"{SESSIONS} keys are gone; the server gives their memory back by and by"
    assert names(redis) == set()
    assert names(redis, 3) == {"other"}
    assert action.observe(plan, flusher)[0] == "ran"
    assert action.measure(plan, flusher).value == 0
    assert redis.admin().info("commandstats")["cmdstat_flushdb"]["calls"] == 1


def test_the_user_that_ends_sessions_may_not(redis: Redis, opens: Opens) -> None:
    systems = opens()
    plan = planned(systems, flush())
    assert not plan.overridable
    (right,) = plan.permissions
    assert (right.allowed, right.grant) == (False, "cache.acting_user: wf_flush of acting-users.acl")
    with pytest.raises(SourceError, match="permissions"):
        ran(systems, plan)
    assert len(names(redis)) > SESSIONS


def test_many_more_keys_than_were_shown_make_it_stale(redis: Redis, flusher: Systems) -> None:
    plan = planned(flusher, flush())
    redis.admin().mset({f"queue:{number}": 1 for number in range(2000)})
    with pytest.raises(Stale, match="keys by now"):
        ran(flusher, plan)
    assert len(names(redis)) > 2000


def test_no_other_database_than_the_configured_one(redis: Redis, flusher: Systems) -> None:
    with pytest.raises(BadRequestError, match="names 0, and no other one"):
        planned(flusher, flush("3"))


@pytest.fixture(scope="module")
def renamed() -> Iterator[Redis]:
    with running(Redis("--rename-command", "FLUSHDB", "")) as system:
        yield system


def test_a_flush_that_somebody_disabled_is_told_as_what_it_is_and_ours_does_without(
    renamed: Redis, opens: Opens
) -> None:
    assert "unknown command" in by_hand(renamed, "FLUSHDB")
    assert len(names(renamed)) > SESSIONS, "and redis-cli ends as if all were well"
    systems = opens(acting_on(renamed), acting_user="wf_flush")
    plan = planned(systems, flush())
    assert not plan.overridable
    assert "FLUSHDB: this server does not have it: disabled or renamed" in plan.refusals[-1]
    with pytest.raises(SourceError, match="unknown command"):
        ran(systems, plan)
    plain = opens(acting_on(renamed))
    assert ran(plain, planned(plain, end("session:"))).text == f"{SESSIONS} sessions ended"
