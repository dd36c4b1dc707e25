"""Texts of strangers, longer than anybody reads in passing: the beginning in its place, all of it on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfconsole.observations.answers import PodDetail
from wfconsole.text import cut, number
from wfconsole.tui.ink import Ink, Line, Span

# Cells of a message, and of a line of a log, that are shown in place: five rows of the narrowest screen, and a dozen.
MESSAGE_CELLS: Final = 400
LOG_LINE_CELLS: Final = 900


def in_place(label: str, text: str, ink: Ink = "text", *, most: int = MESSAGE_CELLS) -> list[Line]:
    """The beginning of the text behind its label; where that is not all, how much is left out and what shows it."""
    head = cut(text, most)
    lines: list[Line] = [(Span(label), Span(head, ink))]
    if head != text:
        left_out = len(text) - len(head) + 1
        indent = " " * (len(label) - len(label.lstrip()) + 2)
        told = f"{indent}{number(left_out)} characters more   "
        lines.append((Span(told, "dim"), Span("i", "key"), Span(" shows all of it", "dim")))
    return lines


def left_short(detail: PodDetail) -> Iterator[tuple[str, str]]:
    """What `in_place` leaves out of a pod's answer: where it stands, and the whole text."""
    texts = [(f"{box.name} says", box.message, MESSAGE_CELLS) for box in detail.containers]
    texts += [("condition", text, MESSAGE_CELLS) for text in detail.conditions]
    texts += [(f"event {event.reason}", event.message, MESSAGE_CELLS) for event in detail.events]
    for tail in detail.logs:
        texts += [(f"log of {tail.container}", line, LOG_LINE_CELLS) for line in tail.lines]
    return ((where, text) for where, text, most in texts if cut(text, most) != text)
