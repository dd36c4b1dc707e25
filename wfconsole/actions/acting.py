"""Who we are when we act: what the sources say of the one who looks, said of the one who acts."""

from __future__ import annotations

from typing import Final

from wfconsole.sources.contract import SourceError

# An action tries nothing by itself.
_AGAIN: Final = (("; it is tried again by itself", ""), ("It is tried again by itself.", "Try again."))


def of_the_actor(error: SourceError, table: str, *, own: bool, shipped: str) -> SourceError:
    """A source's failure in words for one who acts. `table` "database"; `own`: there is a user of its own for acting;
    `shipped`: the file with what that one should be allowed."""
    remedy = error.remedy
    changed = list(_AGAIN)
    if own:
        changed += [
            (f"{table}.password_file", f"{table}.acting_password_file"),
            (f"{table}.user", f"{table}.acting_user"),
            ("monitoring-user.acl", shipped),
            ("the monitoring", "the acting"),
        ]
    for said, ours in changed:
        remedy = remedy.replace(said, ours)
    return SourceError(error.kind, error.message, remedy=remedy, code=error.code)
