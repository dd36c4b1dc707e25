"""What people were told, as the ledger shows it, and the two keys that act on what has not arrived."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import SIZES, Desk, Room, quiet_desk, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import (
    MessageDropped,
    MessageFailed,
    MessageQueued,
    MessageSent,
    MessageTried,
    Restricted,
)
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.screens.ledger import LedgerScreen

SLACK = MessageQueued("m1", "status-update", "slack", "INCIDENT UPDATE\nall of it", place="#inc")
PAGE = MessageQueued(
    "p1", "status-page-investigating", "status page", "INVESTIGATING", "public", "pg1", "investigating"
)


def a_desk() -> Desk:
    desk = troubled_desk()
    desk.happen(PAGE, NOW - 6 * MINUTE)
    desk.happen(MessageTried("p1"), NOW - 6 * MINUTE)
    desk.happen(MessageSent("p1", "sp1"), NOW - 6 * MINUTE)
    desk.happen(SLACK, NOW - MINUTE)
    desk.happen(MessageTried("m1"), NOW - MINUTE)
    return desk


def failed(desk: Desk, *, retry_at: int = 0, unknown: bool = False) -> Desk:
    desk.happen(MessageFailed("m1", "Slack has trouble: 503", 1, retry_at, unknown), NOW - 30 * SECOND)
    return desk


def again(desk: Desk) -> list[MessageQueued]:
    return [event for event in desk.submitted if isinstance(event, MessageQueued)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_says_what_is_public_and_what_has_not_arrived(size: tuple[int, int]) -> None:
    async with war_room(failed(a_desk(), retry_at=NOW + 20 * SECOND), size) as room:
        await room.press("l")
        assert "LEDGER 2 messages, 1 not there yet" in room.text
        assert "public now: INVESTIGATING since 14:26:07Z, 6m00s" in room.text
        assert "it did not arrive: Slack has trouble: 503; next try in 00:20" in room.text
        assert "all of it" in room.text
        await room.press("n")
        assert "there it is sp1" in room.text


async def test_what_is_not_on_disk_yet_has_a_hollow_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = a_desk()
    entry = desk.view().incident.messages["p1"].entry
    assert entry == next(each.id for each in desk.entries() if isinstance(each.event, MessageSent))
    view = msgspec.structs.replace(desk.view(), pending=frozenset({entry}))
    monkeypatch.setattr(desk, "view", lambda: view)
    async with war_room(desk) as room:
        await room.press("l")
        (line,) = [line for line in room.lines if f"sent    {UNICODE.pending}" in line]
        assert "INVESTIGATING" in line


async def test_with_nothing_said_it_says_so() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("l")
        assert "no incident" in room.text
    async with war_room(troubled_desk()) as room:
        await room.press("l")
        assert "nobody was told anything yet; m writes a message" in room.text
        await room.press("R")
        assert "there is no message here" in room.text


async def test_what_is_owed_needs_somebody_and_u_leads_there() -> None:
    async with war_room(failed(a_desk())) as room:
        assert "message to slack #inc did not arrive" in room.lines[1]
        await room.press("u")
        assert isinstance(room.app.screen, LedgerScreen)


async def test_r_releases_it_again_under_the_same_id() -> None:
    desk = failed(a_desk())
    async with war_room(desk) as room:
        await room.press("l", "R")
        assert again(desk) == [SLACK]
        assert desk.view().incident.messages["m1"].standing == "queued"
        await room.press("R")
        assert "it is on its way already" in room.text
        assert len(again(desk)) == 1


async def test_what_may_have_arrived_is_sent_again_only_on_a_second_press() -> None:
    desk = failed(a_desk(), unknown=True)
    async with war_room(desk) as room:
        await room.press("l")
        assert "it may have arrived or not" in room.text
        await room.press("R")
        assert "look at #inc first" in room.text
        assert not again(desk)
        await room.press("R")
        assert again(desk) == [SLACK]


async def drop(room: Room, why: str) -> None:
    await room.press("W")
    await room.press(*why, "enter")


async def test_w_drops_it_with_a_reason() -> None:
    desk = failed(a_desk())
    async with war_room(desk) as room:
        await room.press("l", "W", "enter")
        assert "say why in a few words" in room.text
        await room.press(*"late", "enter")
        assert [event for event in desk.submitted if isinstance(event, MessageDropped)] == [
            MessageDropped("m1", "late")
        ]
        assert "dropped: late" in room.text
        await room.press("W")
        assert "there is nothing to drop" in room.text
        await room.press("R")
        assert "it is dropped; m writes a new one" in room.text


async def test_a_restriction_is_shown() -> None:
    desk = a_desk()
    desk.happen(Restricted(on=True, code_name="HERON", reason="a leak"), NOW)
    async with war_room(desk) as room:
        await room.press("l")
        assert "restricted: HERON" in room.text


async def test_an_observer_only_reads() -> None:
    desk = failed(a_desk())
    async with war_room(desk, observer=True) as room:
        await room.press("l", "R", "W")
        assert isinstance(room.app.screen, LedgerScreen)
        assert not desk.submitted


async def test_it_looks_as_it_did() -> None:
    async with war_room(failed(a_desk(), retry_at=NOW + 20 * SECOND)) as room:
        await room.press("l")
        goldens.check("ledger-80x24", room.text)
