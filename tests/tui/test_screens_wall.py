"""The wall view: six numbers at every size and in every mode; what is unknown is no zero."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import RUNBOOK, SIZES, Desk, quiet_desk, troubled_desk, war_room
from tests.tui.test_main_goldens import a_frozen_desk, a_lost_cluster, sized
from tests.tui.test_main_replay import replay
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND
from wfconsole.incident.events import MomentSet, StatusChanged, StepMarked
from wfconsole.observations.levels import Level, Quality
from wfconsole.text import UNKNOWN, cells
from wfconsole.tui import compat
from wfconsole.tui.panes.digits import incident_numbers, world_numbers
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.screens.wall import WallScreen
from wfconsole.tui.screens.zoom import Zoom


def an_overdue_desk() -> Desk:
    """The update is twelve minutes late; the cluster is still seen."""
    desk = troubled_desk()
    world = desk.view().world
    desk.clock.advance(30 * MINUTE + 20 * SECOND)
    for source, snapshot in world.snapshots.items():
        desk.tell(source, dict(snapshot.rows), at=desk.clock.now())
    return desk


# --- what it looks like


@pytest.mark.parametrize("theme", ["warroom-dark", "plain"])
@pytest.mark.parametrize("size", SIZES, ids=sized)
async def test_the_wall_in_an_incident(size: tuple[int, int], theme: str) -> None:
    async with war_room(troubled_desk(), size, theme=theme) as room:
        await room.press("w")
        goldens.check(f"wall-incident-{sized(size)}-{theme}", room.text)
        assert {cells(line) for line in room.lines} == {size[0]}
        if theme == "plain":
            assert room.text.isascii()


@pytest.mark.parametrize(
    ("name", "desk"),
    [("quiet", quiet_desk), ("lost", a_lost_cluster), ("frozen", a_frozen_desk), ("overdue", an_overdue_desk)],
)
@pytest.mark.parametrize("size", SIZES[:2], ids=sized)
async def test_the_wall_in_other_states(name: str, desk: Callable[[], Desk], size: tuple[int, int]) -> None:
    async with war_room(desk(), size) as room:
        await room.press("w")
        goldens.check(f"wall-{name}-{sized(size)}", room.text)


async def test_digits_grow_with_the_screen_and_no_clock_that_runs_out_makes_them_smaller() -> None:
    for size, dot in zip(SIZES, ((1, 1), (2, 2), (3, 3)), strict=True):
        for desk in (troubled_desk(), an_overdue_desk()):
            async with war_room(desk, size) as room:
                await room.press("w")
                screen = room.app.screen
                assert isinstance(screen, WallScreen)
                assert screen.scale(room.app.frame()) == dot


# --- getting there and back


@pytest.mark.parametrize("keys", ["w", "0", "escape", "backspace"])
async def test_the_same_key_and_every_key_that_goes_back_leave_it(keys: str) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("w")
        assert isinstance(room.app.screen, WallScreen)
        await room.press(keys)
        assert isinstance(room.app.screen, Overview)


async def test_a_command_opens_it_and_a_pane_can_be_opened_from_it() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("colon", *"wall", "enter")
        assert isinstance(room.app.screen, WallScreen)
        await room.press("3")
        assert isinstance(room.app.screen, Zoom)
        await room.press("3")
        assert isinstance(room.app.screen, WallScreen)


async def test_an_observer_has_it_too() -> None:
    async with war_room(troubled_desk(change=False)) as room:
        await room.press("w")
        assert "OBSERVER" in room.lines[0]
        assert "PODS NOT READY" in room.text


async def test_a_replay_has_it_and_its_keys_of_time_work_there(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("w", lambda text: "NO INCIDENT" in text and "CRASH LOOPS" in text)
        await shown.press_until("backslash", lambda text: "ELAPSED" in text and "SEV-2" in text)
        assert "REPLAY" in shown.text.splitlines()[0]


async def test_a_frozen_wall_stands_still_and_goes_on() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("w", "space")
        assert "FROZEN" in room.lines[0]
        before = room.lines[2:20]
        desk.clock.advance(5 * SECOND)
        desk.tell("pods", [], at=desk.clock.now())
        await room.repaint()
        assert room.lines[2:20] == before
        await room.press("space")
        assert "LIVE" in room.lines[0]
        assert room.lines[2:20] != before


# --- what it says


async def wall_of(desk: Desk, size: tuple[int, int] = SIZES[0]) -> str:
    async with war_room(desk, size) as room:
        await room.press("w")
        return room.text


def frame_around(text: str, label: str) -> str:
    """The left side of the box with this label."""
    line = next(line for line in text.splitlines() if label in line)
    return line[line.index(label) - 2]


async def test_the_shape_of_a_box_says_its_state() -> None:
    text = await wall_of(troubled_desk())
    assert frame_around(text, "PODS NOT READY") == "┃"
    assert frame_around(text, "HPA AT MAX") == "│"
    lost = await wall_of(a_lost_cluster())
    assert {frame_around(lost, label) for label in ("PODS NOT READY", "CRASH LOOPS", "HPA AT MAX")} == {"╏"}


def never_seen(desk: Desk) -> None:
    desk.tell("pods", {}, failure=builders.a_failure("refused", message="connection refused"), age_ms=-1)


def in_part(desk: Desk) -> None:
    desk.tell("pods", desk.view().world.pods, partial="namespace web is missing")


def old(desk: Desk) -> None:
    desk.clock.advance(10 * MINUTE)


def denied(desk: Desk) -> None:
    desk.fail("pods", builders.a_failure("denied", message="403", remedy="needs list on pods"))


@pytest.mark.parametrize(
    ("what", "quality", "words"),
    [
        (never_seen, Quality.UNKNOWN, "? UNKN connection refused"),
        (in_part, Quality.PARTIAL, "% PART namespace web is missing"),
        (old, Quality.STALE, "≈ STALE 10m04s old"),
        (denied, Quality.DENIED, "× DENIED 403; needs list on pods"),
    ],
)
async def test_what_nobody_can_trust_is_no_number(what: Callable[[Desk], None], quality: Quality, words: str) -> None:
    desk = troubled_desk()
    what(desk)
    async with war_room(desk, SIZES[2]) as room:
        pods, loops, _ = world_numbers(room.app.frame())
        assert (pods.value, pods.quality, pods.level) == (UNKNOWN, quality, Level.OK)
        assert (loops.value, loops.quality) == (UNKNOWN, quality)
        sign = words[0]
        assert f"PODS NOT READY {sign}" in room.text, "beside the label on the overview"
        await room.press("w")
        assert room.text.count(words) >= 2


async def test_a_source_that_is_off_has_no_number_either() -> None:
    text = await wall_of(Desk())
    assert text.count("· off not configured") == 3


async def test_without_an_incident_it_says_so_with_the_time_and_the_last_change() -> None:
    desk = quiet_desk()
    text = await wall_of(desk)
    assert "NO INCIDENT" in text.splitlines()[3]
    assert "ELAPSED" not in text
    assert "NO INCIDENT  no change is known of the last 1h00m" in text
    revisions = (builders.a_revision(7, created_at=NOW - MINUTE), builders.a_revision(6))
    desk.tell("workloads", [builders.a_workload(desired=12, ready=12, updated=12, revisions=revisions)])
    assert "LAST CHANGE  14:31:07Z " in await wall_of(desk)


async def test_the_open_step_and_the_one_after_it_stand_below_the_boxes() -> None:
    desk = troubled_desk()
    assert "NOW  step 4/8 Find the worst workload " in await wall_of(desk)
    assert "NEXT  DECIDE: Is a rollout to blame" in await wall_of(desk)
    for step in RUNBOOK.checklists[0].steps:
        desk.happen(StepMarked(step.id, "done", title=step.title), NOW)
    assert "NOW  CHECKLIST COMPLETE" in await wall_of(desk)


async def test_a_resolved_incident_is_calm_and_has_no_deadline() -> None:
    desk = troubled_desk()
    desk.happen(MomentSet("acknowledged", NOW - MINUTE), NOW)
    desk.happen(MomentSet("resolved", NOW), NOW)
    desk.happen(StatusChanged("resolved"), NOW)
    text = await wall_of(desk)
    assert "· ok resolved" in text
    assert frame_around(text, "SEV ") == "│"
    assert " DUE" not in "\n".join(text.splitlines()[2:])
    assert "RESOLVED  the post-mortem is next" in text
    assert "LASTED" in text
    assert "NOW  step" not in text


async def test_a_time_of_another_day_comes_with_the_day() -> None:
    desk = troubled_desk()
    desk.clock.advance(DAY)
    async with war_room(desk) as room:
        elapsed = incident_numbers(room.app.frame())[1]
        assert elapsed.said[0] == "since 03-01 14:13 UTC"


async def test_a_number_that_is_longer_than_its_box_is_shown_whole() -> None:
    desk = troubled_desk()
    desk.clock.advance(400 * DAY + HOUR)
    async with war_room(desk) as room:
        await room.press("w")
        overdue = incident_numbers(room.app.frame())[2]
        assert len(overdue.value) > 6
        assert overdue.value in room.text


async def test_only_the_cells_that_changed_are_painted_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The digits of the seconds, and no box whose number is the same."""
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("w")
        painted: list[str] = []
        monkeypatch.setattr(compat, "repaint", lambda widget, _regions: painted.append(widget.id or ""))
        desk.clock.advance(SECOND)
        room.app.show_now()
        assert set(painted) == {"glance", "box-0-1", "box-0-2"}
