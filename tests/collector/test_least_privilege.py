"""The role that is shipped for looking at a cluster is what the collector asks for: no request more, no rule more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
import yaml

from tests.collector.process import CollectorProcess, kubeconfig_for
from tests.sources.api_double import ApiDouble, Conversation, Request, well

Permission = tuple[str, str, str]  # verb, group, resource
SOURCES = ("pods", "workloads", "hpas", "nodes", "events", "services", "ingresses", "isolation")
FOR_EVERYBODY = ("/readyz",)  # paths that are no resources, which Kubernetes' own roles let everybody read
POD = {
    "metadata": {"name": "p", "namespace": "production", "uid": "u"},
    "spec": {"containers": [{"name": "app"}]},
    "status": {"phase": "Running", "containerStatuses": [{"name": "app", "state": {"running": {}}}]},
}


def granted() -> set[Permission]:
    shipped = resources.files("wfconsole.sources.kubernetes").joinpath("viewer-clusterrole.yaml")
    role = yaml.safe_load(shipped.read_text())
    return {
        (verb, group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def asked(request: Request) -> Permission:
    """What the API server would check for this request."""
    parts = request.path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    resource = "/".join((rest[0], *rest[2:]))
    return ("get" if len(rest) > 1 else "watch" if request.watching else "list", group, resource)


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def seen(double: ApiDouble, folder: Path, *, events: str) -> set[Permission]:
    """Everything that is asked for by all sources and by somebody who opens a pod. `events`: the API that has them."""
    empty = json.dumps({"metadata": {"resourceVersion": "1"}, "items": []}).encode()

    def behave(talk: Conversation, request: Request) -> None:
        if "events" in request.path and not request.path.startswith(events):
            talk.answer(b'{"kind":"Status","code":404}', "404 Not Found")
        elif request.path == "/api/v1/namespaces/production/pods/p":
            talk.answer(json.dumps(POD).encode())
        elif request.watching or request.path.startswith("/apis/metrics"):
            well(talk, request)
        else:
            talk.answer(empty)

    double.behaviour = behave
    settings = {"kubeconfig": kubeconfig_for(double.url, folder), "sources": SOURCES, "flush_ms": 50}

    def so_far() -> set[Permission]:
        return {asked(request) for request in double.requests if request.path not in FOR_EVERYBODY}

    wanted = {(verb, group, resource) for verb, group, resource in granted() if verb == "watch"} - OTHER_EVENTS
    with CollectorProcess(settings) as collector:
        collector.send({"type": "pod", "id": "7", "namespace": "production", "name": "p", "log_lines": 10})
        collector.until(lambda: collector.answers, "an answer")
        collector.until(lambda: wanted <= so_far(), "everything is watched")
    return so_far()


# Of the two APIs of events the one that is not there is not watched.
OTHER_EVENTS = {("watch", "", "events"), ("watch", "events.k8s.io", "events")}


def test_the_viewer_may_do_what_the_collector_asks_for_and_nothing_else(double: ApiDouble, tmp_path: Path) -> None:
    requests = seen(double, tmp_path, events="/apis/") | seen(double, tmp_path, events="/api/")
    assert requests - granted() == set(), "it asks for more than it was given"
    unused = {(group, resource) for _, group, resource in granted()} - {(group, name) for _, group, name in requests}
    assert unused == set(), "it was given what it never asks for"
    watched = {(group, resource) for verb, group, resource in granted() if verb == "watch"}
    assert watched == {(group, resource) for verb, group, resource in requests if verb == "watch"}
