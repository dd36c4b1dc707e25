"""What the source of workloads rests on: it is whole without the revisions of sets, once they were asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.collector.process import CollectorProcess, kubeconfig_for
from tests.sources.api_double import ApiDouble, Conversation, Request, well
from wfconsole.observations.levels import Quality
from wfconsole.observations.snapshot import in_words
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.cluster import Cluster, ClusterSource

DATABASE = "StatefulSet/production/postgresql"
GATEWAY = "Deployment/production/wearforce-clean-gateway"
OF_SETS = "controllerrevisions"
UNREAD = f"revisions of stateful and daemon sets unknown: {OF_SETS}: not read yet"
NARROW = "only namespace production: the rest of the cluster is not ours to read"


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


class Looked:
    """The source, whose tasks look when they are told to."""

    def __init__(self, double: ApiDouble, namespace: str = "") -> None:
        access = Access(server=double.url, host="127.0.0.1", port=double.port, tls=False, context="c")
        access = msgspec.structs.replace(access, namespace=namespace)
        (self.source,) = Cluster(Server(access), (), {}).sources(["workloads"])
        self._rows: dict[str, WorkloadRow] = {}
        self.lacked: list[list[tuple[str, bool]]] = []  # at each moment at which something was told

    def step(self, *names: str) -> None:
        """One step of each of these tasks. Raises SourceError."""
        tasks = {part.task.name: part.task for part in self.source.parts}
        for name in names:
            tasks[name].step(lambda: self.lacked.append(lacks_of(self.source)))

    def step_without_revisions_of_sets(self) -> None:
        self.step("deployments", "statefulsets", "daemonsets", "replicasets")

    def row(self, key: str) -> WorkloadRow:
        changed = self.source.take()
        self._rows |= {key: msgspec.json.decode(row, type=WorkloadRow) for key, row in changed.items() if row}
        return self._rows[key]


def without(
    resource: str, refuse: Callable[[Request], bool] = lambda _request: True, status: str = "403 Forbidden"
) -> Callable[[Conversation, Request], None]:
    """A server that refuses one resource where `refuse` says so."""

    def behave(talk: Conversation, request: Request) -> None:
        if request.path.endswith(f"/{resource}") and refuse(request):
            talk.answer(json.dumps({"kind": "Status", "message": "no"}).encode(), status)
        else:
            request.path = request.path.replace("/namespaces/production", "")
            well(talk, request)

    return behave


def everywhere(request: Request) -> bool:
    return "/namespaces/" not in request.path


def lacks_of(source: ClusterSource) -> list[tuple[str, bool]]:
    return [(lack.text, lack.extra) for lack in source.lacks()]


def test_the_rows_wait_for_the_revisions_of_sets_and_have_them(double: ApiDouble) -> None:
    looked = Looked(double)
    looked.step_without_revisions_of_sets()
    assert in_words(looked.source.lacks()) == UNREAD
    looked.step(OF_SETS)
    assert looked.source.lacks() == ()
    assert looked.row(DATABASE).revision == 3
    assert looked.row("DaemonSet/monitoring/node-agent").revision == 2


@pytest.mark.parametrize("status", ["403 Forbidden", "500 Internal Server Error", "404 Not Found"])
def test_revisions_of_sets_that_cannot_be_read_are_not_waited_for(double: ApiDouble, status: str) -> None:
    double.behaviour = without(OF_SETS, status=status)
    looked = Looked(double)
    looked.step_without_revisions_of_sets()
    with pytest.raises(SourceError):
        looked.step(OF_SETS)
    assert looked.source.lacks() == ()
    assert looked.row(DATABASE).images
    assert looked.row(DATABASE).revision == 0


def test_revisions_of_sets_that_may_not_be_read_any_more_are_unknown_and_not_old(double: ApiDouble) -> None:
    looked = Looked(double)
    looked.step_without_revisions_of_sets()
    looked.step(OF_SETS)
    assert looked.row(DATABASE).revision == 3
    double.behaviour = without(OF_SETS)
    looked.step(OF_SETS)  # it may not watch
    with pytest.raises(SourceError):
        looked.step(OF_SETS)
    assert (looked.row(DATABASE).revision, looked.row(DATABASE).revisions) == (0, ())
    double.behaviour = well
    looked.step(OF_SETS)
    assert looked.row(DATABASE).revision == 3


@pytest.mark.parametrize("resource", [OF_SETS, "replicasets"])
def test_what_fails_for_a_while_or_is_missed_in_the_rows_is_kept(double: ApiDouble, resource: str) -> None:
    looked = Looked(double)
    looked.step_without_revisions_of_sets()
    looked.step(OF_SETS)
    row = looked.row(DATABASE if resource == OF_SETS else GATEWAY)
    assert row.revisions
    double.behaviour = without(
        resource, status="403 Forbidden" if resource == "replicasets" else "500 Internal Server Error"
    )
    with pytest.raises(SourceError):
        looked.step(resource, resource)
    assert looked.row(f"{row.kind}/{row.namespace}/{row.name}") == row


def test_revisions_of_one_namespace_alone_make_the_rows_no_fewer(double: ApiDouble) -> None:
    double.behaviour = without(OF_SETS, everywhere)
    looked = Looked(double, "production")
    looked.step_without_revisions_of_sets()
    looked.step(OF_SETS)
    assert lacks_of(looked.source) == [(f"revisions of stateful and daemon sets {NARROW}", True)]
    assert [lack.right for lack in looked.source.lacks()] == ["list controllerrevisions.apps"]
    assert looked.source.facts()["scope"] == "all namespaces"


def test_what_is_true_of_all_of_it_is_said_once(double: ApiDouble) -> None:
    def behave(talk: Conversation, request: Request) -> None:
        without(request.path.rpartition("/")[2], everywhere)(talk, request)

    double.behaviour = behave
    looked = Looked(double, "production")
    looked.step_without_revisions_of_sets()
    looked.step(OF_SETS)
    assert lacks_of(looked.source) == [(NARROW, False)]


def test_a_list_of_revisions_that_comes_in_pages_is_waited_for_to_its_end(double: ApiDouble) -> None:
    first = {"metadata": {"resourceVersion": "1", "continue": "more", "remainingItemCount": 9}, "items": []}

    def behave(talk: Conversation, request: Request) -> None:
        if request.path.endswith(OF_SETS) and "continue" not in request.query:
            talk.answer(json.dumps(first).encode())
        else:
            without(OF_SETS, status="500 Internal Server Error")(talk, request)

    double.behaviour = behave
    looked = Looked(double)
    looked.step_without_revisions_of_sets()
    with pytest.raises(SourceError):
        looked.step(OF_SETS)
    assert looked.lacked[-1] == [(UNREAD, False)]
    assert looked.source.lacks() == ()


def test_a_refused_right_to_revisions_of_sets_is_told_and_the_rows_are_whole(double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour = without(OF_SETS)
    settings = {"kubeconfig": kubeconfig_for(double.url, tmp_path), "sources": ["workloads"], "flush_ms": 50}
    with CollectorProcess(settings) as collector:

        def told() -> bool:
            shown = collector.snapshots.get("workloads")
            return shown is not None and bool(shown.rows) and any(OF_SETS in lack.text for lack in shown.lacks)

        collector.until(lambda: told() and not collector.snapshots["workloads"].partial, "it is refused")
        shown = collector.snapshots["workloads"]
    assert shown.quality(shown.observed_at) == Quality.LIVE
    (lack,) = shown.lacks
    assert (lack.kind, lack.extra) == ("permission", True)
    assert lack.text.startswith(f"revisions of stateful and daemon sets unknown: {OF_SETS}: 403")
    assert f"Grant get, list and watch on {OF_SETS}" in lack.remedy
