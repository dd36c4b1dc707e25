"""The last look at a message: the exact words, where they go, who reads them. Nothing is sent but by its second answer.

Released means: in the journal, and sent from there. Until it is on disk nothing leaves.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Sequence
from typing import Final

from textual.binding import Binding
from textual.widget import Widget

from wfconsole.comms.channels import pager_action
from wfconsole.comms.drafts import Draft, clean, draft, fitting, gaps, templates_of
from wfconsole.incident.events import Event, MessageQueued, MessageSent
from wfconsole.incident.sinks import Sink
from wfconsole.redaction import redact_text
from wfconsole.tui.composing import facts_of, kept_under
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.wrapping import paragraphs, wrapped

_ALL: Final = "all"
_NEUTRAL: Final = ("file", "clipboard")  # these tell nobody by themselves
_BACK: Final = Option("back", "no, back to the text", ("nothing is sent",))
NOWHERE: Final = Sink("clipboard", "", "nobody yet: you paste it")


class MessageReviewForm(Form):
    """`goto` is the id of the template; the text is the one that stands in the composer."""

    ACTION = "publish"
    NEEDS_INCIDENT = True
    KEYS = "Enter next   PgUp PgDn read   Esc back: nothing is sent"
    BINDINGS = [
        Binding("pageup", "read(-1)", "a page up", show=False),
        Binding("pagedown", "read(1)", "a page down", show=False),
    ]

    def title_words(self) -> str:
        made = self.draft
        return f"REVIEW {made.template.title}"

    def cancel_word(self) -> str:
        return ""

    @functools.cached_property
    def draft(self) -> Draft:
        state = self.frame.view.incident
        templates = templates_of(self.frame.runbook, state)
        place = next((place for place, each in enumerate(templates) if each.id == self.goto), None)
        template = templates[fitting(templates, state) if place is None else place]
        return draft(template, facts_of(self.frame, self.war_room))

    @functools.cached_property
    def text(self) -> str:
        """The very words that are kept and sent: what looks like a secret is out of them already."""
        return clean(redact_text(self.war_room.reviewed or self.draft.text))

    @functools.cached_property
    def sinks(self) -> tuple[Sink, ...]:
        """Where this may go at all: a text for the public goes nowhere but there, and one for us never goes there."""
        public = self.draft.audience == "public"
        found = self.war_room.session.sinks() or (NOWHERE,)
        return tuple(each for each in found if each.name in _NEUTRAL or (each.audience == "public") == public)

    @property
    def chosen(self) -> tuple[Sink, ...]:
        """Where it goes; more than one where somebody chose all."""
        wanted = self.query_one("#sink", Choice).value
        return self.all_at_once if wanted == _ALL else tuple(each for each in self.sinks if each.name == wanted)

    @property
    def all_at_once(self) -> tuple[Sink, ...]:
        """Those that bring it to people by themselves, and can."""
        return tuple(each for each in self.sinks if each.name not in _NEUTRAL and not each.refused)

    def fields(self) -> Iterable[Widget]:
        options = [Option(each.name, _named(each), _means(each)) for each in self.sinks]
        if len(self.all_at_once) > 1:
            options.append(Option(_ALL, " and ".join(each.name for each in self.all_at_once), ("both at once",)))
        yield Choice(options, id="sink", title="1 To", chosen=self._first())
        yield Words(id="bytes", make=self._bytes)
        yield Choice(self._answers(), id="sure", title="2 Send it?")

    def enter(self) -> None:
        if self.query_one("#sure", Choice).value == "back":
            self.action_cancel()
            return
        sinks = self.chosen
        refused = next((each for each in sinks if each.refused), None)
        if refused is not None:
            self.say(f"nothing can be sent to {refused.name}: {refused.refused}")
            return
        self._release(sinks)

    def _release(self, sinks: Sequence[Sink]) -> None:
        room = self.war_room
        events = [event for sink in sinks for event in self._events(sink)]
        drafts, name = room.session.drafts, kept_under(self.frame, self.draft.template)
        begun = drafts.get(name)
        drafts.drop(name)
        self.dismiss(None)
        if not room.enter(*events, name="publish"):
            if begun is not None:
                drafts.keep(name, begun.fields, drawn_at=begun.drawn_at)
            return
        room.last_entries = ()  # what is on its way cannot be taken back
        if sinks[0].name == "clipboard":
            room.copy(self.text)
        else:
            room.say(f"on its way; l shows what came of it. To {' and '.join(map(_named, sinks))}")

    def _events(self, sink: Sink) -> Sequence[Event]:
        name = uuid.uuid4().hex
        queued = MessageQueued(
            name,
            self.draft.template.id,
            sink.name,
            self.text,
            audience=self.draft.audience,
            place=sink.place,
            state=self.draft.state,
        )
        return (queued, MessageSent(name)) if sink.name == "clipboard" else (queued,)

    def action_read(self, pages: int) -> None:
        box = self.query_one("#form")
        box.scroll_relative(y=pages * max(1, box.size.height - 2), animate=False)

    def on_choice_moved(self) -> None:
        self.say("")
        self.query_one("#bytes", Words).redraw()

    def _first(self) -> str:
        """Where the template says, else where somebody can take it from."""
        usable = [each.name for each in self.sinks if not each.refused]
        wanted = [name.strip() for name in self.draft.template.target.split(",")]
        return next((name for name in (*wanted, "file", "clipboard") if name in usable), "clipboard")

    def _answers(self) -> Sequence[Option]:
        left = len(gaps(self.text))
        as_it_is = f", with {left} gap{'s' if left > 1 else ''} left in it" if left else ""
        return (_BACK, Option("send", f"yes, as it stands{as_it_is}"))

    def _bytes(self, width: int) -> list[Line]:
        sinks = self.chosen if self.query("#sink") else self.sinks[:1]
        ink: Ink = "warn" if self.draft.audience == "public" else "title"
        told = [f"-- {each.name}: these words, {_what(self.draft, each)}" for each in sinks]
        rows = paragraphs(told, width, ink)
        for text in self.text.split("\n"):
            rows += [(Span(row),) for row in wrapped(text, width)]
        return [*rows, (Span(f"-- {len(self.text.encode())} bytes, {len(self.text.split())} words", "dim"),)]


def _named(sink: Sink) -> str:
    return f"{sink.name} {sink.place}".strip()


def _means(sink: Sink) -> tuple[str, ...]:
    return (f"not now: {sink.refused}",) if sink.refused else (f"read by {sink.who}",)


def _what(made: Draft, sink: Sink) -> str:
    """What arrives there, exactly."""
    if sink.name == "status page":
        return f"as {made.state.upper()}, read by THE PUBLIC"
    if sink.name == "pagerduty":
        action = pager_action(made.template.id, made.state)
        return "as the details of the alert" if action == "trigger" else f"kept here; it gets the word {action} alone"
    return f"read by {sink.who}"
