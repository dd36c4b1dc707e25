"""Which time is on show, in words, on every screen: playing or not, how fast, and what has come meanwhile."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, quiet_desk, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import StepMarked
from wfconsole.session.view import TransportView
from wfconsole.tui.action_names import keys_by_action
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.panes.glance import Glance
from wfconsole.tui.panes.time_bar import TimeBar

REPLAY = TransportView("replay", NOW, NOW - MINUTE, NOW + MINUTE)


def drawn(pane: Any, time: TransportView, width: int = 120) -> str:
    """The one line of a pane at this time."""
    frame = msgspec.structs.replace(frame_of(quiet_desk(), UNICODE, observer=True), time=time)
    (line,) = pane.draw(frame, width, 1)
    return "".join(span.text for span in line)


@pytest.mark.parametrize(
    ("changes", "head", "bar"),
    [
        ({}, "► REPLAY  ", "► x1 "),
        ({"speed": 4.0}, "► REPLAY x4 ", "► x4 "),
        ({"speed": 0.5}, "► REPLAY x1/2 ", "► x1/2 "),
        ({"paused": True}, "║ REPLAY paused ", "║ paused "),
        ({"paused": True, "speed": 4.0}, "║ REPLAY paused ", "║ paused x4 "),
    ],
    ids=["plays", "fast", "slow", "paused", "paused, and fast later"],
)
def test_a_replay_says_whether_it_plays_and_how_fast(changes: dict[str, Any], head: str, bar: str) -> None:
    time = msgspec.structs.replace(REPLAY, **changes)
    assert drawn(Glance(id="glance"), time).startswith(f" {head}")
    assert drawn(TimeBar(keys_by_action({}), id="bar"), time).startswith(f" {bar}")


@pytest.mark.parametrize(
    ("time", "word"),
    [
        (TransportView("live", NOW, NOW, NOW), "freeze"),
        (TransportView("frozen", NOW, NOW, NOW, paused=True), "go on"),
        (TransportView("back", NOW, NOW, NOW, paused=True), "live"),
        (REPLAY, "pause"),
        (msgspec.structs.replace(REPLAY, paused=True), "play"),
    ],
    ids=["live", "frozen", "back", "plays", "paused"],
)
def test_the_key_that_freezes_says_what_it_would_do(time: TransportView, word: str) -> None:
    assert f"Space {word}" in drawn(TimeBar(keys_by_action({}), id="bar"), time)


def test_of_the_marks_in_one_cell_the_most_telling_one_is_shown_whatever_their_order() -> None:
    told = [(NOW, "ALERT"), (NOW, "DECLARE"), (NOW, "NOTE"), (NOW, "STATE"), (NOW, "END")]
    for markers in (told, told[::-1]):
        for dropped, sign in enumerate("▲DN*E"):
            shown = [mark for mark in markers if mark not in told[:dropped]]
            time = msgspec.structs.replace(REPLAY, position=REPLAY.start, markers=tuple(shown))
            track = drawn(TimeBar(keys_by_action({}), id="bar"), time).split("|")[1]
            assert track.strip("█─") == sign


async def test_help_says_what_the_marks_on_the_time_bar_mean() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("question_mark")
        told = "TIME BAR ▲ alert  D declared  M mark  A step  C told  N note  * else  E end"
        assert [line for line in room.lines if told in line]


async def test_the_key_line_says_what_the_key_would_do_too() -> None:
    async with war_room(quiet_desk(), (200, 60)) as room:
        assert "Space freeze" in room.lines[-1]
        await room.press("space")
        assert "Space go on" in room.lines[-1]


def crashed(desk: Desk) -> None:
    desk.clock.advance(5 * SECOND)
    desk.tell("workloads", [builders.a_workload("cart", ready=0)], at=desk.clock.now())


async def test_what_becomes_critical_while_the_screen_is_frozen_is_said_first() -> None:
    desk = quiet_desk()
    desk.tell("workloads", [builders.a_workload("cart")])
    async with war_room(desk) as room:
        await room.press("space")
        await room.repaint()
        assert "LIVE:" not in room.text
        crashed(desk)
        await room.repaint()
        assert "LIVE: production/cart lost readiness: 0 of 3 ready; \\" in room.lines[1]
        await room.press("backslash")
        assert "LIVE:" not in room.text
        assert "production/cart lost readiness: 0 of 3 ready" in room.text


async def test_what_was_critical_when_the_screen_was_frozen_is_no_news() -> None:
    desk = quiet_desk()
    desk.tell("workloads", [builders.a_workload("cart")])
    crashed(desk)
    async with war_room(desk) as room:
        await room.press("space")
        desk.clock.advance(5 * SECOND)
        desk.tell("workloads", [builders.a_workload("cart", ready=0)], at=desk.clock.now())
        await room.repaint()
        assert "LIVE:" not in room.text


async def test_the_answers_of_an_open_decision_lead_to_numbers_on_the_overview() -> None:
    desk = troubled_desk()
    (checklist,) = desk.runbook.checklists
    for step in checklist.steps:
        if step.kind == "decide":
            break
        desk.happen(StepMarked(step.id, "done"), NOW - SECOND)
    async with war_room(desk, (200, 60)) as room:
        assert "DECIDE: Is a rollout to blame" in room.text
        assert "yes: next  no: 7" in room.text
