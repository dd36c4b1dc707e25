"""One base for everything that ends a command with a clear message instead of a traceback."""

from __future__ import annotations

from wfconsole import exit_codes


class UserError(Exception):
    """Says what is wrong, where, and what to do about it; `code` is the exit code.

    Rooms raise their own errors (RunbookError, ConfigError, RecordingError); `cli` turns them into one of these.
    """

    def __init__(self, message: str, code: int = exit_codes.USAGE) -> None:
        super().__init__(message)
        self.code = code
