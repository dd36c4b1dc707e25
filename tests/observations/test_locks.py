"""The tree of locks from flat answers: each waiter once, under its deepest blocker; circles end; queues stay cheap."""

from __future__ import annotations

import random

import pytest

from tests.threads import in_the_end
from wfconsole.observations.locks import SHOWN, Branch, drawn, folded, under, with_tree
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


# --- folding --------------------------------------------------------------------------------------------------------


def shape(branches: list[Branch]) -> list[str]:
    return ["  " * len(each.more) + (f"+{len(each.rest)}" if each.rest else each.key) for each in branches]


def queue(waiters: int) -> dict[str, SessionRow]:
    return tree(**{f"w{at:02}": "root" for at in range(waiters)})


def test_a_root_shows_its_first_waiters_and_counts_the_rest() -> None:
    assert shape(folded(queue(40))) == ["root", *(f"  w{at:02}" for at in range(SHOWN)), "  +32"]
    rest = folded(queue(40))[-1]
    assert (rest.key, len(rest.rest), rest.more) == ("behind root", 32, (False,))


def test_a_chain_is_folded_below_its_first_links() -> None:
    rows = tree(**{f"w{at:02}": f"w{at - 1:02}" for at in range(1, 40)})
    assert [line.strip() for line in shape(folded(rows))] == [*(f"w{at:02}" for at in range(SHOWN + 1)), "+31"]


def test_every_branch_counts_its_own_rest() -> None:
    rows = tree(b="a", c="a", **{f"x{at}": "b" for at in range(6)}, **{f"y{at}": "c" for at in range(5)})
    assert shape(folded(rows, most=4)) == ["a", "  b", "    x0", "    x1", "    +4", "  c", "    +5"]


def test_one_line_is_never_folded_into_one_line() -> None:
    assert shape(folded(queue(SHOWN + 1)))[-1] == f"  w{SHOWN:02}"
    assert shape(folded(queue(SHOWN + 2)))[-1] == "  +2"


def test_nobody_is_lost_or_counted_twice() -> None:
    made = random.Random(11)
    names = [f"s{at}" for at in range(60)]
    for _ in range(100):
        blockers = {name: " ".join(made.sample(names, made.randint(1, 3))) for name in made.sample(names, 50)}
        rows = tree(**blockers)
        branches = folded(rows, most=5)
        assert sorted(key for each in branches for key in each.rest or (each.key,)) == sorted(rows)


def test_all_who_wait_for_one_session_are_the_tree_below_it() -> None:
    rows = tree(b="a", c="b", d="c", e="a")
    assert shape(under(rows, "b")) == ["  c", "    d"]
    assert under(rows, "e") == []


def test_a_queue_of_500_is_cheap() -> None:
    """Each waits for all before it: 125,000 edges. Whoever goes along all of them for each would not come back."""
    rows = {f"{at:03}": SessionRow(pid=at, waiting_at=at) for at in range(500)}
    blockers = {f"{at:03}": {f"{before:03}" for before in range(at)} for at in range(1, 500)}
    placed = in_the_end(lambda: with_tree(rows, blockers))
    assert len(drawn(placed)) == 500
    assert len(folded(placed)) == SHOWN + 2
    assert placed["000"].behind == 499
