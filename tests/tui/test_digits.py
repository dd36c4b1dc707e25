"""The large numbers: what users feel and who waits come first where they are known; what is not known is no number."""

from __future__ import annotations

from typing import Any

from tests.builders import NOW, a_failure, a_signal, an_idle_session
from tests.tui.harness import Desk, quiet_desk, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.levels import Level, Quality
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.panes.digits import Number, world_numbers
from wfconsole.tui.panes.wall import number_rows

P99: dict[str, Any] = {"title": "p99", "unit": "seconds", "warning": 0.8, "critical": 2.0}
WAITS: dict[str, Any] = {"state": "active", "blockers": 1, "waiting_at": NOW - MINUTE}


def numbers(desk: Desk) -> dict[str, Number]:
    return {number.label: number for number in world_numbers(frame_of(desk, UNICODE, observer=False))}


def watched(errors: float | None = 0.078, p99: float | None = 2.41) -> Desk:
    desk = troubled_desk()
    desk.tell("signals", [a_signal(value=errors), a_signal("p99", p99, **P99)])
    root = an_idle_session(behind=2, held_since=NOW - MINUTE)
    desk.tell("sessions", [root, an_idle_session(3398, **WAITS), an_idle_session(3399, **WAITS)])
    return desk


def test_a_cluster_alone_has_its_three_numbers() -> None:
    assert list(numbers(troubled_desk())) == ["PODS NOT READY", "CRASH LOOPS", "HPA AT MAX"]


def test_what_users_feel_comes_first_and_one_of_the_cluster_stands_beside_it() -> None:
    shown = numbers(watched())
    assert {label: number.value for label, number in shown.items()} == {
        "ERRORS %": "7.8",
        "P99 s": "2.41",
        "DB WAITERS": "2",
        "PODS NOT READY": "4",
    }
    assert [number.level for number in shown.values()] == [Level.CRITICAL] * 4
    assert [number.beside for number in shown.values()] == ["SLO 1.0", "SLO 0.80", "", ""]
    assert shown["DB WAITERS"].said == ("2 behind pid 3321 (reconcile)", "idle in transaction")


def test_one_that_is_within_its_bounds_is_well_and_short_times_keep_their_digits() -> None:
    shown = numbers(watched(errors=0.001, p99=0.042))
    assert (shown["ERRORS %"].value, shown["ERRORS %"].level) == ("0.1", Level.OK)
    assert (shown["P99 ms"].value, shown["P99 ms"].level) == ("42", Level.OK)


def test_the_service_that_is_worst_is_named() -> None:
    desk = watched()
    desk.tell("signals", [a_signal(value=0.02), a_signal(value=0.4, group="production/cart")])
    assert numbers(desk)["ERRORS %"].said == ("2.0%, above 1.0%", "cart 40%, above 5.0%")


def test_a_rule_that_is_not_asked_for_has_no_number() -> None:
    desk = quiet_desk()
    desk.tell("signals", [a_signal("traffic", 590.0)])
    assert list(numbers(desk)) == ["PODS NOT READY", "CRASH LOOPS", "HPA AT MAX"]


def test_what_nobody_knows_is_no_number() -> None:
    shown = numbers(watched(errors=None))
    assert (shown["ERRORS %"].value, shown["ERRORS %"].quality) == ("--", Quality.UNKNOWN)
    assert shown["ERRORS %"].said == ("no such series",)


def test_what_is_lost_is_no_number_and_says_why() -> None:
    desk = watched()
    desk.clock.jump(NOW + MINUTE)
    for source in ("signals", "sessions"):
        desk.fail(source, a_failure(), at=NOW + MINUTE)
    shown = numbers(desk)
    for label in ("ERRORS", "P99", "DB WAITERS"):
        assert (shown[label].value, shown[label].quality) == ("--", Quality.STALE)
        assert shown[label].said == ("no answer within 3 s", "1m00s old")


def test_waiters_that_are_hidden_are_not_none() -> None:
    desk = quiet_desk()
    desk.tell("sessions", [], partial="sessions of other roles are hidden")
    number = numbers(desk)["DB WAITERS"]
    assert (number.value, number.quality) == ("--", Quality.PARTIAL)
    assert number.said[0] == "sessions of other roles are hidden"


def test_a_queue_that_is_not_listed_whole_is_at_least_so_long() -> None:
    desk = watched()
    waiting = [an_idle_session(3400 + at, **WAITS) for at in range(12)]
    desk.tell("sessions", [an_idle_session(behind=12, held_since=NOW - MINUTE), *waiting], partial="there are more")
    number = numbers(desk)["DB WAITERS"]
    assert (number.value, number.level, number.quality) == ("12+", Level.CRITICAL, Quality.PARTIAL)


def test_nobody_who_waits_is_nothing_and_well() -> None:
    desk = quiet_desk()
    desk.tell("sessions", [])
    assert numbers(desk)["DB WAITERS"][1:3] == ("0", Level.OK)


def test_the_wall_has_the_first_three() -> None:
    rows = number_rows(frame_of(watched(), UNICODE, observer=False))
    assert [number.label for number in rows[1]] == ["ERRORS %", "P99 s", "DB WAITERS"]


async def test_the_large_screen_shows_them_with_what_they_are_measured_by() -> None:
    desk = watched()
    desk.clock.jump(NOW + SECOND)
    async with war_room(desk, (200, 60)) as room:
        assert "ERRORS % ■ SLO 1.0" in room.text
        assert "P99 s ■ SLO 0.80" in room.text
        assert "DB WAITERS ■" in room.text
