"""Every theme that is shipped: it loads, it can be read, and colour-blind people can tell its levels apart."""

import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from textual.app import App

from tests.themes.colour_vision import difference, seen_by
from wfconsole.tui.choice import choose_theme, speaks_utf8, terminal_locale
from wfconsole.tui.theme_file import WARROOM_DARK, contrast, is_xterm_colour, read_theme
from wfconsole.tui.theming import load_themes, to_textual_theme

THEMES = Path(__file__).parents[2] / "themes"
FILES = sorted(THEMES.glob("*.toml"))
COLOURED = [file for file in FILES if not read_theme(file).monochrome]  # the others use bold, reverse and underline
STATUS = ("sev-ok", "sev-watch", "sev-warn", "sev-crit")


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    chosen: Path = request.param
    return chosen


def test_the_three_themes_of_the_first_release_are_there() -> None:
    assert {"warroom-dark", "mono", "plain"} <= {file.stem for file in FILES}


def test_it_loads_under_the_name_of_its_file(path: Path) -> None:
    assert read_theme(path).name == path.stem


def test_all_its_colours_are_exact_on_a_terminal_of_256_colours(path: Path) -> None:
    theme = read_theme(path)
    colours = [*theme.base.values(), *theme.tokens.values()]
    assert [colour for colour in colours if not is_xterm_colour(colour)] == []


def test_its_texts_can_be_read(path: Path) -> None:
    theme = read_theme(path)
    for token in (*STATUS, "q-dim", "mode-live", "mode-replay"):
        assert contrast(theme.tokens[token], theme.base["background"]) >= 4.5
    assert contrast(theme.base["foreground"], theme.base["background"]) >= 7


@pytest.mark.parametrize("coloured", COLOURED, ids=lambda path: path.stem)
@pytest.mark.parametrize("vision", ["normal", "protan", "deutan", "tritan"])
def test_its_levels_differ_for_every_kind_of_colour_vision(coloured: Path, vision: str) -> None:
    theme = read_theme(coloured)
    colours = [theme.base["foreground"], *(theme.tokens[token] for token in STATUS)]
    for first, second in combinations(colours, 2):
        assert difference(seen_by(vision, first), seen_by(vision, second)) >= 12, (first, second)


async def test_textual_takes_it_and_every_token_is_a_variable(path: Path) -> None:
    theme = read_theme(path)
    app = App[None]()
    app.register_theme(to_textual_theme(theme))
    app.theme = theme.name
    async with app.run_test():
        variables = app.get_css_variables()
        assert {token: variables[token] for token in theme.tokens} == dict(theme.tokens)
        assert variables["background"].lower() == theme.base["background"]


@pytest.mark.parametrize(
    ("one", "two", "published"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_of_difference_agrees_with_its_published_test_data(
    one: tuple[float, float, float], two: tuple[float, float, float], published: float
) -> None:
    assert difference(one, two) == pytest.approx(published, abs=1e-4)


def test_the_built_in_default_is_the_twin_of_its_file() -> None:
    assert read_theme(THEMES / "warroom-dark.toml") == WARROOM_DARK


def test_mono_and_plain_have_no_hue_and_the_default_has() -> None:
    assert [file.stem for file in COLOURED if file.stem in ("warroom-dark", "mono", "plain")] == ["warroom-dark"]


def test_plain_draws_in_ascii_and_the_others_do_not() -> None:
    assert {file.stem: read_theme(file).glyphs.name for file in FILES if file.stem in ("plain", "mono")} == {
        "plain": "ascii",
        "mono": "unicode",
    }


def test_all_shipped_files_load_together_and_nothing_is_left_out() -> None:
    load = load_themes([THEMES])
    assert set(load.loaded) == {file.stem for file in FILES}
    assert load.failed == ()


@pytest.mark.parametrize(
    ("cli", "environ", "config", "chosen"),
    [
        ("a", {"WFCONSOLE_THEME": "b", "NO_COLOR": "1"}, "c", "a"),
        (None, {"WFCONSOLE_THEME": "b", "NO_COLOR": "1"}, "c", "b"),
        (None, {"NO_COLOR": "1"}, "c", "c"),
        (None, {"NO_COLOR": "1", "LANG": "C.UTF-8"}, "", "mono"),
        (None, {"NO_COLOR": "1"}, "", "plain"),  # it has no colours either
        (None, {"NO_COLOR": "", "LANG": "C.UTF-8"}, "", "warroom-dark"),
        (None, {}, "", "plain"),
        (None, {"LANG": "de_DE.ISO-8859-1"}, "", "plain"),
        (None, {"LANG": "en_GB.utf8"}, "", "warroom-dark"),
    ],
)
def test_the_theme_is_chosen_in_the_documented_order(
    cli: str | None, environ: dict[str, str], config: str, chosen: str
) -> None:
    assert choose_theme(cli, environ, config) == chosen


@pytest.mark.parametrize(
    ("environ", "locale"),
    [
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, "C"),
        ({"LC_ALL": "", "LC_CTYPE": "en_GB.UTF-8", "LANG": "C"}, "en_GB.UTF-8"),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "C"),  # what Python makes of LANG=C
        ({"LC_CTYPE": "C.UTF-8"}, ""),
        ({"LANG": "en_GB.UTF-8"}, "en_GB.UTF-8"),
        ({}, ""),
    ],
)
def test_the_locale_follows_the_precedence_of_posix(environ: dict[str, str], locale: str) -> None:
    assert terminal_locale(environ) == locale
    assert speaks_utf8(locale) == ("UTF" in locale)


def test_a_shipped_file_is_schema_1() -> None:
    assert {tomllib.loads(file.read_text())["schema"] for file in FILES} == {1}
