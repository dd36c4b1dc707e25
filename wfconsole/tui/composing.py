"""A message as somebody writes it: which template, the draft that it began as, and the words as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wfconsole.clock import Millis
from wfconsole.comms.drafts import Draft as Drawn
from wfconsole.comms.drafts import clean, draft, fitting, templates_of
from wfconsole.comms.facts import Facts
from wfconsole.incident.policy import Template
from wfconsole.incident.sinks import Sink
from wfconsole.session.drafts import Draft
from wfconsole.tui.frame import Frame

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom
    from wfconsole.tui.widgets.editor import Editor

NO_SLACK: Final = Sink("slack")
_TEXT: Final = "text"


def facts_of(frame: Frame, room: WarRoom) -> Facts:
    """What a draft is made from, as it is on show."""
    slack = next((sink for sink in room.session.sinks() or () if sink.name == "slack"), NO_SLACK)
    state = frame.view.incident
    return Facts(state, frame.runbook, frame.view.world, frame.now, slack.place, slack.mentions)


def kept_under(frame: Frame, template: Template) -> str:
    """Under which name a message that somebody has begun is among the drafts."""
    state = frame.view.incident
    return f"message {state.id} {'restricted' if state.restricted else 'open'} {template.id}"


def text_kept(kept: Draft) -> str:
    """The words of a message that somebody has begun."""
    return kept.fields.get(_TEXT, "")


class Composing:
    """What somebody has begun is among the console's drafts, so that it is there when the screen is opened again."""

    def __init__(self, editor: Editor, goto: str) -> None:
        """`goto` is the id of the template to begin with, "" for the one that fits."""
        self.editor = editor
        self.templates: tuple[Template, ...] = ()
        self.place = 0
        self.draft: Drawn | None = None
        self.drawn_at: Millis = 0  # of which instant the facts are that it began with
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
        begun = self.draft is not None and self.kept(frame, room) is not None
        wanted = self.draft.template.id if self.draft is not None and begun else self._goto
        self._goto = ""
        named = next((place for place, each in enumerate(self.templates) if each.id == wanted), None)
        self.take(fitting(self.templates, state) if named is None else named, frame, room)

    def take(self, place: int, frame: Frame, room: WarRoom) -> None:
        """Go on with this template: with the words that somebody wrote, else with a new draft."""
        self.place = place % len(self.templates)
        template = self.templates[self.place]
        self.draft = draft(template, facts_of(frame, room))
        kept = self.kept(frame, room)
        self.drawn_at = kept.drawn_at if kept is not None else frame.now
        self.editor.load_text(text_kept(kept) if kept is not None else self.draft.text)

    def kept(self, frame: Frame, room: WarRoom) -> Draft | None:
        """What somebody has begun to write of this message."""
        return room.session.drafts.get(kept_under(frame, self.draft.template)) if self.draft is not None else None

    def keep(self, frame: Frame, room: WarRoom) -> None:
        """The words are others: they are kept as far as they are somebody's."""
        if self.draft is not None and self.changed:
            name = kept_under(frame, self.draft.template)
            room.session.drafts.keep(name, {_TEXT: self.editor.text}, drawn_at=self.drawn_at)
        else:
            self.forget(frame, room)

    def forget(self, frame: Frame, room: WarRoom) -> None:
        """The next draft is a new one."""
        if self.draft is not None:
            room.session.drafts.drop(kept_under(frame, self.draft.template))
