"""What keeps a plan from being run, in words: what is wrong with it, with the console, and with what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wfconsole.incident.arming import differs, not_armed
from wfconsole.incident.plan import Plan
from wfconsole.session.acts import Confirmation
from wfconsole.tui import action_names
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.plan_sections import can_run
from wfconsole.tui.wrapping import wrapped

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

STALE: Final = "this plan is older than a minute: F5 makes it anew"


def why(room: WarRoom, receipt: str, plan: Plan | None, said: Confirmation, typed: str) -> str:
    """Why it cannot be run as it stands, "" when it can. What no word mends comes first."""
    if plan is None:
        return "there is no plan yet"
    if refusal := room.refused_change("act"):
        return refusal
    if not can_run(plan):
        return f"refused, and cannot be overridden: {plan.refusals[0]}"
    if plan.stale(room.session.now()):
        return STALE
    if unarmed := not_armed(room.session.view().incident, room.session.now()):
        key = room.key_of(action_names.BY_ID["arm"])
        return f"{unarmed}: leave with Esc, {key} arms the console" if unarmed.startswith("disarmed") else unarmed
    if plan.colour == "REFUSE" and not said.override:
        return "refused: say in Override why it is done all the same"
    return room.session.acts.barred(receipt, said) or (differs(typed, plan.word) if plan.danger != "R1" else "")


def rows(reason: str, plan: Plan, typed: str, width: int, *, pressed: bool) -> list[Line]:
    """That, and beside it what is wrong with the word so far. `pressed`: somebody wanted to run it."""
    if not reason:
        return []
    told = [f"{'NOT RUN, locked' if pressed else 'locked'}: {reason}"]
    if typed and (wrong := differs(typed, plan.word)) and wrong != reason:
        told.append(f"and the word: {wrong}")
    return [(Span(row, "warn"),) for text in told for row in wrapped(text, width)]
