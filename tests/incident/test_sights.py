"""What the scribe writes of the systems beside pods: a condition begins, grows, ends, flaps, and is never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from tests.builders import (
    NOW,
    a_cache,
    a_database,
    a_failure,
    a_fed_replica,
    a_finding,
    a_gpu,
    a_keys_row,
    a_login,
    a_model,
    a_service,
    a_signal,
    all_logins,
    an_idle_session,
    an_ingress,
    an_isolation,
)
from tests.incident.scribe_room import Room
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.incident.condition import QUIET
from wfconsole.incident.looks import LOOKS, pane_of_condition
from wfconsole.observations.ingresses import IngressPath
from wfconsole.observations.isolation import Allowance, Side
from wfconsole.observations.levels import Level


class Story(NamedTuple):
    """One condition: rows while all is well, rows and words when it begins, when it grows, and when it is over."""

    word: str
    source: str
    well: Sequence[Any]
    bad: Sequence[Any]
    began: str
    over: str
    level: Level = Level.WARNING
    worse: Sequence[Any] = ()
    again: str = ""


def root(behind: int, **changes: Any) -> Any:
    return an_idle_session(behind=behind, held_since=NOW - 20 * SECOND, **changes)


def sprayer(users: int, name: str = "203.0.113.66", **changes: Any) -> Any:
    return a_login(name, failed=users, others=users, **changes)


def led_to(state: Any) -> Any:
    return an_ingress(paths=(IngressPath("gateway", "80", "shop.example", "/", state=state),))


FULL: dict[str, Any] = {"memory_used": 1000 << 20, "memory_max": 1 << 30}
RATES: dict[str, Any] = {"evicted_per_s": 0.0, "rejected_per_s": 0.0, "write_errors_per_s": 0.0}

STORIES = [
    Story(
        "lock-chain",
        "sessions",
        [],
        [root(3)],
        "pid 3321 (reconcile, user batch) holds up 3 sessions since 14:31:47Z: idle in transaction",
        "pid 3321 holds up nobody any more",
        worse=[root(41)],
        again="pid 3321 (reconcile, user batch) holds up 41 sessions since 14:31:47Z: idle in transaction",
    ),
    Story(
        "deadlock",
        "sessions",
        [],
        [an_idle_session(cycle=True, blockers=1), an_idle_session(3322, cycle=True, blockers=1, under=f"3321/{NOW}")],
        "pid 3321 (reconcile, user batch) waits for itself in a circle of locks",
        "pid 3321 is out of its circle of locks",
    ),
    Story(
        "idle-transactions",
        "sessions",
        [],
        [an_idle_session()],
        "a transaction idles, the oldest since 14:22:07Z: pid 3321 (reconcile, user batch)",
        "no transaction idles for long any more",
        worse=[an_idle_session(), an_idle_session(7, xact_at=NOW - HOUR, state_at=NOW - HOUR)],
        again="2 transactions idle, the oldest since 13:32:07Z: pid 7 (reconcile, user batch)",
    ),
    Story(
        "connections",
        "database",
        [a_database()],
        [a_database(clients=80)],
        "orders-db:5432: 80 of 97 connections, 17 free",
        "orders-db:5432: connections are free again",
        worse=[a_database(clients=97)],
        again="orders-db:5432: 97 of 97 connections, 0 free",
    ),
    Story(
        "replica-lag",
        "replicas",
        [a_fed_replica()],
        [a_fed_replica(lag_bytes=100 << 20, lag_ms=12_000)],
        "replica replica-1 10.0.0.7 is 100MiB behind, 12 s (bound 64.0MiB or 30 s)",
        "replica replica-1 10.0.0.7 has caught up",
        worse=[a_fed_replica(lag_bytes=2 << 30, lag_ms=MINUTE)],
        again="replica replica-1 10.0.0.7 is 2.00GiB behind, 1 min (bound 64.0MiB or 30 s)",
    ),
    Story(
        "replica-missing",
        "replicas",
        [a_fed_replica()],
        [a_fed_replica(), a_fed_replica("1 missing", role="missing", found=1, expected=2)],
        "replication: 1 of 2 replicas are fed",
        "replication: all replicas are fed again",
    ),
    Story(
        "replica-stopped",
        "replicas",
        [a_fed_replica(role="standby")],
        [a_fed_replica(role="standby", receives=False)],
        "this server receives nothing from its primary",
        "this server receives from its primary again",
        level=Level.CRITICAL,
    ),
    Story(
        "cache-full",
        "cache",
        [a_cache(**RATES)],
        [a_cache(**RATES, **FULL)],
        "cache.example:6379 memory 98% of 1.00Gi, noeviction: writes fail",
        "cache.example:6379 has memory again",
        level=Level.CRITICAL,
    ),
    Story(
        "cache-writes",
        "cache",
        [a_cache(**RATES)],
        [a_cache(**RATES | {"write_errors_per_s": 12.0, "write_errors": {"OOM": 40}})],
        "cache.example:6379 writes fail: OOM, 12/s",
        "cache.example:6379 takes writes again",
        level=Level.CRITICAL,
    ),
    Story(
        "cache-clients",
        "cache",
        [a_cache(**RATES)],
        [a_cache(**RATES, clients=8500)],
        "cache.example:6379 8500 of 10000 clients",
        "cache.example:6379 has room for clients again",
        worse=[a_cache(**RATES | {"clients": 10_000, "rejected_per_s": 3.0})],
        again="cache.example:6379 refuses connections: 3.0/s, 10000/10000 clients",
    ),
    Story(
        "cache-loading",
        "cache",
        [a_cache(**RATES)],
        [a_cache(loading=True)],
        "cache.example:6379 loads its data from disk, and answers nobody",
        "cache.example:6379 has loaded its data",
        level=Level.CRITICAL,
    ),
    Story(
        "cache-master",
        "cache",
        [a_cache(**RATES, role="replica", link_up=True)],
        [a_cache(**RATES, role="replica", link_up=False, master="cache-0:6379")],
        "cache.example:6379 lost its master cache-0:6379",
        "cache.example:6379 follows its master again",
        level=Level.CRITICAL,
    ),
    Story(
        "cache-disk",
        "cache",
        [a_cache(**RATES)],
        [a_cache(**RATES, disk_errors=("snapshot",))],
        "cache.example:6379 cannot write to disk: snapshot",
        "cache.example:6379 can write to disk again",
    ),
    Story(
        "signal",
        "signals",
        [a_signal()],
        [a_signal(value=0.02)],
        "errors 2.0%, above 1.0%",
        "errors is within its bounds again",
        worse=[a_signal(value=0.078)],
        again="errors 7.8%, above 5.0%",
    ),
    Story(
        "gpu-xid",
        "gpus",
        [a_gpu()],
        [a_gpu(xid=79)],
        "GPU gpu-1/0: last error Xid 79",
        "GPU gpu-1/0: no Xid since its driver was loaded anew",
        worse=[a_gpu(xid=48)],
        again="GPU gpu-1/0: last error Xid 48",
    ),
    Story(
        "gpu-memory",
        "gpus",
        [a_gpu(ecc_errors=0)],
        [a_gpu(ecc_errors=1)],
        "GPU gpu-1/0: 1 uncorrectable memory errors",
        "GPU gpu-1/0: no memory error since its driver was loaded anew",
    ),
    Story(
        "gpu-hot",
        "gpus",
        [a_gpu()],
        [a_gpu(temperature=93.0)],
        "GPU gpu-1/0 is at 93 C (bound 92 C)",
        "GPU gpu-1/0 has cooled down",
    ),
    Story(
        "queue",
        "inference",
        [a_model()],
        [a_model(queue=41.0)],
        "model llama-3-70b: 41 requests wait, up from 2 (bound 10)",
        "model llama-3-70b: its queue is short again",
        worse=[a_model(queue=240.0)],
        again="model llama-3-70b: 240 requests wait, up from 2 (bound 10)",
    ),
    Story(
        "latency",
        "inference",
        [a_model()],
        [a_model(latency=6.0)],
        "model llama-3-70b: p95 6.0s, above 5s",
        "model llama-3-70b answers in time again",
        worse=[a_model(latency=12.0)],
        again="model llama-3-70b: p95 12.0s, above 5s",
    ),
    Story(
        "spraying",
        "auth",
        [all_logins()],
        [all_logins(), sprayer(40)],
        "password spraying from 203.0.113.66: 40 users",
        "password spraying is over",
        worse=[all_logins(), sprayer(40), sprayer(512, "198.51.100.7")],
        again="password spraying from 2 sources, up to 512 users from one: 198.51.100.7, 203.0.113.66",
    ),
    Story(
        "stuffing",
        "auth",
        [all_logins()],
        [all_logins(), *(a_login(f"user-{n}", "user", failed=12, others=6) for n in range(2))],
        "credential stuffing: 2 users, from up to 6 sources each",
        "credential stuffing is over",
    ),
    Story(
        "brute-force",
        "auth",
        [all_logins()],
        [all_logins(), a_login(failed=60)],
        "brute force on logins from 1 source, 60 failures: 203.0.113.66",
        "brute force on logins is over",
    ),
    Story(
        "guessed",
        "auth",
        [all_logins()],
        [all_logins(), *(a_login(f"user-{n}", "user", failed=30, failed_before_success=30) for n in range(4))],
        "got in after many failures: user user-0, user user-1 and 2 more",
        "no login after many failures within the last hour",
        level=Level.CRITICAL,
    ),
    Story(
        "login-failures",
        "auth",
        [all_logins()],
        [all_logins(per_minute=120.0)],
        "failed logins: 120/min, usually 9/min",
        "failed logins are as usual again",
    ),
    Story(
        "finding",
        "findings",
        [],
        [a_finding()],
        "CRITICAL finding: Root account has an access key (eu-west-1)",
        "finding Root account has an access key is not open any more",
        level=Level.CRITICAL,
        worse=[a_finding(), a_finding("finding-2", region="us-east-1")],
        again="CRITICAL finding: Root account has an access key (2 times, eu-west-1, us-east-1)",
    ),
    Story(
        "no-endpoints",
        "services",
        [a_service()],
        [a_service(ready=0, serving=0)],
        "service gateway has no ready endpoint: 0/3 endpoints ready",
        "service gateway has ready endpoints again",
        level=Level.CRITICAL,
    ),
    Story(
        "no-backend",
        "ingresses",
        [an_ingress()],
        [led_to("no-service")],
        "ingress shop: there is no service gateway",
        "ingress shop: every path leads somewhere again",
        level=Level.CRITICAL,
    ),
    Story(
        "cache-evictions",
        "cache",
        [a_cache(**RATES)],
        [a_cache(**RATES | {"evicted_per_s": 120.0, "policy": "allkeys-lru"})],
        "cache.example:6379 evicts keys: 120/s, allkeys-lru",
        "cache.example:6379 evicts no more keys",
    ),
]
each_story = pytest.mark.parametrize("story", STORIES, ids=[story.word for story in STORIES])


def well(story: Story) -> Room:
    room = Room()
    assert room.see(story.source, story.well) == []
    return room


def test_every_word_of_these_sources_has_its_story() -> None:
    told = {story.word for story in STORIES}
    cluster = {"pods", "workloads", "hpas", "nodes"}
    assert {word for source, look in LOOKS.items() if source not in cluster for word in look.words} == told


@each_story
def test_it_begins_goes_on_and_is_over(story: Story) -> None:
    room = well(story)
    assert room.see(story.source, story.bad) == [f"began {story.began}"]
    assert room.noticed[-1].level == story.level
    assert room.see(story.source, story.bad) == []
    if story.worse:
        assert room.see(story.source, story.worse) == [f"again {story.again}"]
    (over,) = room.see(story.source, story.well, MINUTE)
    assert over.startswith(f"ended {story.over}, after ")
    assert len(room.state.lines) == 2  # the declaration, and one line for all of this


@each_story
def test_flapping_is_one_line_with_a_count(story: Story) -> None:
    room = well(story)
    room.see(story.source, story.bad)
    room.see(story.source, story.well)
    room.see(story.source, story.well, QUIET)
    for _flap in range(50):
        room.see(story.source, story.bad)
        room.see(story.source, story.well)
    assert [event.count for event in room.noticed if event.phase == "again"] == [2, 3, 5, 10, 20, 50]
    assert [line.count for line in room.state.lines.values()] == [1, 1, 50]


@each_story
def test_a_lost_source_concludes_nothing(story: Story) -> None:
    room = well(story)
    good_at = room.now
    lost: dict[str, Any] = {"good_at": good_at, "failure": a_failure(since=good_at)}
    assert room.see(story.source, story.bad, **lost) == []
    assert room.see(story.source, story.bad)[0].startswith("began")
    said = room.see(story.source, story.well, good_at=room.now - 6 * SECOND, failure=a_failure())
    assert said == []
    said = room.see(story.source, story.well, MINUTE, good_at=good_at, failure=a_failure(since=good_at))
    assert [text.partition(":")[0] for text in said] == [f"began {story.source}"]
    back, *_worse_by_now = room.see(story.source, story.bad)
    assert back == f"ended {story.source}: data again, after 1 min 20 s"


@each_story
def test_a_part_ends_nothing(story: Story) -> None:
    room = well(story)
    in_part = room.see(story.source, story.bad, partial="not all of it")
    assert bool(in_part) == LOOKS[story.source].in_part
    room.see(story.source, story.bad)
    assert room.see(story.source, story.well, partial="not all of it") == []


@each_story
def test_what_was_there_already_is_said_as_such_and_once(story: Story) -> None:
    room = Room()
    said = room.see(story.source, story.bad)
    assert said == [f"began {story.began} (already when the console opened)"]
    room.start_over()
    assert room.see(story.source, story.bad) == []
    room.start_over()
    assert [text.partition(" ")[0] for text in room.see(story.source, story.well)] == ["ended"]


@each_story
def test_the_pane_of_a_condition_is_that_of_its_source(story: Story) -> None:
    panes = {"sessions": 6, "database": 6, "replicas": 6, "cache": 6, "signals": 2, "gpus": 5, "inference": 5}
    panes |= {"auth": 7, "findings": 7, "services": 3, "ingresses": 3}
    assert pane_of_condition(f"{story.word} Kind/x") == panes[story.source]


# --- what a row does not tell, and what is gone ---------------------------------------------------------------------

UNKNOWN = [
    ("connections", [a_database(clients=None)]),
    ("replica-lag", [a_fed_replica(lag_bytes=None)]),
    ("cache-writes", [a_cache(**RATES | {"write_errors_per_s": None})]),
    ("cache-evictions", [a_cache(**RATES | {"evicted_per_s": None})]),
    ("cache-full", [a_cache(loading=True)]),
    ("signal", [a_signal(value=None)]),
    ("gpu-xid", [a_gpu(xid=None)]),
    ("gpu-memory", [a_gpu(ecc_errors=None)]),
    ("gpu-hot", [a_gpu(temperature=None)]),
    ("queue", [a_model(queue=None)]),
    ("latency", [a_model(latency=None)]),
    ("login-failures", [all_logins(per_minute=None)]),
    ("no-endpoints", [a_service(endpoints=None, ready=None)]),
    ("no-backend", [led_to("unknown")]),
]


@pytest.mark.parametrize(("word", "rows"), UNKNOWN, ids=[word for word, _rows in UNKNOWN])
def test_what_nobody_can_say_is_neither_over_nor_begins(word: str, rows: list[Any]) -> None:
    story = next(story for story in STORIES if story.word == word)
    room = well(story)
    room.see(story.source, story.bad)
    assert not [text for text in room.see(story.source, rows) if text.startswith("ended")]
    room.start_over()
    assert not [text for text in room.see(story.source, rows) if text.startswith("ended")]
    (over,) = [text for text in room.see(story.source, story.well) if story.over in text]
    assert over.startswith("ended")


GONE = [
    ("signal", "errors is not measured any more"),
    ("replica-lag", "replica replica-1 10.0.0.7, which was behind, is not fed any more"),
    ("gpu-xid", "GPU gpu-1/0 is not seen any more"),
    ("queue", "model llama-3-70b is not measured any more"),
    ("no-endpoints", "service gateway without endpoints was deleted"),
    ("no-backend", "ingress shop without backend was deleted"),
    ("lock-chain", "pid 3321 holds up nobody any more"),
]


@pytest.mark.parametrize(("word", "words"), GONE, ids=[word for word, _words in GONE])
def test_what_is_gone_is_not_said_to_be_well(word: str, words: str) -> None:
    story = next(story for story in STORIES if story.word == word)
    room = well(story)
    room.see(story.source, story.bad)
    (over,) = room.see(story.source, [])
    assert over.startswith(f"ended {words}")


# --- each by itself -------------------------------------------------------------------------------------------------


def test_locks_of_a_busy_database_are_not_worth_a_line() -> None:
    room = Room()
    room.see("sessions", [])
    assert room.see("sessions", [an_idle_session(behind=3, held_since=room.now)]) == []
    assert room.see("sessions", []) == []


def test_a_lock_chain_becomes_critical_with_time_alone() -> None:
    room = Room()
    room.see("sessions", [])
    rows = {"3321/1": root(3)}
    assert room.see("sessions", rows)[0].startswith("began pid 3321")
    (said,) = room.see("sessions", rows, MINUTE)
    assert said.startswith("again pid 3321 (reconcile, user batch) holds up 3 sessions")
    assert room.noticed[-1].level == Level.CRITICAL


def test_the_next_root_is_told_when_the_first_is_ended() -> None:
    room = Room()
    room.see("sessions", [])
    second = an_idle_session(
        3398, user="checkout", behind=2, blockers=1, waiting_at=NOW - MINUTE, held_since=NOW - 50_000
    )
    room.see("sessions", [root(3), second])
    said = room.see("sessions", [an_idle_session(3398, user="checkout", behind=2, held_since=NOW - 50_000)])
    assert [text.split(" (")[0] for text in said] == [
        "ended pid 3321 holds up nobody any more, after 35 s",
        "began pid 3398",
    ]


def test_a_prepared_transaction_is_a_root_by_its_name() -> None:
    room = Room()
    room.see("sessions", [])
    row = an_idle_session(0, gid="pay/42", state="prepared", application="", behind=1, held_since=NOW - 30 * SECOND)
    (said,) = room.see("sessions", {"prepared/pay/42": row})
    assert said == "began prepared pay 42 (user batch) holds up 1 session since 14:31:37Z: a prepared transaction"


def test_evictions_are_told_with_the_sessions_that_are_kept_there() -> None:
    room = Room()
    room.see("keys", [a_keys_row()])
    room.see("cache", [a_cache(**RATES)])
    (said,) = room.see("cache", [a_cache(**RATES | {"evicted_per_s": 120.0, "policy": "allkeys-lru"})])
    assert said.endswith("evicts keys: 120/s, allkeys-lru; sessions are kept there too (session:)")


def test_a_card_that_two_pods_share_is_one_line() -> None:
    room = Room()
    shared = [a_gpu(pod="llm-0"), a_gpu(pod="llm-1")]
    room.see("gpus", shared)
    assert len(room.see("gpus", [a_gpu(pod="llm-0", xid=79), a_gpu(pod="llm-1", xid=79)])) == 1


def test_a_card_is_hot_until_it_is_well_below_what_is_too_hot() -> None:
    room = Room()
    room.see("gpus", [a_gpu()])
    said = [room.see("gpus", [a_gpu(temperature=degrees)]) for degrees in (86.0, 92.0, 91.0, 86.0, 84.0)]
    assert [text.split(" ")[0] for texts in said for text in texts] == ["began", "ended"]


def test_a_queue_that_stands_after_it_grew_is_not_short_yet() -> None:
    room = Room()
    room.see("inference", [a_model(queue=40.0, queue_low=40.0)])
    assert room.said == []  # it stands: somebody chose so
    room.see("inference", [a_model(queue=80.0, queue_low=40.0)])
    assert room.see("inference", [a_model(queue=80.0, queue_low=80.0)]) == []
    assert room.see("inference", [a_model(queue=9.0, queue_low=9.0)])[0].startswith("ended")


def test_a_service_of_another_namespace_carries_it_in_signals_too() -> None:
    room = Room()
    room.see("signals", [a_signal()])
    said = room.see("signals", [a_signal(), a_signal("p99", 3.0, group="staging/cart", unit="seconds", critical=0.8)])
    assert said == ["began staging/cart p99 3s, above 0.80s"]
    assert room.see("signals", [a_signal()])[0].startswith("ended staging/cart p99 is not measured any more")


def test_no_line_names_more_than_two_users() -> None:
    room = Room()
    room.see("auth", [all_logins()])
    names = [f"user-{number}" for number in range(300)]
    users = [a_login(name, "user", failed=40, failed_before_success=25, others=9) for name in names]
    said = room.see("auth", [all_logins(), *users])
    assert sum(text.count("user-") for text in said) <= 2


def test_old_findings_are_no_news_and_a_new_high_one_is_a_line_without_an_alarm() -> None:
    room = Room()
    high = a_finding(severity="HIGH", title="Bucket is public")
    old = a_finding("old", first_at=NOW - 90 * 24 * 60 * MINUTE, title="Key is old")
    assert room.see("findings", [high, old]) == []
    new = a_finding("new", severity="HIGH", title="Port 22 is open")
    assert room.see("findings", [high, old, new]) == ["began HIGH finding: Port 22 is open (eu-west-1)"]
    assert room.noticed[-1].level == Level.WATCH
    assert room.see("findings", [high, old])[0].startswith("ended finding Port 22 is open")


def test_a_service_that_loses_its_pods_is_told_and_one_that_never_had_any_is_not() -> None:
    none: dict[str, Any] = {"endpoints": 0, "ready": 0, "serving": 0, "pods": 0}
    room = Room()
    assert room.see("services", [a_service(ready=1), a_service("leftover", **none)]) == []
    assert room.see("services", [a_service(**none), a_service("leftover", **none), a_service("new", **none)]) == [
        "began service gateway has no ready endpoint: its selector matches no pod"
    ]
    assert room.noticed[-1].level == Level.WARNING
    room.start_over()
    assert room.see("services", [a_service(**none)]) == []
    assert room.see("services", [a_service()])[0].startswith("ended service gateway has ready endpoints again")


def test_pods_that_become_isolated_are_a_change() -> None:
    room = Room()
    room.see("isolation", [an_isolation()])
    shut = an_isolation(
        ingress=Side(("deny-all",)), egress=Side(("deny-all",), (Allowance("deny-all", "pods app=db"),))
    )
    assert room.see("isolation", [shut]) == [
        "once gateway pods: ingress isolated by deny-all, nothing may pass; egress isolated by deny-all"
    ]
    assert next(line.kind for line in room.state.lines.values() if "isolated" in line.text) == "CHANGE"
    assert room.see("isolation", [an_isolation()]) == ["once gateway pods: ingress open again; egress open again"]


def test_pods_that_are_new_or_were_isolated_before_are_none() -> None:
    room = Room()
    assert room.see("isolation", [an_isolation(ingress=Side(("deny-all",)))]) == []
    assert (
        room.see("isolation", [an_isolation(ingress=Side(("deny-all",))), an_isolation("llm", egress=Side(("x",)))])
        == []
    )


def test_words_from_outside_are_taken_as_they_are() -> None:
    room = Room()
    room.see("sessions", [])
    (said,) = room.see("sessions", [root(3, application="{name}", user="")])
    assert said.startswith("began pid 3321 ({ name }) holds up 3 sessions")
