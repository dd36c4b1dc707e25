"""What comes back: a short flap is counted in its line, an outage of its own has a line, a beginning and an end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import GATEWAY, NOW, a_bad_pod, a_container, a_pod, a_revision, a_workload, an_entry
from tests.incident.scribe_room import PINNED, Room
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.attention import Situation, attention
from wfconsole.incident.condition import LASTS, QUIET, TURNS, moved
from wfconsole.incident.events import EntryStarred, StatusChanged
from wfconsole.incident.line_words import as_of, how_often
from wfconsole.incident.state import Line
from wfconsole.incident.triage import what_is_red
from wfconsole.observations.levels import Level
from wfconsole.observations.pods import RESTART_WINDOW
from wfconsole.reports.record import Record
from wfconsole.reports.timeline import timeline
from wfconsole.runbook import load_runbook
from wfconsole.text import clock_time

WELL = [a_pod(f"g-{n}", restarts=0) for n in range(4)]
READINESS = f"readiness {GATEWAY}"


@pytest.fixture
def room() -> Room:
    """A workload of four, all well."""
    opened = Room()
    opened.see("pods", WELL)
    opened.see("workloads", [a_workload(desired=4, ready=4, updated=4)])
    return opened


def ready(room: Room, count: int, after_ms: Millis = 8 * SECOND) -> list[str]:
    return room.see("workloads", [a_workload(desired=4, ready=count, updated=4)], after_ms)


def flap(room: Room, times: int, count: int = 2) -> None:
    for _flap in range(times):
        ready(room, count)
        ready(room, 4)


def lines(room: Room, word: str = "readiness") -> list[Line]:
    return [line for line in room.state.lines.values() if word in line.text]


# --- worse than what was told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("flaps", range(1, 12))
def test_a_total_outage_after_flaps_is_said_at_once(room: Room, flaps: int) -> None:
    flap(room, flaps)
    assert ready(room, 0)[-1] == "began gateway lost readiness: 0 of 4 ready"
    (red,) = what_is_red(room.world, room.state, (), room.now)
    assert (red.text, red.level, red.since) == ("gateway lost readiness: 0 of 4 ready", Level.CRITICAL, room.now)
    assert (lines(room)[-1].at, lines(room)[-1].count) == (room.now, 1)


@pytest.mark.parametrize("flaps", range(1, 12))
def test_a_flap_that_gets_worse_is_said_at_once(room: Room, flaps: int) -> None:
    flap(room, flaps, 3)
    ready(room, 3)
    began_at = room.now
    assert ready(room, 0)[-1] == "began gateway lost readiness: 0 of 4 ready"
    assert lines(room)[-1].at == began_at


def test_the_last_ready_one_is_worth_a_word_however_bad_it_was_before(room: Room) -> None:
    ready(room, 1)
    assert room.noticed[-1].level == Level.CRITICAL
    assert ready(room, 0) == ["again gateway lost readiness: 0 of 4 ready"]
    assert ready(room, 1) == []
    assert ready(room, 0) == []


def test_one_of_a_flood_that_gets_worse_is_said(room: Room) -> None:
    many = [f"app-{place:02}" for place in range(20)]
    room.see("workloads", [a_workload(name, desired=4, ready=4) for name in many])
    room.see("workloads", [a_workload(name, desired=4, ready=3) for name in many])
    said = room.see("workloads", [a_workload(name, desired=4, ready=0 if name == "app-19" else 3) for name in many])
    assert said == ["began app-19 lost readiness: 0 of 4 ready"]


# --- a line of its own ----------------------------------------------------------------------------------------------


def test_flaps_are_one_line_with_a_count_and_the_time_of_the_last(room: Room) -> None:
    flap(room, 9)
    ready(room, 2)
    began_at = room.now
    (line,) = lines(room)
    assert how_often(line, clock_time) == f"10 times, the last from {clock_time(began_at)} on"
    ready(room, 4)
    (line,) = lines(room)
    assert how_often(line, clock_time) == f"10 times, the last from {clock_time(began_at)} to {clock_time(room.now)}"


def test_a_lesser_flap_leaves_the_words_of_the_worst(room: Room) -> None:
    flap(room, 1, 1)
    flap(room, 4, 3)
    (line,) = lines(room)
    assert (line.text, line.level, line.count) == ("gateway lost readiness: 1 of 4 ready", Level.CRITICAL, 5)
    assert as_of(line, clock_time) == ""


def test_what_gets_worse_while_it_lasts_says_when_it_was_so_bad(room: Room) -> None:
    ready(room, 3)
    ready(room, 1)
    worst_at = room.now
    ready(room, 2)
    ready(room, 4)
    (line,) = lines(room)
    assert line.text == "gateway lost readiness: 1 of 4 ready"
    assert as_of(line, clock_time) == f"as of {clock_time(worst_at)}"


def test_the_worst_that_was_not_worth_a_word_is_on_record_at_the_end(room: Room) -> None:
    wide = [a_workload(desired=40, ready=count, updated=40) for count in (40, 35, 33, 39, 40)]
    said = [room.see("workloads", [row]) for row in wide]
    assert said[2] == []
    (line,) = lines(room)
    assert line.text == "gateway lost readiness: 33 of 40 ready"
    assert line.text_at == room.now - 10 * SECOND


def test_after_an_outage_that_lasted_the_next_one_is_a_line_of_its_own(room: Room) -> None:
    ready(room, 3)
    first = room.now
    assert ready(room, 4, LASTS) == ["ended gateway is ready again, after 1 min"]
    over = room.now
    assert ready(room, 3) == ["began gateway lost readiness: 3 of 4 ready"]
    assert [(line.at, line.until) for line in lines(room)] == [(first, over), (room.now, 0)]
    assert room.state.conditions[READINESS].since == room.now


def test_after_a_quiet_time_it_is_a_line_of_its_own(room: Room) -> None:
    flap(room, 1)
    ready(room, 2, QUIET)
    assert len(lines(room)) == 2


def test_after_the_incident_was_resolved_it_is_a_line_of_its_own(room: Room) -> None:
    flap(room, 2)
    room.enter(StatusChanged("resolved"), "op1")
    assert ready(room, 2)[-1] == "began gateway lost readiness: 2 of 4 ready"
    ready(room, 4)
    assert ready(room, 2) == ["again gateway lost readiness: 2 of 4 ready"]
    assert [line.count for line in lines(room)] == [2, 2]


@pytest.mark.parametrize("flaps", range(1, 12))
def test_a_flap_that_lasts_gets_its_line_at_its_own_time(room: Room, flaps: int) -> None:
    flap(room, flaps)
    over = room.now
    ready(room, 2)
    began_at = room.now
    ready(room, 2, LASTS)
    flapped, lasts = lines(room)
    assert (flapped.count, flapped.until) == (flaps, over)
    assert (lasts.count, lasts.at, lasts.until) == (1, began_at, 0)
    assert ready(room, 4) == ["ended gateway is ready again, after 1 min 08 s"]


def test_every_end_of_an_outage_stays_on_record_at_its_time(room: Room) -> None:
    for _outage in range(3):
        ready(room, 1)
        ready(room, 4, 4 * MINUTE + 18 * SECOND)
    entries = [an_entry(PINNED), *(an_entry(event, number + 2) for number, event in enumerate(room.noticed))]
    paper = timeline(Record.of(entries, room.state, load_runbook(None)))
    assert paper.count("ALERT gateway lost readiness: 1 of 4 ready") == 3
    assert "times" not in paper


def test_words_of_flaps_that_ended_unsaid_come_before_a_new_beginning(room: Room) -> None:
    flap(room, 4)
    assert ready(room, 2, QUIET) == [
        "ended gateway is ready again, after 8 s; 4 times within 56 s",
        "began gateway lost readiness: 2 of 4 ready",
    ]


@pytest.mark.parametrize("pods_first", [True, False])
def test_a_pod_that_flaps_after_a_rollout_is_one_line_whoever_tells_first(room: Room, pods_first: bool) -> None:
    revision = a_revision(5, created_at=room.now)

    def rolled_out(ready: int) -> list[Any]:
        return [a_workload(ready=ready, progressing=ready < 4, desired=4, updated=4, revisions=(revision,))]

    room.see("workloads", rolled_out(4))
    for _flap in range(4):
        flapped = a_bad_pod("g-3", "Running", ready_since=room.now, created_at=NOW - MINUTE)
        looks = [("pods", [*WELL[:3], flapped]), ("workloads", rolled_out(3))]
        for source, rows in looks if pods_first else looks[::-1]:
            room.see(source, rows)
        room.see("pods", WELL)
        room.see("workloads", rolled_out(4))
    assert {event.key for event in room.noticed} == {READINESS}
    room.see("workloads", rolled_out(4), QUIET)
    (line,) = lines(room)
    assert line.count == 4


# --- crash loops ----------------------------------------------------------------------------------------------------


def crashing(restarts: int, at: Millis, **changes: Any) -> Any:
    box = a_container(reason="CrashLoopBackOff", restarts=restarts, last_reason="Error", last_exit_code=1)
    changes = {"status": "CrashLoopBackOff", "ready_since": at, "containers": (box,), **changes}
    return a_bad_pod("g-3", restarts=restarts, restarted_at=at, **changes)


def well_again(restarts: int, at: Millis) -> Any:
    return a_pod("g-3", restarts=restarts, restarted_at=at, containers=(a_container(restarts=restarts),))


def test_a_crash_loop_was_over_at_its_last_restart_however_late_that_is_known(room: Room) -> None:
    for restarts in range(1, 5):
        room.see("pods", [*WELL[:3], crashing(restarts, room.now + 5 * SECOND)])
    last = room.now
    assert room.see("pods", [*WELL[:3], well_again(4, last)]) == []
    (over,) = room.see("pods", [*WELL[:3], well_again(4, last)], RESTART_WINDOW)
    at = clock_time(last)
    assert over == f"ended gateway: crash loop over, after 15 s, 4 restarts seen, the last restart was at {at}"
    (line,) = lines(room, "crash loop")
    assert (line.until, how_often(line, clock_time)) == (last, f"4 restarts seen, the last at {at}")


def test_a_crash_loop_that_is_taken_away_is_over_then(room: Room) -> None:
    room.see("pods", [*WELL[:3], crashing(1, room.now)])
    assert room.see("pods", WELL, MINUTE) == ["ended gateway: crash loop over, after 1 min 05 s"]


def test_restarts_that_were_not_written_down_are_counted_after_a_resume(room: Room) -> None:
    for restarts in range(1, 8):
        room.see("pods", [*WELL[:3], crashing(restarts, room.now)])
    assert lines(room, "crash loop")[0].count == 5
    room.start_over()
    for restarts in (9, 10, 11, 12):
        room.see("pods", [*WELL[:3], crashing(restarts, room.now)])
    assert room.see("pods", WELL) == ["ended gateway: crash loop over, after 1 min, 12 restarts seen"]


def test_a_count_is_no_older_than_some_minutes(room: Room) -> None:
    for restarts in range(1, 8):
        room.see("pods", [*WELL[:3], crashing(restarts, room.now)], 5 * SECOND if restarts < 7 else 5 * MINUTE)
    assert lines(room, "crash loop")[0].count == 7


# --- replicas -------------------------------------------------------------------------------------------------------


def test_moves_tell_where_they_began_where_they_turned_and_where_they_got(room: Room) -> None:
    first = room.now + 8 * SECOND
    for desired in (8, 10, 8, 6, 5, 4):
        room.see("workloads", [a_workload(desired=desired, ready=desired)], 8 * SECOND)
    room.see("workloads", [a_workload(desired=4, ready=4)], MINUTE)
    (line,) = lines(room, "scaled")
    assert (line.text, line.at) == ("gateway scaled 4 -> 10 -> 4, 6 moves", first)
    assert how_often(line, clock_time) == f"the last at {clock_time(room.now - MINUTE)}"


def test_a_move_back_is_said_at_once(room: Room) -> None:
    for desired in (5, 6, 7, 8):
        room.see("workloads", [a_workload(desired=desired, ready=desired)])
    assert room.see("workloads", [a_workload(desired=2, ready=2)]) == ["once gateway scaled 4 -> 8 -> 2, 5 moves"]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=40))
def test_a_path_of_replicas_is_short_and_keeps_its_ends_and_extremes(counts: list[int]) -> None:
    counts = [count for count, after in pairwise([*counts, -1]) if count != after]
    path: tuple[int, ...] = tuple(counts[:1])
    for count in counts[1:]:
        path = moved(path, count)
    assert len(path) <= TURNS
    assert (path[0], path[-1], min(path), max(path)) == (counts[0], counts[-1], min(counts), max(counts))


# --- what needs the commander ---------------------------------------------------------------------------------------


def needs(room: Room) -> list[str]:
    return [need.text for need in attention(Situation(now=room.now, state=room.state)) if need.goto.startswith("line:")]


def test_what_was_taken_up_with_the_declaration_needs_somebody_when_it_is_back(room: Room) -> None:
    ready(room, 1)
    ready(room, 1, LASTS)
    room.enter(PINNED, "op1")
    assert needs(room) == []
    ready(room, 4)
    ready(room, 1)
    assert needs(room) == ["gateway lost readiness: 1 of 4 ready"]
    room.enter(EntryStarred(lines(room)[-1].entry, True), "op1")
    assert needs(room) == []
    ready(room, 4)
    room.enter(StatusChanged("resolved"), "op1")
    ready(room, 1)
    assert needs(room) == ["gateway lost readiness: 1 of 4 ready"]
