"""Which commands the server would refuse: those that actions need, asked without running any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from wfconsole.config.systems import CacheSettings
from wfconsole.observations.cache import CommandRow
from wfconsole.text import safe

Ask = Callable[..., Any]

_DISABLED: Final = "this server does not have it: disabled or renamed"


class Permissions(msgspec.Struct, frozen=True):
    """Whose they are, and what they amount to; `missing` says why nobody could tell."""

    user: str = ""
    commands: tuple[CommandRow, ...] | None = None
    missing: str = ""


def permissions(ask: Ask, settings: CacheSettings) -> Permissions:
    """What the user of the actions may do. COMMAND INFO says what the server has at all (Bitnami's chart disables
    FLUSHDB), ACL DRYRUN (Redis 7) what this user may; neither runs the command. Raises what is no refusal."""
    from redis.exceptions import ResponseError

    session = f"{settings.session_prefixes[0] if settings.session_prefixes else ''}wfconsole"
    wanted: Sequence[tuple[str, ...]] = (("SCAN", "0"), ("UNLINK", session), ("DEL", session), ("FLUSHDB",))
    try:
        known = ask("COMMAND", "INFO", *(command[0] for command in wanted))
        has = [bool(each) for each in known]
    except ResponseError as error:
        return Permissions(missing=f"which commands work is not known: {_said(error)}")
    user, missing = settings.acting_user, ""
    rows = []
    try:
        user = user or _text(ask("ACL", "WHOAMI"))
    except ResponseError as error:
        missing = f"whose permissions hold is not known: {_said(error)}"
    for command, there in zip(wanted, has, strict=False):
        refused = "" if there else _DISABLED
        if there and user:
            try:
                answer = _text(ask("ACL", "DRYRUN", user, *command))
                refused = "" if answer == "OK" else safe(answer, 120)
            except ResponseError as error:
                missing = f"what {safe(user, 64)} may do is not known: {_said(error)}"
        rows.append(CommandRow(command[0], refused))
    return Permissions(safe(user, 64), tuple(rows), missing)


def _text(answer: Any) -> str:
    return answer.decode("utf-8", errors="replace") if isinstance(answer, bytes) else str(answer)


def _said(error: Exception) -> str:
    return safe(" ".join(str(error).split()), 120)
