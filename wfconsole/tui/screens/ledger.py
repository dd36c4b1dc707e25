"""What people were told: what is public now and since when, what waits and why, what arrived."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.incident.events import MessageQueued
from wfconsole.incident.ledger import STATUS_PAGE, is_open, newest_sent, next_try
from wfconsole.incident.state import IncidentState, Message
from wfconsole.text import age, countdown, cut
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import paragraphs

_INDENT = 4


class Letters(BlockList):
    """Messages by how it stands with them; the one with the cursor is spelled out."""

    BINDINGS = action_names.bindings("ledger")

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        state = frame.view.incident
        waiting = sum(is_open(message) for message in state.messages.values())
        title: Line = (
            Span("LEDGER", "title"),
            Span(f" {len(state.messages)} messages, {waiting} not there yet "),
            *((Span(f"restricted: {state.code_name} ", "warn"),) if state.restricted else ()),
        )
        return [rule(title, width, frame), *public_lines(frame, width)]

    def nothing(self, frame: Frame) -> str:
        return "nobody was told anything yet; m writes a message" if frame.view.incident.declared else "no incident"

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        messages = frame.view.incident.messages
        here = self.cursor_key or self.first_key(frame)
        blocks: list[Block] = []
        for title, standings in (
            ("NOT THERE YET", ("unknown", "failed", "queued", "sending")),
            ("ARRIVED", ("sent",)),
            ("DROPPED", ("dropped",)),
        ):
            names = [name for name, message in messages.items() if message.standing in standings]
            if names:
                blocks.append(Block("", [(Span(f" {title}", "title"),)]))
            for name in reversed(names):
                row = _row(frame, messages[name], width, here=name == here)
                more = _spelled_out(frame, messages[name], width) if name == here else []
                blocks.append(Block(name, [row, *more], words=messages[name].text))
        return blocks

    def first_key(self, frame: Frame) -> str:
        messages = frame.view.incident.messages
        waiting = [name for name, message in messages.items() if is_open(message)]
        return (waiting or list(messages) or [""])[-1]


class LedgerScreen(ListScreen):
    """R sends again, W drops."""

    SCOPES = ("all", "lists", "items", "ledger")
    BINDINGS = action_names.bindings("ledger")
    PLACE = "ledger"

    def __init__(self, goto: str = "") -> None:
        super().__init__("" if goto == "ledger" else goto)
        self._warned = ""  # the message that R was pressed on once, although it may have arrived

    def make_list(self) -> BlockList:
        return Letters(id="body")

    def copied(self) -> str:
        chosen = self._chosen()
        return chosen[1].text if chosen is not None else ""

    def action_retry_message(self) -> None:
        """Release it again; one that may have arrived only on the second press."""
        chosen = self._chosen()
        if chosen is None:
            self.say("there is no message here")
            return
        name, message = chosen
        if message.standing in ("sent", "dropped"):
            self.say(f"it is {message.standing}; m writes a new one")
        elif message.standing in ("queued", "sending") and next_try(message, self._now()):
            self.say("it is on its way already")
        elif message.doubted and self._warned != name:
            self._warned = name
            self.say(f"it may be there: look at {message.place or message.target} first; the same key again sends it")
        else:
            self._warned = ""
            again = MessageQueued(
                name,
                message.template,
                message.target,
                message.text,
                audience=message.audience,
                place=message.place,
                state=message.state,
            )
            if self.war_room.enter(again, name="retry-message"):
                self.war_room.last_entries = ()
                self.say("sent again, as soon as it is on disk")

    def action_drop_message(self) -> None:
        """Do not send it any more; asks why."""
        chosen = self._chosen()
        if chosen is None:
            self.say("there is no message here")
        elif not is_open(chosen[1]):
            self.say(f"it is {chosen[1].standing}: there is nothing to drop")
        elif refusal := self.war_room.refused_change("drop-message"):
            self.say(refusal)
        else:
            from wfconsole.tui.screens.drop_message import DropMessageForm

            self.war_room.push_screen(DropMessageForm(chosen[0]))

    def _chosen(self) -> tuple[str, Message] | None:
        key = self.body_list.key
        message = self.war_room.session.view().incident.messages.get(key)
        return None if message is None else (key, message)

    def _now(self) -> int:
        return self.war_room.session.now()


def public_lines(frame: Frame, width: int) -> list[Line]:
    """What is public now, and since when: always two rows."""
    state = frame.view.incident
    public = [message for _, message in newest_sent(state, STATUS_PAGE)]
    if not public:
        first: Line = (Span(" public now: nothing was said on a status page", "dim"),)
    else:
        message = max(public, key=lambda each: each.settled_at)
        is_public_open = message.state != "resolved"
        since = f"since {frame.times.clock(message.settled_at)}, {age(frame.now - message.settled_at)}"
        ink: Ink = "warn" if is_public_open else "ok"
        still = "" if is_public_open else ": nothing is open there"
        first = (Span(" public now: "), Span(message.state.upper(), ink), Span(f" {since}{still}", "dim"))
    return [first, (Span(cut(f" inside: {_newest_inside(state, frame.now)}", width), "dim"),)]


def _newest_inside(state: IncidentState, now: int) -> str:
    told = [message for target in ("slack", "pagerduty") for _, message in newest_sent(state, target)]
    if not told:
        return "nobody was told from here yet"
    newest = max(told, key=lambda message: message.settled_at)
    return f"{newest.template} to {newest.target} {newest.place}, {age(now - newest.settled_at)} ago"


def _row(frame: Frame, message: Message, width: int, *, here: bool) -> Line:
    at = message.settled_at or message.queued_at
    words = {"unknown": "PERHAPS", "failed": "FAILED", "queued": "waits", "sending": "sending"}
    word = words.get(message.standing, message.standing)
    inks: dict[str, Ink] = {"unknown": "warn", "failed": "warn", "sent": "ok"}
    where = f"{message.target} {message.place}".strip()
    told = f"{message.state} " if message.state else ""
    first = next((line for line in message.text.split("\n") if line.strip()), "")
    pointer = frame.glyphs.pointer if here else " "
    sign = frame.glyphs.pending if message.entry in frame.view.pending else " "
    return (
        Span(f"{pointer}{frame.times.column(at)[:8]} ", "dim"),
        Span(f"{word:<8}{sign}", inks.get(message.standing, "text")),
        Span(cut(f"{where}  {told}{first}", max(10, width - 20)), "text"),
    )


def _spelled_out(frame: Frame, message: Message, width: int) -> list[Line]:
    said = _standing(message, frame.now)
    if message.standing == "queued" and frame.view.journal.condition == "memory-only":
        said = "waits: the record is on no disk, so nothing is sent; y copies it for another way"
    rows = paragraphs((said,), width, "warn" if is_open(message) else "dim", indent=_INDENT)
    told = f"{message.template} by {message.by}, released {frame.times.calendar(message.queued_at)}"
    if message.attempts:
        told += f", {message.attempts} attempt{'s' if message.attempts > 1 else ''}"
    if message.reference:
        told += f", there it is {message.reference}"
    rows += paragraphs((told,), width, "dim", indent=_INDENT)
    return rows + paragraphs(message.text.split("\n"), width, indent=_INDENT)


def _standing(message: Message, now: int) -> str:
    """How it stands, and what happens next."""
    due = next_try(message, now)
    match message.standing:
        case "sent":
            return f"arrived {age(now - message.settled_at)} ago"
        case "dropped":
            return f"dropped: {message.reason or 'no reason given'}"
        case "sending":
            return "an attempt is under way"
        case "queued":
            return "waits until it is on disk, and for its turn" if due else "too old to be sent by itself: R sends it"
    said = "it may have arrived or not" if message.standing == "unknown" else "it did not arrive"
    if due:
        after = f"next try in {countdown(due - now)}" if due > now else "next try now"
        after += ", after a look whether it is there" if message.doubted else ""
    else:
        after = "not tried again by itself: R sends it, W drops it"
    return f"{said}: {message.reason}; {after}"
