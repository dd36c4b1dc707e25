"""Redaction of a recording's lines when they are written."""

from __future__ import annotations

import msgspec

from wfconsole.redaction import redact, redact_json


def redact_body(body: bytes) -> bytes:
    """JSON of a patch, a note or a header without its secrets; the very same bytes where there is nothing to hide.

    The names of rows are no field names: a deployment called "token" is not a secret, and a delta must find its row.
    Raises msgspec.DecodeError when it is no JSON.
    """
    if redact_json(body) == body:
        return body
    value = msgspec.json.decode(body)
    rows = value.pop("rows", None) if isinstance(value, dict) else None
    redacted = redact(value)
    if isinstance(rows, dict):
        redacted = {"rows": {key: redact(row) for key, row in rows.items()}} | redacted
    return msgspec.json.encode(redacted)
