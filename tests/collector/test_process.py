"""The process: how it starts, what it answers, how it ends, and what it never loads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.process import ALL, CollectorProcess, kubeconfig_for
from tests.sources.api_double import ApiDouble, Conversation, Request, until, well
from tests.threads import signal_another_thread
from wfconsole.collector.settings import CollectorSettings
from wfconsole.recording.format import StreamReader
from wfconsole.sources.kubernetes.reflector import FIRST_PAGE, PAGE

MIB = 1024 * 1024
SETTINGS = {"deadline_ms": 400, "flush_ms": 50, "intervals": dict.fromkeys(ALL, 1000)}


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def settings_for(double: ApiDouble, folder: Path, **more: object) -> dict[str, object]:
    return {**SETTINGS, "kubeconfig": kubeconfig_for(double.url, folder), **more}


def test_the_stream_begins_with_its_target_and_announces_every_source(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(settings_for(double, tmp_path, title="drill")) as collector:
        collector.until(lambda: len(collector.snapshots) == len(ALL), "all sources are announced")
        header = collector.reader.header
        assert header is not None
        assert header.title == "drill"
        assert (header.target.context, header.target.namespace, header.target.server) == (
            "double",
            "production",
            double.url,
        )
        first = {snapshot.source: snapshot for snapshot in reversed(collector.history)}
        assert all(first[name].good_at is None and first[name].failure is None for name in ALL)
        collector.until_well()


def test_secrets_are_in_no_line_of_the_stream(double: ApiDouble, tmp_path: Path) -> None:
    config = kubeconfig_for(double.url, tmp_path, token="canary-7f3a")
    double.behaviour = lambda talk, _request: talk.answer(b"{}", "401 Unauthorized")
    child = CollectorProcess({**SETTINGS, "kubeconfig": config}, follow_stream=False)
    with child:
        assert child.child.stdout is not None
        seen = b""
        while seen.count(b'"denied"') < len(ALL):
            seen += os.read(child.child.stdout.fileno(), 1 << 16)
        command_line = Path(f"/proc/{child.child.pid}/cmdline").read_bytes()
    assert b"canary" not in seen + command_line
    assert double.requests[0].headers["authorization"] == "Bearer canary-7f3a"


@pytest.mark.parametrize("how", ["input ends", "SIGTERM", "SIGINT"])
def test_it_ends_at_once_while_every_server_hangs(how: str, double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour = lambda talk, _request: talk.hang()
    with CollectorProcess({**settings_for(double, tmp_path), "deadline_ms": 60_000}) as collector:
        until(lambda: len(double.requests) >= len(ALL), "every source is waiting")
        if how == "input ends":
            collector.close_input()
        else:
            collector.child.send_signal(getattr(signal, how))
        assert collector.child.wait(timeout=5) == 0
        collector.until(lambda: collector.ended, "the stream says that it is complete")


def test_a_signal_that_reaches_another_thread_ends_it(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(settings_for(double, tmp_path)) as collector:
        until(lambda: double.requests, "it is at work")
        signal_another_thread(collector.child.pid, signal.SIGTERM)
        assert collector.child.wait(timeout=10) == 0
        collector.until(lambda: collector.ended, "the stream says that it is complete")


def test_a_signal_before_it_was_told_what_to_look_at_ends_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-m", "wfconsole.collector"], stdin=subprocess.PIPE) as child:
        try:
            until(lambda: _handles(child.pid, signal.SIGTERM), "it hears signals")
            child.terminate()
            assert child.wait(timeout=10) == 0
        finally:
            child.kill()


def test_one_that_is_never_told_what_to_look_at_looks_at_nothing(double: ApiDouble, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "wfconsole.collector"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "KUBECONFIG": kubeconfig_for(double.url, tmp_path)},
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr, double.requests) == (0, b"", b"", [])


def _handles(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for it (SigCgt of proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> number - 1 & 1)


def test_it_ends_when_its_reader_is_gone(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(settings_for(double, tmp_path), follow_stream=False) as collector:
        assert collector.child.stdout is not None
        collector.child.stdout.close()
        assert collector.child.wait(timeout=10) == 0


def test_it_ends_with_the_process_that_started_it(double: ApiDouble, tmp_path: Path) -> None:
    config = kubeconfig_for(double.url, tmp_path)
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'wfconsole.collector'], stdin=subprocess.PIPE,"
        " stdout=subprocess.DEVNULL)\n"
        f'child.stdin.write(b\'{{"kubeconfig": "{config}"}}\\n\'); child.stdin.flush()\n'
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until(lambda: double.requests, "the collector is at work")
        parent.kill()
    until(lambda: not _runs(pid), "the collector ended too")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def churning(double: ApiDouble) -> None:
    """Every watch sends changes as fast as it can."""

    def behave(talk: Conversation, request: Request) -> None:
        if not request.watching or request.path != "/api/v1/pods":
            well(talk, request)
            return
        talk.begin_chunks()
        end = time.monotonic() + 30
        number = 0
        while time.monotonic() < end and not talk.over.is_set():
            number += 1
            talk.chunk(
                b'{"type":"MODIFIED","object":{"metadata":{"name":"p%d","namespace":"n","resourceVersion":"%d"},'
                b'"spec":{},"status":{"phase":"Pending","message":"%s"}}}\n' % (number % 300, number, b"m" * 300)
            )

    double.behaviour = behave


@pytest.mark.slow
def test_a_reader_that_stands_still_does_not_make_it_grow_and_misses_nothing(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(settings_for(double, tmp_path, sources=["pods"]), follow_stream=False) as collector:
        assert collector.child.stdout is not None
        descriptor = collector.child.stdout.fileno()
        reader = StreamReader(trusted=True)
        reader.feed(os.read(descriptor, 1 << 16))
        churning(double)
        double.hang_up()
        before = collector.cpu_ms()
        until(lambda: collector.cpu_ms() > before + 1500, "it has followed many thousand changes", 180)
        assert collector.memory() < 60 * MIB
        rows: dict[str, object] = {}
        while len(rows) < 300:
            for item in reader.feed(os.read(descriptor, 1 << 16)):
                patch = getattr(item, "patch", None)
                rows.update(patch.rows or {} if patch is not None else {})


def test_a_pod_is_read_when_somebody_asks_and_each_part_may_fail_alone(double: ApiDouble, tmp_path: Path) -> None:
    pod = b"""{"metadata":{"name":"p","namespace":"production","uid":"u"},
      "spec":{"containers":[{"name":"app"},{"name":"b"}]},
      "status":{"phase":"Running","qosClass":"Burstable","containerStatuses":[
        {"name":"app","restartCount":2,"ready":false,"state":{"waiting":{"reason":"CrashLoopBackOff"}}},
        {"name":"b","restartCount":0,"ready":false,"state":{"waiting":{"reason":"ContainerCreating"}}}]}}"""

    def behave(talk: Conversation, request: Request) -> None:
        if request.path.endswith("/pods/p/log"):
            if "previous" in request.query:
                talk.answer(b'{"kind":"Status","message":"previous terminated container not found"}', "400 Bad Request")
            else:
                talk.answer(b"".join(b"line %d \x1b[31mred\n" % number for number in range(12)))
        elif request.path == "/api/v1/namespaces/production/pods/p":
            talk.answer(pod)
        elif request.path.endswith("/events"):
            talk.hang()
        else:
            well(talk, request)

    double.behaviour = behave
    with CollectorProcess(settings_for(double, tmp_path, sources=["hpas"])) as collector:
        collector.send({"type": "pod", "id": "7", "namespace": "production", "name": "p", "log_lines": 10})
        answer = collector.until(lambda: collector.answers, "an answer")[0]
    assert (answer.id, answer.failure) == ("7", None)
    detail = answer.detail
    assert detail is not None
    assert detail.qos == "Burstable"
    assert [box.name for box in detail.containers] == ["app", "b"]
    assert "not served" in detail.use_reason
    assert "no answer" in detail.events_reason
    now, previous, other = detail.logs
    assert (len(now.lines), now.cut, now.lines[-1]) == (10, True, "line 11 ␛[31mred")
    assert (previous.previous, previous.lines) == (True, ())
    assert "not found" in previous.failure
    assert "has not started: ContainerCreating" in other.failure


def test_an_answer_comes_in_time_although_the_server_hangs(double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour = lambda talk, _request: talk.hang()
    with CollectorProcess(settings_for(double, tmp_path, sources=["hpas"], ask_deadline_ms=500)) as collector:
        collector.send({"type": "pod", "id": "7", "namespace": "production", "name": "p"})
        answer = collector.until(lambda: collector.answers, "an answer")[0]
    assert answer.failure is not None
    assert answer.failure.kind == "timeout"


def test_too_many_reads_at_once_are_refused(double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour = lambda talk, _request: talk.hang()
    with CollectorProcess({**settings_for(double, tmp_path, sources=["hpas"]), "deadline_ms": 3000}) as collector:
        for number in range(6):
            collector.send({"type": "pod", "id": str(number), "namespace": "production", "name": "p"})
        answers = collector.until(lambda: len(collector.answers) == 6 and collector.answers, "six answers")
    kinds = [answer.failure.kind for answer in answers if answer.failure is not None]
    assert sorted(kinds) == ["rate-limited"] * 2 + ["timeout"] * 4


def test_a_request_that_is_none_is_said_and_the_next_one_is_answered(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(settings_for(double, tmp_path, sources=["hpas"])) as collector:
        collector.send({"type": "reboot"})
        collector.send({"type": "retry", "id": "1", "source": "weather"})
        collector.send({"type": "pod", "id": "7", "namespace": "a/b", "name": "p"})
        collector.until(lambda: len(collector.said) == 2 and collector.answers, "two words and an answer")
        assert "cannot be read" in collector.said[0].text
        assert "'weather'" in collector.said[1].text
        failure = collector.answers[0].failure
        assert failure is not None
        assert failure.kind == "configuration"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"colour": "red"}, "colour"),
        ({"namespaces": "production"}, "namespaces"),
        ({"intervals": {"pods": 1}}, "interval of pods"),
        ({"deadline_ms": 0}, "deadline"),
    ],
)
def test_settings_that_cannot_be_are_told_with_their_place(settings: dict[str, object], said: str) -> None:
    with CollectorProcess(settings, follow_stream=False) as collector:
        assert collector.child.wait(timeout=10) == 3
        errors = collector.errors()
    assert said in errors
    assert "Traceback" not in errors


def test_a_context_that_is_not_there_is_every_sources_failure(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(settings_for(double, tmp_path, context="nope")) as collector:
        collector.until_failing("configuration")
        failure = collector.snapshots["pods"].failure
        assert failure is not None
        assert "nope" in failure.message
        assert failure.retry_at > failure.since, "when it tries next"
        assert "double" in failure.remedy


def test_where_somebody_waits_for_it_a_wrong_context_ends_the_process(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(
        settings_for(double, tmp_path, context="nope", strict=True), follow_stream=False
    ) as collector:
        assert collector.child.wait(timeout=10) == 8
        said = collector.errors()
        assert "the kubeconfig has no context 'nope'" in said
        assert "double" in said


def test_namespaces_are_followed_one_by_one_and_named(double: ApiDouble, tmp_path: Path) -> None:
    def behave(talk: Conversation, request: Request) -> None:
        if request.path == "/api/v1/namespaces/production/pods":
            request.path = "/api/v1/pods"
            well(talk, request)
        else:
            talk.answer(b"{}", "403 Forbidden")

    double.behaviour = behave
    settings = settings_for(double, tmp_path, sources=["pods"], namespaces=["production", "other"])
    with CollectorProcess(settings) as collector:
        collector.until_well(("pods",))
        collector.until(lambda: "pods in other: 403" in collector.snapshots["pods"].partial, "what is missing")
        assert "namespace production" in collector.snapshots["pods"].facts["scope"]


def test_a_cluster_that_is_not_ours_to_read_is_read_in_our_namespace(double: ApiDouble, tmp_path: Path) -> None:
    def behave(talk: Conversation, request: Request) -> None:
        if request.path == "/api/v1/namespaces/production/pods":
            request.path = "/api/v1/pods"
            well(talk, request)
        else:
            talk.answer(b'{"kind":"Status","message":"pods is forbidden"}', "403 Forbidden")

    double.behaviour = behave
    with CollectorProcess(settings_for(double, tmp_path, sources=["pods"])) as collector:
        collector.until_well(("pods",))
        told = collector.until(lambda: collector.snapshots["pods"].partial, "that it is partial")
        assert "only namespace production" in told
        assert "ClusterRoleBinding" in told
        double.behaviour = well
        collector.send({"type": "retry", "id": "1", "source": "pods"})
        collector.until(lambda: not collector.snapshots["pods"].partial, "the whole cluster, now that we may")
        assert collector.snapshots["pods"].facts["scope"] == "all namespaces"


def test_a_long_list_comes_page_by_page_and_says_how_far_it_is(double: ApiDouble, tmp_path: Path) -> None:
    def page(start: int, count: int, whole: int) -> bytes:
        items = ",".join(
            f'{{"metadata":{{"name":"p{n:04}","namespace":"n"}},"spec":{{}},"status":{{"phase":"Pending"}}}}'
            for n in range(start, start + count)
        )
        left = whole - start - count
        more = f',"continue":"c{start + count}","remainingItemCount":{left}' if left else ""
        meta = f'{{"resourceVersion":"7"{more}}}'
        return f'{{"kind":"PodList","apiVersion":"v1","metadata":{meta},"items":[{items}]}}'.encode()

    seen = threading.Event()

    def behave(talk: Conversation, request: Request) -> None:
        if request.path != "/api/v1/pods" or request.watching:
            well(talk, request)
        else:
            start = int(request.query.get("continue", "c0")[1:])
            limit = int(request.query["limit"])
            assert limit == (PAGE if start else FIRST_PAGE)
            if start:
                seen.wait(5)  # pages that come faster than changes are sent are told of together
            talk.answer(page(start, min(limit, 1200 - start), 1200))

    double.behaviour = behave
    with CollectorProcess({**settings_for(double, tmp_path, sources=["pods"]), "flush_ms": 500}) as collector:
        collector.until(lambda: _rows(collector) == FIRST_PAGE, "the first page")
        seen.set()
        collector.until(lambda: _rows(collector) == 1200 and not collector.snapshots["pods"].partial, "all pods")
        shown = [(len(each.rows), each.partial) for each in collector.history if each.partial]
        pages = [
            request.query
            for request in double.requests
            if request.path == "/api/v1/pods" and "watch" not in request.query
        ]
    assert (f"listing {FIRST_PAGE} of about 1200") in [partial for _, partial in shown]
    assert [query.get("continue") for query in pages] == [
        None,
        *(f"c{start}" for start in range(FIRST_PAGE, 1200, PAGE)),
    ]


def _rows(collector: CollectorProcess) -> int:
    pods = collector.snapshots.get("pods")
    return len(pods.rows) if pods is not None else 0


def test_what_is_gone_when_the_list_is_read_again_is_removed(double: ApiDouble, tmp_path: Path) -> None:
    names = ["a", "b"]

    def behave(talk: Conversation, request: Request) -> None:
        items = ",".join(
            f'{{"metadata":{{"name":"{name}","namespace":"n"}},"spec":{{}},"status":{{}}}}' for name in names
        )
        if request.watching:
            talk.answer(b"{}", "410 Gone")
        else:
            talk.answer(f'{{"metadata":{{"resourceVersion":"7"}},"items":[{items}]}}'.encode())

    double.behaviour = behave
    with CollectorProcess(settings_for(double, tmp_path, sources=["pods"])) as collector:
        collector.until(
            lambda: set(collector.snapshots["pods"].rows) == {"n/a", "n/b"} if _rows(collector) else False, "two"
        )
        names.remove("a")
        collector.until(lambda: set(collector.snapshots["pods"].rows) == {"n/b"}, "one is left")


def test_settings_can_be_built_without_anything_heavy() -> None:
    code = "import sys, wfconsole.collector.settings; print(*(name for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"ssl", "socket", "http.client", "yaml", "kubernetes"} & set(loaded)
    assert CollectorSettings().problems() == []


def test_a_working_collector_has_loaded_no_screen_and_no_client(double: ApiDouble, tmp_path: Path) -> None:
    """After a list, a watch, a retry and an answer: what the code could load late, it has loaded by now."""
    settings = settings_for(double, tmp_path)
    with CollectorProcess(settings) as collector:
        collector.until_well()
        collector.send({"type": "pod", "id": "7", "namespace": "production", "name": "p"})
        collector.until(lambda: collector.answers, "an answer")
        maps = Path(f"/proc/{collector.child.pid}/maps").read_text()
        assert "yaml" not in maps  # the kubeconfig was JSON
        assert collector.memory() < 45 * MIB
    code = "import sys, wfconsole.collector.main; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"textual", "rich", "kubernetes", "urllib3", "requests", "asyncio", "yaml", "boto3", "httpx", "psycopg"}
    assert not heavy & set(loaded)
