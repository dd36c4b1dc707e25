"""One operator's state on disk and consoles on it, each the real one under a real terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.session.made import stream
from tests.terminal.pty import Terminal
from wfconsole.incident.events import Entry, NoteAdded
from wfconsole.session.journaling import read_entries
from wfconsole.tui.glyphs import UNICODE

PENDING: Final = UNICODE.pending  # before a line that is not on disk yet
ROOT: Final = Path(__file__).parents[2]


class Desk:
    """A home, a state folder, fallbacks and a small stream: everything of this operator is below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incidents = folder / "state" / "incidents"
        self.recordings = folder / "state" / "recordings"
        self.fallback = folder / "fallback"
        self.fallback.mkdir()
        self.stream = folder / "stream.jsonl"
        self.stream.write_bytes(b"".join(line for line in stream().splitlines(True) if b'"operator"' not in line))
        self.environment: dict[str, str | None] = {
            "WFCONSOLE_STATE_DIR": str(folder / "state"),
            "WFCONSOLE_JOURNAL_FALLBACKS": str(self.fallback),
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
        }

    # --- consoles

    def live(
        self, *options: str, operator: str = "op1", program: str = "-m wfconsole", command: str = "live -"
    ) -> Terminal:
        """`wfconsole live -` on the small stream, and on whatever is added to its file."""
        console = f"exec {sys.executable} {program} {command} --operator {operator} {' '.join(options)}"
        return self.shell(f"{console} < <(exec tail -n +1 -f {self.stream})")

    def watching(self, *options: str, operator: str = "op1") -> Terminal:
        """`wfconsole live` on the cluster of $KUBECONFIG, with its own collector."""
        return self.shell(f"exec {sys.executable} -m wfconsole live --operator {operator} {' '.join(options)}")

    def drill(self, path: Path, operator: str = "op1") -> Terminal:
        """`wfconsole drill` on what was recorded."""
        return self.shell(f"exec {sys.executable} -m wfconsole drill {path} --operator {operator}")

    def resumed(self, *options: str, operator: str = "op2", rows: int = 30) -> Terminal:
        """`wfconsole resume`, where there is no cluster."""
        command = f"exec {sys.executable} -m wfconsole resume --operator {operator} {' '.join(options)}"
        return self.shell(command, rows=rows)

    def shell(self, line: str, *, columns: int = 100, rows: int = 30) -> Terminal:
        return Terminal(["bash", "-c", line], env=self.environment, columns=columns, rows=rows)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command without a screen, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "wfconsole", *arguments],
            env=self.plain_environment() | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def plain_environment(self) -> dict[str, str]:
        """For a program without a terminal."""
        return {"PATH": os.environ["PATH"]} | {name: value for name, value in self.environment.items() if value}

    # --- what is on disk

    def incident(self) -> Path:
        """The folder of the one incident that there is."""
        (folder,) = self.incidents.iterdir()
        return folder

    def entries(self) -> list[Entry]:
        entries, unknown, report = read_entries(self.incident(), (self.fallback,))
        assert report.intact, report.words
        assert not unknown
        return entries

    def notes(self) -> list[str]:
        return notes_of(self.entries())


def notes_of(entries: Iterable[Entry]) -> list[str]:
    return [entry.event.text for entry in entries if isinstance(entry.event, NoteAdded)]


def declare(terminal: Terminal, title: str) -> None:
    """From the overview: a title, and everything else as it is offered."""
    terminal.wait_for("ready")
    terminal.press("D")
    terminal.wait_for("DECLARE INCIDENT")
    terminal.send(title)  # takes the place of the suggested one
    terminal.press("enter", "enter", "enter", "enter")
    terminal.wait_until(lambda: title in terminal.lines[0] and "SEV-" in terminal.lines[0], "the incident")


def note(terminal: Terminal, text: str) -> None:
    """Write a note, and wait until the screen says that it is on disk."""
    enter_note(terminal, text)
    wait_saved(terminal, text)


def enter_note(terminal: Terminal, text: str) -> None:
    """Write a note, and wait until it is in the timeline."""
    terminal.press("N")
    terminal.wait_for("Enter saves")
    terminal.send(text)
    terminal.press("enter")
    terminal.wait_until(lambda: bool(lines_with(terminal, f": {text[:40]}")), f"the note {text!r} in the timeline")


def wait_saved(terminal: Terminal, text: str) -> None:
    """Until the line with this text has no hollow mark: then it is on disk."""
    terminal.wait_until(
        lambda: bool(lines := lines_with(terminal, text[:40])) and not any(map(is_pending, lines)),
        f"{text!r} to be on disk",
    )


def lines_with(terminal: Terminal, text: str) -> list[str]:
    """The lines of the screen that are of the timeline and hold this text."""
    return [
        line for line in terminal.lines if text in line and "taken back" not in line and "takes it back" not in line
    ]


def is_pending(line: str) -> bool:
    """Whether a line of the timeline says that it is not on disk yet."""
    return PENDING in line[:3]


def quit_by_key(terminal: Terminal) -> int:
    """Q and the answer; the exit code."""
    terminal.press("Q")
    terminal.wait_for("QUIT")
    terminal.press("down", "enter")
    return terminal.wait_exit()


def descendants(pid: int) -> list[int]:
    """All processes that came from this one, the nearest first."""
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:  # ended meanwhile
        return []
    for task in tasks:
        try:
            children = Path(f"/proc/{pid}/task/{task}/children").read_text()
        except OSError:
            continue
        for child in map(int, children.split()):
            found += [child, *descendants(child)]
    return found


def collector_of(terminal: Terminal) -> int:
    """The collector's process."""
    found: list[int] = []

    def there() -> bool:
        found[:] = [pid for pid in descendants(terminal.pid) if b"wfconsole.collector" in command_of(pid)]
        return bool(found)

    terminal.wait_until(there, "a collector")
    return found[0]


def command_of(pid: int) -> bytes:
    """The arguments that everybody on the machine can read; nothing for one that is gone, or dead."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def kill(terminal: Terminal) -> None:
    """kill -9 of everything that belongs to the console: the worst that can happen to it."""
    os.killpg(os.getpgid(terminal.pid), signal.SIGKILL)
    terminal.wait_exit()
