"""What the doctor asks of every system: to look once with all its sources, and to say what looking alone cannot tell.

The looks are those of the console itself, so that what the doctor finds is what the console will meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.checks import Check
from wfconsole.sources.contract import Source, SourceError, Task


class Look(msgspec.Struct, frozen=True):
    """How one step of a task went: `error` is None where it got what it asked for."""

    task: Task
    error: SourceError | None = None
    took_ms: int = 0


class Looks:
    """One step of every task of a system, and the rows that its sources then had."""

    def __init__(self, looks: Sequence[Look], rows: Mapping[str, Mapping[str, bytes]]) -> None:
        self.all = tuple(looks)
        self.rows = rows
        self._of = {id(each.task): each for each in looks}

    def of(self, task: Task) -> Look:
        """How the step of this task went. Raises KeyError for one that took none."""
        return self._of[id(task)]


class Examination(Protocol):
    """One system under the doctor's eyes."""

    @property
    def sources(self) -> Sequence[Source]:
        """Those of the console."""

    @property
    def tasks(self) -> Sequence[Task]:
        """What is asked beside them. The first is the simplest question that there is: how it goes tells whether the
        server is there and knows us."""

    @property
    def where(self) -> str:
        """Where the server is, in few words."""

    @property
    def identity(self) -> str:
        """Who we are there, as the server says; "" where it did not."""

    @property
    def ahead_ms(self) -> Millis | None:
        """How far its clock is ahead of ours; None where it was not heard."""

    def checks(self, looks: Looks) -> Sequence[Check]:
        """What only this system knows to check: permissions by their names above all. Asks nobody any more."""


def used_permission(look: Look, system: str, name: str, source: str = "") -> Check:
    """The check of a permission that a look has used. Whatever else went wrong leaves it unknown."""
    error = look.error
    if error is None:
        return Check(system, source, "permission", name, "ok", took_ms=look.took_ms)
    if error.kind == "denied":
        return Check(system, source, "permission", name, "problem", error.message, error.remedy, took_ms=look.took_ms)
    return Check(system, source, "permission", name, "unknown", error.message, took_ms=look.took_ms)
