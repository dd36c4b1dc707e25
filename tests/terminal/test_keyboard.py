"""The keyboard's thread: every key arrives, whole and at once, and nothing wakes it but keys and the end."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

from tests.terminal.output import ENTER_ALTERNATE
from tests.terminal.probes import probe
from tests.terminal.pty import Terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal(probe("typing")) as terminal:
        terminal.wait_for("READY")
        yield terminal


def typed(terminal: Terminal, keys: str) -> None:
    terminal.wait_for(f"TYPED {keys};")


def looks_in_a_second(terminal: Terminal) -> int:
    """How often the thread woke in a second without a key, after `a` was typed."""
    time.sleep(1)
    terminal.press("b")
    typed(terminal, "a,b")
    looks = re.search(r"looks (\d+);", terminal.text)
    assert looks is not None
    return int(looks[1])


def test_it_sleeps_while_nobody_types(terminal: Terminal) -> None:
    terminal.press("a")
    typed(terminal, "a")
    assert looks_in_a_second(terminal) <= 2


def test_a_lone_escape_arrives_by_itself(terminal: Terminal) -> None:
    terminal.send(b"\x1b")
    typed(terminal, "escape")


def test_a_key_that_comes_in_two_pieces_is_one_key(terminal: Terminal) -> None:
    """As over a slow line. The pieces may not be further apart than what tells an Escape from the start of a key."""
    for piece in (b"\x1b", b"[A"):
        terminal.send(piece)
        time.sleep(0.01)
    typed(terminal, "up")


def test_a_letter_of_several_bytes_may_come_byte_by_byte(terminal: Terminal) -> None:
    for byte in "\N{LATIN SMALL LETTER E WITH ACUTE}\N{CJK UNIFIED IDEOGRAPH-65E5}".encode():
        terminal.send(bytes([byte]))
        time.sleep(0.01)
    terminal.press("a")
    typed(terminal, "\N{LATIN SMALL LETTER E WITH ACUTE},\N{CJK UNIFIED IDEOGRAPH-65E5},a")


def test_bytes_that_are_no_text_end_nothing(terminal: Terminal) -> None:
    terminal.send(b"\xff\xfe\xc3")
    terminal.press("a", "q")
    assert terminal.wait_exit() == 0


def test_a_console_that_was_stopped_hears_keys_again(terminal: Terminal) -> None:
    terminal.signal(signal.SIGTSTP)
    terminal.wait_until(lambda: _stopped(terminal), "the process to stop")
    terminal.signal(signal.SIGCONT)
    terminal.press("a")
    typed(terminal, "a")
    assert looks_in_a_second(terminal) <= 2


def test_being_told_to_go_on_where_nothing_had_stopped_changes_nothing(terminal: Terminal) -> None:
    """Textual began a second time: of two keyboard threads one would outlive the app."""
    before = _threads(terminal)
    began = terminal.wait_raw(ENTER_ALTERNATE.encode())
    terminal.signal(signal.SIGCONT)
    terminal.wait_raw(ENTER_ALTERNATE.encode(), began)
    terminal.press("a")
    typed(terminal, "a")
    assert _threads(terminal) == before
    terminal.press("q")
    assert terminal.wait_exit() == 0


def test_a_console_that_was_stopped_without_a_warning_is_drawn_anew(terminal: Terminal) -> None:
    terminal.signal(signal.SIGSTOP)
    terminal.wait_until(lambda: _stopped(terminal), "the process to stop")
    began = terminal.wait_raw(ENTER_ALTERNATE.encode())
    terminal.signal(signal.SIGCONT)
    terminal.wait_raw(ENTER_ALTERNATE.encode(), began)
    terminal.press("a")
    typed(terminal, "a")


def test_a_terminal_that_is_closed_ends_it_though_the_system_also_says_go_on(terminal: Terminal) -> None:
    terminal.hang_up()
    terminal.signal(signal.SIGCONT)
    assert terminal.wait_exit() == 128 + signal.SIGHUP


def _threads(terminal: Terminal) -> int:
    return len(os.listdir(f"/proc/{terminal.pid}/task"))


def _stopped(terminal: Terminal) -> bool:
    state = os.waitid(os.P_PID, terminal.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
    return state is not None
