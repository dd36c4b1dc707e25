"""What was looked at, in words: for the record, and for whoever reads it without knowing how a probe is written."""

from __future__ import annotations

import pytest

from wfconsole.incident.probe_text import probe_in_words
from wfconsole.incident.probes import parse_probe
from wfconsole.incident.wording import thing_in_words


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ("workloads namespace=production not-ready count=0", "workloads in production, not ready: none"),
        ("pods ready-for<2m count=0", "pods, ready for less than 2 minutes: none"),
        ("pods namespace=a,b level>=warning", "pods in a or b, level at least warning: any"),
        ("events type=Warning reason!=Pulled count<3", "events, type Warning, reason not Pulled: less than 3"),
        ("signals.p99 > 1s", "the signal signals.p99: more than 1 s"),
        ("signals.errors < 5%", "the signal signals.errors: less than 5.0%"),
        ("signals.errors", "the signal signals.errors"),
        ("nodes pressure count=0 and hpas at-max", "nodes, pressure: none; hpas, at max: any"),
    ],
)
def test_a_probe_is_said_in_words(probe: str, words: str) -> None:
    assert probe_in_words(parse_probe(probe)) == words


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ("workloads Deployment/production/gateway", "Deployment gateway in production"),
        ("pods production/gateway-1", "pod gateway-1 in production"),
        ("nodes node-3", "node node-3"),
        ("alerts a/b", "alert a/b"),
        ("step 4: Look", "step 4: Look"),
        ("pods", "pods"),
    ],
)
def test_what_a_note_is_about_is_said_in_words(about: str, words: str) -> None:
    assert thing_in_words(about) == words
