"""The key table: one list drives everything, lower case only looks, and a refused key says why."""

from __future__ import annotations

import random
import string
from collections import Counter

import msgspec
import pytest
from textual.geometry import Region

from tests.tui.harness import SIZES, a_pod_answer, quiet_desk, troubled_desk, war_room
from wfconsole.session.replay import ONLY_A_REPLAY
from wfconsole.tui import action_names
from wfconsole.tui.action_names import ACTIONS, Action
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.screens.pod import PodScreen
from wfconsole.tui.screens.zoom import Zoom
from wfconsole.tui.widgets import key_line
from wfconsole.tui.widgets.key_line import Hint, KeyLine, fitting
from wfconsole.tui.widgets.line_table import LineTable

_TIME_AND_PLACE = [
    *string.ascii_lowercase,
    *string.digits,
    *("space", "left_square_bracket", "right_square_bracket", "left_curly_bracket", "right_curly_bracket", "comma"),
    *("full_stop", "minus", "plus", "equals_sign", "backslash", "tab", "shift+tab", "up", "down", "pageup", "pagedown"),
    *("home", "end", "enter", "escape", "backspace"),
]


def together(action: Action, other: Action) -> bool:
    """Whether both can work at the same place."""
    places = {action.where, other.where}
    return "all" in places or len(places) == 1 or places <= {"lists", "zoom"} or places <= {"lists", "logs"}


def test_no_key_does_two_things_at_one_place() -> None:
    for index, action in enumerate(ACTIONS):
        for other in ACTIONS[index + 1 :]:
            shared = set(action.keys) & set(other.keys)
            assert not (shared and together(action, other)), f"{action.id} and {other.id} share {shared}"


def test_ids_and_methods_are_told_apart() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    kinds = {(action.method, action.kind) for action in ACTIONS}
    assert max(Counter(method for method, _ in kinds).values()) == 1, "one method cannot both look and change"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_an_action_keeps_to_the_rules_of_keys(action: Action) -> None:
    for key in action.keys:
        assert key not in action_names.FORBIDDEN - {"ctrl+c", "ctrl+p", "ctrl+l"}
        assert not key.startswith(("alt+", "ctrl+alt"))
        if action.kind == "change":
            assert len(key) == 1
            assert key.isupper(), "what changes something is a capital"
    assert len(action.label) <= 12


def test_escape_is_never_the_only_way_back() -> None:
    assert len(set(action_names.BY_ID["back"].keys) - {"escape"}) >= 1


async def test_looking_around_changes_nothing() -> None:
    """Any order of keys that look: the record, and what is asked of the world, stay as they are."""
    chance = random.Random(7)
    for size in SIZES:
        desk = troubled_desk()
        desk.answer(a_pod_answer())
        before = desk.session.view.incident
        async with war_room(desk, size) as room:
            for _ in range(80):
                await room.pilot.press(chance.choice(_TIME_AND_PLACE))
            await room.press("escape", "escape", "0")
        assert desk.submitted == []
        assert desk.session.view.incident is before


async def test_a_number_is_a_place_and_the_same_number_goes_back() -> None:
    async with war_room(troubled_desk()) as room:
        for number in range(1, 8):
            await room.press(str(number))
            screen = room.app.screen
            assert isinstance(screen, Zoom)
            assert screen.pane_number == number
            await room.press(str(number))
            assert isinstance(room.app.screen, Overview)
        await room.press("3", "4", "5")
        assert len(room.app.screen_stack) == 2
        await room.press("0")
        assert isinstance(room.app.screen, Overview)


@pytest.mark.parametrize("key", ["escape", "backspace"])
async def test_back_undoes_the_innermost_thing_first(key: str) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("3", "v", "slash", "g", "enter")
        table = room.app.screen.query_one(LineTable)
        assert table.filter == "g"
        await room.press("enter")
        assert isinstance(room.app.screen, PodScreen)
        await room.press(key)
        assert isinstance(room.app.screen, Zoom)
        await room.press(key)
        assert table.filter == ""
        await room.press(key)
        assert isinstance(room.app.screen, Overview)
        await room.press(key)
        assert isinstance(room.app.screen, Overview)


async def test_u_goes_from_need_to_need() -> None:
    async with war_room(troubled_desk()) as room:
        first = room.app.frame().needs[0]
        assert first.goto.startswith("line:")
        await room.press("u")
        assert not isinstance(room.app.screen, Overview)
        assert room.app.issue == 1
        await room.press("u")
        assert room.app.issue == 2
        await room.press("0", "u")
        assert room.app.issue == 1


async def test_u_has_nowhere_to_go_when_all_is_well() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("u")
        assert "nothing needs you" in room.lines[-1]


@pytest.mark.parametrize("key", ["N", "D", "Z", "H"])
async def test_a_console_that_only_looks_says_why_a_capital_does_nothing(key: str) -> None:
    desk = troubled_desk(change=False)
    async with war_room(desk) as room:
        await room.press(key)
        assert isinstance(room.app.screen, Overview)
        assert "this console only looks" in room.lines[-1]
        assert "OBSERVER" in room.lines[0]
        await room.press("j")
        assert "this console only looks" not in room.lines[-1]
    assert desk.submitted == []


async def test_the_observer_is_on_at_once() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("O")
        assert "OBSERVER" in room.lines[0]
        assert "observer: read-only. O leaves it" in room.lines[-1]
        await room.press("N")
        assert "observer: read-only" in room.lines[-1]
    assert desk.submitted == []


@pytest.mark.parametrize("theme", ["warroom-dark", "mono"])
async def test_the_hint_of_a_refused_key_is_struck_through(theme: str) -> None:
    """So that an observer sees beforehand which keys do nothing; what only looks is as it was."""

    def shown(*, struck: bool) -> set[str]:
        keys = room.app.screen.query_one(KeyLine)
        (painted,) = keys.render_lines(Region(0, 0, *keys.size))
        return {piece.text.strip() for piece in painted if bool(piece.style and piece.style.strike) == struck}

    async with war_room(troubled_desk(), (200, 60), theme=theme) as room:
        assert shown(struck=True) == set()
        await room.press("O", "left")
        assert shown(struck=True) == {"N note", "D declare", "T task"}
        assert shown(struck=False) >= {"c", "checklist"}
        assert not shown(struck=False) & {"A", "actions"}, "nothing is offered there"
        await room.press("O", "down", "enter")
        assert shown(struck=True) == set()


async def test_an_observer_of_a_replay_has_only_notes_to_win_and_is_not_asked() -> None:
    desk = troubled_desk(change=False)
    desk.capabilities = ONLY_A_REPLAY
    async with war_room(desk) as room:
        for says, observer in (("observer: read-only. O leaves it", True), ("you are no observer any more", False)):
            await room.press("O")
            assert says in room.lines[-1]
            assert room.app.observer is observer
            assert isinstance(room.app.screen, Overview)


AWAY = {
    "K": "ack on alerts, keep in the list of actions",
    "P": "review in messages",
    "M": "mark in the timeline",
    "V": "take back in the list of actions",
    "Y": "yes in the triage",
    "I": "hide in the timeline",
    "U": "no in the triage",
    "S": "shelve on alerts, stop on a command that runs",
}


@pytest.mark.parametrize("key", AWAY)
async def test_a_capital_away_from_its_place_says_where_it_works_or_why_it_may_not(key: str) -> None:
    async with war_room(troubled_desk()) as room:
        await room.press(key)
        assert f"{key} does nothing here: {AWAY[key]}" in room.lines[-1]
    async with war_room(troubled_desk(change=False)) as room:
        await room.press(key)
        assert room.lines[-1].startswith(f" {key} {AWAY[key].split(' ')[0]}")
        assert "this console only looks" in room.lines[-1]


async def test_what_only_looks_says_nothing_where_it_does_nothing() -> None:
    async with war_room(troubled_desk()) as room:
        before = room.lines[-1]
        await room.press("B")
        assert "B does nothing here: anew in messages" in room.lines[-1]
        await room.press("f", "L")
        assert room.lines[-1] == before


async def test_a_step_hints_at_no_key_that_is_refused() -> None:
    for change in (True, False):
        async with war_room(troubled_desk(change=change), (120, 40)) as room:
            await room.press("c")
            for hint in ("X done", "W waive", "E defer"):
                assert (hint in "\n".join(room.lines[:-1])) == change
            assert "n b next, back" in room.text


async def test_q_says_how_to_quit() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("q")
        assert "Q quits" in room.lines[-1]


async def test_ctrl_q_does_not_quit() -> None:
    async with war_room(quiet_desk()) as room:
        await room.press("ctrl+q")
        assert room.app.is_running
        assert room.app.return_code is None


async def test_a_user_moves_a_key_by_its_id() -> None:
    async with war_room(troubled_desk(), keymap={"zoom-3": "g", "freeze": "F"}) as room:
        await room.press("3")
        assert isinstance(room.app.screen, Overview)
        await room.press("g")
        assert isinstance(room.app.screen, Zoom)
        await room.press("F")
        assert "FROZEN" in room.lines[0]


async def test_a_hint_names_the_key_as_it_is_now() -> None:
    async with war_room(quiet_desk(), (200, 60), keymap={"freeze": "g", "live": "dollar_sign"}) as room:
        assert "g freeze" in room.lines[-1]
        assert "1-7 zoom" in room.lines[-1]
        assert "$ live" in room.lines[-2]
    async with war_room(quiet_desk(), (200, 60), keymap={"zoom-1": "g"}) as room:
        assert "g zoom" in room.lines[-1]


async def test_space_freezes_and_goes_on() -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("space")
        assert "FROZEN" in room.lines[0]
        frozen = room.lines[4]
        desk.tell("pods", [], at=desk.clock.now())
        await room.repaint()
        assert room.lines[4] == frozen
        await room.press("space")
        assert "LIVE" in room.lines[0]
        assert room.lines[4] != frozen


def test_the_key_line_drops_what_matters_least() -> None:
    hints = [Hint("1-7", "zoom", 95), Hint("c", "checklist", 90), Hint("y", "copy", 15), Hint("?", "help", 99)]
    assert fitting(hints, 200) == tuple(hints)
    assert [hint.key for hint in fitting(hints, 36)] == ["1-7", "c", "?"]
    assert [hint.key for hint in fitting(hints, 20)] == ["1-7", "?"]
    assert fitting(hints, 3) == ()


async def test_the_key_line_is_never_cut() -> None:
    async with war_room(troubled_desk()) as room:
        for width in range(80, 200, 7):
            await room.resize(width, 30)
            words = room.lines[-1].rstrip()
            assert len(words) <= width
            assert "? help" in words
            assert "…" not in words


async def test_a_look_back_to_before_this_console_says_what_has_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = "seen here only since 14:00:00Z; before: wfconsole replay 20260301-1350-4711"
    desk = quiet_desk()
    shown = msgspec.structs.replace(desk.transport.show(), edge=edge)
    monkeypatch.setattr(desk.transport, "show", lambda: shown)
    async with war_room(desk) as room:
        await room.press("left_square_bracket")
        assert room.lines[-1].strip() == edge
        await room.press("e", "0")
        await room.press("at", *"13:00", "enter")
        assert room.lines[-1].strip() == edge


async def test_what_was_said_gives_way_to_the_keys_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(quiet_desk()) as room:
        hints = room.lines[-1]
        room.app.say("nothing needs you")
        await room.repaint()
        assert room.lines[-1].strip() == "nothing needs you"
        monkeypatch.setattr(key_line, "SAID_FOR", 10)
        room.app.say("nothing needs you")
        for _ in range(500):
            if room.lines[-1] == hints:
                return
            await room.pilot.pause(0.01)
        raise AssertionError(f"the line still says {room.lines[-1]!r}")
