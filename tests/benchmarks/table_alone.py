"""Our own table in an app as small as that of its control, `controls.Table`.

Run as: python -m tests.benchmarks.table_alone ROWS
"""

from __future__ import annotations

import random
import sys

import msgspec
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.benchmarks.made_world import made_pod
from tests.builders import NOW, row_key
from tests.tui.harness import THEMES, Desk
from wfconsole.observations.pods import PodRow
from wfconsole.observations.snapshot import Patch, follow
from wfconsole.tui import compat
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.ink import Palette
from wfconsole.tui.listings.pods import AllPodsListing
from wfconsole.tui.widgets.line_table import LineTable


class TableAlone(App[None], inherit_bindings=False):
    """The list of all pods and nothing else. A key changes a hundredth of the pods and the first one, from new
    rows to the screen: followed, judged, put in order, drawn."""

    CSS = "LineTable { height: 1fr; }"

    def __init__(self, rows: int) -> None:
        super().__init__()
        compat.no_extras(self)
        compat.paint_changed_cells_only()
        compat.keep_few_cuts()
        theme = THEMES["warroom-dark"]
        self.palette = Palette(theme, ascii_only=False)
        self.pods = [made_pod(number, NOW) for number in range(rows)]
        self.snapshot = follow(None, "pods", NOW, Patch(rows={row_key(row): row for row in self.pods}), keyframe=True)
        self.frame = frame_of(Desk(), UNICODE, observer=False, lag_ms=0)
        self.count = 0
        self.chance = random.Random(1)

    def compose(self) -> ComposeResult:
        yield Static("<<0>>", id="status", markup=False)
        yield LineTable(AllPodsListing(), id="table")

    def on_mount(self) -> None:
        self._show()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.count += 1
        changed: dict[str, PodRow | None] = {}
        for number in {0, *self.chance.sample(range(len(self.pods)), len(self.pods) // 100)}:
            before = self.pods[number]
            row = self.pods[number] = msgspec.structs.replace(before, restarts=before.restarts + 1)
            changed[row_key(row)] = row
        self.snapshot = follow(self.snapshot, "pods", NOW, Patch(rows=changed), keyframe=False)
        self._show()
        self.query_one("#status", Static).update(f"<<{self.count}>>", layout=False)

    def _show(self) -> None:
        world = self.frame.view.world.with_snapshot(self.snapshot)
        judged = self.frame.view.judged.after(world, "pods", NOW)
        view = msgspec.structs.replace(self.frame.view, world=world, judged=judged)
        self.frame = msgspec.structs.replace(self.frame, view=view)
        self.query_one(LineTable).update(self.frame)


if __name__ == "__main__":
    TableAlone(int(sys.argv[1])).run()
