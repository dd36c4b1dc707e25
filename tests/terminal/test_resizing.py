"""Any size, and any storm of sizes: nothing breaks, and the last one is what is drawn."""

import re

import pytest

from tests.terminal.probes import probe
from tests.terminal.pty import Terminal

SIZES = [(1, 1), (3, 2), (10, 3), (20, 5), (40, 10), (80, 24), (120, 40), (500, 200)]


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_it_starts_lives_and_ends_in_every_size(columns: int, rows: int) -> None:
    with Terminal(probe("busy"), columns=columns, rows=rows) as terminal:
        after_start = terminal.wait_raw(b"\x1b[?1049h")
        terminal.wait_raw(b"R", after_start)
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored
        assert terminal.forbidden_bytes() == []


def test_a_storm_of_resizes_settles_on_the_last_size() -> None:
    with Terminal(probe("busy"), columns=80, rows=24) as terminal:
        terminal.wait_for("READY")
        for step in range(645):
            columns, rows = SIZES[step % len(SIZES)]
            terminal.resize(columns, rows)
        terminal.resize(60, 12)
        before = len(terminal.raw)
        terminal.wait_raw(b"\x1b[12;1H", before)
        terminal.wait_for(re.compile(r"^\d{60}$", re.MULTILINE))
        assert terminal.running
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.forbidden_bytes() == []
