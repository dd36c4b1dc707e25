"""Controls: what the same screens cost with Textual's own DataTable, and what answering a key costs at all.

Run as: python -m tests.benchmarks.controls (update | rebuild | panes) ROWS, or echo
"""

from __future__ import annotations

import os
import random
import sys
import termios
import tty
from collections.abc import Iterator

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Static

COLUMNS = ("pod", "ready", "status", "restarts", "age", "node", "namespace", "owner", "image")


class Table(App[None], inherit_bindings=False):
    """A table. `r` changes a hundredth of the rows and the first one; other letters filter."""

    CSS = "DataTable { height: 1fr; }"

    def __init__(self, rows: int, *, rebuild: bool) -> None:
        super().__init__()
        self.rows = [_row(number) for number in range(rows)]
        self.rebuild = rebuild
        self.words = ""
        self.count = 0
        self.chance = random.Random(1)

    def compose(self) -> ComposeResult:
        yield Static("<<0>>", id="status", markup=False)
        yield DataTable[str](cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name in COLUMNS:
            table.add_column(name, key=name)
        self._fill(self.rows)
        self._say()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.count += 1
        match event.character:
            case "r":
                self._refresh_rows()
            case str(letter):
                self.words += letter
                self._fill([row for row in self.rows if self.words in row[0]])
            case _:
                self.words = ""
                self._fill(self.rows)
        self._say()

    def _say(self) -> None:
        self.query_one("#status", Static).update(f"<<{self.count}>>", layout=False)

    def _refresh_rows(self) -> None:
        table = self.query_one(DataTable)
        for number in {0, *self.chance.sample(range(len(self.rows)), len(self.rows) // 100)}:
            row = self.rows[number]
            row[3] = str(int(row[3]) + 1)
            if not self.rebuild:
                table.update_cell(str(number), "restarts", row[3])
        if self.rebuild:
            self._fill(self.rows)

    def _fill(self, rows: list[list[str]]) -> None:
        table = self.query_one(DataTable)
        table.clear()
        if self.rebuild:
            table.add_rows(rows)
        else:
            for number, row in enumerate(rows):
                table.add_row(*row, key=str(number))


class Panes(App[None], inherit_bindings=False):
    """Five tables of which each changes a hundredth of its rows each second; `n` moves the cursor of the first."""

    CSS = "DataTable { height: 1fr; width: 1fr; }"

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.tables = [[_row(number) for number in range(count)] for count in (rows, 100, 20, 100, 50)]
        self.count = 0
        self.chance = random.Random(1)

    def compose(self) -> ComposeResult:
        yield Static("<<0>>", id="status", markup=False)
        with Horizontal():
            for first in (0, 2):
                with Vertical():
                    yield from (
                        DataTable[str](cursor_type="row", id=f"t{n}") for n in range(first, first + 2 + first // 2)
                    )

    def on_mount(self) -> None:
        for table, rows in self._each():
            for name in COLUMNS:
                table.add_column(name, key=name)
            for number, row in enumerate(rows):
                table.add_row(*row, key=str(number))
        self.set_interval(1.0, self._refresh_all)
        self._say()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.count += 1
        self.query_one("#t0", DataTable).move_cursor(row=self.count)
        self._say()

    def _say(self) -> None:
        self.query_one("#status", Static).update(f"<<{self.count}>>", layout=False)

    def _refresh_all(self) -> None:
        for table, rows in self._each():
            for number in {0, *self.chance.sample(range(len(rows)), max(1, len(rows) // 100))}:
                rows[number][3] = str(int(rows[number][3]) + 1)
                table.update_cell(str(number), "restarts", rows[number][3])

    def _each(self) -> Iterator[tuple[DataTable[str], list[list[str]]]]:
        for number, rows in enumerate(self.tables):
            yield self.query_one(f"#t{number}", DataTable), rows


def _row(number: int) -> list[str]:
    name = f"gateway-{number // 100:03}-6d5f7c-{number % 100:02}"
    owner = f"gateway-{number // 100:03}"
    return [name, "1/1", "Running", "0", "7h", f"node-{number % 100:03}", "production", owner, "team/gateway:1.4.1"]


def echo() -> None:
    """Give every key back at once: the least that a terminal program can do."""
    before = termios.tcgetattr(0)
    tty.setraw(0)
    os.write(1, b"READY")
    count = 0
    try:
        while os.read(0, 1):
            count += 1
            os.write(1, b"<<%d>>" % count)
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)


def main() -> None:
    match sys.argv[1:]:
        case ["echo"]:
            echo()
        case ["panes", rows]:
            Panes(int(rows)).run()
        case [kind, rows]:
            Table(int(rows), rebuild=kind == "rebuild").run()


if __name__ == "__main__":
    main()
