"""A message as somebody writes it: which template, the draft that it began as, and the words as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wfconsole.comms.drafts import Draft, clean, draft, fitting, templates_of
from wfconsole.comms.facts import Facts
from wfconsole.incident.policy import Template
from wfconsole.incident.sinks import Sink
from wfconsole.tui.frame import Frame

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom
    from wfconsole.tui.widgets.editor import Editor

REVIEWED: Final = "review"  # under which the text is kept that somebody wants to send
NO_SLACK: Final = Sink("slack")


def facts_of(frame: Frame, room: WarRoom) -> Facts:
    """What a draft is made from, as it is on show."""
    slack = next((sink for sink in room.session.sinks() if sink.name == "slack"), NO_SLACK)
    state = frame.view.incident
    return Facts(state, frame.runbook, frame.view.world, frame.now, slack.place, slack.mentions)


def kept_under(frame: Frame, template: Template) -> str:
    """Under which key a message that somebody has begun is kept."""
    state = frame.view.incident
    return f"{state.id} {'restricted' if state.restricted else 'open'} {template.id}"


class Composing:
    """What somebody has begun is kept by the application, so that it is there when the screen is opened again."""

    def __init__(self, editor: Editor, goto: str) -> None:
        """`goto` is the id of the template to begin with, "" for the one that fits."""
        self.editor = editor
        self.templates: tuple[Template, ...] = ()
        self.place = 0
        self.draft: Draft | None = None
        self._goto = goto
        self._of = ""  # what the templates were chosen for

    @property
    def text(self) -> str:
        """The message as it stands."""
        return clean(self.editor.text)

    @property
    def typing(self) -> bool:
        return self.editor.has_focus

    @property
    def changed(self) -> bool:
        """Whether somebody wrote in it."""
        return self.draft is not None and self.text != self.draft.text

    def choose(self, frame: Frame, room: WarRoom) -> None:
        """The template that fits the incident as it is now; one that somebody has begun to write stays."""
        state = frame.view.incident
        of = f"{state.id} {state.restricted} {len(state.messages)} {frame.runbook.digest}" if state.declared else ""
        if of == self._of or not frame.runbook.policy.rules or self.typing:
            return
        self._of = of
        self.templates = templates_of(frame.runbook, state) if state.declared else ()
        if not self.templates:
            self.draft = None
            return
        begun = self.draft is not None and kept_under(frame, self.draft.template) in room.composed
        wanted = self.draft.template.id if self.draft is not None and begun else self._goto
        self._goto = ""
        named = next((place for place, each in enumerate(self.templates) if each.id == wanted), None)
        self.take(fitting(self.templates, state) if named is None else named, frame, room)

    def take(self, place: int, frame: Frame, room: WarRoom) -> None:
        """Go on with this template: with the words that somebody wrote, else with a new draft."""
        self.place = place % len(self.templates)
        template = self.templates[self.place]
        self.draft = draft(template, facts_of(frame, room))
        kept = room.composed.get(kept_under(frame, template))
        self.editor.load_text(kept if kept is not None else self.draft.text)

    def keep(self, frame: Frame, room: WarRoom) -> None:
        """The words are others: they are kept as far as they are somebody's."""
        if self.draft is not None:
            self.forget(frame, room)
            if self.changed:
                room.composed = {**room.composed, kept_under(frame, self.draft.template): self.editor.text}

    def forget(self, frame: Frame, room: WarRoom) -> None:
        """The next draft is a new one."""
        if self.draft is not None:
            key = kept_under(frame, self.draft.template)
            room.composed = {name: text for name, text in room.composed.items() if name != key}
