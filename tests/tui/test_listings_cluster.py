"""The views of what changed and of events: nothing is left out, and what comes first comes first."""

from __future__ import annotations

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, Room, quiet_desk, war_room, whole_text
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.tui.screens.row import RowScreen

CHANGES, EVENTS = "3 v v v", "3 v v v v"


async def opened(room: Room, keys: str) -> list[str]:
    """The rows of a view: what stands between its head and its foot."""
    await room.press(*keys.split())
    return room.lines


def place(lines: list[str], words: str) -> int:
    """Which line has these words. Raises AssertionError when none has."""
    found = [number for number, line in enumerate(lines) if words in line]
    assert found, (words, lines)
    return found[0]


def told(*events: object) -> Desk:
    desk = quiet_desk()
    desk.tell("events", list(events))
    return desk


async def test_a_rollback_that_nobody_saw_and_what_it_took_back_are_both_there() -> None:
    bad = builders.a_revision(5, created_at=NOW - 5 * MINUTE, images=("r/gateway:1.4.1",))
    good = builders.a_revision(6, created_at=NOW - HOUR, images=("r/gateway:1.4.0",))
    before = builders.a_revision(3, created_at=NOW - 2 * HOUR, images=("r/gateway:1.4.0",))
    desk = Desk()
    desk.tell("workloads", [builders.a_workload(revision=6, revisions=(good, bad, before))])
    async with war_room(desk, (200, 60)) as room:
        lines = await opened(room, CHANGES)
        assert "2 changes" in room.text
        assert place(lines, "revision 5 -> 6 (rolled back") < place(lines, "revision 3 -> 5")


async def test_replicas_moved_by_hand_are_among_the_changes() -> None:
    desk = quiet_desk()
    desk.tell("workloads", [builders.a_workload()])
    desk.clock.advance(5 * SECOND)
    desk.tell("workloads", [builders.a_workload(desired=8)], at=desk.now())
    async with war_room(desk, (120, 40)) as room:
        lines = await opened(room, CHANGES)
        assert "scale" in lines[place(lines, "gateway scaled 12 -> 3 -> 8")]
        await room.press("0")
        assert "gateway scaled 12 -> 3 -> 8" in room.text


async def test_a_warning_that_is_no_news_any_more_still_comes_before_what_is_normal() -> None:
    old = builders.an_event("Unhealthy", last_at=NOW - 12 * MINUTE, message="an old warning")
    news = builders.an_event("BackOff", last_at=NOW - 2 * MINUTE, message="a new warning")
    normal = builders.an_event("Pulled", type="Normal", last_at=NOW - SECOND, message="all is well")
    async with war_room(told(normal, old, news), (120, 40)) as room:
        lines = await opened(room, EVENTS)
        assert place(lines, "a new warning") < place(lines, "an old warning") < place(lines, "all is well")
        await room.press("s")  # the next order: the newest
        lines = room.lines
        assert place(lines, "all is well") < place(lines, "a new warning") < place(lines, "an old warning")


@pytest.mark.parametrize(
    ("kind", "name"), [("Deployment", "gateway"), ("ReplicaSet", "gateway-7d9f6c")], ids=["itself", "its ReplicaSet"]
)
async def test_an_event_about_a_workload_leads_to_it_and_is_told_there(kind: str, name: str) -> None:
    desk = told(builders.an_event("FailedCreate", kind=kind, name=name, message="exceeded quota: compute"))
    desk.tell("workloads", [builders.a_workload()])
    async with war_room(desk, (120, 40)) as room:
        await opened(room, EVENTS)
        assert "Enter the workload" in room.text
        await room.press("enter")
        assert isinstance(room.app.screen, RowScreen)
        assert "exceeded quota: compute" in (await whole_text(room))


async def test_an_event_about_a_workload_that_is_not_listed_leads_nowhere() -> None:
    desk = told(builders.an_event("FailedCreate", kind="ReplicaSet", name="gone-7d9f6c"))
    async with war_room(desk, (120, 40)) as room:
        await opened(room, EVENTS)
        screen = room.app.screen
        assert "Enter the" not in room.text
        await room.press("enter")
        assert room.app.screen is screen


async def test_the_last_change_of_a_group_is_the_rollback_and_not_what_it_took_back() -> None:
    bad = builders.a_revision(5, created_at=NOW - 5 * MINUTE, images=("r/gateway:1.4.1",))
    good = builders.a_revision(6, created_at=NOW - HOUR, images=("r/gateway:1.4.0",))
    desk = Desk()
    desk.tell("pods", [builders.a_bad_pod()])
    desk.tell("workloads", [builders.a_workload(revision=6, revisions=(good, bad))])
    async with war_room(desk, (120, 40)) as room:
        lines = await opened(room, "3")
        assert "revision 6 rolled back within 5m   gateway:1.4.0" in lines[place(lines, "change ")]


async def test_an_evicted_pod_is_called_so_wherever_it_is_listed() -> None:
    desk = quiet_desk()
    gone = builders.a_bad_pod("gateway-9", "Error", phase="Failed", reason="Evicted", message="The node was low.")
    desk.tell("pods", [builders.a_pod(), gone])
    async with war_room(desk, (120, 40)) as room:
        assert "1 Evicted" in room.lines[4]
        lines = await opened(room, "3")
        assert "Evicted" in lines[place(lines, "gateway-9")]
        assert "Error" not in room.text
