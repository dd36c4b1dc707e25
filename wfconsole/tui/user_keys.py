"""A user's own keys, held against the actions that there are. What cannot be used is left out and said."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from textual.binding import Binding

from wfconsole.text import safe
from wfconsole.tui.action_names import ACTIONS, BY_ID, Action, key_word, keys_by_action

# Where lists are, so that a key of one of these places is taken in the others too.
_LISTS = frozenset(("lists", "items", "zoom", "checklist", "timeline", "sources", "logs"))


def usable(keymap: Mapping[str, str], keyboard: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The keys by action id that are not the usual ones, and why some cannot be used: those actions keep their keys.

    `keyboard` are the keys that come with the console for a keyboard, and right as they are.
    """
    shipped = _named_keys(keyboard)
    wanted = _named_keys(keymap)
    kept = {name: keys for name, keys in wanted.items() if not _misnamed(name) and not _too_easy(BY_ID[name], keys)}
    problems = [reason for name in wanted if (reason := _misnamed(name))]
    problems += [reason for name, keys in wanted.items() if name in BY_ID and (reason := _too_easy(BY_ID[name], keys))]
    while clash := _clash(kept, shipped):
        name, reason = clash
        del kept[name]
        problems.append(reason)
    return shipped | kept, tuple(f"keymap.toml: {problem}" for problem in problems)


def _named_keys(keymap: Mapping[str, str]) -> dict[str, str]:
    """Characters by the names under which they arrive: "-" is "minus"."""
    bound = {name: Binding.make_bindings([(keys, name)]) for name, keys in keymap.items()}
    return {name: ",".join(binding.key for binding in bindings) for name, bindings in bound.items()}


def _misnamed(name: str) -> str:
    if name in BY_ID:
        return ""
    near = difflib.get_close_matches(name, BY_ID, n=1)
    return f"'{safe(name, 60)}' is no action{f'; did you mean {near[0]}?' if near else ': help lists their names'}"


def _too_easy(action: Action, keys: str) -> str:
    """Lower case only looks: a key that changes the record is a capital, or needs a function key."""
    if action.kind == "look":
        return ""
    characters = (word for key in keys.split(",") if len(word := key_word(key)) == 1)
    easy = next((word for word in characters if not word.isupper()), "")
    return f"{action.id}: {easy} only looks; what changes the record needs a capital letter" if easy else ""


def _clash(keymap: Mapping[str, str], shipped: Mapping[str, str]) -> tuple[str, str] | None:
    """A moved action whose key another action has where it would work; the other one may be moved away itself."""
    keys_of = keys_by_action({**shipped, **keymap})
    for name in keymap:
        for key in keys_of[name]:
            for other in ACTIONS:
                if other.id != name and key in keys_of[other.id] and _overlap(BY_ID[name], other):
                    return name, f"{name}: {key_word(key)} is the key of {other.id}"
    return None


def _overlap(one: Action, other: Action) -> bool:
    return one.where == other.where or "all" in (one.where, other.where) or {one.where, other.where} <= _LISTS
