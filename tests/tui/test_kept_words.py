"""What an earlier console left half written is offered at its key, and gone once it is entered or dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from textual.widget import Widget

from tests import builders
from tests.builders import NOW
from tests.journal.helpers import until
from tests.tui.harness import SIZES, Desk, quiet_desk, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.events import (
    DecisionMade,
    Declared,
    EntryAmended,
    Event,
    FollowUpAdded,
    FollowUpClosed,
    NoteAdded,
    RoleTaken,
    SeverityChanged,
    TaskClosed,
    TaskGiven,
)
from wfconsole.runbook import load_runbook
from wfconsole.session.draft_folder import DraftFolder
from wfconsole.session.drafts import Draft, DraftBook
from wfconsole.text import is_safe
from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.forms.fields import LONGEST_WORDS, Field, Row
from wfconsole.tui.forms.form import Form
from wfconsole.tui.screens.note import NoteForm

KEPT = "kept from 14:32:07Z, 5m00s ago, when the console ended; Esc drops it"
INCIDENT = "INC-1"
BUNDLED = load_runbook(None)


class Record:
    """The folder of an incident, and one console after the other on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / INCIDENT

    def of(self, desk: Desk) -> DraftFolder:
        """This console keeps its drafts here from now on, and goes on with what the one before left."""
        folder = DraftFolder(self.folder)
        desk.drafts = DraftBook(desk.clock, "op1", incident=lambda: INCIDENT, open_folder=lambda _: folder)
        desk.drafts.take_over(INCIDENT)
        return folder

    def end(self, desk: Desk, folder: DraftFolder) -> None:
        """The console ends, and the kernel takes back its locks."""
        desk.drafts.close(10_000)
        folder._hold(None)

    @property
    def words(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("drafts/*.json"))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path)


async def left_half_written(record: Record, desk: Desk, *keys: str) -> None:
    """A console in which somebody pressed these keys ends; five minutes later there is another one."""
    folder = record.of(desk)
    async with war_room(desk) as room:
        await room.press(*keys)
        assert isinstance(room.app.screen, Form)
    record.end(desk, folder)
    assert desk.submitted == []
    desk.clock.advance(5 * MINUTE)


def left_behind(record: Record, desk: Desk, *drafts: Draft) -> None:
    """This console goes on with these."""
    folder = DraftFolder(record.folder)
    folder.write(drafts)
    folder._hold(None)
    record.of(desk)


class Filled(NamedTuple):
    """A form: the keys that open it, what is typed then, the keys that enter it, and what is entered."""

    opens: tuple[str, ...]
    typed: tuple[str, ...]
    then: tuple[str, ...]
    entered: Event


FORMS: Mapping[str, Filled] = {
    "note": Filled(("N",), (*"f down",), ("enter",), NoteAdded("down", "fact", at_time=NOW)),
    "note on a row": Filled(("5", "N"), (*"full",), ("enter",), NoteAdded("full", about="nodes node-3", at_time=NOW)),
    "decision": Filled(
        ("J",),
        (*"go on", "enter", *"too late", "enter", *"too"),
        ("tab", "tab", "tab", "tab", "enter"),
        DecisionMade("go on", "op1", "agreed", ("too late", "too"), ""),
    ),
    "hand-over": Filled(("H",), ("enter", *"kim"), ("enter", "enter"), RoleTaken("commander", "kim")),
    "re-grade": Filled(
        ("D",), ("up", *["enter"] * 3, *"it spread"), ("enter",) * 4, SeverityChanged("SEV1", "it spread")
    ),
    "task": Filled(
        ("T",),
        (*"kim", "enter", *"the replica", "enter", "enter", "7"),
        ("enter",) * 4,
        TaskGiven("", "the replica", "kim", NOW + 12 * MINUTE),
    ),
    "follow-up": Filled(
        ("F",),
        (*"lint it", "enter", "down", "enter", *"kim", "enter"),
        ("enter",) * 4,
        FollowUpAdded("", "lint it", "1-4 weeks", "kim", "2026-03-27"),
    ),
    "correction": Filled(
        ("t", "home", "enter"),
        (*" and more",),
        ("enter",) * 3,
        EntryAmended("", "Find the worst workload: 3 of 12 pods in a crash loop and more"),
    ),
}


def anonymous(event: Event) -> Event:
    """Without the id that it was given."""
    given = {"task", "follow_up", "entry"} & set(event.__struct_fields__)
    return msgspec.structs.replace(event, **dict.fromkeys(given, ""))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_a_form_goes_on_where_it_was_left(record: Record, form: Filled) -> None:
    desk = troubled_desk()
    await left_half_written(record, desk, *form.opens, *form.typed)
    folder = record.of(desk)
    async with war_room(desk) as room:
        assert "kept from" not in room.text
        await room.press(*form.opens)
        assert KEPT in flat(room.text)
        await room.press(*form.then)
        assert not isinstance(room.app.screen, Form), room.text
        assert anonymous(desk.submitted[-1]) == form.entered
        await room.press("0", *form.opens)
        assert "kept from" not in room.text
    record.end(desk, folder)
    assert record.words == ""


async def test_a_note_keeps_the_time_of_the_key_that_opened_it_first(record: Record) -> None:
    desk = troubled_desk()
    await left_half_written(record, desk, "N", *"down")
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("N")
        assert "NOTE 14:32:07Z" in room.text
        await room.press("enter")
        assert desk.submitted == [NoteAdded("down", at_time=NOW)]


@pytest.mark.parametrize("opened", ["9" * 9_000, str(NOW + 10 * MINUTE), "-5", "²", "soon"])
async def test_a_note_of_no_time_that_can_be_has_that_of_its_key(record: Record, opened: str) -> None:
    desk = troubled_desk()
    left_behind(record, desk, Draft("note", {"note": "down", "opened": opened}, NOW))
    async with war_room(desk) as room:
        await room.press("N", "enter")
        assert desk.submitted == [NoteAdded("down", at_time=NOW)]


async def test_a_note_is_about_what_it_was_begun_on_wherever_it_is_gone_on_with(record: Record) -> None:
    desk = troubled_desk()
    await left_half_written(record, desk, "5", "N", *"full")
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("N")
        assert "about node node-3" in room.text
        await room.press("enter")
        assert desk.submitted == [NoteAdded("full", about="nodes node-3", at_time=NOW)]


async def test_a_declaration_goes_on_where_it_was_left(record: Record) -> None:
    desk = quiet_desk()
    desk.tell("pods", [builders.a_bad_pod(f"cart-{number}") for number in range(3)])  # a title is offered
    await left_half_written(record, desk, "D", *"gateway", "enter", *["up"] * 3, "enter", "enter", *"kim")
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("D")
        assert KEPT in flat(room.text)
        await room.press(*" is down")  # behind what was written, not in its place
        await room.press(*["enter"] * 3, *" lee", "enter")
        (declared,) = desk.submitted
        assert isinstance(declared, Declared)
        assert (declared.title, declared.severity, declared.commander) == ("gateway is down", "SEV1", "kim lee")


async def test_what_is_typed_before_the_form_is_there_comes_behind_what_was_written(record: Record) -> None:
    desk = troubled_desk()
    await left_half_written(record, desk, "N", *"the gate")
    record.of(desk)
    async with war_room(desk) as room:
        for key in ("N", *"way", "enter"):
            room.app.simulate_key(key)
        await room.pilot.pause()
        assert desk.submitted == [NoteAdded("the gateway", at_time=NOW)]


@pytest.mark.parametrize("leave", [("escape",), ("tab", "enter")])
async def test_who_leaves_a_form_drops_what_was_written(record: Record, leave: tuple[str, ...]) -> None:
    desk = troubled_desk()
    await left_half_written(record, desk, "N", *"down")
    folder = record.of(desk)
    async with war_room(desk) as room:
        await room.press("N", *leave)
        assert not isinstance(room.app.screen, Form)
        await room.press("N")
        assert "kept from" not in room.text
    record.end(desk, folder)
    assert record.words == ""


@pytest.mark.parametrize("keys", [("D",), ("F",), ("N", *"x", "backspace"), ("T", *"k", "backspace")])
async def test_what_a_form_fills_in_by_itself_is_nobodys_words(record: Record, keys: tuple[str, ...]) -> None:
    desk = troubled_desk()
    folder = record.of(desk)
    async with war_room(desk) as room:
        await room.press(*keys)
        assert isinstance(room.app.screen, Form)
    record.end(desk, folder)
    assert record.words == ""


async def test_what_was_only_chosen_is_kept_too(record: Record) -> None:
    desk = troubled_desk()
    await left_half_written(record, desk, "D", "up")
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("D")
        assert KEPT in flat(room.text)
        assert room.app.screen.query_one("#severity", Choice).value == "SEV1"


async def test_a_form_that_is_refused_leaves_the_words_for_later(record: Record) -> None:
    desk = troubled_desk()
    await left_half_written(record, desk, "J", *"roll back")
    before = quiet_desk()
    folder = record.of(before)
    async with war_room(before) as room:
        await room.press("J")
        assert "no incident is open" in room.text
    record.end(before, folder)
    assert "roll back" in record.words


async def test_a_note_that_fills_a_gap_is_not_the_note_of_the_key(record: Record) -> None:
    desk = troubled_desk()
    folder = record.of(desk)
    async with war_room(desk) as room:
        await room.app.push_screen(NoteForm("text:impact: "))
        await room.press(*"nobody")
    record.end(desk, folder)
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("N")
        assert "nobody" not in room.text
        await room.press("escape")
        await room.app.push_screen(NoteForm("text:impact: "))
        await room.pilot.pause()
        assert "> impact: nobody" in room.text


async def test_what_is_written_of_one_thing_is_not_offered_for_another(record: Record) -> None:
    desk = troubled_desk()
    for name in ("F1-aaaa", "F2-bbbb"):
        desk.happen(FollowUpAdded(name, f"what {name} is about", "0-7 days"), NOW - MINUTE)
    folder = record.of(desk)
    async with war_room(desk) as room:
        room.app.action_open("follow-up", "F2-bbbb")
        await room.pilot.pause()
        await room.press("enter", "down", "enter", *"it is done")
    record.end(desk, folder)
    record.of(desk)
    async with war_room(desk) as room:
        for other in ("", "F1-aaaa"):
            room.app.action_open("follow-up", other)
            await room.pilot.pause()
            assert "kept from" not in room.text
            await room.press("escape")
        room.app.action_open("follow-up", "F2-bbbb")
        await room.pilot.pause()
        assert "kept from" in room.text
        await room.press("enter", "enter", "enter")
        assert desk.submitted == [FollowUpClosed("F2-bbbb", "done", "it is done")]


async def test_a_change_of_one_that_is_there_is_still_one_of_it(record: Record) -> None:
    desk = troubled_desk()
    desk.happen(FollowUpAdded("F1-aaaa", "lint", "0-7 days", "kim", "2026-03-06"), NOW - MINUTE)
    await left_half_written(record, desk, "F", "up", "down", "enter", "enter", *"lint it")
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("F", *["enter"] * 4)
        assert desk.submitted == [FollowUpAdded("F1-aaaa", "lint it", "0-7 days", "kim", "2026-03-06")]


async def test_the_end_of_a_task_that_was_begun_is_still_one(record: Record) -> None:
    desk = troubled_desk()
    desk.happen(TaskGiven("t1", "the replica", "kim", NOW + HOUR), NOW - MINUTE)
    await left_half_written(record, desk, "T", "home", "down", "enter", "enter", *"it lags")
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("T")
        assert "it lags" in room.text
        await room.press("enter", "enter", "enter")
        assert desk.submitted == [TaskClosed("t1", "done", "it lags")]


async def test_who_needs_nobody_in_a_role_finds_the_reason_again(record: Record) -> None:
    desk = troubled_desk(runbook=BUNDLED)
    await left_half_written(record, desk, "H", "down", "enter", "-", "enter", *"it is night")
    record.of(desk)
    async with war_room(desk) as room:
        await room.press("H")
        assert "it is night" in room.text


class LoginForm(Form):
    """A form with a secret in it, and a word that is none."""

    ACTION = None
    DRAFT = "login"

    def fields(self) -> Iterable[Widget]:
        yield Row("User", Field(id="user"))
        yield Row("Token", Field(id="api_token"))
        hidden = Field(id="pin")
        hidden.password = True
        yield Row("PIN", hidden)


async def test_no_field_for_a_secret_is_kept(record: Record) -> None:
    desk = troubled_desk()
    folder = record.of(desk)
    async with war_room(desk) as room:
        await room.app.push_screen(LoginForm())
        await room.press(*"kim", "tab", *"hunter2", "tab", *"4711")
        kept = desk.drafts.get("login")
        assert kept is not None
        assert kept.fields == {"user": "kim"}
    record.end(desk, folder)
    assert "kim" in record.words


HOSTILE = "\x1b]52;c;aGVsbG8=\x07[/][red]admin[/red]\u202e\x9b31m\x00"


@pytest.mark.parametrize("key", ["N", "J", "H", "F", "T", "D"])
async def test_hostile_words_fill_a_form_and_harm_nobody(record: Record, key: str) -> None:
    desk = troubled_desk()
    names = {"N": "note", "J": "decision", "H": "hand-over", "F": "follow-up", "T": "task", "D": "regrade"}
    fields = (
        *("note", "about", "opened", "proposal", "against", "by", "outcome", "reason", "role", "who", "because"),
        *("confirm", "which", "then", "text", "horizon", "owner", "due", "what", "step", "end", "made", "back"),
        *("result", "severity", "status", "playbook"),
    )
    written = dict.fromkeys(fields, HOSTILE * 300) | {"objections": "\n".join([HOSTILE] * 30)}
    left_behind(record, desk, Draft(names[key], written, NOW))
    async with war_room(desk) as room:
        await room.press(key)
        assert "kept from" in flat(room.text)
        assert isinstance(room.app.screen, Form)
        shown = [field.value for field in room.app.screen.query(Field)]
        assert any("aGVsbG8=" in text for text in shown)
        assert all(map(is_safe, [*shown, *room.lines]))
        assert all(len(field.value) <= (field.max_length or 0) for field in room.app.screen.query(Field))
        await room.press("escape")
        assert not isinstance(room.app.screen, Form)


async def test_no_more_objections_are_taken_from_a_file_than_somebody_could_enter(record: Record) -> None:
    desk = troubled_desk()
    written = {"proposal": "roll back", "objections": "\n".join([HOSTILE * 9] * 20)}
    left_behind(record, desk, Draft("decision", written, NOW))
    async with war_room(desk) as room:
        await room.press("J", *["tab"] * 4, "enter")
        (decided,) = desk.submitted
        assert isinstance(decided, DecisionMade)
        assert len(decided.objections) == 8
        assert all(len(text) <= LONGEST_WORDS for text in decided.objections)


@pytest.mark.parametrize("size", SIZES)
async def test_whose_words_they_are_is_said_where_they_are_somebody_elses(
    record: Record, size: tuple[int, int]
) -> None:
    desk = troubled_desk()
    left_behind(record, desk, Draft("note", {"note": "down"}, NOW - MINUTE, "op2"))
    async with war_room(desk, size) as room:
        await room.press("N")
        assert "kept from 14:31:07Z, 1m00s ago, by op2, when the console ended; Esc drops it" in flat(room.text)


@pytest.mark.parametrize(("screen", "name"), [("declare", "declare"), ("regrade", "regrade")])
async def test_who_comes_to_follow_a_playbook_follows_that_one(record: Record, screen: str, name: str) -> None:
    desk = quiet_desk(runbook=BUNDLED) if screen == "declare" else troubled_desk(runbook=BUNDLED)
    written = {"playbook": "service-outage", "title": "gateway", "reason": "it spread"}
    left_behind(record, desk, Draft(name, written, NOW))
    async with war_room(desk) as room:
        room.app.action_open(screen, "playbook:high-memory")
        await room.pilot.pause()
        assert room.app.screen.query_one("#playbook", Choice).value == "high-memory"
        assert {"gateway", "it spread"} & {field.value for field in room.app.screen.query(Field)}


# --- the composer


async def test_a_message_goes_on_where_it_was_left_with_the_time_of_its_facts(record: Record) -> None:
    desk = troubled_desk(runbook=BUNDLED)
    folder = record.of(desk)
    async with war_room(desk) as room:
        await room.press("m")
        desk.clock.advance(MINUTE)
        await room.press("enter", *"carts fail")
    record.end(desk, folder)
    desk.clock.advance(5 * MINUTE)
    folder = record.of(desk)
    async with war_room(desk) as room:
        await room.press("m")
        assert "Impact: carts fail" in room.text
        said = "kept from 14:33:07Z, 5m00s ago, when the console ended; its facts are of"  # and the rest as it fits
        assert said in room.text
        await room.press("n", "b", "enter", *"!")
        assert "kept from" not in room.text  # they are somebody's of now
        assert "its facts are of" not in room.text
        desk.clock.advance(10 * MINUTE)
        await room.press("!")
        await room.repaint()
        assert "its facts are of 14:32:07Z" in room.text
        kept = next(iter(desk.drafts._books[INCIDENT].values()))
        assert kept.drawn_at == NOW
        await room.press("escape", "B", "B")
        assert "carts fail" not in room.text
    record.end(desk, folder)
    assert record.words == ""


async def test_words_that_no_disk_takes_are_marked_where_they_are_written_and_among_what_is_kept(
    tmp_path: Path,
) -> None:
    (tmp_path / INCIDENT).write_text("a file in the way")
    desk = troubled_desk(runbook=BUNDLED)
    Record(tmp_path).of(desk)
    async with war_room(desk, (120, 40)) as room:
        await room.press("N", *"down")
        until(lambda: bool(desk.drafts.trouble), "the disk has refused")
        await room.press("!")
        assert "what you write is not kept on disk: Not a directory" in flat(room.text)
        await room.press("escape", "m")
        assert "what you write is not kept on disk: Not a directory" in room.text
