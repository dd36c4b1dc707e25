"""A password or token that cannot end up in text by accident."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Final, NoReturn, final

from wfconsole.named_files import read_file

MASK: Final = "•••"
_MOST_BYTES: Final = 64 * 1024


@final
class Secret:
    """Holds a value that only `reveal()` gives back.

    `repr` is a mask, so that a traceback or a dataclass that holds one can be shown; formatting, printing, logging,
    pickling, copying and encoding raise `TypeError`, so that a leak is a failing test and not a line in a log.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself: call it where it is handed to the server, and keep the result nowhere."""
        return self.__value

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self.__value.encode(errors="surrogatepass"), other.reveal().encode(errors="surrogatepass")
        )

    __hash__ = None  # type: ignore[assignment]  # a set or a dict of secrets would be a list of places to look for them

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> NoReturn:
        raise TypeError("a Secret is not text; reveal() it where it is used")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a Secret cannot be formatted; reveal() it where it is used")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")


class SecretFileError(ValueError):
    """A file that should hold one secret does not. The message says why, without what is in it."""


def secret_in(path: str) -> Secret:
    """What a file holds, without the end of its line. Raises SecretFileError."""
    try:
        content = read_file(Path(path), _MOST_BYTES)
        text = content.decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror or "cannot be read" if isinstance(error, OSError) else "is no UTF-8 text"
        raise SecretFileError(why) from None
    if not text or len(content) > _MOST_BYTES or "\n" in text:
        raise SecretFileError("is empty" if not text else "holds more than one line")
    return Secret(text)
