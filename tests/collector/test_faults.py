"""Every way in which a server can fail, against all sources at once, in the real process: a failure of the right kind
within the deadline, and recovery without anybody's help."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.collector.process import ALL, CollectorProcess, kubeconfig_for
from tests.sources.api_double import ApiDouble, Behaviour, Conversation, Request, reset, silence, well
from wfconsole.observations.snapshot import Snapshot

MIB = 1024 * 1024

# A deadline and the time that a busy machine may take on top of it.
SETTINGS = {"deadline_ms": 400, "flush_ms": 50, "intervals": dict.fromkeys(ALL, 1000)}


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def started(double: ApiDouble, tmp_path: Path, **more: object) -> CollectorProcess:
    return CollectorProcess({**SETTINGS, "kubeconfig": kubeconfig_for(double.url, tmp_path), **more})


def status(code: str, *headers: str, body: bytes = b'{"kind":"Status","message":"because of the test"}') -> Behaviour:
    return lambda talk, _request: talk.answer(body, code, headers)


def half_a_head(talk: Conversation, _request: Request) -> None:
    talk.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
    talk.hang()


def half_a_body(talk: Conversation, _request: Request) -> None:
    talk.answer(b'{"items":[', length=5000)
    talk.hang()


def dripping_head(talk: Conversation, _request: Request) -> None:
    talk.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 1000)


def dripping_body(talk: Conversation, _request: Request) -> None:
    talk.answer(b"", length=100_000)
    talk.drip(b" " * 1000)


def garbage(talk: Conversation, _request: Request) -> None:
    talk.sock.sendall(bytes(range(256)) * 10 + b"\r\n\r\n")
    talk.sock.close()


def cut_off(talk: Conversation, _request: Request) -> None:
    talk.answer(b'{"metadata":{},"items":[]}', length=5000)
    talk.sock.close()


def cut_off_chunk(talk: Conversation, _request: Request) -> None:
    talk.begin_chunks()
    talk.chunk(b'{"metadata":{},"items":[]}')
    talk.sock.close()


def cut_off_gzip(talk: Conversation, _request: Request) -> None:
    talk.answer(gzip.compress(b'{"metadata":{},"items":[]}')[:-9], headers=("Content-Encoding: gzip",))


def no_gzip(talk: Conversation, _request: Request) -> None:
    talk.answer(b'{"metadata":{},"items":[]}', headers=("Content-Encoding: gzip",))


def hundred_megabytes(talk: Conversation, _request: Request) -> None:
    talk.answer(b"", length=100 * MIB)
    for _ in range(100):
        talk.sock.sendall(b" " * MIB)


def endless(talk: Conversation, _request: Request) -> None:
    talk.begin_chunks()
    while True:
        talk.chunk(b" " * MIB)


def packed(megabytes: int) -> bytes:
    """So many of blanks as gzip without its end. One is packed, and told again: packing all takes a second, in every
    process that collects the tests."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes


BOMB = packed(200)


def bomb(talk: Conversation, _request: Request) -> None:
    talk.answer(BOMB, headers=("Content-Encoding: gzip",))


DEEP = b'{"metadata":{},"items":[' + b"[" * 200_000 + b"]" * 200_000 + b"]}"

FAULTS: dict[str, tuple[Behaviour, str]] = {
    "no answer at all": (lambda talk, _request: talk.hang(), "timeout"),
    "half a head, then nothing": (half_a_head, "timeout"),
    "half a body, then nothing": (half_a_body, "timeout"),
    "a head, byte by byte": (dripping_head, "timeout"),
    "a body, byte by byte": (dripping_body, "timeout"),
    "bytes that are no HTTP": (garbage, "bad-answer"),
    "a body that breaks off": (cut_off, "bad-answer"),
    "a chunked body that breaks off": (cut_off_chunk, "bad-answer"),
    "a gzip stream that breaks off": (cut_off_gzip, "bad-answer"),
    "gzip that is none": (no_gzip, "bad-answer"),
    "401": (status("401 Unauthorized"), "denied"),
    "403": (status("403 Forbidden"), "denied"),
    "404": (status("404 Not Found"), "not-served"),
    "410 for every list": (status("410 Gone"), "bad-answer"),
    "429": (status("429 Too Many Requests", "Retry-After: 1"), "rate-limited"),
    "500": (status("500 Internal Server Error"), "server-error"),
    "502 with a web page": (status("502 Bad Gateway", body=b"<html>proxy</html>"), "server-error"),
    "503": (status("503 Service Unavailable", "Retry-After: 0"), "server-error"),
    "a redirect": (status("302 Found", "Location: https://login.example/"), "bad-answer"),
    "a web page": (status("200 OK", body=b"<!DOCTYPE html><html>login</html>"), "bad-answer"),
    "an empty body": (status("200 OK", body=b""), "bad-answer"),
    "another shape": (status("200 OK", body=b'{"metadata":{},"items":{"a":1}}'), "bad-answer"),
    "a number where text belongs": (status("200 OK", body=b'{"items":[{"metadata":{"name":5}}]}'), "bad-answer"),
    "not UTF-8": (status("200 OK", body=b'{"items":[{"metadata":{"name":"\xff\xfe"}}]}'), "bad-answer"),
    "JSON that is 200,000 deep": (status("200 OK", body=DEEP), "bad-answer"),
    "a hundred megabytes": (hundred_megabytes, "bad-answer"),
    "a body without end": (endless, "bad-answer"),
    "a gzip bomb": (bomb, "bad-answer"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_in_time_and_over_when_it_is_over(fault: str, double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour, kind = FAULTS[fault]
    with started(double, tmp_path) as collector:
        collector.until_failing(kind)
        for name in ALL:
            failure = collector.snapshots[name].failure
            assert failure is not None
            assert failure.message
            assert collector.snapshots[name].good_at is None
        double.mend()
        collector.until_well()
        assert collector.memory() < 160 * MIB


@pytest.mark.parametrize(("on_accept", "kind"), [(reset, "refused"), (silence, "timeout")])
def test_a_connection_that_leads_nowhere(
    on_accept: Callable[[Conversation], bool], kind: str, double: ApiDouble, tmp_path: Path
) -> None:
    double.on_accept = on_accept
    with started(double, tmp_path) as collector:
        collector.until_failing(kind)
        double.mend()
        collector.until_well()


def test_nobody_listens(double: ApiDouble, tmp_path: Path) -> None:
    double.refuse()
    with started(double, tmp_path) as collector:
        collector.until_failing("refused")
        double.listen_again()
        collector.until_well()


AFTER_GOOD_DATA = (
    *("nobody listens", "no answer at all", "a body, byte by byte", "bytes that are no HTTP"),
    *("401", "403", "410 for every list", "429", "500", "a hundred megabytes"),
)


@pytest.mark.parametrize("fault", AFTER_GOOD_DATA)
def test_a_fault_leaves_the_last_rows_with_their_age_until_it_is_over(
    fault: str, double: ApiDouble, tmp_path: Path
) -> None:
    with started(double, tmp_path) as collector:
        collector.until_well()
        collector.until(lambda: any(row.used_at for row in collector.snapshots["nodes"].rows.values()), "use of nodes")
        collector.until(lambda: has_endpoints(collector.snapshots["services"]), "endpoints of services")
        collector.until(lambda: has_revisions(collector.snapshots["workloads"]), "revisions of workloads")
        before = dict(collector.snapshots)
        if fault == "nobody listens":
            kind = "refused"
            double.refuse()
        else:
            behaviour, kind = FAULTS[fault]
            double.behaviour = expired_and_then(behaviour)
        collector.until_failing(kind)
        failed = dict(collector.snapshots)
        for name in ALL:
            kept = before[name].rows
            if (fault, name) == ("403", "workloads"):  # what is good to have is not kept once we may not read it
                kept = without_revisions_of_sets(kept)
            assert failed[name].rows == kept
            assert aged(failed[name], since=before[name].good_at)
        collector.until(
            lambda: any(tried(collector.snapshots[name]) > tried(failed[name]) for name in ALL), "it is tried again"
        )
        assert [collector.snapshots[name].good_at for name in ALL] == [failed[name].good_at for name in ALL]
        double.mend()
        if fault == "nobody listens":
            double.listen_again()
        collector.until_well()
        assert all((collector.snapshots[name].good_at or 0) > (failed[name].good_at or 0) for name in ALL)
        assert collector.memory() < 160 * MIB


def has_endpoints(services: Snapshot[Any]) -> bool:
    """They come with a list of their own."""
    return all(row.endpoints is not None for row in services.rows.values())


def has_revisions(workloads: Snapshot[Any]) -> bool:
    """They come with two lists of their own."""
    return all(row.revisions for row in workloads.rows.values())


def without_revisions_of_sets(rows: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: row if row.kind == "Deployment" else msgspec.structs.replace(row, revision=0, revisions=())
        for key, row in rows.items()
    }


def expired_and_then(behaviour: Behaviour) -> Behaviour:
    """What is followed has expired when it is asked for next: it is listed again, and that list meets the fault."""
    return lambda talk, request: (status("410 Gone") if request.watching else behaviour)(talk, request)


def aged(failed: Snapshot[Any], since: int | None) -> bool:
    """Whether it still says when it was good: before its failure. Parts of a source differ by an interval at most."""
    assert failed.failure is not None
    assert since is not None
    assert failed.good_at is not None
    return since - 1000 <= failed.good_at <= failed.failure.since + 1000


def tried(failed: Snapshot[Any]) -> int:
    return failed.failure.attempts if failed.failure is not None else 0


def watch_only(behaviour: Behaviour) -> Behaviour:
    """Lists are well, watches are not."""
    return lambda talk, request: (behaviour if request.watching else well)(talk, request)


def watch_lines(*lines: bytes) -> Behaviour:
    def behave(talk: Conversation, request: Request) -> None:
        talk.begin_chunks()
        for line in lines:
            talk.chunk(line + b"\n")
        talk.sock.sendall(b"0\r\n\r\n")

    return watch_only(behave)


def watch_without_end(talk: Conversation, _request: Request) -> None:
    talk.begin_chunks()
    talk.hang()


WATCH_FAULTS: dict[str, tuple[Behaviour, str]] = {
    "a watch that is never opened": (watch_only(lambda talk, _request: talk.hang()), "timeout"),
    "a watch that falls silent": (watch_only(watch_without_end), "timeout"),
    "a watch that breaks off": (watch_only(cut_off_chunk), "bad-answer"),
    "a watch that is refused with 500": (watch_only(status("500 Internal Server Error")), "server-error"),
    "a watch for which we lost our token": (watch_only(status("401 Unauthorized")), "denied"),
    "an error in the watch": (
        watch_lines(b'{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is gone"}}'),
        "server-error",
    ),
    "an error without a reason": (watch_lines(b'{"type":"ERROR","object":{}}'), "bad-answer"),
    "a change that is none": (watch_lines(b'{"type":"MODIFIED","object":{"metadata":7}}'), "bad-answer"),
    "a change of an unknown type": (watch_lines(b'{"type":"SHUFFLED","object":{}}'), "bad-answer"),
    "a web page in the watch": (watch_lines(b"<html>"), "bad-answer"),
    "one change of 20 MB": (watch_lines(b" " * (20 * MIB)), "bad-answer"),
}


@pytest.mark.parametrize("fault", WATCH_FAULTS)
def test_a_broken_watch_is_a_failure_although_lists_are_well(fault: str, double: ApiDouble, tmp_path: Path) -> None:
    behaviour, kind = WATCH_FAULTS[fault]
    with started(double, tmp_path) as collector:
        collector.until_well()
        double.behaviour = behaviour
        double.hang_up()
        seen = dict.fromkeys(ALL, False)

        def each_failed() -> bool:
            for snapshot in collector.history:
                # Three collections make the workloads: they fail one after another, and seldom all at once.
                one_of_several = snapshot.source == "workloads" and snapshot.partial
                if one_of_several or (snapshot.failure is not None and snapshot.failure.kind == kind):
                    seen[snapshot.source] = True
            return all(seen.values())

        collector.until(each_failed, f"every source said {kind} once")
        assert all(collector.snapshots[name].rows for name in ALL)
        double.mend()
        collector.until_well()


@pytest.mark.parametrize(
    "expired",
    [
        watch_only(status("410 Gone")),
        watch_lines(b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}'),
    ],
    ids=["as a status", "as an object with status 200"],
)
def test_a_watch_that_expired_lists_again_and_is_no_failure(
    expired: Behaviour, double: ApiDouble, tmp_path: Path
) -> None:
    with started(double, tmp_path, sources=["pods"]) as collector:
        collector.until_well(("pods",))
        before = len(double.requests)

        def once(talk: Conversation, request: Request) -> None:
            double.behaviour = well
            expired(talk, request)

        double.behaviour = lambda talk, request: (once if request.watching else well)(talk, request)

        def listed_again() -> bool:
            return any(not request.watching and request.path == "/api/v1/pods" for request in double.requests[before:])

        collector.until(listed_again, "the pods are listed again")
        assert all(snapshot.failure is None for snapshot in collector.history)


def test_watching_is_denied_and_listing_is_not(double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour = watch_only(status("403 Forbidden"))
    with started(double, tmp_path, sources=["pods"]) as collector:
        collector.until_well(("pods",))
        fact = collector.until(lambda: collector.snapshots["pods"].facts.get("watch"), "a word about the watch")
        assert "grant watch" in fact


def test_one_failing_part_makes_the_workloads_partial(double: ApiDouble, tmp_path: Path) -> None:
    def no_daemon_sets(talk: Conversation, request: Request) -> None:
        (status("500 Internal Server Error") if "daemonsets" in request.path else well)(talk, request)

    double.behaviour = no_daemon_sets
    with started(double, tmp_path, sources=["workloads"]) as collector:
        collector.until_well(("workloads",))
        collector.until(lambda: "daemonsets: 500" in collector.snapshots["workloads"].partial, "a partial source")
        collector.until(
            lambda: any(key.startswith("Deployment/") for key in collector.snapshots["workloads"].rows),
            "the kinds that do answer",
        )
        assert collector.snapshots["workloads"].failure is None
        double.mend()
        collector.until(lambda: not collector.snapshots["workloads"].partial, "the whole source")


def test_no_metrics_leaves_the_use_of_nodes_unknown_and_says_so(double: ApiDouble, tmp_path: Path) -> None:
    def no_metrics(talk: Conversation, request: Request) -> None:
        (status("503 Service Unavailable") if "metrics" in request.path else well)(talk, request)

    with started(double, tmp_path, sources=["nodes"]) as collector:
        collector.until(lambda: _uses(collector), "nodes with their use")
    double.behaviour = no_metrics
    with started(double, tmp_path, sources=["nodes"]) as collector:
        collector.until_well(("nodes",))
        collector.until(lambda: "unknown" in collector.snapshots["nodes"].facts.get("use", ""), "a word about the use")
        assert collector.snapshots["nodes"].rows
        assert not _uses(collector)
        assert collector.snapshots["nodes"].failure is None


def _uses(collector: CollectorProcess) -> bool:
    nodes = collector.snapshots.get("nodes")
    return nodes is not None and bool(nodes.rows) and all(row.cpu_used is not None for row in nodes.rows.values())


def test_a_rate_limit_is_asked_again_no_sooner_than_the_server_said(double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour = status("429 Too Many Requests", "Retry-After: 3600")
    with started(double, tmp_path, sources=["hpas"]) as collector:
        collector.until_failing("rate-limited", ("hpas",))
        failure = collector.snapshots["hpas"].failure
        assert failure is not None
        # 3600 s is more than anybody wants to be blind: it is cut to two minutes.
        assert 119_000 <= failure.retry_at - failure.since <= 121_000
        asked = len(double.requests)
        double.mend()
        collector.send({"type": "retry", "id": "1", "source": "hpas"})
        collector.until_well(("hpas",))
        assert len(double.requests) > asked
