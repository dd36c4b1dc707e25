"""Sources that are lost together are one line; a right that is refused is said once, with its grant, and once when it
is there again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_failure, a_pod
from tests.incident.scribe_room import Room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.kinds import KINDS, SYSTEMS, system_of
from wfconsole.observations.levels import Level
from wfconsole.observations.snapshot import Lack

CLUSTER = SYSTEMS["kubernetes"]
DATABASE = ("database", "sessions", "statements", "replicas")
HIDDEN = Lack(
    "sessions of other roles are hidden", "permission", "GRANT pg_monitor TO the monitoring role", "pg_monitor"
)


def test_every_source_belongs_to_one_system() -> None:
    assert sorted(name for names in SYSTEMS.values() for name in names) == sorted(KINDS)
    assert {system_of(name) for name in KINDS} == set(SYSTEMS)


@pytest.fixture
def room() -> Room:
    """A room in which everything was seen once."""
    room = Room()
    for source in (*CLUSTER, *DATABASE):
        assert room.see(source, [], 100) == []
    return room


def lose(room: Room, sources: tuple[str, ...], after_ms: int = SECOND, said: str = "connection refused") -> list[str]:
    """What is written while each of them fails once more, with the rows that it had."""
    told = []
    for source in sources:
        snapshot = room.world.snapshots[source]
        good_at, since = snapshot.good_at, snapshot.failure.since if snapshot.failure else room.now
        failure = a_failure(message=f"{source}: {said}", since=since)
        told += room.see(source, [], after_ms, good_at=good_at, failure=failure)
    return told


def test_a_cluster_that_is_gone_is_one_line_that_names_and_counts(room: Room) -> None:
    assert lose(room, CLUSTER) == []  # not stale yet
    told = [text for _ in range(6) for text in lose(room, CLUSTER)]
    whole = f"kubernetes: no data from all 8 sources ({', '.join(CLUSTER)}): connection refused"
    assert told[-1] in (f"began {whole}", f"again {whole}")
    (line,) = [line for line in room.state.lines.values() if line.kind == "SOURCE"]
    assert line.text == whole
    assert room.noticed[-1].sources == CLUSTER

    back = [text for source in CLUSTER for text in room.see(source, [], 100)]
    assert len(back) == 1
    assert back[0].startswith("ended kubernetes, 8 sources: data again, after ")
    assert [line.until > 0 for line in room.state.lines.values() if line.kind == "SOURCE"] == [True]


def test_one_that_is_lost_alone_is_called_by_its_own_name(room: Room) -> None:
    told = [text for _ in range(40) for text in lose(room, ("nodes",))]
    assert told == ["began nodes: no data, nodes: connection refused"]
    assert room.see("nodes", [])[0].startswith("ended nodes: data again, after ")


def test_those_that_join_are_named_once_they_stay(room: Room) -> None:
    told = [text for _ in range(20) for text in lose(room, ("nodes",))]
    told += [text for _ in range(30) for text in lose(room, ("nodes", "hpas"))]
    assert told == [
        "began nodes: no data, nodes: connection refused",
        "again kubernetes: no data from 2 of 8 sources (hpas, nodes): connection refused",
    ]


def test_who_is_back_while_others_are_not_is_said_in_the_same_line(room: Room) -> None:
    for _ in range(20):
        lose(room, ("nodes", "hpas"))
    room.see("hpas", [])
    told = [text for _ in range(15) for text in lose(room, ("nodes",))]
    assert told == [
        "again kubernetes: no data from 1 of 8 sources (nodes): nodes: connection refused; data again from hpas"
    ]
    assert room.see("nodes", [])[0].startswith("ended kubernetes, 2 sources: data again, after ")


def test_different_reasons_are_told_apart(room: Room) -> None:
    for _ in range(20):
        lose(room, ("nodes",))
        lose(room, ("hpas",), said="no answer in time")
    assert room.said[-1].endswith("(hpas, nodes): hpas: no answer in time; nodes: connection refused")


def test_two_systems_are_two_lines(room: Room) -> None:
    for _ in range(20):
        lose(room, (*CLUSTER, *DATABASE), 100)
    texts = [line.text for line in room.state.lines.values() if line.kind == "SOURCE"]
    assert [text.partition(":")[0] for text in texts] == ["kubernetes", "database"]


def test_a_source_that_gives_a_part_again_is_back(room: Room) -> None:
    for _ in range(20):
        lose(room, ("nodes",))
    assert room.see("nodes", [], partial="one of two", lacks=(Lack("one of two", "bounded"),))[0].startswith("ended")


def test_after_a_resume_what_was_lost_is_not_said_again_and_its_return_is(room: Room) -> None:
    for _ in range(20):
        lose(room, CLUSTER, 100)
    room.start_over()
    for source in CLUSTER:
        failure = a_failure(message=f"{source}: connection refused", since=room.now)
        assert room.see(source, [], 100, good_at=None, failure=failure) == []
    told = [text for source in CLUSTER for text in room.see(source, [], 100)]
    assert len(told) == 1
    assert told[0].startswith("ended kubernetes, 8 sources: data again")


# --- rights ---------------------------------------------------------------------------------------------------------


def misses(room: Room, sources: tuple[str, ...], *lacks: Lack, after_ms: int = SECOND) -> list[str]:
    partial = "; ".join(lack.text for lack in lacks if not lack.extra)
    return [text for source in sources for text in room.see(source, [], after_ms, lacks=lacks, partial=partial)]


def test_a_right_that_several_sources_miss_is_one_line_with_its_grant(room: Room) -> None:
    told = [text for _ in range(10) for text in misses(room, DATABASE, HIDDEN)]
    assert told == [
        "began database: sessions of other roles are hidden; GRANT pg_monitor TO the monitoring role",
        f"again database: sessions of other roles are hidden (all 4 sources: {', '.join(DATABASE)}); "
        "GRANT pg_monitor TO the monitoring role",
    ]
    assert room.noticed[0].level == Level.WATCH
    assert misses(room, DATABASE[:3]) == []  # the last one has not looked since
    (over,) = misses(room, DATABASE[3:])
    assert over.startswith("ended database: pg_monitor, 4 sources is not refused any more, after ")


def test_two_rights_of_one_source_are_two_lines_and_each_ends_by_itself(room: Room) -> None:
    column = Lack("sources are hidden", "permission", "GRANT SELECT (ip) ON t TO the monitoring role", "SELECT t.ip")
    assert misses(room, ("statements",), HIDDEN, column) == [
        "began statements: sessions of other roles are hidden; GRANT pg_monitor TO the monitoring role",
        "began statements: sources are hidden; GRANT SELECT (ip) ON t TO the monitoring role",
    ]
    (over,) = misses(room, ("statements",), column)
    assert over.startswith("ended database: pg_monitor is not refused any more")


@pytest.mark.parametrize("kind", ["bounded", "failing", "loading", "other"])
def test_what_no_grant_mends_is_not_worth_a_line(room: Room, kind: Any) -> None:
    assert [text for _ in range(10) for text in misses(room, DATABASE, Lack("some of it", kind, "Wait."))] == []


def test_what_is_only_good_to_have_is_said_too_where_it_is_refused(room: Room) -> None:
    use = Lack(
        "use unknown: metrics.k8s.io: 403", "permission", "Grant list on nodes.metrics.k8s.io.", "list x", extra=True
    )
    assert [text for _ in range(10) for text in misses(room, ("nodes",), use)] == [
        "began nodes: use unknown: metrics.k8s.io: 403; Grant list on nodes.metrics.k8s.io."
    ]


def test_a_source_that_fails_or_is_read_anew_does_not_say_that_a_right_is_there(room: Room) -> None:
    misses(room, ("sessions",), HIDDEN)
    good_at = room.now
    assert room.see("sessions", [], good_at=good_at, failure=a_failure()) == []
    assert room.see("sessions", [], good_at=None) == []
    assert misses(room, ("sessions",), Lack("a part does not answer", "failing")) == []
    assert misses(room, ("sessions",))[0].startswith("ended database: pg_monitor")


def test_who_is_refused_whole_and_who_misses_a_part_are_in_one_line(room: Room) -> None:
    failure = a_failure(
        "denied", message="pods: 403, pods is forbidden", remedy="Grant list on pods.", right="list pods"
    )
    lack = Lack("requests unknown: pods: 403, pods is forbidden", "permission", "Grant list on pods.", "list pods")
    assert room.see("pods", [], failure=failure) == [
        "began pods: refused, pods: 403, pods is forbidden; Grant list on pods."
    ]
    assert room.noticed[-1].level == Level.WARNING
    told = [text for _ in range(20) for text in misses(room, ("nodes",), lack)]
    assert told == [
        "again kubernetes: refused, pods: 403, pods is forbidden; requests unknown: pods: 403, pods is forbidden "
        "(2 of 8 sources: pods; in part nodes); Grant list on pods."
    ]
    assert misses(room, ("nodes",)) == []
    assert room.see("pods", [a_pod()])[0].startswith("ended kubernetes: list pods, 2 sources is not refused any more")


def test_a_login_that_expired_is_one_line_for_all_sources(room: Room) -> None:
    said = "401, the server does not accept who we are"
    for _ in range(3):
        for source in CLUSTER:
            failure = a_failure("denied", message=f"{source}: {said}", remedy="Log in again.")
            room.see(source, [], failure=failure)
    assert room.said == [
        f"began pods: refused, pods: {said}; Log in again.",
        f"again kubernetes: refused, {said} (all 8 sources: {', '.join(CLUSTER)}); Log in again.",
    ]
    told = [text for source in CLUSTER for text in room.see(source, [], MINUTE)]
    assert len(told) == 1


def test_a_name_in_outside_words_stays_what_it_is(room: Room) -> None:
    misses(room, ("sessions",), Lack("the role {name}", "permission", "GRANT x", "x"))
    assert "{ name }" in room.said[0]
