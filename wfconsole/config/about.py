"""What documentation and error messages say of a setting is kept beside its type."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Meta

PATH: Final = "the path of a file or folder; ~ is your home, a relative one starts at the file that names it"


def about(description: str, expected: str, *, path: bool = False, **limits: Any) -> Meta:
    """`description` says what the setting does, `expected` what a value looks like; `limits` are those of `Meta`."""
    return Meta(description=description, extra={"expected": expected, "path": path}, **limits)
