"""What can be done about the thing that was looked at, what can be done at large, and every action of the incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from wfconsole.incident.arming import not_armed
from wfconsole.incident.offers import Offer, offer_at_large
from wfconsole.incident.state import Receipt
from wfconsole.text import cut
from wfconsole.tui import acting, action_names
from wfconsole.tui.action_names import Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.plan_sections import STAGES
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import paragraphs

_INKS: dict[str, Ink] = {"WORKED": "ok", "WORSE": "crit"}


class ActionRows(BlockList):
    """Offers first, then what was done, the newest first."""

    BINDINGS = action_names.bindings("actions")

    def __init__(self, about: str) -> None:
        super().__init__(id="body")
        self._source, _, self._key = about.partition(" ")
        self.step = self._key if self._source == "step" else ""
        self.offers: dict[str, Offer] = {}

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (Span("ACTIONS ", "title"), *_armed(frame))
        return [rule(title, width, frame)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        room = self.app
        found = acting.offers(room, self._source, self._key)  # type: ignore[arg-type]  # the WarRoom
        rows: list[Block] = []
        self.offers = {}
        for title, offers in ((f"FOR {self._source} {self._key}", found), ("AT LARGE", offer_at_large())):
            if offers:
                rows.append(Block("", [(Span(f" {cut(title, width - 2)}", "title"),)]))
            for offer in offers:
                key = f"offer:{len(self.offers)}"
                self.offers[key] = offer
                here = key == (self.cursor_key or "offer:0")
                rows.append(Block(key, [_offer_row(frame, offer, width, here=here)], words=offer.title))
        receipts = frame.view.incident.receipts
        if receipts:
            rows.append(Block("", [(), (Span(" DONE IN THIS INCIDENT", "title"),)]))
        for number, (name, receipt) in reversed(tuple(enumerate(receipts.items(), 1))):
            here = name == self.cursor_key
            shown = _receipt_rows(frame, number, name, receipt, width, here=here)
            rows.append(Block(name, shown, words=receipt.title))
        return rows


class ActionsScreen(ListScreen):
    """Enter plans, or opens what was done; V takes that back."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "items", "actions")
    BINDINGS = action_names.bindings("actions")
    ENTERS = True
    PLACE = "actions"

    def make_list(self) -> BlockList:
        return ActionRows(self.goto)

    def on_block_list_entered(self, event: BlockList.Entered) -> None:
        rows = self.body_list
        assert isinstance(rows, ActionRows)
        if offer := rows.offers.get(event.key):
            acting.take_up(self.war_room, offer, rows.step)
        elif event.key in self.war_room.session.view().incident.receipts:
            acting.open_receipt(self.war_room, event.key)

    def action_keep_action(self) -> None:
        acting.keep(self.war_room, self.body_list.key)

    def action_take_back(self) -> None:
        acting.take_back(self.war_room, self.body_list.key)


def _armed(frame: Frame) -> Line:
    incident = frame.view.incident
    why = not_armed(incident, frame.now)
    if why:
        return (Span(f"{why}, G arms "),) if incident.declared else (Span(f"{why} "),)
    return (Span(f"ARMED until {frame.times.clock(incident.armed_until)} by {incident.armed_by} ", "warn-badge"),)


def _offer_row(frame: Frame, offer: Offer, width: int, *, here: bool) -> Line:
    pointer = frame.glyphs.pointer if here else " "
    return (
        Span(f" {pointer} ", "strong"),
        Span(cut(f"{offer.title}  {offer.aim}", width - 4), "strong" if here else "text"),
    )


def _receipt_rows(frame: Frame, number: int, name: str, receipt: Receipt, width: int, *, here: bool) -> list[Line]:
    pointer = frame.glyphs.pointer if here else " "
    word = receipt.verdict or receipt.result or _stage(frame, name)
    ink = _INKS.get(word, "text" if word in ("done", "WORKED") else "warn")
    clock = frame.times.clock(receipt.intended_at)
    head: Line = (
        Span(f" {pointer} {clock} #{number} ", "strong" if here else "text"),
        Span(f"{word} ", ink),
        Span(cut(receipt.title, max(10, width - 30)), "strong" if here else "text"),
    )
    if not here:
        return [head]
    told = [receipt.verdict_text or receipt.text]
    if receipt.undone_by:
        told.append("taken back")
    elif receipt.can_be_undone:
        told.append("V takes it back")
    return [head, *paragraphs(filter(None, told), width, "dim", indent=6)]


def _stage(frame: Frame, name: str) -> str:
    del frame, name
    return STAGES["running"]
