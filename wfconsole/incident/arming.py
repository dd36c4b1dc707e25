"""Who may act now, and until when. The console starts disarmed; arming is the commander's, and ends by itself."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.state import IncidentState

ARMED_AT_MOST_MS: Final[Millis] = 60 * MINUTE


def not_armed(state: IncidentState, now: Millis) -> str:
    """Why nothing can be run now, "" where it is armed."""
    if not state.declared:
        return "no incident: nothing is changed without a record of it"
    if state.resolved:
        return "the incident is resolved"
    if not state.armed_until:
        return "disarmed"
    return "" if now < state.armed_until else "disarmed: its time is over"


def differs(typed: str, word: str) -> str:
    """How what was typed so far differs from the word of a plan, "" when it is that word."""
    if typed == word:
        return ""
    if word.startswith(typed):
        return f"type {word}" if not typed else f"go on: {word[len(typed) :]!r} is still missing"
    if typed.startswith(word):
        return f"{typed[len(word) :]!r} is too much"
    place = next(place for place, letter in enumerate(word) if typed[place] != letter)
    return f"letter {place + 1} is {typed[place]!r}, not {word[place]!r}: {word}"


def may_not_arm(state: IncidentState, operator: str) -> str:
    """Why this person cannot arm the console, "" when they can."""
    if not state.declared:
        return "declare the incident first: nothing is changed without a record of it"
    if state.resolved:
        return "the incident is resolved"
    if not state.commander:
        return "nobody commands: take the role first"
    if state.commander != operator:
        return f"only the commander arms: that is {state.commander}"
    return ""
