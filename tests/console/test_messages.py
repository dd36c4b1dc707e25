"""Messages of whole consoles: sent by a process of its own, killed at any instant, and there once."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.comms.conftest import CANARY
from tests.comms.servers import Slack, closed_port, serving
from tests.console.desk import Desk, command_of, declare, descendants, kill
from tests.terminal.pty import Terminal
from wfconsole.incident.advance import fold
from wfconsole.incident.events import MessageFailed, MessageQueued, MessageSent, MessageTried


@pytest.fixture
def slack() -> Iterator[Slack]:
    with serving(Slack()) as server:
        yield server


@pytest.fixture
def told(watch: Desk, slack: Slack, tmp_path: Path) -> Desk:
    """A desk that looks at a cluster now (a stream of old would make every message old), and has a Slack."""
    desk = watch
    token = tmp_path / "token"
    token.write_text(CANARY + "\n")
    token.chmod(0o600)
    desk.environment |= {
        "WFCONSOLE_SLACK_TOKEN_FILE": str(token),
        "WFCONSOLE_SLACK_BASE_URL": f"{slack.url}/api/",
        "WFCONSOLE_SLACK_CHANNEL": "incidents",
        "WFCONSOLE_MESSAGES_DEADLINE": "5",
    }
    slack.channels = [{"id": "C0INCIDENT", "name": "incidents"}]
    return desk


def release(terminal: Terminal) -> None:
    """The declaration, as it is drafted, to Slack."""
    terminal.press("m")
    terminal.wait_for("MESSAGES 1/")
    terminal.press("P")
    terminal.wait_for("REVIEW Declaration")
    terminal.press("enter")
    terminal.wait_for("yes, as it stands")
    terminal.press("down", "enter")
    terminal.wait_for("shows what came of it")


def standing(desk: Desk) -> str:
    (message,) = fold(desk.entries()).messages.values()
    return message.standing


def senders(terminal: Terminal) -> list[int]:
    return [pid for pid in descendants(terminal.pid) if b"wfconsole.comms.sender" in command_of(pid)]


def no_secret(desk: Desk) -> None:
    for path in desk.folder.rglob("*"):
        if path.is_file() and path.name != "token":
            assert CANARY.encode() not in path.read_bytes(), path


def test_a_message_is_released_sent_and_in_the_record(told: Desk, slack: Slack) -> None:
    with told.watching() as terminal:
        declare(terminal, "x <!channel> *b*")
        release(terminal)
        terminal.press("l")
        terminal.wait_for(re.compile("sent {5}slack"))  # without a hollow mark: on disk
        kill(terminal)
    of_messages = [entry.event for entry in told.entries() if type(entry.event).__name__.startswith("Message")]
    assert [type(event) for event in of_messages] == [MessageQueued, MessageTried, MessageSent]
    (body,) = slack.kept
    assert "<!channel>" not in body["text"]
    assert body["channel"] == "#incidents"
    no_secret(told)


def test_what_was_queued_while_slack_is_away_survives_a_kill(told: Desk) -> None:
    port = closed_port()
    told.environment["WFCONSOLE_SLACK_BASE_URL"] = f"http://127.0.0.1:{port}/api/"
    with told.watching() as terminal:
        declare(terminal, "gateway is down")
        release(terminal)
        terminal.press("l")
        terminal.wait_for("it did not arrive")
        kill(terminal)
    with serving(Slack(), port) as back:
        with told.resumed() as terminal:
            terminal.wait_for("gateway is down")
            terminal.press("l")
            terminal.wait_for("ARRIVED")
            kill(terminal)
        assert len(back.kept) == 1


@pytest.mark.parametrize("step", ["kept-hang", "hang"])
def test_a_console_killed_while_it_sends_sends_once(step: str, told: Desk, slack: Slack) -> None:
    slack.script = [step]
    there = threading.Event()
    slack.on_write = there.set
    with told.watching() as terminal:
        declare(terminal, "gateway is down")
        release(terminal)
        assert there.wait(20)
        left = senders(terminal)
        kill(terminal)
    for pid in left:
        wait_gone(pid)
    assert standing(told) == "sending"
    with told.resumed() as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("l")
        terminal.wait_for("ARRIVED")
        kill(terminal)
    assert len(slack.kept) == 1
    no_secret(told)


def wait_gone(pid: int) -> None:
    """A sender ends with its console."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    import select

    assert select.select([descriptor], [], [], 10)[0], "the sender outlives its console"
    os.close(descriptor)


def test_a_sender_that_is_killed_is_looked_after(told: Desk, slack: Slack) -> None:
    slack.script = ["kept-hang"]
    there = threading.Event()
    slack.on_write = there.set
    with told.watching() as terminal:
        declare(terminal, "gateway is down")
        release(terminal)
        assert there.wait(20)
        for pid in senders(terminal):
            os.kill(pid, signal.SIGKILL)
        terminal.press("l")
        terminal.wait_for("ARRIVED")
        kill(terminal)
    failed = [entry.event for entry in told.entries() if isinstance(entry.event, MessageFailed)]
    assert [(event.reason, event.unknown) for event in failed] == [("the sender ended without a word", True)]
    assert len(slack.kept) == 1


def test_an_observer_sends_nothing_that_others_left(told: Desk, slack: Slack) -> None:
    port = closed_port()
    told.environment["WFCONSOLE_SLACK_BASE_URL"] = f"http://127.0.0.1:{port}/api/"
    with told.watching() as terminal:
        declare(terminal, "gateway is down")
        release(terminal)
        terminal.press("l")
        terminal.wait_for("it did not arrive")
        kill(terminal)
    told.environment["WFCONSOLE_SLACK_BASE_URL"] = f"{slack.url}/api/"
    with told.resumed("--observer") as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("l")
        terminal.wait_for("NOT THERE YET")
        assert not senders(terminal)
        kill(terminal)
    assert not slack.seen


def test_of_two_consoles_on_one_incident_one_sends_what_is_queued(told: Desk) -> None:
    port = closed_port()
    told.environment["WFCONSOLE_SLACK_BASE_URL"] = f"http://127.0.0.1:{port}/api/"
    with told.watching() as first:
        declare(first, "gateway is down")
        release(first)
        first.press("l")
        first.wait_for("it did not arrive")
        with told.resumed() as second:
            second.wait_for("gateway is down")
            second.press("l")
            second.wait_for("NOT THERE YET")  # it may have read the record in the middle of an attempt
            with serving(Slack(), port) as back:
                first.press("R")
                first.wait_for("ARRIVED")
                assert not senders(second)
                assert len(back.kept) == 1
            kill(second)
        kill(first)
