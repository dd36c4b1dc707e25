"""The timeline: newest first, by kind, by word; what is marked, copied and corrected."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tests import builders
from tests.terminal.hostile import HOSTILE
from tests.tui.harness import Desk, Room, quiet_desk, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import MINUTE
from wfconsole.incident.events import EntryAmended, EntryStarred, EntryWithdrawn, NoteAdded
from wfconsole.observations.levels import Level
from wfconsole.session.view import View
from wfconsole.text import is_safe
from wfconsole.tui import compat
from wfconsole.tui.screens.note import note_of
from wfconsole.tui.screens.timeline import Entries


def entries(room: Room) -> Entries:
    return room.app.screen.query_one(Entries)


def rows(room: Room) -> list[str]:
    """The rows with an entry."""
    return [line for line in room.lines[4:-1] if re.search(r"\d\d:\d\d:\d\d [A-Z]{4}", line)]


async def test_the_newest_entry_is_first_and_spelled_out() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("t")
        assert "PROBE" in rows(room)[0]
        assert "2026-03-01 14:30:27Z by op1" in room.text
        assert re.search(r"entry [0-9a-f]{8}", room.text)


async def test_v_shows_one_kind_after_the_other() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("t", "v")
        assert "[decisions]" in room.lines[2]
        assert {line[22:31].strip() for line in rows(room)} == {"DECISION", "DECLARE"}
        await room.press("v", "v", "v", "v")
        assert "[people]" in room.lines[2]
        assert {line[22:31].strip() for line in rows(room)} == {"FACT"}
        await room.press("v", "v", "v", "v")
        assert "[marked]" in room.lines[2]
        assert "no entries of this kind: marked" in room.text
        await room.press("v", "v")
        assert "[all]" in room.lines[2]


async def test_an_entry_is_marked_for_the_post_mortem_and_the_mark_taken_off() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("t", "M")
        entry = entries(room).key
        assert desk.submitted == [EntryStarred(entry, True)]
        assert "*" in rows(room)[0]
        await room.press("M")
        assert desk.submitted[-1] == EntryStarred(entry, False)


async def test_words_filter_and_esc_brings_all_back() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("t", "slash", *"pay")
        assert len(rows(room)) == 1
        await room.press("enter")
        assert "/ pay" in room.text
        await room.press("escape")
        assert len(rows(room)) > 5


async def test_the_cursor_follows_the_newest_until_it_is_moved_and_again_when_asked() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("t")
        desk.session.submit(NoteAdded("one"))
        await room.repaint()
        assert entries(room).line().text == "one"  # type: ignore[union-attr]
        await room.press("n")
        moved_to = entries(room).key
        desk.session.submit(NoteAdded("two"))
        await room.repaint()
        assert entries(room).key == moved_to
        await room.press("f")
        assert entries(room).line().text == "two"  # type: ignore[union-attr]
        await room.press("f")
        desk.session.submit(NoteAdded("three"))
        await room.repaint()
        assert entries(room).line().text == "two"  # type: ignore[union-attr]


async def test_what_is_copied_goes_to_the_terminal_and_into_a_file(tmp_path: Path) -> None:
    clip = tmp_path / "clip.txt"
    async with war_room(troubled_desk(), clip_file=clip) as room:
        await room.press("t", "y")
        assert clip.read_text(encoding="utf-8").startswith("2026-03-01 14:30:27Z PROBE op1: Find the worst workload")
        assert room.app.clipboard.startswith("2026-03-01")
        assert str(clip)[:20] in room.text


async def test_a_corrected_entry_shows_both() -> None:
    desk = troubled_desk()
    note = desk.session.submit(NoteAdded("3 of 12 are down"))
    desk.session.submit(EntryAmended(note.id, "2 of 12 are down"))
    async with war_room(desk) as room:
        await room.press("t", "n")
        assert "2 of 12 are down" in rows(room)[1]
        assert "first written: 3 of 12 are down" in room.text


async def test_a_withdrawn_entry_stays_and_says_so() -> None:
    desk = troubled_desk()
    note = desk.session.submit(NoteAdded("wrong"))
    desk.session.submit(EntryWithdrawn(note.id))
    async with war_room(desk) as room:
        await room.press("t")
        assert "withdrawn: wrong" in room.text


async def test_an_entry_that_is_not_on_disk_yet_has_a_hollow_mark() -> None:
    class Slow(Desk):
        def view(self) -> View:
            view = super().view()
            return msgspec.structs.replace(view, pending=frozenset(view.incident.lines))

    desk = Slow()
    desk.session.submit(NoteAdded("on its way"))
    async with war_room(desk) as room:
        await room.press("t")
        assert rows(room)[0].startswith("►…")


async def test_a_long_entry_is_wrapped_where_it_is_spelled_out() -> None:
    desk = troubled_desk()
    words = " ".join(f"word{number}" for number in range(60))
    desk.session.submit(NoteAdded(words))
    async with war_room(desk) as room:
        await room.press("t")
        assert words in flat(room.text)


async def test_one_flapping_condition_is_one_row_with_a_count() -> None:
    desk = quiet_desk()
    for count in range(1, 4):
        desk.session.submit(builders.noticed(phase="again" if count > 1 else "began", count=count), actor="scribe")
    async with war_room(desk) as room:
        await room.press("t")
        assert len(rows(room)) == 1
        assert "x3" in rows(room)[0]


async def test_a_condition_that_is_over_says_so_and_since_when() -> None:
    desk = quiet_desk()
    desk.session.submit(builders.noticed(level=Level.CRITICAL), actor="scribe")
    desk.clock.advance(MINUTE)
    desk.session.submit(builders.noticed(phase="ended"), actor="scribe")
    async with war_room(desk) as room:
        await room.press("t")
        assert "over 2026-03-01 14:33:07Z" in room.text


async def test_the_next_urgent_thing_leads_to_its_entry() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        while "9 TIMELINE" not in room.lines[2]:
            await room.press("u")
        line = entries(room).line()
        assert line is not None
        assert line.kind == "ALERT"


async def test_a_timeline_of_a_long_night_can_be_gone_through_to_both_ends() -> None:
    desk = troubled_desk()
    for number in range(2_000):
        desk.session.submit(NoteAdded(f"note {number}"))
    async with war_room(desk) as room:
        await room.press("t", "end")
        assert "CHANGE" in rows(room)[-1]
        await room.press("home", "pagedown")
        assert "note 1982" in rows(room)[-1]


async def test_hostile_words_are_shown_as_they_are_and_copied_harmlessly() -> None:
    desk = troubled_desk()
    for hostile in HOSTILE.values():
        note = note_of(hostile)
        if note is not None:
            desk.session.submit(note)
    async with war_room(desk, (120, 60)) as room:
        await room.press("t")
        shown = room.text
        for _ in range(3):
            await room.press("pagedown", "y")
            shown += room.text
            assert is_safe(room.app.clipboard)
        assert compat.guard_filter(room.app).hits == 0
        assert shown.count("zq") > len(HOSTILE)
        assert "zq[/]" in shown
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
