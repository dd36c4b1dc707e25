"""The two symbol sets say the same, one cell for one cell."""

from rich.cells import cell_len

from wfconsole.text import is_safe, to_ascii
from wfconsole.tui.glyphs import ASCII, UNICODE

MEANT_DIFFERENTLY = {"name", "error", "border_calm", "border_warning", "border_critical", "border_distrust"}
SYMBOLS = [field for field in UNICODE.__struct_fields__ if field not in MEANT_DIFFERENTLY]


def test_each_symbol_is_one_cell_wide_and_passes_the_gate() -> None:
    for glyphs in (UNICODE, ASCII):
        for field in SYMBOLS:
            symbol = getattr(glyphs, field)
            assert is_safe(symbol)
            assert cell_len(symbol) == len(symbol) == (8 if field == "ramp" else 1)


def test_the_ascii_set_is_what_the_ascii_form_of_the_other_gives() -> None:
    assert {field: to_ascii(getattr(UNICODE, field)) for field in SYMBOLS} == {
        field: getattr(ASCII, field) for field in SYMBOLS
    }


def test_a_trend_cell_stays_on_the_scale() -> None:
    assert [UNICODE.trend(share) for share in (-1, 0, 0.5, 0.99, 1, 7)] == ["▁", "▁", "▅", "█", "█", "█"]
