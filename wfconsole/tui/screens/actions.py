"""What can be done about the thing that was looked at, what can be done at large, and every action of the incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, cast

from wfconsole.incident.act_words import class_word
from wfconsole.incident.arming import not_armed
from wfconsole.incident.offers import Offer, offer_at_large
from wfconsole.incident.state import Receipt
from wfconsole.session.acts import Stage
from wfconsole.text import cells, countdown, cut, fit
from wfconsole.tui import acting, action_names
from wfconsole.tui.action_names import Action, Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.plan_sections import standing
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import paragraphs

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

_CLASS: Final = 6


class ActionRows(BlockList):
    """Offers first, then what was done, the newest first."""

    BINDINGS = action_names.bindings("actions")

    def __init__(self, about: str) -> None:
        super().__init__(id="body")
        self._source, _, self._key = about.partition(" ")
        self.step = self._key if self._source == "step" else ""
        self.offers: dict[str, Offer] = {}

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (Span("ACTIONS ", "title"), *_armed(frame, self._room))
        what = " Enter shows what it would really do; nothing changes before that is confirmed"
        return [rule(title, width, frame), (Span(cut(what, width), "dim"),)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        rows: list[Block] = []
        self.offers = {}
        for title, offers in ((self._about(frame), self._found()), ("AT LARGE", offer_at_large())):
            if offers:
                rows.append(Block("", [_columns(title, width)]))
            for offer in offers:
                key = f"offer:{len(self.offers)}"
                self.offers[key] = offer
                here = key == (self.cursor_key or "offer:0")
                named = offer.aim.name in self._key.split("/")  # the title says it
                row = _offer_row(frame, offer, acting.busy(self._room, offer), width, here=here, named=named)
                rows.append(Block(key, [row], words=f"{offer.title} {offer.aim}"))
        receipts = frame.view.incident.receipts
        if receipts:
            rows.append(Block("", [(), (Span(" DONE IN THIS INCIDENT, the newest first", "title"),)]))
        stages = {act.receipt: act.stage for act in self._room.session.acts.show()}
        for number, (name, receipt) in reversed(tuple(enumerate(receipts.items(), 1))):
            here = name == self.cursor_key
            shown = _receipt_rows(frame, number, receipt, stages.get(name), width, here=here)
            rows.append(Block(name, shown, words=receipt.title))
        return rows

    def _found(self) -> Sequence[Offer]:
        return acting.offers(self._room, self._source, self._key)

    def _about(self, frame: Frame) -> str:
        """The thing itself, in words of the console."""
        if self._source != "step":
            name = self._key.split("/")[0] if self._source == "sessions" else self._key
            return f"FOR {self._source.removesuffix('s')} {name}"
        item = frame.checklist.find(self._key)
        return f"FOR step {item.number}: {item.step.title}" if item is not None else "FOR a step"

    @property
    def _room(self) -> WarRoom:
        return cast("WarRoom", self.app)


class ActionsScreen(ListScreen):
    """Enter plans, or opens what was done; V takes that back."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "items", "actions")
    BINDINGS = action_names.bindings("actions")
    ENTERS = True
    PLACE = "actions"

    def make_list(self) -> BlockList:
        return ActionRows(self.goto)

    def hints(self) -> Iterable[Action]:
        """`A` would only open this again."""
        return [action for action in super().hints() if action.id != "act"]

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


def _armed(frame: Frame, room: WarRoom) -> Line:
    """Whether what is planned here could be run, and what would change that."""
    incident = frame.view.incident
    why = acting.refused(room) or not_armed(incident, frame.now)
    if not why:
        left = countdown(incident.armed_until - frame.now)
        return (Span(f" ARMED {left} ", "warn-badge"), Span(f" by {incident.armed_by} "))
    mends = f", {room.key_of(action_names.BY_ID['arm'])} arms" if why.startswith("disarmed") else ""
    return (Span(f"{why}{mends} "),)


def _columns(title: str, width: int) -> Line:
    room = width - _CLASS - 3
    return (Span(" "), Span(fit(cut(title, room), room), "title"), Span(" CLASS", "dim"))


def _offer_row(frame: Frame, offer: Offer, state: str, width: int, *, here: bool, named: bool) -> Line:
    """The action, the thing where there is room, what is happening to it, and the class that its plan may have."""
    pointer = frame.glyphs.pointer if here else " "
    room = width - _CLASS - 3 - (cells(state) + 2 if state else 0)
    aim = "" if named or offer.named_by or offer.aim.kind == "incident" else f": {offer.aim}"
    return (
        Span(f" {pointer} ", "strong"),
        Span(fit(f"{offer.title}{aim}", room - 2), "strong" if here else "text"),
        Span(f" {state} " if state else "", "warn"),
        Span(f" {class_word(offer.action)}", "dim"),
    )


def _receipt_rows(
    frame: Frame, number: int, receipt: Receipt, stage: Stage | None, width: int, *, here: bool
) -> list[Line]:
    pointer = frame.glyphs.pointer if here else " "
    word, ink = standing(receipt, stage)
    start = f" {pointer} {frame.times.clock(receipt.intended_at)} #{number} "
    back = "  taken back" if receipt.undone_by else "  stays" if receipt.settled == "kept" else ""
    room = max(10, width - cells(start) - cells(word) - cells(back) - 2)
    head: Line = (
        Span(start, "strong" if here else "text"),
        Span(word, ink),
        Span(f"  {cut(receipt.title, room)}", "strong" if here else "text"),
        Span(back, "dim"),
    )
    if not here:
        return [head]
    told = [receipt.verdict_text or receipt.text]
    if not receipt.undone_by and receipt.can_be_undone:
        told.append("V plans what takes it back")
    return [head, *paragraphs(filter(None, told), width, "dim", indent=6)]
