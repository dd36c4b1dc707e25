"""Which way a setting goes, and who reads a value: without a server."""

from __future__ import annotations

from typing import Any

import pytest

from wfconsole.actions.kubernetes.config_readers import ways_of
from wfconsole.actions.kubernetes.trade_offs import direction


def said(key: str, old: str, new: str) -> str:
    return " | ".join(check.text for check in direction(key, old, new))


@pytest.mark.parametrize(
    ("key", "old", "new", "words"),
    [
        ("BATCH_SIZE", "8", "16", "throughput up, latency and memory up"),
        ("BATCH_SIZE", "16", "8", "throughput down: queues may grow"),
        ("max-batch", "8", "12", "memory kills that it is to cure"),
        ("REQUEST_TIMEOUT", "30s", "60s", "holds connections and memory for longer"),
        ("DB_POOL_SIZE", "10", "20", "against the free slots of the database"),
        ("WORKERS", "4", "2", "queues may grow"),
        ("MAX_RETRIES", "2", "5", "more load on what fails already"),
        ("FEATURE", "1", "2", "not known: what more of FEATURE does"),
        ("REQUEST_TIMEOUT", "30s", "2m", "not known: which of them is more"),
        ("MODE", "fast", "slow", "not known: what MODE means"),
        ("delimiter", "1", "2", "not known"),
    ],
)
def test_the_direction_is_said_and_what_nobody_knows_is_not_guessed(key: str, old: str, new: str, words: str) -> None:
    assert words in said(key, old, new)


def test_a_leap_and_what_is_no_number_any_more() -> None:
    assert "a leap: 4 times what it is" in said("BATCH_SIZE", "8", "32")
    assert "a leap" not in said("BATCH_SIZE", "8", "16")
    assert "a leap: 0.25 times" in said("BATCH_SIZE", "8", "2")
    (check,) = direction("BATCH_SIZE", "8", "sixteen")
    assert (check.judgement, check.overridable) == ("refuse", True)


def pod(**box: Any) -> dict[str, Any]:
    volumes = box.pop("volumes", [])
    return {"containers": [{"name": "app", **box}], "volumes": volumes}


def from_map(name: str, **more: Any) -> dict[str, Any]:
    return {"configMapRef": {"name": name}, **more}


def of_key(variable: str, name: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"configMapKeyRef": {"name": name, "key": key}}}


@pytest.mark.parametrize(
    ("spec", "ways"),
    [
        (pod(envFrom=[from_map("llm")]), [("environment SIZE of app", True)]),
        (pod(envFrom=[from_map("llm", prefix="LLM_")]), [("environment LLM_SIZE of app", True)]),
        (pod(envFrom=[from_map("other")]), []),
        (pod(env=[of_key("BATCH", "llm", "SIZE")]), [("environment BATCH of app", True)]),
        (pod(env=[of_key("BATCH", "llm", "OTHER")]), []),
        # the container's own variable hides the one of the map
        (pod(env=[{"name": "SIZE", "value": "4"}], envFrom=[from_map("llm")]), []),
        (
            pod(
                volumes=[{"name": "conf", "configMap": {"name": "llm"}}],
                volumeMounts=[{"name": "conf", "mountPath": "/etc/llm"}],
            ),
            [("file in /etc/llm of app", False)],
        ),
        (
            pod(
                volumes=[{"name": "conf", "projected": {"sources": [{"configMap": {"name": "llm"}}]}}],
                volumeMounts=[{"name": "conf", "mountPath": "/etc/size", "subPath": "SIZE"}],
            ),
            [("file in /etc/size of app, by subPath", True)],
        ),
        (
            pod(
                volumes=[{"name": "conf", "configMap": {"name": "llm", "items": [{"key": "OTHER", "path": "o"}]}}],
                volumeMounts=[{"name": "conf", "mountPath": "/etc/llm"}],
            ),
            [],
        ),
    ],
)
def test_who_reads_a_value_and_who_keeps_the_old_one(spec: dict[str, Any], ways: list[tuple[str, bool]]) -> None:
    assert [(each.text, each.stays) for each in ways_of(spec, "llm", "SIZE")] == ways
