"""A step whose evidence are logs: R asks the collector, and what comes back goes into the record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, Room, a_pod_answer, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import SECOND
from wfconsole.incident.events import StepProbed
from wfconsole.observations.answers import AskPod
from wfconsole.tui.log_evidence import OVERDUE

STEP = builders.a_step("Read the logs", "first", logs="pods namespace=production workload=gateway")
RUNBOOK = builders.a_runbook(builders.a_checklist("first", STEP, kind="process"))
WORST = "gateway-7d9f6c-2xk0"


@asynccontextmanager
async def asked() -> AsyncIterator[tuple[Room, AskPod]]:
    """R was pressed on the step."""
    async with war_room(troubled_desk(runbook=RUNBOOK), (120, 40)) as room:
        await room.press("c", "R")
        (ask,) = room.desk.asked
        assert isinstance(ask, AskPod)
        yield room, ask


def probed(desk: Desk) -> list[StepProbed]:
    return [event for event in desk.submitted if isinstance(event, StepProbed)]


async def test_the_step_says_whose_logs_it_reads_and_where_they_are_shown_whole() -> None:
    async with war_room(troubled_desk(runbook=RUNBOOK), (120, 40)) as room:
        await room.press("c")
        assert f"LOGS R reads those of {WORST}: this run and the one before" in flat(room.text)
        assert "3, then Enter on the pod, shows them whole" in flat(room.text)
        assert "R evidence" in room.text


async def test_the_answer_goes_into_the_record_with_the_first_error() -> None:
    async with asked() as (room, ask):
        assert (ask.namespace, ask.name) == ("production", WORST)
        assert "reading the logs of" in room.lines[-1]
        await room.press("R")
        assert len(room.desk.asked) == 1, "it is on its way"
        room.desk.answer(msgspec.structs.replace(a_pod_answer(), id="of somebody else"))
        await room.repaint()
        assert probed(room.desk) == []
        room.desk.answer(msgspec.structs.replace(a_pod_answer(), id=ask.id))
        await room.repaint()
        (found,) = probed(room.desk)
        assert (found.step, found.quality) == (STEP.id, "live")
        assert found.lines[0] == f"{WORST} app: first error panic: config key PAY_URL is missing"
        assert "panic: config key PAY_URL is missing" in room.text
        await room.repaint()
        assert len(probed(room.desk)) == 1


async def test_an_answer_that_never_comes_is_no_silent_pass() -> None:
    async with asked() as (room, _):
        room.desk.clock.advance(OVERDUE - SECOND)
        await room.repaint()
        assert probed(room.desk) == []
        room.desk.clock.advance(SECOND)
        await room.repaint()
        (found,) = probed(room.desk)
        assert found.quality == "error"
        assert found.lines == (f"production/{WORST}: its logs could not be read: no answer in time",)


async def test_an_answer_that_came_stays_when_somebody_opens_that_pod_meanwhile() -> None:
    step = builders.a_step("Read all logs", "first", logs="pods namespace=production")
    runbook = builders.a_runbook(builders.a_checklist("first", step, kind="process"))
    async with war_room(troubled_desk(runbook=runbook), (120, 40)) as room:
        await room.press("c", "R")
        first, *others = (ask for ask in room.desk.asked if isinstance(ask, AskPod))
        assert others
        for ask in (first, AskPod("of somebody else", first.namespace, first.name), *others):
            answer = msgspec.structs.replace(a_pod_answer(), id=ask.id, namespace=ask.namespace, name=ask.name)
            room.desk.answer(answer)
            await room.repaint()
        (found,) = probed(room.desk)
        assert found.quality == "live"


async def test_nothing_is_entered_while_the_screen_shows_the_past() -> None:
    async with asked() as (room, ask):
        await room.press("space")
        room.desk.answer(msgspec.structs.replace(a_pod_answer(), id=ask.id))
        await room.repaint()
        assert probed(room.desk) == []
        await room.press("backslash")
        assert len(probed(room.desk)) == 1


async def test_where_no_pod_is_meant_that_is_the_evidence() -> None:
    desk = troubled_desk(runbook=RUNBOOK)
    desk.tell("pods", [builders.a_pod("cart-1", owner="cart")], at=NOW)
    async with war_room(desk, (120, 40)) as room:
        await room.press("c")
        assert "no pod is meant now" in flat(room.text)
        await room.press("R")
        assert desk.asked == []
        assert [event.lines for event in probed(desk)] == [("no pod is what was asked for",)]
