"""One pod, whole: its containers with what they ask for and use, conditions, events, and the end of every log."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from textual.widget import Widget

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.answers import AskPod, PodAnswer
from wfconsole.observations.levels import Level, Quality
from wfconsole.text import age
from wfconsole.tui import action_names
from wfconsole.tui.action_names import Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.edges import edges
from wfconsole.tui.panes.pod_sections import from_answer, from_row, heading
from wfconsole.tui.screens.framed_screen import TextScreen
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scroll_text import ScrollText, Section

# Who follows a log asks again after so long.
FOLLOW_EVERY: Final = 5 * SECOND
# Without an answer for so long, the screen says so.
OVERDUE: Final = 20 * SECOND


class PodText(ScrollText):
    """Everything that is known of the pod: at once from the list, then from the answer."""

    def __init__(self, pod: PodScreen) -> None:
        super().__init__(id="table")
        self._pod = pod

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        del width
        known = [from_row(frame, self._pod.key)]
        answered = self._pod.answer(frame)
        if answered is None or answered[1].detail is None:
            return [*known, Section(heading(frame, "DETAIL"), [self._pod.waiting(frame)])]
        return [*known, *from_answer(frame, answered[1].detail)]

    def action_open_row(self) -> None:
        self.action_section(1)

    def action_follow(self) -> None:
        self.following = not self.following
        self.followed = self.log_in_view() if self.following else ""
        self.redraw()
        self.post_message(self.Moved())

    def action_ask_again(self) -> None:
        self._pod.ask()


class PodScreen(TextScreen):
    """Asks the collector when it opens; in a replay it shows what was asked for when it was recorded."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "logs")
    BINDINGS = [*action_names.bindings("logs")]

    def __init__(self, namespace: str, name: str) -> None:
        self._pod_namespace = namespace
        self._pod_name = name
        self._text = PodText(self)
        self._asked_at: Millis = 0
        super().__init__()

    @property
    def key(self) -> str:
        return f"{self._pod_namespace}/{self._pod_name}"

    def body(self) -> Iterable[Widget]:
        yield from edges(self)
        yield self._text

    def answer(self, frame: Frame) -> tuple[Millis, PodAnswer] | None:
        return frame.view.world.answers.get(self.key)

    def ask(self) -> None:
        """Ask the collector for everything about the pod; the answer comes with a later frame."""
        session = self.war_room.session
        self._asked_at = session.now()
        session.ask(AskPod(id=uuid.uuid4().hex, namespace=self._pod_namespace, name=self._pod_name))
        self.war_room.show_now()

    def waiting(self, frame: Frame) -> Line:
        """Why there is no detail."""
        answered = self.answer(frame)
        if answered is not None and answered[1].failure is not None:
            failure = answered[1].failure
            remedy = f"; {failure.remedy}" if failure.remedy else ""
            words = f"  {failure.kind}: {failure.message}{remedy}"
            return (Span(words, "warn"), Span("   R", "key"), Span(" asks again"))
        if frame.time.mode == "replay":
            return (Span("  not in this recording: nobody had asked for this pod by then", "dim"),)
        if frame.time.mode != "live":
            return (Span("  the screen shows the past, and nobody had asked for this pod by then", "dim"),)
        waited = frame.now - self._asked_at
        if waited > OVERDUE:
            return (Span(f"  no answer for {age(waited)}", "warn"), Span("   R", "key"), Span(" asks again"))
        return (Span(f"  asking for containers, events and logs ... {age(waited)}", "dim"),)

    def level(self, frame: Frame) -> Level:
        return frame.view.judged.finding("pods", self.key).level

    def quality(self, frame: Frame) -> Quality:
        return frame.view.world.quality("pods", frame.now)

    def title_line(self, frame: Frame) -> Line:
        quality = self.quality(frame)
        gone = quality.conclusive and self.key not in frame.view.world.pods
        state = Span("gone", "strong") if gone else badge(frame.glyphs, self.level(frame), quality)
        return (Span(f"POD {self._pod_name} ", "title"), state, Span(f"   {self._pod_namespace}"))

    def footer(self, frame: Frame) -> Line:
        answered = self.answer(frame)
        when = f"asked {age(frame.now - answered[0])} ago" if answered is not None else "not asked yet"
        follow = f"following {self._text.followed}" if self._text.following else "f follow"
        return (Span(f"{when}   {self._text.place()}   {follow}   n b section   R asks again   Bksp back", "dim"),)

    def about(self) -> str:
        return f"pods {self.key}"

    def evidence(self) -> str:
        return self.about()

    def on_mount(self) -> None:
        if self.war_room.session.transport.show().mode == "live":
            self.ask()

    def update(self, frame: Frame) -> None:
        answered = self.answer(frame)
        stale = answered is not None and frame.now - answered[0] >= FOLLOW_EVERY
        if self._text.following and stale and frame.time.mode == "live" and frame.now - self._asked_at >= FOLLOW_EVERY:
            self.ask()
        super().update(frame)
