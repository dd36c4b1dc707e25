"""The real console on the hostile recording, standing still where all of it but the failure has been said."""

from __future__ import annotations

from pathlib import Path

from tests.terminal.counted import counted
from tests.terminal.hostile_recording import hostile_recording
from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal


class Replayed(Terminal):
    """`folder` is its home and has its state, in which the recording lies among those that can be replayed."""

    def __init__(self, folder: Path, columns: int, rows: int, *options: str) -> None:
        recording = folder / "recordings" / "hostile.jsonl"
        recording.parent.mkdir()
        recording.write_text(hostile_recording())
        self._hits = folder / "hits"
        command = counted(self._hits, "replay", str(recording), "--paused", "--at", "T+00:02", *options)
        home = {"HOME": str(folder), "WFCONSOLE_STATE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        super().__init__(command, columns=columns, rows=rows, env=home)

    @property
    def hits(self) -> int:
        """What the net has caught, once the console has ended."""
        return int(self._hits.read_text())
