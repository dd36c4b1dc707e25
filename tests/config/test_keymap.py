from __future__ import annotations

from pathlib import Path

import pytest

from wfconsole.config.keymap import load_keymap
from wfconsole.text import is_safe


def keymap(folder: Path, text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    file = folder / "keymap.toml"
    file.write_text(text)
    file.chmod(0o600)
    return load_keymap(file)


def test_without_a_file_every_key_stays(tmp_path: Path) -> None:
    assert load_keymap(tmp_path / "keymap.toml") == ({}, ())


def test_actions_get_their_keys(tmp_path: Path) -> None:
    text = '[keys]\nnote = "N"\n"pane.zoom" = ["f5", "shift+left"]\nback = "b,B"\ncomma = ","\n'
    assert keymap(tmp_path, text) == ({"note": "N", "pane.zoom": "f5,shift+left", "back": "b,B", "comma": "comma"}, ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("note = 3", "note: expected a key such as"),
        ("note = []", "note: expected at least one key"),
        ('note = ""', "note: '' is no key"),
        ('note = "two words"', "note: 'two words' is no key"),
        ('note = "ctrl+b"', "note: ctrl+b does not reach the console: tmux and screen take it"),
        ('note = "ctrl+m"', "note: ctrl+m does not reach the console: it arrives as another key"),
        ('note = "alt+1"', "note: alt+1 does not reach the console"),
        ('note = "f1"', "note: f1 does not reach the console"),
        ('"No Id" = "n"', "'No Id' is no id of an action"),
        ('first = "x"\nnote = "x"', "note: x is given to first already"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_left_out(tmp_path: Path, line: str, words: str) -> None:
    keys, problems = keymap(tmp_path, f'[keys]\nquit = "Q"\n{line}\n')
    assert keys["quit"] == "Q"
    assert "note" not in keys
    (problem,) = problems
    number = 3 + line.count("\n")
    assert problem.startswith(f"{tmp_path}/keymap.toml:{number}: {words}")


@pytest.mark.parametrize("text", ["[keys\n", "keys = 1\n", "[kyes]\nnote = 'N'\n"])
def test_a_file_that_cannot_be_read_changes_nothing(tmp_path: Path, text: str) -> None:
    keys, problems = keymap(tmp_path, text)
    assert keys == {}
    assert len(problems) == 1


def test_a_keymap_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text('[keys]\nnote = "N"\n')
    file.chmod(0o666)
    keys, problems = load_keymap(file)
    assert keys == {}
    assert "anybody on this machine may write it" in problems[0]


def test_hostile_text_is_inert_in_what_is_told(tmp_path: Path) -> None:
    _, problems = keymap(tmp_path, '[keys]\n"\\u001b[2J" = "x"\nnote = "\\u001b]52;c;aGk=\\u0007"\n["\\u202e"]\n')
    assert len(problems) == 3
    assert all(is_safe(problem) for problem in problems)
