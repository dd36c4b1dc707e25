"""What is imported when it is first needed: a console shows its first frame before any source has spoken, and most
consoles look at few systems."""

from __future__ import annotations

import importlib
from typing import Any


def found(place: str, package: str = __package__) -> Any:
    """What "module:name" of a package, or else of this one, stands for."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(f"{package}.{module}"), name)


class Later:
    """A function at such a place."""

    def __init__(self, place: str, package: str = __package__) -> None:
        self._place = place
        self._package = package
        self._function: Any = None

    def __call__(self, *arguments: Any) -> Any:
        if self._function is None:
            self._function = found(self._place, self._package)
        return self._function(*arguments)
