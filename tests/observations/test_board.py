"""One line a pane: two facts at most, in 38 cells, with brackets around what is old, and never a guess."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    NOW,
    a_bad_pod,
    a_database,
    a_failure,
    a_finding,
    a_login,
    a_node,
    a_pod,
    a_service,
    a_snapshot,
    a_workload,
    a_world,
    an_hpa,
    an_idle_session,
)
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.board import HEADLINE_CELLS, BoardLine, StateCounts, board, count_states, squeezed
from wfconsole.observations.hpas import HpaMetric
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.series import SeriesBook
from wfconsole.observations.snapshot import Snapshot
from wfconsole.observations.world import World
from wfconsole.text import cells

GATEWAY_IN_TROUBLE = [a_pod(f"g{n}") for n in range(9)] + [a_bad_pod(f"g{n}") for n in range(9, 12)]


def lines(world: World) -> dict[int, BoardLine]:
    judged, series = Judged(), SeriesBook()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
        series = series.after(world, judged, source, NOW)
    return {line.number: line for line in board(world, judged, series, NOW)}


def old(source: str, rows: Any, failure: Any = None, age_ms: int = 252 * SECOND) -> Snapshot[Any]:
    return a_snapshot(source, rows, good_at=NOW - age_ms, failure=failure)


def test_all_panes_have_a_line_in_the_order_of_their_numbers() -> None:
    shown = lines(World())
    assert [(line.number, line.name) for line in shown.values()] == [
        (1, "Alerts"),
        (2, "Signals"),
        (3, "Pods"),
        (4, "HPA"),
        (5, "Nodes+GPU"),
        (6, "DB"),
        (7, "Auth+Sec"),
    ]
    assert {line.quality for line in shown.values()} == {Quality.OFF}


PODS = [
    ("all well", [a_pod("a"), a_pod("b")], Level.OK, "2/2 ready"),
    ("none at all", [], Level.OK, "no pods"),
    ("some in a crash loop", GATEWAY_IN_TROUBLE, Level.WARNING, "gateway 9/12 ready  3 CrashLoop"),
    (
        "a long name gives way from its beginning",
        [a_bad_pod(f"p{n}", owner="wearforce-clean-conversation-gateway") for n in range(3)],
        Level.CRITICAL,
        "…sation-gateway 0/3 ready  3 CrashLoop",
    ),
    ("one restarted", [a_pod("a", restarts=1, restarted_at=NOW)], Level.WATCH, "gateway 1/1 ready  1 restarted"),
]


@pytest.mark.parametrize(("rows", "level", "headline"), [case[1:] for case in PODS], ids=[case[0] for case in PODS])
def test_the_pods_line_tells_of_the_worst_workload(rows: list[Any], level: Level, headline: str) -> None:
    line = lines(a_world(pods=rows))[3]
    assert line.level == level
    assert line.headline == headline
    assert cells(line.headline) <= HEADLINE_CELLS


def test_pods_that_were_never_made_are_seen_through_their_workload() -> None:
    line = lines(a_world(pods=[a_pod("a", owner="llm")], workloads=[a_workload(desired=3, ready=0)]))[3]
    assert (line.level, line.headline) == (Level.CRITICAL, "gateway 0/3 ready")
    assert line.reason == "gateway: 0/3 ready"


def test_a_workload_is_not_asked_when_what_it_says_is_old() -> None:
    workloads = old("workloads", [a_workload(desired=3, ready=0)])
    line = lines(a_world(pods=[a_pod("a")], workloads=workloads))[3]
    assert (line.level, line.headline) == (Level.OK, "1/1 ready")


def logins(name: str, by: str = "source", recent: float = 1300.0) -> Any:
    """A worst attacker, and how many logins fail."""
    worst = a_login(name, by, failed=512, others=512)
    return [worst, a_login("", "all", failed=9_000, per_minute=recent, usual_per_minute=0.4)]


ATTACKS = [
    ("both as they are", "203.0.113.9", 12.0, "spraying 203.0.113.9  12 fail/min"),
    (
        "a long address keeps its end, and what it does",
        "2001:db8:85a3:11::8a2e:370:7334",
        12.0,
        "spraying …::8a2e:370:7334  12 fail/min",
    ),
]


@pytest.mark.parametrize(("name", "recent", "said"), [case[1:] for case in ATTACKS], ids=[c[0] for c in ATTACKS])
def test_of_the_line_of_logins_gives_way_what_matters_least(name: str, recent: float, said: str) -> None:
    line = lines(a_world(auth=logins(name, recent=recent)))[7]
    assert cells(line.headline) <= HEADLINE_CELLS
    assert line.headline == said


def test_a_number_is_never_cut_into_another_one() -> None:
    findings = [a_finding(f"f{n}") for n in range(3)]
    calm = [a_login("", "all", failed=9_000, per_minute=1300.0, usual_per_minute=0.4)]
    headline = lines(a_world(auth=calm, findings=findings))[7].headline
    assert headline in (
        "1,300 fail/min  3 crit findings",
        "1300 fail/min  3 crit findings",
        "3 crit findings  1300 fail/min",
    )


def hot(ratio: float | None, **changes: Any) -> Any:
    return an_hpa(metrics=(HpaMetric("cpu", ratio=ratio),), **changes)


HPAS = [
    ("all below", [an_hpa("a"), an_hpa("b")], Level.OK, "2 of 2 below max"),
    ("none", [], Level.OK, "no autoscalers"),
    ("at its maximum", [an_hpa("a"), hot(1.5, current=12)], Level.WARNING, "gateway 12/12 AT MAX  wants 18"),
    ("blind", [hot(None)], Level.WARNING, "gateway BLIND  3/12"),
    ("disabled", [an_hpa(disabled=True, current=0)], Level.WATCH, "gateway DISABLED  0/12"),
]


@pytest.mark.parametrize(("rows", "level", "headline"), [case[1:] for case in HPAS], ids=[case[0] for case in HPAS])
def test_the_autoscaler_line_tells_what_the_worst_one_cannot_do(rows: Any, level: Level, headline: str) -> None:
    line = lines(a_world(hpas=rows))[4]
    assert (line.level, line.headline) == (level, headline)


def nodes(bad: int, of: int, **changes: Any) -> list[Any]:
    return [a_node(f"n{n}", **(changes if n < bad else {})) for n in range(of)]


NODES = [
    ("all well", nodes(0, 14), Level.OK, "14/14 ready  memory 50%"),
    ("one of many lost", nodes(1, 14, ready=False), Level.WARNING, "13/14 ready  memory 50%"),
    ("a third lost", nodes(1, 3, ready=False), Level.CRITICAL, "2/3 ready  memory 50%"),
    (
        "one under pressure",
        nodes(1, 14, pressures=("MemoryPressure",)),
        Level.WARNING,
        "14/14 ready  n0 under pressure",
    ),
    ("with GPUs", nodes(2, 2, gpus=4, gpus_allocated=3), Level.OK, "2/2 ready  gpu 6/8 allocated"),
    ("nobody measures", nodes(2, 2, memory_used=None, cpu_used=None), Level.OK, "2/2 ready  memory --"),
]


@pytest.mark.parametrize(("rows", "level", "headline"), [case[1:] for case in NODES], ids=[case[0] for case in NODES])
def test_the_nodes_line_weighs_what_is_lost_against_what_is_there(rows: Any, level: Level, headline: str) -> None:
    line = lines(a_world(nodes=rows))[5]
    assert (line.level, line.headline) == (level, headline)


DENIED = a_failure("denied", message="pods is forbidden", remedy="needs role pod-viewer")
RETRYING = a_failure("timeout", retry_at=NOW + 14 * SECOND)
QUALITIES = [
    ("stale", old("pods", GATEWAY_IN_TROUBLE), Quality.STALE, "(gateway 9/12 ready)  (3 CrashLoop)"),
    (
        "in error",
        old("pods", GATEWAY_IN_TROUBLE, RETRYING, 6 * SECOND),
        Quality.ERROR,
        "(…teway 9/12 ready) timeout, retry 14s",
    ),
    (
        "denied after it worked",
        old("pods", [a_pod("a")], DENIED),
        Quality.DENIED,
        "(1/1 ready) needs role pod-viewer",
    ),
    (
        "denied from the beginning",
        a_snapshot("pods", {}, good_at=None, failure=DENIED),
        Quality.DENIED,
        "needs role pod-viewer",
    ),
    (
        "never there",
        a_snapshot("pods", {}, good_at=None, failure=a_failure("refused", message="connection refused")),
        Quality.UNKNOWN,
        "-- connection refused",
    ),
    ("silent so far", a_snapshot("pods", {}, good_at=None), Quality.UNKNOWN, "-- nothing reported yet"),
    ("partial", a_snapshot("pods", [a_pod("a")], partial="page 1 of 20"), Quality.PARTIAL, "1/1 ready"),
]


@pytest.mark.parametrize(
    ("snapshot", "quality", "headline"), [case[1:] for case in QUALITIES], ids=[case[0] for case in QUALITIES]
)
def test_a_line_says_how_far_it_can_be_trusted(snapshot: Snapshot[Any], quality: Quality, headline: str) -> None:
    line = lines(a_world(pods=snapshot))[3]
    assert (line.quality, line.headline) == (quality, headline)
    assert line.age_ms == snapshot.age_ms(NOW)
    assert line.reason
    assert cells(line.headline) <= HEADLINE_CELLS


def test_the_level_of_old_values_stays_what_it_was() -> None:
    line = lines(a_world(pods=old("pods", GATEWAY_IN_TROUBLE)))[3]
    assert (line.level, line.quality) == (Level.WARNING, Quality.STALE)


def test_states_are_counted_once_a_line_and_what_is_off_nowhere() -> None:
    world = a_world(
        pods=GATEWAY_IN_TROUBLE,
        hpas=old("hpas", [an_hpa()]),
        nodes=a_snapshot("nodes", {}, good_at=None, failure=DENIED),
    )
    assert count_states(lines(world).values()) == StateCounts(warning=1, stale=1, denied=1)


def test_partial_data_is_never_counted_as_well() -> None:
    well = a_world(pods=a_snapshot("pods", [a_pod()], partial="page 1 of 20"))
    bad = a_world(pods=a_snapshot("pods", [a_bad_pod()], partial="page 1 of 20"))
    assert count_states(lines(well).values()) == StateCounts(partial=1)
    assert count_states(lines(bad).values()) == StateCounts(critical=1)


def test_the_trend_stands_on_a_fixed_scale_with_gaps() -> None:
    world = a_world(hpas=[hot(1.0)], pods=[a_pod("a"), a_bad_pod("b")])
    shown = lines(world)
    assert shown[3].trend == (None,) * 7 + (0.5,)
    assert shown[4].trend == (None,) * 7 + (0.5,)  # at its target is half of the scale


def test_a_hostile_failure_cannot_make_a_line_longer() -> None:
    failure = a_failure("refused", message="x" * 5000, remedy="y" * 5000)
    for good_at in (None, NOW - 10 * MINUTE, NOW - 6 * SECOND):
        line = lines(a_world(pods=a_snapshot("pods", [a_pod()], good_at=good_at, failure=failure)))[3]
        assert cells(line.headline) <= HEADLINE_CELLS


# --- services on the line of the pods -------------------------------------------------------------------------------

DOWN = a_service(ready=0, serving=0)


def test_a_service_without_endpoints_is_told_beside_the_pods_and_is_critical() -> None:
    shown = lines(a_world(pods=[a_pod()], services=[DOWN, a_service("cart")]))[3]
    assert (shown.level, shown.quality) == (Level.CRITICAL, Quality.LIVE)
    assert shown.headline == "svc gateway no endpoints  1/1 ready"
    assert shown.reason == "service gateway: 0/3 endpoints ready"


def test_it_keeps_its_place_beside_pods_that_are_in_trouble_too() -> None:
    shown = lines(a_world(pods=GATEWAY_IN_TROUBLE, services=[DOWN]))[3]
    assert shown.facts == ("svc gateway no endpoints", "gateway 9/12 ready", "3 CrashLoop")
    several = lines(a_world(pods=[a_pod()], services=[DOWN, a_service("llm", ready=0, serving=0)]))[3]
    assert several.facts[0] == "svc gateway +1 no endpoints"


QUIET_SERVICES = [
    ("all well", a_snapshot("services", [a_service()])),
    ("no pods behind it", a_snapshot("services", [a_service(endpoints=0, ready=0, serving=0, pods=0)])),
    ("endpoints that nobody may read", a_snapshot("services", [a_service(endpoints=None, ready=None)])),
    ("refused", a_snapshot("services", (), good_at=None, failure=a_failure("denied"))),
    ("old", old("services", [DOWN])),
]


@pytest.mark.parametrize("services", [case[1] for case in QUIET_SERVICES], ids=[case[0] for case in QUIET_SERVICES])
def test_services_that_say_nothing_leave_the_line_of_the_pods_as_it_is(services: Snapshot[Any]) -> None:
    assert lines(a_world(pods=[a_pod()], services=services))[3] == lines(a_world(pods=[a_pod()]))[3]


def test_of_several_parts_in_trouble_each_says_its_first_fact() -> None:
    root = an_idle_session(behind=41, held_since=NOW - MINUTE)
    idle = an_idle_session(7, state_at=NOW - 10 * MINUTE)
    shown = lines(a_world(database=[a_database(clients=97)], sessions=[root, idle]))[6]
    assert shown.headline == "conn 97/97  41 wait for pid 3321"
    assert shown.facts[2] == "1 idle in tx"


GATEWAY_NAME = "wearforce-clean-gateway"


@pytest.mark.parametrize(
    ("facts", "room", "said"),
    [
        ((f"{GATEWAY_NAME} 0/4 ready", f"svc {GATEWAY_NAME} no endpoints"), 38, f"{GATEWAY_NAME} 0/4 ready"),
        (
            (f"{GATEWAY_NAME} 0/4 ready", f"svc {GATEWAY_NAME} no endpoints"),
            66,
            f"{GATEWAY_NAME} 0/4 ready  svc …clean-gateway no endpoints",
        ),
        ((f"{GATEWAY_NAME} 3/5 ready", "2 CrashLoop"), 38, "…-clean-gateway 3/5 ready  2 CrashLoop"),
        (
            ("cart 0/4 ready", f"svc {GATEWAY_NAME} no endpoints"),
            50,
            "cart 0/4 ready  svc …ce-clean-gateway no endpoints",
        ),
    ],
)
def test_the_first_fact_is_the_last_one_to_go(facts: tuple[str, ...], room: int, said: str) -> None:
    assert squeezed(facts, "{}", room) == said
