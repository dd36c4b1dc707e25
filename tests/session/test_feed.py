"""The feed: a collector that ends, is started again, talks nonsense or hangs, and never holds anybody up."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.journal.helpers import until
from tests.session.made import stream
from wfconsole.clock import SystemClock
from wfconsole.observations.answers import AskRetry, CollectorSaid
from wfconsole.observations.snapshot import Failure
from wfconsole.recording.format import Header, Item, Noted, SourcePatch
from wfconsole.session import feed as feeds
from wfconsole.session.child import Child
from wfconsole.session.feed import NOTHING_CAME, Feed

WITHIN = 20.0  # seconds; only ever used up by a failure


class Listener:
    """A receiver that remembers, and can be waited on."""

    def __init__(self) -> None:
        self.headers: list[Header] = []
        self.heard: list[Item] = []
        self.bytes = b""
        self._changed = threading.Condition()

    def header(self, header: Header) -> None:
        with self._changed:
            self.headers.append(header)
            self._changed.notify_all()

    def items(self, items: Sequence[Item], lines: bytes) -> None:
        with self._changed:
            self.heard += items
            self.bytes += lines
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, WITHIN), self.heard[-3:]

    def failures(self) -> list[Failure]:
        """What the sources were said to fail with, of the first source alone."""
        patches = [item for item in self.heard if isinstance(item, SourcePatch) and item.source == "pods"]
        return [item.patch.failure for item in patches if isinstance(item.patch.failure, Failure)]

    def stopped(self, times: int = 1) -> Failure:
        """The failure of the n-th stop."""
        self.wait(lambda: len(self.failures()) >= times)
        return self.failures()[times - 1]


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "FIRST_RESTART_MS", 10)


@pytest.fixture
def started(listener: Listener) -> Iterator[Callable[..., Feed]]:
    """Starts a feed on a shell script that plays the collector; it is ended after the test."""
    open_feeds: list[Feed] = []

    def start(script: str, **options: object) -> Feed:
        feed = Feed(
            SystemClock(),
            command=("/bin/sh", "-c", script),
            sources=lambda: ("pods", "nodes"),
            **options,  # type: ignore[arg-type]
        )
        open_feeds.append(feed)
        feed.spawn()
        feed.start(listener)
        return feed

    yield start
    for feed in open_feeds:
        feed.close()
        feed.finish()


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A stream in a file, without its end."""
    path = tmp_path / "stream.jsonl"
    path.write_bytes(b"\n".join(stream().splitlines()[:-1]) + b"\n")
    return path


def test_a_stream_arrives_as_items_and_as_the_very_bytes(
    listener: Listener, started: Callable[..., Feed], told: Path
) -> None:
    started(f"cat {told}; exec sleep 600")
    listener.wait(lambda: listener.bytes == told.read_bytes())
    assert listener.headers[0].target.context == "kind-made"
    assert {item.source for item in listener.heard if isinstance(item, SourcePatch)} == {"pods"}


def test_the_collector_reads_its_settings_first_and_requests_after_them(
    listener: Listener, started: Callable[..., Feed], tmp_path: Path
) -> None:
    fifo = tmp_path / "read"
    os.mkfifo(fifo)
    feed = started(f"cat > {fifo}; exit 0", settings=lambda _before: b'{"title":"t"}')
    with fifo.open("rb") as read:
        assert read.readline() == b'{"title":"t"}\n'
        feed.ask(AskRetry(id="r1", source="pods"))
        assert b'"r1"' in read.readline()


def test_a_killed_collector_is_said_at_every_source_and_started_again(
    listener: Listener, started: Callable[..., Feed], told: Path, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    followed: list[Header | None] = []

    def settings(before: Header | None) -> bytes:
        followed.append(before)
        return b"{}"

    started(f"echo $$ >> {pids}; cat {told}; exec sleep 600", settings=settings)
    listener.wait(lambda: len(listener.bytes) == told.stat().st_size)
    os.kill(int(pids.read_text()), signal.SIGKILL)
    failure = listener.stopped()
    assert failure.kind == "stopped"
    assert failure.message == "the collector was killed by SIGKILL"
    assert failure.retry_at > failure.since
    assert {item.source for item in listener.heard[-3:] if isinstance(item, SourcePatch)} >= {"nodes"}
    assert Noted in {type(item) for item in listener.heard}
    listener.wait(lambda: len(listener.headers) == 2)
    first, second = pids.read_text().split()
    assert first != second
    assert followed == [None, listener.headers[0]]


def test_one_that_keeps_ending_is_stopped_since_the_first_time(
    listener: Listener, started: Callable[..., Feed]
) -> None:
    started("echo no module named wfconsole.collector >&2; exit 3")
    listener.stopped(3)
    failures = listener.failures()
    assert failures[0].message == "the collector ended with exit code 3: no module named wfconsole.collector"
    assert [failure.attempts for failure in failures[:3]] == [1, 2, 3]
    assert len({failure.since for failure in failures[:3]}) == 1


def test_one_that_was_heard_again_stops_anew(listener: Listener, started: Callable[..., Feed], told: Path) -> None:
    started(f"cat {told}")
    assert listener.stopped(2).attempts == 1
    assert listener.failures()[1].since >= listener.failures()[0].retry_at


def test_one_that_cannot_be_started_is_said_and_tried_again(listener: Listener, tmp_path: Path, told: Path) -> None:
    program = tmp_path / "collector"
    feed = Feed(SystemClock(), command=(str(program),), sources=lambda: ("pods",))
    feed.spawn()
    feed.start(listener)
    assert listener.stopped().message == "the collector cannot start: No such file or directory"
    program.write_text(f"#!/bin/sh\ncat {told}; exec sleep 600\n")
    program.chmod(0o700)
    listener.wait(lambda: bool(listener.headers))
    feed.close()
    feed.finish()


@pytest.mark.parametrize(
    "garbage",
    [
        "echo 'Last login: Monday'",
        "head -c 1200000 /dev/zero",
        r"printf '\377\376\033]52;c;AAAA\007\n'",
        "echo '[1,2]'",
    ],
)
def test_garbage_is_named_harmless_and_ends_that_collector(
    listener: Listener, started: Callable[..., Feed], garbage: str
) -> None:
    started(f"{garbage}; exec sleep 600")
    failure = listener.stopped(2)
    assert failure.message.startswith("this is not our collector's stream")
    assert "\x1b" not in failure.message


def test_garbage_in_the_middle_loses_nothing_of_what_came_before(
    listener: Listener, started: Callable[..., Feed], told: Path
) -> None:
    started(f"cat {told}; echo Segmentation fault; exec sleep 600")
    assert "line" in listener.stopped().message
    patches = [item for item in listener.heard if isinstance(item, SourcePatch) and not item.patch.failure]
    assert len(patches) == sum(b'"pods"' in line for line in told.read_bytes().splitlines()[1:])


def test_a_collector_that_looks_at_another_cluster_is_not_followed(
    listener: Listener, started: Callable[..., Feed], told: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(told.read_bytes().replace(b"kind-made", b"kind-other"))
    started(f"cat {told}; mv {elsewhere} {told} 2>/dev/null; exit 0")
    failure = listener.stopped(2)
    assert failure.message.startswith("it looks at another cluster now: kind-other")
    assert "pinned to kind-made" in failure.message
    assert len(listener.headers) == 1
    assert b"kind-other" not in listener.bytes


def test_a_descriptor_is_read_once_and_its_end_is_said(listener: Listener, told: Path) -> None:
    reading, writing = os.pipe()
    feed = Feed(SystemClock(), source=reading, sources=lambda: ("pods",))
    feed.start(listener)
    os.write(writing, told.read_bytes())
    listener.wait(lambda: listener.bytes == told.read_bytes())
    os.close(writing)
    failure = listener.stopped()
    assert (failure.message, failure.retry_at) == ("the stream ended", 0)
    said = [item.note for item in listener.heard if isinstance(item, Noted)]
    assert CollectorSaid("the stream ended") in said


def test_a_pipe_that_closes_before_anything_came_says_where_the_reason_is(listener: Listener) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    Feed(SystemClock(), source=reading, sources=lambda: ("pods",)).start(listener)
    assert listener.stopped().message == NOTHING_CAME


HANGING = {
    "nothing is hanging": "cat; exit 0",
    "it ignores TERM": "trap '' TERM; sleep 600 & while :; do wait; done",
    "it is stopped": "kill -STOP $$",
    "its children hang": "sleep 600 & sleep 600 & wait",
    "it has closed its output": "exec >&- 2>&-; trap '' TERM; sleep 600 & while :; do wait; done",
}


@pytest.mark.parametrize("script", HANGING.values(), ids=HANGING.keys())
def test_closing_leaves_nothing_behind_whatever_hangs(
    listener: Listener, started: Callable[..., Feed], tmp_path: Path, script: str
) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    feed = started(f"echo $$ > {pids}; {script}")
    session = int(pids.read_text())
    feed.close()
    feed.finish()
    until(lambda: not members_of(session), "the whole session is gone")  # killed; dying takes the kernel a moment


def test_nothing_is_started_any_more_after_closing(
    listener: Listener, started: Callable[..., Feed], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    feed = started(f"echo $$ >> {pids}; exit 1")
    listener.stopped(2)
    feed.close()
    feed.finish()
    feed._thread.join(WITHIN)
    assert not feed._thread.is_alive()
    assert not [pid for pid in pids.read_text().split() if members_of(int(pid))]


def test_one_that_hangs_without_a_word_is_ended_and_started_again(listener: Listener, told: Path) -> None:
    command = ("/bin/sh", "-c", f"cat {told}; kill -STOP $$")
    feed = Feed(SystemClock(), command=command, sources=lambda: ("pods",), silent_ms=100)
    feed.spawn()
    feed.start(listener)
    assert listener.stopped().message == "the collector hangs: nothing came for 0.1 s"
    listener.wait(lambda: len(listener.headers) == 2)
    feed.close()
    feed.finish()


def test_asking_one_that_does_not_read_never_waits(listener: Listener, started: Callable[..., Feed]) -> None:
    feed = started("exec sleep 600")
    for number in range(5_000):
        feed.ask(AskRetry(id=f"request-{number}", source="pods"))  # the pipe is full long before


def members_of(session: int) -> list[int]:
    """The processes of a session that are still running."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def test_a_collector_that_nobody_reads_yet_can_be_ended() -> None:
    feed = Feed(SystemClock(), command=(sys.executable, "-c", "input()"))
    feed.spawn()
    child = feed._child
    assert child is not None
    feed.close()
    feed.finish(within_ms=5_000)
    assert child.code is not None


def test_a_collector_that_was_begun_before_there_were_settings_is_the_first_and_no_other_is_started(
    listener: Listener, started: Callable[..., Feed], told: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    child = Child(("/bin/sh", "-c", f"head -n 1 > {first}; cat {told}"))
    started(f"head -n 1 > {second}; exec sleep 600", begun=child, settings=lambda before: str(before is None).encode())
    until(lambda: second.exists() and second.read_text() == "False\n", "another one takes its place")
    assert first.read_text() == "True\n"
    assert listener.bytes[: told.stat().st_size] == told.read_bytes()
    assert listener.failures()[0].message == "the collector ended with exit code 0"
