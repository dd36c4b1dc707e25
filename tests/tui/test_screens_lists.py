"""Long words in rows, and things of different heights in a window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wfconsole.text import cells, safe
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.widgets.block_stack import Block, BlockStack, filtered
from wfconsole.tui.wrapping import labelled, paragraphs, wrapped


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


class TestWrapping:
    def test_breaks_between_words(self) -> None:
        assert wrapped("roll back to the last good revision", 12) == ["roll back to", "the last", "good", "revision"]

    def test_breaks_a_word_that_is_longer_than_a_row(self) -> None:
        assert wrapped("see registry.example/gateway:1.4.1", 10) == ["see", "registry.e", "xample/gat", "eway:1.4.1"]

    def test_has_one_row_for_nothing(self) -> None:
        assert wrapped("", 10) == [""]

    def test_keeps_the_spaces_of_a_command(self) -> None:
        assert wrapped("a  b   c", 20) == ["a  b   c"]

    @given(st.text(max_size=200), st.integers(2, 40))
    def test_loses_no_word_and_never_exceeds_the_width(self, raw: str, width: int) -> None:
        text = safe(raw)
        rows = wrapped(text, width)
        assert all(cells(row) <= width for row in rows)
        assert "".join(rows).replace(" ", "") == text.replace(" ", "")

    def test_puts_the_label_before_the_first_row_alone(self) -> None:
        assert text_of(labelled("SEE", "all pods ready", 12, indent=4)) == ["SEE all pods", "    ready"]

    def test_begins_each_text_on_a_row_of_its_own(self) -> None:
        assert text_of(paragraphs(("one two", "three"), 7, indent=2)) == ["  one", "  two", "  three"]


def a_block(key: str, rows: int = 1) -> Block:
    return Block(key, [(Span(f"{key}{row}"),) for row in range(rows)])


def a_stack(*blocks: Block, room: int = 5) -> BlockStack:
    stack = BlockStack()
    stack.lay(blocks, room)
    return stack


class TestBlockStack:
    def test_moves_the_window_no_further_than_needed(self) -> None:
        stack = a_stack(*(a_block(f"b{number}") for number in range(9)))
        stack.keep_in_sight("b6")
        assert stack.top == 2
        stack.keep_in_sight("b4")
        assert stack.top == 2
        stack.keep_in_sight("b1")
        assert stack.top == 1

    def test_shows_a_block_that_is_too_high_from_its_first_row(self) -> None:
        stack = a_stack(a_block("a", 3), a_block("b", 9))
        stack.keep_in_sight("b")
        assert text_of(stack.visible()) == ["b0", "b1", "b2", "b3", "b4"]

    def test_keeps_the_heading_above_the_first_thing_in_sight(self) -> None:
        stack = a_stack(Block("", [(Span("heading"),)]), a_block("a"), *(a_block(f"b{n}") for n in range(8)))
        stack.keep_in_sight("b7")
        stack.keep_in_sight("a")
        assert text_of(stack.visible())[0] == "heading"

    def test_scrolls_to_the_end_of_a_high_block_and_says_when_it_is_there(self) -> None:
        stack = a_stack(a_block("a", 8), a_block("b"))
        stack.keep_in_sight("a")
        assert [stack.scroll_within("a", 1) for _ in range(4)] == [True, True, True, False]
        stack.keep_in_sight("a")
        assert text_of(stack.visible())[-1] == "a7"

    def test_scrolls_back_to_its_beginning(self) -> None:
        stack = a_stack(a_block("a", 8))
        stack.scroll_within("a", 99)
        assert stack.scroll_within("a", -99)
        assert stack.top == 0
        assert not stack.scroll_within("a", -1)

    def test_stays_where_somebody_reads_until_they_leave(self) -> None:
        stack = a_stack(a_block("a", 8), a_block("b"))
        stack.scroll_within("a", 2)
        stack.keep_in_sight("a")
        assert stack.top == 2
        stack.leave()
        stack.keep_in_sight("a")
        assert stack.top == 0

    def test_goes_a_page_on_and_at_least_one_thing(self) -> None:
        stack = a_stack(*(a_block(f"b{number}") for number in range(20)))
        assert stack.page_from("b0", 1) == "b4"
        assert stack.page_from("b19", 1) == "b19"
        high = a_stack(a_block("a", 2), a_block("b", 20), room=3)
        assert high.page_from("a", 1) == "b"

    def test_knows_what_is_in_a_row(self) -> None:
        stack = a_stack(Block("", [(Span("heading"),)]), a_block("a", 2), a_block("b"))
        assert [stack.key_at(row) for row in range(5)] == ["", "a", "a", "b", ""]

    def test_draws_a_row_only_when_it_is_in_sight(self) -> None:
        drawn: list[int] = []

        def row(number: int) -> Block:
            def draw() -> Line:
                drawn.append(number)
                return (Span(str(number)),)

            return Block(f"b{number}", draw=draw)

        stack = a_stack(*(row(number) for number in range(100)))
        stack.keep_in_sight("b50")
        stack.visible()
        assert drawn == [46, 47, 48, 49, 50]


class TestFilter:
    blocks = (
        Block("", [(Span("Pods"),)]),
        Block("a", [(Span("Gateway is down"),)]),
        Block("", [(Span("Nodes"),)]),
        Block("b", [(Span("node-3"),)], words="memory pressure"),
    )

    def test_keeps_what_holds_all_words_with_the_heading_above(self) -> None:
        assert [block.key for block in filtered(self.blocks, "DOWN gate")] == ["", "a"]

    def test_looks_through_the_words_of_a_block_rather_than_its_rows(self) -> None:
        assert [block.key for block in filtered(self.blocks, "pressure")] == ["", "b"]
        assert not filtered(self.blocks, "node-3")

    def test_keeps_all_without_words(self) -> None:
        assert filtered(self.blocks, "  ") == self.blocks
