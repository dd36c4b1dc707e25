"""Logins that failed: by user, by source address, and all together as a rate against what is usual.

Both ways of counting are needed: five hundred users with one failure each are nothing by user, and one source that
tried five hundred users; a password tried from a hundred addresses is nothing by source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level

# One source that fails on so many users guesses at names, or a password at all of them.
SPRAYED_USERS: Final = 10
# So many failures within the window are no typing errors any more.
BRUTE_FAILURES: Final = 20
# One user who fails from so many sources, so often: somebody has a list of passwords and a list of proxies.
STUFFING_SOURCES: Final = 5
STUFFING_FAILURES: Final = 10
# A rise is so many times what is usual, and at least so many failures a minute.
RISE: Final = 3.0
RISE_PER_MINUTE: Final = 5.0

ATTACKS: Final = frozenset(("guessed", "spraying", "stuffing", "brute-force"))


class AuthRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One user, one source address, or all attempts of the window. Key: "user/NAME", "source/ADDRESS", "all".

    `others` counts the users that failed from this source, the sources from which this user failed; None where the log
    does not say. `succeeded` and `users` are None where a gateway tells, which knows neither. `failed_before_success`
    are failures that a success came after, which was at `succeeded_at`. `per_minute` is that of the last five minutes;
    None, with `usual_per_minute`, where nobody knows.
    """

    by: Literal["user", "source", "all"]
    name: str
    failed: int
    succeeded: int | None = 0
    others: int | None = None
    failed_before_success: int = 0
    first_failed_at: Millis = 0
    last_failed_at: Millis = 0
    succeeded_at: Millis = 0
    window_minutes: int = 60
    per_minute: float | None = None
    usual_per_minute: float | None = None
    users: int | None = 0  # of all: that failed, and that failed often enough to be listed
    users_listed: int = 0
    sources: int | None = None
    sources_listed: int = 0
    told_by: Literal["log", "gateway"] = "log"


def judge_auth(row: AuthRow, _now: Millis) -> Finding:
    """What an attack looks like from here."""
    if row.by == "all":
        return _judge_rate(row)
    return _judge_source(row) if row.by == "source" else _judge_user(row)


def rise(row: AuthRow) -> float | None:
    """How many times what is usual; what is below one a minute counts as one."""
    if row.per_minute is None or row.usual_per_minute is None:
        return None
    return row.per_minute / max(1.0, row.usual_per_minute)


def per_minute(value: float | None) -> str:
    """`12`, `0.4`, `--`."""
    if value is None:
        return "--"
    return f"{value:.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"


def _judge_rate(row: AuthRow) -> Finding:
    times = rise(row)
    if row.per_minute is None or times is None or times < RISE or row.per_minute < RISE_PER_MINUTE:
        return HEALTHY
    said = f"{per_minute(row.per_minute)} failures/min, usually {per_minute(row.usual_per_minute)}"
    return Finding(Level.WARNING, said, "rising")


def _judge_source(row: AuthRow) -> Finding:
    """Where more succeed than fail, many people share one address: an office, a gateway."""
    since, users = row.first_failed_at, row.others or 0
    if row.succeeded is None:
        said = f"{row.failed} failures, users and successes unknown"
        return Finding(Level.WATCH, said, "many") if row.failed >= BRUTE_FAILURES else HEALTHY
    shared = row.succeeded >= row.failed
    if users >= SPRAYED_USERS and shared:
        return Finding(Level.WATCH, f"{users} users fail, more logins succeed", "shared", since)
    if users >= SPRAYED_USERS:
        if row.failed_before_success >= SPRAYED_USERS:
            return Finding(Level.CRITICAL, f"spraying {users} users, then got in", "guessed", since)
        return Finding(Level.WARNING, f"spraying {users} users", "spraying", since)
    if row.failed >= BRUTE_FAILURES and not shared:
        if row.failed_before_success >= BRUTE_FAILURES:
            return Finding(Level.CRITICAL, f"got in after {row.failed_before_success} failures", "guessed", since)
        return Finding(Level.WARNING, f"brute force, {row.failed} failures", "brute-force", since)
    return HEALTHY


def _judge_user(row: AuthRow) -> Finding:
    since, sources = row.first_failed_at, row.others or 0
    if row.failed_before_success >= BRUTE_FAILURES:
        return Finding(Level.CRITICAL, f"got in after {row.failed_before_success} failures", "guessed", since)
    if sources >= STUFFING_SOURCES and row.failed >= STUFFING_FAILURES:
        return Finding(Level.WARNING, f"stuffing from {sources} sources", "stuffing", since)
    if row.failed >= BRUTE_FAILURES:
        return Finding(Level.WARNING, f"brute force, {row.failed} failures", "brute-force", since)
    if row.failed_before_success:
        return Finding(Level.WATCH, f"got in after {row.failed_before_success} failures", "mistyped", since)
    return HEALTHY


def measure_auth(rows: Mapping[str, AuthRow], now: Millis) -> dict[str, float | None]:
    """The signals of all attempts. A gateway does not know what an attack looks like."""
    total = rows.get("all")
    if total is not None and total.told_by == "gateway":
        return {
            "auth.failures": total.per_minute,
            "auth.rise": rise(total),
            "auth.attackers": None,
            "auth.guessed": None,
        }
    kinds = [judge_auth(row, now).kind for row in rows.values()]
    by_source = [judge_auth(row, now).kind for row in rows.values() if row.by == "source"]
    return {
        "auth.failures": None if total is None else total.per_minute,
        "auth.rise": None if total is None else rise(total),
        "auth.attackers": sum(kind in ATTACKS for kind in by_source),
        "auth.guessed": kinds.count("guessed"),
    }
