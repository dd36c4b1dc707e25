"""Looks that share a connection: one after the other, each with its own deadline, and each cut alone."""

from __future__ import annotations

import threading

import pytest

from tests.sources.api_double import until
from tests.threads import comes_to_an_end
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.polling import Poll
from wfconsole.sources.turns import Turns


class Sharing(Poll):
    """Has its turn until its `over` is set."""

    def __init__(self, turns: Turns, deadline_ms: int = 10_000) -> None:
        super().__init__("weather", 60_000, deadline_ms)
        self.turns = turns
        self.over = threading.Event()
        self.has_turn = threading.Event()
        self.severed = 0
        self.raised: Exception | None = None

    def read(self) -> None:
        with self.turns.of(self):
            self.has_turn.set()
            assert self.over.wait(10)
            self.check()

    def explain(self, error: Exception) -> SourceError:
        return SourceError("server-error", str(error))

    def sever(self) -> None:
        super().sever()
        if self.turns.ends(self):
            self.severed += 1
            self.over.set()

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self._look)
        thread.start()
        until(lambda: self._due is not None, "the look is under way")
        return thread

    def _look(self) -> None:
        try:
            self.step(lambda: None)
        except (SourceError, CutShort) as error:
            self.raised = error


@pytest.fixture
def turns() -> Turns:
    return Turns("cache.example:6379")


def test_one_after_the_other(turns: Turns) -> None:
    first, second = Sharing(turns), Sharing(turns)
    one = first.start()
    assert first.has_turn.wait(5)
    two = second.start()
    assert not second.has_turn.wait(0.1)
    second.over.set()
    first.over.set()
    comes_to_an_end(one)
    comes_to_an_end(two)
    assert (first.raised, second.raised) == (None, None)


def test_who_waits_is_cut_alone(turns: Turns) -> None:
    first, second = Sharing(turns), Sharing(turns)
    one = first.start()
    assert first.has_turn.wait(5)
    two = second.start()
    second.cut()
    comes_to_an_end(two)
    assert isinstance(second.raised, CutShort)
    assert (first.severed, second.severed) == (0, 0), "the answer that the first one waits for is left alone"
    first.over.set()
    one.join(5)
    assert first.raised is None


def test_who_has_the_turn_is_cut_and_the_next_one_goes_on(turns: Turns) -> None:
    first, second = Sharing(turns), Sharing(turns)
    one = first.start()
    assert first.has_turn.wait(5)
    two = second.start()
    first.cut()
    comes_to_an_end(one)
    assert isinstance(first.raised, CutShort)
    assert second.has_turn.wait(5)
    second.over.set()
    two.join(5)
    assert second.raised is None


def test_who_waits_too_long_says_for_what(turns: Turns) -> None:
    first, second = Sharing(turns), Sharing(turns, deadline_ms=200)
    one = first.start()
    assert first.has_turn.wait(5)
    two = second.start()
    comes_to_an_end(two)
    assert isinstance(second.raised, SourceError)
    assert second.raised.kind == "timeout"
    assert second.raised.message == "cache.example:6379: no answer to the question before ours within 0.2 s"
    first.over.set()
    one.join(5)


def test_a_turn_that_fails_is_over(turns: Turns) -> None:
    poll = Sharing(turns)
    with pytest.raises(ValueError, match="odd"), turns.of(poll):
        raise ValueError("odd")
    with turns.of(poll):
        assert turns.ends(poll)
    assert not turns.ends(poll)
