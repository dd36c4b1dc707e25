"""What a line from a stranger must pass before it is decoded, and how its text is made safe.

The decoder refuses NaN, lone surrogates and wrong types by itself. It lets the last of two equal keys win, goes a
thousand levels deep and reads numbers that nothing can show, so these are looked for here, first.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from wfconsole.recording.lines import LIMITS, RecordingError
from wfconsole.text import safe

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
# Whole numbers from 10^16 on, and exponents that lead there: no instant, size or count needs them.
_HUGE_NUMBER: Final = re.compile(rb"(?<![.\d])\d{17,}(?![.\deE])|\d{17,}[.eE]|[eE]\+?(?:1[6-9]|[2-9]\d|\d{3,})")
_NOT_BRACKETS: Final = bytes(sorted(set(range(256)) - set(b"[]{}")))
_ESCAPED_PLAINLY: Final = re.compile(rb'\\[\\"/]')
_LONG_STRING: Final = re.compile(rb'"[^"]{%d}' % (LIMITS.string + 1))


def vet(line: bytes, number: int, depth: int = LIMITS.depth) -> None:
    """Refuse what is well-formed JSON and yet a trap. `line` must be well-formed: else this may take long.

    Raises RecordingError: deeper than `depth`, a number from 10^16 on, or an object with two equal keys.
    """
    import json  # here, because our own collector's stream never needs it

    bare = _STRING.sub(b"", line)
    if _HUGE_NUMBER.search(bare):
        raise RecordingError("a number too large to mean anything", line=number)
    brackets = bare.translate(None, _NOT_BRACKETS)
    for _ in range(depth):
        if not brackets:
            break
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise RecordingError(f"nested deeper than {depth} levels", line=number)
    try:
        json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise RecordingError(safe(str(error), 200), line=number) from None


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("two equal keys in one object")


def is_plain(line: bytes) -> bool:
    """Whether every string in a well-formed line is what `safe` would return, judged without decoding it."""
    if not line.isascii() or b"\x7f" in line:
        return False
    if b"\\" in line:
        line = _ESCAPED_PLAINLY.sub(b"", line)
        if b"\\" in line:
            return False
    return len(line) <= LIMITS.string or _LONG_STRING.search(line) is None


def made_safe(encoded: bytes | msgspec.Raw) -> Any:
    """The decoded value with every string in it safe, keys too."""
    return _safe_tree(msgspec.json.decode(encoded))


def _safe_tree(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value, LIMITS.string)
    if isinstance(value, dict):
        return {safe(key, LIMITS.string): _safe_tree(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_safe_tree(inner) for inner in value]
    return value
