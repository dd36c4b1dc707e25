"""Names that other systems take: a channel for an incident, and what is done in PagerDuty."""

from __future__ import annotations

import re
from typing import Final, Literal

LONGEST_CHANNEL: Final = 80  # Slack: lower case, digits, hyphens, underscores

PagerAction = Literal["trigger", "acknowledge", "resolve"]
PAGER_SEVERITY: Final = {"SEV1": "critical", "SEV2": "error", "SEV3": "warning", "SEV4": "info"}


def channel_of(incident: str) -> str:
    """The channel of an incident's own: `inc-20260107-0312`, always a name that Slack takes."""
    name = re.sub(r"[^a-z0-9_-]+", "-", incident.lower()).strip("-_")
    name = name if name.startswith("inc-") else f"inc-{name}" if name else "inc"
    return name[:LONGEST_CHANNEL].rstrip("-_")


def is_channel_id(place: str) -> bool:
    """Whether this is the ID that Slack gave a channel, and no name."""
    return bool(re.fullmatch(r"[CG][A-Z0-9]{6,20}", place))


def pager_action(template: str, state: str) -> PagerAction:
    """What a message of this template does to the alert: only the declaration opens it, only a resolution closes it."""
    if state == "resolved" or "resol" in template:
        return "resolve"
    return "trigger" if "declar" in template else "acknowledge"
