"""Opening a link where there is a browser to open it in: by the system's own opener, and never through a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Final

VERDICT_WITHIN_S: Final = 5.0
_ADDRESS: Final = re.compile(r"https?://[!-~]{1,2000}")


def opener(
    environment: Mapping[str, str], platform: str = sys.platform, which: Callable[[str], str | None] = shutil.which
) -> tuple[tuple[str, ...], str]:
    """The command that opens an address here, or () and why there is none."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return (), "this console runs over SSH: there is no browser at its end"
    if platform == "darwin":
        name = "open"
    elif environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        name = "xdg-open"
    else:
        return (), "there is no display here"
    found = which(name)
    return ((found,), "") if found else ((), f"{name} is not installed")


def is_address(url: str) -> bool:
    """Whether this is an address with http or https and nothing that a program could take for something else."""
    return _ADDRESS.fullmatch(url) is not None


def open_address(command: tuple[str, ...], url: str) -> str:
    """Hand the address over; what to say about it. Blocks up to `VERDICT_WITHIN_S`: never on the screen's loop.

    An opener that goes on after that may be the browser itself, so it is left alone.
    """
    from wfconsole.hands.plan import clean

    try:
        process = subprocess.Popen(
            [*command, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean(os.environ),
            start_new_session=True,
        )
    except OSError as error:
        return f"not opened: {error.strerror or 'no process'}"
    try:
        code = process.wait(VERDICT_WITHIN_S)
    except subprocess.TimeoutExpired:
        return "handed over to the browser"
    return "opened in the browser" if code == 0 else f"not opened: the opener ended with exit code {code}"
