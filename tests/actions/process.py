"""The process that acts, as the console drives it."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin, Report
from wfconsole.incident.plan import Evidence, Outcome, Plan, Verdict

_R = TypeVar("_R")
_REPORT = msgspec.json.Decoder(Report)


class Actor:
    """One process; its end is waited for. `prelude`: what Python does first, such as shortening a time."""

    def __init__(self, begin: Begin, prelude: str = "") -> None:
        program = f"{prelude}\nimport sys\nfrom wfconsole.actions.main import main\nsys.exit(main())"
        command = ["-c", program] if prelude else ["-m", "wfconsole.actions"]
        self.process = subprocess.Popen(
            [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self.heard: list[Report] = []
        self.say(msgspec.json.encode(begin))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.leave()
        assert self.process.wait(30) == 0
        assert self.process.stdout is not None
        self.process.stdout.close()

    def say(self, word: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + b"\n")

    def leave(self) -> None:
        """The console is gone."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def kill(self) -> None:
        """It is gone at once, whatever it was doing."""
        self.process.kill()
        self.process.wait(30)
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def hear(self) -> Report:
        """The next report; fails when the process says no more."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended after {self.heard}"
        report: Report = _REPORT.decode(line)
        self.heard.append(report)
        return report

    def until(self, kind: type[_R]) -> _R:
        """The next report of this kind; a trouble that was not waited for fails."""
        while not isinstance(report := self.hear(), kind):
            assert not isinstance(report, protocol.Trouble), report
        return report

    def plan(self) -> Plan:
        return self.until(protocol.Planned).plan

    def capture(self) -> list[Evidence]:
        before = len(self.heard)
        self.say(protocol.CAPTURE)
        self.until(protocol.Captured)
        return [each.evidence for each in self.heard[before:] if isinstance(each, protocol.Kept)]

    def run(self, plan: Plan) -> Outcome:
        self.say(msgspec.json.encode(protocol.Run(plan.digest)))
        return self.until(protocol.Ran).outcome

    def verdict(self) -> Verdict:
        return self.until(protocol.Judged).verdict
