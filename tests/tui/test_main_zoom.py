"""A pane whole: cursor, views, sort, filter, pin, copy, evidence, and the pod behind a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import SIZES, Desk, Room, a_pod_answer, quiet_desk, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.answers import AskPod, PodAnswer
from wfconsole.tui.screens.evidence import EvidenceScreen
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.screens.pod import PodScreen
from wfconsole.tui.screens.zoom import Zoom
from wfconsole.tui.widgets.line_table import LineTable


def table_of(room: Room) -> LineTable:
    return room.app.screen.query_one(LineTable)


async def test_a_zoom_opens_on_the_worst_row() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("3")
        assert table_of(room).row_key == "group/Deployment/production/llm"
        assert room.lines[5].startswith("┃► ■ llm")
        assert "Insufficient nvidia.com/gpu" in room.text


async def test_the_cursor_stays_on_its_pod_whatever_the_data_does() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("3", "v", "j", "j", "j")
        key = table_of(room).row_key
        assert key is not None
        row = next(place for place, line in enumerate(room.lines) if "►" in line and place > 2)
        pods = dict(desk.view().world.pods)
        pods |= {f"production/a{number}": builders.a_bad_pod(f"a{number}") for number in range(9)}
        desk.tell("pods", pods)
        await room.repaint()
        assert table_of(room).row_key == key
        assert "►" in room.lines[row]
        assert key.partition("/")[2][-8:] in room.lines[row]


async def test_v_goes_through_the_views_and_comes_back() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("3")
        seen = []
        for _ in range(9):
            seen.append(room.lines[2].split("[")[1].split("]")[0])
            await room.press("v")
        pods, network = ["unhealthy", "all", "workloads", "changes", "events"], ["services", "ingress", "isolation"]
        assert seen == [*pods, *network, "unhealthy"]


async def test_a_filter_takes_every_printable_key() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("3", "v", "slash")
        await room.press(*"cart-58bb-03 0:[", "backspace", "backspace", "backspace", "backspace")
        assert isinstance(room.app.screen, Zoom)
        assert "filter / cart-58bb-03_" in room.text
        await room.press("enter")
        assert "1/1 of 33" in room.text
        assert "/ cart-58bb-03" in room.text
        assert table_of(room).row_key == "production/cart-58bb-03"
        await room.press("slash", "escape")
        assert "of 33" not in room.text


async def test_a_filter_that_nothing_matches_says_so() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("3", "v", "slash", *"nothing", "enter")
        assert "no row matches 'nothing'" in room.text


async def test_s_goes_through_the_orders() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("3", "v", "s")
        assert "by name" in room.text
        assert table_of(room).rows.keys[0] == "production/cart-58bb-00"
        await room.press("s")
        assert table_of(room).rows.keys[0] == "production/gateway-7d9f6c-2xk0", "most restarts first"


@pytest.mark.parametrize(("keys", "order"), [("5 s s", "by cpu"), ("4 v s s", "by load"), ("3 v v s", "by name")])
async def test_every_pane_can_be_sorted(keys: str, order: str) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press(*keys.split())
        assert order in room.text


async def test_a_pinned_pane_stands_beside_the_checklist() -> None:
    async with war_room(troubled_desk(), SIZES[1]) as room:
        assert "3 Pods" in room.lines[9]
        await room.press("5", "z", "0")
        assert "5 Nodes+GPU" in room.lines[9]
        await room.press("5", "z", "0")
        assert "3 Pods" in room.lines[9]
        await room.press("1", "z")
        assert "nothing to pin" in room.lines[-1]


async def test_a_row_is_copied_to_a_file_too(tmp_path: Path) -> None:
    clip = tmp_path / "deep" / "clip.txt"
    async with war_room(troubled_desk(), clip_file=clip) as room:
        await room.press("5", "y")
        assert "copied" in room.lines[-1]
    assert clip.read_text(encoding="utf-8").startswith("▲  node-3")


@pytest.mark.parametrize(("keys", "words"), [("i", "SOURCE pods"), ("3 v i", "CrashLoopBackOff"), ("5 i", "node-3")])
async def test_every_value_can_be_traced_to_its_source(keys: str, words: str) -> None:
    async with war_room(troubled_desk(), SIZES[1]) as room:
        await room.press(*keys.split())
        assert isinstance(room.app.screen, EvidenceScreen)
        assert words in room.text
        assert "context kind-shop" in room.text


async def test_nothing_can_be_traced_where_nothing_is() -> None:
    async with war_room(Desk()) as room:
        await room.press("i")
        assert isinstance(room.app.screen, Overview)
        assert "nothing here to trace" in room.lines[-1]


# --- a pod ----------------------------------------------------------------------------------------------------------


async def open_crashing_pod(room: Room) -> None:
    await room.press("3", "j", "j", "j", "enter")
    assert isinstance(room.app.screen, PodScreen)


async def test_opening_a_pod_asks_for_it_and_the_answer_appears() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await open_crashing_pod(room)
        asked = desk.asked[-1]
        assert isinstance(asked, AskPod)
        assert (asked.namespace, asked.name) == ("production", "gateway-7d9f6c-2xk0")
        assert "asking for containers, events and logs" in room.text
        assert "CrashLoopBackOff, 14 restarts" in room.text, "what the list knows is there at once"
        desk.answer(a_pod_answer())
        await room.repaint()
        assert "310m used (62% of its limit)   request 250m   limit 500m" in room.text
        await room.press("end")
        assert "panic: config key PAY_URL is missing" in room.text
        assert "LOG app last 1 lines" in room.text


async def test_an_answer_that_does_not_come_is_said() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await open_crashing_pod(room)
        desk.clock.advance(MINUTE)
        await room.repaint()
        assert "no answer for 1m00s" in room.text
        await room.press("R")
        assert len(desk.asked) == 2


async def test_a_refused_answer_says_why_and_what_to_do() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await open_crashing_pod(room)
        failure = builders.a_failure("denied", message="403 pods/log", remedy="needs get on pods/log")
        desk.answer(PodAnswer("a", "production", "gateway-7d9f6c-2xk0", failure=failure))
        await room.repaint()
        assert "denied: 403 pods/log; needs get on pods/log" in room.text


async def test_following_asks_again_and_shows_the_end() -> None:
    desk = troubled_desk()
    desk.answer(a_pod_answer())
    async with war_room(desk) as room:
        await open_crashing_pod(room)
        await room.press("f")
        assert "panic: config key" in room.text
        asked = len(desk.asked)
        desk.clock.advance(6 * SECOND)
        await room.repaint()
        assert len(desk.asked) == asked + 1
        await room.repaint()
        assert len(desk.asked) == asked + 1, "one question at a time"
        await room.press("home")
        assert "── NOW" in room.text


async def test_n_and_b_go_from_section_to_section() -> None:
    desk = troubled_desk()
    desk.answer(a_pod_answer())
    async with war_room(desk) as room:
        await open_crashing_pod(room)
        await room.press("n")
        assert "CONTAINERS" in room.lines[3]
        await room.press("n", "n")
        assert "EVENTS" in room.lines[3]
        await room.press("b")
        assert "CONDITIONS" in room.lines[3]


async def test_a_pod_that_is_gone_says_so_and_keeps_its_answer() -> None:
    desk = troubled_desk()
    desk.answer(a_pod_answer())
    async with war_room(desk) as room:
        await open_crashing_pod(room)
        desk.tell("pods", [], at=NOW)
        await room.repaint()
        assert "gone" in room.lines[2]
        assert "not in the list of pods any more" in room.text
        assert "request 250m" in room.text


async def test_quiet_panes_say_that_all_is_well() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("3")
        assert "all 12 pods are well" in room.text
        await room.press("4")
        assert "1 autoscaler" in room.text
        assert "can act" in room.text
        await room.press("5", "v")
        assert "no node has GPUs" in room.text
