"""What statements did since an instant, whatever became of the server's counters meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_snapshot, a_world
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.statement_book import MARKS_KEPT, STATEMENTS_KEPT, Growth, StatementBook
from wfconsole.observations.statements import StatementRow

KEY = "1/10/5"


def a_row(calls: int, total_ms: float | None = None, base: tuple[Millis, int, float] = (NOW, 100, 1000.0)) -> Any:
    at, base_calls, base_ms = base
    total = 10.0 * calls if total_ms is None else total_ms
    return StatementRow("SELECT 1", calls=calls, total_ms=total, base_at=at, base_calls=base_calls, base_ms=base_ms)


def seen(book: StatementBook, row: StatementRow | None, at: Millis, **snapshot: Any) -> StatementBook:
    rows = {} if row is None else {KEY: row}
    return book.after(a_world(statements=a_snapshot("statements", rows, at, **snapshot)), "statements", at)


def a_book(*rows: tuple[int, StatementRow | None]) -> StatementBook:
    """After looks at so many minutes, and what they showed."""
    book = StatementBook()
    for minute, row in rows:
        book = seen(book, row, NOW + minute * MINUTE)
    return book


def growth(book: StatementBook, row: StatementRow, minute: float) -> Growth:
    return book.growth(KEY, row, round(NOW + minute * MINUTE))


def test_without_an_incident_it_counts_since_the_statement_was_first_read() -> None:
    book = a_book((1, a_row(110)), (2, a_row(120)))
    assert book.growth(KEY, a_row(125), 0) == Growth(NOW, 25, 250.0)


@pytest.mark.parametrize(
    ("minute", "since", "calls"),
    [
        (1.0, 1, 15),  # an incident that began exactly at a mark
        (1.5, 1, 15),  # the mark before it stands for its beginning
        (2.0, 2, 5),
        (9.0, 2, 5),  # it began after the last mark
        (0.5, 0, 25),  # what was first read serves too
        (-30.0, 0, 25),  # nobody looked yet when it began: since the first look, and that is told
    ],
)
def test_an_incident_counts_from_the_mark_before_it(minute: float, since: int, calls: int) -> None:
    book = a_book((1, a_row(110)), (2, a_row(120)))
    assert growth(book, a_row(125), minute) == Growth(NOW + since * MINUTE, calls, 10.0 * calls)


def test_a_statement_that_nobody_has_marked_yet_counts_from_its_base() -> None:
    assert growth(StatementBook(), a_row(125), 5) == Growth(NOW, 25, 250.0)


def test_a_new_statement_counts_from_nothing() -> None:
    row = a_row(40, base=(NOW + MINUTE, 0, 0.0))
    assert growth(a_book((2, row)), row, 1.0) == Growth(NOW + MINUTE, 40, 400.0)


@pytest.mark.parametrize(
    "after", [a_row(7, base=(NOW + 2 * MINUTE, 0, 0.0)), a_row(7, base=(NOW, 100, 1000.0))], ids=["base", "no base"]
)
def test_counters_that_were_reset_count_from_the_reset(after: StatementRow) -> None:
    """As after a restart that lost them, or pg_stat_statements_reset()."""
    book = a_book((1, a_row(110)), (2, a_row(120)), (3, after))
    since = growth(book, after, 1.0)
    assert since == Growth(NOW + 2 * MINUTE, 7, 70.0), "what was before the reset nobody can add"


def test_a_reset_that_only_the_time_shows() -> None:
    """As many calls as before, in less time."""
    row = a_row(120, 30.0)
    assert growth(a_book((1, a_row(110)), (2, a_row(120)), (3, row)), row, 1.0) == Growth(NOW + 2 * MINUTE, 120, 30.0)


def test_a_statement_that_was_evicted_and_counts_more_than_before_when_it_is_back() -> None:
    back = a_row(500, base=(NOW + 4 * MINUTE, 0, 0.0))
    book = a_book((1, a_row(110)), (2, a_row(120)), (3, None), (4, None), (5, back))
    assert growth(book, back, 1.0) == Growth(NOW + 4 * MINUTE, 500, 5000.0)
    more = a_row(520, base=(NOW + 4 * MINUTE, 0, 0.0))
    book = seen(book, more, NOW + 6 * MINUTE)
    assert growth(book, more, 1.0) == Growth(NOW + 4 * MINUTE, 520, 5200.0), "and it is one reset, not many"


def test_a_statement_that_was_only_not_listed_goes_on_where_it_was() -> None:
    book = a_book((1, a_row(110)), (2, None), (3, a_row(130)))
    assert growth(book, a_row(130), 1.0) == Growth(NOW + MINUTE, 20, 200.0)


def test_a_collector_that_starts_anew_takes_nothing_away() -> None:
    """Its base is what it read first, which is no beginning."""
    book = a_book((1, a_row(110)), (2, a_row(120, base=(NOW + 2 * MINUTE, 120, 1200.0))))
    assert growth(book, a_row(125), 1.0) == Growth(NOW + MINUTE, 15, 150.0)


def test_growth_is_never_negative_between_a_reset_and_its_mark() -> None:
    assert growth(a_book((1, a_row(110))), a_row(3), 1.0) == Growth(NOW + MINUTE, 0, 0.0)


def test_no_mean_where_nothing_ran() -> None:
    assert Growth(NOW, 0, 0.0).mean_ms is None
    assert Growth(NOW, 4, 10.0).mean_ms == 2.5


def test_marks_are_a_minute_apart_and_only_where_something_ran() -> None:
    book = seen(StatementBook(), a_row(110), NOW + SECOND)
    for second, calls in ((30, 111), (60, 112), (61, 113), (300, 113), (301, 114)):
        book = seen(book, a_row(calls), NOW + second * SECOND)
    assert [(mark.at - NOW) // SECOND for mark in book.marks[KEY]] == [0, 1, 61, 301]


def test_the_first_mark_is_kept_and_two_hours_of_others() -> None:
    book = a_book(*((minute, a_row(100 + minute)) for minute in range(1, 200)))
    marks = book.marks[KEY]
    assert len(marks) <= MARKS_KEPT + 2
    assert (marks[0].at, marks[-1].at) == (NOW, NOW + 199 * MINUTE)


def test_what_is_stale_or_of_another_source_marks_nothing() -> None:
    book = a_book((1, a_row(110)))
    world = a_world(statements=a_snapshot("statements", {KEY: a_row(900)}, NOW))
    assert book.after(world, "statements", NOW + 60 * MINUTE) is book
    assert book.after(world, "sessions", NOW) is book


def test_a_clock_that_jumped_back_starts_afresh() -> None:
    book = a_book((10, a_row(110)))
    row = a_row(120, base=(NOW, 100, 1000.0))
    assert growth(seen(book, row, NOW + 2 * MINUTE), row, 1.0) == Growth(NOW, 20, 200.0)


def test_of_too_many_statements_the_ones_seen_longest_ago_go() -> None:
    def world(first: int, at: Millis) -> Any:
        rows = {f"{number}/10/5": a_row(110) for number in range(first, first + STATEMENTS_KEPT)}
        return a_world(statements=a_snapshot("statements", rows, at))

    book = StatementBook().after(world(0, NOW + MINUTE), "statements", NOW + MINUTE)
    book = book.after(world(100, NOW + 2 * MINUTE), "statements", NOW + 2 * MINUTE)
    assert len(book.marks) == STATEMENTS_KEPT
    assert "99/10/5" not in book.marks
    assert "100/10/5" in book.marks
