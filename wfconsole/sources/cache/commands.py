"""Which commands the server would refuse: those that actions need, asked without running any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from wfconsole.config.systems import CacheSettings
from wfconsole.observations.cache import CommandRow
from wfconsole.observations.snapshot import Lack
from wfconsole.text import safe

Ask = Callable[..., Any]

_DISABLED: Final = "this server does not have it: disabled or renamed"


class Permissions(msgspec.Struct, frozen=True):
    """Whose they are, and what they amount to; `lacks` say why nobody could tell."""

    user: str = ""
    commands: tuple[CommandRow, ...] | None = None
    lacks: tuple[Lack, ...] = ()

    @property
    def missing(self) -> str:
        """Why nobody could tell, in words without what mends it; "" where somebody could."""
        return "; ".join(lack.text for lack in self.lacks)


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
        return Permissions(lacks=(not_known("which commands work is not known", error, "+command|info", settings),))
    user, lacks = settings.acting_user, dict[str, Lack]()
    rows = []
    try:
        user = user or _text(ask("ACL", "WHOAMI"))
    except ResponseError as error:
        lacks["whoami"] = not_known("whose permissions hold is not known", error, "+acl|whoami", settings)
    for command, there in zip(wanted, has, strict=False):
        refused = "" if there else _DISABLED
        if there and user:
            try:
                answer = _text(ask("ACL", "DRYRUN", user, *command))
                refused = "" if answer == "OK" else safe(answer, 120)
            except ResponseError as error:
                said = f"what {safe(user, 64)} may do is not known"
                lacks["dryrun"] = not_known(said, error, "+acl|dryrun", settings)
        rows.append(CommandRow(command[0], refused))
    return Permissions(safe(user, 64), tuple(rows), tuple(lacks.values()))


def not_known(what: str, error: Exception, right: str, settings: CacheSettings) -> Lack:
    """What nobody can tell because of an answer: a right that lacks, or a server that does not have the command."""
    from redis.exceptions import NoPermissionError

    text = f"{what}: {_said(error)}"
    if not isinstance(error, NoPermissionError):
        return Lack(text)
    return Lack(text, "permission", grant(right, settings), right)


def grant(right: str, settings: CacheSettings) -> str:
    """What gives a right to the user who looks."""
    return f"ACL SETUSER {safe(settings.user or 'default', 64)} {right}"


def _text(answer: Any) -> str:
    return answer.decode("utf-8", errors="replace") if isinstance(answer, bytes) else str(answer)


def _said(error: Exception) -> str:
    return safe(" ".join(str(error).split()), 120)
