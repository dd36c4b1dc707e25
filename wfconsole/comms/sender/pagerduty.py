"""An event to PagerDuty's Events API v2 over httpx: its own Python client retries for ever, and wants TLS on loopback.

The dedup key is the incident's id, so that an event that is sent twice is one. developer.pagerduty.com, "Send an alert
event": POST /v2/enqueue; summary at most 1024 characters; 202 when it was taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from wfconsole.comms.channels import PAGER_SEVERITY, pager_action
from wfconsole.comms.plan import Arrived, Outcome, Plan
from wfconsole.comms.sender.trouble import token
from wfconsole.comms.sender.web import Web
from wfconsole.text import cut

LONGEST_SUMMARY: Final = 1024


def send(plan: Plan, leaving: Callable[[], None]) -> Outcome:
    """Trigger, acknowledge or resolve the incident's alert. Raises Trouble."""
    settings = plan.pagerduty
    web = Web("PagerDuty", settings.base_url, plan, ca_file=settings.ca_file)
    key = token(settings.routing_key_file, "pagerduty.routing_key_file")
    action = pager_action(plan.template, plan.state)
    body: dict[str, Any] = {
        "routing_key": key.reveal(),
        "event_action": action,
        "dedup_key": plan.incident,
        "client": "wfconsole",
    }
    if action == "trigger":
        body["payload"] = {
            "summary": cut(f"{plan.severity} {plan.title}".strip() or plan.incident, LONGEST_SUMMARY),
            "source": settings.source,
            "severity": PAGER_SEVERITY.get(plan.severity, "critical"),
            "custom_details": {"message": plan.text, "incident": plan.incident, "id": plan.message},
        }
    leaving()
    answer = web.call("POST", "/v2/enqueue", body=body, once=True)
    told = answer.get("dedup_key") if isinstance(answer, dict) else ""
    return Arrived(str(told or plan.incident))
