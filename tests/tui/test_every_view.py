"""What holds for every view of every pane: it is filtered, sorted, says how old it is, and leads to its rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.alert_builders import an_alert
from tests.builders import NOW, row_key
from tests.tui.harness import SIZES, Room, troubled_desk, war_room, whole_text
from tests.tui.papers import flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.alerts import Silence
from wfconsole.observations.locks import with_tree
from wfconsole.tui.listings import listings_of
from wfconsole.tui.screens.zoom import Zoom
from wfconsole.tui.widgets.line_table import LineTable

VIEWS = [(pane, listing.name) for pane in range(1, 8) for listing in listings_of(pane)]
IDS = [f"{pane} {name}" for pane, name in VIEWS]
# One server each: there is nothing to sort.
ONE_ROW = ("connections", "cache")
ROOT, WAITER = builders.an_idle_session(), builders.an_idle_session(3400, state="active", waiting_at=NOW - MINUTE)
LOCKED = with_tree({row_key(each): each for each in (ROOT, WAITER)}, {row_key(WAITER): {row_key(ROOT)}})
SILENCED = an_alert("Known", silences=(Silence("s1", by="op1", why="known", until=NOW + MINUTE),), state="suppressed")
TWO_OF: dict[str, Any] = {
    "alerts": {
        "a1": an_alert("Burning", severity="critical"),
        "a2": an_alert("Smoking", severity="warning"),
        "a3": SILENCED,
    },
    "signals": [builders.a_signal(value=0.2), builders.a_signal("latency", 0.3, group="shop")],
    "events": [builders.an_event(), builders.an_event("Pulled", type="Normal", name="cart-58bb-00")],
    "services": [builders.a_service(), builders.a_service("cart")],
    "ingresses": [builders.an_ingress(), builders.an_ingress("back-office")],
    "isolation": [builders.an_isolation(), builders.an_isolation("cart")],
    "gpus": [builders.a_gpu(), builders.a_gpu("1")],
    "inference": [builders.a_model(), builders.a_model("whisper")],
    "database": [builders.a_database()],
    "sessions": LOCKED,
    "statements": [builders.a_statement(), builders.a_statement("SELECT 1")],
    "replicas": [builders.a_fed_replica(), builders.a_fed_replica("replica-2")],
    "cache": [builders.a_cache()],
    "keys": [builders.a_keys_row(), builders.a_keys_row("cart:")],
    "auth": [builders.a_login(), builders.a_login("admin", "user"), builders.a_login("", "all")],
    "findings": [builders.a_finding(), builders.a_finding("finding-2", severity="HIGH")],
    "secrets": [builders.a_secret(), builders.a_secret("prod/gateway/token")],
}


def a_desk() -> Any:
    """Every source tells something, and took a while for it."""
    desk = troubled_desk()
    for source, rows in TWO_OF.items():
        desk.tell(source, rows, at=NOW - 3 * SECOND, took_ms=217)
    return desk


async def opened(room: Room, pane: int, view: str) -> Zoom:
    await room.press(str(pane))
    for _ in listings_of(pane):
        zoom = room.app.screen
        assert isinstance(zoom, Zoom)
        assert zoom.listing is not None
        if zoom.listing.name == view:
            return zoom
        await room.press("v")
    raise AssertionError(view)


@pytest.mark.parametrize(("pane", "view"), VIEWS, ids=IDS)
async def test_a_view_says_how_old_it_is_and_is_sorted_and_filtered(pane: int, view: str) -> None:
    async with war_room(a_desk(), SIZES[1]) as room:
        zoom = await opened(room, pane, view)
        listing, table = zoom.listing, zoom.query_one(LineTable)
        assert listing is not None
        snapshot = room.desk.view().world.snapshots[listing.source]
        assert f"{(room.desk.now() - (snapshot.good_at or 0)) // SECOND}s   " in room.lines[-3]
        before = table.order
        await room.press("s")
        assert (table.order != before) == (view not in ONE_ROW)
        assert f"by {table.order}" in room.lines[-3]
        await room.press("slash", *"no such row", "enter")
        assert "no row matches 'no such row'" in room.text


@pytest.mark.parametrize(("pane", "view"), VIEWS, ids=IDS)
async def test_enter_on_a_row_leads_to_all_that_is_known_of_it(pane: int, view: str) -> None:
    async with war_room(a_desk(), SIZES[1]) as room:
        zoom = await opened(room, pane, view)
        assert zoom.row_key() is not None, "the desk tells a row of everything"
        await room.press("enter")
        assert not isinstance(room.app.screen, Zoom)
        assert room.app.screen.about()  # type: ignore[attr-defined]
        await room.press("backspace")
        assert room.app.screen is zoom, "and back"


@pytest.mark.parametrize(
    ("pane", "view", "title", "words"),
    [
        (3, "workloads", "WORKLOAD production/llm", ["PODS IN TROUBLE of this workload", "EVENTS", "rev 2"]),
        (5, "gpu use", "GPU", ["use", "memory", "told by dcgm"]),
        (5, "inference", "MODEL", ["requests wait", "batch"]),
        (6, "connections", "DATABASE orders-db:5432", ["slots", "states"]),
        (6, "slow", "STATEMENT", ["QUERY SELECT", "its blocks were in the server's memory"]),
        (6, "replicas", "REPLICA replica-1", ["behind"]),
        (6, "cache", "CACHE cache.example:6379", ["memory", "evicted", "may"]),
        (6, "sessions by prefix", "KEYS", ["in this database"]),
        (7, "by source", "LOGINS 203.0.113.66", ["failed first at", "got in"]),
        (7, "secrets", "SECRET prod/", ["stale after", "last read"]),
    ],
)
async def test_a_row_without_sections_of_its_own_tells_all_of_its_list_and_what_looking_cost(
    pane: int, view: str, title: str, words: list[str]
) -> None:
    desk = a_desk()
    async with war_room(desk, SIZES[1]) as room:
        await opened(room, pane, view)
        await room.press("enter")
        assert title in room.lines[2]
        said = await whole_text(room)
        assert "HOW IT WAS SEEN" in said
        assert "a look takes 217 ms" in said or view == "workloads"
        assert not [word for word in words if word not in said]
        assert "NEXT" not in said, "no key of the list works here"


async def test_such_a_row_that_is_old_says_so_and_has_no_colour() -> None:
    desk = a_desk()
    desk.clock.advance(4 * MINUTE)
    async with war_room(desk, SIZES[1]) as room:
        await opened(room, 7, "by source")
        await room.press("enter")
        assert "as it was 4m03s ago" in room.text
        desk.tell("auth", [], at=desk.clock.now())
        await room.repaint()
        assert "not there any more" in room.text


async def test_a_clock_that_is_off_is_told_beside_the_age() -> None:
    desk = a_desk()
    desk.tell("secrets", TWO_OF["secrets"], facts={"clock": "the server's clock is ahead by 300 s"})
    async with war_room(desk) as room:
        await opened(room, 7, "secrets")
        assert "0s, the server's clock is ahead by 300 s" in room.lines[-3]


@pytest.mark.parametrize(("pane", "view"), VIEWS, ids=IDS)
async def test_a_pane_whose_source_fails_says_what_since_when_and_what_to_do_beside_its_last_rows(
    pane: int, view: str
) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        zoom = await opened(room, pane, view)
        assert zoom.listing is not None
        told = {"message": "no answer within 5 s", "remedy": "Look at it.", "since": NOW - 3 * MINUTE}
        desk.fail(zoom.listing.source, builders.a_failure("timeout", **told))
        await room.repaint()
        assert zoom.row_key() is not None
        said = flat("\n".join(line.strip("┃│╏ ") for line in room.lines))
        assert "timeout for 3m00s, no answer within 5 s; Look at it." in said


async def test_a_permission_that_is_missing_is_named_beside_what_can_be_read() -> None:
    desk = a_desk()
    grant = "sessions of other roles are hidden; GRANT pg_monitor TO the monitoring role"
    desk.tell("replicas", TWO_OF["replicas"], partial=grant)
    async with war_room(desk) as room:
        await opened(room, 6, "replicas")
        assert "PART" in room.lines[2]
        assert grant in flat("\n".join(line.strip("┃│╏ ") for line in room.lines))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_reason_that_is_too_long_for_its_place_says_where_the_whole_of_it_is(size: tuple[int, int]) -> None:
    desk = a_desk()
    words = " ".join(f"word-{number:03}" for number in range(90))
    desk.fail("replicas", builders.a_failure("timeout", message=words, remedy="Look at the very end."))
    async with war_room(desk, size) as room:
        await opened(room, 6, "replicas")
        assert "word-000" in room.text
        assert "word-089" not in room.text
        assert "e shows all of it" in room.text
        await room.press("e")
        assert room.app.screen.evidence() == "replicas"  # type: ignore[attr-defined]
        said = room.text
        for _ in range(20):
            await room.press("down")
            said += room.text
        assert "word-089" in said
        assert "Look at the very end." in said
