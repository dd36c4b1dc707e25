"""Passwords and tokens from the files that the configuration names. They are read anew for each connection: in an
incident they are changed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wfconsole.secret import Secret
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

_MOST_BYTES: Final = 64 * 1024


def read_secret(path: str, setting: str) -> Secret | None:
    """What the file holds, without the end of its line; None where no file is named.

    `setting` is the key that names it ("database.password_file"). Raises SourceError("configuration").
    """
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror or "cannot be read" if isinstance(error, OSError) else "is no UTF-8 text"
        raise SourceError(
            "configuration", f"{safe(path, 200)}: {why}", remedy=f"Mend the file that {setting} names."
        ) from None
    if not text or len(content) > _MOST_BYTES or "\n" in text:
        why = "is empty" if not text else "holds more than one line"
        raise SourceError(
            "configuration", f"{safe(path, 200)}: {why}", remedy=f"{setting} names a file that holds one secret alone."
        )
    return Secret(text)
