"""What is painted, and when: only what differs, one frame for all regions, none that the terminal cannot take."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tests import builders
from tests.builders import NOW
from tests.tui.harness import SIZES, THEMES, Room, quiet_desk, troubled_desk, until, war_room
from wfconsole.clock import SECOND
from wfconsole.tui import compat
from wfconsole.tui.app import NEXT_BEAT_SECONDS, TICK_SECONDS
from wfconsole.tui.pace import DATA_FRAME_EVERY, FIRST_FRAMES_EVERY, FIRST_FRAMES_FOR, HEARD_WITHIN
from wfconsole.tui.widgets.lines import Lines


class Painted:
    """Counts the lines that regions ask to be painted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: dict[str, int] = {}
        self.screens = 0
        refresh, repaint = Widget.refresh, compat.repaint

        def refreshing(widget: Widget, *regions: Any, **options: Any) -> Widget:
            self._count(widget, regions)
            return refresh(widget, *regions, **options)

        def repainting(widget: Widget, regions: Sequence[Region]) -> None:
            self._count(widget, regions)
            repaint(widget, regions)

        monkeypatch.setattr(Widget, "refresh", refreshing)
        monkeypatch.setattr(compat, "repaint", repainting)

    def _count(self, widget: Widget, regions: Sequence[Region]) -> None:
        self.screens += isinstance(widget, Screen)
        if isinstance(widget, Lines):
            rows = sum(region.height for region in regions) if regions else widget.size.height
            self.lines[widget.id or ""] = self.lines.get(widget.id or "", 0) + rows


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_nothing_is_painted_when_nothing_changed(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    async with war_room(troubled_desk(), size) as room:
        for keys in ("", "3", "3 v", "4", "5"):
            await room.press("0", *keys.split())
            painted = Painted(monkeypatch)
            await room.repaint()
            assert painted.lines == {}
            monkeypatch.undo()


async def test_a_second_costs_the_clock_and_the_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        painted = Painted(monkeypatch)
        room.desk.clock.advance(SECOND)
        await room.repaint()
        assert painted.lines.pop("glance") == 1
        assert painted.lines.pop("board") == 3
        assert painted.lines.pop("clocks") <= 2
        assert painted.lines.pop("pods") == painted.lines.pop("hpas") == 1
        assert set(painted.lines) <= {"attention", "time"}


async def test_a_changed_pod_costs_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = quiet_desk()
    pods = {f"production/p{number:04}": builders.a_pod(f"p{number:04}") for number in range(2_000)}
    desk.tell("pods", pods)
    async with war_room(desk, (120, 40)) as room:
        await room.press("3", "v")
        painted = Painted(monkeypatch)
        desk.tell("pods", {**pods, "production/p0003": builders.a_pod("p0003", restarts=4)})
        await room.repaint()
        assert painted.lines == {"table": 1}


def strips_of(room: Room) -> dict[tuple[str, int], Strip]:
    """What each region would give to be painted, row by row."""
    shown: dict[tuple[str, int], Strip] = {}
    for region in room.app.screen.query(Lines):
        whole = Region(0, 0, *region.size)
        shown |= {(region.id or "", y): strip for y, strip in enumerate(region.render_lines(whole))}
    return shown


async def test_a_row_that_is_the_same_is_the_very_strip_that_was_painted() -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        before = strips_of(room)
        room.desk.clock.advance(SECOND)
        await room.repaint()
        after = strips_of(room)
        new = {place for place, strip in after.items() if before[place] is not strip}
        assert ("glance", 0) in new
        assert all(before[place] != after[place] for place in new)
        assert len(new) < 12 < len(after)


async def test_another_look_paints_every_row_anew() -> None:
    async with war_room(troubled_desk(), (120, 40)) as room:
        room.app.themes = THEMES
        before = strips_of(room)
        await room.press("colon", *"theme plain", "enter")
        after = strips_of(room)
        assert not any(before[place] is strip for place, strip in after.items() if place in before)
        assert all(strip.text.isascii() for strip in after.values())


@pytest.mark.parametrize("keys", ["tab", "shift+tab"])
async def test_moving_the_focus_costs_two_titles(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    async with war_room(troubled_desk(), (200, 60)) as room:
        await room.press("tab")
        painted = Painted(monkeypatch)
        await room.press(keys)
        assert painted.screens == 0
        painted.lines.pop("keys", None)
        assert sorted(painted.lines.values()) == [1, 1]


async def test_moving_between_the_fields_of_a_form_does_not_paint_what_is_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("N")
        painted = Painted(monkeypatch)
        await room.press("tab")
        assert painted.screens == 0


async def test_a_key_paints_at_once_even_when_the_terminal_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(troubled_desk()) as room:
        monkeypatch.setattr(compat, "unwritten", lambda _: 5)
        await room.press("space")
        assert "FROZEN" in room.lines[0]


async def test_a_terminal_that_is_behind_gets_no_data_frames_and_is_told_of_its_lag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = troubled_desk()
    async with war_room(desk, clock=desk.clock) as room:
        waiting = 3
        monkeypatch.setattr(compat, "unwritten", lambda _: waiting)
        before = room.text
        for _ in range(5):
            desk.clock.advance(SECOND)
            room.app.on_ticked()
            await room.pilot.pause()
        assert room.text == before
        waiting = 0
        room.app.on_ticked()
        await room.pilot.pause()
        assert "14:32:12Z" in room.lines[0]
        assert "display lag 4s" in room.lines[1]
        room.app.on_ticked()
        await room.pilot.pause()
        assert "display lag" not in room.lines[1]


async def test_a_frame_that_the_terminal_could_not_take_is_tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with the next beat: what changed would be a second late although the terminal was busy for a moment."""
    desk = troubled_desk()
    async with war_room(desk, clock=desk.clock) as room:
        ticks: list[float] = []
        monkeypatch.setattr(room.app._pace, "tick_in", ticks.append)
        monkeypatch.setattr(compat, "unwritten", lambda _: 5)
        room.app.on_ticked()
        desk.clock.advance(FIRST_FRAMES_FOR)
        room.app.on_ticked()
        assert ticks == [FIRST_FRAMES_EVERY / SECOND, DATA_FRAME_EVERY / SECOND]


async def test_frames_for_data_come_quicker_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = troubled_desk()
    async with war_room(desk, clock=desk.clock) as room:
        waits: list[float] = []
        monkeypatch.setattr(room.app._pace, "tick_in", waits.append)
        room.app.show_now()
        room.app.on_session_changed()
        desk.clock.advance(FIRST_FRAMES_FOR)
        room.app.show_now()
        room.app.on_session_changed()
        assert waits[1::2] == [FIRST_FRAMES_EVERY / SECOND, DATA_FRAME_EVERY / SECOND]


async def test_sources_of_one_beat_share_a_frame_and_the_next_tick_comes_after_the_next_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = troubled_desk()
    async with war_room(desk, clock=desk.clock) as room:
        desk.clock.advance(FIRST_FRAMES_FOR)
        waits: list[float] = []
        monkeypatch.setattr(room.app._pace, "tick_in", waits.append)
        room.app._session_changed()
        await room.pilot.pause()
        assert waits == [HEARD_WITHIN / SECOND]
        room.app.on_ticked()
        room.app.on_ticked()
        assert waits[1:] == [NEXT_BEAT_SECONDS, TICK_SECONDS]


async def test_many_changes_from_many_threads_are_one_message() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        seen: list[object] = []
        post = room.app.post_message
        room.app.post_message = lambda message: seen.append(message) or post(message)  # type: ignore[func-returns-value, method-assign]
        threads = [threading.Thread(target=desk.session.repaint) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 1
        await until(room.pilot.pause, lambda: not room.app._change_waits)


async def test_what_a_source_says_is_on_screen_without_a_key() -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        assert "12/12 ready" in room.text
        desk.tell("pods", [builders.a_bad_pod("gateway-1")], at=NOW)
        await until(room.pilot.pause, lambda: "0/1 ready" in room.text)


async def test_the_session_begins_after_the_first_frame() -> None:
    desk = quiet_desk()
    began: list[str] = []
    desk.start = lambda: began.append("started")  # type: ignore[method-assign]
    async with war_room(desk) as room:
        await until(room.pilot.pause, lambda: began == ["started"])
