"""What Textual must find in the environment when it is imported: so this module must not import it."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

TYPE_CHECKING = False  # the launcher imports this before it forks: see there
if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Final

DEFAULTS: Final = {
    # The paint timer's grid is a part of every key's delay: p99 of a filter's letter 21 ms at 240, 16 at 480, and no
    # less at 1000. The timer stands still while nothing is dirty, so it costs nothing when idle; a slow link is spared
    # by skipping data frames, not by a slower grid.
    "TEXTUAL_FPS": "480",
    # Moving things draw the eye to nothing and fill an SSH link.
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
}
# Switches for developers of Textual that press keys, run a driver of somebody's choice, print what was returned, or
# write what is on the screen to a file: not in a console that holds an incident.
REFUSED: Final = (
    "TEXTUAL",
    "TEXTUAL_DRIVER",
    "TEXTUAL_LOG",
    "TEXTUAL_PRESS",
    "TEXTUAL_SCREENSHOT",
    "TEXTUAL_SHOW_RETURN",
)
# What Textual takes, when it is imported or run, of modules that the console has no use for: bases of classes, and
# names that nothing here calls. See `compat.no_extras` and the app's ENABLE_COMMAND_PALETTE.
LEFT_OUT: Final = {
    "textual.command": (
        *("CommandListItem", "CommandPalette", "DiscoveryHit", "Hit", "Hits", "Provider", "SimpleProvider"),
    ),
    "textual.widgets._toast": ("ToastRack",),
    "textual.pilot": ("Pilot",),
}


def prepare(environ: MutableMapping[str, str]) -> None:
    """Settle what Textual will read: our defaults where the user has said nothing, and none of the refused switches."""
    for name, value in DEFAULTS.items():
        environ.setdefault(name, value)
    for name in REFUSED:
        environ.pop(name, None)


def leave_out_extras() -> None:
    """Put empty classes in the place of Textual's command palette, toasts and pilot, which the console does not have.

    With their widgets they are an eighth of what an app imports before its first frame. A test holds `LEFT_OUT` to what
    Textual asks for.
    """
    for name, asked in LEFT_OUT.items():
        empty = ModuleType(name, leave_out_extras.__doc__)
        for each in asked:
            setattr(empty, each, type(each, (), {}))
        sys.modules.setdefault(name, empty)


def leave_out_tls() -> None:
    """Import asyncio as it is where Python has no TLS: the console itself connects to nobody, and OpenSSL is not free.

    Does nothing when either is there already.
    """
    if "ssl" in sys.modules or "asyncio" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]  # an import takes this for a module that is not there
    try:
        importlib.import_module("asyncio")
    finally:
        del sys.modules["ssl"]
