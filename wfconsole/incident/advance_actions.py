"""What the events of actions do to the state. An action is one line of the timeline, which says how it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from wfconsole.incident import action_events as ev
from wfconsole.incident.arming import ARMED_AT_MOST_MS
from wfconsole.incident.draft import Draft
from wfconsole.incident.events import Entry, Event
from wfconsole.incident.plan import watched_for
from wfconsole.incident.state import Receipt
from wfconsole.incident.wording import because
from wfconsole.observations.levels import Level
from wfconsole.text import age, clock_time

_LEVELS: Final[Mapping[str, Level]] = {
    "done": Level.OK,
    "WORKED": Level.OK,
    "WORSE": Level.CRITICAL,
}


def disarm(draft: Draft) -> bool:
    """What armed it holds no longer: whether it was armed. No undo arms it again."""
    was = bool(draft.get("armed_until"))
    draft.set_for_good("armed_until", 0)
    draft.set_for_good("armed_by", "")
    return was


def _armed(draft: Draft, entry: Entry, event: ev.ActionsArmed) -> None:
    """Whatever console entered it: only who commands can arm, never once it is over, and never for longer than that."""
    if draft.get("status") == "resolved" or draft.get("commander") != entry.actor:
        draft.line(entry, "STATE", "not armed: only the commander arms, while it lasts", level=Level.WARNING)
        return
    until = min(event.until, entry.at + ARMED_AT_MOST_MS)
    draft.set("armed_until", until)
    draft.set("armed_by", entry.actor)
    draft.line(entry, "STATE", because(f"armed until {clock_time(until)}", event.reason))


def _disarmed(draft: Draft, entry: Entry, event: ev.ActionsDisarmed) -> None:
    disarm(draft)
    draft.line(entry, "STATE", because("disarmed", event.reason))


def _evidence(draft: Draft, entry: Entry, event: ev.EvidenceKept) -> None:
    what = f"evidence kept: {event.what}" if not event.missing else f"no evidence: {event.what}: {event.missing}"
    level = Level.WARNING if event.missing else Level.OK
    draft.line(entry, "PROBE", f"{what}, {len(event.lines)} lines" if event.lines else what, level=level)


def _intended(draft: Draft, entry: Entry, event: ev.ActionIntended) -> None:
    receipt = Receipt(
        event.title,
        event.action,
        event.aim,
        event.danger,
        entry.actor,
        entry.at,
        entry.id,
        plan=event.plan,
        reason=event.reason,
        override=event.override,
        approved_by=event.approved_by,
        break_glass=event.break_glass,
        step=event.step,
        undoes=event.undoes,
    )
    draft.put("receipts", event.receipt, receipt)
    draft.line(entry, "ACTION", _told(receipt, "begun", "not known yet how it ended"))
    draft.mapping("line_of_key")[f"action {event.receipt}"] = entry.id


def _ended(draft: Draft, entry: Entry, event: ev.ActionEnded) -> None:
    receipt: Receipt | None = draft.get("receipts").get(event.receipt)
    word = f"{event.result}{' (asked later)' if event.found_later else ''}"
    level = _LEVELS.get(event.result, Level.WARNING)
    window = watched_for(receipt.plan) if receipt is not None and event.result in ("done", "partial") else 0
    if window:
        word += f", watched for {age(window)}"
    if receipt is None:
        draft.line(entry, "ACTION", f"an action that is not here: {word}: {event.text}", level=level)
        return
    after = msgspec.structs.replace(
        receipt,
        result=event.result,
        text=event.text,
        lines=event.lines,
        lost=event.lost,
        inverse=event.inverse,
        ended_at=entry.at,
    )
    draft.put("receipts", event.receipt, after)
    if receipt.undoes and event.result == "done":
        _undone(draft, receipt.undoes, event.receipt)
    draft.on_the_same_line(entry, f"action {event.receipt}", "ACTION", text=_told(after, word, event.text), level=level)


def _verified(draft: Draft, entry: Entry, event: ev.ActionVerified) -> None:
    receipt: Receipt | None = draft.get("receipts").get(event.receipt)
    level = _LEVELS.get(event.verdict, Level.WARNING)
    if receipt is None:
        draft.line(entry, "ACTION", f"an action that is not here: {event.verdict}: {event.text}", level=level)
        return
    after = msgspec.structs.replace(receipt, verdict=event.verdict, verdict_text=event.text, verified_at=entry.at)
    draft.put("receipts", event.receipt, after)
    draft.on_the_same_line(
        entry, f"action {event.receipt}", "ACTION", text=_told(after, event.verdict, event.text), level=level
    )


def _settled(draft: Draft, entry: Entry, event: ev.ActionSettled) -> None:
    receipt: Receipt | None = draft.get("receipts").get(event.receipt)
    back = event.result == "done"
    how = "it stays" if event.kept else "taken back by itself" if back else f"NOT taken back ({event.result})"
    why = ": ".join(filter(None, (event.why, "" if event.kept else event.text)))
    level = Level.OK if event.kept or back else Level.CRITICAL
    if receipt is None:
        draft.line(entry, "ACTION", because(f"an action that is not here: {how}", why), level=level)
        return
    after = msgspec.structs.replace(
        receipt,
        settled="kept" if event.kept else "taken back" if back else "not taken back",
        undone_by=event.receipt if back and not event.kept else receipt.undone_by,
    )
    draft.put("receipts", event.receipt, after)
    draft.line(entry, "ACTION", because(f"{how}: {receipt.title}", why), level=level)


def _undone(draft: Draft, receipt_id: str, by: str) -> None:
    undone: Receipt | None = draft.get("receipts").get(receipt_id)
    if undone is not None:
        draft.put("receipts", receipt_id, msgspec.structs.replace(undone, undone_by=by))


def _told(receipt: Receipt, word: str, text: str) -> str:
    """The line of an action: how it stands, what it is, and whatever was unusual about how it came to be. A narrow
    screen cuts the end off."""
    unusual = "".join(
        (
            f"; overridden ({receipt.override})" if receipt.override else "",
            f"; approved by {receipt.approved_by}" if receipt.approved_by else "",
            f"; without a second person ({receipt.break_glass})" if receipt.break_glass else "",
        )
    )
    return f"{word}: {because(receipt.title, receipt.reason)}: {text}{unusual}"


CAN_UNDO: Final = frozenset((ev.ActionsArmed,))
STEPS: Final[Mapping[type[Event], Callable[[Draft, Entry, Any], None]]] = {
    ev.ActionsArmed: _armed,
    ev.ActionsDisarmed: _disarmed,
    ev.EvidenceKept: _evidence,
    ev.ActionIntended: _intended,
    ev.ActionEnded: _ended,
    ev.ActionVerified: _verified,
    ev.ActionSettled: _settled,
}
