"""What holds for every source, whatever it reads."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.sources.api_double import ApiDouble
from wfconsole.observations.kinds import KINDS
from wfconsole.sources.contract import Source, SourceError
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Limits, Server
from wfconsole.sources.kubernetes.cluster import Cluster
from wfconsole.text import is_safe

NAMES = ("pods", "workloads", "hpas", "nodes", "events", "services", "ingresses", "isolation")


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def source_at(double: ApiDouble, name: str, *namespaces: str) -> Source:
    access = Access(server=double.url, host="127.0.0.1", port=double.port, tls=False, namespace="production")
    server = Server(access, Limits(deadline_ms=1000))
    return Cluster(server, namespaces, dict.fromkeys(NAMES, 1000)).sources([name])[0]


def read_once(source: Source) -> int:
    """One step of every task; how often something was proven."""
    proofs = []
    for part in source.parts:
        part.task.step(lambda: proofs.append(1))
    return len(proofs)


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_of_a_known_kind_and_rests_on_something(name: str, double: ApiDouble) -> None:
    source = source_at(double, name)
    assert source.name in KINDS
    assert source.interval_ms == 1000
    assert any(part.role == "whole" for part in source.parts)
    assert len({part.task.name for part in source.parts}) == len(source.parts)
    assert all(part.gives for part in source.parts if part.role in ("part", "extra"))
    assert all(part.task.overdue_ms() == 0 for part in source.parts)


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_of_their_kind_and_told_once(name: str, double: ApiDouble) -> None:
    source = source_at(double, name)
    assert read_once(source) >= len(source.parts)
    rows = source.take()
    assert rows
    for key, row in rows.items():
        assert row is not None
        assert is_safe(key)
        decoded = msgspec.json.decode(row, type=KINDS[name].row)
        assert msgspec.json.encode(decoded) == row  # nothing in it but what the kind has
    assert source.take() == {}
    assert source.lacks() == ()
    assert all(is_safe(text) for pair in source.facts().items() for text in pair)


@pytest.mark.parametrize("name", NAMES)
def test_a_second_look_at_the_same_changes_nothing(name: str, double: ApiDouble) -> None:
    source = source_at(double, name)
    read_once(source)
    source.take()
    read_once(source)
    assert source.take() == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_source_only_ever_reads(name: str, double: ApiDouble) -> None:
    """The double understands nothing but what it parses as a request; every one of them must be a GET."""
    seen: list[str] = []
    double.on_accept = lambda talk: not seen.append(_peeked(talk))  # type: ignore[func-returns-value]
    read_once(source_at(double, name))
    assert seen
    assert set(seen) == {"GET"}


def _peeked(talk: Any) -> str:
    return str(talk.sock.recv(16, socket.MSG_PEEK).split(b" ")[0].decode())


@pytest.mark.parametrize("name", NAMES)
def test_a_failing_step_raises_the_contracts_error(name: str, double: ApiDouble) -> None:
    double.behaviour = lambda talk, _request: talk.answer(b"{}", "500 Internal Server Error")
    source = source_at(double, name)
    for part in source.parts:
        with pytest.raises(SourceError) as told:
            part.task.step(lambda: None)
        assert told.value.kind == "server-error"
        assert told.value.remedy
    assert source.take() == {}


def test_many_namespaces_are_one_list_from_which_the_others_are_left_out(double: ApiDouble) -> None:
    source = source_at(double, "pods", "monitoring", *(f"other-{number}" for number in range(20)))
    read_once(source)
    assert {request.path for request in double.requests} == {"/api/v1/pods", "/readyz"}
    assert {key.partition("/")[0] for key in source.take()} == {"monitoring"}
    assert source.facts()["scope"] == "21 namespaces"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "nodes"])
def test_namespaces_that_are_named_are_the_only_ones_asked_for(name: str, double: ApiDouble) -> None:
    source = source_at(double, name, "a", "b")
    for part in source.parts:
        if part.role != "check":
            with pytest.raises(SourceError):
                part.task.step(lambda: None)
    paths = {request.path for request in double.requests}
    assert paths
    assert all("/namespaces/a/" in path or "/namespaces/b/" in path for path in paths)
