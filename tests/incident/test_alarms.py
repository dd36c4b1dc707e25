"""Alerts as people have to deal with them, what the board and DO NOW say of them, and what the scribe writes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alert_builders import Told, a_flood, an_alert
from tests.builders import NOW, an_entry, declared
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND
from wfconsole.incident.advance import advance
from wfconsole.incident.alarms import Alarms, alarms_of, facts_of
from wfconsole.incident.attention import Situation, attention
from wfconsole.incident.events import SCRIBE, SHELVED_AT_MOST, AlertsAcknowledged, AlertsShelved, EntryWithdrawn
from wfconsole.incident.scribe import ScribeMemory, notice
from wfconsole.incident.state import IncidentState
from wfconsole.observations.alert_log import HELD_FOR
from wfconsole.observations.alerts import Silence
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.levels import Level

LOCK = an_alert(summary="lock wait")


class Room(Told):
    """With an incident, and a scribe who writes what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.memory, self.said = IncidentState(), ScribeMemory(), list[str]()
        self.seq = 0
        self.enter(declared())

    def enter(self, event: Any, actor: str = "op1") -> str:
        self.seq += 1
        self.state = advance(self.state, an_entry(event, self.seq, self.now, actor, f"e{self.seq}"))
        return f"e{self.seq}"

    def look(self, rows: Any, after_ms: int = 5 * SECOND, **changes: Any) -> list[str]:
        """One look; what the scribe writes of it."""
        self.see(rows, after_ms, **changes)
        self.memory, noticed = notice(self.memory, self.state, self.world, "alerts", self.now, alerts=self.log)
        for event in noticed:
            self.enter(event, SCRIBE)
        return [f"{event.phase} {event.text}" for event in noticed]

    @property
    def alarms(self) -> Alarms:
        return alarms_of(self.world, self.log, self.state, self.now)

    def needs(self) -> list[tuple[str, Level]]:
        seen = Situation(self.now, self.state, alarms=self.alarms)
        return [(need.text, need.level) for need in attention(seen) if need.goto == "pane:1"]


@pytest.fixture
def room() -> Room:
    return Room()


def test_an_acknowledgement_holds_until_the_alert_begins_anew(room: Room) -> None:
    room.look({"a": LOCK})
    assert room.alarms.by_key["a"].state == "new"
    room.enter(AlertsAcknowledged({"a": LOCK.starts_at}, "lock wait"))
    alarm = room.alarms.by_key["a"]
    assert (alarm.state, alarm.by, alarm.level) == ("acked", "op1", Level.CRITICAL)
    assert room.needs() == []
    room.look({"a": an_alert(at=room.now)})
    assert room.alarms.by_key["a"].state == "new"


def test_an_acknowledgement_can_be_taken_back(room: Room) -> None:
    room.look({"a": LOCK})
    entry = room.enter(AlertsAcknowledged({"a": LOCK.starts_at}))
    room.enter(EntryWithdrawn(entry))
    assert room.alarms.by_key["a"].state == "new"
    assert "acknowledged" not in room.state.moments


def test_who_acknowledges_an_alert_meets_the_respond_clock(room: Room) -> None:
    room.look({"a": LOCK}, MINUTE)
    room.enter(AlertsAcknowledged({"a": LOCK.starts_at}))
    assert room.state.moments["acknowledged"] == room.now


def test_a_shelved_alert_counts_nowhere_and_comes_back_by_itself(room: Room) -> None:
    room.look({"a": LOCK})
    room.enter(AlertsShelved(("a",), room.now + 30 * MINUTE, "known"))
    alarm = room.alarms.by_key["a"]
    assert (alarm.state, alarm.level, alarm.reason) == ("shelved", Level.OK, "known")
    assert facts_of(room.alarms) == Facts(("0 unacked", "1 shelved"), Level.OK, "")
    assert room.needs() == []
    assert [group.key for group in room.alarms.aside] == ["a"]
    room.look({"a": LOCK}, 30 * MINUTE + SECOND)
    assert room.alarms.by_key["a"].state == "new"


def test_nothing_lies_on_the_shelf_for_longer_than_eight_hours(room: Room) -> None:
    room.look({"a": LOCK})
    room.enter(AlertsShelved(("a",), room.now + DAY, "for ever"))
    assert room.state.shelved["a"].until == room.now + SHELVED_AT_MOST


def test_a_shelf_time_of_now_brings_it_back(room: Room) -> None:
    room.look({"a": LOCK})
    room.enter(AlertsShelved(("a",), room.now + HOUR, "known"))
    room.enter(AlertsShelved(("a",), room.now))
    assert room.alarms.by_key["a"].state == "new"
    assert list(room.state.lines.values())[-1].text.startswith("back from the shelf")


def test_what_is_over_stays_until_somebody_takes_note(room: Room) -> None:
    room.look({"a": LOCK})
    room.look({})
    alarm = room.alarms.by_key["a"]
    assert (alarm.state, alarm.level) == ("ended", Level.WATCH)
    assert facts_of(room.alarms).facts == ("0 unacked", "1 over, not acked")
    room.enter(AlertsAcknowledged({"a": alarm.started_at}))
    assert room.alarms.by_key == {}


def test_what_was_acknowledged_goes_when_it_is_over(room: Room) -> None:
    room.look({"a": LOCK})
    room.enter(AlertsAcknowledged({"a": LOCK.starts_at}))
    room.look({})
    assert room.alarms.by_key == {}


def test_who_silenced_it_and_until_when_is_told(room: Room) -> None:
    silence = Silence("1", "op2", "resize", NOW + HOUR)
    room.look({"a": an_alert(state="suppressed", silences=(silence,))})
    alarm = room.alarms.by_key["a"]
    assert (alarm.state, alarm.by, alarm.reason, alarm.until) == ("silenced", "op2", "resize", NOW + HOUR)


def test_chatter_is_one_quiet_line(room: Room) -> None:
    room.look({})
    for _ in range(3):
        room.look({"a": LOCK, "b": an_alert("Other")})
        room.look({})
    (line,) = room.alarms.open
    assert (line.state, line.level, len(line.alarms)) == ("held", Level.WATCH, 2)
    assert room.needs() == []
    room.look({"a": LOCK}, HELD_FOR + SECOND)
    assert room.alarms.by_key["a"].state == "new"


def test_in_a_flood_the_open_ones_are_grouped_by_cause(room: Room) -> None:
    room.look(a_flood())
    first, second = room.alarms.open
    assert (first.title, len(first.alarms), first.first_out) == ("orders-db LockWait", 1, True)
    assert (second.title, len(second.alarms), second.level) == ("checkout PodErrors", 20, Level.WARNING)
    assert facts_of(room.alarms) == Facts(
        ("FLOOD 21 new", "first-out: orders-db Lo…"),
        Level.CRITICAL,
        "2 causes, within 10 min",
    )
    room.enter(AlertsAcknowledged({alarm.key: alarm.started_at for alarm in second.alarms}, second.title))
    assert [group.state for group in room.alarms.open] == ["new", "acked"]


def test_the_board_says_how_many_are_unacked_and_what_came_first(room: Room) -> None:
    room.look({"a": an_alert(summary="lock wait", at=NOW - 5 * MINUTE), "b": an_alert("Slow", "cart")})
    assert facts_of(room.alarms).facts == ("2 unacked", "first-out: orders-db lock …")


def test_an_old_one_is_standing(room: Room) -> None:
    room.look({"a": an_alert(at=NOW - 2 * DAY)})
    assert room.alarms.by_key["a"].standing
    assert not room.alarms.by_key["a"].first_out


@pytest.mark.parametrize(("fires", "level"), [(True, Level.OK), (False, Level.WATCH)])
def test_a_heartbeat_is_missed_only_where_somebody_expects_it(room: Room, *, fires: bool, level: Level) -> None:
    room.look({"w": an_alert("Watchdog", severity="none")} if fires else {}, facts={"heartbeat": "Watchdog"})
    assert facts_of(room.alarms).level == level
    room.look({})
    assert facts_of(room.alarms).level == Level.OK


def test_do_now_has_unacked_criticals_first_out_first_and_then_the_warnings(room: Room) -> None:
    room.look(
        {
            "late": an_alert("Late", "cart"),
            "first": an_alert("First", at=NOW - 3 * MINUTE),
            "warn": an_alert("Slow", "web", at=NOW - 2 * MINUTE, severity="warning"),
        }
    )
    assert room.needs() == [
        ("unacked alert: orders-db First, first-out", Level.CRITICAL),
        ("unacked alert: cart Late", Level.CRITICAL),
        ("unacked alert: web Slow", Level.WARNING),
    ]


def test_old_rows_ask_for_nobody(room: Room) -> None:
    room.look({"a": LOCK})
    room.now += HOUR
    assert room.needs() == []


# --- the scribe -----------------------------------------------------------------------------------------------------


def test_the_scribe_writes_how_a_burst_began_and_what_is_critical_but_not_each_alert(room: Room) -> None:
    room.look({})
    warning = an_alert("Slow", "web", at=room.now, severity="warning")
    assert room.look({"w": warning}) == ["began alert: web Slow"]
    later = an_alert("Slower", "cart", at=room.now, severity="warning")
    written = room.look({"w": warning, "x": later})
    assert not any("Slower" in text for text in written)
    critical = an_alert("Down", "shop", at=room.now)
    assert room.look({"w": warning, "x": later, "c": critical}) == ["began alert: shop Down"]
    assert room.look({"x": later, "w": warning}) == ["ended alert production/shop Down is over, after 10 s"]


def test_a_flood_is_one_line_with_its_first_out(room: Room) -> None:
    room.look({})
    flood = a_flood(at=room.now + 2 * SECOND)
    written = room.look(flood, 30 * SECOND)
    assert written == [
        "began alert: orders-db LockWait (first-out)",
        "began alert flood: 21 new within 10 min, 2 causes, first-out orders-db LockWait",
    ]
    assert room.look({**flood, "z": an_alert("More", "web", room.now)}) == []
    lines = [line for line in room.state.lines.values() if line.actor == SCRIBE]
    assert len(lines) == 2


def test_an_alert_s_own_words_are_no_template(room: Room) -> None:
    assert room.look({"a": an_alert(summary="{name} {0} %s")}) == [
        "began alert: orders-db { name } {0} %s (already when the console opened)"
    ]
