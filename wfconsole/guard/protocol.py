"""What the console tells a process that acts, and what that tells back: one line of JSON each. Neither holds a secret.

    plan:   Begin(request) -> Planned            "again" -> Planned, made anew
    run:    "capture" -> Kept ..., Captured      Run -> Sending, Said ..., Ran
    watch:  Read ..., Judged; then it ends
    after the run of a plan that takes itself back: Provisional; "keep" -> Settled(kept). "revert", the end of its time
            or that of the console -> Settled, with what came of taking it back. It watches meanwhile, after the verdict
            too, and what stays is watched on.
    later:  Begin(plan, mode "observe") -> Asked: what became of an action that nobody heard the end of
            Begin(plan, mode "watch") -> Read ..., Judged

The end of its input means that the console is gone. An action that has begun to send is finished all the same.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.config.actions import ActingSettings
from wfconsole.incident.plan import Evidence, Found, Outcome, Plan, Reading, Request, Verdict

AGAIN: Final = b"again"
CAPTURE: Final = b"capture"
KEEP: Final = b"keep"
REVERT: Final = b"revert"

PLANNED_WITHIN_MS: Final[Millis] = 20 * SECOND
CAPTURED_WITHIN_MS: Final[Millis] = 20 * SECOND
ASKED_WITHIN_MS: Final[Millis] = 20 * SECOND


class Begin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What it is about: `request` to plan, or `plan` to ask for or to watch. `receipt`: the id of this action, the same
    in every attempt. `locks`: a folder that all consoles of this machine share, "" for none. `ran_at`: when it ended,
    for a watch."""

    settings: ActingSettings
    mode: Literal["plan", "observe", "watch"] = "plan"
    request: Request | None = None
    plan: Plan | None = None
    receipt: str = ""
    incident: str = ""
    operator: str = ""
    locks: str = ""
    ran_at: Millis = 0


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """Run the plan with this digest: it was confirmed, and its intent is on disk."""

    digest: str


class Planned(msgspec.Struct, frozen=True, tag="planned"):
    plan: Plan


class Trouble(msgspec.Struct, frozen=True, tag="trouble", omit_defaults=True):
    """It cannot go on: why, and what mends it. Nothing was changed."""

    text: str
    remedy: str = ""


class Kept(msgspec.Struct, frozen=True, tag="kept"):
    evidence: Evidence


class Captured(msgspec.Struct, frozen=True, tag="captured"):
    """That was all evidence."""


class Sending(msgspec.Struct, frozen=True, tag="sending"):
    """From here on something may have happened."""


class Said(msgspec.Struct, frozen=True, tag="said"):
    """How far it is."""

    text: str


class Ran(msgspec.Struct, frozen=True, tag="ran"):
    outcome: Outcome


class Provisional(msgspec.Struct, frozen=True, tag="provisional"):
    """What was just run is taken back at `until` unless the console says "keep" before, or as soon as it is gone."""

    until: Millis


class Settled(msgspec.Struct, frozen=True, tag="settled", omit_defaults=True):
    """No longer provisional. `kept`: the console said so. Otherwise `outcome` is what came of taking it back, and `why`
    the reason for that."""

    kept: bool
    why: str = ""
    outcome: Outcome | None = None


class Read(msgspec.Struct, frozen=True, tag="read"):
    reading: Reading


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    verdict: Verdict


class Asked(msgspec.Struct, frozen=True, tag="asked"):
    """What the server says of an action that nobody heard the end of."""

    found: Found
    text: str


Report = Planned | Trouble | Kept | Captured | Sending | Said | Ran | Provisional | Settled | Read | Judged | Asked
