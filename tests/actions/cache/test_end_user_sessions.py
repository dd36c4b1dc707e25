"""Ending sessions on the real server: their keys, and no others."""

from __future__ import annotations

import threading

import msgspec
import pytest

from tests.actions.cache.conftest import Opens, acting_on, by_hand, end, names
from tests.actions.conftest import planned, ran
from tests.actions.process import Actor
from tests.rig import processes
from tests.rig.systems.fixtures import running
from tests.rig.systems.redis import SESSIONS, Redis
from tests.sources.api_double import until
from tests.sources.fault_proxy import Fault, FaultProxy
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale, Unknown
from wfconsole.actions.systems import Systems
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Plan
from wfconsole.incident.verdict import verdict_of
from wfconsole.redaction import redact
from wfconsole.sources.contract import SourceError
from wfconsole.text import is_safe


def texts(plan: Plan) -> str:
    return "\n".join(check.text for check in plan.checks)


def verdict(systems: Systems, plan: Plan) -> str:
    """By one reading at the end of the window."""
    assert plan.signal is not None
    reading = action_named("end-user-sessions").measure(plan, systems)
    found = verdict_of(plan.signal, plan.before, [reading], 0, plan.signal.window_ms)
    return "" if found is None else found.word


def test_ours_ends_the_sessions_and_leaves_all_else(redis: Redis, systems: Systems) -> None:
    before = names(redis)
    plan = planned(systems, end("session:"))
    assert (plan.colour, plan.danger, plan.dry_run.kind, plan.word) == ("EXPLAIN", "R3", "explained", "session:")
    assert [each.allowed for each in plan.permissions] == [True, True]
    assert plan.before is not None
    assert plan.before.value == SESSIONS
    assert "all other keys stay: cache: 50" in texts(plan)
    assert "ratelimit: 1" in texts(plan)
    assert "tokens that carry their own proof (JWT)" in texts(plan)
    assert "the responders' own sessions are among them" in texts(plan)
    assert names(redis) == before, "a plan changes nothing"
    assert verdict(systems, plan) == "NO EFFECT"
    outcome = ran(systems, plan)
    assert (outcome.result, outcome.text) == ("done", f"{SESSIONS} sessions ended")
    assert names(redis) == {key for key in before if not key.startswith("session:")}
    assert verdict(systems, plan) == "WORKED"
    stats = redis.admin().info("commandstats")
    assert "cmdstat_keys" not in stats
    assert "cmdstat_get" not in stats, "no value is ever read"


def test_the_literal_flush_takes_queues_and_limits_along(redis: Redis) -> None:
    redis.admin().rpush("queue:orders", "1", "2")
    assert {"queue:orders", "ratelimit:10.0.0.7", "version"} <= names(redis)
    by_hand(redis, "FLUSHDB")
    assert names(redis) == set()


def test_more_sessions_than_before_are_worse(redis: Redis, systems: Systems) -> None:
    plan = planned(systems, end("session:"))
    redis.admin().mset({f"session:new:{number}": 1 for number in range(20)})
    assert verdict(systems, plan) == "WORSE"


def test_one_user_alone(redis: Redis, systems: Systems) -> None:
    redis.admin().mset({"session:ada": 1, "session:ada:web": 1, "session:adam:web": 1, "session:a*:web": 1})
    plan = planned(systems, end("of one user", user="ada"))
    assert (plan.danger, plan.calls["found"], plan.word) == ("R2", 2, "ada")
    assert "responders" not in texts(plan)
    assert ran(systems, plan).text == "2 sessions ended"
    left = names(redis)
    assert {"session:adam:web", "session:a*:web"} <= left
    assert not {"session:ada", "session:ada:web"} & left


def test_a_name_is_no_pattern(redis: Redis, systems: Systems) -> None:
    redis.admin().mset({"session:a*:web": 1, "session:ab:web": 1, "session:[x]\\:web": 1})
    assert ran(systems, planned(systems, end("a*", user="a*"))).text == "1 session ended"
    assert ran(systems, planned(systems, end("[x]\\", user="[x]\\"))).text == "1 session ended"
    assert "session:ab:web" in names(redis)
    assert planned(systems, end("*")).calls["found"] == 0


def test_a_pattern_says_where_the_user_stands(redis: Redis, systems: Systems) -> None:
    redis.admin().mset({"session:web:ada:1": 1, "session:web:bob:1": 1})
    plan = planned(systems, end("ada", user="ada", pattern="session:*:{user}:*"))
    assert plan.calls["globs"] == ["session:*:ada:*"]
    assert ran(systems, plan).text == "1 session ended"
    assert "session:web:bob:1" in names(redis)


def test_what_is_no_session_is_refused_until_somebody_takes_it_on_themselves(redis: Redis, opens: Opens) -> None:
    plan = planned(opens(), end("cache:"))
    assert (plan.colour, plan.overridable) == ("REFUSE", False), "the shipped user may not"
    assert "cache: is not among cache.session_prefixes: these keys may be anything" in plan.refusals
    assert [each.grant for each in plan.permissions if each.allowed is False] == [
        "ACL SETUSER wf_logout '~cache:*' +unlink"
    ]
    with pytest.raises(SourceError, match="permissions"):
        ran(opens(), plan)
    assert len([name for name in names(redis) if name.startswith("cache:")]) == 50
    may = redis.user("some", "+@all", "~*")
    wider = opens(acting_user="some", acting_password_file=may["password_file"])
    assert planned(wider, end("cache:")).overridable


def test_none_is_refused_and_what_there_is_is_told(redis: Redis, systems: Systems) -> None:
    redis.admin(3).set("session:1", 1)
    plan = planned(systems, end("sess:"))
    assert "there is no such session among 352 keys of this database" in plan.refusals
    assert "db3 1 keys" in texts(plan)
    with pytest.raises(Stale):
        ran(systems, plan)


def test_a_user_whom_no_key_names_is_not_everybody(redis: Redis, systems: Systems) -> None:
    plan = planned(systems, end("of one user", user="ada"))
    assert "where the names of keys do not hold the user" in plan.refusals[0]
    (other,) = plan.alternatives
    assert planned(systems, other.request).calls["found"] == SESSIONS
    with pytest.raises(Stale):
        ran(systems, plan)
    assert len(names(redis)) > SESSIONS


def test_it_stops_at_its_deadline_and_where_there_are_far_more_than_planned(redis: Redis, systems: Systems) -> None:
    plan = planned(systems, end("session:"))
    late = ran(systems, msgspec.structs.replace(plan, deadline_ms=0))
    assert late.result == "partial"
    assert "its time is over" in late.text
    redis.admin().mset({f"session:more:{number}": 1 for number in range(3000)})
    more = ran(systems, plan)
    assert "far more of them than were counted" in more.text
    assert sum(name.startswith("session:") for name in names(redis)) > 1000


class Shard(Redis):
    """A cluster of one, which takes keys of one slot at a time as a large one does."""

    def seed(self) -> None:
        by_hand(self, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        until(lambda: "cluster_state:ok" in by_hand(self, "CLUSTER", "INFO"), "the cluster is up")
        super().seed()


def test_a_shard_of_a_cluster_takes_keys_one_by_one(opens: Opens) -> None:
    bus = str(processes.free_port())  # its own choice may be taken
    with running(Shard("--cluster-enabled", "yes", "--cluster-port", bus)) as shard:
        systems = opens(acting_on(shard))
        plan = planned(systems, end("session:"))
        assert "this is one shard of a cluster: sessions of the other shards stay" in texts(plan)
        assert ran(systems, plan).text == f"{SESSIONS} sessions ended"
        systems.cache.close()


@pytest.mark.parametrize(("right", "missing"), [("+scan", "SCAN"), ("+unlink", "UNLINK")])
def test_each_right_that_is_missing_is_named(redis: Redis, opens: Opens, right: str, missing: str) -> None:
    rights = [each for each in ("+ping", "+scan", "+unlink") if each != right]
    some = redis.user("some", *rights, "~session:*")
    plan = planned(opens(acting_user="some", acting_password_file=some["password_file"]), end("session:"))
    assert [each.right.split()[0] for each in plan.permissions if each.allowed is False] == [missing]
    assert right in " ".join(each.grant for each in plan.permissions)


def test_what_may_be_done_is_not_known_where_nobody_may_ask(redis: Redis, opens: Opens) -> None:
    blind = redis.user("blind", "+ping", "+info", "+dbsize", "+scan")
    plan = planned(opens(**blind), end("session:"))
    assert {each.allowed for each in plan.permissions} == {None}
    assert plan.colour == "EXPLAIN"


def test_without_a_user_for_acting_the_one_that_looks_is_asked(redis: Redis, opens: Opens) -> None:
    plan = planned(opens(acting_user="", acting_password_file=""), end("session:"))
    assert [each.allowed for each in plan.permissions] == [True, False]
    assert "as wf_mon" in plan.place


def test_a_wrong_password_names_the_file_of_the_one_who_acts(redis: Redis, opens: Opens) -> None:
    with pytest.raises(SourceError) as told:
        planned(opens(acting_password_file="/nowhere"), end("session:"))
    assert "cache.acting_password_file" in told.value.remedy


def test_a_server_that_suffers_is_left_in_peace(redis: Redis, systems: Systems) -> None:
    redis.admin().mset({f"session:more:{number}": 1 for number in range(5000)})
    plan = planned(systems, end("session:"))
    held_up, over = threading.Event(), threading.Event()
    # Together, so that the server has the next one while this process waits for its turn of the machine.
    load = [threading.Thread(target=hold_up, args=(redis, held_up, over)) for _ in range(3)]

    def say(_told: str) -> None:
        if load[0].ident is None:  # from the first batch on
            for each in load:
                each.start()
            assert held_up.wait(10)

    try:
        outcome = action_named("end-user-sessions").run(plan, systems, say)
    finally:
        over.set()
        for each in load:
            each.join()
    assert outcome.result == "partial"
    assert "then it stopped: the server is slow" in outcome.text
    assert sum(name.startswith("session:") for name in names(redis)) > 1000


def hold_up(redis: Redis, held_up: threading.Event, over: threading.Event) -> None:
    """Scripts that take a quarter of a second each, one after the other; `held_up` after the first one."""
    script = "local t = redis.call('TIME'); local till = t[1] * 1e6 + t[2] + 250000;" + (
        " repeat t = redis.call('TIME') until t[1] * 1e6 + t[2] >= till"
    )
    with redis.admin() as admin:
        while not over.is_set():
            admin.eval(script, 0)
            held_up.set()


def test_a_server_that_was_started_anew_is_another_one(redis: Redis, systems: Systems) -> None:
    plan = planned(systems, end("session:"))
    other = msgspec.structs.replace(plan, calls={**plan.calls, "run": "0" * 40})
    with pytest.raises(Stale, match="started anew"):
        ran(systems, other)
    redis.admin().replicaof("127.0.0.1", 1)
    with pytest.raises(Stale, match="has become a replica"):
        ran(systems, plan)
    again = planned(systems, end("session:"))
    assert again.refusals == ("it is a replica and takes no changes: its master is 127.0.0.1:1",)
    assert len(names(redis)) > SESSIONS


def test_an_answer_that_is_lost_leaves_it_unknown(redis: Redis, opens: Opens) -> None:
    redis.admin().mset({"session:ada:1": 1, "session:ada:2": 1})
    with FaultProxy(redis.port) as proxy:
        systems = opens(port=proxy.port)
        plan = planned(systems, end("ada", user="ada"))
        cache = systems.cache
        cache.read("PING")
        proxy.become(Fault("reset"))
        with pytest.raises(Unknown, match="UNLINK of 2 keys"):
            cache.change("UNLINK", b"session:ada:1", b"session:ada:2", what="UNLINK of 2 keys")
        proxy.heal()
        assert action_named("end-user-sessions").observe(plan, systems)[0] == "ran"


def test_killed_before_and_after_the_effect(redis: Redis, acting: ActingSettings, systems: Systems) -> None:
    before = Actor(Begin(acting, request=end("session:"), receipt="act-1"))
    plan = before.plan()
    before.kill()
    assert action_named("end-user-sessions").observe(plan, systems)[0] == "did not run"
    redis.admin().unlink("session:0001")
    assert action_named("end-user-sessions").observe(plan, systems)[0] == "cannot tell"
    after = Actor(Begin(acting, request=end("session:"), receipt="act-1"))
    plan = after.plan()
    assert after.run(plan).result == "done"
    assert after.verdict().word == "WORKED"
    after.kill()
    assert action_named("end-user-sessions").observe(plan, systems)[0] == "ran"


def test_names_are_masked_and_safe(redis: Redis, systems: Systems) -> None:
    """Whoever knows a session's whole name may be let in by it."""
    redis.admin().flushall()
    redis.admin().set(b"session:s3cr3tToken\x1b]52;c;aGk=\x07[red]\xff", 1)
    redis.admin().set(b"\x1b[31m:x", 1)
    plan = planned(systems, end("session:"))
    whole = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(whole) == whole
    assert "s3cr3tToken" not in str(whole)
    assert "keys such as session:s3cr…" in plan.blast
    assert all(is_safe(text) for text in (plan.title, plan.place, *plan.blast, *plan.diff, *plan.by_hand))
    assert is_safe(texts(plan).replace("\n", " "))
    (scan, _) = plan.by_hand
    assert "--pattern 'session:*'" in scan
    assert "--user wf_logout --askpass" in scan
    assert ran(systems, plan).text == "1 session ended"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"user": "ada", "prefix": "session:"}, "either a prefix"),
        ({"user": "ada", "pattern": "session:*"}, "{user} in it once"),
        ({"prefix": "x" * 300}, "how the keys of sessions begin"),
    ],
)
def test_what_makes_no_sense_is_said(redis: Redis, systems: Systems, parameters: dict[str, str], said: str) -> None:
    with pytest.raises(BadRequestError, match=said.replace("{", "[{]")):
        planned(systems, end("session:", **parameters))
