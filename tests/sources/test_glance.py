"""The first look at many pods: the server's own table, until the pods themselves are there."""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec
import pytest

from tests.builders import NOW
from tests.sources.api_double import ApiDouble, Behaviour, Conversation, Request, raised_by_a_cut
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND
from wfconsole.observations.levels import Level
from wfconsole.observations.pods import PodRow, judge_pod
from wfconsole.sources.contract import CutShort
from wfconsole.sources.kubernetes import glance, payloads
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Limits, Server
from wfconsole.sources.kubernetes.cluster import PODS
from wfconsole.sources.kubernetes.glance import COLUMNS, Glance, glimpsed, owner_by_name
from wfconsole.sources.kubernetes.pod_mirror import PodMirror
from wfconsole.sources.kubernetes.reflector import Reflector

NAMES = ("listed", "waiting", "gone")


def table(columns: tuple[str, ...], *rows: tuple[Any, ...]) -> bytes:
    told = {
        "kind": "Table",
        "columnDefinitions": [{"name": name, "type": "string"} for name in columns],
        "rows": [{"cells": list(cells), "object": None} for cells in rows],
    }
    return json.dumps(told).encode()


def printed(name: str, status: str = "Running") -> tuple[str, ...]:
    ready = "1/1" if status == "Running" else "0/1"
    return (name, ready, status, "0", "2d", "10.0.0.1", "node-1", "<none>", "<none>")


WIDE = ("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates")


def a_pod(name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "n"},
        "spec": {"containers": [{"name": "c", "image": f"image-of-{name}"}]},
        "status": {"phase": "Running"},
    }


def cluster(**instead: Behaviour) -> Behaviour:
    """Two pages of one pod each, and tables that also have a third one; `instead` for namespaces or pods of one."""

    def namespaces(talk: Conversation, _request: Request) -> None:
        talk.answer(table(("Name", "Age"), ("empty", "1d"), ("n", "1d")))

    def pods(talk: Conversation, _request: Request) -> None:
        rows = (printed(NAMES[0]), printed(NAMES[1], "CrashLoopBackOff"), printed(NAMES[2]))
        talk.answer(table(WIDE, *rows))

    def behave(talk: Conversation, request: Request) -> None:
        if request.path == "/api/v1/pods":
            at = int(request.query.get("continue", "0"))
            more = {} if at else {"continue": "1", "remainingItemCount": 1}
            page = {"metadata": {"resourceVersion": "7", **more}, "items": [a_pod(NAMES[at])]}
            talk.answer(json.dumps(page, separators=(",", ":")).encode())
        elif request.path == "/api/v1/namespaces":
            instead.get("namespaces", namespaces)(talk, request)
        elif request.path == "/api/v1/namespaces/empty/pods":
            talk.answer(table(WIDE))
        else:
            assert request.path == "/api/v1/namespaces/n/pods"
            assert request.query["includeObject"] == "None"
            assert "as=Table" in request.headers["accept"]
            instead.get("pods", pods)(talk, request)

    return behave


class Listing:
    """One list of all pods: what could be seen at each moment at which something was told."""

    def __init__(self, double: ApiDouble, *, limits: Limits = Limits(), **more: Any) -> None:  # noqa: B008  frozen
        server = Server(Access(server=double.url, host="127.0.0.1", port=double.port, tls=False, context="c"), limits)
        self.mirror = PodMirror()
        self.reflector = Reflector[payloads.Pod](
            server, PODS, payloads.Pod, self.mirror, window_ms=1000, first_look=Glance(server, self.mirror), **more
        )
        self.seen: list[tuple[dict[str, PodRow], str]] = []

    def look(self) -> None:
        self.reflector.step(self._note)

    def _note(self) -> None:
        rows = {key: msgspec.json.decode(row, type=PodRow) for key, row in self.mirror.table.rows().items()}
        self.seen.append((rows, "; ".join(lack.text for lack in self.reflector.lacks)))


def test_more_than_a_page_is_shown_as_the_server_prints_it_until_the_pods_are_there() -> None:
    with ApiDouble(cluster()) as double:
        listing = Listing(double)
        listing.look()
    (first, _), (glimpse, said), (whole, nothing) = listing.seen
    assert set(first) == {"n/listed"}
    assert set(glimpse) == {"n/listed", "n/waiting", "n/gone"}
    assert said == "listing 1 of about 2; 2 others as the server prints them"
    assert glimpse["n/listed"] == first["n/listed"]
    assert (glimpse["n/waiting"].status, glimpse["n/waiting"].image) == ("CrashLoopBackOff", "")
    assert {key: row.image for key, row in whole.items()} == {
        "n/listed": "image-of-listed",
        "n/waiting": "image-of-waiting",
    }
    assert nothing == ""


def test_what_is_known_of_a_pod_stands_against_a_later_first_look() -> None:
    """Where a list broke off, it begins again, and so does the look."""
    mirror = PodMirror()
    mirror.put(msgspec.convert(a_pod("listed"), payloads.Pod))
    mirror.glimpse(PodRow(namespace="n", name="listed", status="Error"))
    assert b"image-of-listed" in mirror.table.rows()["n/listed"]


def test_pods_that_fit_into_one_page_are_not_looked_at_twice() -> None:
    def behave(talk: Conversation, request: Request) -> None:
        talk.answer(json.dumps({"metadata": {"resourceVersion": "7"}, "items": [a_pod("listed")]}).encode())

    with ApiDouble(behave) as double:
        Listing(double).look()
        assert [request.path for request in double.requests] == ["/api/v1/pods"]


def test_a_second_list_needs_no_first_look() -> None:
    with ApiDouble(cluster()) as double:
        listing = Listing(double)
        listing.look()
        asked = len(double.requests)
        listing.reflector._version = ""
        listing.look()
        assert {request.path for request in double.requests[asked:]} == {"/api/v1/pods"}


@pytest.mark.parametrize(
    "more", [{"only": frozenset(("n", "other"))}, {"namespace": "n"}], ids=["several namespaces", "one namespace"]
)
def test_who_may_see_some_namespaces_is_not_asked_for_their_names(more: dict[str, Any]) -> None:
    def behave(talk: Conversation, request: Request) -> None:
        if request.path.endswith("/namespaces/other/pods"):
            talk.answer(table(WIDE))
        elif "limit" in request.query and "includeObject" not in request.query:
            request.path = "/api/v1/pods"
            cluster()(talk, request)
        else:
            cluster()(talk, request)

    with ApiDouble(behave) as double:
        listing = Listing(double, **more)
        listing.look()
        assert "/api/v1/namespaces" not in {request.path for request in double.requests}
    assert "n/gone" in listing.seen[1][0]
    assert set(listing.seen[-1][0]) == {"n/listed", "n/waiting"}


REFUSED = b'{"kind":"Status","code":403,"message":"no"}'


@pytest.mark.parametrize(
    "instead",
    [
        {"namespaces": lambda talk, _request: talk.answer(REFUSED, "403 Forbidden")},
        {"namespaces": lambda talk, _request: talk.answer(b'{"kind":"NamespaceList","items":[]}')},
        {"pods": lambda talk, _request: talk.answer(b'{"kind":"Status","code":406}', "406 Not Acceptable")},
        {"pods": lambda talk, _request: talk.answer(b"no json")},
        {"pods": lambda talk, _request: talk.answer(table(("Name", "Age"), ("listed", "1d")))},
        {"pods": lambda talk, _request: talk.answer(b'{"columnDefinitions":[],"rows":[]}', length=5000)},
    ],
    ids=["names refused", "no table of names", "no tables", "garbage", "other columns", "breaks off"],
)
def test_a_first_look_that_fails_keeps_nobody_from_the_list(instead: dict[str, Any]) -> None:
    def behave(talk: Conversation, request: Request) -> None:
        cluster(**instead)(talk, request)
        if instead.get("pods") and request.path.endswith("/n/pods"):
            talk.sock.close()

    with ApiDouble(behave) as double:
        listing = Listing(double)
        listing.look()
    assert set(listing.seen[-1][0]) == {"n/listed", "n/waiting"}
    assert listing.seen[-1][1] == ""
    assert not any("n/gone" in rows for rows, _ in listing.seen)


def test_a_first_look_that_hangs_is_given_up_long_before_a_list_would_be() -> None:
    with ApiDouble(cluster(pods=lambda talk, _request: talk.hang())) as double:
        listing = Listing(double, limits=Limits(deadline_ms=HOUR))
        looking = threading.Thread(target=listing.look, daemon=True)
        looking.start()
        looking.join(60)
        assert not looking.is_alive()
    assert set(listing.seen[-1][0]) == {"n/listed", "n/waiting"}


def test_a_state_that_has_expired_is_not_looked_at_twice() -> None:
    """What the server remembers may be older than what it can go on from: then all of it is read as of now."""
    whole = cluster()

    def behave(talk: Conversation, request: Request) -> None:
        remembered = "resourceVersion" in request.query
        if request.query.get("continue") == "old":
            talk.answer(b'{"kind":"Status","code":410,"reason":"Expired"}', "410 Gone")
        elif remembered and request.path == "/api/v1/pods":
            page = {"metadata": {"resourceVersion": "3", "continue": "old"}, "items": [a_pod(NAMES[0])]}
            talk.answer(json.dumps(page, separators=(",", ":")).encode())
        elif remembered and request.path.endswith("/n/pods"):
            told = {**json.loads(table(WIDE, printed(NAMES[0]))), "metadata": {"continue": "old"}}
            talk.answer(json.dumps(told).encode())
        else:
            whole(talk, request)

    with ApiDouble(behave) as double:
        listing = Listing(double)
        listing.look()
        asked = [request.query for request in double.requests if request.path == "/api/v1/pods"]
    assert ["resourceVersion" in query for query in asked if "continue" not in query] == [True, False]
    assert set(listing.seen[-1][0]) == {"n/listed", "n/waiting"}
    assert any("n/gone" in rows for rows, _ in listing.seen), "the first look is of the same state"
    assert listing.seen[-1][1] == ""


def test_a_table_in_pieces_is_read_to_its_end() -> None:
    def in_two(talk: Conversation, request: Request) -> None:
        at = int(request.query.get("continue", "0"))
        told = json.loads(table(WIDE, printed(("waiting", "gone")[at])))
        told["metadata"] = {"resourceVersion": "7", **({} if at else {"continue": "1"})}
        talk.answer(json.dumps(told).encode())

    with ApiDouble(cluster(pods=in_two)) as double:
        listing = Listing(double)
        listing.look()
    assert [set(rows) for rows, _ in listing.seen[1:3]] == [
        {"n/listed", "n/waiting"},
        {"n/listed", "n/waiting", "n/gone"},
    ]


def test_a_first_look_has_its_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "LONGEST_MS", 0)
    with ApiDouble(cluster()) as double:
        listing = Listing(double)
        listing.look()
        assert not any(request.path.endswith("/n/pods") for request in double.requests)
    assert set(listing.seen[-1][0]) == {"n/listed", "n/waiting"}


def test_a_first_look_that_hangs_can_be_cut() -> None:
    with ApiDouble(cluster(pods=lambda talk, _request: talk.hang())) as double:
        listing = Listing(double)
        (raised,) = raised_by_a_cut(double, listing.look, listing.reflector.cut, "/n/pods")
    assert isinstance(raised, CutShort)


# --- what the cells tell --------------------------------------------------------------------------------------------


def row_of(**cells: str) -> PodRow:
    usual = {
        "Name": "web-6d5f7c9b84-x2x4z",
        "Ready": "1/1",
        "Status": "Running",
        "Restarts": "0",
        "Age": "2d",
        "Node": "node-1",
        "Readiness Gates": "<none>",
    }
    told = usual | {name.replace("_", " "): value for name, value in cells.items()}
    return glimpsed("n", tuple(told[column] for column in COLUMNS), NOW)


def test_a_pod_that_is_well() -> None:
    row = row_of()
    assert row == PodRow(
        namespace="n", name="web-6d5f7c9b84-x2x4z", node="node-1", created_at=NOW - 2 * DAY,
        owner_kind="Deployment", owner="web",
    )  # fmt: skip
    assert judge_pod(row, NOW).level == Level.OK


@pytest.mark.parametrize(
    ("cells", "level", "expected"),
    [
        ({"Status": "Completed", "Ready": "0/1"}, Level.OK, {"phase": "Succeeded"}),
        ({"Status": "Evicted", "Ready": "0/1"}, Level.WARNING, {"phase": "Failed"}),
        ({"Status": "Terminating"}, Level.OK, {"deleting_since": NOW}),
        ({"Status": "CrashLoopBackOff", "Ready": "0/1", "Restarts": "7 (90s ago)"}, Level.CRITICAL,
         {"restarts": 7, "restarted_at": NOW - 90 * SECOND, "ready": False, "ready_since": NOW}),
        ({"Restarts": "2 (3h25m ago)"}, Level.OK, {"restarts": 2, "restarted_at": NOW - 3 * HOUR - 25 * MINUTE}),
        ({"Ready": "1/2"}, Level.WARNING, {"ready": False, "ready_containers": 1, "all_containers": 2}),
        ({"Readiness_Gates": "0/1"}, Level.WARNING, {"ready": False}),
        ({"Readiness_Gates": "2/2"}, Level.OK, {"ready": True}),
        ({"Status": "Pending", "Ready": "0/1", "Node": "<none>", "Age": "5s"}, Level.WATCH,
         {"phase": "Pending", "node": "", "created_at": NOW - 5 * SECOND}),
        ({"Status": "ImagePullBackOff", "Ready": "0/1"}, Level.CRITICAL, {"phase": "Running"}),
        ({"Age": "1y30d"}, Level.OK, {"created_at": NOW - 395 * DAY}),
        ({"Age": "<unknown>"}, Level.OK, {"created_at": NOW}),
        ({"Restarts": "9" * 40, "Ready": "٣/x", "Age": "9" * 4000 + "d"}, Level.OK,
         {"restarts": 0, "ready_containers": 0, "created_at": NOW}),
    ],
)  # fmt: skip
def test_what_is_not_printed_is_guessed_on_the_safe_side(
    cells: dict[str, str], level: Level, expected: dict[str, Any]
) -> None:
    row = row_of(**cells)
    assert {name: getattr(row, name) for name in expected} == expected
    assert judge_pod(row, NOW).level == level


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("wearforce-clean-llm-6d5f7c9b84-x2x4z", ("Deployment", "wearforce-clean-llm")),
        ("postgresql-0", ("StatefulSet", "postgresql")),
        ("node-agent-27fjd", ("DaemonSet", "node-agent")),
        ("nightly-29123450-b7c9d", ("Job", "nightly-29123450")),
        ("etcd-control-plane", ("", "")),
        ("debug", ("", "")),
    ],
)
def test_a_name_tells_the_workload_as_its_controller_made_it(name: str, owner: tuple[str, str]) -> None:
    assert owner_by_name(name) == owner
