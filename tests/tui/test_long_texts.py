"""Long texts of strangers: a few rows in their place, with what is left out, and all of it behind `i`."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.tui.harness import SIZES, Desk, Room, a_pod_answer, troubled_desk, war_room, whole_text
from wfconsole.observations.answers import LogTail
from wfconsole.text import LIMIT, safe
from wfconsole.tui.panes.long_texts import LOG_LINE_CELLS, MESSAGE_CELLS, in_place
from wfconsole.tui.screens.pod import PodText

LONG = safe(" ".join(f"word-{number:04}" for number in range(1_000)))  # what a source makes of 10,000 characters


def a_desk(**answer: Any) -> Desk:
    desk = troubled_desk()
    desk.answer(a_pod_answer(**answer))
    return desk


async def open_pod(room: Room) -> PodText:
    await room.press("3", "j", "j", "j", "enter")
    return room.app.screen.query_one(PodText)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_message_of_ten_thousand_characters_leaves_room_for_the_rest(size: tuple[int, int]) -> None:
    box = builders.a_container(state="terminated", reason="Error", exit_code=1, message=LONG)
    async with war_room(a_desk(containers=(box,)), size) as room:
        text = await open_pod(room)
        await room.press("n")
        assert "word-0000" in room.text
        assert f"{len(LONG) - MESSAGE_CELLS + 1:,} characters more   i shows all of it" in room.text
        assert "CONDITIONS" in room.text, "the next section is on the same screen"
        assert text._total < 90


@pytest.mark.parametrize(
    "answer",
    [
        {"containers": (builders.a_container(message=LONG),)},
        {"conditions": (f"Ready False: {LONG}",)},
        {"events": (builders.an_event(message=LONG),)},
        {"logs": (LogTail("app", lines=("short", LONG)),)},
    ],
    ids=lambda answer: next(iter(answer)),
)
async def test_i_shows_the_whole_of_whatever_was_cut_short(answer: dict[str, Any]) -> None:
    async with war_room(a_desk(**({"logs": (), "events": ()} | answer))) as room:
        await open_pod(room)
        assert "word-0800" not in await whole_text(room)
        await room.press("i")
        said = await whole_text(room)
        assert "WHOLE TEXTS" in said
        assert "word-0000" in said
        assert "word-0800" in said, "up to where the source cut it"


async def test_the_whole_text_of_a_pod_that_is_gone_is_there_too() -> None:
    desk = a_desk(containers=(builders.a_container(message=LONG),))
    async with war_room(desk) as room:
        await open_pod(room)
        desk.tell("pods", [])
        await room.press("i")
        assert "word-0800" in await whole_text(room)


async def test_what_is_short_is_whole_where_it_stands() -> None:
    async with war_room(a_desk()) as room:
        await open_pod(room)
        assert "characters more" not in await whole_text(room)
        await room.press("i")
        assert "WHOLE TEXTS" not in await whole_text(room)


@pytest.mark.parametrize("most", [MESSAGE_CELLS, LOG_LINE_CELLS])
def test_the_bound_is_in_cells_and_what_is_left_out_is_counted_in_characters(most: int) -> None:
    assert len(in_place("  ", "x" * most, most=most)) == 1
    first, more = in_place("  ", "字" * most, most=most)
    shown = len(first[1].text) - 1
    assert shown == (most - 1) // 2
    left_out = "".join(char for char in more[0].text if char.isdigit())
    assert int(left_out) == most - shown
    assert len(LONG) <= LIMIT
