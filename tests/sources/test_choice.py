"""A first choice and its stand-in: whose rows are shown, and when the second is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wfconsole.clock import Millis
from wfconsole.observations.snapshot import Lack, in_words
from wfconsole.sources.choice import Way, chosen_source
from wfconsole.sources.contract import CutShort, RowTable, SourceError, Task


class Asked:
    """A task that gives the rows it was told to, or fails."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.table = RowTable()
        self.gives: dict[str, bytes] | Exception = {}
        self.looks = self.cuts = 0

    def overdue_ms(self) -> Millis:
        return 7

    def cut(self) -> None:
        self.cuts += 1

    def step(self, proven: Callable[[], None]) -> Millis:
        self.looks += 1
        if isinstance(self.gives, Exception):
            raise self.gives
        self.table.replace(self.gives)
        proven()
        return 15_000

    def way(self) -> Way:
        facts = {"by": self.name, self.name: "is there"}
        return Way(
            self, self.table, f"from {self.name}", lacks=lambda: (Lack(f"lacks {self.name}"),), facts=lambda: facts
        )


LOST = SourceError("refused", "nobody listens")


@pytest.fixture
def pair() -> tuple[Asked, Asked]:
    return Asked("first"), Asked("second")


def step(task: Task) -> int:
    """One look; how often something was proven."""
    proofs: list[int] = []
    try:
        task.step(lambda: proofs.append(1))
    except (SourceError, CutShort):
        return -1
    return len(proofs)


def test_the_stand_in_is_asked_only_while_the_first_choice_fails(pair: tuple[Asked, Asked]) -> None:
    first, second = pair
    source = chosen_source("gpus", 15_000, first.way(), second.way())
    one, two = (part.task for part in source.parts)
    assert [part.role for part in source.parts] == ["whole", "instead"]
    first.gives, second.gives = {"a": b"1", "b": b"2"}, {"b": b"3"}
    assert (step(two), second.looks) == (0, 0), "nothing is known yet"
    assert (step(one), step(two), second.looks) == (1, 0, 0)
    assert source.take() == {"a": b"1", "b": b"2"}
    assert source.facts() == {"by": "first", "first": "is there", "second": "is there"}
    first.gives = LOST
    assert step(one) == -1
    assert source.take() == {}, "the last good rows stay until there are others"
    assert (step(two), second.looks) == (1, 1)
    assert source.take() == {"a": None, "b": b"3"}
    assert (in_words(source.lacks()), source.facts()["by"]) == ("lacks second", "second")
    first.gives = {"a": b"1"}
    assert (step(one), step(two), second.looks) == (1, 0, 1)
    assert source.take() == {"a": b"1", "b": None}
    assert (in_words(source.lacks()), source.facts()["by"]) == ("lacks first", "first")


def test_a_stand_in_that_comes_too_late_is_not_shown(pair: tuple[Asked, Asked]) -> None:
    """Its look began while it was needed and ended when the first choice was back."""
    first, second = pair
    source = chosen_source("gpus", 15_000, first.way(), second.way())
    one, two = (part.task for part in source.parts)
    first.gives = LOST
    step(one)
    before = second.step

    def slow(proven: Callable[[], None]) -> Millis:
        first.gives = {"a": b"1"}
        step(one)
        return before(proven)

    second.step = slow  # type: ignore[method-assign]
    second.gives = {"b": b"2"}
    step(two)
    assert source.take() == {"a": b"1"}
    assert in_words(source.lacks()) == "lacks first"


def test_a_first_choice_that_cannot_cope_is_stood_in_for_as_well(pair: tuple[Asked, Asked]) -> None:
    first, second = pair
    source = chosen_source("gpus", 15_000, first.way(), second.way())
    one, two = (part.task for part in source.parts)
    first.gives, second.gives = KeyError("a bug"), {"b": b"2"}
    with pytest.raises(KeyError):
        one.step(lambda: None)
    assert step(two) == 1
    assert source.take() == {"b": b"2"}


def test_what_is_cut_short_is_no_failure(pair: tuple[Asked, Asked]) -> None:
    first, second = pair
    source = chosen_source("gpus", 15_000, first.way(), second.way())
    one, two = (part.task for part in source.parts)
    first.gives = CutShort()
    step(one)
    assert (step(two), second.looks) == (0, 0)


def test_each_part_is_the_task_that_it_stands_for(pair: tuple[Asked, Asked]) -> None:
    first, second = pair
    source = chosen_source("gpus", 15_000, first.way(), second.way())
    assert [part.task.name for part in source.parts] == ["first", "second"]
    assert [part.task.overdue_ms() for part in source.parts] == [7, 7]
    for part in source.parts:
        part.task.cut()
    assert (first.cuts, second.cuts) == (1, 1)


def test_without_a_second_way_the_first_is_all_there_is(pair: tuple[Asked, Asked]) -> None:
    first, _ = pair
    source = chosen_source("gpus", 15_000, first.way())
    assert [part.task for part in source.parts] == [first]
    assert source.facts() == first.way().facts()
