"""The first sixty seconds on one screen: what is red, what changed before, how bad it is, which playbook fits and why.

It works before anything is declared, and with no network. It proposes; a person declares, and follows a playbook.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, cast

from wfconsole.clock import SECOND
from wfconsole.incident.events import SymptomAnswered
from wfconsole.incident.symptoms import SymptomSeen
from wfconsole.incident.triage import Changed, Red, Triage
from wfconsole.observations.levels import Level
from wfconsole.text import age, cut
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, spread
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.screens.triage_rows import LABEL, book_row, how_bad, short_symptom, spelled, whole_symptom
from wfconsole.tui.state_words import badge, sign_and_word
from wfconsole.tui.triage_frame import triage_of
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import labelled

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

# On a wide screen the right end of a row stays near its beginning.
_WIDEST: Final = 140
_LEAST_RED: Final = 2
_LEAST_CHANGED: Final = 1


class _Spell(enum.Enum):
    """Which symptoms are spelled out: as many as leave room for all the rest."""

    NONE = 0
    ONE = 1  # those of the playbook that is open
    ALL = 2


class TriageList(BlockList):
    """Things that the cursor can be on: how bad it is, each red thing, each change, each playbook, each symptom."""

    BINDINGS = action_names.bindings("triage")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._of: Frame | None = None
        self._seen: Triage | None = None
        self._open = ""  # the playbook whose symptoms are spelled out; "" for the one that fits best

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks the widget that a key is bound on; the answer is the same everywhere."""
        return cast("WarRoom", self.app).check_action(action, parameters)

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        began = self.seen(frame).began
        since = f" broken since {frame.times.clock(began)}, {age(frame.now - began)}" if began else " nothing bad lasts"
        return [rule((Span("a TRIAGE", "title"), Span(since)), width, frame)]

    def seen(self, frame: Frame) -> Triage:
        """What the frame tells, computed once."""
        if self._seen is None or self._of is not frame:
            self._of, self._seen = frame, triage_of(frame)
        return self._seen

    def first_key(self, frame: Frame) -> str:
        matches = self.seen(frame).matches
        return f"book {matches[0].playbook}" if matches else "bad"

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        seen, width = self.seen(frame), min(width, _WIDEST)
        here = self.cursor_key or self.first_key(frame)
        self._open = _playbook_of(here) or self._open
        room = max(1, self.size.height - 1) - 1 - bool(seen.blind or seen.off)
        books = self._books(frame, seen, here, width)
        for spell in (_Spell.ALL, _Spell.ONE):
            spelled = self._books(frame, seen, here, width, spell)
            if sum(block.height for block in spelled) + max(1, len(seen.red)) + max(1, len(seen.changes)) <= room:
                books = spelled
                break
        spare = room - sum(block.height for block in books)
        red = _rows_for(len(seen.red), max(_LEAST_RED, spare - max(1, min(len(seen.changes), spare // 3))))
        changed = _rows_for(len(seen.changes), max(_LEAST_CHANGED, spare - red))
        blocks = [Block("bad", how_bad(seen, frame, width, whole=here == "bad"))]
        blocks += _listed(_red_blocks(frame, seen, here, width), red, len(seen.red), "RED")
        blocks += _listed(_change_blocks(frame, seen, here, width), changed, len(seen.changes), "CHANGED")
        return [*blocks, *_blind(frame, seen, width, whole=here == "blind"), *books]

    def _books(self, frame: Frame, seen: Triage, here: str, width: int, spell: _Spell = _Spell.NONE) -> list[Block]:
        """The playbooks, best first; the symptoms of the one that the cursor is or was in, or of all."""
        opened = self._open or next((match.playbook for match in seen.matches), "")
        blocks = []
        for place, match in enumerate(seen.matches):
            is_open = spell is _Spell.ALL or match.playbook == opened
            row = book_row(frame, match, "FITS" if place == 0 else "", width, opened=is_open)
            blocks.append(Block(f"book {match.playbook}", [row]))
            for number, symptom in enumerate(match.symptoms if is_open else ()):
                key = f"symptom {match.playbook} {number}"
                whole = spell is not _Spell.NONE or key == here
                spelled_out = whole_symptom if whole else short_symptom
                blocks.append(Block(key, spelled_out(frame.times, symptom, width)))
        return blocks

    def symptom(self) -> tuple[str, SymptomSeen] | None:
        """The playbook and the symptom that the cursor is on."""
        what, _, rest = self.key.partition(" ")
        if what != "symptom" or self.frame is None:
            return None
        playbook, _, number = rest.rpartition(" ")
        match = next((each for each in self.seen(self.frame).matches if each.playbook == playbook), None)
        return (playbook, match.symptoms[int(number)]) if match is not None else None

    def action_answer(self, present: bool) -> None:
        """A person says whether the symptom is there; where data speaks, it is data that counts."""
        room, found = cast("WarRoom", self.app), self.symptom()
        if found is None:
            room.say("go to a symptom that asks people (n, b), then Y or U")
        elif not found[1].may_be_answered:
            room.say("data tells this one; only what says ask or ? is for people to say")
        else:
            name = "symptom-there" if present else "symptom-not-there"
            room.enter(SymptomAnswered(found[0], found[1].text, present), name=name)

    def action_open_row(self) -> None:
        """Enter goes to what the cursor is on; a playbook, and how bad it is, ask before anything is entered."""
        room, key = cast("WarRoom", self.app), self.key
        what = key.partition(" ")[0]
        if what in ("bad", "book", "symptom"):
            incident = room.session.view().incident
            form = "regrade" if incident.declared and not incident.resolved else "declare"
            playbook = _playbook_of(key)
            if refusal := room.refused_change("declare"):
                room.say(refusal)
            else:
                room.action_open(form, f"playbook:{playbook}" if playbook else "")
        elif what == "blind":
            room.action_open("sources")
        elif what == "red" and self.frame is not None:
            pane = self.seen(self.frame).red[int(key.rpartition(" ")[2])].pane
            room.open_zoom(pane or 1)
        else:
            room.action_open("axis")


class TriageScreen(ListScreen):
    """`goto` may be "playbook:<id>"."""

    SCOPES = ("all", "lists", "items", "triage")
    ENTERS = True
    PLACE = "triage"

    def make_list(self) -> BlockList:
        shown = TriageList(id="body")
        if self.goto.startswith("playbook:"):
            shown.cursor_key = f"book {self.goto.removeprefix('playbook:')}"
        return shown

    def evidence(self) -> str:
        found = self.query_one(TriageList).symptom()
        return found[1].source if found is not None else ""

    def about(self) -> str:
        found = self.query_one(TriageList).symptom()
        return f"symptom {found[1].text}" if found is not None else ""


def _playbook_of(key: str) -> str:
    what, _, rest = key.partition(" ")
    return rest if what == "book" else rest.rpartition(" ")[0] if what == "symptom" else ""


def _rows_for(there_are: int, room: int) -> int:
    """How many are shown: all, or one less than there is room for, so that the rest can be counted."""
    return there_are if there_are <= room else max(1, room - 1)


def _listed(blocks: Iterator[Block], shown: int, there_are: int, label: str) -> Iterator[Block]:
    """So many of them, the first behind the name of its part, and how many more there are."""
    title = Span(f" {label:{LABEL - 1}}", "title")
    for place, block in enumerate(blocks):
        if place == shown:
            yield Block("", [(Span(f"{'':{LABEL}}and {there_are - shown} more", "dim"),)])
            return
        first, *rest = block.lines
        yield Block(block.key, [(title, *first[1:]), *rest]) if place == 0 else block
    if not there_are:
        said = "nothing that is seen from here" + (" within the hour" if label == "CHANGED" else "")
        yield Block("", [(title, Span(said, "dim"))])


def _red_blocks(frame: Frame, seen: Triage, here: str, width: int) -> Iterator[Block]:
    for number, red in enumerate(seen.red):
        key = f"red {number}"
        yield Block(key, _red_rows(frame, red, width, whole=key == here))


def _red_rows(frame: Frame, red: Red, width: int, *, whole: bool) -> list[Line]:
    sign = badge(frame.glyphs, red.level, red.quality)
    since = " since when is unknown"
    if red.since:
        since = f" {frame.times.clock(red.since)} {age(frame.now - red.since):>4}"
    ink: Ink = "text" if red.sure else "dim"
    last = "" if red.sure else "last seen: "
    head: Line = (Span(" " * LABEL), sign, Span(" " * max(1, 9 - len(sign.text))), Span(f"{last}{red.text}", ink))
    rows = [spread(head, (Span(since, "dim"),), width)]
    if whole:
        rows += spelled("", f"{last}{red.text}", width)
        rows += spelled("", f"seen in pane {red.pane}, which Enter opens" if red.pane else "seen in the alerts", width)
    return rows


def _change_blocks(frame: Frame, seen: Triage, here: str, width: int) -> Iterator[Block]:
    for number, change in enumerate(seen.changes):
        key = f"changed {number}"
        yield Block(key, _change_rows(frame, change, width, whole=key == here))


def _change_rows(frame: Frame, change: Changed, width: int, *, whole: bool) -> list[Line]:
    when = frame.times.clock(change.at)
    if change.before_ms is not None:
        apart = age(abs(change.before_ms))
        near = abs(change.before_ms) < SECOND
        when = f"{when} with it" if near else f"{when} {apart} {'before' if change.before_ms >= 0 else 'after'}"
    before = change.before_ms is not None and change.before_ms >= 0
    head: Line = (Span(" " * LABEL), Span(change.text, "text" if before else "dim"))
    rows = [spread(head, (Span(f" {when}", "dim"),), width)]
    return rows + (spelled("", change.text, width) if whole else [])


def _blind(frame: Frame, seen: Triage, width: int, *, whole: bool) -> Iterator[Block]:
    """What cannot be known now, and why: in one row, spelled out under the cursor."""
    if not seen.blind and not seen.off:
        return
    words = [f"{each.source} {each.quality}: {each.why}" for each in seen.blind]
    off = f"not configured: {', '.join(seen.off)}" if seen.off else ""
    signs = "  ".join(
        f"{sign_and_word(frame.glyphs, Level.OK, each.quality)[0]} {each.source} {each.quality}" for each in seen.blind
    )
    label = Span(f" {'BLIND':{LABEL - 1}}", "title")
    short = "   ".join(part for part in (signs, off) if part)
    rows: list[Line] = [(label, Span(cut(short, width - LABEL), "text" if seen.blind else "dim"))]
    if whole:
        for text in (*words, off):
            rows += labelled("", text, width, indent=LABEL + 2, ink="dim") if text else []
    yield Block("blind", rows)
