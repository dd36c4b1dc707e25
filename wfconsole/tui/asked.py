"""What a command line gives: something to do, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable

# Done once the prompt is gone; what it gives is said at the bottom of the screen, "" for nothing.
Act = Callable[[], str]


class Refused(Exception):  # noqa: N818  # it is an answer, not an error
    """Why a command cannot be done. Without words: its usage says it."""
