"""What stands beside the words of a line of the timeline that tells of more than one time."""

from __future__ import annotations

from collections.abc import Callable

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.state import Line
from wfconsole.incident.wording import counted


def how_often(line: Line, spelled: Callable[[Millis], str]) -> str:
    """`3 times, the last from 14:31:10 to 14:31:18`, `12 restarts seen, the last at 14:31:10`; "" for one time."""
    if line.count <= 1:
        return ""
    if not line.again_at:  # a record of before that was written
        return f"{line.count} times" + (f", over at {spelled(line.until)}" if line.until else "")
    again = spelled(line.again_at)
    if line.counts == "move":  # how many, the text says
        return f"the last at {again}"
    if line.counts:
        return f"{counted(line.count, line.counts)} seen, the last at {again}"
    return f"{line.count} times, the last from {again} {f'to {spelled(line.until)}' if line.until else 'on'}"


def as_of(line: Line, spelled: Callable[[Millis], str]) -> str:
    """`as of 14:33:02`, where the words are of a later instant than the line; "" elsewhere."""
    if line.counts == "move" or line.text_at - line.at < SECOND:
        return ""
    return f"as of {spelled(line.text_at)}"
