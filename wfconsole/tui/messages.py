"""Messages of the screen."""

from __future__ import annotations

from textual.message import Message


class SessionChanged(Message, bubble=False):
    """Something behind the console is another than before: please repaint. Any number of them are one."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SessionChanged)


class Ticked(Message):
    """Nothing was painted for a while: clocks and ages go on."""
