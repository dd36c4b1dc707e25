"""The role that is shipped for looking at a cluster is what the collector asks for: no request more, no rule more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.collector.process import CollectorProcess, kubeconfig_for
from tests.sources.api_double import ApiDouble, Conversation, Request, quiet_watch
from tests.sources.roles import VIEWER, granted

Permission = tuple[str, str, str]  # verb, group, resource
SOURCES = ("pods", "workloads", "hpas", "nodes", "events", "services", "ingresses", "isolation")
FOR_EVERYBODY = ("/readyz",)  # paths that are no resources, which Kubernetes' own roles let everybody read
POD = {
    "metadata": {"name": "p", "namespace": "production", "uid": "u"},
    "spec": {"containers": [{"name": "app"}]},
    "status": {"phase": "Running", "containerStatuses": [{"name": "app", "state": {"running": {}}}]},
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


@contextmanager
def looking(double: ApiDouble, folder: Path, absent: Callable[[Request], str]) -> Iterator[CollectorProcess]:
    """All sources look at a cluster whose pods are on two pages, both empty, and somebody opens a pod. `absent` gives
    the status of what is refused."""
    empty = json.dumps({"metadata": {"resourceVersion": "1"}, "items": []}).encode()
    more = json.dumps({"metadata": {"resourceVersion": "1", "continue": "more"}, "items": []}).encode()

    def behave(talk: Conversation, request: Request) -> None:
        if status := absent(request):
            talk.answer(b'{"kind":"Status","message":"no"}', status)
        elif request.path == "/api/v1/namespaces/production/pods/p":
            talk.answer(json.dumps(POD).encode())
        elif request.watching:
            quiet_watch(talk, request)
        elif request.path == "/api/v1/pods" and "continue" not in request.query:
            talk.answer(more)
        else:
            talk.answer(b"ok" if request.path in FOR_EVERYBODY else empty)

    double.behaviour = behave
    settings = {"kubeconfig": kubeconfig_for(double.url, folder), "sources": SOURCES, "flush_ms": 50}
    with CollectorProcess(settings) as collector:
        collector.send({"type": "pod", "id": "7", "namespace": "production", "name": "p", "log_lines": 10})
        collector.until(lambda: collector.answers, "an answer")
        yield collector


def seen(double: ApiDouble, folder: Path, *, events: str) -> set[Permission]:
    """Everything that is asked for. `events`: the API that has them."""

    def absent(request: Request) -> str:
        return "404 Not Found" if "events" in request.path and not request.path.startswith(events) else ""

    def so_far() -> set[Permission]:
        return {asked(request) for request in double.requests[before:] if request.path not in FOR_EVERYBODY}

    before = len(double.requests)
    wanted = {(verb, group, resource) for verb, group, resource in granted(VIEWER) if verb == "watch"} - OTHER_EVENTS
    with looking(double, folder, absent) as collector:
        collector.until(lambda: wanted <= so_far() and OTHER_EVENTS & so_far(), "everything is watched")
    return so_far()


# Of the two APIs of events the one that is not there is not watched.
OTHER_EVENTS = {("watch", "", "events"), ("watch", "events.k8s.io", "events")}


def test_the_viewer_may_do_what_the_collector_asks_for_and_nothing_else(double: ApiDouble, tmp_path: Path) -> None:
    requests = seen(double, tmp_path, events="/apis/") | seen(double, tmp_path, events="/api/")
    assert requests - granted(VIEWER) == set(), "it asks for more than it was given"
    unused = {(group, resource) for _, group, resource in granted(VIEWER)} - {
        (group, name) for _, group, name in requests
    }
    assert unused == set(), "it was given what it never asks for"
    watched = {(group, resource) for verb, group, resource in granted(VIEWER) if verb == "watch"}
    assert watched == {(group, resource) for verb, group, resource in requests if verb == "watch"}


# Taken away in two rounds, so that of no source everything is refused that could be told apart.
FIRST = ["pods", "nodes", "services", "events", "horizontalpodautoscalers", "ingresses", "networkpolicies"]
FIRST += ["statefulsets", "daemonsets", "controllerrevisions"]
SECOND = ["deployments", "replicasets", "endpointslices", "pods/log", "metrics.k8s.io"]
CALLED = {"pods/log": "log of app"}
# Nothing is missing without their names, but the first second of a large cluster: the doctor tells it.
ONLY_SOONER = ["namespaces"]


def test_every_rule_of_the_role_is_in_one_of_these() -> None:
    resources_of = {"metrics.k8s.io" if "metrics" in group else resource for _, group, resource in granted(VIEWER)}
    assert resources_of == {*FIRST, *SECOND, *ONLY_SOONER}


@pytest.mark.parametrize("refused", [FIRST, SECOND], ids=["first", "second"])
def test_a_rule_that_is_taken_away_is_named_where_it_is_missed(
    refused: list[str], double: ApiDouble, tmp_path: Path
) -> None:
    def absent(request: Request) -> str:
        if request.path in FOR_EVERYBODY or request.path.endswith("/pods/p"):
            return ""
        _, group, resource = asked(request)
        missing = group in refused if "metrics" in group else resource in refused
        return "403 Forbidden" if missing else ""

    with looking(double, tmp_path, absent) as collector:

        def unsaid() -> set[str]:
            said = [str(msgspec.to_builtins(each)) for each in (*collector.snapshots.values(), *collector.answers)]
            return {name for name in refused if not any(f"{CALLED.get(name, name)}: 403" in each for each in said)}

        try:
            collector.until(lambda: not unsaid(), "each is named")
        except AssertionError:
            pytest.fail(f"not named: {unsaid()}")
