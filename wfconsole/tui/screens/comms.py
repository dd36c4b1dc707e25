"""Write a message from live facts: choose what it is, read what is wrong with it, then review it and send it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, cast

from textual.geometry import Region, Size
from textual.widget import Widget
from textual.widgets import TextArea

from wfconsole.comms.checks import checks, last_like
from wfconsole.comms.drafts import Draft, clean, draft, fitting, templates_of
from wfconsole.comms.facts import Facts
from wfconsole.incident.policy import Template
from wfconsole.observations.levels import Level
from wfconsole.text import age, countdown, cut
from wfconsole.tui import action_names, places, screens
from wfconsole.tui.action_names import Action
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.record_keys import NO_INCIDENT
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.state_words import level_ink, level_sign
from wfconsole.tui.widgets.editor import Editor
from wfconsole.tui.widgets.lines import Pane
from wfconsole.tui.wrapping import wrapped

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

REVIEWED: Final = "review"  # under which the text is kept that somebody wants to send
_HEAD_ROWS: Final = 3
_REMARK_ROWS: Final = 6
_WIDE: Final = 110
_STATES: Final = ("investigating", "identified", "monitoring", "resolved")


def facts_of(frame: Frame, room: WarRoom) -> Facts:
    """What a draft is made from, as it is on show."""
    slack = next((sink for sink in room.session.sinks() if sink.name == "slack"), None)
    return Facts(frame.view.incident, frame.runbook, frame.view.world, frame.now, slack.place if slack else "")


def kept_under(frame: Frame, template: Template) -> str:
    """Under which key a message that somebody has begun is kept."""
    state = frame.view.incident
    return f"{state.id} {'restricted' if state.restricted else 'open'} {template.id}"


class _Head(Pane, can_focus=True):
    """Which message this is, to whom it goes, when the next one is due. Keys act while it has the focus."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        composer = cast(CommsScreen, self.screen)
        made = composer.draft
        if made is None:
            return [rule((Span("MESSAGES", "title"),), width, frame), (Span(f" {NO_INCIDENT}", "dim"),)]
        place = f" {composer.place + 1}/{len(composer.templates)} "
        title: Line = (
            *(Span("MESSAGES", "title"), Span(place, "dim"), Span(cut(made.template.title, width - 44), "strong")),
            *(Span("  n", "key"), Span(" next "), Span("b", "key"), Span(" back ")),
        )
        return [rule(title, width, frame), self._track(made, width), self._clock(frame, width)]

    def _track(self, made: Draft, width: int) -> Line:
        if made.audience != "public":
            where = f" for {made.template.target}; read by those who work on it or wait for it"
            return (Span(cut(where, width), "dim"),)
        line: list[Span] = [Span(" the PUBLIC reads: ", "warn")]
        for place, state in enumerate(_STATES):
            here = state == made.state
            line += [Span(" > " if place else ""), Span(state.upper() if here else state, "strong" if here else "dim")]
        return tuple(line)

    def _clock(self, frame: Frame, width: int) -> Line:
        composer = cast(CommsScreen, self.screen)
        said = []
        clock = next((clock for clock in frame.clocks if clock.name == "update" and clock.state != "met"), None)
        if clock is not None:
            overdue = clock.state == "overdue"
            said.append(f"update {'' if overdue else 'due in '}{countdown(clock.left_ms)}")
        before = last_like(composer.draft, frame.view.incident) if composer.draft else None
        if before is not None:
            said.append(f"the one before: {before.standing}, {age(frame.now - before.queued_at)} ago")
        said.append("Enter edits" if not composer.typing else "Esc stops typing")
        return (Span(cut(f" {'   '.join(said)}", width), "dim"),)


class _Remarks(Pane):
    """What a reader would stumble over."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        composer = cast(CommsScreen, self.screen)
        if composer.draft is None:
            return []
        lines: list[Line] = [(Span(frame.glyphs.rule * width, "rule"),)]
        fine: list[str] = []
        for check in checks(composer.draft, composer.text, facts_of(frame, composer.war_room)):
            if check.level == Level.OK:
                fine.append(check.text)
                continue
            sign = level_sign(frame.glyphs, check.level)
            lines.append((Span(cut(f" {sign} {check.text}", width), level_ink(check.level)),))
        lines = lines[: height - 1]
        if fine:
            lines.append((Span(cut(f" {level_sign(frame.glyphs, Level.OK)} {'; '.join(fine)}", width), "dim"),))
        return lines


class _Preview(Pane):
    """How it will read, and the one before it."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        composer = cast(CommsScreen, self.screen)
        made = composer.draft
        if made is None:
            return []
        bar = Span(f"{frame.glyphs.rail} ", "rule")
        who = "the public" if made.audience == "public" else made.template.target
        lines: list[Line] = [(bar, Span(f"PREVIEW for {who}", "title"))]
        for text in composer.text.split("\n"):
            lines += [(bar, Span(row)) for row in wrapped(text, width - 3)]
        before = last_like(made, frame.view.incident)
        if before is not None:
            lines += [(bar,), (bar, Span(f"THE ONE BEFORE, {before.standing}", "title"))]
            for text in before.text.split("\n"):
                lines += [(bar, Span(row, "dim")) for row in wrapped(text, width - 3)]
        return [*lines, *[(bar,)] * (height - len(lines))]


class CommsScreen(ConsoleScreen):
    """`goto` is the id of a template. What somebody has begun is kept while the console runs."""

    SCOPES = ("all", "lists", "items", "comms")
    BINDINGS = action_names.bindings("lists", "items", "comms")
    FIRST_FOCUS = "head"
    PLACE = "messages"

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self.goto = goto
        self.templates: tuple[Template, ...] = ()
        self.place = 0
        self.draft: Draft | None = None
        self._of = ""  # the incident, and whether it is restricted: what the templates were chosen for
        self._discards = False  # the key that drafts anew was pressed once
        self._editor = Editor(id="editor")

    # --- what there is

    def body(self) -> Iterable[Widget]:
        yield _Head(id="head")
        yield self._editor
        yield _Preview(id="preview")
        yield _Remarks(id="remarks")

    def places(self, size: Size) -> places.Places:
        placed = dict(places.plain(size))
        body = placed.pop("body", None)
        if body is None:
            return placed
        placed["head"] = Region(0, body.y, body.width, _HEAD_ROWS)
        remarks = _REMARK_ROWS if body.height < 30 else _REMARK_ROWS + 3
        top = body.y + _HEAD_ROWS
        room = body.height - _HEAD_ROWS - remarks
        left = body.width // 2 if body.width >= _WIDE else body.width
        placed["editor"] = Region(0, top, left, room)
        if left < body.width:
            placed["preview"] = Region(left, top, body.width - left, room)
        placed["remarks"] = Region(0, top + room, body.width, remarks)
        return placed

    @property
    def text(self) -> str:
        """The message as it stands."""
        return clean(self._editor.text)

    @property
    def typing(self) -> bool:
        return self._editor.has_focus

    @property
    def changed(self) -> bool:
        """Whether somebody wrote in it."""
        return self.draft is not None and self.text != self.draft.text

    def hints(self) -> Iterable[Action]:
        """While somebody types, no key does anything else."""
        if self.typing:
            return ()
        own = [action for action in super().hints() if action.where == "comms" or action.id in ("open", "copy-item")]
        return [*own, *(action for action in super().hints() if action.where == "all" and action.id != "zoom-1")]

    def update(self, frame: Frame) -> None:
        self._choose(frame)
        super().update(frame)

    def _choose(self, frame: Frame) -> None:
        """Templates for this incident, once it is there and the runbook was read."""
        state = frame.view.incident
        of = f"{state.id} {state.restricted} {len(state.messages)} {frame.runbook.digest}" if state.declared else ""
        if of == self._of or not frame.runbook.policy.rules or self.typing:
            return
        self._of = of
        self.templates = templates_of(frame.runbook, state) if state.declared else ()
        if not self.templates:
            self.draft = None
            return
        wanted = self.draft.template.id if self.draft is not None and self._begun(frame) else self.goto
        self.goto = ""
        named = next((place for place, each in enumerate(self.templates) if each.id == wanted), None)
        self._take(fitting(self.templates, state) if named is None else named, frame)

    def _begun(self, frame: Frame) -> bool:
        return self.draft is not None and kept_under(frame, self.draft.template) in self.war_room.composed

    def _take(self, place: int, frame: Frame) -> None:
        self.place = place
        template = self.templates[place]
        self.draft = draft(template, facts_of(frame, self.war_room))
        kept = self.war_room.composed.get(kept_under(frame, template))
        self._editor.load_text(kept if kept is not None else self.draft.text)

    # --- keys

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._discards = False
        if self.frame is not None and self.draft is not None:
            key = kept_under(self.frame, self.draft.template)
            kept = {name: text for name, text in self.war_room.composed.items() if name != key}
            self.war_room.composed = {**kept, key: self._editor.text} if self.changed else kept
        self._redraw()

    def on_descendant_focus(self) -> None:
        self._redraw()

    def on_descendant_blur(self) -> None:
        self._redraw()

    def back(self) -> bool:
        if self.typing:
            self.query_one("#head").focus()
            return True
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.war_room.check_action(action, parameters)

    def action_open_row(self) -> None:
        if self.draft is not None:
            self._editor.focus()

    def action_cursor(self, rows: int) -> None:
        self._editor.scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        self._editor.scroll_relative(y=pages * max(1, self._editor.size.height - 1), animate=False)

    def action_first(self) -> None:
        self._editor.scroll_home(animate=False)

    def action_last(self) -> None:
        self._editor.scroll_end(animate=False)

    def action_item(self, items: int) -> None:
        """The next template, or the one before."""
        if self.frame is not None and self.templates:
            self._discards = False
            self._take((self.place + items) % len(self.templates), self.frame)
            self._redraw()

    def action_filter(self) -> None:
        self.say("nothing to filter here; n and b go through the messages")

    def action_copy_row(self) -> None:
        if self.draft is not None:
            self.war_room.copy(self.text)

    def action_draft_anew(self) -> None:
        """From what is known now; words that somebody wrote go only on the second press."""
        if self.frame is None or self.draft is None:
            self.say(NO_INCIDENT)
            return
        if self.changed and not self._discards:
            self._discards = True
            self.say("you have changed it: the same key again drops your words")
            return
        self._discards = False
        key = kept_under(self.frame, self.draft.template)
        room = self.war_room
        room.composed = {name: text for name, text in room.composed.items() if name != key}
        self._take(self.place, room.frame())
        self._redraw()
        self.say("drafted anew from what is known now")

    def action_publish(self) -> None:
        """To the review: nothing is sent before somebody has read it there."""
        if self.draft is None:
            self.say(NO_INCIDENT)
        elif refusal := self.war_room.refused_change("publish"):
            self.say(refusal)
        elif not self.text.strip():
            self.say("there is nothing in it yet")
        else:
            self.war_room.composed = {**self.war_room.composed, REVIEWED: self.text}
            self.war_room.push_screen(screens.load("message-review")(self.draft.template.id))

    def _redraw(self) -> None:
        for pane in self.query_children(Pane):
            if pane.display:
                pane.redraw()
        if self.is_current:
            self._hint()
