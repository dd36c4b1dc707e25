from __future__ import annotations

import pytest

from wfconsole.config.settings import UNKNOWN_CLUSTER, ConsoleSettings, EnvironmentRule


@pytest.mark.parametrize(
    ("context", "word"),
    [
        ("arn:aws:eks:us-west-2:1:cluster/wearforce-clean-production", "PROD"),
        ("gke_team_eu_prod-1", "PROD"),
        ("PRD01", "PROD"),
        ("nonprod", "staging"),
        ("pre-prod", "staging"),
        ("staging-eu", "staging"),
        ("kind-test", "lab"),
        ("kind-prod", "PROD"),
        ("minikube", "lab"),
    ],
)
def test_the_name_of_the_context_gives_the_word(context: str, word: str) -> None:
    assert ConsoleSettings().environment_word(context) == word


@pytest.mark.parametrize("context", ["", "eu-west-1", "bright", "k3s", "default"])
def test_a_cluster_that_nobody_knows_counts_as_production(context: str) -> None:
    assert ConsoleSettings().environment_word(context) == UNKNOWN_CLUSTER
    assert UNKNOWN_CLUSTER.startswith("PROD")


def test_a_word_that_was_set_wins_over_the_rules() -> None:
    assert ConsoleSettings(environment="lab").environment_word("production") == "lab"


def test_own_rules_replace_the_bundled_ones_and_the_first_match_wins() -> None:
    console = ConsoleSettings(environments=(EnvironmentRule("EU-*", "PROD"), EnvironmentRule("*", "lab")))
    assert console.environment_word("eu-1") == "PROD"
    assert console.environment_word("production") == "lab"
