"""The tree of locks from flat answers: each waiter once, under its deepest blocker; circles end; queues stay cheap."""

from __future__ import annotations

import random
import time

import pytest

from wfconsole.observations.locks import drawn, with_tree
from wfconsole.observations.sessions import SessionRow


def tree(**blockers: str) -> dict[str, SessionRow]:
    """`tree(b="a", c="a b")`: b waits for a, c for both. Names that only block are sessions too."""
    waits = {name: set(those.split()) for name, those in blockers.items()}
    names = sorted({*waits, *(each for those in waits.values() for each in those)} - {"gone"})
    rows = {
        name: SessionRow(pid=at + 1, xact_at=at + 1, waiting_at=100 + at if name in waits else 0)
        for at, name in enumerate(names)
    }
    return with_tree(rows, waits)


def lines(rows: dict[str, SessionRow]) -> list[str]:
    return ["  " * len(branch.more) + branch.key for branch in drawn(rows)]


CASES = [
    ("nobody waits", {}, []),
    ("one", {"b": "a"}, ["a", "  b"]),
    ("a chain", {"b": "a", "c": "b", "d": "c"}, ["a", "  b", "    c", "      d"]),
    ("under the deepest blocker, once", {"b": "a", "c": "a b"}, ["a", "  b", "    c"]),
    ("the oldest of two blockers that are as deep", {"c": "a b"}, ["a", "  c", "b"]),
    ("the worst root first", {"b": "a", "y": "x", "z": "x"}, ["x", "  y", "  z", "a", "  b"]),
    ("the worst branch first", {"b": "a", "c": "a", "d": "c"}, ["a", "  c", "    d", "  b"]),
    ("a circle has its oldest for a root", {"a": "b", "b": "a"}, ["a", "  b"]),
    ("who waits behind a circle is not in it", {"a": "b", "b": "a", "c": "b"}, ["a", "  b", "    c"]),
    ("two circles", {"a": "b", "b": "a", "c": "d", "d": "c"}, ["a", "  b", "c", "  d"]),
    ("a blocker that ended", {"b": "gone"}, ["b"]),
    ("itself", {"a": "a"}, ["a"]),
]


@pytest.mark.parametrize(("blockers", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_tree(blockers: dict[str, str], expected: list[str]) -> None:
    assert lines(tree(**blockers)) == expected


def test_how_many_wait_behind_each_and_since_when() -> None:
    rows = tree(b="a", c="a b", d="c")
    assert {key: row.behind for key, row in rows.items()} == {"a": 3, "b": 2, "c": 1, "d": 0}
    assert rows["a"].held_since == rows["b"].waiting_at
    assert rows["c"].held_since == rows["d"].waiting_at


def test_only_those_who_wait_for_themselves_are_in_a_circle() -> None:
    rows = tree(a="b", b="c", c="a", d="a", e="d")
    assert {key for key, row in rows.items() if row.cycle} == {"a", "b", "c"}
    assert {rows[key].behind for key in "abc"} == {4}


def test_two_circles_with_somebody_between_them() -> None:
    rows = tree(a="b", b="a", between="b", c="d between", d="c")
    assert {key for key, row in rows.items() if row.cycle} == {"a", "b", "c", "d"}


def test_a_blocker_that_ended_does_not_make_its_waiter_free() -> None:
    row = tree(b="gone")["b"]
    assert (row.blockers, row.blocked_by, row.under) == (1, (), "")


def test_names_of_blockers_are_bounded_and_their_number_is_true() -> None:
    rows = tree(**{f"w{at:03}": " ".join(f"w{before:03}" for before in range(at)) for at in range(1, 40)})
    assert len(rows["w039"].blocked_by) == 8
    assert rows["w039"].blockers == 39


def test_any_graph_draws_everybody_once() -> None:
    made = random.Random(7)
    names = [f"s{at}" for at in range(30)]
    for _ in range(200):
        blockers = {name: " ".join(made.sample(names, made.randint(1, 3))) for name in made.sample(names, 20)}
        rows = tree(**blockers)
        assert sorted(branch.key for branch in drawn(rows)) == sorted(rows)
        assert all(row.behind < len(rows) for row in rows.values())


def test_a_queue_of_500_is_cheap() -> None:
    """Each waits for all before it: 125,000 edges, in well under the second that a look may take."""
    rows = {f"{at:03}": SessionRow(pid=at, waiting_at=at) for at in range(500)}
    blockers = {f"{at:03}": {f"{before:03}" for before in range(at)} for at in range(1, 500)}
    began = time.process_time()
    placed = with_tree(rows, blockers)
    assert len(drawn(placed)) == 500
    assert placed["000"].behind == 499
    assert time.process_time() - began < 2
