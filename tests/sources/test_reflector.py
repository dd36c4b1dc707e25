"""Lists in pages that are read into the same memory one after the other."""

from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec
import pytest

from tests.sources.api_double import ApiDouble, Conversation, Request
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.sources.kubernetes import payloads
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.cluster import DEPLOYMENTS, REPLICA_SETS
from wfconsole.sources.kubernetes.reflector import Collection, Reflector
from wfconsole.sources.kubernetes.workloads import WorkloadMirror


def replica_set(number: int, image: str) -> dict[str, Any]:
    owner = {"kind": "Deployment", "name": "web", "uid": "u", "controller": True}
    return {
        "metadata": {
            "name": f"web-{number}",
            "namespace": "n",
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "ownerReferences": [owner],
        },
        "spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}},
    }


def test_each_page_is_kept_although_the_next_one_takes_its_memory() -> None:
    """The third page is the largest: for it the memory has to grow, which it cannot while anything points into it."""
    sets = [replica_set(1, "one"), replica_set(2, "one"), replica_set(3, "three" * 100_000), replica_set(4, "one")]
    deployment = {
        "metadata": {"name": "web", "namespace": "n", "uid": "u"},
        "spec": {"template": {"spec": {"containers": []}}},
    }

    def behave(talk: Conversation, request: Request) -> None:
        if not request.path.endswith("replicasets"):
            talk.answer(json.dumps({"metadata": {}, "items": [deployment]}).encode())
            return
        at = int(request.query.get("continue", "0"))
        more = {"continue": str(at + 1)} if at + 1 < len(sets) else {}
        page = {"metadata": {"resourceVersion": "7", **more}, "items": [sets[at]]}
        talk.answer(json.dumps(page, separators=(",", ":")).encode())

    mirror = WorkloadMirror()
    with ApiDouble(behave) as double:
        server = Server(Access(server=double.url, host="127.0.0.1", port=double.port, tls=False, context="c"))
        follow(server, DEPLOYMENTS, payloads.Deployment, mirror.deployments)
        follow(server, REPLICA_SETS, payloads.ReplicaSet, mirror.replica_sets)
    row = msgspec.json.decode(mirror.take()["Deployment/n/web"] or b"", type=WorkloadRow)
    assert [(each.number, each.images[0][:5], each.restart_only) for each in row.revisions] == [
        (4, "one", False),
        (3, "three", False),
        (2, "one", True),
        (1, "one", False),
    ]


def follow(server: Server, collection: Collection, kind: Any, mirror: Any) -> None:
    Reflector(server, collection, kind, mirror, window_ms=1000).step(lambda: None)


LINES = [b'{"number":1}', b'{"number":2}', b'{"number":3}']


@pytest.mark.parametrize("size", [1, 5, 13, 20, 39, 100])
@pytest.mark.parametrize("gzipped", [False, True])
def test_lines_of_a_watch_are_whole_however_they_were_cut(size: int, gzipped: bool) -> None:
    body = b"".join(line + b"\n" for line in LINES)
    body = gzip.compress(body) if gzipped else body

    def behave(talk: Conversation, _request: Request) -> None:
        talk.begin_chunks(("Content-Encoding: gzip",) if gzipped else ())
        for at in range(0, len(body), size):
            talk.chunk(body[at : at + size])
        talk.sock.sendall(b"0\r\n\r\n")

    with ApiDouble(behave) as double:
        client = Server(Access(server=double.url, host="127.0.0.1", port=double.port, tls=False)).client()
        lines = list(client.watch("/api/v1/pods", {"watch": "true"}, window_ms=1000, what="pods"))
    assert [line.strip() for line in lines if line] == LINES
