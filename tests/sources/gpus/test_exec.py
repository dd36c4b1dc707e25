"""Commands over exec: what is asked, what comes back, and servers that do not keep to the protocol."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Opcode
from websockets.sync.server import ServerConnection

from tests.sources.api_double import ApiDouble, until
from tests.sources.gpus.exec_server import V4, V5, ConnectProxy, ExecServer, ended, prints, raw_frame
from tests.threads import in_the_end
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.kubernetes import client
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.exec import MOST_BYTES, Execution, Place, Ran, StuckCommandError
from wfconsole.text import is_safe

PLACE = Place("gpu-operator", "plugin-a", "nvidia-device-plugin")
SOON_MS = 600


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExecServer]:
    with ExecServer(tmp_path_factory.mktemp("exec")) as server:
        yield server


@pytest.fixture
def there(listening: ExecServer) -> ExecServer:
    listening.say, listening.refuses, listening.speaks, listening.only_token = prints(), None, (V5, V4), ""
    return listening


def ran(there: ExecServer, *command: str, within_ms: int = 5000, **access: Any) -> Ran:
    return Execution(there.server(**access), PLACE, command or ("true",), "exec in plugin-a").run(within_ms)


def told(there: ExecServer, **more: Any) -> SourceError:
    with pytest.raises(SourceError) as error:
        ran(there, **more)
    assert is_safe(error.value.message)
    assert is_safe(error.value.remedy)
    return error.value


def test_the_command_is_asked_for_word_by_word_without_input_or_terminal(there: ExecServer) -> None:
    assert ran(there, "nvidia-smi", "--a=b,c", "d e&f") == Ran(b"", b"", 0)
    asked = there.asked[-1]
    assert asked.path.startswith("/api/v1/namespaces/gpu-operator/pods/plugin-a/exec?")
    assert there.query() == {
        "container": ["nvidia-device-plugin"],
        "stdout": ["true"],
        "stderr": ["true"],
        "command": ["nvidia-smi", "--a=b,c", "d e&f"],
    }
    assert asked.headers["Authorization"] == "Bearer t0ken"
    assert asked.headers["User-Agent"].startswith("wfconsole/")


@pytest.mark.parametrize("version", [V5, V4])
def test_both_versions_of_the_protocol_carry_output_and_exit_code(there: ExecServer, version: str) -> None:
    there.speaks = (version,)
    there.say = prints((1, b"one "), (2, b"wrong"), (1, b"two"), status=ended(9))
    assert ran(there) == Ran(b"one two", b"wrong", 9)
    assert there.spoken[-1] == version


def test_a_path_before_the_api_and_other_headers_are_kept(there: ExecServer) -> None:
    ran(there, base_path="/k8s/clusters/c-1", impersonate=(("Impersonate-User", "jane"),))
    assert there.asked[-1].path.startswith("/k8s/clusters/c-1/api/v1/namespaces/")
    assert there.asked[-1].headers["Impersonate-User"] == "jane"


def test_a_message_in_pieces_is_one_message(there: ExecServer) -> None:
    def say(talk: ServerConnection) -> None:
        raw_frame(talk, Opcode.BINARY, b"\x01ab", fin=False)
        raw_frame(talk, Opcode.PING, b"?", fin=True)
        raw_frame(talk, Opcode.CONT, b"\x03cd", fin=True)
        prints((1, b"!"))(talk)

    there.say = say
    assert ran(there).output == b"ab\x03cd!"


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ({"status": "Failure", "message": "exec failed:\x1b[31m no such file"}, None, "no such file"),
        ({"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": []}}, None, "does not say why"),
        ({"status": "Failure", "reason": "NonZeroExitCode", "details": None, "message": "odd"}, None, "odd"),
        (b"not json", None, "does not say how"),
        (b"[" * 100_000, None, "does not say how"),
        ({"status": "Failure", "reason": "NonZeroExitCode",
          "details": {"causes": [{"reason": "ExitCode", "message": "-1"}]}}, None, "does not say why"),
    ],
)  # fmt: skip
def test_an_end_without_a_code_is_told_in_words(there: ExecServer, status: Any, code: int | None, said: str) -> None:
    there.say = prints((1, b"out"), status=status)
    end = ran(there)
    assert (end.output, end.exit_code) == (b"out", code)
    assert said in end.problem
    assert is_safe(end.problem)


def test_who_may_not_is_told_which_grant_is_missing(there: ExecServer) -> None:
    body = {"kind": "Status", "status": "Failure", "message": 'pods "plugin-a" is forbidden', "code": 403}
    there.refuses = (403, {}, json.dumps(body).encode())
    error = told(there)
    assert (error.kind, error.code) == ("denied", 403)
    assert 'pods "plugin-a" is forbidden' in error.message
    assert error.remedy == "Grant create and get on pods/exec in gpu-operator: gpu-exec-role.yaml."


def test_a_refused_token_is_read_anew_once(there: ExecServer, tmp_path: Path) -> None:
    """A token that was renewed in its file within the time that the file's date can tell."""
    token = tmp_path / "token"
    token.write_text("old")
    os.utime(token, (1, 1))
    there.only_token = "new"

    def renew() -> None:
        token.write_text("new")
        os.utime(token, (1, 1))

    there.on_refusal = renew
    assert ran(there, token="", token_file=str(token)).exit_code == 0
    assert [each.headers["Authorization"] for each in there.asked[-2:]] == ["Bearer old", "Bearer new"]
    there.only_token = "another"
    assert told(there, token="", token_file=str(token)).kind == "denied"


@pytest.mark.parametrize(
    ("code", "kind"),
    [(404, "not-served"), (429, "rate-limited"), (500, "server-error"), (302, "bad-answer"), (200, "bad-answer")],
)
def test_other_answers_than_the_switch_are_what_they_are_everywhere(there: ExecServer, code: int, kind: str) -> None:
    there.refuses = (code, {"Retry-After": "7"} if code == 429 else {}, b"")
    error = told(there)
    assert error.kind == kind
    assert error.retry_after_ms == (7000 if code == 429 else None)


def test_a_server_that_speaks_none_of_our_protocols_is_still_heard_as_far_as_it_goes(there: ExecServer) -> None:
    there.speaks = ()
    there.say = prints((1, b"x"))
    assert ran(there).output == b"x"


def test_a_huge_output_is_refused_and_not_kept(there: ExecServer) -> None:
    def say(talk: ServerConnection) -> None:
        while True:
            talk.send(b"\x01" + b"x" * 60_000)

    there.say = say
    error = told(there)
    assert (error.kind, f"more than {MOST_BYTES // 1024} KiB" in error.message) == ("bad-answer", True)


def test_one_message_beyond_all_bounds_is_refused(there: ExecServer) -> None:
    there.say = lambda talk: talk.send(b"\x01" + b"x" * (4 << 20))
    assert told(there).kind == "bad-answer"


def test_a_connection_that_ends_before_the_command_does_says_so(there: ExecServer) -> None:
    there.say = lambda talk: talk.send(b"\x01half")
    assert "ended before the command did" in told(there).message
    there.say = lambda talk: talk.socket.close()
    assert told(there).kind in ("bad-answer", "refused")


def test_a_command_that_hangs_is_told_from_a_server_that_does(there: ExecServer) -> None:
    there.say = lambda talk: there.over.wait()
    error = in_the_end(lambda: told(there, within_ms=SOON_MS))
    assert isinstance(error, StuckCommandError)


def test_a_server_that_never_agrees_to_it_is_no_hanging_command() -> None:
    with ApiDouble(lambda talk, _: talk.hang()) as double:
        access = Access(double.url, "127.0.0.1", double.port, tls=False)
        with pytest.raises(SourceError) as error:
            Execution(client.Server(access), PLACE, ("true",), "exec").run(SOON_MS)
    assert (error.value.kind, isinstance(error.value, StuckCommandError)) == ("timeout", False)


def test_a_proxy_that_lets_no_websocket_pass_is_told_of() -> None:
    with ApiDouble(lambda talk, _: talk.answer(b"", "101 Switching Protocols")) as double:
        access = Access(double.url, "127.0.0.1", double.port, tls=False)
        with pytest.raises(SourceError) as error:
            Execution(client.Server(access), PLACE, ("true",), "exec").run(5000)
    assert (error.value.kind, "proxy" in error.value.remedy) == ("bad-answer", True)


def test_a_drip_of_bytes_does_not_stretch_the_deadline(there: ExecServer) -> None:
    def say(talk: ServerConnection) -> None:
        while not there.over.wait(0.05):
            talk.send(b"\x01x")

    there.say = say
    assert isinstance(told(there, within_ms=SOON_MS), StuckCommandError)


def test_cutting_ends_it_from_another_thread(there: ExecServer) -> None:
    begun = threading.Event()

    def say(talk: ServerConnection) -> None:
        begun.set()
        there.over.wait(30)

    there.say = say
    execution = Execution(there.server(), PLACE, ("true",), "exec")
    ends: list[type] = []

    def run() -> None:
        try:
            execution.run(30_000)
        except CutShort:
            ends.append(CutShort)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    execution.cut()
    thread.join(10)
    assert ends == [CutShort]
    with pytest.raises(CutShort):
        execution.run(30_000)


def test_it_goes_through_the_proxy_that_kubeconfig_names(there: ExecServer) -> None:
    with ConnectProxy() as proxy:
        assert ran(there, proxy=proxy.url).exit_code == 0
    assert [head.split("\r\n")[0] for head in proxy.heads] == [f"CONNECT 127.0.0.1:{there.port} HTTP/1.1"]


def test_a_certificate_of_somebody_else_is_refused(there: ExecServer, tmp_path: Path) -> None:
    error = told(there, server_name="somebody.example")
    assert error.kind == "configuration"
    assert "certificate" in error.message


def test_no_connection_is_left_behind(there: ExecServer) -> None:
    before = threading.active_count()
    for _ in range(5):
        ran(there)
    until(lambda: threading.active_count() <= before, "the server's threads end with their connections")


def test_secrets_stay_out_of_what_is_said(there: ExecServer) -> None:
    there.refuses = (500, {}, b'{"kind":"Status","message":"boom"}')
    error = told(there, token="s3cret-token")
    assert "s3cret" not in f"{error.message} {error.remedy} {error!r}"
