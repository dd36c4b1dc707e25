"""How far the clock of a server is from ours, told by the Date of its answers (RFC 9110, whole seconds)."""

from __future__ import annotations

import email.utils
from typing import Final

from wfconsole.clock import SECOND, Millis, SystemClock

# Clocks that differ by more than this make ages wrong and certificates doubtful.
SKEW_MS: Final[Millis] = 5 * SECOND


def ahead_ms(date: str) -> Millis | None:
    """How far a date of HTTP lies ahead of our clock; None where it is none."""
    if not date:
        return None
    try:
        told = email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return round(told * 1000) - SystemClock().now()


def differs(ahead: Millis | None) -> str:
    """In words where a server's clock is off; "" where it is right, or nobody knows."""
    if ahead is None or abs(ahead) <= SKEW_MS:
        return ""
    return f"the server's clock is {'ahead' if ahead > 0 else 'behind'} by {round(abs(ahead) / SECOND)} s"
