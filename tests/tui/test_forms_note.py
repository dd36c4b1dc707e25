"""A note in seconds, leaving, and what can be taken back."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW
from tests.tui.harness import Desk, quiet_desk, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import EntryWithdrawn, NoteAdded, StatusChanged
from wfconsole.session.view import JournalView, View
from wfconsole.tui.screens.note import note_of
from wfconsole.tui.screens.overview import Overview


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("d roll back", "decision", "roll back"),
        ("f users see 503", "fact", "users see 503"),
        ("h a bad image", "hypothesis", "a bad image"),
        ("users see 503", "note", "users see 503"),
        ("d", "note", "d"),
        ("  d  ", "note", "d"),
        ("do it", "note", "do it"),
    ],
)
def test_one_letter_in_front_says_what_kind_of_note_it_is(typed: str, kind: str, text: str) -> None:
    note = note_of(typed)
    assert note is not None
    assert (note.kind, note.text) == (kind, text)


def test_an_empty_line_is_no_note() -> None:
    assert note_of("   ") is None


async def test_a_note_has_the_time_of_the_key_however_long_the_writing_takes() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("N")
        assert "NOTE 14:32:07Z" in room.text
        desk.clock.advance(40 * SECOND)
        await room.press("f", "space", *"down", "enter")
        assert desk.submitted == [NoteAdded("down", "fact", at_time=NOW)]
        assert "14:32:07 FACT" in room.text


async def test_an_empty_note_is_not_saved() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("N", "enter")
        assert "nothing is written yet" in room.text
        assert desk.submitted == []


async def test_a_note_on_a_row_says_what_it_is_about() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("5", "N", *"full", "enter")
        note = desk.submitted[0]
        assert isinstance(note, NoteAdded)
        assert note.about.startswith("node")


async def test_while_the_screen_is_frozen_a_note_speaks_of_what_it_shows_and_nothing_else_is_changed() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("space")
        desk.clock.advance(MINUTE)
        await room.press("N")
        assert "the instant on show" in room.text
        await room.press(*"slow", "enter")
        assert desk.submitted == [NoteAdded("slow", at_time=NOW)]
        await room.press("D")
        assert isinstance(room.app.screen, Overview)
        assert "the screen shows 14:32:07Z, not now" in room.text


async def test_the_last_change_is_taken_back_within_ten_seconds() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("N", *"wrong", "enter")
        assert "Z takes it back" in room.text
        entry = desk.session.entries[-1]
        await room.press("Z")
        assert desk.submitted[-1] == EntryWithdrawn(entry.id)
        assert desk.view().incident.lines[entry.id].withdrawn
        await room.press("Z")
        assert "nothing to take back" in room.text
        assert len(desk.submitted) == 2


async def test_after_ten_seconds_only_a_correction_is_left() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("N", *"wrong", "enter")
        desk.clock.advance(10 * SECOND + 1)
        await room.press("Z")
        assert "too late" in room.text
        assert len(desk.submitted) == 1


async def test_a_declaration_is_not_taken_back() -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await room.press("D", *"down", "enter", "enter", "enter", "enter", "Z")
        assert "nothing to take back" in room.text
        assert desk.view().incident.declared


# --- leaving


async def test_leaving_asks_and_staying_has_the_focus() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("Q")
        assert "INC-20260301-1420 stays open and its clocks go on" in room.text
        assert "wfconsole resume" in room.text
        await room.press("enter")
        assert isinstance(room.app.screen, Overview)
        assert room.app.return_code is None


async def test_leaving_ends_the_console_without_an_error() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("Q")
        assert "No incident is open." in room.text
        await room.press("down", "enter")
        assert room.app.return_code == 0


async def test_leaving_says_what_is_not_safe_yet() -> None:
    class Unsafe(Desk):
        def view(self) -> View:
            journal = JournalView(condition="memory-only", reason="no space left")
            return msgspec.structs.replace(super().view(), pending=frozenset("ab"), journal=journal)

    desk = Unsafe()
    async with war_room(desk) as room:
        await room.press("Q")
        assert "2 entries are not on disk yet" in room.text
        assert "memory only (no space left)" in room.text


async def test_a_resolved_incident_can_be_left_without_a_warning() -> None:
    desk = troubled_desk()
    desk.happen(StatusChanged("resolved", "over"), NOW)
    async with war_room(desk) as room:
        await room.press("Q")
        assert "is resolved; `wfconsole export INC-20260301-1420`" in room.text


# --- observer


async def test_an_observer_changes_nothing_and_leaving_that_asks() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("O", "N")
        assert isinstance(room.app.screen, Overview)
        assert "observer: read-only" in room.text
        await room.press("O")
        assert "LEAVE OBSERVER MODE" in room.text
        await room.press("enter")
        assert room.app.observer
        await room.press("O", "down", "enter")
        assert not room.app.observer


async def test_a_console_that_was_opened_to_look_cannot_leave_it() -> None:
    desk = troubled_desk(change=False)
    async with war_room(desk, observer=True) as room:
        await room.press("O")
        assert isinstance(room.app.screen, Overview)
        assert "cannot change anything, observer or not: this console only looks" in room.lines[-1]
        assert room.app.observer


async def test_what_was_entered_is_said_as_far_as_the_line_has_room() -> None:
    words = "the gateway answers 503 since the rollout of two minutes ago"
    async with war_room(troubled_desk(), (120, 40)) as room:
        await room.press("N", "f", "space", *(letter if letter != " " else "space" for letter in words), "enter")
        assert f"fact: {words}   Z takes it back" in room.lines[-1]
    async with war_room(troubled_desk()) as room:
        await room.press("N", "f", "space", *(letter if letter != " " else "space" for letter in words), "enter")
        assert "fact: the gateway answers 503 since" in room.lines[-1]
        assert "… " in room.lines[-1]
        assert "Z takes it back, for 10 s" in room.lines[-1]
