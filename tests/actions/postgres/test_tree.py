"""Who is freed by whose end: pure, from what the server says of each waiter."""

from __future__ import annotations

from tests.threads import in_the_end
from wfconsole.actions.postgres.tree import Tree, tree_of
from wfconsole.observations.sessions import SessionRow


def tree(**blockers: str) -> Tree:
    """`b="a"`: b waits for a. Names are keys."""
    edges = {key: set(those.split()) for key, those in blockers.items()}
    return made(edges)


def made(edges: dict[str, set[str]]) -> Tree:
    names = set(edges) | {each for those in edges.values() for each in those}
    rows = {name: SessionRow(pid=place + 1, xact_at=place + 1) for place, name in enumerate(sorted(names))}
    return tree_of(rows, edges, 0)


def test_a_chain() -> None:
    chain = tree(b="a", c="b", d="c")
    assert chain.waiters("a") == ["b", "c", "d"]
    assert chain.freed("a") == ["b", "c", "d"]
    assert (chain.roots("d"), chain.next_root("a"), chain.next_root("c")) == (["a"], "b", "")
    assert chain.freed("b") == ["c", "d"], "a victim's end frees those behind it"


def test_who_waits_for_two_is_not_freed_by_the_end_of_one() -> None:
    two = tree(b="a", c="a x", d="c")
    assert two.freed("a") == ["b"]
    assert two.others("a") == ["x"]
    assert sorted(two.roots("d")) == ["a", "x"]


def test_what_holds_up_others_elsewhere_is_no_other_root() -> None:
    apart = tree(b="a", y="x")
    assert (apart.freed("a"), apart.others("a")) == (["b"], [])


def test_a_circle() -> None:
    circle = tree(a="b", b="a", c="a")
    assert circle.circles("a")
    assert not circle.circles("c")
    assert sorted(circle.waiters("a")) == ["b", "c"]


def test_a_queue_of_five_hundred_in_which_each_waits_for_all_before_it() -> None:
    names = [f"s{number:03}" for number in range(500)]
    queue = made({name: set(names[:place]) for place, name in enumerate(names) if place})
    assert len(in_the_end(lambda: queue.waiters("s000"))) == len(in_the_end(lambda: queue.freed("s000"))) == 499
    assert in_the_end(lambda: queue.next_root("s000")) == "s001"
    assert in_the_end(lambda: queue.roots(*names)) == ["s000"]
    assert in_the_end(lambda: queue.others("s000")) == []
