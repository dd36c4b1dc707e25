"""One action whole: the plan that was confirmed, the evidence, how it went, whether it helped, what takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual.widget import Widget

from wfconsole.decoding import decoder_of
from wfconsole.incident.action_events import EvidenceKept
from wfconsole.incident.plan import Plan
from wfconsole.incident.state import Receipt
from wfconsole.observations.levels import Level, Quality
from wfconsole.session.acts import Act, Stage
from wfconsole.text import cut
from wfconsole.tui import acting, action_names
from wfconsole.tui.action_names import Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.edges import edges
from wfconsole.tui.panes.plan_sections import INDENT, plan_rows, progress_rows, reading_rows, standing
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.screens.framed_screen import TextScreen
from wfconsole.tui.widgets.scroll_text import ScrollText, Section
from wfconsole.tui.wrapping import labelled


class ReceiptText(ScrollText):
    """How it goes first, then what was confirmed, then the evidence."""

    def __init__(self, receipt: str) -> None:
        super().__init__(id="table")
        self._receipt = receipt

    def act(self) -> Act | None:
        """The action of this console; None where another console did it."""
        acts = self.app.session.acts.show()  # type: ignore[attr-defined]  # of the WarRoom
        return next((each for each in acts if each.receipt == self._receipt), None)

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        act = self.act()
        receipt = frame.view.incident.receipts.get(self._receipt)
        found: list[Section] = []
        if act is not None and (act.stage != "over" or receipt is None):
            found.append(Section(heading(frame, "NOW", ""), progress_rows(frame, act, width, result=receipt is None)))
        if receipt is not None:
            stage = act.stage if act is not None else None
            found.append(Section(heading(frame, "RECEIPT", receipt.by), _receipt_rows(frame, receipt, stage, width)))
        if act is not None and act.stage == "over" and act.readings:
            found.append(Section(heading(frame, "READ", "the newest last"), reading_rows(frame, act, width)))
        plan = act.plan if act is not None else _plan_of(receipt)
        if plan is not None:
            rows = plan_rows(frame, plan, None, width)
            found.append(Section(heading(frame, "PLAN", "as it was confirmed"), rows))
        found += self._evidence(frame)
        return found or [Section(heading(frame, "ACTION", ""), [(Span("  the record knows no such action"),)])]

    def _evidence(self, frame: Frame) -> Iterable[Section]:
        entries = self.app.session.entries()  # type: ignore[attr-defined]  # of the WarRoom
        for entry in entries:
            event = entry.event
            if isinstance(event, EvidenceKept) and event.receipt == self._receipt:
                rows: list[Line] = [(Span(f"  {line}"),) for line in event.lines]
                if event.missing:
                    rows = [(Span(f"  could not be had: {event.missing}", "warn"),)]
                yield Section(heading(frame, "EVIDENCE", event.what), rows)

    def action_follow(self) -> None:
        self.action_last()

    def action_open_row(self) -> None:
        self.action_section(1)


class ReceiptScreen(TextScreen):
    """It may be left at any time; the action goes on."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "actions")
    BINDINGS = action_names.bindings("actions")

    def __init__(self, goto: str) -> None:
        super().__init__()
        self._receipt = goto
        self._text = ReceiptText(goto)

    def body(self) -> Iterable[Widget]:
        yield from edges(self)
        yield self._text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks the screen that a key is bound on; the answer is the same everywhere."""
        return self.war_room.check_action(action, parameters)

    def level(self, frame: Frame) -> Level:
        receipt, act = frame.view.incident.receipts.get(self._receipt), self._text.act()
        if receipt is None:
            return Level.WARNING if act is not None and act.trouble else Level.OK
        if receipt.result == "" and receipt.verdict == "":
            return Level.OK
        if receipt.verdict == "WORSE" or receipt.result == "unknown":
            return Level.CRITICAL
        return Level.OK if receipt.result == "done" and receipt.verdict in ("", "WORKED") else Level.WARNING

    def quality(self, frame: Frame) -> Quality:
        del frame
        return Quality.LIVE

    def title_line(self, frame: Frame) -> Line:
        receipt, act = frame.view.incident.receipts.get(self._receipt), self._text.act()
        title = receipt.title if receipt is not None else act.plan.title if act and act.plan else "an action"
        if receipt is None:
            return (Span("ACTION ", "title"), Span(cut(title, 60), "strong"))
        word, ink = standing(receipt, act.stage if act is not None else None)
        return (Span("ACTION ", "title"), Span(word, ink), Span(f"  {title}", "strong"))

    def footer(self, frame: Frame) -> Line:
        receipt, act = frame.view.incident.receipts.get(self._receipt), self._text.act()
        keep = "   K keeps it" if act is not None and act.kept_unless else ""
        back = "   V takes it back" if receipt is not None and receipt.can_be_undone else ""
        on = ": it goes on" if act is not None and act.stage != "over" else ""
        return (Span(f"{self._text.place()}   n b section{keep}{back}   Bksp back{on}", "dim"),)

    def action_keep_action(self) -> None:
        acting.keep(self.war_room, self._receipt)

    def action_take_back(self) -> None:
        acting.take_back(self.war_room, self._receipt)


def _plan_of(receipt: Receipt | None) -> Plan | None:
    if receipt is None:
        return None
    try:
        return decoder_of(Plan).decode(receipt.plan)
    except msgspec.MsgspecError:
        return None


def _receipt_rows(frame: Frame, receipt: Receipt, stage: Stage | None, width: int) -> list[Line]:
    """What the record says of it: how it ended and whether it helped come first."""
    ink = standing(receipt, stage)[1]
    told: list[tuple[str, str, Ink]] = [
        ("WHAT", receipt.title, "strong"),
        ("VERDICT", f"{receipt.verdict}: {receipt.verdict_text}" if receipt.verdict else "", ink),
        ("RESULT", _result(receipt), "text" if receipt.result == "done" else ink),
        *(("", line, "text") for line in receipt.lines),
        ("BACK", _back(receipt), "text"),
        ("LOST", "; ".join(receipt.lost), "warn"),
        ("WHO", f"{receipt.by}, {frame.times.calendar(receipt.intended_at)}", "text"),
        ("WHY", receipt.reason, "text"),
        ("APPROVED", receipt.approved_by, "text"),
        ("ALONE", f"no second person: {receipt.break_glass}" if receipt.break_glass else "", "warn"),
        ("OVERRIDE", receipt.override, "warn"),
    ]
    return [row for name, text, ink in told if text for row in labelled(name, text, width, indent=INDENT + 1, ink=ink)]


def _result(receipt: Receipt) -> str:
    if receipt.result == "unknown":
        return f"UNKNOWN, it may have happened: {receipt.text}. Look before you do it again"
    if receipt.result == "failed":
        return f"failed, nothing was changed: {receipt.text}"
    if receipt.result == "stale":
        return f"stale, nothing was changed: {receipt.text}. Plan it again"
    return f"{receipt.result}: {receipt.text}" if receipt.result else "not known yet: the intent is in the record"


def _back(receipt: Receipt) -> str:
    """What can become of it still."""
    if receipt.undone_by:
        return "it was taken back"
    can = "V plans what takes it back" if receipt.can_be_undone else ""
    if receipt.settled == "kept":
        return f"it stays: somebody kept it. {can}".strip()
    if receipt.settled == "not taken back":
        return f"it should have taken itself back, and did NOT. {can}".strip()
    if can or not receipt.result:
        return can
    return "there is nothing to take back" if receipt.result in ("failed", "stale") else "nothing takes it back"
