"""What people say in the room: decisions, notes of then, corrections, pinned entries, hidden noise."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.builders import NOW
from tests.tui.harness import SIZES, Desk, Room, quiet_desk, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.events import (
    CommandEnded,
    CommandStarted,
    DecisionMade,
    EntryAmended,
    EntryHidden,
    EntryRedated,
    EntryStarred,
    FollowUpAdded,
    MessageQueued,
    NoteAdded,
    TaskGiven,
)
from wfconsole.times import Times
from wfconsole.tui.forms.fields import Field
from wfconsole.tui.screens.correct import CorrectForm
from wfconsole.tui.screens.decision import DecisionForm
from wfconsole.tui.screens.note import note_of
from wfconsole.tui.screens.timeline import VIEWS, Entries

BERLIN = Times("local", "Europe/Berlin")


def shows(room: Room, kind: type[Any]) -> bool:
    return isinstance(room.app.screen, kind)


def kinds(room: Room) -> set[str]:
    rows = [line for line in room.lines[4:-1] if re.search(r"\d\d:\d\d:\d\d [A-Z]{4}", line)]
    return {found[1] for line in rows if (found := re.search(r"\d\d:\d\d:\d\d ([A-Z]+)", line))}


async def command(room: Room, words: str) -> None:
    await room.press("colon", *words, "enter")


# --- decisions


@pytest.mark.parametrize("size", SIZES)
async def test_a_decision_has_a_proposal_objections_who_decided_how_and_why(size: tuple[int, int]) -> None:
    desk = troubled_desk()
    async with war_room(desk, size) as room:
        await room.press("J", *"scale to 12", "enter")
        await room.press(*"cost", "enter", *"the HPA pulls back", "enter", "enter")
        assert room.app.screen.query_one("#by", Field).words == "op1"
        await room.press(*"caz", "enter", "down", "enter", *"maximum first", "enter")
        made = DecisionMade("scale to 12", "caz", "rejected", ("cost", "the HPA pulls back"), "maximum first")
        assert desk.submitted == [made]
        await room.press("t")
        assert "DECISION" in room.text
        spelled = "scale to 12 (rejected, decided by caz); against it: cost; the HPA pulls back: maximum first"
        assert spelled in flat(room.text)


async def test_a_decision_needs_a_proposal_and_somebody_who_decided() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("J", "enter", "enter", "enter", "enter", "enter")
        assert "what was proposed?" in room.text
        form = room.app.screen
        form.query_one("#proposal", Field).value = "roll back"
        form.query_one("#by", Field).value = " "
        await room.press("enter")
        assert "who decided?" in room.text
    assert desk.submitted == []


async def test_an_objection_can_be_taken_back_and_one_that_is_still_in_the_field_counts() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("J", *"go", "enter", *"one", "enter", "backspace")
        assert room.app.screen.query_one("#against", Field).value == "one"
        await room.press("tab", "tab", "tab", "enter")
    assert desk.submitted == [DecisionMade("go", "op1", "agreed", ("one",))]


async def test_decide_is_the_commanders_and_without_words_asks() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await command(room, "decide roll back revision 7")
        assert desk.submitted == [DecisionMade("roll back revision 7", "op1")]
        await command(room, "decide")
        assert shows(room, DecisionForm)
    async with war_room(quiet_desk()) as room:
        await command(room, "decide go")
        assert "no incident is open" in room.text


# --- notes of then


@pytest.mark.parametrize(
    ("typed", "kind", "text", "at"),
    [
        ("14:05 users saw 503", "note", "users saw 503", NOW - 27 * MINUTE - 7 * SECOND),
        ("f 14:05 users saw 503", "fact", "users saw 503", NOW - 27 * MINUTE - 7 * SECOND),
        ("@-10m f users saw 503", "fact", "users saw 503", NOW - 10 * MINUTE),
        ("@T+10:00 h a bad image", "hypothesis", "a bad image", NOW - 8 * MINUTE - 40 * SECOND),
        ("@2026-02-28T23:50Z it began", "note", "it began", NOW - 14 * HOUR - 42 * MINUTE - 7 * SECOND),
        ("23:50 last night", "note", "last night", NOW - 14 * HOUR - 42 * MINUTE - 7 * SECOND),
        ("@nonsense is a word", "note", "@nonsense is a word", NOW),
        ("25:99 is no time", "note", "25:99 is no time", NOW),
        ("14:05", "note", "14:05", NOW),
    ],
)
async def test_a_time_in_front_says_of_when_a_note_speaks(typed: str, kind: str, text: str, at: Millis) -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("N", *typed)
        assert ("speaks of" in room.text) == (at != NOW)
        await room.press("enter")
    assert desk.submitted == [NoteAdded(text, kind, at_time=at)]  # type: ignore[arg-type]


async def test_a_note_of_then_stands_at_its_time_and_says_when_it_was_written() -> None:
    desk = troubled_desk()
    async with war_room(desk, (120, 40)) as room:
        await command(room, "note @14:05 users saw 503")
        await room.press("t", "slash", *"503", "enter")
        assert "14:05:00 NOTE" in room.text
        assert "(written 14:32)" in room.text
        assert "2026-03-01 14:05:00Z by op1 written at 2026-03-01 14:32:07Z" in flat(room.text)


async def test_a_note_that_took_seconds_to_write_says_nothing_of_it() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("N", *"slow")
        desk.clock.advance(40 * SECOND)
        await room.press("enter", "t")
        assert "written" not in room.text


def test_without_somebody_who_knows_times_the_words_stay_words() -> None:
    note = note_of("14:05 words")
    assert note is not None
    assert note.text == "14:05 words"


# --- corrections


async def test_enter_corrects_the_words_and_the_time_of_an_entry() -> None:
    desk = troubled_desk()
    note = desk.session.submit(NoteAdded("3 of 12 are down"))
    async with war_room(desk, (120, 40)) as room:
        await room.press("t", "enter")
        assert shows(room, CorrectForm)
        form = room.app.screen
        form.query_one("#text", Field).value = "2 of 12 are down"
        form.query_one("#time", Field).value = "14:20"
        form.query_one("#reason", Field).value = "the log says so"
        await room.press("enter", "enter", "enter")
        redated = EntryRedated(note.id, NOW - 12 * MINUTE - 7 * SECOND, "the log says so")
        assert desk.submitted == [EntryAmended(note.id, "2 of 12 are down"), redated]
        await room.press("slash", *"12 are", "enter", "end")
        assert "first written: 3 of 12 are down" in room.text
        assert "14:20:00Z by op1 written at 2026-03-01 14:32:07Z" in flat(room.text)


async def test_a_correction_that_corrects_nothing_or_is_yet_to_come_is_refused() -> None:
    desk = troubled_desk()
    desk.session.submit(NoteAdded("3 of 12 are down"))
    async with war_room(desk) as room:
        await room.press("t", "enter", "enter", "enter", "enter")
        assert "nothing is another" in room.text
        room.app.screen.query_one("#time", Field).value = "2026-03-02T00:00"
        await room.press("enter")
        assert "no time before now" in room.text
    assert desk.submitted == []


async def test_a_correction_can_be_taken_back() -> None:
    desk = troubled_desk()
    note = desk.session.submit(NoteAdded("3 of 12 are down"))
    async with war_room(desk) as room:
        await command(room, f"amend {note.id[:8]} wrong")
        await room.press("Z")
        await command(room, f"redate {note.id[:8]} 14:00 a slip")
        assert desk.submitted[-1] == EntryRedated(note.id, NOW - 32 * MINUTE - 7 * SECOND, "a slip")
        await room.press("Z")
    line = desk.view().incident.lines[note.id]
    assert (line.amended, line.at, line.written_at) == ("", NOW, 0)


async def test_redate_says_what_is_wrong_with_it() -> None:
    desk = troubled_desk()
    note = desk.session.submit(NoteAdded("x"))
    async with war_room(desk) as room:
        await command(room, f"redate {note.id[:8]} soon")
        assert "no time: 'soon'" in room.text
        await room.press("escape")
        await command(room, "redate zzzz 14:00")
        assert "usage: :redate" in room.text
    assert desk.submitted == []


# --- pinned, hidden, kinds


async def test_marked_entries_stay_above_the_list() -> None:
    desk = troubled_desk()
    for number in range(5):
        note = desk.session.submit(NoteAdded(f"number {number}"))
        desk.session.submit(EntryStarred(note.id, True))
    for _ in range(40):
        desk.session.submit(NoteAdded("noise"))
    async with war_room(desk) as room:
        await room.press("t", "end")
        above = "\n".join(room.lines[4:7])
        assert all(f"number {number}" in above for number in (4, 3, 2))
        assert "2 more marked" in room.text
        await room.press("slash", *"noise")
        assert "number 4" not in room.text


async def test_noise_is_hidden_from_every_list_and_one_view_shows_it() -> None:
    desk = troubled_desk()
    note = desk.session.submit(NoteAdded("a sneeze"))
    async with war_room(desk) as room:
        await room.press("t", "I")
        assert desk.submitted == [EntryHidden(note.id, True)]
        assert "hidden here and in the post-mortem" in room.text
        assert "a sneeze" not in room.text
        assert "1 hidden" in room.lines[2]
        await room.press("0")
        assert "a sneeze" not in room.text
        await room.press("t")
        entries = room.app.screen.query_one(Entries)
        while entries.view != "hidden":
            await room.press("v")
        assert "a sneeze" in room.text
        await room.press("I")
        assert "no entries of this kind: hidden" in room.text
        assert "a sneeze" not in "\n".join(room.lines[4:])
        await command(room, f"hide {note.id[:8]}")
        assert "a sneeze" in room.text
    assert [event for event in desk.submitted if isinstance(event, EntryHidden)][-1] == EntryHidden(note.id, True)


def room_events(desk: Desk) -> None:
    desk.session.submit(TaskGiven("t1", "look at the pool", "caz", NOW + MINUTE))
    desk.session.submit(FollowUpAdded("f1", "alert on the pool"))
    desk.session.submit(CommandStarted("c1", "kubectl get pods"))
    desk.session.submit(CommandEnded("c1", "exit", took_ms=100))
    desk.session.submit(MessageQueued("m1", "update", "slack", "we look"))
    desk.session.submit(DecisionMade("wait", "op1"))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("tasks", {"TASK", "FOLLOW"}),
        ("actions", {"ACTION"}),
        ("comms", {"COMMS"}),
        ("decisions", {"DECISION", "DECLARE"}),
    ],
)
async def test_every_kind_of_the_room_has_its_view(view: str, expected: set[str]) -> None:
    desk = troubled_desk()
    room_events(desk)
    async with war_room(desk) as room:
        await room.press("t")
        entries = room.app.screen.query_one(Entries)
        while entries.view != view:
            await room.press("v")
        assert kinds(room) == expected


def test_every_kind_that_an_entry_may_have_is_in_one_view() -> None:
    known = "ALERT PROBE FACT HYPOTH DECISION ACTION COMMS ROLE NOTE MARK AMEND DECLARE STATE STEP SOURCE CHANGE TASK"
    listed = [kind for named in VIEWS.values() for kind in named]
    assert sorted(listed) == sorted((*known.split(), "FOLLOW"))


async def test_the_view_on_show_is_named_at_every_width() -> None:
    desk = troubled_desk()
    for size in SIZES:
        async with war_room(desk, size) as room:
            await room.press("t")
            for view in VIEWS:
                assert f"[{view}]" in room.lines[2]
                await room.press("v")


# --- how times are written


async def test_one_key_writes_times_as_local_iso_and_utc_again() -> None:
    desk = troubled_desk()
    async with war_room(desk, (120, 40), times=Times("utc", "Europe/Berlin")) as room:
        await room.press("t")
        assert "14:32:07Z" in room.lines[0]
        await room.press("o")
        assert "15:32:07 CET" in room.lines[0]
        assert "CET" in room.lines[3]
        assert "2026-03-01 15:30:27 CET by op1" in room.text
        assert "the record stays in UTC" in room.text
        await room.press("o")
        assert "2026-03-01T14:32:07Z" in room.lines[0]
        assert "2026-03-01T14:30:27Z PROBE" in room.text
        await room.press("o")
        assert "14:32:07Z" in room.lines[0]
        assert "T14:" not in room.text
    assert desk.submitted == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["0", "t", "c", "x", "d", "p", "3", "7", "e"])
async def test_no_screen_writes_utc_where_local_is_asked_for(size: tuple[int, int], key: str) -> None:
    """Now is 14:32 in UTC, which in Auckland is the next day: no time of the last hour looks like one of there."""
    desk = troubled_desk()
    async with war_room(desk, size, times=Times("local", "Pacific/Auckland")) as room:
        await room.press(key)
        assert re.search(r"03:32:07 NZDT", room.lines[0])
        body = "\n".join(line for line in room.lines[2:] if "14:13:27Z" not in line)  # the words of a probe, as taken
        if key != "p":  # the post-mortem is the record's own text
            assert not re.search(r"\b14:[0-3]\d:\d\d\b", body)


async def test_what_is_typed_is_read_as_it_is_shown() -> None:
    desk = troubled_desk()
    async with war_room(desk, times=BERLIN) as room:
        await room.press("N", *"15:05 users", "enter")
        await command(room, "moment started 14:05Z the log")
    note, moment = desk.submitted
    assert note == NoteAdded("users", at_time=NOW - 27 * MINUTE - 7 * SECOND)
    assert moment.at_time == NOW - 27 * MINUTE - 7 * SECOND  # type: ignore[union-attr]


async def test_times_can_be_said_too() -> None:
    async with war_room(troubled_desk()) as room:
        await command(room, "times iso")
        assert "2026-03-01T14:32:07Z" in room.lines[0]
        await command(room, "times later")
        assert "usage: :times utc|local|iso" in room.text
