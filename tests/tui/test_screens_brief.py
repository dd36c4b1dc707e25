"""The catch-me-up on the screen: whole at the smallest size, nothing lost, copied as text."""

from __future__ import annotations

import itertools
import uuid
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import SIZES, Desk, quiet_desk, war_room
from tests.tui.papers import flat
from tests.tui.room_papers import a_room_desk
from tests.tui.test_screens_goldens import check
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import DecisionMade, NoteAdded, RoleTaken, TaskGiven

PARTS = ("WHAT", "SINCE", "IMPACT", "ROLES", "DONE", "RUNNING", "OWED", "DECIDED", "SUSPECTED", "NOT KNOWN")


@pytest.fixture(autouse=True)
def counted_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are numbered rather than random."""
    numbers = itertools.count(0x10000000)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(numbers) << 96))


def a_desk() -> Desk:
    desk = a_room_desk()
    desk.happen(NoteAdded("impact: every third checkout fails"), NOW - 4 * MINUTE)
    desk.happen(RoleTaken("scribe", "Bea"), NOW - 3 * MINUTE)
    desk.happen(DecisionMade("roll back", "op1", objections=("loses the fix",)), NOW - 2 * MINUTE)
    desk.happen(TaskGiven("aaaa1111", "check the replica", "op2", NOW + 3 * MINUTE), NOW - 2 * MINUTE)
    desk.happen(TaskGiven("bbbb2222", "read the logs", "Kim", NOW - SECOND), NOW - MINUTE)
    return desk


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_whole_brief_is_on_the_screen_at_every_size(size: tuple[int, int]) -> None:
    async with war_room(a_desk(), size) as room:
        await room.press("h")
        shown = [line[1:11].strip() for line in room.lines]
        assert [name for name in shown if name in PARTS] == list(PARTS)
        body = room.lines[2 : -1 if size[1] == 24 else -2]  # what is above and below is every screen's business
        goldens.check(f"screen-brief-{size[0]}x{size[1]}", "\n".join(line.rstrip() for line in body).rstrip())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_task_form_looks_like_this(size: tuple[int, int]) -> None:
    async with war_room(a_desk(), size) as room:
        await room.press("T")
        check(room, f"screen-task-{size[0]}x{size[1]}")


async def test_the_roles_form_and_the_gate_look_like_this() -> None:
    async with war_room(a_desk()) as room:
        await room.press("H", "down")
        check(room, "screen-roles-80x24")
        await room.press("escape", "D", "enter", "down", "down", "down", "down")
        check(room, "screen-gate-80x24")


async def test_many_lines_are_counted_and_spelled_out_where_the_cursor_is() -> None:
    desk = a_desk()
    for number in range(30):
        desk.happen(NoteAdded(f"decision number {number} of the night", kind="decision"), NOW - SECOND)
    async with war_room(desk) as room:
        await room.press("h")
        assert "more" in room.text
        assert "NOT KNOWN" in room.text
        await room.press(*["down"] * 7)
        for _ in range(40):
            if "decision number 0 of the night" in room.text:
                break
            await room.press("down")
        assert "decision number 0 of the night" in room.text


async def test_y_copies_all_of_it(tmp_path: Path) -> None:
    async with war_room(a_desk()) as room:
        room.app.clip_file = tmp_path / "clip.txt"
        await room.press("h", "y")
        kept = (tmp_path / "clip.txt").read_text(encoding="utf-8")
        assert kept.startswith("WHAT       INC-20260301-1420  checkout errors: gateway rollout\n")
        assert "OWED       " in kept
        assert "escalate to VP Engineering by 15:20:27Z" in kept


async def test_without_an_incident_it_says_how_to_open_one() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("h")
        assert "no incident is open; D declares one" in room.text


async def test_whoever_only_looks_reads_it_too() -> None:
    desk = a_room_desk(change=False)
    async with war_room(desk) as room:
        await room.press("h")
        assert "BRIEF as of 14:32:07Z" in room.text


async def test_the_command_opens_it() -> None:
    async with war_room(a_desk()) as room:
        await room.press("colon", *"brief", "enter")
        assert "every third checkout fails" in flat(room.text)
