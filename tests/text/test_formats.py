"""Times and numbers as the console prints them."""

import pytest

from wfconsole import text

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "--"),
        (-5 * SECOND, "0s"),
        (999, "0s"),
        (3 * SECOND, "3s"),
        (4 * MINUTE + 12 * SECOND, "4m12s"),
        (2 * HOUR + 5 * MINUTE, "2h05m"),
        (3 * DAY + 4 * HOUR, "3d04h"),
    ],
)
def test_an_age_is_short_and_never_negative(ms: int | None, shown: str) -> None:
    assert text.age(ms) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(None, "--"), (-1, "<1m"), (59 * SECOND, "<1m"), (4 * MINUTE, "4m"), (47 * HOUR, "47h"), (3 * DAY, "3d")],
)
def test_a_coarse_age_changes_at_most_once_a_minute(ms: int | None, shown: str) -> None:
    assert text.coarse_age(ms) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "--"),
        (6 * MINUTE + 12 * SECOND, "06:12"),
        (999, "00:00"),
        (0, "00:00"),
        (-80 * SECOND, "OVERDUE +01:20"),
        (3 * HOUR + 12 * MINUTE, "3h12"),
        (52 * HOUR, "2d04h"),
        (-3 * HOUR, "OVERDUE +3h00"),
    ],
)
def test_a_countdown_says_what_is_left_or_by_how_much_it_is_late(ms: int | None, shown: str) -> None:
    assert text.countdown(ms) == shown


def test_clocks_are_utc_and_unbounded_where_hours_can_pile_up() -> None:
    instant = 1_772_375_527_123  # 2026-03-01T14:32:07.123Z
    assert text.clock_time(instant) == "14:32:07Z"
    assert text.calendar_time(instant) == "2026-03-01 14:32:07Z"
    assert text.calendar_time(10**18) == "--"
    assert text.elapsed(18 * MINUTE + 40 * SECOND) == "T+00:18:40"
    assert text.elapsed(123 * HOUR) == "T+123:00:00"
    assert text.elapsed(-1) == "T+00:00:00"
    assert text.position(47 * MINUTE) == "00:47:00"
    assert [text.clock_time(None), text.calendar_time(None), text.elapsed(None)] == ["--"] * 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "--"), (0, "0m"), (250, "250m"), (1500, "1.50"), (12_000, "12.0"), (128_000, "128")],
)
def test_cpu_is_in_millicores_until_it_is_cores(value: int | None, shown: str) -> None:
    assert text.millicores(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "--"),
        (512, "512"),
        (1536, "1.50Ki"),
        (1023 * 1024, "1.00Mi"),
        (25_125_558_681, "23.4Gi"),
        (137_438_953_472, "128Gi"),
        (5 * 1024**5, "5120Ti"),
    ],
)
def test_memory_is_in_binary_units_of_three_digits(value: int | None, shown: str) -> None:
    assert text.memory(value) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (61, 100, "61%"),
        (0.078, 1, "7.8%"),
        (0, 5, "0%"),
        (1, 0, "--"),
        (None, 1, "--"),
        (float("nan"), 1, "--"),
        (1, float("nan"), "--"),
        (float("inf"), 1, "--"),
    ],
)
def test_a_percentage_of_nothing_is_unknown_and_not_zero(part: float | None, whole: float, shown: str) -> None:
    assert text.percent(part, whole) == shown


def test_counts_have_their_thousands_apart() -> None:
    assert text.number(10_000) == "10,000"
    assert text.number(None) == "--"
