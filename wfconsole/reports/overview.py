"""All incidents of a machine, and what is still to be done after them: as text, JSON and CSV.

A row is what one journal gives. A damaged journal says so in its row: what it lacks may be what somebody looks for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.events import Horizon
from wfconsole.incident.follow_up import NOBODY, MeetingStanding, is_overdue, iso_date, meeting
from wfconsole.incident.policy import SeverityName, SeverityPolicy, Status
from wfconsole.incident.state import IncidentState
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.reports.record import iso, known_as, lapses
from wfconsole.text import UNKNOWN, cut, safe

_UNITS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_TITLE: Final = 60
_NAME_CELLS: Final = 20
# What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t")


class IncidentRow(msgspec.Struct, frozen=True):
    """One incident. Instants are ISO 8601 in UTC, "" where nobody knows; times in whole seconds, null where not known.

    `title` is the code name of a restricted one. `meeting`: "not owed", "not yet owed", "due", "set",
    "set too late" or "missed".
    `intact` is false where the journal is damaged, and `damage` says how.
    """

    incident: str
    title: str
    restricted: bool
    severity: SeverityName | str
    status: Status | str
    commander: str
    started: str
    declared: str
    resolved: str
    detect_seconds: int | None
    acknowledge_seconds: int | None
    mitigate_seconds: int | None
    resolve_seconds: int | None
    follow_ups_open: int
    meeting: MeetingStanding | str
    meeting_at: str
    meeting_due: str
    entries: int
    intact: bool
    damage: tuple[str, ...]


class FollowUpRow(msgspec.Struct, frozen=True):
    """One follow-up. `due` is an ISO date; it and `owner` are "" where nobody set them, `outcome` while it is open."""

    incident: str
    title: str
    severity: SeverityName | str
    follow_up: str
    text: str
    horizon: Horizon
    owner: str
    due: str
    overdue: bool
    outcome: str
    reason: str
    added: str
    closed: str


class Wanted(msgspec.Struct, frozen=True):
    """Which incidents. An empty field asks for nothing; `words` have to be in the name, the title or the commander."""

    since: Millis = 0
    severities: tuple[str, ...] = ()
    status: str = ""
    open_only: bool = False
    words: tuple[str, ...] = ()


def incident_row(
    name: str,
    state: IncidentState,
    entries: int,
    now: Millis,
    *,
    policy: SeverityPolicy | None = None,
    damage: Sequence[str] = (),
    intact: bool = True,
) -> IncidentRow:
    """The row of the journal in the folder `name`."""
    took = {lapse.name: None if lapse.took_ms is None else lapse.took_ms // SECOND for lapse in lapses(state)}
    met = meeting(state, now, policy)
    declared = state.declared
    return IncidentRow(
        incident=safe(name, 80),
        title=safe(known_as(state)) if declared else "",
        restricted=state.restricted,
        severity=state.severity if declared else "",
        status=state.status if declared else "not declared",
        commander=safe(state.commander),
        started=_instant(state.moments.get("started", 0)),
        declared=_instant(state.declared_at),
        resolved=_instant(state.moments.get("resolved", 0)),
        detect_seconds=took["detect"],
        acknowledge_seconds=took["acknowledge"],
        mitigate_seconds=took["mitigate"],
        resolve_seconds=took["resolve"],
        follow_ups_open=sum(not item.outcome for item in state.follow_ups.values()),
        meeting=met.standing if declared else "",
        meeting_at=_instant(met.at),
        meeting_due=_instant(met.due_at),
        entries=entries,
        intact=intact,
        damage=tuple(safe(said, 300) for said in damage),
    )


def is_wanted(row: IncidentRow, state: IncidentState, wanted: Wanted) -> bool:
    """Whether to list it. One whose damaged journal holds no declaration may be any: it is always listed."""
    if not state.declared and not row.intact:
        return True
    return all(
        (
            state.declared_at >= wanted.since,
            not wanted.severities or row.severity in wanted.severities,
            not wanted.status or row.status == wanted.status,
            not wanted.open_only or (state.declared and not state.resolved),
            all(word.casefold() in f"{row.incident} {row.title} {row.commander}".casefold() for word in wanted.words),
        )
    )


def follow_up_rows(name: str, state: IncidentState, day: dt.date) -> list[FollowUpRow]:
    """All follow-ups of one incident, as they stand on `day`."""
    return [
        FollowUpRow(
            incident=safe(name, 80),
            title=safe(known_as(state)),
            severity=state.severity,
            follow_up=safe(key, 40),
            text=safe(item.text),
            horizon=item.horizon,
            owner=safe(item.owner),
            due=safe(item.due, 20),
            overdue=is_overdue(item, day),
            outcome=item.outcome,
            reason=safe(item.reason),
            added=_instant(item.added_at),
            closed=_instant(item.closed_at),
        )
        for key, item in state.follow_ups.items()
    ]


def since(said: str, now: Millis) -> Millis | None:
    """An instant that is meant by `2026-01-07`, or `30d` for so long ago; None where it is neither."""
    if found := re.fullmatch(r"(\d{1,4})([mhdw])", said, re.ASCII):
        return now - int(found[1]) * _UNITS[found[2]]
    day = iso_date(said)
    return None if day is None else round(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp() * 1000)


# --- as text, JSON and CSV


def incidents_text(rows: Iterable[IncidentRow]) -> str:
    """Two lines each: what it is, and how it went."""
    return "".join(f"{_head(row)}\n{'':<{_NAME_CELLS}} {_details(row)}\n" for row in rows)


def follow_ups_text(rows: Iterable[FollowUpRow]) -> str:
    """A line each."""
    said = []
    for row in rows:
        state = row.outcome.upper() if row.outcome else "OVERDUE" if row.overdue else "open"
        said.append(
            f"{row.due or 'no day':<10} {state:<7} {row.incident:<{_NAME_CELLS}} {row.follow_up:<8} {row.horizon:<10} "
            f"{cut(row.owner or NOBODY, 16):<16} {cut(row.text, _TITLE)}\n"
        )
    return "".join(said)


def as_json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode() + "\n"


def as_csv(rows: Sequence[msgspec.Struct], kind: type[msgspec.Struct]) -> str:
    """With a head; what a spreadsheet would take for a formula gets an apostrophe in front."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(kind.__struct_fields__)
    for row in rows:
        writer.writerow([_cell(getattr(row, field)) for field in kind.__struct_fields__])
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, tuple):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _head(row: IncidentRow) -> str:
    declared = row.declared.replace("T", " ")
    mark = "RESTRICTED " if row.restricted else ""
    damaged = "" if row.intact else f"  DAMAGED: wfconsole journal {row.incident}"
    head = f"{row.incident:<{_NAME_CELLS}} {row.severity:<5} {row.status:<17} {declared:<21} "
    return f"{head}{mark}{cut(row.title, _TITLE)}{damaged}".rstrip()


def _details(row: IncidentRow) -> str:
    took = (
        ("detect", row.detect_seconds),
        ("acknowledge", row.acknowledge_seconds),
        ("mitigate", row.mitigate_seconds),
        ("resolve", row.resolve_seconds),
    )
    said = [f"{name} {UNKNOWN if value is None else spell_duration(value * SECOND)}" for name, value in took]
    if row.follow_ups_open:
        said.append(f"{counted(row.follow_ups_open, 'follow-up')} open")
    if row.meeting in ("due", "missed", "set too late"):
        said.append(f"meeting {row.meeting}, due {row.meeting_due.replace('T', ' ')}")
    elif row.meeting == "set":
        said.append(f"meeting {row.meeting_at.replace('T', ' ')}")
    return ", ".join(said)


def _instant(at: Millis) -> str:
    return iso(at) if at else ""
