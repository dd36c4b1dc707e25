"""An action as the screen shows it, from the request to the verdict, and what a person says to confirm it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.plan import Evidence, Outcome, Plan, Reading, Request, Verdict

# "planning": it is being looked at. "planned": it waits for a person. "capturing": evidence is kept. "recording": the
# intent is on its way to the disk. "running": it was told to run. "watching": did it help? "asking": nobody heard how
# it ended, and the server is asked. "over": nothing more comes.
Stage = Literal["planning", "planned", "capturing", "recording", "running", "watching", "asking", "over"]
READINGS_KEPT: Final = 120


class Second(msgspec.Struct, frozen=True, omit_defaults=True):
    """The second person that a plan needs: the `code` that they type, and who has approved it, "" while nobody has."""

    needed: bool = False
    code: str = ""
    approved_by: str = ""


class Confirmation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person says with it. `override`: why what is refused is done all the same. `break_glass`: why there is no
    second person."""

    reason: str = ""
    override: str = ""
    break_glass: str = ""


class Act(msgspec.Struct, frozen=True):
    """One action of this console. `trouble`: why it cannot go on, and `remedy` what mends that; nothing was changed
    then, unless there is an outcome. `sent`: from here on something may have happened."""

    receipt: str
    request: Request
    stage: Stage
    since: Millis
    step: str = ""
    plan: Plan | None = None
    trouble: str = ""
    remedy: str = ""
    said: tuple[str, ...] = ()
    kept: tuple[Evidence, ...] = ()
    sent: bool = False
    outcome: Outcome | None = None
    readings: tuple[Reading, ...] = ()
    verdict: Verdict | None = None
    kept_unless: Millis = 0  # it takes itself back then, unless somebody keeps it; 0: it does not, or it is settled

    @property
    def under_way(self) -> bool:
        """Whether a change may be happening."""
        return self.stage in ("capturing", "recording", "running")
