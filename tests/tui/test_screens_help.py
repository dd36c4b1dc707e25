"""Help: on one screen at 80x24 with nothing cut, with the keys as they are; and the list of everything."""

from __future__ import annotations

import pytest

from tests.tui.harness import SIZES, Room, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.tui.action_names import ACTIONS
from wfconsole.tui.commands import COMMANDS
from wfconsole.tui.screens.help_list import PLACES, HelpScreen
from wfconsole.tui.screens.overview import Overview


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_all_of_it_is_on_one_screen_and_nothing_is_cut(size: tuple[int, int]) -> None:
    async with war_room(troubled_desk(), size) as room:
        for place in ("0", "c", "t", "e", "3"):
            await room.press(place, "question_mark")
            box = room.app.screen.query_one("#form")
            assert box.region.bottom <= size[1]
            assert box.virtual_size.height <= box.size.height
            rows = [line[box.region.x : box.region.right] for line in room.lines[box.region.y : box.region.bottom]]
            assert not [row for row in rows if "…" in row]
            for words in ("zoom", "declare", "undo", "take evidence", "hand over", "quit (asks)", "freeze/play"):
                assert words in "\n".join(rows)
            await room.press("escape")


async def test_it_shows_every_state_with_its_symbol_and_its_word() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("question_mark")
        for state in ("■ CRIT", "▲ WARN", "◆ WATCH", "· ok", "≈ STALE", "? UNKN", "× DENIED", "! ERROR", "% PART"):
            assert state in room.text


async def test_it_names_the_place_and_its_own_keys() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("c", "question_mark")
        assert "HELP: checklist" in room.text
        assert "HERE R run  X done  W waive  E defer  C command" in room.text


@pytest.mark.parametrize("place", ["c", "t", "e", "3"])
async def test_it_says_how_to_copy_wherever_that_can_be_done(place: str) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press(place, "question_mark")
        assert "y copy" in next(line for line in room.lines if "HERE" in line)


async def test_the_keys_are_those_that_a_user_has_moved() -> None:
    async with war_room(troubled_desk(), keymap={"note": "J", "help": "h"}) as room:
        await room.press("h")
        assert "J note" in room.text
        assert "h again: every key and command" in room.text
        await room.press("h")
        assert isinstance(room.app.screen, HelpScreen)


async def test_it_says_why_nothing_can_be_changed() -> None:
    async with war_room(troubled_desk(change=False)) as room:
        await room.press("question_mark")
        assert "No changes now: this console only looks" in room.text


@pytest.mark.parametrize("key", ["escape", "backspace", "0", "enter"])
async def test_it_closes_with_any_of_the_keys_that_go_back(key: str) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("question_mark")
        assert len(room.app.screen_stack) == 2
        await room.press(key)
        assert isinstance(room.app.screen, Overview)


async def test_the_same_key_again_lists_every_key_and_every_command() -> None:
    async with war_room(troubled_desk(), (200, 60)) as room:
        await room.press("question_mark", "question_mark")
        keys = room.app.screen.query_one("#body")
        listed = set(keys.stack.spans)  # type: ignore[attr-defined]
        assert listed == {action.id for action in ACTIONS} | {f":{name}" for name in COMMANDS}


async def shown(room: Room) -> set[str]:
    return set(room.app.screen.query_one("#body").stack.spans)  # type: ignore[attr-defined]


async def test_the_list_is_searched_by_word() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("colon", *"help", "space", *"severity", "enter")
        assert {":declare", ":sev"} <= await shown(room)
        assert len(await shown(room)) < 10
        assert ":sev 1-4 REASON" in room.text
        await room.press("slash", *([*"x"]), "enter")
        assert "nothing matches" in room.text


async def test_what_changes_the_record_says_so_in_the_list() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("colon", *"help", "space", *"waive", "enter")
        assert "CHANGES waive the step, with a reason [step-waived]" in flat(room.text)


def test_every_place_where_a_key_works_has_words() -> None:
    assert {action.where for action in ACTIONS} <= set(PLACES)
