"""The bell on a real terminal: one byte, for whoever may act, and none where it is not wanted."""

from __future__ import annotations

import re

import pytest

from tests.console.desk import Desk, quit_by_key
from tests.session.made import BEGAN, FINE, crashing, patch, row
from tests.terminal.output import BELL
from tests.terminal.pty import Terminal
from wfconsole.clock import SECOND, ManualClock, Millis
from wfconsole.recording.format import StreamWriter, Target


def lines(*patches: tuple[int, bytes], keyframe: bool) -> list[bytes]:
    """A header, then what the pods are at so many seconds after the beginning."""
    written: list[bytes] = []
    writer = StreamWriter(written.append, ManualClock(BEGAN))
    writer.header(title="a made incident", target=Target("kind-made", "production", "https://made.example:6443"))
    for second, body in patches:
        writer.patch("pods", BEGAN + second * SECOND, body, keyframe=keyframe)
    return written


@pytest.fixture
def calm(desk: Desk) -> Desk:
    """A desk on a stream in which nothing has gone wrong yet."""
    desk.stream.write_bytes(b"".join(lines((0, patch(row(FINE), row("gateway-b"))), keyframe=True)))
    return desk


def break_all(desk: Desk, second: int) -> None:
    """Both pods crash: the pane becomes critical."""
    at: Millis = BEGAN + second * SECOND
    broken = [crashing(at), row(FINE, ready=False, ready_containers=0, status="CrashLoopBackOff", restarts=3)]
    with desk.stream.open("ab") as stream:
        stream.write(lines((second, patch(*broken)), keyframe=False)[-1])


def bells(terminal: Terminal) -> int:
    return sum(token.text == BELL for token in terminal.forbidden_bytes())


def see_it_break(desk: Desk, terminal: Terminal) -> None:
    terminal.wait_for("2/2 ready")
    break_all(desk, 4)
    terminal.wait_for("0/2 ready")
    terminal.wait_for(re.compile("3 Pods +■ CRIT"))


def test_a_pane_that_becomes_critical_is_heard_once(calm: Desk) -> None:
    with calm.live() as terminal:
        see_it_break(calm, terminal)
        assert bells(terminal) == 1
        terminal.press("w")
        terminal.wait_for("PODS NOT READY")
        assert quit_by_key(terminal) == 0
        assert bells(terminal) == 1
        assert terminal.forbidden_bytes(bell=True) == []


def test_an_observer_hears_nothing(calm: Desk) -> None:
    with calm.live("--observer") as terminal:
        see_it_break(calm, terminal)
        assert quit_by_key(terminal) == 0
        assert bells(terminal) == 0


def test_the_setting_turns_it_off(calm: Desk) -> None:
    calm.environment["WFCONSOLE_CONSOLE_BELL"] = "false"
    with calm.live() as terminal:
        see_it_break(calm, terminal)
        assert quit_by_key(terminal) == 0
        assert bells(terminal) == 0
