"""What holds for every form: it takes every key, nothing else hears it, and it can be left with nothing changed."""

from __future__ import annotations

import string

import pytest
from textual.widgets import Input

from tests.builders import NOW
from tests.tui.harness import Desk, Room, quiet_desk, troubled_desk, war_room
from tests.tui.papers import a_full_runbook
from wfconsole.clock import MINUTE
from wfconsole.incident.events import PlaybookChosen
from wfconsole.tui import compat, screens
from wfconsole.tui.forms.form import Form
from wfconsole.tui.screens.overview import Overview

# Every form with a line of text: its name, what it is opened for, and the field.
WITH_TEXT = {
    "note": ("note", "", "note"),
    "declare: title": ("declare", "", "title"),
    "declare: commander": ("declare", "", "commander"),
    "re-grade": ("regrade", "", "reason"),
    "hand over": ("hand-over", "", "who"),
    "waive a step": ("step", "waived:opening/acknowledge-the-alert", "reason"),
    "decide a step": ("step", "done:outage/decide-what-the-evidence-speaks-for", "reason"),
    "open a step again": ("step", "open:opening/acknowledge-the-alert", "reason"),
    "command": ("command", "", "line"),
    "go to a time": ("go-to-time", "", "line"),
}
OTHERS = {
    "quit": ("quit", ""),
    "stand down": ("stand-down", "over"),
    "help": ("help", ""),
    "review a message": ("message-review", ""),
    "leave observer mode": ("leave-observer", ""),
}
EVERY = {**{name: (form, goto) for name, (form, goto, _) in WITH_TEXT.items()}, **OTHERS}
PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " äя"
# What the application has bound, without what is in any alphabet anyway.
BOUND = "0189ctuqNDHXWEROMZQ[]{},.-+=@\\/:? "


def a_desk() -> Desk:
    desk = troubled_desk(runbook=a_full_runbook())
    desk.happen(PlaybookChosen("outage"), NOW - MINUTE)
    return desk


async def open_form(room: Room, name: str, goto: str = "") -> Form:
    room.app.push_screen(screens.load(name)(goto))
    await room.pilot.pause()
    form = room.app.screen
    assert isinstance(form, Form)
    return form


@pytest.mark.parametrize("name", WITH_TEXT)
async def test_a_key_that_changes_no_height_lays_nothing_out_anew(name: str) -> None:
    """Laying a screen out takes three times as long as all else that a typed character asks for."""
    form_name, goto, field_id = WITH_TEXT[name]
    async with war_room(a_desk()) as room:
        form = await open_form(room, form_name, goto)
        form.query_one(f"#{field_id}", Input).focus()
        await room.press("z", "z")
        laid_out: list[object] = []
        form.screen_layout_refresh_signal.subscribe(form, laid_out.append, immediate=True)
        before = room.text
        await room.press("z", "x")
        assert room.text != before
        assert not laid_out


async def test_a_row_more_lays_the_form_out_anew() -> None:
    async with war_room(a_desk()) as room:
        form = await open_form(room, "hand-over")
        field = form.query_one("#who", Input)
        field.focus()
        laid_out: list[object] = []
        form.screen_layout_refresh_signal.subscribe(form, laid_out.append, immediate=True)
        form.say("why not")
        await room.pilot.pause()
        assert laid_out
        assert "why not" in room.text


@pytest.mark.parametrize("name", WITH_TEXT)
async def test_a_line_of_text_takes_every_printable_key_and_nothing_else_hears_it(name: str) -> None:
    form_name, goto, field_id = WITH_TEXT[name]
    desk = a_desk()
    async with war_room(desk) as room:
        form = await open_form(room, form_name, goto)
        field = form.query_one(f"#{field_id}", Input)
        field.focus()
        field.value = ""
        frozen, observer = desk.transport.show().mode, room.app.observer
        typed = PRINTABLE if name == "note" else BOUND
        await room.press(*map(key_of, typed))
        assert field.value == typed
        assert room.app.screen is form
        assert (desk.transport.show().mode, room.app.observer, desk.submitted) == (frozen, observer, [])


@pytest.mark.parametrize("name", EVERY)
async def test_no_key_of_the_application_fires_under_a_form(name: str) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        form = await open_form(room, *EVERY[name])
        for button in form.query("#cancel"):
            button.focus()
        await room.pilot.pause()
        chars = "123456789ctuperiwNDHXWERMOZ[]{},.-+@\\/:" + ("" if name == "help" else "?0")
        await room.press(*map(key_of, chars), "space")
        assert room.app.screen is form
        assert desk.submitted == []
        assert desk.transport.show().mode == "live"
        assert not room.app.observer


@pytest.mark.parametrize("name", EVERY)
async def test_every_way_out_of_it_changes_nothing(name: str) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await open_form(room, *EVERY[name])
        await room.press("escape")
        assert isinstance(room.app.screen, Overview)

        form = await open_form(room, *EVERY[name])
        await leave_without_esc(room, form)
        assert isinstance(room.app.screen, Overview)
        assert desk.submitted == []


async def leave_without_esc(room: Room, form: Form) -> None:
    """Tab to the button; where there is none, Backspace."""
    if not form.query("#cancel"):
        await room.press("backspace")
        return
    while room.focused != "cancel":
        await room.press("tab")
    await room.press("enter")


async def test_backspace_goes_back_field_by_field_where_nothing_is_typed_and_then_leaves() -> None:
    async with war_room(a_desk()) as room:
        await open_form(room, "regrade")
        await room.press("enter", "enter")
        assert room.focused == "playbook"
        await room.press("backspace", "backspace")
        assert room.focused == "severity"
        await room.press("backspace")
        assert isinstance(room.app.screen, Overview)


@pytest.mark.parametrize("name", EVERY)
async def test_it_fits_on_the_smallest_screen_below_the_first_two_lines(name: str) -> None:
    desk = a_desk()
    async with war_room(desk, theme="plain") as room:
        head = room.lines[:2]
        form = await open_form(room, *EVERY[name])
        box = form.query_one("#form")
        assert box.region.y >= 2
        assert box.region.bottom <= 24
        assert box.virtual_size.height <= box.size.height
        assert room.lines[:2] == head
        assert room.text.isascii()


CHANGING = ("note", "declare: title", "re-grade", "hand over", "waive a step", "decide a step", "stand down")


@pytest.mark.parametrize("name", CHANGING)
async def test_it_is_refused_where_nothing_may_be_changed(name: str) -> None:
    form_name, goto = EVERY[name]
    desk = troubled_desk(change=False, runbook=a_full_runbook())
    async with war_room(desk) as room:
        room.app.push_screen(screens.load(form_name)(goto))
        await room.pilot.pause()
        assert isinstance(room.app.screen, Overview)
        assert "this console only looks" in room.text


async def test_pasted_text_is_made_harmless_and_shortened_rather_than_refused() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        form = await open_form(room, "note")
        field = form.query_one(Input)
        field.insert_text_at_cursor("a\x1b]52;c;AAAA\x07b\u202ec" + "x" * 5_000)
        await room.pilot.pause()
        assert "\x1b" not in field.value
        assert "\u202e" not in field.value
        assert len(field.value) <= 2_000
        assert compat.guard_filter(room.app).hits == 0


async def test_it_keeps_what_was_typed_when_the_terminal_changes_its_size() -> None:
    async with war_room(a_desk()) as room:
        form = await open_form(room, "note")
        await room.press(*"users see 503".replace(" ", "_"))
        for size in ((200, 60), (60, 10), (80, 24)):
            await room.resize(*size)
        assert form.query_one(Input).value == "users_see_503"
        assert room.focused == "note"


async def test_the_screen_below_goes_on_while_a_form_is_open() -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await room.press("Q")
        desk.clock.advance(3_000)
        await room.repaint()
        assert "14:32:10Z" in room.lines[0]


def key_of(char: str) -> str:
    """The name that Textual gives to the key of a character."""
    from textual.keys import _character_to_key

    return _character_to_key(char)
