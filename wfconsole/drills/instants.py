"""A recorded row at another time: all that stands in it as an instant, moved by as much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from wfconsole.clock import Millis

T = TypeVar("T")

# What an instant is called in a row; every other time in it is a duration.
_NAMES: Final = frozenset({"at", "since", "until", "end"})
_ENDINGS: Final = ("_at", "_since", "_until")
_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?P<fraction>\d{3,6}))?(?P<zone>Z|[+-]\d\d:\d\d)", re.ASCII
)
_PRECISIONS: Final = {0: "seconds", 3: "milliseconds"}


def is_instant(name: str) -> bool:
    """Whether a field of this name holds an instant."""
    return name in _NAMES or name.endswith(_ENDINGS)


def moved(value: T, by: Millis) -> T:
    """The same with every instant in it moved. 0 stands for "never" and stays."""
    return _moved(value, by, instant=False)  # type: ignore[no-any-return]


def moved_text(text: str, by: Millis) -> str:
    """The same where the whole text is an instant in RFC 3339, in its own precision; any other text as it is."""
    found = _RFC_3339.fullmatch(text)
    if found is None:
        return text
    try:
        then = datetime.fromisoformat(text) + timedelta(milliseconds=by)
    except (ValueError, OverflowError):
        return text
    written = then.isoformat(timespec=_PRECISIONS.get(len(found["fraction"] or ""), "microseconds"))
    return written.removesuffix("+00:00") + "Z" if found["zone"] == "Z" else written


def _moved(value: Any, by: Millis, *, instant: bool) -> Any:
    if isinstance(value, msgspec.Struct):
        return _struct(value, by)
    if isinstance(value, tuple):
        return tuple(_moved(each, by, instant=instant) for each in value)
    if isinstance(value, Mapping):
        return {key: _moved(each, by, instant=instant) for key, each in value.items()}
    return value + by if instant and isinstance(value, int) and value else value


def _struct(value: msgspec.Struct, by: Millis) -> msgspec.Struct:
    changed = {}
    for name in value.__struct_fields__:
        before = getattr(value, name)
        after = _moved(before, by, instant=is_instant(name))
        if after is not before and after != before:
            changed[name] = after
    return msgspec.structs.replace(value, **changed) if changed else value
