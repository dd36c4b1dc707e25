"""What an alert amounts to, and what many of them do over time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alert_builders import Told, a_flood, an_alert
from tests.builders import NOW, a_failure
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND
from wfconsole.observations.alert_log import CHATTER_FLIPS, ENDED_KEPT, HELD_FOR, MOVES_KEPT
from wfconsole.observations.alerts import Silence, cause, judge_alert, title
from wfconsole.observations.levels import Level


@pytest.mark.parametrize(
    ("changes", "level", "kind"),
    [
        ({"severity": "critical"}, Level.CRITICAL, "firing"),
        ({"severity": "PAGE"}, Level.CRITICAL, "firing"),
        ({"severity": "warning"}, Level.WARNING, "firing"),
        ({"severity": "info"}, Level.WATCH, "firing"),
        ({"severity": ""}, Level.WARNING, "firing"),
        ({"severity": "purple"}, Level.WARNING, "firing"),
        ({"state": "pending"}, Level.OK, "pending"),
        ({"state": "suppressed", "silences": (Silence("1", by="op2"),)}, Level.OK, "silenced"),
        ({"state": "suppressed", "inhibited_by": ("abc",)}, Level.OK, "inhibited"),
        ({"name": "Watchdog", "severity": "none"}, Level.OK, ""),
        ({"name": "InfoInhibitor", "severity": "critical"}, Level.OK, ""),
    ],
)
def test_an_alert_is_as_bad_as_its_rule_says_unless_somebody_holds_it_back(
    changes: dict[str, Any], level: Level, kind: str
) -> None:
    finding = judge_alert(an_alert(**changes), NOW)
    assert (finding.level, finding.kind) == (level, kind)


def test_a_title_names_the_thing_once() -> None:
    assert title(an_alert(summary="lock wait")) == "orders-db lock wait"
    assert title(an_alert(summary="lock wait in orders-db")) == "lock wait in orders-db"
    assert title(an_alert()) == "orders-db LockWait"


def test_a_cause_is_the_name_the_namespace_and_the_service_and_nothing_finer() -> None:
    one, two = (an_alert(labels={"pod": pod}) for pod in ("a", "b"))
    assert cause(one) == cause(two)
    assert cause(one) != cause(an_alert(labels={"namespace": "staging"}))
    assert cause(one) != cause(an_alert("Other"))


# --- the log --------------------------------------------------------------------------------------------------------


def test_what_ended_is_remembered_for_an_hour() -> None:
    told = Told()
    told.see({"a": an_alert()})
    ended = told.see({}).pasts["a"]
    assert ended.ended_at == told.now
    assert [move.came for move in ended.moves] == [True, False]
    assert "a" in told.see({}, HOUR - SECOND).pasts
    assert "a" not in told.see({}, 2 * SECOND).pasts


def test_partial_rows_end_nothing_and_what_was_gone_meanwhile_ends_with_the_first_whole_look() -> None:
    told = Told()
    told.see({"a": an_alert(), "b": an_alert("Other")})
    assert not told.see({"b": an_alert("Other")}, partial="from Prometheus").pasts["a"].ended_at
    assert told.see({"b": an_alert("Other")}).pasts["a"].ended_at == told.now


def test_a_look_that_failed_changes_nothing() -> None:
    told = Told()
    before = told.see({"a": an_alert()})
    assert told.see({}, good_at=NOW, failure=a_failure()) is before


def test_a_silenced_alert_is_not_over_and_not_new_again() -> None:
    told = Told()
    told.see({"a": an_alert()})
    log = told.see({"a": an_alert(state="suppressed", silences=(Silence("1"),))})
    assert log.pasts == {}


def test_a_flood_begins_above_ten_and_ends_below_five() -> None:
    told = Told()
    told.see({})
    rows = {f"a{n}": an_alert(labels={"pod": str(n)}) for n in range(10)}
    assert told.see(rows).flood is None
    flood = told.see({**rows, "more": an_alert("Other")}).flood
    assert flood is not None
    assert flood.new == 11
    late = {f"b{n}": an_alert("Late", labels={"pod": str(n)}) for n in range(5)}
    told.see({**rows, **late}, 5 * MINUTE)
    still = told.see({**rows, **late}, 5 * MINUTE).flood
    assert still is not None
    assert (still.new, still.since) == (5, flood.since)
    assert told.see({**rows, **late}, 5 * MINUTE).flood is None


def test_what_stood_there_when_the_console_opened_is_no_flood() -> None:
    old = {f"a{n}": an_alert(at=NOW - HOUR, labels={"pod": str(n)}) for n in range(50)}
    assert Told().see(old).flood is None
    assert Told().see(a_flood()).flood is not None


def test_an_alert_that_flaps_counts_once_in_a_flood() -> None:
    told = Told()
    told.see({})
    for _ in range(20):
        told.see({"a": an_alert()})
        log = told.see({})
    assert log.flood is None


def test_first_out_is_the_earliest_of_the_newest_burst() -> None:
    told = Told()
    rows = {
        "standing": an_alert("Standing", at=NOW - 2 * DAY),
        "earlier": an_alert("Earlier", at=NOW - HOUR),
        "first": an_alert("First", at=NOW - 12 * MINUTE),
        "then": an_alert("Then", at=NOW - 4 * MINUTE),
        "last": an_alert("Last", at=NOW - MINUTE),
    }
    log = told.see(rows)
    assert (log.first_out, log.burst) == ("first", 3)
    del rows["first"]
    assert told.see(rows).first_out == "first", "it began the burst, though it is over"


def test_an_alert_that_is_alone_was_before_no_other() -> None:
    log = Told().see({"a": an_alert()})
    assert (log.first_out, log.burst_first) == ("", "a")


def test_three_changes_in_a_minute_are_chatter_and_two_are_not() -> None:
    told = Told()
    told.see({})
    told.see({"a": an_alert()})
    told.see({})
    assert told.see({"a": an_alert()}).pasts["a"].held_until == 0
    assert CHATTER_FLIPS == 3
    assert told.see({}).pasts["a"].held_until == told.now + HELD_FOR


def test_changes_that_are_a_minute_apart_are_no_chatter() -> None:
    told = Told()
    for _ in range(10):
        told.see({"a": an_alert()}, 40 * SECOND)
        log = told.see({}, 40 * SECOND)
    assert log.pasts["a"].held_until == 0
    assert len(log.pasts["a"].moves) == MOVES_KEPT


def test_the_log_is_bounded() -> None:
    told = Told()
    told.see({f"a{n}": an_alert(labels={"pod": str(n)}) for n in range(3 * ENDED_KEPT)})
    told.see({})
    assert len(told.see({}).pasts) == ENDED_KEPT
    assert len(told.log.new) <= 1_000


def test_time_that_went_back_starts_afresh() -> None:
    told = Told()
    told.see({"a": an_alert()}, HOUR)
    told.see({})
    assert told.log.pasts["a"].ended_at
    assert told.see({}, -MINUTE).pasts == {}
