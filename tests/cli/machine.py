"""A user's machine, and what a command says there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.builders import an_entry, declared
from tests.journal.long_record import write
from tests.terminal.pty import Terminal
from wfconsole.incident.events import Event, FollowUpAdded

# Whoever runs the tests as root could read everything: without these two capabilities even root is like anybody else.
_LIKE_ANYBODY = """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""
WFCONSOLE = (sys.executable, "-c", _LIKE_ANYBODY, sys.executable, "-m", "wfconsole")


class Told:
    """What a command said, and its exit code."""

    def __init__(self, code: int, text: str, printed: bytes = b"") -> None:
        self.code = code
        self.text = " ".join(text.split())
        self.printed = printed  # on standard output, where there was no terminal
        assert "Traceback" not in text
        assert "Exception ignored" not in text
        assert "bug" not in text.replace("70 a bug of ours", "")


class Machine:
    """A user's machine with nothing on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = home / "state"
        self.environment = {
            "HOME": str(home),
            "WFCONSOLE_STATE_DIR": str(self.state),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }

    def run(self, *arguments: str, stdout: str = "", **environment: str) -> Told:
        """Without a terminal; `stdout` names the file that takes what is printed."""
        with open(stdout or "/dev/null", "wb") as into:
            done = subprocess.run(
                [*WFCONSOLE, *arguments],
                stdout=into if stdout else subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=60,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        printed = done.stdout or b""
        return Told(done.returncode, (printed + done.stderr).decode(errors="backslashreplace"), printed)

    def show(self, *arguments: str, **environment: str) -> Told:
        """On a terminal, for commands that have a screen."""
        there = {key: value for key, value in (self.environment | environment).items() if key != "PATH"}
        with Terminal([*WFCONSOLE, *arguments], env=there, columns=200, rows=40) as terminal:
            code = terminal.wait_exit()
            return Told(code, terminal.raw.decode(errors="replace"))

    def an_incident(self, name: str = "INC-20260301-1432", *, text: str = "", owner: str = "") -> Path:
        """One that is open, with a follow-up where one is described."""
        events: list[Event] = [declared(incident=name)]
        if text:
            events.append(FollowUpAdded("F1-aaaa", text, owner=owner))
        folder = self.state / "incidents" / name
        made = [an_entry(event, place, entry_id=f"{name}-{place}") for place, event in enumerate(events, 1)]
        write(folder / "journal", made)
        return folder

    def write(self, name: str, text: str) -> str:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)
