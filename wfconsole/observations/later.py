"""What is imported when it is first needed: a console shows its first frame before any source has spoken, and most
consoles look at few systems."""

from __future__ import annotations

import importlib
from typing import Any


def found(place: str) -> Any:
    """What "module:name" of this package stands for."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(f"wfconsole.observations.{module}"), name)


class Later:
    """A function at such a place."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._function: Any = None

    def __call__(self, *arguments: Any) -> Any:
        if self._function is None:
            self._function = found(self._place)
        return self._function(*arguments)
