"""The table without a screen: order, cursor, columns; and the small things that lines are made of."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from wfconsole.observations.levels import Level, Quality
from wfconsole.text import cells
from wfconsole.tui.glyphs import ASCII, SETS, UNICODE, Glyphs
from wfconsole.tui.ink import Line, Span, fitted, spread, width_of
from wfconsole.tui.listings.listing import Column, SortedKeys
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.block_digits import ROWS, SCALES, block_digits, digits_width
from wfconsole.tui.widgets.line_table import fitting_columns
from wfconsole.tui.widgets.pane_frame import boxed, frame_look
from wfconsole.tui.widgets.row_order import RowOrder
from wfconsole.tui.widgets.scroll_text import folded
from wfconsole.tui.widgets.trend import trend_line


def texts(line: Line) -> str:
    return "".join(span.text for span in line)


# --- the cursor -----------------------------------------------------------------------------------------------------


def an_order(keys: Sequence[str], height: int = 5) -> RowOrder:
    order = RowOrder()
    order.take(keys, height)
    return order


def test_the_cursor_stays_on_its_row_and_the_row_on_its_line() -> None:
    order = an_order(list("abcdefghij"))
    order.move_to(6, 5)
    line = order.index - order.top
    order.release(5)
    order.move_to(6, 5)
    order.take(["x", "y", *"abcdefghij"], 5)
    assert order.key == "g"
    assert order.index - order.top == line


def test_a_row_that_goes_leaves_the_cursor_in_its_place() -> None:
    order = an_order(list("abcde"))
    order.move_to(2, 5)
    order.take(list("abde"), 5)
    assert order.key == "d"
    order.take([], 5)
    assert not order.keys
    order.take(["z"], 5)
    assert order.keys[order.index] == "z"


def test_rows_keep_their_order_under_a_cursor_that_somebody_moved() -> None:
    order = an_order(list("abcd"))
    order.move_to(1, 5)
    order.take(list("dcba"), 5)
    assert list(order.keys) == list("abcd")
    order.take(["d", "n", "c", "b", "a"], 5)
    assert list(order.keys) == ["a", "b", "c", "d", "n"]
    order.release(5)
    assert list(order.keys) == ["d", "n", "c", "b", "a"]
    assert order.key == "d"


def test_an_untouched_list_is_sorted_as_the_data_says() -> None:
    order = an_order(list("abcd"))
    order.take(list("dcba"), 5)
    assert list(order.keys) == list("dcba")
    assert order.key == "a", "but data moves no cursor"


def test_any_history_of_rows_leaves_a_cursor_on_a_visible_row() -> None:
    chance = random.Random(3)
    order = RowOrder()
    for _ in range(600):
        height = chance.randint(1, 8)
        if chance.random() < 0.5:
            order.take([f"r{number}" for number in chance.sample(range(20), chance.randint(0, 20))], height)
        elif chance.random() < 0.5:
            order.move_to(chance.randint(-3, 25), height)
        else:
            order.scroll(chance.randint(-9, 9), height)
        order.take(order.keys, height)
        if order.keys:
            assert 0 <= order.top <= order.index < min(len(order.keys), order.top + height)
        assert len(set(order.keys)) == len(order.keys)


def test_sorted_keys_are_those_of_a_full_sort_after_any_change() -> None:
    chance = random.Random(5)
    kept = SortedKeys()
    rows: dict[str, tuple[int]] = {}
    for _ in range(80):
        changed = dict(rows)
        for _ in range(chance.randint(0, 12)):
            key = f"k{chance.randint(0, 60)}"
            if chance.random() < 0.3:
                changed.pop(key, None)
            else:
                changed[key] = (chance.randint(0, 9),)
        rows = changed
        aside = {key: chance.randint(0, 3) for key in list(rows)[: chance.randint(0, 6)]}

        def rank(key: str, row: tuple[int], aside: dict[str, int] = aside) -> tuple[int, int, str]:
            return (aside.get(key, 0), row[0], key)

        found = kept.keys(rows, aside, "worst", rank)
        assert list(found) == sorted(rows, key=lambda key: rank(key, rows[key]))


def test_the_same_rows_give_the_same_list() -> None:
    kept = SortedKeys()
    rows: dict[str, tuple[int]] = {"a": (1,)}
    aside: dict[str, int] = {}
    first = kept.keys(rows, aside, "name", lambda key, _: key)
    assert kept.keys(rows, aside, "name", lambda key, _: key) is first


# --- columns --------------------------------------------------------------------------------------------------------

COLUMNS = (
    Column("", 1, keep=100),
    Column("NAME", 10, grow=2, keep=99),
    Column("N", 4, keep=50),
    Column("X", 8, keep=10),
)


def test_the_least_important_columns_go_first() -> None:
    assert [index for index, _ in fitting_columns(COLUMNS, 40)] == [0, 1, 2, 3]
    assert [index for index, _ in fitting_columns(COLUMNS, 20)] == [0, 1, 2]
    assert [index for index, _ in fitting_columns(COLUMNS, 12)] == [0, 1]
    assert fitting_columns(COLUMNS, 5) == ((0, 1),)


@pytest.mark.parametrize("width", range(1, 90, 3))
def test_columns_never_take_more_than_there_is(width: int) -> None:
    shown = fitting_columns(COLUMNS, width)
    assert sum(size + 1 for _, size in shown) - 1 <= width


# --- lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["plain", "wide 日本語 text", "e\u0301 combined", ""])
@pytest.mark.parametrize("width", [0, 1, 2, 5, 8, 20])
def test_a_line_is_exactly_as_wide_as_its_place(words: str, width: int) -> None:
    assert width_of(fitted((Span(words), Span(words, "dim")), width)) == width
    assert width_of(spread((Span(words),), (Span("end"),), max(3, width))) == max(3, width)


def test_what_is_cut_says_so() -> None:
    assert texts(fitted((Span("abcdef"), Span("gh")), 7)) == "abcdefg…"[:6] + "…"
    assert texts(fitted((Span("abc"), Span("def")), 3)) == "ab…"


def test_long_lines_are_folded_at_words_and_lose_nothing() -> None:
    words = "the quick brown fox jumps over the lazy dog again and again"
    rows = folded((Span(words),), 20)
    assert all(width_of(row) <= 20 for row in rows)
    assert "".join(texts(row).removeprefix("  ") if place else texts(row) for place, row in enumerate(rows)) == words
    whole = "日本語" * 30
    assert "".join(texts(row).strip() for row in folded((Span(whole),), 21)) == whole


# --- small drawings -------------------------------------------------------------------------------------------------


def test_a_trend_has_a_fixed_scale_and_gaps() -> None:
    assert texts(trend_line([0.0, 0.5, 1.0, None, 2.0], 6, UNICODE)) == " ▁▅█ █"
    assert texts(trend_line([], 3, UNICODE)) == "   "
    assert texts(trend_line([0.1, 0.9], 1, UNICODE)) == "█"


def test_cells_past_the_limit_are_styled() -> None:
    drawn = trend_line([0.2, 0.9], 2, UNICODE, limit=0.5)
    assert [span.ink for span in drawn] == ["dim", "warn"]
    low = trend_line([0.2, 0.9], 2, UNICODE, limit=0.5, low_is_worse=True)
    assert [span.ink for span in low] == ["warn", "dim"]


@pytest.mark.parametrize("value", ["0123456789", "18:40", "+1h05", "2d04h", "7.8%", "--"])
def test_block_digits_are_five_rows_of_one_width(value: str) -> None:
    rows = block_digits(value, "█")
    assert len(rows) == ROWS
    assert len({cells(row) for row in rows}) == 1
    assert any("█" in row for row in rows)


@pytest.mark.parametrize(("wide", "high"), SCALES)
def test_larger_block_digits_are_the_same_ones_and_as_wide_as_they_say(wide: int, high: int) -> None:
    for value in ("18:40", "+1h05", "--"):
        rows = block_digits(value, "#", cells=wide, rows=high)
        assert {len(row) for row in rows} == {digits_width(value, wide)}
        assert [row for row in rows[::high] for _ in range(high)] == list(rows)
        assert sum(row.count("#") for row in rows) == wide * high * sum(
            row.count("#") for row in block_digits(value, "#", cells=1)
        )


@pytest.mark.parametrize("glyphs", SETS.values(), ids=SETS.keys())
def test_a_frame_is_as_large_as_its_place(glyphs: Glyphs) -> None:
    look = frame_look(glyphs, Level.CRITICAL, Quality.LIVE)
    for width, height in ((4, 2), (10, 3), (40, 12)):
        lines = boxed(
            (Span("a title that is too long for it"),), [(Span("body"),)] * 20, (Span("4s"),), (width, height), look
        )
        assert len(lines) == height
        assert {width_of(line) for line in lines} == {width}


def test_the_shape_of_a_frame_tells_the_states_apart() -> None:
    looks = {
        frame_look(UNICODE, level, quality).border
        for level, quality in (
            (Level.OK, Quality.LIVE),
            (Level.CRITICAL, Quality.LIVE),
            (Level.CRITICAL, Quality.STALE),
        )
    }
    assert len(looks) == 3


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_state_has_a_symbol_and_a_word_of_its_own(glyphs: Glyphs) -> None:
    shown = [badge(glyphs, level, Quality.LIVE).text for level in Level]
    shown += [badge(glyphs, Level.OK, quality).text for quality in Quality if not quality.conclusive]
    assert len(set(shown)) == len(shown)
    words = {text.partition(" ")[2] for text in shown}
    assert words == {"ok", "WATCH", "WARN", "CRIT", "PART", "STALE", "UNKN", "DENIED", "ERROR", "off"}
    assert all(cells(text) <= 8 for text in shown)


def test_a_value_that_nobody_can_trust_shows_that_first() -> None:
    assert badge(UNICODE, Level.CRITICAL, Quality.STALE).text == "≈ STALE"
    assert badge(UNICODE, Level.CRITICAL, Quality.LATE).text == "■ CRIT"
