"""The first two lines: mode, severity, elapsed time, who commands; and the one thing that needs somebody now.

Whatever a small client of a shared terminal would cut off stands in the first 60 columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wfconsole.clock import SECOND
from wfconsole.incident.attention import Need
from wfconsole.observations.levels import Level
from wfconsole.text import age, cells, countdown, cut, elapsed, fit
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, spread, width_of
from wfconsole.tui.state_words import counts, level_ink, level_sign
from wfconsole.tui.widgets.lines import Pane

# From here on the incident's number and words beside the counts have room.
WIDE: Final = 110
_LAG_SHOWN: Final = 2 * SECOND


class Glance(Pane):
    """Mode, severity, time since it broke, title; target, clock and role at the right."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        fixed, title = (*_mode(frame), *_incident(frame, width)), _title(frame, width)
        spare = width - width_of(fixed) - min(width_of(title), width * 3 // 20)
        return [spread((*fixed, *title), _right(frame, width, spare), width)]


def _mode(frame: Frame) -> Line:
    glyphs, time = frame.glyphs, frame.time
    signs = {"LIVE": glyphs.live, "FROZEN": glyphs.frozen, "BACK": glyphs.back}
    sign = signs.get(time.word, glyphs.replay)
    ink: Ink = "live" if time.word == "LIVE" else "replay"
    word = time.word
    if time.mode in ("frozen", "back"):
        word += f" {age(time.behind_ms)}"
    elif time.mode == "replay" and (time.paused or time.speed != 1):
        word += " paused" if time.paused else f" {time.pace}"
    return (Span(" "), Span(f"{sign} {word}", ink), Span(" " * max(1, 9 - cells(word))))


def _incident(frame: Frame, width: int) -> Line:
    incident = frame.view.incident
    if not incident.declared:
        return (Span("NO INCIDENT ", "strong"),)
    since = elapsed(frame.now - frame.incident_since)
    number = f"{incident.id} " if width >= WIDE else ""
    severity = incident.severity.replace("SEV", "SEV-")
    return (Span(f"{severity}  {since}", "strong"), Span(f" {number}"))


def _title(frame: Frame, width: int) -> Line:
    incident = frame.view.incident
    status = f"[{incident.status.upper()}] " if incident.declared and incident.status != "investigating" else ""
    if width < WIDE and not incident.resolved:
        status = ""
    return (Span(f"{status}{incident.shown_title}"),)


def _right(frame: Frame, width: int, room: int) -> Line:
    target = frame.view.target
    where = "/".join(part for part in (target.context, target.namespace) if part)
    who = _who(frame, width)
    clock = f"  {frame.times.clock(frame.now)} "
    spare = room - cells(clock) - cells(who)
    environment = f" {frame.environment} " if frame.environment.upper() != frame.time.word else ""
    line: list[Span] = []
    if environment.strip() and spare > cells(environment) + 1:
        line += [Span(" "), Span(environment, "tag")]
        spare -= cells(environment) + 1
    if where and spare > 8:
        line.append(Span(f" {cut(where, spare - 1)}", "dim"))
    return (*line, Span(clock), Span(who, "strong"))


def _who(frame: Frame, width: int) -> str:
    if frame.observer or not frame.capabilities.change:
        return "OBSERVER read-only" if width >= WIDE else "OBSERVER"
    commander = frame.view.incident.commander
    return cut(f"IC {commander}" if commander else frame.operator, 14 if width < WIDE else 24)


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
        return [spread(_need(frame, need, room), right, width)]


def _need(frame: Frame, need: Need, room: int) -> Line:
    sign = level_sign(frame.glyphs, need.level)
    if not need.goto or need.level == Level.OK:
        return (Span(" "), Span(f"{sign} ", "dim"), Span(cut(need.text, room - 4), "dim"))
    ink = level_ink(need.level)
    tail = f" {need.pane} zoom  u next" if need.pane else " u next"
    head = f"{sign} DO NOW "
    text = cut(need.text, room - cells(head) - cells(tail) - 3)
    return (Span(" "), Span(head, ink), Span(f" {text}", "strong"), Span(fit(tail, cells(tail)), "key"))


def _lag(frame: Frame) -> Line:
    if frame.lag_ms < _LAG_SHOWN:
        return ()
    return (Span(f"display lag {age(frame.lag_ms)}", "warn"), Span("  "))


def _armed(frame: Frame) -> Line:
    """Nothing while disarmed: that is how a console starts. Armed it is never silent, nor where it never can be."""
    if frame.capabilities.change and "arm" in frame.capabilities.refusals and not frame.observer:
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
