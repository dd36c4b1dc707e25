"""What people were told, what is public now, and what is still owed: read from the state, decided in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.state import IncidentState, Message
from wfconsole.text import clock_time

# For so long a message is sent again by itself. What is older says what was, and a person decides whether it still is.
SENDS_FOR: Final[Millis] = 30 * MINUTE
PRESSING_AFTER: Final = 3  # attempts
STATUS_PAGE: Final = "status page"
_CLOSED: Final = "resolved"


class Owed(msgspec.Struct, frozen=True):
    """A message that nobody has got for certain. `next_at`: when it is tried next, 0 where it waits for a person."""

    message: str
    text: str
    next_at: Millis = 0
    attempts: int = 0

    @property
    def waits_for_a_person(self) -> bool:
        return not self.next_at

    @property
    def pressing(self) -> bool:
        """Whether somebody should know by now: it will not mend itself, or has not for a few attempts."""
        return self.waits_for_a_person or self.attempts >= PRESSING_AFTER


def is_open(message: Message) -> bool:
    """Whether it is neither sent nor dropped."""
    return message.standing not in ("sent", "dropped")


def next_try(message: Message, now: Millis) -> Millis:
    """When the message is tried by itself: `now` for at once, 0 for never."""
    if message.standing == "queued":
        due = now
    elif message.standing in ("failed", "unknown"):
        due = message.retry_at
    else:
        return 0
    return 0 if not due or due > message.queued_at + SENDS_FOR else max(due, now)


def owed(state: IncidentState, now: Millis) -> tuple[Owed, ...]:
    """Messages that failed or may not have arrived, those that wait for a person first, then the oldest."""
    found = [
        Owed(name, _why(message, waits=not next_at), next_at, message.attempts)
        for name, message in state.messages.items()
        if message.standing in ("failed", "unknown") or (message.standing == "queued" and not next_try(message, now))
        for next_at in (next_try(message, now),)
    ]
    return tuple(sorted(found, key=lambda each: (not each.waits_for_a_person, state.messages[each.message].queued_at)))


def _why(message: Message, *, waits: bool) -> str:
    to = f"{message.target} {message.place}".strip()
    said = {
        "failed": "did not arrive",
        "unknown": "may have arrived or not",
        "queued": "is too old to be sent by itself",
    }[message.standing]
    reason = f": {message.reason}" if message.reason else ""
    return f"message to {to} {said}{reason}{'; send it again or drop it' if waits else ''}"


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


def newest_sent(state: IncidentState, target: str) -> Iterator[tuple[str, Message]]:
    """The newest message that has arrived at each place of a target."""
    newest: dict[str, str] = {}
    for name, message in state.messages.items():
        if message.target == target and message.standing == "sent":
            before = newest.get(message.place)
            if before is None or message.settled_at >= state.messages[before].settled_at:
                newest[message.place] = name
    for name in newest.values():
        yield name, state.messages[name]


def public_reference(state: IncidentState) -> str:
    """What the status page calls the incident that is open there; "" where there is none."""
    for _, message in newest_sent(state, STATUS_PAGE):
        if message.state != _CLOSED and message.reference:
            return message.reference
    return ""
