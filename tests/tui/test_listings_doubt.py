"""An empty list is called empty only where that is known: every listing in every quality, and the screens around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import builders
from tests.tui.harness import SIZES, Desk, a_pod_answer, quiet_desk, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.levels import Level, Quality
from wfconsole.tui.frame import Frame, frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.ink import width_of
from wfconsole.tui.listings import listings_of
from wfconsole.tui.listings.listing import Listing
from wfconsole.tui.state_words import sign_and_word

# Alerts have a test of their own.
LISTINGS = [listing for pane in (3, 4, 5, 2, 6, 7) for listing in listings_of(pane)]
REASON = "no answer within 3 s"
REMEDY = "is the VPN up"
# What each quality must say of an empty list, beside its sign and word: age and reason.
SAYS = {
    Quality.PARTIAL: ("none in what could be read", "only namespace production"),
    Quality.STALE: ("none when", "4m00s ago", f"timeout for 5m00s, {REASON}; {REMEDY}"),
    Quality.UNKNOWN: ("never seen", f"timeout for 1m00s, {REASON}; {REMEDY}"),
    Quality.DENIED: ("never seen", f"denied for 1m00s, {REASON}; {REMEDY}"),
    Quality.ERROR: ("none when", "2s ago", f"timeout for 1m02s, {REASON}; {REMEDY}"),
    Quality.OFF: ("nothing reads",),
}
FINE: dict[str, list[Any]] = {
    "pods": [builders.a_pod(f"gateway-{number}") for number in range(3)],
    "workloads": [builders.a_workload()],
    "hpas": [builders.an_hpa()],
    "nodes": [builders.a_node()],
    "events": [],
    "services": [builders.a_service()],
    "ingresses": [builders.an_ingress()],
    "isolation": [builders.an_isolation()],
    "auth": [builders.all_logins()],
    "findings": [],
    "secrets": [builders.a_secret()],
    "cache": [builders.a_cache()],
    "keys": [builders.a_keys_row()],
    "signals": [builders.a_signal()],
    "gpus": [builders.a_gpu()],
    "inference": [builders.a_model()],
    "database": [builders.a_database()],
    "sessions": [builders.a_session()],
    "statements": [builders.a_statement()],
    "replicas": [builders.a_replica()],
}
KNOWN_TO_BE_EMPTY = ("there are no", "no change", "no events", "no node", "are well", "can act", "none is in trouble")


def a_desk(source: str, quality: Quality, rows: Any = ()) -> Desk:
    """One source in this quality."""
    desk = Desk()
    failure = builders.a_failure("denied" if quality == Quality.DENIED else "timeout", message=REASON, remedy=REMEDY)
    match quality:
        case Quality.OFF:
            pass
        case Quality.UNKNOWN | Quality.DENIED:
            desk.tell(source, {}, age_ms=-1, failure=failure)
        case Quality.PARTIAL:
            desk.tell(source, list(rows), partial="only namespace production")
        case _:
            desk.tell(source, list(rows))
    if quality in (Quality.STALE, Quality.ERROR):
        desk.fail(source, failure)
    desk.clock.advance({Quality.STALE: 4 * MINUTE, Quality.ERROR: 2 * SECOND, Quality.LATE: 9 * SECOND}.get(quality, 0))
    return desk


def frame(desk: Desk) -> Frame:
    return frame_of(desk, UNICODE, observer=False)


def named(listing: Listing) -> str:
    return f"{listing.source}-{listing.name}"


@pytest.mark.parametrize("quality", Quality)
@pytest.mark.parametrize("listing", LISTINGS, ids=named)
@pytest.mark.parametrize("rows", ["no rows", "rows that are well"])
def test_an_empty_list_is_called_empty_only_where_that_is_known(listing: Listing, quality: Quality, rows: str) -> None:
    known = FINE[listing.source] if rows != "no rows" else []
    shown = frame(a_desk(listing.source, quality, known))
    assert listing.quality(shown) == quality
    said = listing.empty(shown)
    if quality.conclusive:
        assert any(words in said for words in KNOWN_TO_BE_EMPTY)
        return
    assert said.startswith(" ".join(sign_and_word(UNICODE, Level.OK, quality)))
    assert [words for words in SAYS[quality] if words not in said] == []
    assert [words for words in KNOWN_TO_BE_EMPTY if words in said] == []


@pytest.mark.parametrize("quality", Quality)
@pytest.mark.parametrize("listing", LISTINGS, ids=named)
def test_a_summary_never_shows_zero_for_what_nobody_knows(listing: Listing, quality: Quality) -> None:
    shown = frame(a_desk(listing.source, quality, FINE[listing.source]))
    listing.keys(shown, listing.orders[0])
    said = "".join(span.text for span in listing.summary(shown)).strip()
    if quality in (Quality.OFF, Quality.UNKNOWN, Quality.DENIED):
        assert said == "--"
    elif quality in (Quality.STALE, Quality.ERROR):
        assert said.startswith("(")
        assert said.endswith(")")
    else:
        assert "(" not in said[0]
        assert ("of what could be read" in said) == (quality == Quality.PARTIAL)


@pytest.mark.parametrize("width", [20, 60, 180])
def test_what_is_said_of_an_empty_list_is_whole_at_every_width(width: int) -> None:
    shown = frame(a_desk("hpas", Quality.STALE))
    lines = LISTINGS[8].empty_lines(shown, width)
    assert max(width_of(line) for line in lines) <= width
    assert " ".join("".join(span.text for span in line) for line in lines) == LISTINGS[8].empty(shown)
    assert {span.ink for line in lines for span in line} == {"strong"}


def test_a_list_that_is_empty_in_our_namespace_says_so() -> None:
    desk = Desk()
    desk.tell("workloads", [], facts={"scope": "namespace production"})
    shown = frame(desk)
    assert LISTINGS[2].empty(shown) == "there are no workloads in namespace production"
    assert LISTINGS[3].empty(shown).endswith("of the last 1h00m in namespace production")


# --- on the screen --------------------------------------------------------------------------------------------------

PANES = {
    **{"pods": "3", "workloads": "3 v v", "events": "3 v v v v", "hpas": "4", "nodes": "5"},
    **{"services": "3 v v v v v", "ingresses": "3 v v v v v v", "isolation": "3 v v v v v v v"},
}
PANES |= {"signals": "2", "gpus": "5 v v v", "inference": "5 v v v v"}
PANES |= {"sessions": "6 v", "database": "6 v v", "statements": "6 v v v", "replicas": "6 v v v v"}
PANES |= {"cache": "6 v v v v v", "keys": "6 v v v v v v", "auth": "7", "findings": "7 v v v", "secrets": "7 v v v v"}
LOST = [Quality.STALE, Quality.UNKNOWN, Quality.DENIED, Quality.ERROR]


@pytest.mark.parametrize("quality", LOST)
@pytest.mark.parametrize("source", PANES)
async def test_a_pane_whose_source_is_lost_looks_lost(source: str, quality: Quality) -> None:
    async with war_room(a_desk(source, quality)) as room:
        await room.press(*PANES[source].split())
        said = flat("\n".join(line.strip("┃│╏ ") for line in room.lines))
        assert REASON in said
        assert SAYS[quality][0] in said
        assert not any(words in said for words in (*KNOWN_TO_BE_EMPTY, "nothing here"))
        assert ("-- by" in said) == (quality in (Quality.UNKNOWN, Quality.DENIED)), (
            "a place among rows that nobody knows"
        )


@pytest.mark.parametrize("quality", LOST)
@pytest.mark.parametrize("source", ["pods", "hpas", "nodes", "workloads", "events"])
async def test_a_tile_whose_source_is_lost_looks_lost(source: str, quality: Quality) -> None:
    async with war_room(a_desk(source, quality), SIZES[2]) as room:
        tile = room.app.screen.query_one({"workloads": "#changes"}.get(source, f"#{source}"))
        said = flat("\n".join("".join(span.text for span in line[1:-1]) for line in tile.lines))  # type: ignore[attr-defined]
        assert REASON in said
        assert SAYS[quality][0] in said
        assert sign_and_word(UNICODE, Level.OK, quality)[1] in said
        assert not any(words in said for words in KNOWN_TO_BE_EMPTY)


async def test_a_filter_does_not_make_an_unknown_list_look_searched() -> None:
    async with war_room(a_desk("pods", Quality.UNKNOWN)) as room:
        await room.press("3", "v", "slash", *"cart", "enter")
        assert "no row matches" not in room.text
        assert "were never seen" in room.text


@pytest.mark.parametrize("place", ["table", "tile"])
async def test_rows_that_are_old_have_no_colour_that_judges(place: str) -> None:
    desk = troubled_desk()
    desk.clock.advance(4 * MINUTE)
    async with war_room(desk, SIZES[2]) as room:
        if place == "table":
            await room.press("3")
        region = room.app.screen.query_one("#table" if place == "table" else "#pods")
        inks = {span.ink for line in region.lines for span in line if "gateway-7d" in span.text or "Crash" in span.text}  # type: ignore[attr-defined]
        assert inks == {"dim"}


async def test_what_is_said_of_an_old_row_says_how_old_it_is() -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await room.press("3", "v")
        assert "as it was" not in room.text
        desk.clock.advance(4 * MINUTE)
        await room.repaint()
        assert "as it was 4m00s ago" in room.text


def lost(desk: Desk) -> None:
    desk.tell("pods", {}, age_ms=-1, failure=builders.a_failure(message=REASON))


def emptied(desk: Desk) -> None:
    desk.tell("pods", [])


@pytest.mark.parametrize(
    ("happens", "badge", "words"),
    [(lost, "UNKN", "pods were never seen: timeout"), (emptied, "gone", "not in the list of pods any more")],
)
async def test_a_pod_is_gone_only_where_the_list_is_known(
    happens: Callable[[Desk], None], badge: str, words: str
) -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.press("3", "j", "j", "j", "enter")
        happens(desk)
        await room.repaint()
        assert badge in room.lines[2]
        assert words in flat(room.text)
        await room.press("i")
        assert ("not there any more" in room.text) == (happens is emptied)


async def test_events_that_could_not_be_read_are_not_none() -> None:
    desk = troubled_desk()
    desk.answer(a_pod_answer(events=(), events_reason="403, events are not ours to read", logs=()))
    async with war_room(desk, SIZES[1]) as room:
        await room.press("3", "j", "j", "j", "enter")
        assert "not known: 403, events are not ours to read" in room.text
        assert "none that the cluster still keeps" not in room.text
