"""What a sender is told on its one line of input, and what it says on its output. Both are lines of JSON.

Neither holds a secret: a plan names the files that tokens are in, and the sender reads them.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.config.messaging import PagerDutySettings, SlackSettings, StatusPageSettings
from wfconsole.incident.sinks import SinkName

# "no": it was certainly not sent before. "try": find out first, and send it where that cannot be found out, because a
# person said so. "must": find out first, and send nothing where that cannot be found out.
Look = Literal["no", "try", "must"]

DEADLINE: Final[Millis] = 10 * SECOND


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message to one sink, whole.

    `message` and `incident` are ids, the same in every attempt. `text` are the words as they were reviewed. `title` is
    what may be said of the incident there (a code name, where it is restricted). `reference` is what the status page
    calls the incident that is open there.
    """

    message: str
    incident: str
    sink: SinkName
    place: str
    text: str
    template: str = ""
    state: str = ""
    severity: str = ""
    title: str = ""
    reference: str = ""
    look: Look = "no"
    deadline_ms: Millis = DEADLINE
    restricted: bool = False
    folder: str = ""
    slack: SlackSettings = SlackSettings()
    pagerduty: PagerDutySettings = PagerDutySettings()
    status_page: StatusPageSettings = StatusPageSettings()


class Leaving(msgspec.Struct, frozen=True, tag="leaving"):
    """From here on it may have arrived."""


class Arrived(msgspec.Struct, frozen=True, tag="arrived", omit_defaults=True):
    """The other side has it, and calls it `reference`. `before`: an earlier attempt had brought it there already."""

    reference: str = ""
    before: bool = False


class Failed(msgspec.Struct, frozen=True, tag="failed", omit_defaults=True):
    """It is certainly not there (`unknown`: it may be). `again`: trying later may help, not before `after_ms`."""

    reason: str
    again: bool = False
    after_ms: Millis = 0
    unknown: bool = False


Said = Leaving | Arrived | Failed
Outcome = Arrived | Failed
