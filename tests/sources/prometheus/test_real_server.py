"""A real Prometheus with real metric names: each fault is seen as what it is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rig.systems.fixtures import running
from tests.rig.systems.prometheus import PASSWORD, USER, Prometheus
from tests.sources.api_double import until
from tests.sources.prometheus.polls import all_seen, gpus_poll, history_poll, inference_poll, seen, signals_poll
from wfconsole.clock import SystemClock
from wfconsole.config.metrics import GpuSettings, SignalRule
from wfconsole.observations.gpus import GpuRow, judge_gpu, mean_utilization
from wfconsole.observations.inference import judge_inference, judge_saturation
from wfconsole.observations.levels import Level
from wfconsole.observations.signals import SignalRow, judge_signal
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.contract import SourceError
from wfconsole.text import is_safe

ORDERS = "production/orders"
CHECKOUT = "production/checkout"


@pytest.fixture(autouse=True)
def _scraped(prometheus: Prometheus) -> None:
    """Rates exist from the second scrape on."""
    until(
        lambda: prometheus.query("rate(nginx_ingress_controller_requests[5s]) > 0"), "the exporter was not scraped", 20
    )


def signals_until(prometheus: Prometheus, holds: Callable[[dict[str, SignalRow]], bool], what: str) -> dict[str, Any]:
    poll = signals_poll(prometheus.url)

    def look() -> dict[str, Any] | None:
        rows = all_seen(poll, "signals")
        return rows if holds(rows) else None

    found: dict[str, Any] = until(look, what, 20)
    return found


def level(rows: dict[str, SignalRow], key: str) -> Level:
    return judge_signal(rows[key], 0).level if key in rows else Level.OK


def test_every_bundled_rule_is_understood_and_tells_totals_and_services(prometheus: Prometheus) -> None:
    rows = signals_until(prometheus, lambda rows: rows["errors"].value is not None, "no error ratio")
    assert {row.state for row in rows.values()} <= {"value", "none", "nan"}
    assert rows[f"errors/{ORDERS}"].value == 0.0  # nothing ever failed there: zero, and not "no such series"
    assert rows["node-cpu"].state == "none"  # nobody scrapes nodes: neither zero nor well
    assert rows["node-cpu"].value is None
    assert rows["errors"].promql.startswith("(sum by ()")
    assert rows["memory-limit"].value == pytest.approx(0.5)


def test_a_burst_of_errors_is_critical_where_it_is(prometheus: Prometheus) -> None:
    prometheus.faults["error-burst"]()
    rows = signals_until(prometheus, lambda rows: level(rows, "errors") == Level.CRITICAL, "errors not seen")
    assert level(rows, f"errors/{CHECKOUT}") == Level.CRITICAL
    assert level(rows, f"errors/{ORDERS}") == Level.OK
    assert rows[f"unavailable/{CHECKOUT}"].value


def test_latency_is_seen_in_its_percentiles(prometheus: Prometheus) -> None:
    prometheus.faults["latency"]()
    rows = signals_until(prometheus, lambda rows: level(rows, f"p99/{CHECKOUT}") == Level.CRITICAL, "p99 not seen")
    assert level(rows, f"p99/{ORDERS}") == Level.OK


def test_a_leak_is_a_warning_before_the_limit(prometheus: Prometheus) -> None:
    prometheus.faults["memory-leak"]()
    signals_until(prometheus, lambda rows: level(rows, f"memory-limit/{CHECKOUT}-1") == Level.WARNING, "leak not seen")


def test_no_traffic_is_no_ratio(prometheus: Prometheus) -> None:
    prometheus.tell(requests={"checkout": 0.0, "orders": 0.0})
    rows = signals_until(prometheus, lambda rows: rows["errors"].state == "nan", "still a ratio")
    assert rows["errors"].value is None
    assert rows["traffic"].value == 0.0


def test_a_rule_that_is_refused_does_not_harm_the_others(prometheus: Prometheus) -> None:
    wrong, right = SignalRule("wrong", "sum(up"), SignalRule("right", "count(up)")
    poll = signals_poll(prometheus.url, wrong, right, defaults=False)
    rows = seen(poll, "signals")
    assert (rows["right"].value, rows["right"].own) == (1.0, True)
    assert rows["wrong"].state == "refused"
    assert "parse error" in rows["wrong"].problem
    assert in_words(poll.lacks()) == ""


def test_scalars_services_without_labels_of_their_own_and_not_a_number(prometheus: Prometheus) -> None:
    rules = (
        SignalRule("scalar", "42"),
        SignalRule("each", "nginx_ingress_controller_requests >= 0", group=("ingress",)),
        SignalRule("divided", "vector(0) / vector(0)"),
        SignalRule("infinite", "vector(1) / vector(0)"),
        SignalRule("absent", "there_is_no_such_metric"),
        SignalRule("all-labels", "up"),
    )
    rows = seen(signals_poll(prometheus.url, *rules, defaults=False), "signals")
    assert rows["scalar"].value == 42.0
    assert {"each/checkout", "each/orders"} <= set(rows)
    assert [rows[name].state for name in ("divided", "infinite", "absent")] == ["nan", "nan", "none"]
    assert [key for key in rows if key.startswith("all-labels/instance=127.0.0.1")]


def test_hostile_labels_are_inert(prometheus: Prometheus) -> None:
    prometheus.tell(hostile="[/] \x1b]52;c;aGk=\x07 \u202eabc")
    poll = signals_poll(prometheus.url, SignalRule("h", "hostile_gauge", group=("service",)), defaults=False)
    rows = until(
        lambda: {k: r for k, r in all_seen(poll, "signals").items() if r.group}, "the label was not scraped", 20
    )
    assert all(is_safe(row.group) and is_safe(key) for key, row in rows.items())


def test_the_last_hour_is_there_at_the_first_look(prometheus: Prometheus) -> None:
    """The server is younger than a minute: a rule that has values at all times stands for one that is old."""
    rule = SignalRule("steady", "vector(7)")
    row = seen(history_poll(prometheus.url, rule, SignalRule("wrong", "sum(up")), "signal_history")["steady"]
    assert row.points == (7.0,) * 60
    assert (row.end % 60_000, row.step_ms) == (0, 60_000)
    assert 0 <= SystemClock().now() - row.end < 61_000


def test_gpus_are_told_by_node_card_instance_and_pod(prometheus: Prometheus) -> None:
    rows: dict[str, GpuRow] = seen(gpus_poll(prometheus.url), "gpus")
    card, part = rows["gpu-1/0/llm-0"], rows["gpu-2/2/3g.40gb 1/small-1"]
    assert (card.namespace, card.utilization, card.power, card.xid) == ("ai", 0.61, 410.5, 0)
    assert card.memory_total == 80 << 30
    # Of a partitioned card only the engine's use is known, and what it does not tell is not zero.
    assert (part.utilization, part.power, part.temperature, part.memory_total) == (0.3, None, None, None)


def test_gpus_can_be_narrowed_and_none_is_an_answer(prometheus: Prometheus) -> None:
    assert set(seen(gpus_poll(prometheus.url, GpuSettings(selector='gpu="1"')), "gpus")) == {"gpu-1/1/llm-1"}
    poll = gpus_poll(prometheus.url, GpuSettings(selector='gpu="9"'))
    assert seen(poll, "gpus") == {}
    assert "dcgm-exporter" in poll.facts()["gpus"]


def test_busy_gpus_alone_are_no_trouble_and_with_a_growing_queue_they_are(prometheus: Prometheus) -> None:
    prometheus.faults["gpu-saturated"]()
    cards, models = gpus_poll(prometheus.url), inference_poll(prometheus.url)

    def busy() -> float | None:
        rows = [row for row in all_seen(cards, "gpus").values() if row.node == "gpu-1"]
        assert all(judge_gpu(row, 0).level == Level.OK for row in rows)
        found = mean_utilization(rows)
        return found if found and found > 0.95 else None

    share = until(busy, "the GPUs are not busy", 20)
    assert judge_saturation(share, all_seen(models, "inference").values()).level == Level.OK
    prometheus.faults["queue-growth"]()

    def saturated() -> Any:
        return judge_saturation(share, all_seen(models, "inference").values()).level > Level.OK

    until(saturated, "the queue does not grow", 20)
    assert judge_inference(all_seen(models, "inference")["llama-3-70b"], 0).level >= Level.WARNING


def test_models_of_both_servers_are_told_and_a_mean_is_called_one(prometheus: Prometheus) -> None:
    poll = inference_poll(prometheus.url)

    def well() -> Any:
        rows = all_seen(poll, "inference")
        return rows if rows["llama-3-70b"].queue == 2.0 else None

    rows = until(well, "the queue of the test before is still there", 20)
    vllm, triton = rows["llama-3-70b"], rows["reranker"]
    assert (vllm.queue, vllm.batch, vllm.cache, vllm.latency_is_mean) == (2.0, 24.0, 0.55, False)
    assert 0.5 < vllm.latency <= 0.8
    assert (triton.queue, triton.batch, triton.cache, triton.latency_is_mean) == (1.0, 4.0, None, True)
    assert triton.latency == pytest.approx(0.03)


def test_a_server_that_hangs_costs_its_deadline_and_is_seen_again_alone(prometheus: Prometheus) -> None:
    poll = signals_poll(prometheus.url, interval_ms=1000)
    prometheus.server.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(SourceError) as told:
            poll.step(lambda: None)
    finally:
        prometheus.server.process.send_signal(signal.SIGCONT)
    assert told.value.kind == "timeout"
    assert all_seen(signals_poll(prometheus.url), "signals")


def test_a_port_without_tls_is_told_as_that(prometheus: Prometheus) -> None:
    with pytest.raises(SourceError) as told:
        seen(signals_poll(prometheus.url.replace("http:", "https:")), "signals")
    assert (told.value.kind, "http://" in told.value.remedy) == ("configuration", True)


# --- who we are -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded() -> Iterator[Prometheus]:
    with running(Prometheus(guarded=True)) as system:
        yield system


def test_our_password_opens_and_a_wrong_one_is_denied_with_what_mends_it(guarded: Prometheus) -> None:
    rule = SignalRule("one", "vector(1)")
    who = guarded.settings()["prometheus"]
    right = signals_poll(who["url"], rule, defaults=False, user=USER, password_file=who["password_file"])
    assert seen(right, "signals")["one"].value == 1.0
    wrong = guarded.directory / "wrong"
    wrong.write_text("not-it")
    with pytest.raises(SourceError) as told:
        seen(signals_poll(guarded.url, rule, user=USER, password_file=str(wrong)), "signals")
    assert told.value.kind == "denied"
    assert "prometheus.password_file" in told.value.remedy
    assert "not-it" not in told.value.message + told.value.remedy
    assert PASSWORD not in told.value.message
