"""The harness itself: a test that uses it is worth what these say."""

import sys

import pytest

from tests.terminal.hostile import ESCAPES, HOSTILE, HOSTILE_BYTES
from tests.terminal.output import forbidden
from tests.terminal.pty import Terminal

PRINT = "import sys; sys.stdout.buffer.write({!r}); sys.stdout.flush()"
OWN = (
    b"\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[>25u\x1b[?2026$p\x1b[1;1H\x1b[1;38;5;9mtext \xe2\x96\xa0\x1b[0m\r\n"
    b"\x1b]22;pointer\x07\x1b[<u\x1b[?1049l"
)


def test_there_are_at_least_57_hostile_strings() -> None:
    assert len(HOSTILE) >= 57


def test_textuals_own_sequences_are_allowed() -> None:
    assert forbidden(OWN) == []


@pytest.mark.parametrize("name", [name for name in ESCAPES if name not in ("colour", "leave the alternate screen")])
def test_every_escape_sequence_of_a_stranger_is_found(name: str) -> None:
    text = ESCAPES[name]
    own_too = {
        "hide the cursor",
        "mouse off",
        "bracketed paste off",
        "cursor away",
    }  # known by what they do, not by form
    assert bool(forbidden(text.encode())) != (name in own_too)


@pytest.mark.parametrize(
    "raw", [*HOSTILE_BYTES.values(), "\u202e".encode(), "\u2800".encode(), b"\x07", b"\t", b"\x1b["]
)
def test_broken_and_deceiving_bytes_are_found(raw: bytes) -> None:
    assert forbidden(raw)


def test_what_a_test_expects_it_can_allow() -> None:
    copy = b"\x1b]52;c;b3duZWQ=\x07"
    assert forbidden(copy)
    assert forbidden(copy, clipboard=True) == []
    assert forbidden(b"\x07", bell=True) == []


def test_the_screen_is_what_a_terminal_would_show() -> None:
    with Terminal([sys.executable, "-c", PRINT.format(b"one\n\x1b[?1049h\x1b[3;5Htwo\x1b[?1049l")]) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.lines[0] == "one"
        assert not terminal.full_screen


def test_what_follows_an_odd_mark_is_on_the_screen_too() -> None:
    text = HOSTILE["keycap"] + " " + HOSTILE["Devanagari"] + " behind"
    with Terminal([sys.executable, "-c", PRINT.format(text.encode())]) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.lines[0].endswith("behind")


def test_the_command_has_a_terminal_of_its_own_in_the_size_it_was_given() -> None:
    code = (
        "import os; t = os.get_terminal_size()\n"
        "print(t.columns, t.lines, os.ttyname(0) == os.ttyname(2), os.getsid(0) == os.getpid())"
    )
    with Terminal([sys.executable, "-c", code], columns=77, rows=11) as terminal:
        terminal.wait_for("77 11 True True")
        assert terminal.wait_exit() == 0


def test_keys_arrive_as_they_are_typed() -> None:
    code = "import os, tty; tty.setraw(0); print('ready', end='', flush=True); print(os.read(0, 99), flush=True)"
    with Terminal([sys.executable, "-c", code]) as terminal:
        terminal.wait_for("ready")
        terminal.send("\x1b[A\x1b[B" + "x")
        terminal.wait_for("b'\\x1b[A\\x1b[Bx'")


def test_a_wait_that_fails_shows_the_screen() -> None:
    with Terminal([sys.executable, "-c", "print('what is there')"]) as terminal:
        terminal.wait_exit()
        with pytest.raises(AssertionError, match="what is there"):
            terminal.wait_for("what is not", deadline=0.1)
