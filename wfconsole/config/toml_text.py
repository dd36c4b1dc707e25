"""Values as TOML: what `tomllib` reads back as the very same value."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from wfconsole.text import is_safe

_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def toml_value(value: Any) -> str:
    """A value on one line. Whatever a terminal should not be sent is written as an escape."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, msgspec.Struct):
        pairs = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return f"{{ {', '.join(f'{name} = {toml_value(held)}' for name, held in pairs)} }}"
    return repr(value)


def _text(value: str) -> str:
    if ('"' in value or "\\" in value) and "'" not in value and is_safe(value):
        return f"'{value}'"  # PromQL is full of quotes
    return f'"{"".join(map(_character, value))}"'


def _character(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    if is_safe(char):
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
