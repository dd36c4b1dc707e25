"""The last line of every screen: the way back that works there, and no hint for the key of the screen itself."""

from __future__ import annotations

import pytest

from tests.tui.harness import SIZES, Room, troubled_desk, war_room
from tests.tui.papers import a_full_runbook
from wfconsole.tui.screens.overview import Overview

# The keys that lead to a screen, by the hint that would lead there again.
OWN_HINTS = {
    "c checklist": "c",
    "t timeline": "t",
    "a triage": "a",
    "h brief": "h",
    "m messages": "m",
    "l ledger": "l",
    "d contacts": "d",
    "p post-mortem": "p",
    "r replays": "r",
    "w wall": "w",
    "x axis": "x",
    "e sources": "e",
    "A actions": "A",
}
OTHERS = ("1", "3", "3 enter", "3 i", "5 enter", "question_mark question_mark")


async def opened(room: Room, keys: str) -> str:
    await room.press(*keys.split())
    assert not isinstance(room.app.screen, Overview)
    return f"{room.lines[-1].rstrip()}  "


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("keys", [*OWN_HINTS.values(), *OTHERS])
async def test_every_screen_says_the_way_back_and_it_works(keys: str, size: tuple[int, int]) -> None:
    async with war_room(troubled_desk(runbook=a_full_runbook()), size) as room:
        assert "  0 overview  " in await opened(room, keys)
        await room.press("0")
        assert isinstance(room.app.screen, Overview)
        assert "0 overview" not in room.lines[-1]


@pytest.mark.parametrize("hint", OWN_HINTS)
async def test_no_screen_hints_at_its_own_key(hint: str) -> None:
    wide = (400, 60)
    async with war_room(troubled_desk(runbook=a_full_runbook()), wide) as room:
        assert f"  {hint}  " in f" {room.lines[-1].rstrip()}  ", "elsewhere it is told"
        assert f"  {hint}  " not in f" {await opened(room, OWN_HINTS[hint])}"
