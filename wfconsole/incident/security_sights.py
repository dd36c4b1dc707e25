"""What the scribe looks for in logins and findings: an attack as one line for each kind, a finding for each title."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.sights import Seen, Sight, Untold, literal, named, touched
from wfconsole.incident.wording import counted
from wfconsole.observations.auth import AuthRow, per_minute
from wfconsole.observations.findings import FindingRow, is_critical
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Finding, Level

_NAMED: Final = 2  # sources or users that a line names; the pane has all of them
_LOGINS: Final = "Logins/logins"
Found = Sequence[tuple[AuthRow, Finding]]


def sights_of_auth(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """All logins together: by kind of attack how many sources and users, since when."""
    before, after = judged_before.rows("auth"), judged.rows("auth")
    if not touched(before, after) and before.at:
        return {}
    by_kind: dict[str, list[tuple[AuthRow, Finding]]] = {}
    for key, finding in after.findings.items():
        if key in after.rows:
            by_kind.setdefault(finding.kind, []).append((after.rows[key], finding))
    sights: list[Sight | Untold] = list(_attacks(by_kind))
    total: AuthRow | None = after.rows.get("all")
    if total is not None and "rising" in by_kind:
        text = f"failed logins: {per_minute(total.per_minute)}/min, usually {per_minute(total.usual_per_minute)}/min"
        sights.append(Sight("login-failures", "logins", Level.WARNING, text))
    elif total is None or total.per_minute is None or total.usual_per_minute is None:
        sights.append(Untold("login-failures"))
    return {_LOGINS: tuple(sights)}


def _attacks(by_kind: dict[str, list[tuple[AuthRow, Finding]]]) -> Iterator[Sight]:
    for kind, (say, size) in _ATTACKS.items():
        found = by_kind.get(kind)
        if found:
            level = max(finding.level for _row, finding in found)
            began = min((finding.since for _row, finding in found if finding.since), default=0)
            yield Sight(kind, "logins", level, literal(say(found)), began, size(found))


def _spraying(found: Found) -> str:
    users = max(row.others or 0 for row, _finding in found)
    if len(found) == 1:
        return f"password spraying from {found[0][0].name}: {users} users"
    return f"password spraying from {len(found)} sources, up to {users} users from one: {_names(found)}"


def _stuffing(found: Found) -> str:
    sources = max(row.others or 0 for row, _finding in found)
    return f"credential stuffing: {counted(len(found), 'user')}, from up to {sources} sources each"


def _brute_force(found: Found) -> str:
    sources = [each for each in found if each[0].by == "source"]
    failed = max(row.failed for row, _finding in found)
    if sources:
        return f"brute force on logins from {counted(len(sources), 'source')}, {failed} failures: {_names(sources)}"
    return f"brute force on the logins of {counted(len(found), 'user')}, {failed} failures"


def _guessed(found: Found) -> str:
    return f"got in after many failures: {_names(found)}"


# By the kind of finding: what is said, and how large it is.
_ATTACKS: Final[dict[str, tuple[Callable[[Found], str], Callable[[Found], int]]]] = {
    "guessed": (_guessed, len),
    "spraying": (_spraying, lambda found: max(row.others or 0 for row, _finding in found)),
    "stuffing": (_stuffing, len),
    "brute-force": (_brute_force, len),
}


def _names(found: Found) -> str:
    """The worst by name, sources before users: a source is what can be blocked."""
    ranked = sorted(found, key=lambda each: (each[0].by, -(each[0].others or 0), -each[0].failed, each[0].name))
    names = ", ".join(f"{'user ' if row.by == 'user' else ''}{row.name}" for row, _finding in ranked[:_NAMED])
    more = len(ranked) - _NAMED
    return f"{names} and {more} more" if more > 0 else names


def sights_of_findings(judged_before: Judged, judged: Judged, lasting: frozenset[str], _now: Millis) -> Seen:
    """By title: what presses now, and what was not there before. Old ones are work for the day, and in the pane."""
    before, after = judged_before.rows("findings"), judged.rows("findings")
    moved = touched(before, after)
    subjects = {_titled(row) for rows in (before.rows, after.rows) for key in moved if (row := rows.get(key))}
    seen: dict[str, tuple[Sight | Untold, ...] | None] = dict.fromkeys(subjects, ())
    grouped: dict[str, list[str]] = {}
    for key, row in after.rows.items() if subjects else ():
        grouped.setdefault(_titled(row), []).append(key)
    for subject in subjects & grouped.keys():
        keys = grouped[subject]
        level = max(after.finding(key).level for key in keys)
        new = bool(before.at) and any(key not in before.rows for key in keys)
        if new or level == Level.CRITICAL or f"finding {subject}" in lasting:
            seen[subject] = (_finding([after.rows[key] for key in keys], level),)
    return seen


def _finding(rows: Sequence[FindingRow], level: Level) -> Sight:
    """Since it was seen: what was found before the incident was declared may be told after it."""
    severity = "CRITICAL" if any(map(is_critical, rows)) else rows[0].severity
    where = ", ".join(sorted({row.region for row in rows}))
    count = f"{len(rows)} times, " if len(rows) > 1 else ""
    text = f"{severity} finding: {literal(rows[0].title)} ({count}{where})"
    return Sight("finding", "finding", level, text, affected=len(rows))


def _titled(row: FindingRow) -> str:
    return named("Finding", row.title or row.id)
