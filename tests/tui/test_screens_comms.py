"""Writing a message: its templates, the editor in which keys only type, the review, and what is in the record then."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import SIZES, Desk, Room, quiet_desk, troubled_desk, until, war_room
from tests.tui.papers import flat
from wfconsole.clock import MINUTE
from wfconsole.incident.events import MessageQueued, MessageSent, NoteAdded, Restricted
from wfconsole.incident.sinks import Sink
from wfconsole.runbook import load_runbook
from wfconsole.tui.screens.comms import SOON_S, CommsScreen
from wfconsole.tui.screens.message_review import MessageReviewForm
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.widgets.editor import Editor

BUNDLED = load_runbook(None)
SINKS = (
    Sink("slack", "#inc-20260301-1420", "everybody in the channel"),
    Sink("pagerduty", refused="off: pagerduty.routing_key_file names no key"),
    Sink("status page", "pg1", "the public, and subscribers", "public"),
    Sink("file", "/state/outbox", "nobody yet: a file in this folder"),
    Sink("clipboard", "", "nobody yet: you paste it"),
)


def a_desk(**options: object) -> Desk:
    desk = troubled_desk(runbook=BUNDLED, **options)
    desk.send_to = SINKS
    return desk


def editor(room: Room) -> Editor:
    return room.app.screen.query_one(Editor)


def on_show(room: Room) -> type[object]:
    return type(room.app.screen)


def released(desk: Desk) -> list[MessageQueued]:
    return [event for event in desk.submitted if isinstance(event, MessageQueued)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_drafts_what_fits_and_says_what_is_missing(size: tuple[int, int]) -> None:
    async with war_room(a_desk(), size) as room:
        await room.press("m")
        assert "MESSAGES 1/8 Declaration" in room.text
        assert "Summary: checkout errors: gateway rollout" in room.text
        assert "1 gap left: impact: who notices what" in room.text
        assert "P review" in room.text
        assert ("PREVIEW for slack" in room.text) == (size[0] > 80)
        assert room.focused == "head"


async def test_without_an_incident_there_is_nothing_to_write() -> None:
    async with war_room(quiet_desk(runbook=BUNDLED)) as room:
        await room.press("m")
        assert "no incident is open; D declares one" in room.text
        for key in ("P", "B", "n", "enter", "y"):
            await room.press(key)
        assert isinstance(room.app.screen, CommsScreen)


async def test_n_and_b_go_through_the_templates_and_the_public_is_named() -> None:
    async with war_room(a_desk()) as room:
        await room.press("m", "n", "n")
        assert "the PUBLIC reads: INVESTIGATING > identified" in room.text
        await room.press("b", "b", "b", "b")
        assert "7/8 Resolution" in room.text


async def test_in_the_editor_every_key_types_and_esc_stops_it() -> None:
    async with war_room(a_desk()) as room:
        await room.press("m", "enter")
        before = editor(room).text
        editor(room).move_cursor((0, 0))
        for key in ("P", "B", "n", "q", "Q", ":", "?", "0", "u", "space", "slash", "left_square_bracket"):
            await room.press(key)
        assert isinstance(room.app.screen, CommsScreen)
        assert editor(room).text == "PBnqQ:?0u /[" + before
        assert "Esc stops typing" in room.text
        await room.press("escape")
        assert room.focused == "head"
        assert on_show(room) is CommsScreen
        await room.press("escape")
        assert on_show(room) is Overview


async def test_backspace_in_an_empty_text_leaves_nothing() -> None:
    async with war_room(a_desk()) as room:
        await room.press("m", "enter")
        editor(room).load_text("")
        await room.press("backspace", "backspace")
        assert isinstance(room.app.screen, CommsScreen)


async def test_what_is_pasted_is_harmless_at_once() -> None:
    async with war_room(a_desk()) as room:
        await room.press("m", "enter")
        editor(room).move_cursor((0, 0))
        editor(room).insert("\x1b]52;c;aGk=\x07[red]\u202e\r\nnext\tline")
        await room.pilot.pause()
        assert "\x1b" not in editor(room).text
        assert "␛]52;c;aGk=␇[red]" in editor(room).text
        assert "[red]" in room.text


async def test_what_somebody_began_is_kept_and_drafted_anew_only_when_asked_twice() -> None:
    async with war_room(a_desk()) as room:
        await room.press("m", "enter", "X", "Y", "escape", "n", "b")
        assert "Impact: XY" in editor(room).text
        await room.press("escape", "m")
        assert "Impact: XY" in editor(room).text
        await room.press("B")
        assert "the same key again drops your words" in room.text
        assert "Impact: XY" in editor(room).text
        await room.press("B")
        assert "Impact: [GAP" in editor(room).text


async def test_enter_begins_at_the_first_gap_and_typing_fills_it() -> None:
    async with war_room(a_desk()) as room:
        await room.press("m", "enter", *"nobody can pay")
        assert "Impact: nobody can pay\n" in editor(room).text
        assert "no gaps left" in room.text


async def test_drafting_anew_takes_in_what_is_known_by_now() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("m")
        desk.happen(NoteAdded("impact: nobody can pay"), NOW)
        await room.press("B")
        assert "Impact: nobody can pay" in room.text


# --- review


async def review(room: Room) -> MessageReviewForm:
    await room.press("P")
    form = room.app.screen
    assert isinstance(form, MessageReviewForm)
    return form


@pytest.mark.parametrize("size", SIZES)
async def test_the_review_shows_the_words_the_sink_and_who_reads_it(size: tuple[int, int]) -> None:
    desk = a_desk()
    async with war_room(desk, size) as room:
        await room.press("m")
        await review(room)
        assert "slack #inc-20260301-1420" in room.text
        assert "read by everybody in the channel" in flat(room.text)
        assert "not now: off: pagerduty.routing_key_file" in flat(room.text)
        assert "status page" not in room.text, "a text for us never goes to the public"
        await room.press("enter")
        assert "Summary: checkout errors: gateway rollout" in room.text
        assert not released(desk)


async def test_enter_alone_sends_nothing() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("m")
        await review(room)
        await room.press("enter", "enter")
        assert isinstance(room.app.screen, CommsScreen)
        assert not released(desk)


async def test_what_was_reviewed_is_released_word_by_word() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("m", "enter", *"hello", "escape")
        form = await review(room)
        shown = form.text
        await room.press("enter", "down", "enter")
        (queued,) = released(desk)
        assert queued.text == shown
        assert "Impact: hello" in queued.text
        assert (queued.target, queued.place, queued.audience) == ("slack", "#inc-20260301-1420", "inside")
        assert "l shows what came of it" in room.text
        assert "Status update" in room.lines[2], "the next one is another"
        assert not room.app.last_entries, "what is on its way cannot be taken back"


async def test_gaps_are_left_only_knowingly() -> None:
    async with war_room(a_desk()) as room:
        await room.press("m")
        await review(room)
        await room.press("enter")
        assert "yes, as it stands, with 1 gap left in it" in room.text


async def test_what_looks_like_a_secret_is_not_in_the_words_that_are_reviewed() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("m", "enter")
        editor(room).move_cursor((0, 0))
        editor(room).insert("password=hunter22 ")
        await room.press("escape")
        form = await review(room)
        assert "hunter22" not in form.text
        await room.press("enter", "down", "enter")
        assert "hunter22" not in released(desk)[0].text


async def test_a_public_text_says_so_and_carries_its_state() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("m", "n", "n", "n")
        await review(room)
        assert "as IDENTIFIED, read by THE PUBLIC" in flat(room.text)
        assert "slack" not in room.text
        await room.press("enter", "down", "enter")
        (queued,) = released(desk)
        assert (queued.target, queued.audience, queued.state) == ("status page", "public", "identified")


async def test_a_sink_that_is_off_takes_nothing_and_says_why() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("m")
        await review(room)
        await room.press("down", "enter", "down", "enter")
        assert "nothing can be sent to pagerduty" in flat(room.text)
        assert not released(desk)


async def test_one_text_goes_to_several_sinks_at_once() -> None:
    desk = a_desk()
    pager = Sink("pagerduty", "wfconsole", "who is on call")
    desk.send_to = (SINKS[0], pager, *SINKS[2:])
    async with war_room(desk, (120, 40)) as room:
        await room.press("m")
        await review(room)
        await room.press("end", "enter")
        assert "pagerduty: these words, as the details of the alert" in flat(room.text)
        await room.press("down", "enter")
        assert [event.target for event in released(desk)] == ["slack", "pagerduty"]
        assert len({event.message for event in released(desk)}) == 2


async def test_the_clipboard_takes_it_at_once() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("m")
        await review(room)
        await room.press("end", "enter", "down", "enter")
        assert [type(event) for event in desk.submitted] == [MessageQueued, MessageSent]
        assert room.app.clipboard.startswith("INCIDENT DECLARED")
        assert "copied via the terminal" in room.text


async def test_with_no_sinks_at_all_there_is_the_clipboard() -> None:
    desk = a_desk()
    desk.send_to = ()
    async with war_room(desk) as room:
        await room.press("m")
        form = await review(room)
        assert [sink.name for sink in form.sinks] == ["clipboard"]


async def test_a_review_waits_until_it_is_known_where_messages_can_go() -> None:
    desk = a_desk()
    desk.send_to = None
    async with war_room(desk) as room:
        await room.press("m", "P")
        assert "where messages can go is not known yet" in room.text
        assert "REVIEW" not in room.text
        desk.send_to = SINKS
        await until(room.pilot.pause, lambda: "REVIEW" in room.text)
        assert SINKS[0].name in room.text


async def test_a_review_does_not_open_over_another_screen() -> None:
    desk = a_desk()
    desk.send_to = None
    async with war_room(desk) as room:
        await room.press("m", "P", "t")
        desk.send_to = SINKS
        await room.pilot.pause(3 * SOON_S)
        assert not isinstance(room.app.screen, MessageReviewForm)


async def test_an_observer_sends_nothing() -> None:
    desk = a_desk()
    async with war_room(desk, observer=True) as room:
        await room.press("m", "P")
        assert isinstance(room.app.screen, CommsScreen)
        assert "observer: read-only" in room.text


async def test_a_wide_screen_shows_what_is_new_since_the_one_before() -> None:
    desk = a_desk()
    desk.happen(MessageQueued("m0", "status-update", "slack", "Status: investigating\nImpact: some"), NOW - MINUTE)
    desk.happen(MessageSent("m0"), NOW - MINUTE)
    async with war_room(desk, (120, 40)) as room:
        await room.press("m", "enter", *"all", "escape")
        assert "DIFF from 14:31:07Z, sent" in room.text
        assert "- Impact: some" in room.text
        assert "+ Impact: all" in room.text
        assert "- Status: investigating" not in room.text


# --- restricted


async def test_a_restricted_incident_has_its_own_texts() -> None:
    desk = a_desk()
    desk.happen(Restricted(on=True, code_name="HERON", reason="a leak"), NOW - MINUTE)
    async with war_room(desk) as room:
        await room.press("m")
        assert "MESSAGES 1/3 Restricted, declaration" in room.text
        assert "RESTRICTED HERON SEV2" in room.text
        assert "HERON" in room.lines[0], "the headline is read by whoever passes by"
        assert "checkout errors" not in room.text


async def command(room: Room, line: str) -> None:
    await room.press("colon")
    for char in line:
        await room.press("space" if char == " " else char)
    await room.press("enter")


async def test_the_commands_open_and_restrict() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await command(room, "message resolution")
        assert "7/8 Resolution" in room.text
        await command(room, "restrict HERON a leak")
        assert room.desk.view().incident.code_name == "HERON"
        await command(room, "restrict off it is public")
        assert not room.desk.view().incident.restricted


@pytest.mark.parametrize(
    ("name", "keys"), [("comms", "m"), ("comms-public", "m n n n"), ("message-review", "m P enter")]
)
async def test_it_looks_as_it_did(name: str, keys: str) -> None:
    for size in SIZES[:2]:
        async with war_room(a_desk(), size) as room:
            await room.press(*keys.split())
            goldens.check(f"{name}-{size[0]}x{size[1]}", room.text)
