"""The way of an action through its screens: what is offered, what has to be said, the plan, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from wfconsole.tui.record_keys import StepKeys, no_incident
from wfconsole.tui.screens.console_screen import ConsoleScreen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wfconsole.clock import Millis
    from wfconsole.incident.checklist import Item
    from wfconsole.incident.offers import Offer
    from wfconsole.incident.plan import Request
    from wfconsole.tui.app import WarRoom

ACTION: Final = "act"


def refused(room: WarRoom) -> str:
    """Why nothing can be planned now, "" when it can."""
    if refusal := room.refused_change(ACTION):
        return refusal
    if not room.session.view().incident.declared:
        return no_incident(room.declare_key)
    return room.session.acts.refusal()


def open_list(room: WarRoom) -> str:
    """What can be done about the thing that is looked at, and what was done."""
    source, key = looked_at(room)
    room.action_open("actions", f"{source} {key}".strip())
    return ""


def looked_at(room: WarRoom) -> tuple[str, str]:
    """The source and the key of the row that the screen is about, or "step" and its id; "" where it is about none."""
    screen = room.screen
    steps = next((part for part in (screen, *screen.query("*")) if isinstance(part, StepKeys)), None)
    item = steps.step_item() if steps is not None else None
    if item is not None:
        return "step", item.step.id
    if isinstance(screen, StandsFor):
        source, key = screen.stands_for()
    else:
        source, _, key = screen.evidence().partition(" ") if isinstance(screen, ConsoleScreen) else ("", "", "")
    snapshot = room.session.view().world.snapshots.get(source)
    return (source, key) if snapshot is not None and key in snapshot.rows else ("", "")


def offers(room: WarRoom, source: str, key: str) -> tuple[Offer, ...]:
    """What can be done about that row, as it was seen last, or for that step."""
    from wfconsole.incident.offers import offers_for

    if source == "step":
        item = room.frame().checklist.find(key)
        return step_offers(item) if item is not None else ()
    view = room.session.view()
    snapshot = view.world.snapshots.get(source)
    row = snapshot.rows.get(key) if snapshot is not None else None
    return () if row is None else offers_for(source, row, security="security" in view.incident.playbook)


def take_up(room: WarRoom, offer: Offer, step: str = "") -> None:
    """Ask for what has to be said, or look at once what it would do."""
    from wfconsole.tui.forms.form import Form

    if isinstance(room.screen, Form):
        return  # a key that was pressed twice
    if refusal := refused(room):
        room.say(refusal)
    elif offer.parameters:
        from wfconsole.tui.screens.act_parameters import ActParametersForm

        room.push_screen(ActParametersForm(offer, step))
    else:
        plan_said(room, offer, {}, step)


def plan_said(room: WarRoom, offer: Offer, said: Mapping[str, str], step: str = "") -> None:
    """Plan an offer with what was said. Calls tell the record's own words: who was called before, and who is next."""
    if offer.aim.kind == "incident":
        from wfconsole.incident.paging import request_for

        state, policy, told = room.session.view().incident, room.session.runbook.policy, {**offer.fixed, **said}
        plan(room, request_for(offer.action, state, policy, told.get("who", ""), told.get("why", "")), step)
    else:
        plan(room, _placed(room, offer.request(said)), step)


def _placed(room: WarRoom, request: Request) -> Request:
    """What says no namespace is meant in the pinned one."""
    import msgspec

    from wfconsole.incident.act_words import NAMESPACED

    aim, pinned = request.aim, room.session.view().target.namespace
    if aim.kind not in NAMESPACED or aim.namespace or not pinned or request.parameters.get("namespace"):
        return request
    return msgspec.structs.replace(request, aim=msgspec.structs.replace(aim, namespace=pinned))


def step_offers(item: Item) -> tuple[Offer, ...]:
    """What the console can do for a step: what its `Act` says, and its commands where they are an action."""
    from wfconsole.incident.offers import command_offers, offer_from

    step = item.step
    own = (offer_from(step.act, step.title),) if step.act else ()
    return (*own, *command_offers(step))


def plan(room: WarRoom, request: Request, step: str = "") -> None:
    """Look what it would do, and show that."""
    if refusal := refused(room):
        room.say(refusal)
        return
    from wfconsole.tui.screens.plan import PlanForm

    if any(isinstance(screen, PlanForm) for screen in room.screen_stack):
        return  # a key that was pressed twice: one plan is looked at at a time
    room.push_screen(PlanForm(room.session.acts.plan(request, step)))


def busy(room: WarRoom, offer: Offer) -> str:
    """What is happening to the same thing, "" for nothing. To plan is free all the same."""
    for act in room.session.acts.show():
        if act.request.aim == offer.aim and act.under_way:
            return "another action on it is under way"
        if act.request.aim == offer.aim and act.stage in ("watching", "asking"):
            return "action watched"
    return ""


def open_receipt(room: WarRoom, receipt: str) -> None:
    from wfconsole.tui.screens.receipt import ReceiptScreen

    room.push_screen(ReceiptScreen(receipt))


def keep(room: WarRoom, receipt: str) -> None:
    """It would take itself back: it stays."""
    act = next((each for each in room.session.acts.show() if each.receipt == receipt), None)
    if act is None or not act.kept_unless:
        room.say("it does not take itself back")
    else:
        room.session.acts.keep(receipt)
        room.say("it stays, as soon as that is in the record")


def take_back(room: WarRoom, receipt: str) -> None:
    """Plan the inverse of an action, which is guarded like any other."""
    import msgspec

    from wfconsole.decoding import decoder_of
    from wfconsole.incident.plan import Request

    found = room.session.view().incident.receipts.get(receipt)
    if found is None:
        room.say("the record knows no such action")
    elif found.undone_by:
        room.say("it was taken back already")
    elif not found.can_be_undone:
        room.say(f"nothing takes it back{f': {found.lost[0]}' if found.lost else ''}")
    else:
        request = decoder_of(Request).decode(found.inverse)
        plan(room, msgspec.structs.replace(request, undoes=receipt), found.step)


@runtime_checkable
class StandsFor(Protocol):
    """A screen whose rows are about things that may stand elsewhere: a group of pods is about its workload."""

    def stands_for(self) -> tuple[str, str]: ...


class ActingKeys:
    """Actions of the App: A lists what can be done, G arms and disarms."""

    @property
    def _acting_room(self) -> WarRoom:
        room: Any = self
        return room  # type: ignore[no-any-return]

    def action_act(self) -> None:
        open_list(self._acting_room)

    def action_arm(self) -> None:
        """Arm for as long as the settings say; disarm at once where it is armed."""
        room = self._acting_room
        incident = room.session.view().incident
        if incident.armed_until > room.session.now():
            disarm(room)
        else:
            room.action_open("arm")


def disarm(room: WarRoom, reason: str = "") -> None:
    from wfconsole.incident.action_events import ActionsDisarmed

    if room.enter(ActionsDisarmed(reason), name="arm"):
        room.last_entries = ()  # no key arms it again but the one that arms
        room.say("disarmed: nothing is run from here")


def arm(room: WarRoom, for_ms: Millis, reason: str = "") -> str:
    """Arm the console; why not, where that cannot be."""
    from wfconsole.incident.action_events import ActionsArmed
    from wfconsole.incident.arming import ARMED_AT_MOST_MS, may_not_arm

    refusal = room.refused_change("arm") or room.session.acts.refusal()
    refusal = refusal or may_not_arm(room.session.view().incident, room.session.operator)
    if not refusal:
        until = room.session.now() + min(for_ms, ARMED_AT_MOST_MS)
        room.enter(ActionsArmed(until, reason), name="arm")
    return refusal
