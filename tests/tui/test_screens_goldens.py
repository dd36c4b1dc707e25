"""What the screens beside the board say, character by character at 80x24; a few at the other sizes and as pictures."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import Desk, Room, an_app, troubled_desk, war_room
from tests.tui.papers import a_full_runbook
from tests.tui.test_screens_replays import BROKEN, OUTAGE
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import PlaybookChosen
from wfconsole.observations.snapshot import Lack, in_words
from wfconsole.text import cells


@pytest.fixture(autouse=True)
def counted_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are numbered rather than random."""
    numbers = itertools.count(0x10000000)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(numbers) << 96))


def a_desk() -> Desk:
    desk = troubled_desk(runbook=a_full_runbook())
    desk.happen(PlaybookChosen("outage"), NOW - MINUTE)
    failure = builders.a_failure(message="no route to host", remedy="is the VPN up?", retry_at=NOW + 14 * SECOND)
    desk.fail("events", failure)
    desk.to_replay = (OUTAGE, BROKEN)
    return desk


def undeclared() -> Desk:
    desk = Desk(runbook=a_full_runbook())
    desk.tell("pods", [builders.a_bad_pod(f"gateway-{n}", restarts=4, restarted_at=NOW) for n in range(3)])
    return desk


# Each screen: what it is called, and the keys that lead there.
SCREENS = {
    "checklist": "c",
    "checklist-evidence": "c n R",
    "checklist-action": "c n n n n",
    "timeline": "t",
    "timeline-filter": "t slash p a y",
    "axis": "x",
    "sources": "e down down down down",
    "post-mortem": "p n",
    "replays": "r",
    "help": "question_mark",
    "help-list": "question_mark question_mark",
    "command": "colon s t",
    "note": "N f space 5 x x",
    "regrade": "D",
    "regrade-status": "D enter",
    "hand-over": "H enter B e a enter enter",
    "step-waive": "c W",
    "step-decide": "c n n n X",
    "go-to-time": "at",
    "quit": "Q",
}
DECLARING = {"declare": "D", "declare-severity": "D enter", "declare-playbook": "D enter enter"}


async def go(room: Room, keys: str) -> None:
    await room.press(*keys.split())
    await room.pilot.pause()


def check(room: Room, name: str) -> None:
    """All of a screen; of a form its frame and what is in it, since what is below is another screen's business."""
    rows = room.lines
    if forms := room.app.screen.query("#form"):
        box = forms.first().region
        rows = [row[box.x : box.right] for row in rows[box.y : box.bottom]]
    goldens.check(name, "\n".join(row.rstrip() for row in rows))
    assert {cells(line) for line in room.lines} == {room.app.size.width}


@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_says_what_it_said(name: str) -> None:
    async with war_room(a_desk()) as room:
        await go(room, SCREENS[name])
        check(room, f"screen-{name}-80x24")


REFUSED = (
    Lack("sessions of other roles are hidden", "permission", "GRANT pg_monitor TO the monitoring role", "pg_monitor"),
    Lack("the 500 sessions with the oldest transactions; there are more", "bounded"),
    Lack("watch pods: listed every 10 s", "permission", "grant watch on pods", "watch pods", extra=True),
)


async def test_a_refusal_is_told_apart_from_a_bound_with_the_grant_that_mends_it_and_stands_in_the_record() -> None:
    desk = a_desk()
    desk.tell("sessions", [builders.an_idle_session()], partial=in_words(REFUSED), lacks=REFUSED)
    async with war_room(desk) as room:
        await go(room, "6 v e")
        check(room, "screen-sources-refused-80x24")
        await go(room, "e t down")
        check(room, "screen-timeline-refused-80x24")


@pytest.mark.parametrize("name", DECLARING)
async def test_declaring_says_what_it_said(name: str) -> None:
    async with war_room(undeclared()) as room:
        await go(room, DECLARING[name])
        check(room, f"screen-{name}-80x24")


@pytest.mark.parametrize("size", [(120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ["checklist-action", "timeline", "declare-severity"])
async def test_a_larger_screen_shows_more(name: str, size: tuple[int, int]) -> None:
    keys = {**SCREENS, **DECLARING}[name]
    async with war_room(undeclared() if name in DECLARING else a_desk(), size) as room:
        await go(room, keys)
        check(room, f"screen-{name}-{size[0]}x{size[1]}")


async def test_in_plain_everything_is_ascii_and_every_state_has_its_word() -> None:
    async with war_room(a_desk(), theme="plain") as room:
        for name, keys in SCREENS.items():
            await go(room, keys)
            assert room.text.isascii(), name
            while len(room.app.screen_stack) > 1:
                room.app.pop_screen()
                await room.pilot.pause()


PICTURES = {"checklist": "c n", "timeline": "t", "declare": "t D enter", "help": "t question_mark"}


@pytest.mark.parametrize("name", PICTURES)
def test_a_screen_looks_as_it_looked(snap_compare: Any, name: str) -> None:
    desk = undeclared() if name == "declare" else a_desk()
    assert snap_compare(an_app(desk), press=PICTURES[name].split(), terminal_size=(80, 24))


def test_a_form_without_colours(snap_compare: Any) -> None:
    assert snap_compare(an_app(undeclared(), theme="mono"), press=["t", "D", "enter", "down"], terminal_size=(80, 24))
