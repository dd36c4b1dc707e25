"""What the main screens say, character by character, at the three sizes and in plain ASCII."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import SIZES, Desk, a_pod_answer, quiet_desk, troubled_desk, war_room
from wfconsole.clock import MINUTE
from wfconsole.text import cells


def a_lost_cluster() -> Desk:
    """Pods and nodes old, autoscalers refused, events never seen."""
    desk = troubled_desk()
    desk.fail("pods", builders.a_failure(since=NOW, message="no route to host"))
    desk.fail("hpas", builders.a_failure("denied", remedy="needs list on horizontalpodautoscalers"))
    desk.fail("nodes", builders.a_failure(since=NOW, retry_at=NOW + 14_000))
    desk.clock.advance(4 * MINUTE)
    return desk


def a_frozen_desk() -> Desk:
    desk = troubled_desk()
    desk.transport.toggle()
    desk.clock.advance(MINUTE)
    return desk


def sized(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("theme", ["warroom-dark", "plain"])
@pytest.mark.parametrize("size", SIZES, ids=sized)
async def test_the_overview_in_an_incident(size: tuple[int, int], theme: str) -> None:
    async with war_room(troubled_desk(), size, theme=theme) as room:
        goldens.check(f"overview-incident-{sized(size)}-{theme}", room.text)
        assert {cells(line) for line in room.lines} == {size[0]}
        if theme == "plain":
            assert room.text.isascii()


@pytest.mark.parametrize(("name", "desk"), [("quiet", quiet_desk), ("lost", a_lost_cluster), ("frozen", a_frozen_desk)])
@pytest.mark.parametrize("size", SIZES[:2], ids=sized)
async def test_the_overview_in_other_states(name: str, desk: Callable[[], Desk], size: tuple[int, int]) -> None:
    async with war_room(desk(), size) as room:
        goldens.check(f"overview-{name}-{sized(size)}", room.text)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("pods-unhealthy", "3"),
        ("pods-all", "3 v"),
        ("workloads", "3 v v"),
        ("changes", "3 v v v"),
        ("events", "3 v v v v"),
        ("hpas", "4"),
        ("nodes", "5"),
        ("gpus", "5 v"),
        ("off", "1"),
    ],
)
async def test_a_pane_whole(name: str, keys: str) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press(*keys.split())
        goldens.check(f"zoom-{name}-80x24", room.text)


@pytest.mark.parametrize("size", SIZES[:2], ids=sized)
async def test_a_pod_whole(size: tuple[int, int]) -> None:
    desk = troubled_desk()
    desk.answer(a_pod_answer())
    async with war_room(desk, size) as room:
        await room.press("3", "j", "j", "j", "enter")
        goldens.check(f"pod-{sized(size)}", room.text)


async def test_what_a_small_client_crops_away_is_not_vital() -> None:
    """Mode, severity, elapsed time and the need stand in the first 60 columns of the first two rows."""
    async with war_room(troubled_desk()) as room:
        first, second = (line[:60] for line in room.lines[:2])
        assert "LIVE" in first
        assert "SEV-2" in first
        assert "T+00:18:40" in first
        assert "DO NOW" in second
        assert room.app.frame().needs[0].text[:30] in second
