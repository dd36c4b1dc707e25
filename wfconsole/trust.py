"""Whom a connection over TLS trusts, the same on every Python.

From 3.13 on, contexts are made that also refuse what does not keep to each word of RFC 5280: among that are the
certificates of many an in-house authority, which name no key of their issuer. kubectl, psql and curl accept those.
"""

from __future__ import annotations

import ssl
from typing import Final

PEDANTRY: Final = ssl.VERIFY_X509_STRICT


def trusting(ca_file: str = "") -> ssl.SSLContext:
    """A client's context, which checks certificates and names: by `ca_file`, or by what the system trusts.

    Raises OSError for a file that cannot be read, ssl.SSLError (which is one) for one with no certificate in it.
    """
    return without_pedantry(ssl.create_default_context(cafile=ca_file or None))


def without_pedantry(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context."""
    context.verify_flags &= ~PEDANTRY
    return context
