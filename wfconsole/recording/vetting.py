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
# One of these is in every such number, once all its digits are 0: looked for in a fraction of the time.
_ALL_DIGITS_0: Final = bytes.maketrans(b"123456789E", b"000000000e")
_IN_HUGE_NUMBERS: Final = (b"0" * 17, b"e0", b"e+")
_NOT_BRACKETS: Final = bytes(sorted(set(range(256)) - set(b"[]{}")))
_ESCAPED_PLAINLY: Final = re.compile(rb'\\[\\"/]')
_LONG_STRING: Final = re.compile(rb'"[^"]{%d}' % (LIMITS.string + 1))


def vet(line: bytes, number: int, depth: int = LIMITS.depth) -> None:
    """Refuse what is well-formed JSON and yet a trap. `line` must be well-formed: else this may take long.

    Raises RecordingError: deeper than `depth`, a number from 10^16 on, or an object with two equal keys.
    """
    bare = _without_strings(line)
    digits = bare.translate(_ALL_DIGITS_0)
    if any(part in digits for part in _IN_HUGE_NUMBERS) and _HUGE_NUMBER.search(bare):
        raise RecordingError("a number too large to mean anything", line=number)
    brackets = bare.translate(None, _NOT_BRACKETS)
    for _ in range(depth):
        if not brackets:
            break
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise RecordingError(f"nested deeper than {depth} levels", line=number)
    try:
        _refuse_equal_keys(line, bare.count(b":"))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RecordingError(safe(str(error), 200), line=number) from None


def _without_strings(line: bytes) -> bytes:
    """What is left of a line without its strings: between two quotes where no backslash can stand before one."""
    return b"".join(line.split(b'"')[::2]) if b"\\" not in line else _STRING.sub(b"", line)


def _refuse_equal_keys(line: bytes, pairs: int) -> None:
    """Raises ValueError when an object has two equal keys. `pairs`: how many pairs all objects of the line have."""
    if _without_strings(msgspec.json.encode(msgspec.json.decode(line))).count(b":") == pairs:
        return  # of two equal keys one alone would be left
    import json  # here, because our own collector's stream never needs it

    json.loads(line, object_pairs_hook=_unique)


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
