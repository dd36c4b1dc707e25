"""Whether what a PostgreSQL server tells is of now: its data, its statistics, and the log of logins. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wfconsole.clock import MINUTE, Millis, SystemClock
from wfconsole.decoding import decoder_of
from wfconsole.observations.auth import AuthRow
from wfconsole.observations.checks import Check
from wfconsole.sources.postgres.connection import Row
from wfconsole.text import age, memory

_SYSTEM: Final = "database"
# Of a standby that has more to replay than it has replayed.
OLD_MS: Final[Millis] = 2 * MINUTE


def freshness(told: Row, standby: Sequence[Row], ahead_ms: Millis) -> Iterator[Check]:
    """`told` is what `rights.sql` gave, `standby` what `standby.sql` did."""
    now = SystemClock().now() + ahead_ms
    sees_all = "pg_monitor" in told["held"] or told["superuser"]
    stale = _why_stale(standby[0], now, sees_all=sees_all) if standby else ""
    if stale:
        remedy = "Look at the replication of this server, or let the console look at the primary."
        yield Check(_SYSTEM, "", "fresh", "data", "problem", f"of a standby that {stale}", remedy)
    else:
        yield Check(_SYSTEM, "", "fresh", "data", "ok", f"of {_which(standby)}")
    if told["tracks"]:
        yield Check(_SYSTEM, "", "fresh", "statistics", "ok", "of now")
    else:
        run = ("ALTER SYSTEM SET track_activities = on;", "SELECT pg_reload_conf();")
        said = "track_activities is off: sessions do not tell what they do"
        yield Check(_SYSTEM, "", "fresh", "statistics", "problem", said, run=run)


def _which(standby: Sequence[Row]) -> str:
    return "a standby that has replayed what it has" if standby else "the primary itself"


def _why_stale(standby: Row, now: Millis, *, sees_all: bool) -> str:
    """Why its data is old, "" while it is not: an idle primary sends nothing, and that is no lag."""
    behind = standby["lag_bytes"] or 0
    since = f", the last of {age(now - standby['replayed_at'])} ago" if standby["replayed_at"] else ""
    if standby["paused"]:
        return f"replays nothing: somebody paused it{since}"
    if sees_all and standby["receiver"] is None:  # without pg_monitor it is hidden
        return f"receives nothing from its primary{since}"
    if behind and standby["replayed_at"] and now - standby["replayed_at"] > OLD_MS:
        return f"is {memory(behind)} behind{since}"
    return ""


def attempts(rows: Mapping[str, bytes]) -> Iterator[Check]:
    """Whether the log of logins is written, as far as it tells: where nobody tries to log in, nobody knows."""
    if "all" not in rows:
        return
    total = decoder_of(AuthRow).decode(rows["all"])
    if total.failed or total.succeeded:
        yield Check(_SYSTEM, "auth", "fresh", "log of logins", "ok", f"written within {total.window_minutes} min")
    else:
        said = f"no attempt within {total.window_minutes} min: nobody tried, or nobody writes it any more"
        yield Check(_SYSTEM, "auth", "fresh", "log of logins", "off", said)
