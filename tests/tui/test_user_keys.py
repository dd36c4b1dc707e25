"""A user's keys: what is used, what is left out and why."""

from __future__ import annotations

import pytest

from wfconsole.tui.action_names import ACTIONS
from wfconsole.tui.user_keys import usable


def test_what_is_free_is_used() -> None:
    assert usable({"note": "L", "help": "g,f2"}, {}) == ({"note": "L", "help": "g,f2"}, ())


@pytest.mark.parametrize(
    ("keymap", "problem"),
    [
        ({"quitt": "L"}, "'quitt' is no action; did you mean quit?"),
        ({"frobnicate": "L"}, "'frobnicate' is no action: help lists their names"),
        ({"note": "t"}, "note: t only looks; what changes the record needs a capital letter"),
        ({"note": "D"}, "note: D is the key of declare"),
        ({"post-mortem": "c"}, "post-mortem: c is the key of checklist"),
        ({"sort": "v"}, "sort: v is the key of view"),
        ({"checklist": "j"}, "checklist: j is the key of down"),
        ({"wall": "-"}, "wall: - is the key of slower"),
        ({"wall": "minus"}, "wall: - is the key of slower"),
        ({"note": "&"}, "note: & only looks; what changes the record needs a capital letter"),
        ({"note": "ampersand"}, "note: & only looks; what changes the record needs a capital letter"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_key_that_comes_with_it_stays(keymap: dict[str, str], problem: str) -> None:
    kept, problems = usable(keymap, {})
    assert kept == {}
    assert problems == (f"keymap.toml: {problem}",)


def test_two_actions_may_change_places() -> None:
    swapped = {"checklist": "t,8", "timeline": "c,9"}
    assert usable(swapped, {}) == (swapped, ())


def test_a_character_is_bound_by_the_name_under_which_it_arrives() -> None:
    assert usable({"help": "&,é"}, {"wall": "$"}) == ({"help": "ampersand,é", "wall": "dollar_sign"}, ())


def test_a_users_key_goes_over_that_of_the_keyboard_for_the_same_action_only() -> None:
    keyboard = {"live": "$", "slower": ")"}
    assert usable({"live": "g"}, keyboard) == ({"live": "g", "slower": "right_parenthesis"}, ())
    assert usable({"wall": "-"}, keyboard)[0]["wall"] == "minus"
    kept, problems = usable({"wall": "$"}, keyboard)
    assert kept == {"live": "dollar_sign", "slower": "right_parenthesis"}
    assert problems == ("keymap.toml: wall: $ is the key of live",)


def test_one_mistake_leaves_the_others_in_use() -> None:
    kept, problems = usable({"note": "L", "quitt": "x"}, {})
    assert kept == {"note": "L"}
    assert len(problems) == 1


def test_the_keys_that_come_with_the_console_break_no_rule_of_ours() -> None:
    for action in ACTIONS:
        if action.kind == "change":
            assert all(len(key) > 1 or key.isupper() for key in action.keys), action.id
