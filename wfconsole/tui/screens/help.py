"""Help on one screen, without scrolling: what the keys do here, and how to read what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from textual.binding import Binding
from textual.widget import Widget

from wfconsole.observations.levels import Level, Quality
from wfconsole.tui import action_names
from wfconsole.tui.forms.fields import Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span, fitted, width_of
from wfconsole.tui.panes.time_bar import MARKS
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scroll_text import folded

# An entry: the actions whose first keys stand before the words; "1-7" and the like stand for themselves.
Entry = tuple[Sequence[str], str]
Row = Sequence[Entry]
_LOOK: Final[Sequence[Row]] = (
    ((("=1-7",), "zoom, again: back"), (("home",), "overview")),
    ((("next-region",), "move"), (("open",), "open"), (("=Bksp",), "back")),
    ((("next-issue",), "what needs you"), (("filter",), "filter"), (("next-item", "previous-item"), "next")),
    ((("triage",), "triage"), (("brief",), "brief"), (("comms",), "messages")),
    ((("checklist",), "checklist"), (("timeline",), "timeline"), (("wall",), "wall")),
    ((("sources",), "sources"), (("axis",), "time axis"), (("contacts",), "contacts")),
    ((("view",), "view"), (("sort",), "sort"), (("pin",), "pin"), (("times",), "UTC/local")),
    ((("post-mortem",), "post-mortem"), (("replays",), "replays"), (("ledger",), "ledger")),
)
_CHANGE: Final[Sequence[Row]] = (
    ((("note",), "note"), (("undo",), "undo my last, for 10 s")),
    ((("declare",), "declare; later re-grade, status"),),
    ((("step-done",), "done"), (("step-waived",), "waive"), (("step-deferred",), "defer")),
    ((("run-probe",), "take evidence, retry a source"),),
    ((("task",), "task"), (("decision",), "decision"), (("follow-up",), "follow-up")),
    ((("hand-over",), "hand over"), (("star",), "mark for post-mortem")),
    ((("act",), "actions: plan, run, undo"), (("arm",), "arm")),
    ((("observer",), "observer on/off"), (("quit",), "quit (asks)")),
)
_TIME: Final[Sequence[Row]] = (
    ((("freeze",), "freeze/play"), (("live",), "live, or end")),
    (
        (("earlier", "later"), "10 s"),
        (("marker-before", "marker-after"), "marker"),
        (("step-back", "step-on"), "event"),
    ),
    ((("slower", "faster"), "speed"), (("go-to-time",), "go to a time")),
)
_NAMES: Final = {
    "zoom": "a pane",
    "checklist": "checklist",
    "timeline": "timeline",
    "sources": "sources",
    "logs": "a pod",
    "axis": "time axis",
    "triage": "triage",
    "comms": "messages",
    "ledger": "messages sent",
    "running": "a command",
    "actions": "actions",
    "replays": "replays",
}
_GAP: Final = 2


class HelpForm(Form):
    """The same key again opens the list of every key and command."""

    ACTION = None
    BINDINGS = [
        Binding("question_mark", "all_keys", "every key and command", show=False, id="help"),
        Binding("0", "cancel", "close", show=False, id="home"),
    ]
    DEFAULT_CSS = """
    HelpForm > #form { width: 80; }
    HelpForm.-wide > #form { width: 104; }
    """

    def title_words(self) -> str:
        below = self.war_room.console_screen
        return f"HELP: {getattr(below, 'PLACE', '') or _NAMES.get(self._scope(), 'overview')}"

    def cancel_word(self) -> str:
        return "Close"

    @property
    def KEYS(self) -> str:  # type: ignore[override]  # noqa: N802  # the key may have been moved
        return f"{self._keys(('help',))} again: every key and command   :help WORD   to change: keymap.toml"

    def fields(self) -> Iterable[Widget]:
        yield Words(id="help", make=self._page)

    def enter(self) -> None:
        self.action_cancel()

    def action_all_keys(self) -> None:
        if self.is_current:
            room = self.war_room
            self.dismiss(None)
            room.action_open("help-list")

    def _scope(self) -> str:
        """What the screen below has for itself."""
        below = self.war_room.console_screen
        return next((scope for scope in below.SCOPES if scope in _NAMES), "") if below is not None else ""

    def _own(self) -> Sequence[str]:
        """Where its own keys work: what has two kinds of them has named the wider one first."""
        below = self.war_room.console_screen
        return [scope for scope in below.SCOPES if scope in (self._scope(), "alerts")] if below is not None else ()

    def _of_items(self) -> Sequence[str]:
        """What can be done with an item of a list, wherever the list is, and is told nowhere else on this page."""
        below = self.war_room.console_screen
        return ("copy-item",) if below is not None and "items" in below.SCOPES else ()

    def _page(self, width: int) -> list[Line]:
        refusal = self.war_room.refused_change()
        rows = self._beside(
            "LOOK  lower case: only your view", _LOOK, "CHANGE  capitals: asks, or undo", _CHANGE, width
        )
        if refusal:
            rows.append((Span(f"No changes now: {refusal}", "warn"),))
        reading = [(Span("READING THE SCREEN", "title"),), *_states(self.frame)]
        left = [(Span("TIME  looking back, and replays", "title"),), *(self._row(row) for row in _TIME)]
        rows += _columns(left, reading, width)
        rows += folded((Span("TIME BAR", "title"), *_marks(self.frame)), width)
        own = [action for action in action_names.ACTIONS if action.where in self._own()]
        own += [action_names.BY_ID[each] for each in self._of_items()]
        here: Row = [((action.id,), action.label or action.does) for action in own]
        return [*rows, *folded((Span("HERE", "title"), *self._row(here)), width)] if here else rows

    def _beside(self, left: str, lefts: Sequence[Row], right: str, rights: Sequence[Row], width: int) -> list[Line]:
        one: list[Line] = [(Span(left, "title"),), *(self._row(row) for row in lefts)]
        other: list[Line] = [(Span(right, "title"),), *(self._row(row) for row in rights)]
        return _columns(one, other, width)

    def _row(self, row: Row) -> Line:
        spans: list[Span] = []
        for ids, does in row:
            spans += [Span(" " if not spans else "  "), Span(self._keys(ids), "key"), Span(f" {does}")]
        return tuple(spans)

    def _keys(self, ids: Sequence[str]) -> str:
        room = self.war_room
        return " ".join(each[1:] if each.startswith("=") else room.key_of(action_names.BY_ID[each]) for each in ids)


def _columns(left: Sequence[Line], right: Sequence[Line], width: int) -> list[Line]:
    """Two columns beside each other, the right one as wide as it needs."""
    rows = max(len(left), len(right))
    wanted = max((width_of(line) for line in right), default=0)
    room = max(width // 2 - 1, width - wanted - _GAP) if wanted <= width // 2 else width // 2
    room = min(room, max(width_of(line) for line in left) + 4)
    blank: Line = ()
    pad = (Span(" " * _GAP),)
    return [
        (*fitted(left[at] if at < len(left) else blank, room), *pad, *(right[at] if at < len(right) else blank))
        for at in range(rows)
    ]


def _marks(frame: Frame) -> Iterator[Span]:
    """What the letters on the time bar mean."""
    for _, sign, means in MARKS:
        yield Span(f" {sign or frame.glyphs.warning}", "key")
        yield Span(f" {means} ")


def _states(frame: Frame) -> list[Line]:
    """The state language: level and quality, each with symbol and word."""
    glyphs = frame.glyphs
    levels: list[Span] = []
    for level in reversed(Level):
        levels += [Span(" "), badge(glyphs, level, Quality.LIVE), Span(" ")]

    def said(*told: tuple[Quality, str]) -> Line:
        spans: list[Span] = []
        for quality, means in told:
            spans += [Span(" "), badge(glyphs, Level.OK, quality), Span(f" {means} " if means else " ", "dim")]
        return tuple(spans)

    return [
        tuple(levels),
        said((Quality.STALE, "(old value)"), (Quality.UNKNOWN, "--")),
        said((Quality.DENIED, ""), (Quality.ERROR, ""), (Quality.PARTIAL, ""), (Quality.OFF, "")),
    ]
