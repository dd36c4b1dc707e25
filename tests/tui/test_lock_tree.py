"""The tree of locks on the screen: a long queue is folded, and nobody in it is out of reach."""

from __future__ import annotations

from tests.builders import NOW, an_idle_session, row_key
from tests.tui.harness import Desk, quiet_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.locks import with_tree


def a_queue(waiters: int = 40) -> Desk:
    """So many sessions wait for one that idles in its transaction."""
    desk = quiet_desk()
    root = an_idle_session()
    rows = {row_key(root): root}
    for at in range(waiters):
        row = an_idle_session(
            3400 + at,
            application="checkout-api" if at % 4 else "orders-svc",
            state="active",
            waiting_at=NOW - MINUTE + at * SECOND,
            query=f"UPDATE orders SET state = {at}",
        )
        rows[row_key(row)] = row
    (top, *waiting) = rows
    desk.tell("database", [])
    desk.tell("sessions", with_tree(rows, {key: {top} for key in waiting}))
    return desk


async def test_the_first_few_are_shown_and_the_rest_is_counted_by_application() -> None:
    async with war_room(a_queue(), (120, 40)) as room:
        await room.press("6")
        assert "├ 3400" in room.text
        assert "├ 3407" in room.text
        assert "3408" not in room.text
        folded = next(line for line in room.lines if "+32 more" in line)
        assert "└ +32 more" in folded
        assert "checkout-api" in folded


async def test_the_block_below_says_who_they_are_and_enter_shows_all() -> None:
    async with war_room(a_queue(), (120, 40)) as room:
        await room.press("6", "end")
        assert "32 more wait behind pid 3321" in room.text
        assert "checkout-api 24, orders-svc 8" in room.text
        assert "pid 3408 52s" in room.text
        await room.press("enter")
        assert "HOLDS UP" in room.text
        assert "pid 3400" in room.text


async def test_s_shows_every_waiter() -> None:
    async with war_room(a_queue(20), (120, 40)) as room:
        await room.press("6", "s")
        assert "by every waiter" in room.text
        assert "└ 3419" in room.text


async def test_a_filter_finds_the_line_that_a_folded_session_is_in() -> None:
    async with war_room(a_queue(), (120, 40)) as room:
        await room.press("6", "slash", *"state = 39")
        assert "+32 more" in room.text
        assert "3400" not in "".join(room.lines[3:20])
