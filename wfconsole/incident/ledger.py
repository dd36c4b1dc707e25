"""What people outside were told: pure questions to the messages in the record."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.state import IncidentState, Message
from wfconsole.text import clock_time

STATUS_PAGE: Final = "status page"
_CLOSED: Final = "resolved"


def public_open(state: IncidentState) -> tuple[str, ...]:
    """What the public is still told: places of the status page whose newest message does not say "resolved".

    A message that may have arrived counts as one that did, unless it is the one that says "resolved". One line for
    each place, as it is to be read.
    """
    newest: dict[str, Message] = {}
    for message in sorted(state.messages.values(), key=_at):
        arrived = message.standing == "sent" or (message.standing == "unknown" and message.state != _CLOSED)
        if message.target == STATUS_PAGE and arrived:
            newest[message.place] = message
    return tuple(_told(message) for message in newest.values() if message.state != _CLOSED)


def _at(message: Message) -> Millis:
    return message.settled_at or message.queued_at


def _told(message: Message) -> str:
    place = f" {message.place}" if message.place else ""
    may = "may say" if message.standing == "unknown" else "says"
    return f"{STATUS_PAGE}{place} {may} '{message.state or 'something'}' since {clock_time(_at(message))}"
