"""The gate: whatever goes in, one inert line comes out, and a person can still see what it was."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from tests.terminal.hostile import CANARY, HOSTILE, HOSTILE_BYTES
from wfconsole.text import LIMIT, cells, cut, fit, is_safe, may_reach_terminal, safe, safe_block, to_ascii

ANY_CHARACTER = st.characters(exclude_categories=())
ODD_CHARACTERS = st.sampled_from(
    "a\u0301\u0316\u0344\u0338⊂⇐☝\u20e31#=\ufe0f\ufe0e\u200d\u202e\x1b\x9b\r\n\t\x7f\u1100\u1161\u11a8\u00a0…⏎"
    "\U0001f3fd\U0001f44d\U0001f1e9\ud83d\udc4d\ue0b0\u2800漢\u0915\u094d\u093f\u09c7\u09be}\\"
)
TEXTS = st.text(ANY_CHARACTER | ODD_CHARACTERS, max_size=120)
WIDTH_IN_DISPUTE = "Mc"  # spacing marks of Indic scripts: 0 for Rich and newer terminals, 1 for older ones


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_comes_out_inert_and_still_to_be_seen(name: str) -> None:
    shown = safe(HOSTILE[name])
    assert shown.isprintable()
    assert "\x1b" not in shown
    assert len(shown) <= LIMIT
    assert is_safe(shown)
    assert not HOSTILE[name] or CANARY in shown


@pytest.mark.parametrize("name", HOSTILE_BYTES)
def test_hostile_bytes_come_out_inert_and_still_to_be_seen(name: str) -> None:
    shown = safe(HOSTILE_BYTES[name])
    assert is_safe(shown)
    assert CANARY in shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (None, ""),
        (b"caf\xc3\xa9", "café"),
        (b"\xff", "\ufffd"),
        ("e\u0301", "é"),
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("a\x9b2Jb", "a\\u{9b}2Jb"),
        ("a\nb\r\nc\td\re", "a⏎b⏎c⇥d␍e"),
        ("a\x00\x7f", "a␀␡"),
        ("moc\u202eexe", "moc\\u{202e}exe"),
        ("a\u00a0b", "a␣b"),
        ("\ud800", "\\u{d800}"),
        ("⚠\ufe0f disk", "⚠ disk"),
        ("a\ufe0f", "a\\u{fe0f}"),
        ("1\ufe0f\u20e3", "1\u20e3"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d"),
        ("\U0001fae8", "\\u{1fae8}"),
        ("\u0301a", "\\u{301}a"),
        ("x" + "\u0301" * 9, "x" + "\u0301" * 4 + "…"),
        ("[/] [@click=app.quit]", "[/] [@click=app.quit]"),
        ("naïve größe Ελλάδα Привет 漢字 한글 │ → ✓", "naïve größe Ελλάδα Привет 漢字 한글 │ → ✓"),
    ],
)
def test_what_is_odd_is_shown_and_what_is_ordinary_is_left_alone(raw: str | bytes | None, shown: str) -> None:
    assert safe(raw) == shown


@settings(deadline=None, max_examples=1500)
@given(TEXTS)
def test_doing_it_twice_changes_nothing(raw: str) -> None:
    once = safe(raw)
    assert safe(once) == once
    assert is_safe(once)
    assert may_reach_terminal(once)


@settings(deadline=None, max_examples=600)
@given(TEXTS, st.integers(0, 40))
def test_no_output_is_longer_than_its_limit_and_a_second_pass_cuts_no_more(raw: str, limit: int) -> None:
    once = safe(raw, limit)
    assert len(once) <= limit
    assert safe(once, limit) == once


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_come_out_inert(raw: bytes) -> None:
    assert is_safe(safe(raw))


def test_what_is_cut_off_is_counted() -> None:
    assert safe("x" * 100, 20) == "x" * 13 + "…(+87)"
    assert safe("x" * 100_000).endswith("…(+91818)")
    assert safe("\x1b" * 100, 20).endswith("…(+87)")
    assert safe("xyz", 2) == "…"
    assert safe("xyz", 0) == ""


def test_a_visible_form_is_never_cut_in_two() -> None:
    for limit in range(8, 60):
        shown = safe("\u202e" * 30, limit)
        assert shown.count("\\u{202e}") * 8 == shown.index("…")


def test_ten_megabytes_of_combining_marks_are_bounded_before_they_are_sorted() -> None:
    shown = safe("a" + "\u0301\u0316" * 5_000_000)
    assert len(shown) < 30
    assert shown.endswith("…(+9999996)")


def test_a_clean_text_is_returned_as_it_is_and_not_copied() -> None:
    name = "checkout-api-7d9f8b6c5d-x2x9z"
    assert safe(name) is name


def test_the_quick_way_and_the_careful_way_agree_on_every_character() -> None:
    """A character let through at once must be one that the careful way leaves alone."""
    for codepoint in range(0x110000):
        char = chr(codepoint)
        if is_safe(char):
            assert safe(f"{char}\u202e") == f"{char}\\u{{202e}}", hex(codepoint)


def test_every_character_that_passes_has_the_width_that_the_layout_and_the_terminal_give_it() -> None:
    for codepoint in range(0x110000):
        char = chr(codepoint)
        if not may_reach_terminal(char):
            continue
        assert cells(char) == cell_len(char), hex(codepoint)
        if unicodedata.category(char) != WIDTH_IN_DISPUTE:
            assert cells(char) == wcwidth(char), hex(codepoint)


@settings(deadline=None)
@given(TEXTS)
def test_a_safe_text_is_as_wide_as_the_layout_thinks(raw: str) -> None:
    assert cells(safe(raw)) == cell_len(safe(raw))


@settings(deadline=None)
@given(TEXTS, st.integers(0, 30))
def test_cut_and_fit_keep_their_width(raw: str, width: int) -> None:
    text = safe(raw)
    assert cells(cut(text, width)) <= width
    assert cells(fit(text, width)) == width
    assert cells(fit(text, width, right=True)) == width


def test_cut_leaves_what_fits_and_marks_what_does_not() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdef", 5) == "abcd…"
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 4) == "日…"
    assert cut("abcdef", 5, "~") == "abcd~"
    assert cut("abcdef", 0) == ""
    assert cut("e\u0332x\u0332y\u0332z", 3) == "e\u0332x\u0332…"
    assert fit("ab", 4) == "ab  "
    assert fit("ab", 4, right=True) == "  ab"


@settings(deadline=None)
@given(TEXTS)
def test_the_ascii_form_is_ascii_and_takes_the_same_cells(raw: str) -> None:
    text = safe(raw)
    assert to_ascii(text).isascii()
    assert len(to_ascii(text)) == cells(text)


def test_the_ascii_form_keeps_what_a_person_reads() -> None:
    assert to_ascii("größe é ■ ▲ ◆ ≈ × … ─│┌ 漢") == "gro?e e # ! o ~ x ~ -|+ ??"
    assert to_ascii("▁▂▃▄▅▆▇█") == "_.:-=+*#"


@pytest.mark.parametrize("name", HOSTILE)
def test_every_line_of_a_block_is_safe(name: str) -> None:
    assert all(is_safe(line) for line in safe_block(HOSTILE[name]))


def test_a_block_keeps_its_lines_and_says_how_many_it_left_out() -> None:
    assert safe_block("one\r\n\ttwo\n\nthree\n") == ("one", "    two", "", "three")
    assert safe_block(b"a\nb\nc\nd", lines=2) == ("a", "b", "…(+2 lines)")
    assert safe_block("a\nb\nc\nd", lines=2, tail=True) == ("…(+2 lines)", "c", "d")
    assert safe_block("abcdefgh" * 3, limit=12) == ("abcdef…(+18)",)
    assert safe_block(None) == ()
    assert safe_block("") == ()
