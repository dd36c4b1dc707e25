"""The outbox over a record in memory, with real sender processes and real servers: everything arrives, and once."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.comms.servers import PagerDuty, Receiver, Slack, StatusPage, closed_port, serving
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.comms.plan import Failed
from wfconsole.comms.post import Post
from wfconsole.comms.process import sender_command
from wfconsole.comms.routes import Routes
from wfconsole.incident.advance import advance
from wfconsole.incident.events import (
    Declared,
    Entry,
    Event,
    MessageDropped,
    MessageFailed,
    MessageQueued,
    MessageSent,
    MessageTried,
    Restricted,
)
from wfconsole.incident.state import IncidentState, Message

CLOCK = SystemClock()
PLACES = {"slack": "#inc-20260301-1420", "pagerduty": "wfconsole", "status page": "pg1"}


class Record:
    """The journal in memory. `torn`: from now on nothing more is written, as if the console had been killed."""

    def __init__(self, entries: tuple[Entry, ...] = ()) -> None:
        self.entries: list[Entry] = []
        self.state = IncidentState()
        self.torn = False
        self.on_disk = True
        self.changed = threading.Condition()
        for entry in entries:
            self._take(entry)

    def submit(self, event: Event) -> str:
        with self.changed:
            entry = Entry(f"e{len(self.entries)}", len(self.entries) + 1, CLOCK.now(), "op1", event)
            if not self.torn:
                self._take(entry)
            self.changed.notify_all()
            return entry.id

    def _take(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.state = advance(self.state, entry)

    def wait(self, until: Callable[[IncidentState], bool], seconds: float = 20) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: until(self.state), seconds), self.state.messages

    def kinds(self) -> list[type[Event]]:
        return [type(entry.event) for entry in self.entries]


def declared() -> Record:
    record = Record()
    record.submit(Declared("INC-20260301-1420", "checkout errors", "SEV2", "op1"))
    return record


def queued(sink: str, name: str = "m1", state: str = "investigating") -> MessageQueued:
    public = sink == "status page"
    return MessageQueued(
        name,
        f"status-page-{state}" if public else "declaration",
        sink,
        f"text of {name}",
        audience="public" if public else "inside",
        place=PLACES.get(sink, ""),
        state=state if public else "",
    )


@contextmanager
def posting(record: Record, routes: Routes, *, inherits: bool = True) -> Iterator[Post]:
    post = Post(
        routes=routes,
        clock=CLOCK,
        command=sender_command(),
        state=lambda: record.state,
        submit=record.submit,
        on_disk=lambda _: record.on_disk,
        inherits=lambda _: inherits,
        spread=lambda: 0.0,
    )
    post.start()
    try:
        yield post
    finally:
        post.close()


def standing(name: str, *wanted: str) -> Callable[[IncidentState], bool]:
    return lambda state: state.messages[name].standing in wanted


def send(record: Record, post: Post, message: MessageQueued) -> None:
    record.submit(message)
    post.own(message.message)


@pytest.fixture(params=["slack", "pagerduty", "status page"])
def sink(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def server(sink: str, slack: Slack, pagerduty: PagerDuty, status_page: StatusPage) -> Receiver:
    return {"slack": slack, "pagerduty": pagerduty, "status page": status_page}[sink]


def arrived_once(server: Receiver) -> bool:
    return len(server.alerts) == 1 if isinstance(server, PagerDuty) else len(server.kept) == 1


def test_what_is_queued_is_begun_then_arrives(sink: str, server: Receiver, routes: Routes) -> None:
    record = declared()
    with posting(record, routes) as post:
        send(record, post, queued(sink))
        record.wait(standing("m1", "sent"))
    assert record.kinds() == [Declared, MessageQueued, MessageTried, MessageSent]
    assert record.state.messages["m1"].reference
    assert arrived_once(server)


def test_nothing_leaves_before_it_is_on_disk(sink: str, server: Receiver, routes: Routes) -> None:
    record = declared()
    record.on_disk = False
    with posting(record, routes) as post:
        send(record, post, queued(sink))
        for _ in range(20):
            post.look()
            time.sleep(0.01)  # nothing to wait for: that nothing happens is what is tested
        assert record.state.messages["m1"].standing == "queued"
        assert not server.seen
        record.on_disk = True
        post.look()
        record.wait(standing("m1", "sent"))


@pytest.mark.parametrize("step", ["429 1", "503", "reset", "cut", "lost"])
def test_whatever_goes_wrong_once_it_arrives_once(step: str, sink: str, server: Receiver, routes: Routes) -> None:
    server.script = [step]
    record = declared()
    with posting(record, routes) as post:
        send(record, post, queued(sink))
        record.wait(standing("m1", "sent"))
    assert arrived_once(server)
    assert MessageFailed in record.kinds()


def test_retry_after_is_kept(routes: Routes, slack: Slack) -> None:
    slack.script = ["429 120"]
    record = declared()
    with posting(record, routes) as post:
        send(record, post, queued("slack"))
        record.wait(standing("m1", "failed"))
    message = record.state.messages["m1"]
    assert message.retry_at - CLOCK.now() > 100_000
    assert len(slack.writes("postMessage")) == 1


def test_a_message_waits_while_the_server_is_away_and_arrives_when_it_is_back(routes: Routes) -> None:
    port = closed_port()
    away = msgspec.structs.replace(routes.slack, base_url=f"http://127.0.0.1:{port}/api/")
    record = declared()
    with posting(record, msgspec.structs.replace(routes, slack=away)) as post:
        send(record, post, queued("slack"))
        record.wait(standing("m1", "failed"))
        assert record.state.messages["m1"].retry_at
        with serving(Slack(), port) as back:
            record.wait(standing("m1", "sent"))
            assert len(back.kept) == 1


def test_updates_arrive_in_their_order_and_on_one_incident_of_the_page(routes: Routes, status_page: StatusPage) -> None:
    status_page.script = ["503"]
    record = declared()
    states = ("investigating", "identified", "monitoring", "resolved")
    with posting(record, routes) as post:
        for state in states:
            send(record, post, queued("status page", state, state))
        record.wait(lambda state: all(message.standing == "sent" for message in state.messages.values()))
    assert [told["status"] for told in status_page.kept] == list(states)
    assert list(status_page.incidents) == ["sp1"]


def test_a_refusal_for_good_waits_for_a_person_and_holds_up_nothing(routes: Routes, slack: Slack) -> None:
    slack.error = "channel_not_found"
    record = declared()
    with posting(record, routes) as post:
        send(record, post, queued("slack"))
        record.wait(standing("m1", "failed"))
        assert record.state.messages["m1"].retry_at == 0
        slack.error = ""
        send(record, post, queued("slack", "m2"))
        record.wait(standing("m2", "sent"))
        send(record, post, queued("slack"))  # released again by a person
        record.wait(standing("m1", "sent"))
    assert len(slack.kept) == 2


def test_what_cannot_be_looked_for_waits_for_a_person(routes: Routes, slack: Slack) -> None:
    slack.script, slack.history_error = ["reset"], "missing_scope"
    record = declared()

    def waits(state: IncidentState) -> bool:
        return state.messages["m1"].attempts == 2 and state.messages["m1"].standing == "unknown"

    with posting(record, routes) as post:
        send(record, post, queued("slack"))
        record.wait(waits)
        assert record.state.messages["m1"].retry_at == 0
        assert len(slack.kept) == 1
        send(record, post, queued("slack"))
        record.wait(standing("m1", "sent"))
    assert len(slack.kept) == 2, "the person said so"


def test_what_is_dropped_is_not_sent(routes: Routes, slack: Slack) -> None:
    slack.always = "503"
    record = declared()
    with posting(record, routes) as post:
        send(record, post, queued("slack"))
        record.wait(standing("m1", "unknown", "failed"))
        record.submit(MessageDropped("m1", "too late"))
        before = len(slack.seen)
        for _ in range(20):
            post.look()
            time.sleep(0.01)  # nothing to wait for: that nothing happens is what is tested
    assert len(slack.seen) == before


def test_what_is_dropped_while_its_attempt_is_written_down_is_not_sent(routes: Routes, slack: Slack) -> None:
    record = declared()
    with posting(record, routes) as post:
        record.submit(queued("slack"))
        record.on_disk = True
        seen = record.state
        record.submit(MessageDropped("m1", "too late"))
        post._attempt("m1", seen)
    assert not slack.seen
    assert record.state.messages["m1"].standing == "dropped"


def test_a_restriction_holds_for_what_was_queued_before(routes: Routes, status_page: StatusPage, slack: Slack) -> None:
    record = declared()
    record.submit(Restricted(on=True, code_name="HERON", reason="a leak"))
    with posting(record, routes) as post:
        send(record, post, queued("status page"))
        send(record, post, queued("slack", "m2"))
        record.wait(lambda state: all(message.standing == "failed" for message in state.messages.values()))
    assert "restricted" in record.state.messages["m1"].reason
    assert not status_page.seen
    assert not slack.seen


def test_what_comes_of_a_message_is_not_written_into_another_incident(routes: Routes, slack: Slack) -> None:
    slack.script = ["kept-hang"]
    record = declared()
    there = threading.Event()
    slack.on_write = there.set
    with posting(record, routes) as post:
        send(record, post, queued("slack"))
        assert there.wait(20)
        other = Record()
        other.submit(Declared("INC-20260301-1500", "another", "SEV3", "op1"))
        record.state, before = other.state, len(record.entries)
        slack.let_go.set()
        while post._busy:
            time.sleep(0.01)  # until the sender's end was heard
    assert len(record.entries) == before


def test_what_is_old_is_not_sent_by_itself(routes: Routes, slack: Slack) -> None:
    record = declared()
    record._take(Entry("old", 2, CLOCK.now() - 31 * MINUTE, "op1", queued("slack")))
    with posting(record, routes) as post:
        for _ in range(20):
            post.look()
            time.sleep(0.01)  # nothing to wait for: that nothing happens is what is tested
    assert not slack.seen


def test_another_console_that_runs_keeps_its_own_messages(routes: Routes, slack: Slack) -> None:
    record = declared()
    record.submit(queued("slack"))
    with posting(record, routes, inherits=False) as post:
        send(record, post, queued("slack", "m2"))
        record.wait(standing("m2", "sent"))
    assert record.state.messages["m1"].standing == "queued"
    assert len(slack.kept) == 1


# --- killed at every point


def resumed(record: Record, routes: Routes) -> Message:
    """Another console goes on with what is on disk."""
    after = Record(tuple(record.entries))
    with posting(after, routes):
        after.wait(standing("m1", "sent"))
    return after.state.messages["m1"]


@pytest.mark.parametrize("last", [MessageQueued, MessageTried])
def test_killed_before_the_first_byte_it_arrives_once(
    last: type[Event], sink: str, server: Receiver, routes: Routes
) -> None:
    record = declared()
    record.submit(queued(sink))
    if last is MessageTried:
        record.submit(MessageTried("m1"))
    resumed(record, routes)
    assert arrived_once(server)


@pytest.mark.parametrize("step", ["ok", "kept-hang", "hang"])
def test_killed_while_it_is_sent_it_arrives_once(step: str, sink: str, server: Receiver, routes: Routes) -> None:
    """The console dies when the request is there: what comes of it, nobody writes down."""
    server.script = [step]
    record = declared()
    there = threading.Event()

    def tear() -> None:
        record.torn = True
        there.set()

    server.on_write = tear
    with posting(record, routes) as post:
        send(record, post, queued(sink))
        assert there.wait(20)
    server.on_write = lambda: None
    assert record.kinds()[-1] is MessageTried
    resumed(record, routes)
    assert arrived_once(server)


@pytest.mark.parametrize("step", ["kept-hang", "hang"])
def test_a_sender_that_is_killed_leaves_a_doubt_that_is_looked_into(
    step: str, sink: str, server: Receiver, routes: Routes
) -> None:
    server.script = [step]
    record = declared()
    there = threading.Event()
    server.on_write = there.set
    with posting(record, routes) as post:
        send(record, post, queued(sink))
        assert there.wait(20)
        for pid in senders():
            os.kill(pid, signal.SIGKILL)
        record.wait(standing("m1", "sent"))
    assert arrived_once(server)


def senders() -> list[int]:
    """The sender processes that this test has started."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        for pid in map(int, task.read_text().split()):
            if b"wfconsole.comms.sender" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_pauses_grow_are_spread_and_end(routes: Routes) -> None:
    record = declared()
    record.submit(queued("slack"))
    post = Post(
        routes=routes,
        clock=CLOCK,
        command=(),
        state=lambda: record.state,
        submit=record.submit,
        on_disk=lambda _: True,
        spread=lambda: 0.5,
    )
    message = record.state.messages["m1"]
    pauses = [
        post._failed("m1", message, attempts, Failed("x", again=True)).retry_at - CLOCK.now()
        for attempts in range(1, 12)
    ]
    assert [round(pause / 1000) for pause in pauses[:4]] == [2, 4, 8, 16]
    assert max(pauses) <= 120_000
    assert post._failed("m1", message, 1, Failed("x")).retry_at == 0


def test_a_sender_that_cannot_be_started_is_a_failure_like_any_other(routes: Routes) -> None:
    record = declared()
    post = Post(
        routes=routes,
        clock=CLOCK,
        command=("/does/not/exist",),
        state=lambda: record.state,
        submit=record.submit,
        on_disk=lambda _: True,
    )
    post.start()
    send(record, post, queued("slack"))
    record.wait(standing("m1", "failed"))
    post.close()
    assert "no sender could be started" in record.state.messages["m1"].reason


@pytest.mark.parametrize("program", ["pass", "print('not json')", "import os; os.kill(os.getpid(), 9)"])
def test_a_sender_that_says_nothing_useful_has_sent_nothing(program: str, routes: Routes) -> None:
    record = declared()
    post = Post(
        routes=routes,
        clock=CLOCK,
        command=(sys.executable, "-c", program),
        state=lambda: record.state,
        submit=record.submit,
        on_disk=lambda _: True,
    )
    post.start()
    send(record, post, queued("slack"))
    record.wait(standing("m1", "failed"))
    post.close()
    assert record.state.messages["m1"].reason == "the sender ended without a word"
