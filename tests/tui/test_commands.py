"""Each `:` command does what it says, and says what is wrong with it when it cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Input

from tests.builders import NOW
from tests.tui.harness import BROKE, THEMES, Desk, Room, quiet_desk, troubled_desk, until, war_room
from tests.tui.papers import a_full_runbook, flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import (
    EntryAmended,
    Event,
    MomentSet,
    NoteAdded,
    PlaybookChosen,
    RoleTaken,
    SeverityChanged,
    StatusChanged,
    UpdateSent,
)
from wfconsole.tui import screens
from wfconsole.tui.commands import ALIASES, COMMANDS, completed
from wfconsole.tui.screens.command_line import CommandLine
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.widgets.line_table import LineTable
from wfconsole.tui.widgets.scrolled import BlockList


def a_desk() -> Desk:
    desk = troubled_desk(runbook=a_full_runbook())
    desk.submitted.clear()
    return desk


async def command(room: Room, line: str) -> None:
    """Open the prompt, write the line, press Enter."""
    await room.press("colon")
    assert isinstance(room.app.screen, CommandLine)
    room.app.screen.query_one(Input).value = line
    await room.press("enter")


ENTERED: dict[str, Event] = {
    "sev 1 payments are down": SeverityChanged("SEV1", "payments are down"),
    "sev SEV-3 only a few": SeverityChanged("SEV3", "only a few"),
    "severity sev4 cosmetic": SeverityChanged("SEV4", "cosmetic"),
    "state identified the image": StatusChanged("identified", "the image"),
    "state implementing fix": StatusChanged("implementing fix"),
    "status Monitoring": StatusChanged("monitoring"),
    "note d roll back": NoteAdded("roll back", "decision", at_time=NOW),
    "n [red]users[/] see 503": NoteAdded("[red]users[/] see 503", at_time=NOW),
    "mark [red]503s[/] begin": NoteAdded("[red]503s[/] begin", "mark", at_time=NOW),
    "role scribe Bea Jones": RoleTaken("scribe", "Bea Jones"),
    "role commander Bea": RoleTaken("commander", "Bea"),
    "check outage a rollout came first": PlaybookChosen("outage", "a rollout came first"),
    "update we are looking": UpdateSent("outside", "we are looking"),
    "moment started 14:10 users said so": MomentSet("started", NOW - 22 * MINUTE - 7 * SECOND, "users said so"),
    "moment mitigated T+10:00": MomentSet("mitigated", BROKE + 10 * MINUTE),
}


@pytest.mark.parametrize("line", ENTERED)
async def test_what_is_typed_is_entered(line: str) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await command(room, line)
        assert desk.submitted == [ENTERED[line]]
        assert isinstance(room.app.screen, Overview)


async def test_acknowledging_meets_the_respond_clock() -> None:
    desk = quiet_desk(runbook=a_full_runbook())
    async with war_room(desk) as room:
        await room.press("D", *"down", "enter", "enter", "enter", "enter")
        await command(room, "ack seen by all")
        assert desk.submitted[-1] == MomentSet("acknowledged", NOW, "seen by all")
        assert "respond" not in room.text.partition("CLOCKS")[2].partition("\n")[0]
        await command(room, "ack")
        assert "acknowledged already" in room.text


async def test_a_mark_is_in_the_record_at_the_instant_on_show() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("space")
        desk.clock.jump(NOW + MINUTE)
        await command(room, "mark 503s begin")
        assert desk.submitted == [NoteAdded("503s begin", "mark", at_time=NOW)]
        await room.press("space", "t")
        assert "MARK" in room.text
        assert "503s begin" in room.text
        await room.press(*"vvvvv")
        assert "people" in room.text
        assert "503s begin" in room.text


async def test_an_entry_is_corrected_by_the_beginning_of_its_id() -> None:
    desk = a_desk()
    entry = desk.session.entries[-1]
    async with war_room(desk) as room:
        await command(room, f"amend #{entry.id[:8]} it was 2 of 12")
        assert desk.submitted == [EntryAmended(entry.id, "it was 2 of 12")]
        assert "it was 2 of 12" in room.text


OPENED = {
    "checklist": "checklist",
    "timeline": "timeline",
    "sources": "sources",
    "postmortem": "post-mortem",
    "pm": "post-mortem",
    "replays": "replays",
    "replay service": "replays",
    "help retry": "help-list",
    "keys": "help-list",
    "pods": "zoom",
    "hpa": "zoom",
    "gpu": "zoom",
    "alerts": "zoom",
    "quit": "quit",
    "q": "quit",
    "handover": "hand-over",
    "declare": "regrade",
    "observer off": "leave-observer",
}


async def test_what_is_named_is_opened_and_the_prompt_is_gone() -> None:
    async with war_room(a_desk()) as room:
        for line, name in OPENED.items():
            room.app.observer = line == "observer off"
            await command(room, line)
            assert isinstance(room.app.screen, screens.load(name)), line
            assert not any(isinstance(screen, CommandLine) for screen in room.app.screen_stack)
            await room.press("escape")


FILTERED = {
    "pods gate": ("[unhealthy]", "gate"),
    "pods all GATE": ("[all]", "GATE"),
    "pods all": ("[all]", ""),
    "pods alleged": ("[unhealthy]", "alleged"),
    "db slow": ("[slow]", ""),
    "nodes gpu": ("[gpu]", ""),
    "gpu": ("[gpu]", ""),
    "gpu node-1": ("[gpu]", "node-1"),
    "nodes gpu use node-1": ("[gpu use]", "node-1"),
    "auth by source 10.0": ("[by source]", "10.0"),
}


@pytest.mark.parametrize("line", FILTERED)
async def test_words_after_a_pane_name_one_of_its_views_and_filter_the_rest(line: str) -> None:
    view, words = FILTERED[line]
    async with war_room(a_desk(), (120, 40)) as room:
        await command(room, line)
        zoom = room.app.screen
        assert isinstance(zoom, screens.load("zoom"))
        assert view in room.text
        assert zoom.query_one(LineTable).filter == words.lower()


async def test_a_filter_from_the_prompt_leaves_what_the_slash_would_and_goes_with_escape() -> None:
    async with war_room(a_desk(), (120, 40)) as room:
        await room.press("3", "v")
        assert "llm-0" in room.text
        await room.press("slash", *"gate", "enter")
        typed = room.text
        assert "llm-0" not in typed
        await room.press("0")
        await command(room, "pods all gate")
        assert room.text == typed
        await command(room, "pods all llm")
        assert "llm-0" in room.text
        assert "gateway-" not in room.text
        await room.press("escape")
        assert "gateway-" in room.text


async def test_words_filter_a_screen_that_is_on_show_already() -> None:
    async with war_room(a_desk()) as room:
        await command(room, "help retry")
        await command(room, "help waive")
        assert room.app.screen.query_one(BlockList).filter == "waive"
        assert [type(screen) for screen in room.app.screen_stack] == [Overview, screens.load("help-list")]
        await command(room, "help")
        assert room.app.screen.query_one(BlockList).filter == "waive", "without words it stays as it is"


async def test_a_source_that_is_named_has_the_cursor() -> None:
    async with war_room(a_desk()) as room:
        await command(room, "sources nodes")
        assert room.app.screen.query_one(BlockList).key == "nodes"


WRONG = {
    "frobnicate": "no command 'frobnicate'",
    "stat": "there is state",
    "sev": "usage: :sev 1-4 REASON",
    "sev 2": "usage: :sev 1-4 REASON",
    "sev 5 it is bad": "usage: :sev 1-4 REASON",
    "sev 2 as before": "it is SEV2 already",
    "state": "usage: :state investigating",
    "state fixed": "usage: :state investigating",
    "state investigating": "it is investigating already",
    "state resolved": "resolving needs a reason",
    "note": "usage: :note WORDS",
    "mark": "usage: :mark LABEL",
    "amend": "usage: :amend ENTRY WORDS",
    "amend zzzzzzzz words": "usage: :amend ENTRY WORDS",
    "amend e words": "usage: :amend ENTRY WORDS",
    "role": "usage: :role commander scribe, and a name",
    "role scribe": "usage: :role commander scribe, and a name",
    "role pilot Bea": "usage: :role commander scribe, and a name",
    "check": "usage: :check outage, and why",
    "check fire": "usage: :check outage, and why",
    "update": "by other means; m writes and sends",
    "moment": "usage: :moment NAME TIME [WHY]",
    "moment began 14:10": "usage: :moment NAME TIME [WHY]",
    "moment started soon": "no time: 'soon'; 14:32",
    "goto": "usage: :goto TIME",
    "goto soon": "no time: 'soon'; 14:32",
    "goto T+99:00": "that is after the end: there is",
    "speed 3": "there are 0.25, 0.5, 1, 2, 4, 8, 16, 60",
    "speed 4": "only a replay has a speed",
    "theme": "there are ",
    "theme nyan": "there are ",
    "glyphs": "usage: :glyphs unicode ascii",
    "observer maybe": "usage: :observer [on off]",
    "wall now": "usage: :wall",
    "checklist outage": "usage: :checklist",
    "postmortem draft": "usage: :postmortem",
    "handover Bea": "usage: :handover",
    "declare it is bad": "usage: :declare",
    "live now": "usage: :live",
    "quit now": "usage: :quit",
    "sources podz": "there are ",
}


async def test_what_is_wrong_is_said_and_the_line_stays() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        for line, answer in WRONG.items():
            await command(room, line)
            assert isinstance(room.app.screen, CommandLine), line
            assert answer in flat(room.text), line
            assert room.app.screen.query_one(Input).value == line
            await room.press("escape")
        assert desk.submitted == []


async def test_without_an_incident_most_of_it_means_nothing() -> None:
    desk = quiet_desk(runbook=a_full_runbook())
    async with war_room(desk) as room:
        for line in (*ENTERED, "ack", "handover", "state resolved it is over", "export"):
            if line.startswith(("note", "n ", "mark")):
                continue  # what was seen before the declaration belongs to it
            await command(room, line)
            assert "no incident is" in room.text or "no time" in room.text, line
            if room.app.screen.is_modal:
                await room.press("escape")
        assert desk.submitted == []
        await command(room, "note seen before anybody declared")
        assert len(desk.submitted) == 1


CHANGING = [name for name, found in COMMANDS.items() if found.changes is not None]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: troubled_desk(runbook=a_full_runbook()), "observer: read-only"),
        (lambda: troubled_desk(change=False, runbook=a_full_runbook()), "this console only looks"),
    ],
    ids=["observer", "replay"],
)
async def test_what_changes_anything_is_refused_with_the_reason(make: Callable[[], Desk], reason: str) -> None:
    desk = make()
    async with war_room(desk, observer=desk.capabilities.change) as room:
        for name in CHANGING:
            await command(room, f"{name} 1 words")
            assert reason in flat(room.text)
            await room.press("escape")
        assert desk.submitted == []
        assert isinstance(room.app.screen, Overview)


async def test_resolving_from_the_prompt_asks_for_the_stand_down_list_too() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await command(room, "state resolved quiet for an hour")
        assert "STAND DOWN" in room.text
        await room.press("enter", "enter")
        assert desk.submitted[-1] == StatusChanged("resolved", "quiet for an hour")


async def test_a_time_that_is_gone_to_is_looked_at() -> None:
    desk = a_desk()
    gone_to: list[int] = []
    desk.transport.seek = gone_to.append  # type: ignore[method-assign,assignment]  # a desk has no recording to look back into
    async with war_room(desk) as room:
        await room.press("at")
        assert "GO TO" in room.text
        await room.press(*"14:10", "enter")
        assert gone_to == [NOW - 22 * MINUTE - 7 * SECOND]
        assert isinstance(room.app.screen, Overview)


async def test_another_look_is_worn_at_once() -> None:
    async with war_room(a_desk(), themes=THEMES) as room:
        await command(room, "theme plain")
        assert room.app.theme == "plain"
        assert room.text.isascii()
        await command(room, "glyphs unicode")
        assert "■" in room.text
        await command(room, "theme warroom-dark")
        assert "─" in room.text


async def test_the_export_is_written_beside_the_keyboard_and_its_answer_is_said() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await command(room, "export /tmp/out replace")
        await until(room.pilot.pause, lambda: bool(desk.exported) and "written to /tmp/out" in room.text)
        assert desk.exported == [("/tmp/out", "", True)]
        await command(room, "export")
        await until(room.pilot.pause, lambda: len(desk.exported) == 2)
        assert desk.exported[1] == ("", "", False)
        for line, asked in (
            ("export pm", ("", "post-mortem", False)),
            ("export timeline /tmp/out replace", ("/tmp/out", "timeline", True)),
            ("export ./timeline", ("./timeline", "", False)),
        ):
            before = len(desk.exported)
            await command(room, line)
            await until(room.pilot.pause, lambda before=before: len(desk.exported) > before)  # type: ignore[misc]
            assert desk.exported[-1] == asked


# --- the prompt


async def test_the_line_before_comes_back_with_up_and_goes_with_down() -> None:
    async with war_room(a_desk()) as room:
        await command(room, "note first")
        await command(room, "note second")
        await room.press("colon", *"no")
        line = room.app.screen.query_one(Input)
        await room.press("up")
        assert line.value == "note second"
        await room.press("up", "up")
        assert line.value == "note first"
        await room.press("down", "down")
        assert line.value == ""


async def test_the_rest_of_the_word_is_offered_and_right_takes_it() -> None:
    async with war_room(a_desk()) as room:
        await room.press("colon", *"che")
        await room.press("right")
        assert room.app.screen.query_one(Input).value == "check"
        assert ":check PLAYBOOK [WHY]" in room.text
        await room.press("space", "right")
        assert room.app.screen.query_one(Input).value == "check outage"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("sta", "state"),
        ("state mon", "state monitoring"),
        ("sev ", "sev 1"),
        ("role sc", "role scribe"),
        ("glyphs a", "glyphs ascii"),
        ("db s", "db slow"),
        ("auth by", "auth by source"),
        ("sources po", "sources pods"),
        ("note d", ""),
        ("nothing", ""),
        ("state monitoring x", ""),
        ("", ""),
    ],
)
async def test_a_line_is_completed_by_what_there_is(typed: str, line: str) -> None:
    async with war_room(a_desk()) as room:
        assert completed(room.app, typed) == line


async def test_the_list_above_the_prompt_names_the_views_of_a_pane() -> None:
    async with war_room(a_desk()) as room:
        await room.press("colon", *"db")
        assert ":db [VIEW] [WORDS] zoom into 6, the database: locks, transactions, connections, slow" in flat(room.text)


async def test_an_empty_line_leaves() -> None:
    async with war_room(a_desk()) as room:
        await room.press("colon", "enter")
        assert isinstance(room.app.screen, Overview)


def test_every_command_can_be_named_in_one_way_only() -> None:
    assert not set(ALIASES) & set(COMMANDS)
    assert {meant.partition(" ")[0] for meant in ALIASES.values()} <= set(COMMANDS)
    for name, found in COMMANDS.items():
        assert found.usage.split(" ")[0] == name
