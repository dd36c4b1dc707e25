"""The first line where it has no room for everything: what is cut, what goes, and what never does."""

from __future__ import annotations

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import SIZES, Desk, war_room
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.events import StatusChanged, Target
from wfconsole.text import cells, cut_middle
from wfconsole.tui.action_names import BY_ID

TITLE = "Checkout answers 503 for a third of all users in eu-west"
ARN = "arn:aws:eks:eu-west-1:123456789012:cluster/prod-shop"
GKE = "gke_acme-prod_europe-west1_shop"


def a_desk(context: str, namespace: str = "production", *, title: str = TITLE, commander: str = "op1") -> Desk:
    desk = Desk()
    desk.environment = "PROD"
    desk.session.pin(Target(context, namespace, "https://127.0.0.1:6443"))
    declared = builders.declared(title=title, commander=commander, started_at=NOW - HOUR)
    desk.happen(declared, NOW - 5 * MINUTE)
    return desk


async def first_line(desk: Desk, size: tuple[int, int]) -> str:
    async with war_room(desk, size) as room:
        assert cells(room.lines[0]) == size[0]
        return room.lines[0].rstrip()


@pytest.mark.parametrize("commander", ["op1", "bartholomew.featherstone"])
@pytest.mark.parametrize("context", ["prod", "prod-eu-west-1", ARN, GKE])
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_what_decides_is_always_there(size: tuple[int, int], context: str, commander: str) -> None:
    """Mode, severity, time, the beginning of the title, the cluster's word and both ends of its name, clock, role."""
    line = await first_line(a_desk(context, commander=commander), size)
    for part in ("● LIVE", "SEV-2  T+01:00:00", TITLE[:8], " PROD ", "14:32:07Z", f"IC {commander[:3]}"):
        assert part in line
    where = line.partition(" PROD  ")[2].split()[0].partition("/production")[0]
    assert where.startswith(context[:4])
    assert where.endswith(context[-4:]) or where.startswith(context)


@pytest.mark.parametrize(
    ("context", "width", "where"),
    [
        ("kind-shop", 80, "kind-shop"),
        ("prod-eu-west-1", 80, "prod-…est-1"),
        (ARN, 80, "arn:a…-shop"),
        (ARN, 120, "arn:aws:eks:…ter/prod-shop"),
        (ARN, 200, f"{ARN}/production"),
    ],
)
async def test_the_context_stays_before_the_namespace_and_both_of_its_ends_before_its_middle(
    context: str, width: int, where: str
) -> None:
    line = await first_line(a_desk(context), (width, 24))
    assert line.partition(" PROD  ")[2].split()[0] == where


@pytest.mark.parametrize(("title", "there"), [("gateway is down", True), (TITLE, False)])
async def test_the_number_of_the_incident_goes_before_anything_of_title_and_target_does(
    title: str, there: bool
) -> None:
    line = await first_line(a_desk("kind-shop", title=title), (120, 40))
    assert ("INC-20260301-1432" in line) == there
    assert title[:30] in line
    assert "kind-shop/production" in line


async def test_shorter_words_come_before_the_number_is_left_out() -> None:
    desk = a_desk("kind-shop", title="gateway fails after a rollout")
    assert "INC…1432 gateway fails after a rollout " in await first_line(desk, (120, 40))
    desk = a_desk("kind-shop", title="gateway fails")
    assert "INC-20260301-1432 gateway fails " in await first_line(desk, (120, 40))


async def test_the_status_goes_before_anything_of_the_title_does() -> None:
    desk = a_desk("kind-shop", title="gateway is down", commander="bartholomew")
    desk.happen(StatusChanged("monitoring"), NOW - 2 * MINUTE)
    assert "INC-20260301-1432 [MONITORING] gateway is down" in await first_line(desk, (200, 60))
    assert "T+01:00:00 [MONITORING] gateway is down" in await first_line(desk, (120, 40))
    assert "T+01:00:00 gateway is" in await first_line(desk, (80, 24))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_once_it_is_over_the_clock_stands_and_says_so(size: tuple[int, int]) -> None:
    desk = a_desk("kind-shop", title="gateway is down", commander="bartholomew")
    desk.happen(StatusChanged("resolved"), NOW - MINUTE)
    desk.clock.advance(3 * HOUR)
    assert "SEV-2  RESOLVED in 00:59:00 " in await first_line(desk, size)


async def test_frozen_it_gives_from_the_title_and_from_nothing_that_decides() -> None:
    desk = a_desk("prod-eu-west-1", commander="bartholomew")
    desk.transport.toggle()
    desk.clock.advance(12 * HOUR)
    line = await first_line(desk, (80, 24))
    for part in ("║ FROZEN 12h00m SEV-2  T+01:00:00", " PROD ", "prod…st-1", "14:32:07Z IC bart"):
        assert part in line


async def test_where_times_take_more_room_the_target_goes_before_what_decides() -> None:
    desk = a_desk(ARN, commander="bartholomew")
    desk.transport.toggle()
    async with war_room(desk) as room:
        await room.press(BY_ID["times"].keys[0], BY_ID["times"].keys[0])
        desk.clock.advance(12 * HOUR)
        await room.repaint()
        for part in ("║ FROZEN 12h00m SEV-2  T+01:00:00", " PROD ", "2026-03-01T14:32:07Z IC bart"):
            assert part in room.lines[0]


@pytest.mark.parametrize(
    ("width", "shown"),
    [(9, "kind-shop"), (8, "kin…shop"), (5, "ki…op"), (2, "…p"), (1, "…"), (0, "")],
)
def test_a_name_that_is_cut_keeps_both_of_its_ends(width: int, shown: str) -> None:
    assert cut_middle("kind-shop", width) == shown


@pytest.mark.parametrize("width", range(12))
def test_wide_characters_are_never_halved(width: int) -> None:
    assert cells(cut_middle("日本語クラスタ", width)) <= width
    assert cut_middle("日本語クラスタ", 7) == "日本…タ"


@pytest.mark.parametrize("number", ["INC", "INC-7", "-", "--", "INC-2026-11-29-1432"])
async def test_an_incident_of_any_number_is_shown(number: str) -> None:
    """A recording's incident may be called anything."""
    desk = Desk()
    desk.session.pin(Target("kind-shop", "production", "https://127.0.0.1:6443"))
    desk.happen(builders.declared(incident=number, title=TITLE), NOW - 5 * MINUTE)
    for size in SIZES:
        assert TITLE[:12] in await first_line(desk, size)
