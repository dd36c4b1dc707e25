"""The public status page, over httpx: opens an incident there, updates it, resolves it; sets its components.

developer.statuspage.io: POST /v1/pages/{page}/incidents, PATCH /v1/pages/{page}/incidents/{id}, GET
/v1/pages/{page}/incidents; `Authorization: OAuth <key>`. Every incident carries its id of ours as metadata, so that an
attempt that may have arrived is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from wfconsole.comms.plan import Arrived, Outcome, Plan
from wfconsole.comms.sender.trouble import Trouble, token
from wfconsole.comms.sender.web import Web

STATES: Final = ("investigating", "identified", "monitoring", "resolved")
_OURS: Final = "wfconsole"


def send(plan: Plan, leaving: Callable[[], None]) -> Outcome:
    """Say it on the page, once. Raises Trouble."""
    settings = plan.status_page
    if plan.state not in STATES:
        raise Trouble(f"a status page takes no state {plan.state!r}")
    web = Web("the status page", settings.base_url, plan.deadline_ms, ca_file=settings.ca_file)
    key = token(settings.token_file, "status_page.token_file")
    headers = {"Authorization": f"OAuth {key.reveal()}"}
    incidents = f"/v1/pages/{settings.page}/incidents"
    reference = plan.reference
    if plan.look != "no":
        found = _found(web, incidents, headers, plan)
        if found is not None:
            reference = str(found.get("id") or reference)
            if _says(found, plan):
                return Arrived(reference, before=True)
    body = {"incident": _incident(plan, new=not reference)}
    leaving()
    if reference:
        web.call("PATCH", f"{incidents}/{reference}", headers=headers, body=body)
        return Arrived(reference)
    answer = web.call("POST", incidents, headers=headers, body=body)
    made = answer.get("id") if isinstance(answer, dict) else None
    if not made:
        raise Trouble("the status page did not say what it calls the incident", again=True, unknown=True)
    return Arrived(str(made))


def _incident(plan: Plan, *, new: bool) -> dict[str, Any]:
    settings = plan.status_page
    made: dict[str, Any] = {
        "status": plan.state,
        "body": plan.text,
        "deliver_notifications": settings.notify,
        "metadata": {_OURS: {"incident": plan.incident, "message": plan.message}},
    }
    if new:
        made["name"] = settings.headline
    if settings.components:
        made["component_ids"] = [component.id for component in settings.components]
        made["components"] = {
            component.id: {"monitoring": component.watched, "resolved": "operational"}.get(plan.state, component.broken)
            for component in settings.components
        }
    return made


def _found(web: Web, incidents: str, headers: Mapping[str, str], plan: Plan) -> Mapping[str, Any] | None:
    """The incident on the page that is ours, newest first. Raises Trouble where it must be known and is not."""
    try:
        answer = web.call("GET", f"{incidents}?limit=100", headers=headers)
    except Trouble as trouble:
        if plan.look == "must":
            reason = f"it may have arrived, and looking for it failed: {trouble.failed.reason}"
            raise Trouble(reason, again=trouble.failed.again, after_ms=trouble.failed.after_ms, unknown=True) from None
        return None
    for incident in answer if isinstance(answer, list) else ():
        if isinstance(incident, dict) and _ours(incident).get("incident") == plan.incident:
            return incident
    return None


def _says(incident: Mapping[str, Any], plan: Plan) -> bool:
    """Whether this very message is there already."""
    if _ours(incident).get("message") == plan.message:
        return True
    updates = incident.get("incident_updates") or ()
    return any(
        isinstance(update, dict) and update.get("body") == plan.text and update.get("status") == plan.state
        for update in updates
    )


def _ours(incident: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = incident.get("metadata")
    ours = metadata.get(_OURS) if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}
