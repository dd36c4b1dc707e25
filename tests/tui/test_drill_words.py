"""A drill is never taken for the real thing, at no size, and says when its world waits."""

from __future__ import annotations

import pytest

from tests.tui.harness import SIZES, Desk, war_room
from wfconsole.session.view import DrillStanding


@pytest.mark.parametrize("size", [*SIZES, (60, 15)])
async def test_the_first_word_is_drill_at_every_size(size: tuple[int, int]) -> None:
    async with war_room(Desk(drill="plays"), size=size) as room:
        assert "► DRILL" in room.lines[0]
        assert "LIVE" not in "\n".join(room.lines)
        assert "stands still" not in "\n".join(room.lines)


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ("stands still", "► DRILL world stands still: act"),
        ("is over", "► DRILL world stands still: its recording is over"),
    ],
)
@pytest.mark.parametrize("size", [(100, 30), *SIZES])
async def test_a_world_that_waits_says_so(standing: DrillStanding, words: str, size: tuple[int, int]) -> None:
    async with war_room(Desk(drill=standing), size=size) as room:
        assert words in "\n".join(room.lines)


async def test_while_one_looks_back_in_a_drill_both_are_said() -> None:
    async with war_room(Desk(drill="stands still"), size=(120, 40)) as room:
        await room.press("space")
        assert "FROZEN" in room.lines[0]
        assert " DRILL " in room.lines[0]


async def test_leaving_it_says_what_becomes_of_it() -> None:
    async with war_room(Desk(drill="plays"), size=(120, 40)) as room:
        await room.press("Q")
        text = "\n".join(room.lines)
        assert "The drill ends, and how it went is told." in text
        assert "wfconsole resume" not in text
