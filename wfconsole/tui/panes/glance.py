"""The first two lines: mode, severity, elapsed time, who commands; and the one thing that needs somebody now.

Whatever a small client of a shared terminal would cut off stands in the first 60 columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from wfconsole.clock import SECOND
from wfconsole.incident.attention import Need
from wfconsole.observations.levels import Level
from wfconsole.text import age, cells, countdown, cut, cut_middle, elapsed, fit, position
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, spread, width_of
from wfconsole.tui.state_words import counts, level_ink, level_sign
from wfconsole.tui.widgets.lines import Pane

# From here on words beside the counts have room.
WIDE: Final = 110
_LAG_SHOWN: Final = 2 * SECOND
_LEAST_CONTEXT: Final = 9
_TITLE_SHARE: Final = 60  # per cent of what is left for title and target
_LEAST_NAMESPACE: Final = 4
_PLAIN_CONTEXT: Final = 16


class _Form(NamedTuple):
    """How the line is said: `words` that other signs and lines say too, the number whole or "short", the status."""

    words: bool = True
    number: Literal["whole", "short", "none"] = "whole"
    status: bool = True


# From the longest to the shortest: shorter words come before anything is left out.
_FORMS: Final = (_Form(), _Form(False), _Form(False, "short"), _Form(False, "none"), _Form(False, "none", False))


class Glance(Pane):
    """Mode, severity, time since it broke, title; target, clock and role at the right.

    Where that is too much, shorter words come first, then the number of the incident goes, then its status, then the
    target and the end of the title share what is left. Mode, severity, time, that it is over, and the word for the
    cluster are never cut.
    """

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        target = frame.view.target
        whole = "/".join(part for part in (target.context, target.namespace) if part)
        for form in _FORMS:
            head, title = (*_mode(frame, width, form), *_severity(frame)), _title(frame, form)
            tag, end = _environment(frame), _clock_and_role(frame, width, form)
            room = width - width_of((*head, *tag, *end)) - 1
            if cells(f"{title}{whole}") < room:
                break
        least = min(room, cells(target.context), _LEAST_CONTEXT)
        where = _where(frame, max(least, room - min(cells(title) + 1, room * _TITLE_SHARE // 100)))
        return [spread((*head, Span(title)), (*tag, Span(f" {where}", "dim"), *end), width)]


def _mode(frame: Frame, width: int, form: _Form) -> Line:
    glyphs, time = frame.glyphs, frame.time
    signs = {"LIVE": glyphs.live, "FROZEN": glyphs.frozen, "BACK": glyphs.back}
    sign = signs.get(time.word, glyphs.frozen if time.mode == "replay" and time.paused else glyphs.replay)
    ink: Ink = "live" if time.word == "LIVE" else "replay"
    word = time.word
    if time.mode in ("frozen", "back"):
        word += f" {age(time.behind_ms)}"
    elif form.words and time.mode == "replay" and (time.paused or time.speed != 1):
        word += " paused" if time.paused else f" {time.pace}"
    return (Span(" "), Span(f"{sign} {word}", ink), Span(" " * max(1, (9 if width >= WIDE else 6) - cells(word))))


def _severity(frame: Frame) -> Line:
    incident = frame.view.incident
    if not incident.declared:
        return (Span("NO INCIDENT ", "strong"),)
    severity = incident.severity.replace("SEV", "SEV-")
    lasted = f"RESOLVED in {position(frame.incident_ms)}" if incident.resolved else elapsed(frame.incident_ms)
    return (Span(f"{severity}  {lasted} ", "strong"),)


def _title(frame: Frame, form: _Form) -> str:
    """The title with as much of number and status as the form has."""
    incident = frame.view.incident
    if not incident.declared:
        return ""
    told = form.status and incident.status not in ("investigating", "resolved")
    status = f"[{incident.status.upper()}] " if told else ""
    number = {"whole": f"{incident.id} ", "short": f"{_short_number(incident.id)} ", "none": ""}[form.number]
    return f"{number}{status}{incident.shown_title}"


def _short_number(number: str) -> str:
    """`INC…1451` for `INC-20261123-1451`: which day it is, everybody knows."""
    parts = number.split("-")
    return f"{parts[0]}…{parts[-1]}" if len(parts) > 2 else number


def _environment(frame: Frame) -> Line:
    word = frame.environment
    return () if word.upper() == frame.time.word or not word else (Span(" "), Span(f" {word} ", "tag"))


def _where(frame: Frame, room: int) -> str:
    """Context and namespace: both, as long as enough of the context stays to tell it from others; else it alone."""
    context, namespace = frame.view.target.context, frame.view.target.namespace
    whole = "/".join(part for part in (context, namespace) if part)
    beside = room - cells(namespace) - 1
    if cells(whole) > room and beside >= _PLAIN_CONTEXT:
        return f"{cut_middle(context, beside)}/{namespace}"
    left = room - cells(context) - 1
    return cut(whole, room) if cells(whole) <= room or left >= _LEAST_NAMESPACE else cut_middle(context, room)


def _clock_and_role(frame: Frame, width: int, form: _Form) -> Line:
    return (Span(f"  {frame.times.clock(frame.now)} "), Span(_who(frame, width, form), "strong"))


def _who(frame: Frame, width: int, form: _Form) -> str:
    if not frame.may_change:
        if not form.words:  # a replay says so itself, at the other end
            return "" if frame.time.mode == "replay" else "OBSERVER"
        return "OBSERVER read-only" if width >= WIDE else "OBSERVER"
    commander = frame.view.incident.commander
    return cut(f"IC {commander}" if commander else frame.operator, 10 if width < WIDE else 24)


class Attention(Pane):
    """DO NOW: the most urgent need, how many lines are in which state, and whether the terminal keeps up."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        need = frame.needs[0]
        right = (
            *_lag(frame),
            *_armed(frame),
            *_journal(frame),
            *counts(frame.glyphs, frame.counts, words=width >= WIDE),
        )
        room = width - width_of(right) - 1
        return [spread(_need(frame, need, room, wide=width >= WIDE), right, width)]


def _need(frame: Frame, need: Need, room: int, *, wide: bool) -> Line:
    sign = level_sign(frame.glyphs, need.level)
    if not need.goto or need.level == Level.OK:
        return (Span(" "), Span(f"{sign} ", "dim"), Span(cut(need.text, room - 4), "dim"))
    ink = level_ink(need.level)
    tail = f" {need.pane} zoom  " if need.pane else " "
    if need.goto.startswith("line:") and frame.may_change:  # a mark on its line is what takes it from here
        tail += "u next, M seen" if wide else "u, M seen"
    else:
        tail += "u next"
    head = f"{sign} DO NOW "
    text = cut(need.text, room - cells(head) - cells(tail) - 3)
    return (Span(" "), Span(head, ink), Span(f" {text}", "strong"), Span(fit(tail, cells(tail)), "key"))


def _lag(frame: Frame) -> Line:
    if frame.lag_ms < _LAG_SHOWN:
        return ()
    return (Span(f"display lag {age(frame.lag_ms)}", "warn"), Span("  "))


def _armed(frame: Frame) -> Line:
    """Nothing while disarmed: that is how a console starts. Armed it is never silent, nor where it never can be."""
    if frame.may_change and "arm" in frame.capabilities.refusals:
        return (Span("READ-ONLY", "warn"), Span("  "))
    left = frame.view.incident.armed_until - frame.now
    return (Span(f" ARMED {countdown(left)} ", "warn-badge"), Span("  ")) if left > 0 else ()


def _journal(frame: Frame) -> Line:
    """Nothing while the record is safe; a journal that is not on its own disk is never silent."""
    match frame.view.journal.condition:
        case "opening":
            return (Span("journal: opening", "dim"), Span("  "))
        case "fallback":
            return (Span("journal: fallback", "warn"), Span("  "))
        case "memory-only":
            return (Span("JOURNAL IN MEMORY ONLY", "crit-badge"), Span("  "))
        case _:
            return ()
