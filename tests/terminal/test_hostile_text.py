"""Hostile text through every kind of widget that the console uses, down to the bytes on the terminal."""

import pytest

from tests.terminal.hostile import CANARY, HOSTILE
from tests.terminal.probes import probe
from tests.terminal.pty import Terminal

# The lines on which a text is shown from its beginning: a table twice, static text, a label, a list.
SHOWN_ON = (1, 2, 4, 5, 7)


def show_all(terminal: Terminal, *, visible: bool = False) -> int:
    """Show each hostile string in turn, and ask whether a person sees it; the number of hits of the net at the end."""
    terminal.wait_for("READY")
    shown = 0
    for page, text in enumerate(HOSTILE.values()):
        terminal.press("n")
        shown = terminal.wait_raw(f"page {page} hits ".encode(), shown)
        if visible and text:
            terminal.wait_until(lambda: seen(terminal), f"{text!r} in every place")
    terminal.wait_raw(b";", shown)
    return int(terminal.raw[shown:].split()[0])


def seen(terminal: Terminal) -> bool:
    lines = terminal.lines
    return all(CANARY in lines[number] for number in SHOWN_ON)


@pytest.mark.parametrize("columns", [80, 200])
def test_text_that_passed_the_gate_reaches_the_terminal_inert_and_the_net_catches_nothing(columns: int) -> None:
    with Terminal(probe("hostile", "safe"), columns=columns, rows=30) as terminal:
        assert show_all(terminal, visible=True) == 0
        assert terminal.forbidden_bytes() == []
        assert terminal.running
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_text_that_missed_the_gate_is_caught_and_counted_by_the_net() -> None:
    with Terminal(probe("hostile", "raw"), rows=30) as terminal:
        assert show_all(terminal) > 50
        assert terminal.forbidden_bytes() == []


def test_without_gate_and_net_the_harness_sees_what_gets_through() -> None:
    """The control: the clean results above mean nothing if this one were clean too."""
    with Terminal(probe("hostile", "raw-unguarded"), rows=30) as terminal:
        terminal.wait_for("READY")
        terminal.press("n")
        terminal.wait_raw(b"page 0 hits")
        terminal.press("n")  # the first one is a colour, which Textual writes too
        terminal.wait_raw(b"\x1b[2J")
        assert terminal.forbidden_bytes()


def test_a_click_on_hostile_text_runs_no_action() -> None:
    with Terminal(probe("hostile", "safe"), rows=30) as terminal:
        terminal.wait_for("READY")
        for page, text in enumerate(HOSTILE.values()):
            terminal.press("n")
            if "@click" not in text:
                continue
            terminal.wait_for(f"page {page} hits")
            for row in range(12):
                terminal.click(6, row)
            terminal.press("n", "n")
            break
        terminal.wait_for("owned False")
        assert "owned True" not in terminal.text


def test_a_mouse_that_moves_over_text_writes_only_pointer_shapes() -> None:
    with Terminal(probe("hostile", "safe"), rows=30) as terminal:
        terminal.wait_for("READY")
        for row in range(12):
            terminal.send(f"\x1b[<35;5;{row + 1}M")
        terminal.press("n")
        terminal.wait_for("page 0 hits")
        assert terminal.forbidden_bytes() == []
