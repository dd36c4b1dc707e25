"""What people type for a task: when somebody is back, and which task is meant."""

from __future__ import annotations

import pytest

from tests.builders import NOW, declared, entries
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.events import TaskClosed, TaskGiven
from wfconsole.incident.tasks import back_by, open_tasks, tasks_meant

SAID: list[tuple[str, Millis]] = [
    ("5", 5 * MINUTE),
    ("5m", 5 * MINUTE),
    ("5 min", 5 * MINUTE),
    ("90s", 90 * SECOND),
    ("2h", 2 * HOUR),
    (" 10 minutes ", 10 * MINUTE),
    ("1 hour", HOUR),
    ("45 sec", 45 * SECOND),
]


@pytest.mark.parametrize(("said", "after"), SAID)
def test_a_span_is_counted_from_now(said: str, after: Millis) -> None:
    assert back_by(said, NOW) == NOW + after


def test_a_time_of_day_is_the_next_one_over_midnight_too() -> None:
    midnight = NOW // DAY * DAY
    late = midnight + 23 * HOUR + 50 * MINUTE
    assert back_by("23:55", late) == midnight + 23 * HOUR + 55 * MINUTE
    assert back_by("00:10", late) == midnight + DAY + 10 * MINUTE
    assert back_by("23:50Z", late) == midnight + DAY + 23 * HOUR + 50 * MINUTE


@pytest.mark.parametrize("said", ["", "soon", "0", "-5", "25:00", "12:60", "99999", "5 parsecs", "1e3", "9999h"])
def test_what_is_no_time_is_none(said: str) -> None:
    assert back_by(said, NOW) is None


def test_a_task_is_meant_by_who_has_it() -> None:
    given = [
        TaskGiven("aaaa1111", "check the replica", "op2", NOW + 9 * MINUTE),
        TaskGiven("bbbb2222", "read the logs", "Bea Ruiz", NOW + 5 * MINUTE),
        TaskGiven("cccc3333", "call the vendor", "Bea Ruiz", NOW + 7 * MINUTE),
    ]
    state = fold(entries(declared(), *given))
    assert list(open_tasks(state)) == ["bbbb2222", "cccc3333", "aaaa1111"]
    assert tasks_meant(state, "OP2") == ["aaaa1111"]
    assert tasks_meant(state, "bea") == ["bbbb2222", "cccc3333"]
    assert tasks_meant(state, "cccc3") == ["cccc3333"]
    assert tasks_meant(state, "") == []
    assert tasks_meant(fold(entries(declared(), *given, TaskClosed("aaaa1111"))), "op2") == []
