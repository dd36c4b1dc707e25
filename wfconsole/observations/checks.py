"""What `wfconsole doctor` finds out, one check at a time.

A check travels as one line of JSON from the collector to the console, and is printed for programs in the same form:
its fields and their meanings are a promise, and `SCHEMA` grows when one is broken.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

SCHEMA: Final = 2  # 2: the age of samples has an aspect of its own
PARTIAL: Final = "partial: "  # how the detail of a source begins that shows a part of its rows only

State = Literal[
    "ok",
    "problem",  # it does not work, or not as it should; `remedy` or `run` says what mends it
    "unknown",  # nobody can tell, mostly because something before it does not work
    "off",  # not configured, not granted and not needed for looking, or nothing there: no problem
]

Aspect = Literal[
    "machine",  # of the machine that the console runs on
    "reachable",  # something answers at the address that was named
    "authenticated",  # it knows who we are
    "permission",  # one thing that looking needs
    "action",  # one thing that only actions need
    "fresh",  # whether what it gives is of now, where that is not a matter of course
    "rows",  # what a source of the console shows
    "clock",  # the server's clock beside ours
]


class Check(msgspec.Struct, frozen=True):
    """One check. Every string is safe text.

    `system` is "machine", or the system's table in the configuration file; `source` the console's source that it is
    about ("pods"), "" where it is about the system as a whole; `name` what was checked: "list pods", "pg_monitor".
    `remedy` says in words what to do; `run` are commands, each of which can be copied whole.
    """

    system: str
    source: str
    aspect: Aspect
    name: str
    state: State
    detail: str = ""
    remedy: str = ""
    run: tuple[str, ...] = ()
    took_ms: int = 0

    @property
    def well(self) -> bool:
        """Whether nobody has to do anything: what only actions need is no trouble while they are not there."""
        return self.state in ("ok", "off") or self.aspect == "action"
