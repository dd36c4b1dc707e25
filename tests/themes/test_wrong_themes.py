"""A wrong theme file is left out, and the report says the file, the line, the key, the value and what to do."""

from pathlib import Path

import pytest

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.text import is_safe
from wfconsole.tui.theming import load_themes

GOOD = (Path(__file__).parents[2] / "themes" / "warroom-dark.toml").read_text().replace("warroom-dark", "mine")


@pytest.mark.parametrize(
    ("change", "line_starts", "says"),
    [
        (('sev-crit = "#ff5f5f"', 'sev-crit = "#ff5f5"'), "sev-crit", "[tokens] sev-crit = '#ff5f5': must be a colour"),
        (('sev-crit = "#ff5f5f"', "sev-crit = 7"), "sev-crit", "[tokens] sev-crit = 7: must be a colour"),
        (('sev-crit = "#ff5f5f"', 'sev-crit = "#ff5f60"'), "sev-crit", "the nearest is #ff5f5f"),
        (('sev-crit = "#ff5f5f"', 'sev-crit = "#5f0000"'), "sev-crit", "has contrast 1."),
        (('on-crit = "#121212"', 'on-crit = "#ff5f5f"'), "on-crit", "has contrast 1.0 on sev-crit (#ff5f5f)"),
        (('foreground = "#e4e4e4"', 'foreground = "#303030"'), "foreground", "at least 4.5 is needed"),
        (('sev-crit = "#ff5f5f"\n', ""), None, "[tokens] lacks sev-crit; copy"),
        (
            ('rule = "#444444"', 'ruler = "#444444"'),
            "ruler",
            "[tokens] ruler = '#444444': is not known; there are: sev-",
        ),
        (("dark = true", 'dark = "yes"'), "dark", "must be true or false"),
        (("dark = true", "dark = true\nlight = 1"), "light", "is not known; there are: schema"),
        (("schema = 1", "schema = 2"), "schema", "this wfconsole reads schema 1"),
        (('name = "mine"', 'name = "My Theme"'), "name", "lower-case letters"),
        (("[glyphs]", "[glyph]"), "[glyph]", "is not known"),
        (('set = "unicode"', 'set = "emoji"'), "set", 'must be "unicode" or "ascii"'),
        (('set = "unicode"', 'set = "unicode"\n[widgets]\nprimary = "#00afff"'), "primary", "no variable of Textual"),
        (
            ('set = "unicode"', 'set = "unicode"\n[widgets]\nblock-cursor-text-style = "blink"'),
            "block-cursor-text-style",
            "must be words of: bold",
        ),
        (('set = "unicode"', "set = unicode"), "set", "is not TOML"),
    ],
)
def test_a_wrong_file_is_left_out_with_its_place_and_a_remedy(
    tmp_path: Path, change: tuple[str, str], line_starts: str | None, says: str
) -> None:
    broken = GOOD.replace(*change, 1)
    assert broken != GOOD
    path = tmp_path / "mine.toml"
    path.write_text(broken)

    load = load_themes([tmp_path])

    assert set(load.loaded) == {"warroom-dark"}
    (problem,) = load.failed
    assert says in str(problem)
    matching = [n for n, line in enumerate(broken.splitlines(), 1) if line_starts and line.startswith(line_starts)]
    expected = matching[-1] if matching else 0
    assert problem.line == expected
    assert str(problem).startswith(f"{path}:{expected}: " if expected else f"{path}: ")


def test_a_good_file_of_the_user_is_added_and_may_replace_a_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    (tmp_path / "other.toml").write_text(GOOD.replace('"mine"', '"warroom-dark"').replace("War room, dark", "Our own"))
    load = load_themes([tmp_path, tmp_path / "not-there"])
    assert set(load.loaded) == {"mine", "warroom-dark"}
    assert load.pick("warroom-dark").title.startswith("Our own")


def test_files_that_are_no_text_or_endless_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "huge.toml").write_text("# " + "x" * 100_000)
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "hostile\x1b[2J.toml").write_text("schema = '\x1b'")
    load = load_themes([tmp_path])
    assert set(load.loaded) == {"warroom-dark"}
    assert len(load.failed) == 4
    assert all(is_safe(str(problem)) for problem in load.failed)


def test_asking_for_a_theme_that_is_not_there_says_which_there_are_and_what_is_wrong_with_its_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace("#ff5f5f", "red"))
    with pytest.raises(UserError, match="no theme named 'mine'; there are: warroom-dark") as caught:
        load_themes([tmp_path]).pick("mine")
    assert caught.value.code == exit_codes.CONFIGURATION
    assert "must be a colour in quotes" in str(caught.value)


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert set(load_themes([tmp_path]).loaded) == {"mine", "warroom-dark"}
