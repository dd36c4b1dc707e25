"""What happens to a message, for the record; see `wfconsole.incident.events`, whose union these belong to."""

from __future__ import annotations

from typing import Literal

import msgspec

from wfconsole.clock import Millis

Audience = Literal["inside", "public"]


class MessageQueued(msgspec.Struct, frozen=True, tag="message", omit_defaults=True):
    """A person has released a message: in the journal before anybody is told. `message` is its id, the same in every
    attempt, so that what was sent twice can be known for one; one queued again with the same id is released again.

    `template` is the runbook's template, `target` where it goes ("slack", "pagerduty", "status page", "file",
    "clipboard"), `place` which one there (a channel, a component), `text` the bytes as they were reviewed. `state` is
    what the public is told, for a status page: "investigating", "identified", "monitoring", "resolved".
    """

    message: str
    template: str
    target: str
    text: str
    audience: Audience = "inside"
    place: str = ""
    state: str = ""


class MessageTried(msgspec.Struct, frozen=True, tag="message-tried", omit_defaults=True):
    """An attempt begins: in the journal before the first byte leaves. Where nothing follows, it may have arrived."""

    message: str
    attempts: int = 1


class MessageSent(msgspec.Struct, frozen=True, tag="message-sent", omit_defaults=True):
    """The other side has it. `reference` is what it calls it: a time stamp, a key, a path."""

    message: str
    reference: str = ""
    attempts: int = 1


class MessageFailed(msgspec.Struct, frozen=True, tag="message-failed", omit_defaults=True):
    """An attempt failed. `retry_at`: when the next one is, 0 when there is none. `unknown`: it may have arrived."""

    message: str
    reason: str
    attempts: int = 1
    retry_at: Millis = 0
    unknown: bool = False


class MessageDropped(msgspec.Struct, frozen=True, tag="message-dropped", omit_defaults=True):
    """A person has decided that it is not to be sent any more."""

    message: str
    reason: str = ""
