"""Tasks with a time box: "A checks B, back in 5 minutes". What a person types, and which task is meant."""

from __future__ import annotations

import re
from typing import Final

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.state import IncidentState, Task

BACK_BY: Final = "minutes (5), a span (90s, 2h) or a time of day in UTC (14:45)"
LONGEST_BOX: Final[Millis] = 3 * DAY
_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "": MINUTE}
_SPAN: Final = re.compile(r"(\d{1,4})\s*(?:(s)(?:ec(?:onds?)?)?|(m)(?:in(?:utes?)?)?|(h)(?:ours?)?)?")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})[Zz]?")


def back_by(said: str, now: Millis) -> Millis | None:
    """The instant at which somebody is back; None for what is no time. A time of day is the next one, in UTC."""
    said = said.strip()
    if found := _TIME.fullmatch(said):
        hours, minutes = int(found[1]), int(found[2])
        if hours > 23 or minutes > 59:
            return None
        at = now // DAY * DAY + hours * HOUR + minutes * MINUTE
        return at if at > now else at + DAY
    found = _SPAN.fullmatch(said.lower())
    length = int(found[1]) * _UNITS[found[2] or found[3] or found[4] or ""] if found else 0
    return now + length if 0 < length <= LONGEST_BOX else None


def open_tasks(state: IncidentState) -> dict[str, Task]:
    """Those that run, by id, the first to be back first."""
    running = ((name, task) for name, task in state.tasks.items() if not task.outcome)
    return dict(sorted(running, key=lambda item: item[1].due_at))


def tasks_meant(state: IncidentState, who: str) -> list[str]:
    """The ids of the open tasks that a word means: an id's beginning, or else a person's name or its beginning."""
    running = open_tasks(state)
    wanted = who.casefold()
    by_id = [name for name in running if len(wanted) > 3 and name.startswith(wanted)]
    exact = [name for name, task in running.items() if task.person.casefold() == wanted]
    begins = [name for name, task in running.items() if wanted and task.person.casefold().startswith(wanted)]
    return by_id or exact or begins
