"""What there is to say about one session of the database: from the rows alone, so in a replay too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wfconsole.observations.levels import Quality
from wfconsole.observations.locks import under
from wfconsole.observations.sessions import SessionRow, name_of, remedy
from wfconsole.text import UNKNOWN, age, fit
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span, faded
from wfconsole.tui.listings.standing import is_old
from wfconsole.tui.listings.transactions import doing
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.state_words import level_ink
from wfconsole.tui.widgets.scroll_text import Section

WAITERS_SHOWN: Final = 200
_NEVER: Final = 100  # steps up a tree: more are a circle


def session_sections(frame: Frame, key: str, row: SessionRow) -> list[Section]:
    """How it stands, whom it waits for, who waits for it, what ends it, and its query."""
    return [
        _section(frame, heading(frame, "NOW"), _now(frame, key, row), dated=True),
        _section(frame, heading(frame, "WAITS FOR", "up to the root"), _above(frame, row)),
        _section(frame, heading(frame, "HOLDS UP", f"{row.behind} in all"), _below(frame, key, row)),
        _section(frame, heading(frame, "WHAT ENDS IT"), [(Span(f"  {remedy(row) or 'nobody waits for it'}"),)]),
        _section(frame, heading(frame, "QUERY", "last" if row.state != "active" else "running"), _query(row)),
    ]


def _section(frame: Frame, title: Line, lines: Sequence[Line], *, dated: bool = False) -> Section:
    """Lines without colour where they are old; the first section says how old."""
    if not is_old(frame.view.world.quality("sessions", frame.now)):
        return Section(title, list(lines))
    how_old = age(frame.view.world.snapshots["sessions"].age_ms(frame.now))
    said: list[Line] = [(Span(f"  as it was {how_old} ago", "strong"),)] if dated else []
    return Section(title, [*said, *map(faded, lines)])


def _now(frame: Frame, key: str, row: SessionRow) -> list[Line]:
    finding = frame.view.judged.finding("sessions", key)
    since = f" for {age(frame.now - finding.since)}" if finding.since else ""
    known = {
        "user": row.user,
        "app": row.application,
        "client": row.client,
        "database": row.database,
        "process": row.backend,
        "waits": row.wait,
        "xid": row.transaction,
        "state": _state(frame, row),
        "began": frame.times.clock(row.started_at) if row.started_at else "",
        "in tx": f"since {frame.times.clock(row.xact_at)}" if row.xact_at else "in no transaction",
    }
    return [
        (Span("  "), Span(finding.reason or "nobody waits for it", level_ink(finding.level)), Span(since)),
        *((Span(f"  {fit(name, 9)}", "dim"), Span(value)) for name, value in known.items() if value),
    ]


def _state(frame: Frame, row: SessionRow) -> str:
    return f"{row.state} since {frame.times.clock(row.state_at)}" if row.state and row.state_at else row.state


def _above(frame: Frame, row: SessionRow) -> list[Line]:
    """From the session that it waits for to the root."""
    rows = frame.view.world.sessions
    if not row.blockers:
        return [(Span("  for no lock", "dim"),)]
    lines: list[Line] = [
        (Span(f"  {row.wants or 'a lock'}", "strong"), Span(f"   for {age(frame.now - row.waiting_at)}"))
        if row.waiting_at
        else (Span(f"  {row.wants or 'a lock'}", "strong"),)
    ]
    key, seen = row.under or next(iter(row.blocked_by), ""), 0
    while key in rows and seen < _NEVER:
        lines.append(_one(frame, rows[key]))
        if rows[key].cycle:
            break
        key, seen = rows[key].under, seen + 1
    unnamed = row.blockers - len(row.blocked_by)
    if unnamed:
        lines.append((Span(f"  and {unnamed} more that are not listed", "dim"),))
    return lines


def _below(frame: Frame, key: str, row: SessionRow) -> list[Line]:
    """All that hang on it in the tree, directly or not."""
    rows = frame.view.world.sessions
    found = under(rows, key)
    lines = [(Span("  " * (len(each.more) - 1)), *_one(frame, rows[each.key])) for each in found[:WAITERS_SHOWN]]
    if len(found) > WAITERS_SHOWN:
        lines.append((Span(f"  and {len(found) - WAITERS_SHOWN} more   the list of locks shows all", "dim"),))
    if lines:
        return lines
    hidden = frame.view.world.quality("sessions", frame.now) == Quality.PARTIAL
    nobody = f"{UNKNOWN} sessions of other roles are hidden" if hidden else "nobody"
    return [(Span(f"  {f'{row.behind} that are not listed' if row.behind else nobody}", "dim"),)]


def _one(frame: Frame, row: SessionRow) -> Line:
    since = row.waiting_at if row.blockers else row.xact_at
    how_long = age(frame.now - since) if since else UNKNOWN
    holds = f"   holds up {row.behind}" if row.behind else ""
    words = (
        f"  {fit(name_of(row), 14)} {fit(row.application or row.user, 18)} {fit(doing(row), 12)} {how_long:>7}{holds}"
    )
    return (Span(words), Span(f"   {row.query}", "dim"))


def _query(row: SessionRow) -> list[Line]:
    if not row.query:
        return [(Span(f"  {UNKNOWN} nobody knows", "dim"),)]
    return in_place("  ", row.query)
