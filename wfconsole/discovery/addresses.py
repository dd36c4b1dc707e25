"""Addresses with a password in them, such as DATABASE_URL: all but the password."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct


class Address(Struct, frozen=True):
    """The parts of an address, "" or 0 where it does not say. The password itself is not kept."""

    scheme: str
    host: str
    port: int
    user: str
    path: str
    query: dict[str, str]
    had_password: bool


def without_password(text: str) -> Address | None:
    """The parts of an address; None where it cannot be told for sure which of them is the password.

    A password with an unescaped @, /, ? or # moves the borders between the parts: then none of them is trusted.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        return None
    if not parts.scheme or text.count("@") > parts.netloc.count("@") or parts.netloc.count("@") > 1:
        return None
    return Address(
        scheme=parts.scheme.lower(),
        host=unquote(host),
        port=port,
        user=unquote(parts.username or ""),
        path=unquote(parts.path),
        query={name: values[-1] for name, values in parse_qs(parts.query).items()},
        had_password=parts.password is not None,
    )
