"""What a secret holds: fields of a JSON object, whose names may be seen and whose values never leave this."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Final

import msgspec

from wfconsole.decoding import decoder_of
from wfconsole.redaction import redact_text
from wfconsole.secret import MASK, Secret
from wfconsole.text import safe

# Nothing that has a meaning in a URL, in a connection string or in a shell: applications put it into all of them.
_ALPHABET: Final = string.ascii_letters + string.digits + "-_"
_CHARACTERS: Final = 40
_NAME: Final = 60


class MaterialError(ValueError):
    """It is no JSON object. The message holds nothing of it."""


class Material:
    """The fields of one version, each as it was written: what is not changed stays as it is to the byte."""

    __slots__ = ("_fields",)

    def __init__(self, value: Secret) -> None:
        """Raises MaterialError."""
        try:
            content = value.reveal().encode(errors="replace")
            self._fields: Mapping[str, msgspec.Raw] = decoder_of(dict[str, msgspec.Raw]).decode(content)
        except (msgspec.DecodeError, RecursionError):
            raise MaterialError("it holds no JSON object") from None

    def __repr__(self) -> str:
        return f"Material({MASK})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its fields, to be shown."""
        return tuple(shown(name) for name in self._fields)

    def has(self, field: str) -> bool:
        return field in self._fields

    def text(self, field: str) -> Secret | None:
        """The value of a field that is a text and not empty."""
        try:
            value = decoder_of(str).decode(self._fields[field])
        except (KeyError, msgspec.DecodeError):
            return None
        return Secret(value) if value else None

    def plain(self, field: str) -> str:
        """A field that is no secret, as a text: a host, a port. Only to be compared: people put anything anywhere."""
        if field not in self._fields:
            return ""
        value = msgspec.json.decode(self._fields[field])
        return str(value) if isinstance(value, str | int) else ""

    def with_text(self, field: str, value: Secret) -> Secret:
        """The whole of it with another value of one field that it has."""
        assert field in self._fields
        changed = {**self._fields, field: msgspec.Raw(msgspec.json.encode(value.reveal()))}
        return Secret(msgspec.json.encode(changed).decode())


def shown(field: str) -> str:
    """The name of a field, to be shown."""
    return safe(redact_text(field), _NAME)


def generated() -> Secret:
    """A new password: 238 bits, of letters, digits, - and _, each kind at least once."""
    while True:
        text = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))
        kinds = (str.islower, str.isupper, str.isdigit, lambda char: char in "-_")
        if text[0].isalpha() and all(any(map(kind, text)) for kind in kinds):
            return Secret(text)
