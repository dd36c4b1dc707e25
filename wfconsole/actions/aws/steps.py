"""What a rotation will do, as the plan keeps it: versions, names and requests, and no value of anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from wfconsole.clock import Millis


class Restart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One consumer. `waits_for`: the external secrets that must be synced before it."""

    what: str
    kind: str
    namespace: str
    name: str
    call: Mapping[str, Any]
    unchanged: Mapping[str, Any]
    waits_for: tuple[str, ...] = ()


class Sync(msgspec.Struct, frozen=True, omit_defaults=True):
    """One external secret, whose operator is asked to look at once."""

    what: str
    path: str
    call: Mapping[str, Any]


class Steps(msgspec.Struct, frozen=True, omit_defaults=True):
    """`current` has AWSCURRENT as long as nothing is done, and `to` afterwards; `login` is the version whose password
    logs in before. `makes`: `to` is made. `pending` has AWSPENDING before; `leaves` loses it at the end.

    `unchecked`: the server lets the role in without a password, and somebody has said that this will do. `at` is the
    database's clock at the plan, `restarted_at` what all restarts carry. `back` is the request that takes it back.
    """

    region: str
    arn: str
    role: str
    field: str
    current: str
    to: str
    login: str
    makes: bool = False
    unchecked: bool = False
    pending: str = ""
    leaves: str = ""
    at: Millis = 0
    restarted_at: str = ""
    consumers: tuple[Restart, ...] = ()
    synced: tuple[Sync, ...] = ()
    back: Any = None
