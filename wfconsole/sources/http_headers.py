"""What headers of HTTP answers tell a source: when to come again, and what time it is there."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from typing import Final

from wfconsole.clock import MINUTE, SECOND, Millis, SystemClock
from wfconsole.text import age

# A server that asks for more than this is asked again anyway.
LONGEST_RETRY_AFTER_MS: Final[Millis] = 2 * MINUTE
# Headers tell whole seconds, and an answer takes a while: what differs by less is the same.
_CLOCKS_DIFFER: Final[Millis] = 5 * SECOND


def retry_after_ms(headers: Mapping[str, str]) -> Millis | None:
    """How long a server asks to be left alone, two minutes at most; None where it does not say. Names of headers are
    in lower case."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(int(value[:9]) * SECOND, LONGEST_RETRY_AFTER_MS)
    wait = ahead_ms(value)
    return None if wait is None else min(max(0, wait), LONGEST_RETRY_AFTER_MS)


def ahead_ms(date: str) -> Millis | None:
    """How far a date of HTTP lies ahead of our clock; None where it is none."""
    if not date:
        return None
    try:
        told = email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return round(told * 1000) - SystemClock().now()


def clock_facts(ahead: Millis) -> dict[str, str]:
    """What an operator should know of a clock that is so far ahead of ours; nothing while both are the same."""
    if abs(ahead) <= _CLOCKS_DIFFER:
        return {}
    return {"clock": f"the server's clock is {age(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}"}
