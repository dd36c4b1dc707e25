"""Which rules are in force, and what they ask."""

from __future__ import annotations

import pytest

from wfconsole.config.metrics import SignalRule, SignalsSettings
from wfconsole.sources.prometheus.rules import DEFAULT_RULES, queries, rules_in_force


def test_a_further_rule_leaves_the_bundled_ones_and_one_of_the_same_name_takes_its_place() -> None:
    own = (SignalRule("p99", "mine"), SignalRule("more", "up"), SignalRule("more", "down"))
    rules = rules_in_force(SignalsSettings(rules=own))
    assert [rule.name for rule in rules] == [*(rule.name for rule in DEFAULT_RULES), "more"]
    assert {rule.name: rule.promql for rule in rules}["p99"] == "mine"
    assert rules[-1].promql == "down"
    assert [rule.name for rule in rules_in_force(SignalsSettings(defaults=False, rules=own))] == ["p99", "more"]


@pytest.mark.parametrize(
    ("promql", "group", "asked"),
    [
        ("up", (), ("up",)),
        ("up", ("job",), ("up",)),
        ("sum by ($by) (rate(x[$window]))", (), ("sum by () (rate(x[5m]))",)),
        ("sum by (le,$by) (x)", ("a", "b"), ("sum by (le) (x)", "sum by (le,a,b) (x)")),
        ("sum by ($by)\n  (x)", ("a",), ("sum by () (x)", "sum by (a) (x)")),
    ],
)
def test_a_rule_asks_for_its_total_and_for_each_service(
    promql: str, group: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    assert queries(SignalRule("a", promql, group=group), "5m") == asked
