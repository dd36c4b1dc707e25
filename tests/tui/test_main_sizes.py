"""Any size of terminal: nothing breaks, the vital words are there, and a resize loses nothing."""

from __future__ import annotations

import itertools

import pytest
from textual.events import Resize
from textual.geometry import Size

from tests.tui.harness import SIZES, a_pod_answer, troubled_desk, war_room
from wfconsole.tui import places
from wfconsole.tui.screens.zoom import Zoom
from wfconsole.tui.widgets.line_table import LineTable

WIDTHS = (20, 44, 79, 80, 100, 109, 110, 140, 169, 170, 220)
HEIGHTS = (5, 10, 23, 24, 30, 33, 34, 45, 51, 52, 70)
EIGHT = ("alerts", "signals", "pods", "hpas", "nodes", "database", "security", "changes")
ALL = list(itertools.product(WIDTHS, HEIGHTS))


@pytest.mark.parametrize(("width", "height"), ALL)
@pytest.mark.parametrize(
    "layout", ["overview", "pinned", "all", "one", "moved", "framed", "plain", "wall", "quiet-wall"]
)
def test_regions_cover_the_screen_without_overlapping(layout: str, width: int, height: int) -> None:
    size = Size(width, height)
    placed = {
        "overview": lambda: places.overview(size, pins=(), time_bar=False),
        "pinned": lambda: places.overview(size, pins=("pods", "hpas"), time_bar=False),
        "all": lambda: places.overview(size, pins=(), time_bar=False, tiles=EIGHT, off=False),
        "one": lambda: places.overview(size, pins=(), time_bar=False, tiles=("pods",)),
        "moved": lambda: places.overview(size, pins=("pods",), time_bar=True),
        "framed": lambda: places.framed(size, summary=1, detail=6),
        "plain": lambda: places.plain(size),
        "wall": lambda: places.wall(size, boxes=(3, 3), time_bar=True),
        "quiet-wall": lambda: places.wall(size, boxes=(1, 3), time_bar=False),
    }[layout]()
    seen: set[tuple[int, int]] = set()
    for name, region in placed.items():
        assert size.region.contains_region(region), name
        assert region.area > 0, name
        cells = set(itertools.product(range(region.x, region.right), range(region.y, region.bottom)))
        assert not cells & seen, name
        seen |= cells
    assert len(seen) == width * height


async def test_an_older_size_that_is_told_last_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Size(100, 30)
    async with war_room(troubled_desk(), SIZES[0]) as room:
        monkeypatch.setattr(room.app._driver, "_get_terminal_size", lambda: now, raising=False)
        for size in (now, Size(*SIZES[0])):
            room.app.post_message(Resize(size, size))
        await room.pilot.pause()
        assert room.app.size == room.app.screen.size == now
        assert {len(line) for line in room.lines} == {now.width}


async def test_every_size_shows_the_vital_words() -> None:
    desk = troubled_desk()
    desk.answer(a_pod_answer())
    async with war_room(desk) as room:
        for screen in ("", "3", "5", "3 v v", "3 j j j enter", "w"):
            await room.press("0", *screen.split())
            for width, height in ALL[::7]:
                await room.resize(width, height)
                assert "LIVE" in room.lines[0]
                assert "SEV-2" in room.lines[0]
                assert len(room.lines) == height


async def test_a_small_terminal_says_what_it_needs() -> None:
    async with war_room(troubled_desk(), (44, 10)) as room:
        assert "need 80x24" in room.text
        assert "too small: 44x10" in room.text
        assert room.app.frame().needs[0].text[:30] in room.lines[1]


async def test_what_only_a_larger_screen_has_room_for_is_made_then_and_in_its_order() -> None:
    async with war_room(troubled_desk(), SIZES[0]) as room:
        small = [child.id for child in room.app.screen.children]
        assert not {"digits", "rail", *places.TILES} & set(small)
        await room.resize(*SIZES[2])
        large = [child.id for child in room.app.screen.children]
        shown = [name for name in ("digits", "board", *places.TILES, "rail", "clocks", "timeline") if name in large]
        assert [name for name in large if name in shown] == shown
        assert {"digits", "rail", "pods", "hpas", "nodes"} <= set(large)
        assert "3 Pods" in room.text
        await room.resize(*SIZES[0])
        await room.resize(*SIZES[2])
        assert [child.id for child in room.app.screen.children] == large, "made once"


async def test_a_resize_keeps_zoom_cursor_filter_and_focus() -> None:
    async with war_room(troubled_desk(), SIZES[2]) as room:
        await room.press("3", "v", "slash", *"gate", "enter", "j", "j")
        table = room.app.screen.query_one(LineTable)
        key = table.row_key
        for size in (SIZES[0], (40, 10), SIZES[2], SIZES[1]):
            await room.resize(*size)
            assert isinstance(room.app.screen, Zoom)
            assert table.row_key == key
            assert table.filter == "gate"
        assert room.app.focused is table


async def test_a_resize_keeps_the_region_with_the_focus() -> None:
    async with war_room(troubled_desk(), SIZES[1]) as room:
        await room.press("tab", "tab")
        assert room.focused == "pods"
        await room.resize(*SIZES[0])
        assert room.focused == "board"
        await room.resize(*SIZES[1])
        assert room.focused == "pods"


async def test_tab_goes_through_the_regions_in_reading_order() -> None:
    expected = {
        SIZES[0]: ["board", "checklist", "timeline"],
        SIZES[1]: ["board", "checklist", "pods", "hpas", "timeline"],
        SIZES[2]: ["pods", "checklist", "hpas", "nodes", "timeline", "changes", "events"],
    }
    for size, names in expected.items():
        async with war_room(troubled_desk(), size) as room:
            seen = []
            for _ in names:
                seen.append(room.focused)
                await room.press("tab")
            assert seen == names
