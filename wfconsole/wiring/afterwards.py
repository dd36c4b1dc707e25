"""What is left of incidents: the list of them, and their follow-ups, which are closed and assigned from here too."""

from __future__ import annotations

import argparse
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import SECOND
from wfconsole.errors import UserError
from wfconsole.incident.advance import fold
from wfconsole.incident.events import FollowUpAdded, FollowUpClosed, Horizon
from wfconsole.incident.follow_up import (
    HORIZON_WORDS,
    HORIZONS,
    default_due,
    iso_date,
    meeting,
    meeting_words,
    named,
    new_name,
    today,
)
from wfconsole.incident.policy import SEVERITIES, STATUSES, BusinessCalendar, SeverityPolicy
from wfconsole.incident.state import IncidentState
from wfconsole.reports import overview
from wfconsole.reports.overview import FollowUpRow, IncidentRow, Wanted
from wfconsole.session.journaling import append_event, read_entries
from wfconsole.text import safe
from wfconsole.wiring.ground import ANY, DECLARED, Ground, incident_folder, incident_names, read_incident

WRITTEN_WITHIN_MS: Final = 10 * SECOND
_UNOWNED: Final = "nobody"
_LONGEST: Final = 400
_LONGEST_NAME: Final = 60
Change = FollowUpAdded | FollowUpClosed


class Owed(msgspec.Struct, frozen=True):
    """What `followups --json` prints. `meetings` are those that are due or missed, `damaged` the incidents whose
    journal is damaged: follow-ups of theirs may be missing."""

    follow_ups: tuple[FollowUpRow, ...]
    meetings: tuple[IncidentRow, ...]
    damaged: tuple[str, ...]


def incidents(base: Ground, arguments: argparse.Namespace) -> tuple[str, int]:
    """The incidents that are asked for, newest first, and the exit code: INCIDENT where a journal is damaged."""
    wanted = _wanted(base, arguments)
    rows = [row for row, state in _all(base) if overview.is_wanted(row, state, wanted)]
    code = exit_codes.OK if all(row.intact for row in rows) else exit_codes.INCIDENT
    if arguments.json:
        return overview.as_json(rows), code
    if arguments.csv:
        return overview.as_csv(rows, IncidentRow), code
    if rows:
        return overview.incidents_text(rows), code
    return ("no incident is like that\n" if incident_names(base) else "no incidents on this machine\n"), code


def follow_ups(base: Ground, arguments: argparse.Namespace) -> tuple[str, int]:
    """Follow-ups over all incidents, those that are due first, and the exit code as above."""
    horizon = _horizon(arguments.horizon) if arguments.horizon else ""
    policy = _policy(base)
    day = today(base.clock.now(), policy.calendar if policy is not None else BusinessCalendar())
    found: list[FollowUpRow] = []
    rows: list[tuple[IncidentRow, IncidentState]] = []
    for row, state in _all(base):
        rows.append((row, state))
        found += overview.follow_up_rows(row.incident, state, day)
    kept = [
        row
        for row in found
        if (arguments.all or not row.outcome)
        and (not arguments.overdue or row.overdue)
        and (not horizon or row.horizon == horizon)
        and (arguments.owner is None or (row.owner.casefold() or _UNOWNED) == arguments.owner.strip().casefold())
    ]
    kept.sort(key=lambda row: (bool(row.outcome), not row.due, row.due, row.incident))
    damaged = tuple(row.incident for row, _state in rows if not row.intact)
    owed = [(row, state) for row, state in rows if row.meeting in ("due", "missed")]
    code = exit_codes.INCIDENT if damaged else exit_codes.OK
    if arguments.json:
        return overview.as_json(Owed(tuple(kept), tuple(row for row, _state in owed), damaged)), code
    said = overview.follow_ups_text(kept) or "no follow-up is like that\n"
    now = base.clock.now()
    said += "".join(f"{row.incident}: meeting {meeting_words(meeting(state, now, policy))}\n" for row, state in owed)
    said += "".join(f"{name}: DAMAGED, follow-ups of it may be missing: wfconsole journal {name}\n" for name in damaged)
    return said, code


def change_follow_up(base: Ground, arguments: argparse.Namespace) -> str:
    """Add, close or assign one: the event goes into the incident's journal. What was done. Raises UserError."""
    folder = incident_folder(base, arguments.incident, DECLARED, ANY)
    make = _CHANGES[arguments.does]
    event = _append(base, folder, lambda state: make(base, arguments, state))
    text = event.text if isinstance(event, FollowUpAdded) else ""
    said = f"{safe(folder.name, 80)} {event.follow_up}: "
    if isinstance(event, FollowUpClosed):
        return f"{said}{event.outcome}\n"
    return f"{said}{text}, {event.owner or 'nobody yet'}, due {event.due or 'no day'}\n"


# --- one change


def _added(base: Ground, arguments: argparse.Namespace, state: IncidentState) -> FollowUpAdded:
    text = safe(" ".join(arguments.words).strip(), _LONGEST)
    if not text:
        raise UserError("say what is to be done")
    horizon = _horizon(arguments.horizon) if arguments.horizon else HORIZONS[0]
    due = _due(arguments.due) or default_due(horizon, base.clock.now(), base.runbook().policy.calendar)
    return FollowUpAdded(new_name(state, uuid.uuid4().hex), text, horizon, _owner(arguments.owner or ""), due)


def _closed(base: Ground, arguments: argparse.Namespace, state: IncidentState) -> FollowUpClosed:
    del base
    name = _meant(state, arguments.follow_up)
    if state.follow_ups[name].outcome:
        raise UserError(f"{name} is {state.follow_ups[name].outcome} already", exit_codes.INCIDENT)
    reason = safe((arguments.reason or "").strip(), _LONGEST)
    if arguments.dropped and not reason:
        raise UserError("--dropped needs a --reason: who reads the post-mortem will ask")
    return FollowUpClosed(name, "dropped" if arguments.dropped else "done", reason)


def _assigned(base: Ground, arguments: argparse.Namespace, state: IncidentState) -> FollowUpAdded:
    del base
    name = _meant(state, arguments.follow_up)
    item = state.follow_ups[name]
    if item.outcome:
        raise UserError(f"{name} is {item.outcome} already", exit_codes.INCIDENT)
    due = _due(arguments.due) or item.due
    return FollowUpAdded(name, item.text, item.horizon, _owner(arguments.owner), due)


_CHANGES: Final[Mapping[str, Callable[[Ground, argparse.Namespace, IncidentState], Change]]] = {
    "add": _added,
    "close": _closed,
    "assign": _assigned,
}


def _append(base: Ground, folder: Path, make: Callable[[IncidentState], Change]) -> Change:
    """Write one event into a journal, on disk before this returns. Raises UserError, and then nothing was written.

    The event is made again under the journal's lock, from what the journal holds by then.
    """
    from wfconsole.journal.journal import Journal
    from wfconsole.journal.lock import Election

    make(_state(base, folder))
    told = f"{safe(folder.name, 80)} is being changed by another console or command; try again, or do it there with F"
    taken = UserError(told, exit_codes.INCIDENT)
    before = Election(folder / "journal")  # opening a journal writes to it already
    if not before.won():
        raise taken
    before.withdraw()
    journal = Journal.open(folder / "journal", clock=base.clock, fallbacks=base.fallbacks)
    try:
        if not journal.holds_lock:
            raise taken
        event = make(_state(base, folder))
        append_event(journal, event, actor=base.operator, at=base.clock.now())
        if not journal.flush(WRITTEN_WITHIN_MS) or journal.state.condition not in ("durable", "fallback"):
            raise UserError(f"not written: {safe(journal.state.reason, 200) or 'no disk took it'}", exit_codes.INCIDENT)
        return event
    finally:
        journal.close(SECOND)


def _state(base: Ground, folder: Path) -> IncidentState:
    entries, _unknown, _report = read_incident(base, folder)
    state = fold(entries)
    if not state.declared:
        raise UserError(f"{safe(folder.name, 80)}: its journal holds no declared incident", exit_codes.INCIDENT)
    return state


def _meant(state: IncidentState, said: str) -> str:
    found = named(state, said)
    if len(found) == 1:
        return found[0]
    there = ", ".join(found or state.follow_ups) or "none"
    what = "may be" if found else "is none of its follow-ups:"
    raise UserError(f"{safe(said, 40)!r} {what} {there}", exit_codes.INCIDENT)


def _owner(said: str) -> str:
    owner = safe(said.strip(), _LONGEST_NAME)
    return "" if owner.casefold() == _UNOWNED else owner


def _due(said: str | None) -> str:
    if said and iso_date(said) is None:
        raise UserError(f"--due: {safe(said, 40)!r} is no date such as 2026-12-25")
    return said or ""


# --- what is asked for


def _all(base: Ground) -> Iterator[tuple[IncidentRow, IncidentState]]:
    """Every incident of this machine, newest first."""
    policy = _policy(base)
    for name in reversed(incident_names(base)):
        entries, unknown, report = read_entries(base.incidents / name, base.fallbacks)
        state = fold(entries)
        damage = list(report.words)
        if unknown:
            damage.append(f"{unknown} entries are of a kind that this version does not know")
        now = base.clock.now()
        row = overview.incident_row(name, state, len(entries), now, policy=policy, damage=damage, intact=report.intact)
        yield row, state


def _policy(base: Ground) -> SeverityPolicy | None:
    """The team's; None where their runbook cannot be read, which must not keep anybody from the list."""
    try:
        return base.runbook().policy
    except UserError:
        return None


def _wanted(base: Ground, arguments: argparse.Namespace) -> Wanted:
    since = 0
    if arguments.since:
        found = overview.since(arguments.since, base.clock.now())
        if found is None:
            raise UserError(f"--since: {safe(arguments.since, 40)!r} is no date such as 2026-01-07 and no 30d or 12h")
        since = found
    return Wanted(
        since=since,
        severities=tuple(_severity(said) for said in arguments.severity or ()),
        status=_status(arguments.status) if arguments.status else "",
        open_only=arguments.open,
        words=tuple(arguments.words),
    )


def _severity(said: str) -> str:
    wanted = said.upper().replace("-", "")
    found = next((name for name in SEVERITIES if wanted in (name, name[-1])), None)
    if found is None:
        raise UserError(f"--severity: {safe(said, 40)!r} is none of {', '.join(SEVERITIES)}")
    return found


def _status(said: str) -> str:
    found = next((status for status in STATUSES if status == said.lower()), None)
    if found is None:
        raise UserError(f"--status: {safe(said, 40)!r} is none of {', '.join(STATUSES)}")
    return found


def _horizon(said: str) -> Horizon:
    found = next((horizon for horizon in HORIZONS if horizon == said), HORIZON_WORDS.get(said))
    if found is None:
        raise UserError(f"--horizon: {safe(said, 40)!r} is none of {', '.join((*HORIZON_WORDS, *HORIZONS))}")
    return found
