"""A user's own keys, held against the actions that there are. What cannot be used is left out and said."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from wfconsole.text import safe
from wfconsole.tui.action_names import ACTIONS, BY_ID, Action, key_word

# Where lists are, so that a key of one of these places is taken in the others too.
_LISTS = frozenset(("lists", "items", "zoom", "checklist", "timeline", "sources", "logs"))


def usable(keymap: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The keys by action id that can be used, and why the others cannot: those actions keep the keys they come with."""
    kept = {name: keys for name, keys in keymap.items() if not _misnamed(name) and not _too_easy(BY_ID[name], keys)}
    problems = [reason for name in keymap if (reason := _misnamed(name))]
    problems += [reason for name, keys in keymap.items() if name in BY_ID and (reason := _too_easy(BY_ID[name], keys))]
    while clash := _clash(kept):
        name, reason = clash
        del kept[name]
        problems.append(reason)
    return kept, tuple(f"keymap.toml: {problem}" for problem in problems)


def _misnamed(name: str) -> str:
    if name in BY_ID:
        return ""
    near = difflib.get_close_matches(name, BY_ID, n=1)
    return f"'{safe(name, 60)}' is no action{f'; did you mean {near[0]}?' if near else ': help lists their names'}"


def _too_easy(action: Action, keys: str) -> str:
    """Lower case only looks: a key that changes the record is a capital, or needs a function key."""
    if action.kind == "look":
        return ""
    easy = next((key for key in keys.split(",") if len(key) == 1 and not key.isupper()), "")
    return f"{action.id}: {easy} only looks; what changes the record needs a capital letter" if easy else ""


def _clash(keymap: Mapping[str, str]) -> tuple[str, str] | None:
    """A moved action whose key another action has where it would work; the other one may be moved away itself."""
    for name, keys in keymap.items():
        for key in keys.split(","):
            for other in ACTIONS:
                theirs = keymap[other.id].split(",") if other.id in keymap else other.keys
                if other.id != name and key in theirs and _overlap(BY_ID[name], other):
                    return name, f"{name}: {key_word(key)} is the key of {other.id}"
    return None


def _overlap(one: Action, other: Action) -> bool:
    return one.where == other.where or "all" in (one.where, other.where) or {one.where, other.where} <= _LISTS
