"""The overview while no incident is declared: what can be opened, and how it stands with the last incident."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.goldens import check
from tests.tui.harness import SIZES, Desk, quiet_desk, troubled_desk, war_room
from tests.tui.papers import a_full_runbook
from wfconsole.clock import DAY, MINUTE
from wfconsole.session.view import LastIncident, View

RESOLVED = LastIncident(
    "INC-20260228-0312", "checkout errors: gateway rollout", "SEV3", "resolved", NOW - DAY, 52 * MINUTE
)


class Remembering(Desk):
    """A console that has looked for the last incident."""

    last: LastIncident | None = RESOLVED

    def view(self) -> View:
        return msgspec.structs.replace(super().view(), last_incident=self.last)


def a_desk(**changes: Any) -> Desk:
    desk = Remembering(runbook=a_full_runbook())
    desk.last = msgspec.structs.replace(RESOLVED, **changes)
    return desk


# Overview, checklist, brief, messages, and the triage; each tells how an incident comes to be.
SCREENS = (("0",), ("c",), ("h",), ("m",), ("a", "home"))


def block(lines: list[str]) -> list[str]:
    """The heading and the line below it."""
    place = next(number for number, line in enumerate(lines) if "last incident" in line)
    return [line.split("│")[-1].rstrip() for line in lines[place : place + 2]]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_what_opens_a_checklist_is_said_whole_at_every_size(size: tuple[int, int]) -> None:
    async with war_room(quiet_desk(runbook=a_full_runbook()), size) as room:
        assert "none open. D declares, and it opens   (4 lists, c to read)" in room.text


async def test_who_cannot_declare_is_not_told_to() -> None:
    for desk, observer in ((quiet_desk(change=False), False), (quiet_desk(), True)):
        async with war_room(desk, observer=observer) as room:
            assert "none open.   (1 list, c to read)" in room.text
            assert "nothing needs you." in room.text
            for keys in SCREENS:
                await room.press(*keys)
                assert "declares" not in room.text
                await room.press("0")
            await room.press("c")
            assert "None is open.\n" in room.text


@pytest.mark.parametrize("keys", SCREENS)
async def test_whoever_may_declare_is_told_the_key_that_does(keys: tuple[str, ...]) -> None:
    for keymap, key in (({}, "D"), ({"declare": "f8"}, "f8")):
        async with war_room(quiet_desk(runbook=a_full_runbook()), (200, 60), keymap=keymap) as room:
            await room.press(*keys)
            assert f"{key} declares" in room.text


async def test_a_runbook_that_is_not_read_yet_has_no_number_of_lists() -> None:
    async with war_room(quiet_desk(runbook=msgspec.structs.replace(builders.a_runbook(), checklists=()))) as room:
        assert "none open. D declares, and it opens\n" in room.text


async def test_a_resolved_one_is_told_with_how_long_it_took_and_what_leads_to_it() -> None:
    async with war_room(a_desk()) as room:
        head, line = block(room.lines)
        assert "wfconsole export: its post-mortem" in head
        assert line == " INC-20260228-0312  SEV-3  resolved in 52 min  checkout errors: gateway rollout"


async def test_a_name_without_its_day_has_it_beside_it() -> None:
    async with war_room(a_desk(incident="INC-0041")) as room:
        assert block(room.lines)[1].startswith(" INC-0041  SEV-3  2026-02-28  resolved in 52 min  checkout")


@pytest.mark.parametrize(
    ("changes", "leads", "stands"),
    [
        ({"took_ms": None}, "wfconsole export", "resolved in --"),
        ({"status": "monitoring", "took_ms": None}, "wfconsole resume goes on with it", "OPEN, monitoring"),
        (
            {"problem": "its journal is damaged"},
            "wfconsole journal INC-20260228-0312",
            "INC-20260228-0312  SEV-3  its journal is damaged",
        ),
    ],
)
async def test_it_never_says_more_than_is_known(changes: dict[str, Any], leads: str, stands: str) -> None:
    async with war_room(a_desk(**changes)) as room:
        head, line = block(room.lines)
        assert leads in head
        assert stands in line
        assert ("resolved" in line) == ("took_ms" in changes and "status" not in changes)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_it_looks_as_it_looked(size: tuple[int, int]) -> None:
    async with war_room(a_desk(), size) as room:
        check(f"overview-last-incident-{size[0]}x{size[1]}", room.text)


async def test_without_one_and_in_an_incident_there_is_no_block() -> None:
    async with war_room(quiet_desk()) as room:
        assert "last incident" not in room.text
    desk = a_desk()
    desk.session.submit(builders.declared())
    async with war_room(desk) as room:
        assert "last incident" not in room.text


async def test_what_changed_within_the_hour_keeps_its_place_below_it() -> None:
    desk = a_desk()
    for source, snapshot in troubled_desk().view().world.snapshots.items():
        desk.tell(source, dict(snapshot.rows or {}))
    async with war_room(desk) as room:
        place = next(number for number, line in enumerate(room.lines) if "last incident" in line)
        assert "changes of the last 1h00m" in room.lines[place + 2]
        assert "gateway revision 6 -> 7" in room.text
