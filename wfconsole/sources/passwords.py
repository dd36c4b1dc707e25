"""Passwords and tokens from the files that the configuration names. They are read anew for each connection: in an
incident they are changed."""

from __future__ import annotations

from wfconsole.secret import Secret, SecretFileError, secret_in
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe


def read_secret(path: str, setting: str) -> Secret | None:
    """What the file holds, without the end of its line; None where no file is named.

    `setting` is the key that names it ("database.password_file"). Raises SourceError("configuration").
    """
    if not path:
        return None
    try:
        return secret_in(path)
    except SecretFileError as error:
        remedy = f"Mend the file that {setting} names: it holds one secret alone."
        raise SourceError("configuration", f"{error}: {safe(path, 200)}", remedy=remedy) from None
