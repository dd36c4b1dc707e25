"""What stops a message, as an exception; and the secrets that a sender reads."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.comms.plan import Failed
from wfconsole.secret import Secret, SecretFileError, secret_in
from wfconsole.text import safe

LONGEST_RETRY_AFTER: Final[Millis] = 10 * MINUTE


class Trouble(Exception):  # noqa: N818  # most of it is no error of ours
    """The message was not sent, or nobody knows whether it was."""

    def __init__(self, reason: str, *, again: bool = False, after_ms: Millis = 0, unknown: bool = False) -> None:
        super().__init__(reason)
        self.failed = Failed(reason, again, after_ms, unknown)


def token(path: str, setting: str) -> Secret:
    """The secret in a file that a setting names. Raises Trouble: trying again helps once somebody mended the file."""
    if not path:
        raise Trouble(f"{setting} names no file")
    try:
        return secret_in(path)
    except SecretFileError as error:
        raise Trouble(f"{safe(path, 200)}: {error}; mend the file that {setting} names") from None


def retry_after(headers: Mapping[str, str], now: float) -> Millis:
    """How long a server asks to be left alone, ten minutes at most; 0 where it does not say. `now` in Unix seconds."""
    value = next((found for name, found in headers.items() if name.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdecimal():
        return min(int(value[:9]) * SECOND, LONGEST_RETRY_AFTER)
    try:
        wait = round((parsedate_to_datetime(value).timestamp() - now) * SECOND)
    except (TypeError, ValueError, OverflowError):
        return 0
    return min(max(0, wait), LONGEST_RETRY_AFTER)
