"""The pod screen: the logs of what fails first, each line with its time, and the end of the one that is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Room, a_pod_answer, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.answers import LogTail
from wfconsole.observations.pods import ContainerRow
from wfconsole.tui.screens.pod import PodText

BEGAN = NOW - 2 * MINUTE


def a_log(container: str, *, previous: bool = False) -> LogTail:
    """A hundred lines, a second apart."""
    run = "old" if previous else "new"
    lines = tuple(f"{container} {run} {number}" for number in range(100))
    return LogTail(container, previous, lines, tuple(BEGAN + number * SECOND for number in range(100)))


LOGS = (a_log("sidecar"), a_log("app"), a_log("app", previous=True))


def boxes() -> tuple[ContainerRow, ...]:
    sidecar = builders.a_container("sidecar", ready=True, state="running")
    return sidecar, builders.a_container("app", state="waiting", reason="CrashLoopBackOff", restarts=14)


@asynccontextmanager
async def pod_screen() -> AsyncIterator[tuple[Room, PodText]]:
    desk = troubled_desk()
    desk.answer(a_pod_answer(containers=boxes(), logs=LOGS))
    async with war_room(desk) as room:
        room.app.open_row("pods", "production/gateway-7d9f6c-2xk0")
        await room.repaint()
        yield room, room.app.screen.query_one(PodText)


def last_line(text: PodText) -> str:
    return "".join(span.text for span in text.lines[-1]).strip()


def first_line(text: PodText) -> str:
    return "".join(span.text for span in text.lines[0]).strip()


async def test_the_failing_container_comes_first_and_of_it_the_run_before() -> None:
    async with pod_screen() as (room, text):
        for heading in ("LOG app (the run before)", "LOG app", "LOG sidecar"):
            while not first_line(text).partition("   ")[0].endswith(f"{heading} last 100 lines"):
                top = text.top
                await room.press("n")
                assert text.top > top, f"{heading} is not reached from {first_line(text)}"


async def test_a_line_of_a_log_stands_behind_its_time() -> None:
    async with pod_screen() as (room, text):
        await room.press("end")
        assert last_line(text) == "14:31:46  sidecar new 99"


async def test_follow_keeps_to_the_log_that_is_looked_at() -> None:
    async with pod_screen() as (room, text):
        await room.press("f")
        assert last_line(text).endswith("app new 99"), "at the top it is the run of the failing container that goes on"
        assert "following app " in room.text
        await room.press("home", "n")
        while "the run before" not in first_line(text):
            await room.press("n")
        await room.press("f")
        assert last_line(text).endswith("app old 99")
        await room.press("f", "n", "n", "f")
        assert last_line(text).endswith("sidecar new 99")


async def test_what_comes_in_is_followed_in_its_log() -> None:
    async with pod_screen() as (room, text):
        await room.press("f")
        more = a_log("app")
        grown = LogTail("app", False, (*more.lines, "one more"), (*more.lines_at, NOW))
        room.desk.answer(a_pod_answer(containers=boxes(), logs=(LOGS[0], grown, LOGS[2])))
        await room.repaint()
        assert last_line(text).endswith("one more")


async def test_a_short_log_at_the_end_can_be_gone_to() -> None:
    async with pod_screen() as (room, text):
        short = LogTail("sidecar", lines=("only this",), lines_at=(NOW,))
        room.desk.answer(a_pod_answer(containers=boxes(), logs=(short, *LOGS[1:])))
        await room.repaint()
        for _ in range(9):
            await room.press("n")
        assert "LOG sidecar" in first_line(text)
        await room.press("pagedown")
        assert "LOG sidecar" in first_line(text), "there is nothing below it"
        await room.press("end")
        assert last_line(text).endswith("only this")
        assert text.top + text.size.height == len_of(text)


def len_of(text: PodText) -> int:
    return int(text.place().rpartition("/")[2])


async def test_enter_is_not_said_to_open_anything() -> None:
    async with pod_screen() as (room, _):
        assert "Enter open" not in room.lines[-1]
