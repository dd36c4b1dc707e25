"""The keys that come with the console for keyboards that are laid out unlike the American one."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from tests.terminal.pty import KEYS
from tests.tui.harness import troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.config.keymap import load_keymap
from wfconsole.config.locations import shipped_keymap
from wfconsole.config.settings import ConsoleSettings
from wfconsole.tui import screens
from wfconsole.tui.action_names import ACTIONS, key_word, keys_by_action
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.user_keys import usable

FILES = sorted(shipped_keymap("azerty").parent.iterdir())
each_keyboard = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
# What a key sends without Shift, from 1 to 0: in France, and where Belgium and a Mac differ.
UNSHIFTED = ("&", "é", '"', "'", "(", "-", "è", "_", "ç", "à")
PLACES = ("zoom-1", "zoom-2", "zoom-3", "zoom-4", "zoom-5", "zoom-6", "zoom-7", "checklist", "timeline", "home")


def keys_on(file: Path) -> dict[str, tuple[str, ...]]:
    keymap, problems = load_keymap(file)
    assert problems == ()
    return keys_by_action(usable({}, keymap)[0])


def arrives(characters: str) -> str:
    """The name under which the console hears what a terminal sends."""
    (event,) = [event for event in XTermParser().feed(characters) if isinstance(event, Key)]
    return event.key


def test_the_setting_names_every_file_and_no_other() -> None:
    kind = get_type_hints(ConsoleSettings)["keymap"]
    assert set(get_args(kind)) - {"qwerty"} == {file.stem for file in FILES} == {"azerty", "qwertz"}


@each_keyboard
def test_a_user_could_have_written_it(file: Path) -> None:
    keymap, problems = load_keymap(file)
    assert problems == ()
    kept, problems = usable(keymap, {})
    assert problems == ()
    assert kept.keys() == keymap.keys()


@each_keyboard
@pytest.mark.parametrize("name", screens._PLACES)
def test_no_two_actions_of_a_screen_have_the_same_key(file: Path, name: str) -> None:
    kind: Any = screens.load(name)
    keys = keys_on(file)
    here = [action.id for action in ACTIONS if issubclass(kind, ConsoleScreen) and action.where in kind.SCOPES]
    pressed = list(itertools.chain.from_iterable(keys[action] for action in here))
    assert sorted(pressed) == sorted(set(pressed))


@each_keyboard
def test_every_key_is_one_that_a_terminal_sends(file: Path) -> None:
    moved = usable({}, load_keymap(file)[0])[0]
    for key in itertools.chain.from_iterable(keys.split(",") for keys in moved.values()):
        word = key_word(key)
        sent = word if len(word) == 1 else KEYS.get(key)
        assert sent is not None, key
        assert arrives(sent) == key


@each_keyboard
def test_what_needs_altgr_or_shift_has_a_key_without_and_keeps_its_own(file: Path) -> None:
    keys, usual = keys_on(file), keys_by_action({})
    for name in ("earlier", "later", "marker-before", "marker-after", "live", "go-to-time"):
        assert set(usual[name]) < set(keys[name])
        assert key_word(keys[name][0]) not in "[]{}\\@", "the key that the console names is the one that is in reach"


def test_on_azerty_the_row_of_digits_works_without_shift() -> None:
    keys = keys_on(shipped_keymap("azerty"))
    for sent, name in zip(UNSHIFTED, PLACES, strict=True):
        assert arrives(sent) in keys[name]
    assert [name for name in keys if "minus" in keys[name]] == ["zoom-6"]


async def test_what_is_said_of_keys_is_true_on_that_keyboard() -> None:
    keymap, _ = usable({}, load_keymap(shipped_keymap("azerty"))[0])
    async with war_room(troubled_desk(), (120, 40), keymap=keymap) as room:
        assert "ù * look back/fwd 10s  < > marker  $ live" in room.lines[-2]
        await room.press("question_mark")
        assert "$ live, or end" in room.text
        assert ") + speed" in room.text
        await room.press("question_mark", "slash", *"zoom-6", "enter")
        assert "6 - § zoom into 6 DB; again: back [zoom-6]" in flat(room.text)
