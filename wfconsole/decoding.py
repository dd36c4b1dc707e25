"""JSON and plain values become typed ones here, in whichever thread: the one place that hands types to msgspec.

msgspec takes a type apart when it meets it for the first time, and keeps what it found on the type before it is
complete. Another thread that meets the type in that moment uses the half of it, and the process ends with a
segmentation fault (seen with msgspec 0.22). So a type is taken apart by one thread at a time.
"""

from __future__ import annotations

from functools import cache
from threading import RLock
from typing import Any, Final, TypeVar, overload

import msgspec

T = TypeVar("T")

# Whoever is interrupted by a signal's handler meanwhile may come in again.
_ONE_AT_A_TIME: Final = RLock()


@overload
def decoder_of(kind: type[T]) -> msgspec.json.Decoder[T]: ...
@overload
def decoder_of(kind: Any) -> msgspec.json.Decoder[Any]: ...
def decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of JSON for `kind`, which may be any type that msgspec knows: a struct, a container, a union.

    Its `decode` raises `msgspec.DecodeError` for what is no JSON, and `msgspec.ValidationError` for what is not
    `kind`.
    """
    return _made(kind)


@cache
def _made(kind: Any) -> msgspec.json.Decoder[Any]:
    with _ONE_AT_A_TIME:
        return msgspec.json.Decoder(kind)


@overload
def convert(value: Any, kind: type[T], *, strict: bool = True) -> T: ...
@overload
def convert(value: Any, kind: Any, *, strict: bool = True) -> Any: ...
def convert(value: Any, kind: Any, *, strict: bool = True) -> Any:
    """`value`, made of mappings, lists and plain values, as a `kind`; without `strict`, texts may tell numbers.

    Raises `msgspec.ValidationError` when it is none.
    """
    decoder_of(kind)  # from here on the type is complete
    return msgspec.convert(value, kind, strict=strict)
