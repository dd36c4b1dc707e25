"""The language of live values: what it understands, what it refuses with which words, and what it concludes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    a_bad_pod,
    a_container,
    a_failure,
    a_node,
    a_pod,
    a_revision,
    a_snapshot,
    a_workload,
    a_world,
    an_event,
    an_hpa,
)
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.probe_tables import table_of
from wfconsole.incident.probe_words import FIELDS, FLAGS
from wfconsole.incident.probes import ProbeError, parse_probe
from wfconsole.incident.probing import ROWS_TOLD, Shared, evaluate
from wfconsole.observations.hpas import HpaMetric
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import HEALTHY, Level, Quality
from wfconsole.observations.world import World
from wfconsole.text import is_safe

WORLD = a_world(
    pods=[
        a_pod("gateway-1"),
        a_bad_pod(
            "gateway-2", restarts=7, restarted_at=NOW - MINUTE, containers=(a_container(reason="CrashLoopBackOff"),)
        ),
        a_pod("llm-1", owner="llm", namespace="ai", node="node-2"),
        a_bad_pod("job-1", "Completed", phase="Succeeded", owner_kind="Job", owner="job"),
    ],
    workloads=[
        a_workload(ready=2, revisions=(a_revision(5, created_at=NOW - 10 * MINUTE), a_revision(4))),
        a_workload("llm", namespace="ai", kind="StatefulSet"),
    ],
    hpas=[
        an_hpa(current=12, metrics=(HpaMetric("cpu", "120%", "80%", 1.5),)),
        an_hpa("llm", target="llm", namespace="ai"),
    ],
    nodes=[a_node(pressures=("MemoryPressure",)), a_node("node-2", gpus=4, gpus_allocated=3, roles=("gpu",))],
    events=[an_event("BackOff"), an_event("Pulled", type="Normal"), an_event("FailedMount", last_at=NOW - HOUR)],
)

VERDICTS: list[tuple[str, bool | None]] = [
    ("pods level>=warning", True),
    ("pods level >= warning", True),
    ("pods namespace=ai level>=warning", False),
    ("pods namespace=production workload=gateway level>=warning", True),
    ("pods workload=gateway not-ready", True),
    ("pods workload=gateway not-ready count=0", False),
    ("pods workload=llm not-ready count=0", True),
    ("pods not-ready count<2", True),
    ("pods workload=no-such-thing not-ready count=0", None),
    ("pods workload=no-such-thing level>=warning", None),
    ("pods name=gateway-* crash-loop", True),
    ("pods name=gateway-? crash-loop", None),
    ("pods workload!=gateway crash-loop", False),
    ("pods reason=OOMKilled,CrashLoopBackOff", True),
    ("pods status=Running count=2", True),
    ("pods restarts>=5 restarted<10m", True),
    ("pods restarted<30s", False),
    ("pods workload=llm ready-for>=2m count=1", True),
    ("pods image=gateway:1.4.0 ready", True),
    ("pods node=node-2", True),
    ("pods kind=Job not-ready count=0", True),
    ("workloads changed<30m", True),
    ("workloads changed<5m", False),
    ("workloads not-ready", True),
    ("workloads name=gateway ready", False),
    ("workloads ready>=2 kind=Deployment", True),
    ("workloads ready-ratio<70%", True),
    ("hpas at-max", True),
    ("hpas workload=llm at-max", False),
    ("hpas ratio>1.2", True),
    ("nodes pressure", True),
    ("nodes name=node-2 pressure", False),
    ("nodes gpus-free>=1", True),
    ("nodes role=gpu gpus-free=0 count=0", True),
    ("nodes cpu>0.4 memory>40% count=2", True),
    ("events type=Warning age<15m", True),
    ("events type=Warning age<15m reason=FailedScheduling", False),
    ("events kind=Node count=0", True),
    ("pods.not_ready_ratio > 20%", True),
    ("pods.not_ready_ratio namespace=ai > 20%", False),
    ("pods.not_ready_ratio namespace=nowhere > 20%", None),
    ("pods.crash_looping", None),
    ("hpas.worst_ratio >= 1.5", True),
    ("gpus.allocated_ratio name=node-1 > 0", None),
    ("hpas at-max and nodes pressure", True),
    ("hpas at-max and nodes pressure count=0", False),
    ("hpas at-max and pods workload=no-such-thing", None),
    ("nodes not-ready and pods workload=no-such-thing", False),
]


@pytest.mark.parametrize(("text", "holds"), VERDICTS, ids=[text for text, _holds in VERDICTS])
def test_a_probe_holds_or_not_or_cannot_tell(text: str, holds: bool | None) -> None:
    result = evaluate(parse_probe(text), WORLD, NOW)
    assert result.holds is holds
    assert result.lines
    assert (result.holds is None) == bool(result.why) or " and " in text


REFUSED = [
    ("", 1, "expected a table or a signal, found the end of the text"),
    ("pod level>=warning", 1, "did you mean 'pods'?"),
    ("pods levl>=warning", 6, "did you mean 'level'?"),
    ("pods level>=bad", 13, "expected a level (ok, watch, warning, critical)"),
    ("pods level", 11, "expected one of = != < <= > >= after level"),
    ("pods restarted<10", 16, "expected a duration such as 30s, 10m, 2h or 1d, found '10'"),
    ("pods restarts>many", 15, "expected a number such as 3, 0.2 or 20%"),
    ("pods name<gateway", 10, "expected one of = != after name, found '<'"),
    ("pods name=", 11, "expected a value after name=, found the end of the text"),
    ('pods name="gateway', 11, "this quotation mark is never closed"),
    ("hpas at-max count", 18, "expected one of = != < <= > >= after count"),
    ("hpas at-max count=1 blind", 21, "expected the end or `and` after the count"),
    ("pods.not_ready > 3 now", 20, "expected the end or `and` after the number"),
    ("pods.not_ready level=ok", 16, "pods.not_ready has no field or flag 'level'"),
    ("pods and", 9, "expected a table or a signal, found the end of the text"),
    ("nodes $(reboot)", 7, "nodes has no field or flag"),
    ("pods name=a*b*c*d*e*f", 11, "a word has at most 4 stars"),
    ("pods " + "ready " * 200, 500, "a probe has at most 500 characters"),
]


@pytest.mark.parametrize(("text", "column", "words"), REFUSED, ids=[text[:30] or "nothing" for text, *_ in REFUSED])
def test_what_is_no_probe_is_refused_with_the_place_and_what_was_expected(text: str, column: int, words: str) -> None:
    with pytest.raises(ProbeError) as refused:
        parse_probe(text)
    assert words in str(refused.value)
    assert refused.value.column == column


@settings(deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*FIELDS, *FLAGS["pods"], "=", ">", "and", "count", "3"])).map(" ".join)
)
def test_any_text_is_a_probe_or_refused_and_never_anything_else(text: str) -> None:
    column = 1
    try:
        assert evaluate(parse_probe(text), WORLD, NOW).lines
    except ProbeError as refused:
        column = refused.column
    assert 1 <= column <= len(text) + 1


def test_every_word_of_the_language_can_be_answered() -> None:
    for table, fields in FIELDS.items():
        known = table_of(table)
        assert {name for name, kind in fields.items() if kind in ("identity", "word")} == set(known.words)
        assert {name for name, kind in fields.items() if kind in ("number", "duration")} == set(known.numbers)
        assert set(FLAGS[table]) == set(known.flags)


def pods_only(**changes: Any) -> World:
    return a_world(pods=a_snapshot("pods", [a_bad_pod()], **changes))


UNSURE = [
    ("stale", pods_only(good_at=NOW - HOUR), Quality.STALE, "pods are stale"),
    ("partial", pods_only(partial="page 1 of 20"), Quality.PARTIAL, "pods are partial: page 1 of 20"),
    ("in error", pods_only(good_at=NOW - 6_000, failure=a_failure()), Quality.ERROR, "no answer within 3 s"),
    ("denied", pods_only(failure=a_failure("denied", message="forbidden")), Quality.DENIED, "forbidden"),
    ("never there", pods_only(good_at=None), Quality.UNKNOWN, "pods are unknown"),
    ("off", World(), Quality.OFF, "pods are not configured"),
]


@pytest.mark.parametrize(("world", "quality", "why"), [case[1:] for case in UNSURE], ids=[case[0] for case in UNSURE])
def test_nothing_is_concluded_from_data_that_cannot_be_trusted(world: World, quality: Quality, why: str) -> None:
    for text in ("pods not-ready", "pods not-ready count=0", "pods.not_ready > 0"):
        result = evaluate(parse_probe(text), world, NOW)
        assert result.holds is None
        assert result.quality == quality
        assert why in result.why
        assert why in result.lines[-1]


def test_a_source_that_is_off_makes_no_other_look_as_if_it_was() -> None:
    """What is there is live; that the other is not there is said, and nothing is concluded."""
    result = evaluate(parse_probe("pods and database"), pods_only(), NOW)
    assert (result.quality, result.holds) == (Quality.LIVE, None)
    assert "not configured" in result.why


def test_how_many_containers_are_ready_is_said_once() -> None:
    pod = a_bad_pod("gateway-1", "Running", ready_containers=1, all_containers=2, ready_since=NOW - 5 * MINUTE)
    (_, line) = evaluate(parse_probe("pods not-ready"), a_world(pods=[pod]), NOW).lines
    assert line.startswith("gateway-1 1/2 ready since ")


def test_the_lines_tell_what_matches_worst_first() -> None:
    result = evaluate(parse_probe("pods namespace=production"), WORLD, NOW)
    assert result.lines[0] == "3 of 3 pods"
    assert result.lines[1].startswith("gateway-2 0/1 CrashLoopBackOff, 7 restarts since 14:31:07Z")
    assert result.level == Level.CRITICAL


TOLD = [
    ("workloads name=gateway", "Deployment gateway 2/3 ready  revision 4  changed 14:22:07Z  gateway:1.4.0"),
    ("hpas name=gateway", "gateway 12 (3-12)  cpu 120%/80%  AT MAX 12/12, wants 18"),
    ("nodes name=node-2", "node-2  Ready  cpu 50% memory 50%  gpu 3/4"),
    ("nodes name=node-1", "node-1  Ready  cpu 50% memory 50%  MemoryPressure"),
    ("events reason=BackOff", "Warning BackOff 14:31:07Z Pod/gateway-1:"),
]


@pytest.mark.parametrize(("text", "line"), TOLD)
def test_each_kind_of_row_is_told_in_one_line(text: str, line: str) -> None:
    result = evaluate(parse_probe(text), WORLD, NOW)
    assert result.lines[1] == line
    assert all(is_safe(shown) for shown in result.lines)


def test_many_rows_are_counted_but_not_all_told() -> None:
    world = a_world(pods=[a_bad_pod(f"p-{n}") for n in range(100)])
    result = evaluate(parse_probe("pods not-ready"), world, NOW)
    assert (result.lines[0], result.lines[-1]) == ("100 of 100 pods", f"and {100 - ROWS_TOLD} more")
    assert len(result.lines) == ROWS_TOLD + 2


def test_a_signal_is_told_with_what_was_asked() -> None:
    result = evaluate(parse_probe("pods.not_ready_ratio > 20%"), WORLD, NOW)
    assert result.lines == ("pods.not_ready_ratio 33% (asked: > 20%)",)


MIXED = [
    a_pod("gateway-1"),
    a_pod("gateway-2", restarts=2, restarted_at=NOW - MINUTE, containers=(a_container(last_reason="OOMKilled"),)),
    a_bad_pod("gateway-3", restarts=7, restarted_at=NOW - MINUTE),
    a_bad_pod("gateway-4", "OOMKilled", restarted_at=NOW - MINUTE),
    a_bad_pod("gateway-5", "ImagePullBackOff", created_at=NOW - HOUR),
    a_bad_pod("gateway-6", "Pending", phase="Pending", node="", created_at=NOW - HOUR),
    a_bad_pod("gateway-7", "ContainerCreating", created_at=NOW - MINUTE),
    a_bad_pod("job-1", "Completed", phase="Succeeded", owner_kind="Job", owner="job"),
    a_pod("llm-1", owner="llm", namespace="ai", deleting_since=NOW - HOUR),
]


ASKED = ("oom", "crash-loop", "image-pull", "unschedulable", "not-ready", "level>=warning")
SIGNALS_OF_PODS = ("not_ready_ratio", "crash_looping", "restarted")


@pytest.mark.parametrize(
    "asked", [*(f"pods{{}} {words}" for words in ASKED), *(f"pods.{signal}{{}} > 0" for signal in SIGNALS_OF_PODS)]
)
@pytest.mark.parametrize("scope", ["", " namespace=production", " namespace=ai"])
def test_pods_that_are_judged_already_give_the_same_answer(asked: str, scope: str) -> None:
    world = a_world(pods=MIXED)
    judged = Judged().after(world, "pods", NOW)
    probe = parse_probe(asked.format(scope))
    assert evaluate(probe, world, NOW, Shared(judged)) == evaluate(probe, world, NOW)


def test_no_healthy_row_has_what_only_trouble_has() -> None:
    table = table_of("pods")
    assert table.troubles <= table.flags.keys()
    assert not any(table.flags[name](row, HEALTHY) for name in table.troubles for row in MIXED)


class Counted(dict[str, Any]):
    """Rows that count how often they are gone through."""

    gone_through = 0

    def values(self) -> Any:
        self.gone_through += 1
        return super().values()

    def items(self) -> Any:
        self.gone_through += 1
        return super().items()


def test_what_several_probes_ask_first_is_looked_for_once() -> None:
    rows = Counted(a_world(pods=MIXED).snapshots["pods"].rows)
    world = a_world(pods=a_snapshot("pods", rows))
    shared = Shared(Judged().after(world, "pods", NOW))
    rows.gone_through = 0
    asked = ("oom", "not-ready", "workload=*way*", "workload=gateway,llm not-ready", "name=llm* not-ready")
    told = [evaluate(parse_probe(f"pods namespace=production {words}"), world, NOW, shared).lines[0] for words in asked]
    assert told == ["2 of 8 pods", "5 of 8 pods", "7 of 7 pods", "5 of 7 pods", "no pod is what was asked for"]
    assert rows.gone_through == 2  # keys and rows, for the namespace that all of them begin with
