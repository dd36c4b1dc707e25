"""Refused logins in the metrics of a real Prometheus: what stands in for a log whose database is gone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collector.process import CollectorProcess
from tests.rig.systems.auth_faults import SPRAYER
from tests.rig.systems.fixtures import running
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.prometheus import WINDOW, Prometheus
from tests.sources.api_double import ApiDouble, until
from tests.sources.prometheus.polls import all_seen
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.config.systems import AuthSettings
from wfconsole.observations.auth import AuthRow, judge_auth, measure_auth
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.contract import SourceError
from wfconsole.sources.prometheus.logins import LoginsPoll, logins_promql
from wfconsole.sources.prometheus.server import Server
from wfconsole.text import is_safe

WINDOW_MINUTES = 5
REFUSED = "sum by ($by) (rate(gateway_refused_logins_total[$window]))"


def logins_poll(url: str, **settings: Any) -> LoginsPoll:
    told = AuthSettings(**{"window_minutes": WINDOW_MINUTES, "minimum_failures": 1, **settings})
    return LoginsPoll(Server(PrometheusSettings(url=url)), told, WINDOW, 15_000)


def rate_of(poll: LoginsPoll) -> float:
    row: AuthRow = all_seen(poll, "auth")["all"]
    assert row.per_minute is not None
    return row.per_minute


def test_refused_logins_are_counted_at_the_gateway(prometheus: Prometheus) -> None:
    until(lambda: prometheus.query("rate(nginx_ingress_controller_requests[5s])"), "the exporter was scraped", 20)
    poll = logins_poll(prometheus.url, window_minutes=240)  # longer ago than the server can have been up
    assert rate_of(poll) == 0.0, "nothing is refused: zero, and not unknown"
    prometheus.tell(logins={"/login": 4.0, "/cart": 40.0})
    until(lambda: 30 < rate_of(poll) < 1000, "240 a minute: those of carts are ten times as many", 20)
    row: AuthRow = all_seen(poll, "auth")["all"]
    assert (row.told_by, row.users, row.succeeded, row.sources) == ("gateway", None, None, None)
    assert (row.usual_per_minute, judge_auth(row, 0).level) == (None, Level.OK), "so short a history is no usual rate"
    assert in_words(poll.lacks()) == "users are unknown, so that spraying cannot be told"


def test_without_a_route_of_logins_all_that_is_refused_counts(prometheus: Prometheus) -> None:
    def counted() -> bool:
        return rate_of(logins_poll(prometheus.url, gateway_failures=everything)) > 1000

    everything = AuthSettings().gateway_failures.replace("(login|signin|auth|token)", "no-such-route")
    prometheus.tell(logins={"/cart": 40.0})
    until(counted, "40 a second", 20)


def test_sources_are_told_where_a_label_has_them(prometheus: Prometheus) -> None:
    evil = "\x1b]52;c;x\x07[/]"
    prometheus.tell(refused={"203.0.113.66": 8.0, evil: 2.0})
    poll = logins_poll(prometheus.url, gateway_failures=REFUSED, gateway_source=("remote_addr",))

    def both() -> dict[str, AuthRow] | None:
        try:
            rows: dict[str, AuthRow] = all_seen(poll, "auth")
        except SourceError:
            return None  # not scraped yet
        return rows if len(rows) == 3 else None

    # A minute's step of a count need not have met the samples yet.
    poll._asked = {**poll._asked, "sources": poll._asked["sources"].replace(":1m]) * 60", ":1s])")}
    rows: dict[str, AuthRow] = until(both, "two sources", 20)
    row = rows["source/203.0.113.66"]
    assert (row.by, row.succeeded, row.others, row.told_by) == ("source", None, None, "gateway")
    assert all(is_safe(key) for key in rows)
    assert rows["all"].sources_listed == 2


def test_a_gateway_that_counts_nothing_says_what_to_set(prometheus: Prometheus) -> None:
    with pytest.raises(SourceError) as error:
        all_seen(logins_poll(prometheus.url, gateway_failures="no_such_metric"), "auth")
    assert (error.value.kind, "auth.gateway_failures" in error.value.remedy) == ("not-served", True)


def test_the_questions_fill_in_what_they_stand_for() -> None:
    asked = logins_promql(AuthSettings(gateway_failures="sum by ($by) (rate(x[$window]))"), "5m")
    assert asked["rate"] == "sum(sum by () (rate(x[5m])))"
    assert asked["usual"].endswith(")[180m:5m] offset 60m)")
    assert asked["history"].endswith("/ 36")
    assert "sources" not in asked
    more = AuthSettings(gateway_failures="sum by (job, $by) (rate(x[$window]))", gateway_source=("a", "b"))
    asked = logins_promql(more, "5m")
    assert asked["rate"] == "sum(sum by (job) (rate(x[5m])))"
    assert asked["sources"].startswith("topk(50, sum_over_time((sum by (job, a,b) (rate(x[5m])))[60m:1m]) * 60) >= 5")


# --- what is usual --------------------------------------------------------------------------------------------------


def an_hour_of(per_minute: float) -> str:
    """A counter of the last hour until a minute ago that grows as told, one sample in fifteen seconds."""
    now = int(time.time())
    labels = 'job="rig",instance="before",status="401",path="/login"'
    name = "nginx_ingress_controller_requests"
    lines = [f"# TYPE {name} unknown"]
    for at in range(now - 3600, now - 60, 15):
        lines.append(f"{name}{{{labels}}} {(at - now + 3600) * per_minute / 60} {at}")
    return "\n".join((*lines, "# EOF", ""))


@pytest.fixture(scope="module")
def remembering() -> Iterator[Prometheus]:
    with running(Prometheus(past=an_hour_of(6.0))) as system:
        yield system


def test_a_rate_is_judged_by_its_own_past(remembering: Prometheus) -> None:
    """The window of rates has to span two samples of the past; what comes now comes each second."""
    told = AuthSettings(window_minutes=WINDOW_MINUTES)
    poll = LoginsPoll(Server(PrometheusSettings(url=remembering.url)), told, "40s", 15_000)

    def usual() -> AuthRow | None:
        try:
            row: AuthRow = all_seen(poll, "auth")["all"]
        except SourceError:
            return None  # not scraped yet
        return row if (row.per_minute or 0) > 20 else None

    remembering.faults["login-failures"]()
    row: AuthRow = until(usual, "three times as many as ever", 30)
    assert row.usual_per_minute == pytest.approx(6.0, abs=0.5)
    finding = judge_auth(row, 0)
    assert (finding.level, finding.kind) == (Level.WARNING, "rising")
    signals = measure_auth({"all": row}, 0)
    assert (signals["auth.attackers"], signals["auth.guessed"]) == (None, None), "a gateway cannot know"
    assert (signals["auth.rise"] or 0) > 3


def test_what_is_usual_is_asked_once_a_stretch() -> None:
    asked: list[str] = []

    def answer(talk: Any, request: Any) -> None:
        asked.append(request.query["query"])
        talk.answer(b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0.5"]}]}}')

    with ApiDouble(answer) as double:
        poll = logins_poll(double.url)
        for _ in range(3):
            poll.step(lambda: None)
    assert sum("quantile_over_time" in each for each in asked) == 1
    assert len(asked) == 2 * 3 + 2


# --- while the database is the incident -----------------------------------------------------------------------------


def family(pid: int) -> list[int]:
    """A server and its children, each of which serves one connection."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def test_a_frozen_database_leaves_the_gateways_count(postgres: Postgres, prometheus: Prometheus) -> None:
    postgres.faults["password-spraying"]()
    prometheus.faults["login-failures"]()
    tables = {**postgres.settings(), **{name: dict(each) for name, each in prometheus.settings().items()}}
    settings = {
        "kubeconfig": "/nowhere",
        "flush_ms": 50,
        "sources": [],
        "database": dict(tables["database"]),
        "auth": dict(tables["auth"]),
        "prometheus": tables["prometheus"],
        "signals": tables["signals"],
        "intervals": {"auth": 1500},
    }
    with CollectorProcess(settings) as collector:

        def told_by(who: str) -> Any:
            snapshot = collector.snapshots.get("auth")
            total = snapshot.rows.get("all") if snapshot is not None else None
            return snapshot if total is not None and total.told_by == who else None

        snapshot = collector.until(lambda: told_by("log"), "the log of logins", 30)
        assert f"source/{SPRAYER}" in snapshot.rows
        frozen = family(postgres.server.pid)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            snapshot = collector.until(
                lambda: (each := told_by("gateway")) and each.partial and each, "the gateway", 30
            )
            assert set(snapshot.rows) == {"all"}, "who sprayed was seen in another way, and is not known any more"
            assert snapshot.quality(snapshot.observed_at) == Quality.PARTIAL
            lacks, since = snapshot.partial.split("; ", 1)
            assert lacks == "users are unknown, so that spraying cannot be told"
            assert since.startswith("from the gateway's metrics since ")
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        collector.send({"type": "retry", "source": "auth"})
        collector.until(lambda: (each := told_by("log")) and not each.partial, "the log of logins again", 60)
