"""The post-mortem as it would be written now: its gaps, and a note that fills one."""

from __future__ import annotations

from collections.abc import Callable

from tests.builders import NOW
from tests.tui.harness import Room, quiet_desk, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.incident.events import NoteAdded
from wfconsole.tui.screens.post_mortem import AT_ONCE, Draft


def draft(room: Room) -> Draft:
    return room.app.screen.query_one(Draft)


async def test_it_is_written_from_the_record_and_counts_its_gaps() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("p")
        assert "# Post-mortem: checkout errors: gateway rollout" in room.text
        assert f"{len(draft(room).gaps)} gaps" in room.lines[2]
        assert len(draft(room).gaps) > 3


async def test_n_goes_from_gap_to_gap_and_b_back() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("p", "n")
        first, count = draft(room).key, len(draft(room).gaps)
        assert int(first) == draft(room).gaps[0]
        assert room.lines[-1].strip() == f"gap 1 of {count}: Enter opens a note that fills it"
        await room.press("n")
        assert int(draft(room).key) == draft(room).gaps[1]
        assert f"gap 2 of {count}" in room.lines[-1]
        await room.press("b")
        assert draft(room).key == first
        assert f"gap 1 of {count}" in room.lines[-1]
        await room.press("b")
        assert "no gap before this" in room.text


async def test_n_goes_through_the_gaps_that_a_filter_leaves_and_promises_no_note_where_none_fills_one() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("p", "slash", *"gap", "space", *"whole", "enter", "home", "n")
        assert room.lines[-1].strip() == "no gap further on"
        await room.press("escape", "slash", *"gap", "enter", "home")
        told = []
        for _ in draft(room).gaps[1:]:
            await room.press("n")
            told.append(room.lines[-1].strip())
        assert [words.split(":")[0] for words in told] == [
            f"gap {place} of {len(draft(room).gaps)}" for place in range(2, len(draft(room).gaps) + 1)
        ]
        fillable = [bool(draft(room).fills(number)) for number in draft(room).gaps[1:]]
        assert [words.endswith("Enter opens a note that fills it") for words in told] == fillable
        assert not all(fillable)


async def test_enter_on_a_gap_opens_a_note_that_fills_it() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("p", "n")
        before = len(draft(room).gaps)
        await room.press("enter")
        assert "> impact: " in room.text
        await room.press(*"nobody", "space", *"paid", "enter")
        note = desk.submitted[0]
        assert isinstance(note, NoteAdded)
        assert note.text == "impact: nobody paid"
        assert len(draft(room).gaps) == before - 2  # in the summary, and who was affected
        assert "nobody paid (op1" in flat(room.text)


async def test_each_gap_that_a_note_can_fill_begins_it() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("p")
        begun = [draft(room).fills(number) for number in draft(room).gaps]
        assert {"impact: ", "root cause: ", "went well: ", "action: ", "lesson: "} <= set(begun)


async def test_enter_elsewhere_says_what_it_is_for() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("p", "enter")
        assert "opens a note that fills it" in room.text


async def test_the_arrows_go_line_by_line() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("p", "down", "down")
        assert draft(room).key == "2"


async def test_a_long_one_is_written_beside_the_keyboard_and_follows_the_record() -> None:
    desk = troubled_desk()
    for number in range(AT_ONCE):
        desk.happen(NoteAdded(f"note {number}"), NOW)
    async with war_room(desk) as room:
        await room.press("p")
        await settle(room, lambda: bool(draft(room).gaps))
        before = len(draft(room).gaps)
        await room.press("n", "enter", *"nobody", "enter")
        await settle(room, lambda: len(draft(room).gaps) == before - 2)
        assert "nobody (op1" in flat(room.text)


async def settle(room: Room, condition: Callable[[], bool]) -> None:
    """Let the application work until it is so."""
    for _ in range(2_000):
        if condition():
            return
        await room.pilot.pause(0.005)
    raise AssertionError("it never came")


async def test_without_an_incident_there_is_nothing_to_write() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("p")
        assert "nothing to write" in room.text


async def test_who_only_looks_fills_no_gap() -> None:
    desk = troubled_desk(change=False)
    async with war_room(desk) as room:
        await room.press("p", "n", "enter")
        assert "this console only looks" in room.text
        assert desk.submitted == []
