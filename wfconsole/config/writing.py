"""Writing a configuration file: whole or not at all, for its owner alone, and never over another one unasked."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from wfconsole.config.errors import ConfigError, Problem
from wfconsole.text import safe

_ONLY_OWNER = 0o600


def write_config(path: Path, text: str, *, replace: bool, make_folder: bool = False) -> None:
    """Write `text` to `path`. `make_folder`: with the folders that it lies in, for their owner alone.

    A symbolic link stays one, and the file that it leads to is written. Raises ConfigError, and then nothing is
    written.
    """
    try:
        if make_folder:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = path.resolve()
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            _write(draft, text.encode())
            if replace:
                draft.replace(target)
            else:
                _put(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        raise there_already(path) from None
    except OSError as error:
        remedy = "Name a place that you may write to: wfconsole init PATH, or print it: wfconsole init -"
        told = Problem(safe(str(path), 400), "", f"cannot be written: {error.strerror}", remedy=remedy)
        raise ConfigError((told,)) from None


def there_already(path: Path) -> ConfigError:
    """What is said where there is a file, and nobody asked to replace it."""
    remedy = "--force replaces it; `wfconsole init -` prints the new one, to compare."
    return ConfigError((Problem(safe(str(path), 400), "", "there is a file already, and it stays", remedy=remedy),))


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _ONLY_OWNER)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _put(draft: Path, target: Path) -> None:
    """Give the draft its name in one step that fails where the name is taken, even since a moment ago."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError from None
        draft.rename(target)
