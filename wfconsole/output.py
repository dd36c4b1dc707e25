"""What is printed: whole, whatever standard output can show; what it did not take is never passed over."""

from __future__ import annotations

import codecs
import os
import sys
from typing import Any, Final, TextIO

from wfconsole import exit_codes
from wfconsole.errors import UserError

_ESCAPED: Final = "wfconsole.escaped"


class OutputLost(UserError):  # noqa: N818  it is the output that is lost
    """Standard output took no more; nothing else is written to it."""

    def __init__(self, error: OSError) -> None:
        why = error.strerror or "it cannot be written"
        super().__init__(f"standard output took no more: {why}; what was printed is not whole", exit_codes.OUTPUT)
        forget()


class Printed:
    """A text stream that raises OutputLost in the place of OSError; a reader that has left stays a BrokenPipeError.

    What it cannot encode is written as \\u00f6, which means the same in JSON.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        codecs.register_error(_ESCAPED, _escaped)
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ESCAPED)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise self._lost(error) from None

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise self._lost(error) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _lost(self, error: OSError) -> Exception:
        if isinstance(error, BrokenPipeError):
            forget()
            return error
        return OutputLost(error)


def forget() -> None:
    """Whatever is still written to standard output, at Python's end too, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[place : place + 2], "big") for place in range(0, len(units), 2))
    return "".join(f"\\u{code:04x}" for code in codes), error.end
