"""What headers of HTTP answers ask of whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.sources.clocks import ahead_ms

# A server that asks for more than this is asked again anyway.
LONGEST_RETRY_AFTER_MS: Final[Millis] = 2 * MINUTE


def retry_after_ms(headers: Mapping[str, str]) -> Millis | None:
    """How long a server asks to be left alone, two minutes at most; None where it does not say. Names of headers are
    in lower case."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(int(value[:9]) * SECOND, LONGEST_RETRY_AFTER_MS)
    wait = ahead_ms(value)
    return None if wait is None else min(max(0, wait), LONGEST_RETRY_AFTER_MS)
