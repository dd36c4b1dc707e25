"""What the life cycle asks of every action. An action only declares its parts; it decides neither when nor whether.

Everything but `run` reads only. Reads raise SourceError, in words that the dialog shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.incident.plan import Evidence, Found, Outcome, Plan, Reading, Request
from wfconsole.sources.contract import SourceError

Say = Callable[[str], None]


class Stale(Exception):  # noqa: N818  no error: somebody else was faster
    """It is no longer what the plan was made from; nothing was changed. The message says what differs."""


class Unknown(Exception):  # noqa: N818  what happened is not known
    """It was sent, and no answer came: it may have happened. The message says what was sent."""


class BadRequestError(ValueError):
    """What was asked for makes no sense; the message says what would."""


class NothingToDo(BadRequestError):  # noqa: N818  no error where something was to be taken back
    """It is as it was asked for already; the message says what shows it."""


def in_words(error: SourceError) -> str:
    """What a check says of something that could not be read: why, and what mends it."""
    return (
        f"{error.message}; {error.remedy[:1].lower()}{error.remedy[1:].rstrip('.')}" if error.remedy else error.message
    )


class Action(Protocol):
    """One kind of change to production. Subclass it: what has no evidence to keep leaves `capture` as it is.

    A plan with `reverts_ms` has a signal, and an inverse whose action raises NothingToDo where nothing is left to take
    back: the life cycle runs it when nobody says in time that the change shall stay, or when the console is gone.
    """

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        """What it will really do, with every check, permission and dry run. Raises BadRequestError and SourceError."""

    def capture(self, plan: Plan, systems: Systems) -> Iterator[Evidence]:  # noqa: ARG002  this one keeps nothing
        """The evidence that `plan.captures` promises; what cannot be had says why in `missing`."""
        yield from ()

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        """Do exactly what the plan says. Raises Stale where nothing was changed, Unknown where that is not known, and
        SourceError where the server has refused and nothing was changed."""

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        """Whether it was done, asked of the server, for an action that nobody heard the end of; and what shows it."""

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        """The plan's signal now; `undone` where something has taken the change back. Called only where there is one."""


def found_by(now: object, plan: Plan, told: str) -> tuple[Found, str]:
    """What became of an action that sets a value, by what is there `now`; `plan.calls` has it as "from" and "to"."""
    if now == plan.calls["to"]:
        return "ran", told
    return ("did not run" if now == plan.calls["from"] else "cannot tell"), told
