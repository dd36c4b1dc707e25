"""Who waits for whom: the tree under each root, from the flat answer of the server. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.sessions import SessionRow, in_locks

_BLOCKERS_KEPT: Final = 8
# So many sessions stand below a root; a queue of forty says no more than its first few.
SHOWN: Final = 8
REST: Final = "behind "


def with_tree(rows: Mapping[str, SessionRow], blockers: Mapping[str, Collection[str]]) -> dict[str, SessionRow]:
    """The rows, each with its place among the locks. `blockers` gives for every waiter whom it waits for.

    Each waiter stands once, under its deepest blocker, so that a chain reads as a chain. A blocker that ended while the
    server answered is left out; its waiter keeps the number, and so does not look free.
    """
    known = {
        key: [each for each in sorted(those) if each in rows and each != key]
        for key, those in blockers.items()
        if key in rows
    }
    order, depth, cycles = _ordered(rows, known)
    behind = _closures(order, known)
    placed = dict(rows)
    for key in order:
        those = known.get(key, ())
        deepest = max(those, key=lambda each: (depth[each], -rows[each].xact_at, each), default="")
        waiting = [rows[each].waiting_at for each in behind[key] if rows[each].waiting_at]
        placed[key] = msgspec.structs.replace(
            rows[key],
            blocked_by=tuple(those[:_BLOCKERS_KEPT]),
            blockers=len(blockers.get(key, ())),
            under=deepest if depth[key] else "",
            behind=len(behind[key]),
            held_since=min(waiting, default=0),
            cycle=key in cycles,
        )
    return placed


def _ordered(
    rows: Mapping[str, SessionRow], known: Mapping[str, Sequence[str]]
) -> tuple[list[str], dict[str, int], set[str]]:
    """All who are among the locks, blockers before waiters; how deep each is; and who waits for itself.

    A circle has no root: the one with the oldest transaction is taken for one, as nobody else is any better.
    """
    left = {key: set(those) for key, those in known.items() if those}
    members = dict.fromkeys((*(each for those in known.values() for each in those), *known))
    waiters: dict[str, list[str]] = {}
    for key, those in left.items():
        for each in those:
            waiters.setdefault(each, []).append(key)
    depth: dict[str, int] = {}
    order: list[str] = []
    cycles: set[str] = set()
    ready = [key for key in members if key not in left]
    while ready or left:
        if not ready:
            circle = _in_circles(left)
            cycles |= circle
            ready = [min(circle, key=lambda key: (rows[key].xact_at, key))]
            left.pop(ready[0])
            depth[ready[0]] = 0
        key = ready.pop()
        order.append(key)
        depth.setdefault(key, 1 + max((depth.get(each, 0) for each in known.get(key, ())), default=-1))
        for waiter in waiters.get(key, ()):
            if waiter in left:
                left[waiter].discard(key)
                if not left[waiter]:
                    del left[waiter]
                    ready.append(waiter)
    return order, depth, cycles


def _in_circles(left: Mapping[str, set[str]]) -> set[str]:
    """Those of `left` who wait for themselves. Each of them waits for another one, so there is a circle."""
    core = {key: those & left.keys() for key, those in left.items()}
    while True:
        waited_for = set().union(*core.values())
        if core.keys() <= waited_for:
            return {key for key in core if key in _reached(core, key)}
        core = {key: those & waited_for for key, those in core.items() if key in waited_for}


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    follow = list(edges[start])
    while follow:
        key = follow.pop()
        if key not in reached:
            reached.add(key)
            follow += edges.get(key, ())
    return reached


def _closures(order: Sequence[str], known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """For each, all who wait for it, directly or not. A queue of 500 has 125,000 edges: sets of bits keep it cheap."""
    place = {key: number for number, key in enumerate(order)}
    masks = dict.fromkeys(order, 0)
    changed = True
    while changed:  # once, and once more where there are circles
        changed = False
        for key in reversed(order):
            mine = masks[key] | 1 << place[key]
            for each in known.get(key, ()):
                if masks[each] | mine != masks[each]:
                    masks[each] |= mine
                    changed = True
    return {key: [order[at] for at in _bits(mask) if order[at] != key] for key, mask in masks.items()}


def _bits(mask: int) -> Iterable[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class Branch(NamedTuple):
    """A session in the drawn tree. `more` says for each level above it, and last for its own, whether another one
    follows at that level. With `rest` it is none, but stands for these that are folded."""

    key: str
    more: tuple[bool, ...] = ()
    rest: tuple[str, ...] = ()


def drawn(rows: Mapping[str, SessionRow]) -> list[Branch]:
    """The tree from top to bottom: the root that most wait for first, and so among siblings."""
    return _branches(_below(rows), None)


def folded(rows: Mapping[str, SessionRow], most: int = SHOWN) -> list[Branch]:
    """The same with at most so many under each root, those nearest to it first, who have waited longest; the others
    are one branch below whom they wait for. Its key is REST and that one's."""
    below = _below(rows)
    shown: set[str] = set()
    for root in below.get("", ()):
        near = [root]
        for key in near:  # it grows: level by level
            near += below.get(key, ())
        shown.update(near if len(near) <= most + 2 else near[: most + 1])  # one line for one session saves nothing
    return _branches(below, shown)


def under(rows: Mapping[str, SessionRow], key: str) -> list[Branch]:
    """All that wait for one session, directly or not, as the tree below it."""
    return [branch for branch in _branches(_below(rows), None, top=key) if branch.key != key]


def _below(rows: Mapping[str, SessionRow]) -> dict[str, list[str]]:
    """Who hangs on each, the worst first; on "" the roots."""
    below: dict[str, list[str]] = {}
    for key, row in rows.items():
        if in_locks(row):
            below.setdefault(row.under if row.under in rows else "", []).append(key)
    for keys in below.values():
        keys.sort(key=lambda key: _rank(rows[key], key))
    return below


def _branches(below: Mapping[str, Sequence[str]], shown: set[str] | None, top: str = "") -> list[Branch]:
    branches: list[Branch] = []
    stack = [Branch(key) for key in reversed(below.get("", ()) if not top else (top,))]
    while stack:
        branch = stack.pop()
        branches.append(branch)
        if branch.rest:
            continue
        children = below.get(branch.key, ())
        hidden = [] if shown is None else [key for key in children if key not in shown]
        for key in hidden:
            hidden += below.get(key, ())
        drawn_here = [Branch(key) for key in children if shown is None or key in shown]
        if hidden:
            drawn_here.append(Branch(f"{REST}{branch.key}", rest=tuple(hidden)))
        last = len(drawn_here) - 1
        stack += [
            each._replace(more=(*branch.more, place < last)) for place, each in reversed(list(enumerate(drawn_here)))
        ]
    return branches


def _rank(row: SessionRow, key: str) -> tuple[int, Millis, str]:
    return -row.behind, row.waiting_at or row.xact_at, key
