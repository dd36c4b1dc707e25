"""The bell: once for what is new and lasts, never twice within half a minute, and not for what nobody can trust."""

from __future__ import annotations

import pytest

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.bell import QUIET, Bell
from wfconsole.incident.clocks import Clock, ClockState
from wfconsole.observations.board import BoardLine
from wfconsole.observations.levels import Level, Quality


class Ear:
    """A bell and what it is shown: all is well until the test says otherwise."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.now: Millis = 0
        self.live = True
        self.pods = (Level.OK, Quality.LIVE)
        self.nodes = (Level.OK, Quality.LIVE)
        self.update: ClockState = "ok"

    def hears(self, after: Millis = SECOND) -> bool:
        """Whether it rings for the frame of so much later."""
        self.now += after
        lines = [BoardLine(3, "Pods", *self.pods, ""), BoardLine(5, "Nodes+GPU", *self.nodes, "")]
        clocks = [Clock("update", 0, MINUTE, state=self.update)]
        return self.bell.rings(lines, clocks, live=self.live, now=self.now)


CRITICAL = (Level.CRITICAL, Quality.LIVE)
FINE = (Level.OK, Quality.LIVE)


@pytest.fixture
def ear() -> Ear:
    made = Ear()
    assert not made.hears(), "all is well"
    return made


def test_it_rings_once_when_a_pane_becomes_critical(ear: Ear) -> None:
    ear.pods = CRITICAL
    assert ear.hears()
    assert not ear.hears()
    assert not ear.hears(QUIET)


def test_it_rings_once_when_a_clock_runs_out(ear: Ear) -> None:
    ear.update = "due-soon"
    assert not ear.hears()
    ear.update = "overdue"
    assert ear.hears()
    assert not ear.hears(QUIET)
    ear.update = "ok"  # people were told
    assert not ear.hears()
    ear.update = "overdue"
    assert ear.hears()


@pytest.mark.parametrize("level", [Level.OK, Level.WATCH, Level.WARNING])
def test_nothing_less_than_critical_rings(ear: Ear, level: Level) -> None:
    ear.pods = (level, Quality.LIVE)
    assert not ear.hears()


def test_what_was_bad_before_the_first_look_is_silent() -> None:
    ear = Ear()
    ear.pods, ear.update = CRITICAL, "overdue"
    assert not ear.hears()
    assert not ear.hears(QUIET)
    ear.pods = FINE
    assert not ear.hears()
    ear.pods = CRITICAL
    assert ear.hears(), "but it is heard when it comes again"


@pytest.mark.parametrize("quality", [quality for quality in Quality if not quality.conclusive])
def test_data_that_nobody_can_trust_rings_nothing_and_ends_nothing(ear: Ear, quality: Quality) -> None:
    ear.pods = (Level.CRITICAL, quality)
    assert not ear.hears()
    ear.pods = CRITICAL
    assert ear.hears(), "now it is certain"
    ear.pods = (Level.OK, quality)
    assert not ear.hears(QUIET)
    ear.pods = CRITICAL
    assert not ear.hears(QUIET), "it may have been so all the time"


def test_a_pane_that_is_late_is_trusted(ear: Ear) -> None:
    ear.pods = (Level.CRITICAL, Quality.LATE)
    assert ear.hears()


def test_two_things_at_once_ring_once(ear: Ear) -> None:
    ear.pods, ear.nodes, ear.update = CRITICAL, CRITICAL, "overdue"
    assert ear.hears()
    assert not ear.hears(QUIET)


def test_what_comes_within_half_a_minute_waits_for_its_end_if_it_still_lasts(ear: Ear) -> None:
    ear.pods = CRITICAL
    assert ear.hears()
    ear.nodes = CRITICAL
    assert not ear.hears(QUIET - 1)
    assert ear.hears(1)
    ear.update = "overdue"
    assert not ear.hears()
    ear.update = "ok"
    assert not ear.hears(QUIET)


def test_a_screen_that_does_not_show_now_is_silent_and_tells_afterwards(ear: Ear) -> None:
    ear.live, ear.pods = False, CRITICAL
    assert not ear.hears()
    assert not ear.hears(QUIET)
    ear.live = True
    assert ear.hears()
