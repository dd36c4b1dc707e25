"""A user's keys: what is used, what is left out and why."""

from __future__ import annotations

import pytest

from wfconsole.tui.action_names import ACTIONS
from wfconsole.tui.user_keys import usable


def test_what_is_free_is_used() -> None:
    assert usable({"note": "L", "help": "g,f2"}) == ({"note": "L", "help": "g,f2"}, ())


@pytest.mark.parametrize(
    ("keymap", "problem"),
    [
        ({"quitt": "G"}, "'quitt' is no action; did you mean quit?"),
        ({"frobnicate": "G"}, "'frobnicate' is no action: help lists their names"),
        ({"note": "t"}, "note: t only looks; what changes the record needs a capital letter"),
        ({"note": "D"}, "note: D is the key of declare"),
        ({"post-mortem": "c"}, "post-mortem: c is the key of checklist"),
        ({"sort": "v"}, "sort: v is the key of view"),
        ({"checklist": "j"}, "checklist: j is the key of down"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_key_that_comes_with_it_stays(keymap: dict[str, str], problem: str) -> None:
    kept, problems = usable(keymap)
    assert kept == {}
    assert problems == (f"keymap.toml: {problem}",)


def test_two_actions_may_change_places() -> None:
    swapped = {"checklist": "t,8", "timeline": "c,9"}
    assert usable(swapped) == (swapped, ())


def test_one_mistake_leaves_the_others_in_use() -> None:
    kept, problems = usable({"note": "L", "quitt": "x"})
    assert kept == {"note": "L"}
    assert len(problems) == 1


def test_the_keys_that_come_with_the_console_break_no_rule_of_ours() -> None:
    for action in ACTIONS:
        if action.kind == "change":
            assert all(len(key) > 1 or key.isupper() for key in action.keys), action.id
