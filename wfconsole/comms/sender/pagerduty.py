"""An event to PagerDuty's Events API v2 over httpx: its own Python client retries for ever, and wants TLS on loopback.

The dedup key is the incident's id, so that an event that is sent twice is one. developer.pagerduty.com, "Send an alert
event": POST /v2/enqueue; summary at most 1024 characters; 202 when it was taken. Messages and actions send with this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.comms.channels import PAGER_SEVERITY, PagerAction, pager_action
from wfconsole.comms.plan import Arrived, Outcome, Plan
from wfconsole.comms.sender.trouble import token
from wfconsole.comms.sender.web import Web
from wfconsole.config.messaging import PagerDutySettings
from wfconsole.text import cut

LONGEST_SUMMARY: Final = 1024


class Event(msgspec.Struct, frozen=True):
    """What PagerDuty is told, without the key. Everything but `action` and `incident` is of a trigger alone."""

    action: PagerAction
    incident: str
    summary: str = ""
    severity: str = ""  # of the incident
    details: dict[str, str] = {}

    def body(self, source: str) -> dict[str, Any]:
        """As the API takes it, without the key."""
        told: dict[str, Any] = {"event_action": self.action, "dedup_key": self.incident, "client": "wfconsole"}
        if self.action == "trigger":
            told["payload"] = {
                "summary": cut(self.summary or self.incident, LONGEST_SUMMARY),
                "source": source,
                "severity": PAGER_SEVERITY.get(self.severity, "critical"),
                "custom_details": self.details,
            }
        return told


class Pager:
    """One service of PagerDuty. `key_file` is that of the settings, or of somebody's own service."""

    def __init__(self, settings: PagerDutySettings, deadline_ms: Millis, key_file: str = "") -> None:
        self._settings = settings
        self._web = Web("PagerDuty", settings.base_url, deadline_ms, ca_file=settings.ca_file)
        self._key = token(key_file or settings.routing_key_file, "pagerduty.routing_key_file")

    def send(self, event: Event, *, once: bool) -> str:
        """The key that PagerDuty has for it. `once`: whoever asks sends it again until it was taken, and no doubt is
        worth a word. Raises Trouble."""
        body = {"routing_key": self._key.reveal(), **event.body(self._settings.source)}
        answer = self._web.call("POST", "/v2/enqueue", body=body, once=once)
        told = answer.get("dedup_key") if isinstance(answer, dict) else ""
        return str(told or event.incident)


def send(plan: Plan, leaving: Callable[[], None]) -> Outcome:
    """Trigger, acknowledge or resolve the incident's alert. Raises Trouble."""
    pager = Pager(plan.pagerduty, plan.deadline_ms)
    event = Event(
        pager_action(plan.template, plan.state),
        plan.incident,
        f"{plan.severity} {plan.title}".strip(),
        plan.severity,
        {"message": plan.text, "incident": plan.incident, "id": plan.message},
    )
    leaving()
    return Arrived(pager.send(event, once=True))
