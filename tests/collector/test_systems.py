"""Which sources a configuration gives, and in which ways what they tell can be had; as the console expects them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from wfconsole.collector.settings import CollectorSettings
from wfconsole.collector.systems import other_sources
from wfconsole.config.settings import Settings
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Server
from wfconsole.wiring.collecting import collector_settings, sources_of

CLUSTER = Server(Access("https://127.0.0.1:1", "127.0.0.1", 1))
DATABASE = {"database": {"host": "db"}}
TABLE = {"table": "auth_logs"}
LOG = {"auth": TABLE}
METRICS = {"prometheus": {"url": "http://prometheus:9090"}}
EXEC = {"gpu": {"exec_namespace": "gpu-operator"}}


@pytest.mark.parametrize(
    ("tables", "ways"),
    [
        ({}, {}),
        (METRICS, {"gpus": "whole"}),
        (EXEC, {"gpus": "whole"}),
        ({**METRICS, **EXEC}, {"gpus": "whole instead"}),
        ({**DATABASE, **LOG}, {"auth": "whole extra"}),
        ({**DATABASE, **LOG, **METRICS}, {"auth": "whole extra instead", "gpus": "whole"}),
        ({**DATABASE, **METRICS, "auth": {**TABLE, "gateway": "off"}}, {"auth": "whole extra", "gpus": "whole"}),
        ({**METRICS, **LOG}, {"gpus": "whole"}),
        ({**METRICS, "auth": {"gateway": "on"}}, {"auth": "whole", "gpus": "whole"}),
        ({**METRICS, "auth": {**TABLE, "gateway": "on"}}, {"auth": "whole", "gpus": "whole"}),
        ({**DATABASE, "auth": {"gateway": "on"}}, {}),
    ],
)  # fmt: skip
def test_what_can_be_had_in_two_ways_is_had_in_those_that_are_configured(
    tables: dict[str, Any], ways: dict[str, str]
) -> None:
    settings = msgspec.convert(tables, Settings)
    told = msgspec.json.decode(collector_settings(settings), type=CollectorSettings)
    sources = {each.name: each for each in other_sources(told, CLUSTER)}
    assert {
        name: " ".join(part.role for part in sources[name].parts) for name in ("auth", "gpus") if name in sources
    } == ways
    assert {*sources} == {name for name in sources_of(settings) if name not in told.sources}


def test_a_second_way_that_is_the_only_one_says_what_it_lacks_all_the_same() -> None:
    settings = msgspec.convert({**METRICS, "auth": {"gateway": "on"}}, CollectorSettings)
    (auth,) = (each for each in other_sources(settings, CLUSTER) if each.name == "auth")
    assert in_words(auth.lacks()) == "from the gateway's metrics: users are unknown, so that spraying cannot be told"
    settings = msgspec.convert(EXEC, CollectorSettings)
    (gpus,) = other_sources(settings, CLUSTER)
    assert (in_words(gpus.lacks()), dict(gpus.facts())) == ("", {"nvidia-smi": "by exec in gpu-operator"})


def test_without_a_cluster_nobody_is_asked_in_it() -> None:
    assert other_sources(msgspec.convert(EXEC, CollectorSettings), None) == []
