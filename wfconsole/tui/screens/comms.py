"""Write a message from live facts: choose what it is, read what is wrong with it, then review it and send it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.geometry import Region, Size
from textual.widget import Widget
from textual.widgets import TextArea

from wfconsole.comms.drafts import GAP
from wfconsole.tui import action_names, places, screens
from wfconsole.tui.action_names import Action
from wfconsole.tui.composing import Composing
from wfconsole.tui.frame import Frame
from wfconsole.tui.panes.composer import HEAD_ROWS, MessageHead, MessagePreview, MessageRemarks
from wfconsole.tui.record_keys import no_incident
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.widgets.editor import Editor, ScrollsEditor
from wfconsole.tui.widgets.lines import Pane

_REMARK_ROWS: Final = 6
_WIDE: Final = 110
_HIGH: Final = 30
SOON_S: Final = 0.1


class CommsScreen(ScrollsEditor, ConsoleScreen):
    """`goto` is the id of a template. What somebody has begun is kept until it is sent or drafted anew."""

    SCOPES = ("all", "lists", "items", "comms")
    BINDINGS = action_names.bindings("lists", "items", "comms")
    FIRST_FOCUS = "head"
    PLACE = "messages"

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self._editor = Editor(id="editor")
        self.composing = Composing(self._editor, goto)
        self._discards = False  # the key that drafts anew was pressed once

    def body(self) -> Iterable[Widget]:
        yield MessageHead(self.composing, id="head")
        yield self._editor
        yield MessagePreview(self.composing, id="preview")
        yield MessageRemarks(self.composing, id="remarks")

    def places(self, size: Size) -> places.Places:
        placed = dict(places.plain(size))
        body = placed.pop("body", None)
        if body is None:
            return placed
        remarks = _REMARK_ROWS if body.height < _HIGH else _REMARK_ROWS + 3
        top, room = body.y + HEAD_ROWS, body.height - HEAD_ROWS - remarks
        left = body.width // 2 if body.width >= _WIDE else body.width
        placed["head"] = Region(0, body.y, body.width, HEAD_ROWS)
        placed["editor"] = Region(0, top, left, room)
        if left < body.width:
            placed["preview"] = Region(left, top, body.width - left, room)
        placed["remarks"] = Region(0, top + room, body.width, remarks)
        return placed

    def hints(self) -> Iterable[Action]:
        """While somebody types, no key does anything else."""
        if self.composing.typing:
            return ()
        own = [action for action in super().hints() if action.where == "comms" or action.id in ("open", "copy-item")]
        return [*own, *(action for action in super().hints() if action.where == "all" and action.id != "zoom-1")]

    def update(self, frame: Frame) -> None:
        self.composing.choose(frame, self.war_room)
        super().update(frame)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._discards = False
        if self.frame is not None:
            self.composing.keep(self.frame, self.war_room)
        self._redraw()

    def on_descendant_focus(self) -> None:
        self._redraw()

    def back(self) -> bool:
        if self.composing.typing:
            self.query_one("#head").focus()
            return True
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks the screen that a key is bound on; the answer is the same everywhere."""
        return self.war_room.check_action(action, parameters)

    def action_open_row(self) -> None:
        if self.composing.draft is not None:
            self._editor.select_first(GAP)
            self._editor.focus()

    def action_item(self, items: int) -> None:
        """The next template, or the one before."""
        if self.frame is not None and self.composing.templates:
            self._discards = False
            self.composing.take(self.composing.place + items, self.frame, self.war_room)
            self._redraw()

    def action_filter(self) -> None:
        self.say("nothing to filter here; n and b go through the messages")

    def action_copy_row(self) -> None:
        if self.composing.draft is not None:
            self.war_room.copy(self.composing.text)

    def action_draft_anew(self) -> None:
        """From what is known now; words that somebody wrote go only on the second press."""
        if self.frame is None or self.composing.draft is None:
            self.say(no_incident(self.war_room.declare_key))
        elif self.composing.changed and not self._discards:
            self._discards = True
            self.say("you have changed it: the same key again drops your words")
        else:
            self._discards = False
            frame = self.war_room.frame()
            self.composing.forget(frame, self.war_room)
            self.composing.take(self.composing.place, frame, self.war_room)
            self._redraw()
            self.say("drafted anew from what is known now")

    def action_publish(self) -> None:
        """To the review: nothing is sent before somebody has read it there."""
        made = self.composing.draft
        if made is None:
            self.say(no_incident(self.war_room.declare_key))
        elif refusal := self.war_room.refused_change("publish"):
            self.say(refusal)
        elif not self.composing.text.strip():
            self.say("there is nothing in it yet")
        elif self.war_room.session.sinks() is None:  # a review that offers too little would be answered by habit
            self.say("one moment: where messages can go is not known yet")
            self.set_timer(SOON_S, self._publish_after_all)
        else:
            self.war_room.reviewed = self.composing.text
            self.war_room.push_screen(screens.load("message-review")(made.template.id))

    def _publish_after_all(self) -> None:
        if self.war_room.screen is self:
            self.action_publish()

    def _redraw(self) -> None:
        for pane in self.query_children(Pane):
            if pane.display:
                pane.redraw()
        if self.frame is not None:
            self._hint(self.frame)
