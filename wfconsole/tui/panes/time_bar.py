"""The time bar: where on the recording the screen stands, what is marked on it, and the keys that move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wfconsole.session.view import TransportView
from wfconsole.text import age, position
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span, spread, width_of
from wfconsole.tui.panes.glance import WIDE
from wfconsole.tui.widgets.lines import Pane

# What stands on the bar, the most telling first: the kind of the mark, its sign, and what it means.
MARKS: Final = (
    ("ALERT", "", "alert"),  # the glyph of a warning
    ("DECLARE", "D", "declared"),
    ("MARK", "M", "mark"),
    ("ACTION", "A", "step"),
    ("COMMS", "C", "told"),
    ("NOTE", "N", "note"),
    ("STATE", "*", "else"),
    ("END", "E", "end"),
)
_RANKS: Final = {kind: rank for rank, (kind, _, _) in enumerate(MARKS)}
_ELSE: Final = _RANKS["STATE"]


class TimeBar(Pane):
    """One line; in a replay, or looking back, a bar from the beginning to the end."""

    def __init__(self, keys: Mapping[str, tuple[str, ...]], *, id: str) -> None:
        """`keys` are those of each action."""
        super().__init__(id=id)
        self._words = {name: action_names.key_word(of_action[0]) for name, of_action in keys.items()}

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        time = frame.time
        if time.mode in ("live", "frozen"):
            return [_live(frame, width, self._words)]
        return [_bar(frame, time, width, self._words)]


def _keys(*pairs: tuple[str, str]) -> Line:
    spans: list[Span] = []
    for key, label in pairs:
        spans += [Span(f"  {key}", "key"), Span(f" {label}", "dim")]
    return tuple(spans)


def _live(frame: Frame, width: int, word: Mapping[str, str]) -> Line:
    time = frame.time
    reach = f"history {position(time.end - time.start)}"
    state = time.word if time.mode == "live" else f"FROZEN {age(time.behind_ms)}"
    sign = {"LIVE": frame.glyphs.live, "DRILL": frame.glyphs.replay}.get(time.word, frame.glyphs.frozen)
    keys = _keys(
        (word["freeze"], time.toggles),
        (f"{word['earlier']} {word['later']}", "10 s" if width < WIDE else "look back/fwd 10s"),
        (f"{word['marker-before']} {word['marker-after']}", "marker"),
        (word["live"], "live"),
    )
    left = (
        Span(f" {sign} {state} ", "dim" if time.word == "LIVE" else "replay"),
        *_drill(time),
        Span(reach, "dim"),
        *keys,
    )
    kept = _kept(frame)
    return spread(left, kept, width) if width_of(left) + width_of(kept) <= width else left


def _drill(time: TransportView) -> Line:
    """A world that stands still waits for whoever looks at it."""
    words = {"stands still": "world stands still: act  ", "is over": "world stands still: its recording is over  "}
    return (Span(words[time.drill], "strong"),) if time.drill in words else ()


def _kept(frame: Frame) -> Line:
    """Where the record is: on its disk with the head of its chain, or not. Whether one can look back, and whether what
    somebody is writing is kept."""
    journal, recording = frame.view.journal, frame.view.recording
    spans: list[Span] = []
    if frame.view.drafts_trouble:
        spans.append(Span(" drafts not kept", "warn"))
    if recording.condition not in ("recording", "off"):
        spans.append(Span(f" recording {recording.condition}", "warn"))
    if journal.condition != "none":
        words = f" journal {journal.condition} {journal.head[:8]}".rstrip()
        spans.append(Span(words, "dim" if journal.condition in ("opening", "durable") else "warn"))
    return (*spans, Span(" ")) if spans else ()


def _bar(frame: Frame, time: TransportView, width: int, word: Mapping[str, str]) -> Line:
    sign = frame.glyphs.back if time.mode == "back" else frame.glyphs.frozen if time.paused else frame.glyphs.replay
    state = time.pace
    if time.paused:  # the speed that it will have
        state = "paused" if time.mode == "back" or time.speed == 1 else f"paused {time.pace}"
    whole = position(time.end - time.start) + ("+" if time.truncated else "")
    head: Line = (
        Span(f" {sign} {state} ", "replay"),
        Span(f" {position(time.position - time.start)}/{whole} "),
    )
    keys = _keys((word["freeze"], time.toggles))
    if width >= WIDE:
        keys = _keys(
            (word["freeze"], time.toggles),
            (f"{word['earlier']} {word['later']}", "10s"),
            (f"{word['step-back']} {word['step-on']}", "step"),
            (f"{word['marker-before']} {word['marker-after']}", "mark"),
            (f"{word['slower']} {word['faster']}", "speed"),
            (word["go-to-time"], "goto"),
        )
    if time.problem:  # in the place of the track; what does not fit is on the screen of the sources
        told: Line = (*head, Span(f" {time.problem}", "warn"))
        return spread(told, () if width_of(told) <= width else _keys((word["sources"], "all of it")), width)
    room = width - width_of(head) - width_of(keys) - 2
    return (*head, Span("|", "rule"), *_track(frame, time, room), Span("|", "rule"), *keys)


def _track(frame: Frame, time: TransportView, cells: int) -> Line:
    if cells < 1:
        return ()
    span = max(1, time.end - time.start)

    def cell(instant: int) -> int:
        return min(cells - 1, max(0, (instant - time.start) * cells // span))

    track = [frame.glyphs.rule] * cells
    by_rank = sorted(((_RANKS.get(kind, _ELSE), instant) for instant, kind in time.markers), reverse=True)
    for rank, instant in by_rank:  # the most telling one of a cell comes last, and stays
        track[cell(instant)] = MARKS[rank][1] or frame.glyphs.warning
    here = cell(time.position)
    return (
        Span("".join(track[:here]), "text"),
        Span(frame.glyphs.block, "strong"),
        Span("".join(track[here + 1 :]), "dim"),
    )
