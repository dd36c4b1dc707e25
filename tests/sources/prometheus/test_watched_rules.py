"""What the symptoms of a runbook ask, of a real Prometheus: answered with the signals, and it harms none of them."""

from __future__ import annotations

from typing import Any

from tests.rig.systems.prometheus import Prometheus
from tests.sources.api_double import until
from tests.sources.prometheus.polls import all_seen, signals_poll
from wfconsole.config.metrics import SignalRule
from wfconsole.observations.answers import WatchedRule
from wfconsole.observations.levels import Level
from wfconsole.observations.signals import judge_signal
from wfconsole.runbook import load_runbook
from wfconsole.sources.prometheus.signals import MOST_BESIDES
from wfconsole.wiring.collecting import rules_of

ONE = WatchedRule("book-1", "vector(7)", 5.0, title="A symptom whose words are too long for a column")
LOW = WatchedRule("book-2", "vector(7)", 9.0, below=True)


def test_what_a_symptom_asks_is_a_rule_of_the_signals_with_its_bound(prometheus: Prometheus) -> None:
    poll = signals_poll(prometheus.url, defaults=False)
    assert all_seen(poll, "signals") == {}
    poll.watch((ONE, LOW))
    rows = all_seen(poll, "signals")
    assert {key: row.value for key, row in rows.items()} == {"book-1": 7.0, "book-2": 7.0}
    assert [judge_signal(row, 0).level for row in rows.values()] == [Level.WARNING, Level.WARNING]
    assert len(rows["book-1"].title) <= 24
    poll.watch((LOW,))
    assert set(all_seen(poll, "signals")) == {"book-2"}


def test_a_rule_of_the_configuration_keeps_its_name(prometheus: Prometheus) -> None:
    poll = signals_poll(prometheus.url, SignalRule("book-1", "vector(1)"), defaults=False)
    poll.watch((ONE,))
    assert all_seen(poll, "signals")["book-1"].value == 1.0


def test_a_question_that_is_refused_harms_no_other(prometheus: Prometheus) -> None:
    poll = signals_poll(prometheus.url, defaults=False)
    poll.watch((WatchedRule("wrong", "sum(((", 1.0), ONE))
    rows = all_seen(poll, "signals")
    assert (rows["wrong"].state, rows["wrong"].value, rows["book-1"].value) == ("refused", None, 7.0)


def test_so_many_questions_are_not_asked(prometheus: Prometheus) -> None:
    poll = signals_poll(prometheus.url, defaults=False)
    poll.watch(tuple(WatchedRule(f"r{number}", "vector(1)", 2.0) for number in range(MOST_BESIDES + 10)))
    assert len(all_seen(poll, "signals")) == MOST_BESIDES


def test_prometheus_understands_all_that_the_bundled_playbooks_ask(prometheus: Prometheus) -> None:
    rules = rules_of(load_runbook(None))
    poll = signals_poll(prometheus.url, defaults=False)
    poll.watch(rules)

    def answered() -> dict[str, Any] | None:
        rows = all_seen(poll, "signals")
        return rows if set(rows) >= {rule.name for rule in rules} else None

    rows = until(answered, "a rule has no row", 20)
    assert {row.state for row in rows.values()} <= {"value", "none", "nan"}
