"""What every command stands on: settings, places, the clock, the operator's name, and which incident is meant."""

from __future__ import annotations

import argparse
import functools
import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import Clock, Millis, SystemClock
from wfconsole.config.loading import load_settings
from wfconsole.config.locations import Locations, find_locations
from wfconsole.config.settings import Settings
from wfconsole.errors import UserError
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.policy import SeverityPolicy
from wfconsole.named_files import in_folder
from wfconsole.text import safe

if TYPE_CHECKING:
    from wfconsole.incident.events import Entry
    from wfconsole.journal.report import JournalReport

# What the console follows until the runbook has been read, a moment after the first frame.
NO_RUNBOOK = Runbook(title="", version="", reviewed="", policy=SeverityPolicy(rules=()))

# How it stands with an incident, by its journal; "empty" is one that nothing was written down of.
Standing = Literal["open", "resolved", "not declared", "empty"]
OPEN: Final[frozenset[Standing]] = frozenset(("open",))
NOT_DECLARED: Final[frozenset[Standing]] = frozenset(("not declared",))
DECLARED: Final[frozenset[Standing]] = frozenset(("open", "resolved"))
ANY: Final[frozenset[Standing]] = frozenset(get_args(Standing))

_OPTIONS = {
    "kubeconfig": "kubernetes.kubeconfig",
    "context": "kubernetes.context",
    "namespace": "kubernetes.namespaces",
    "in_cluster": "kubernetes.in_cluster",
    "operator": "console.operator",
    "observer": "console.observer",
    "runbook": "runbook.path",
}


class Ground(msgspec.Struct, frozen=True):
    """See the module's docstring. `incidents` holds one folder for each incident."""

    settings: Settings
    places: Locations
    clock: Clock
    operator: str

    @property
    def incidents(self) -> Path:
        named = self.settings.journal.directory
        return Path(named) if named else self.places.incidents

    @property
    def fallbacks(self) -> tuple[Path, ...]:
        return tuple(Path(folder) for folder in self.settings.journal.fallbacks)

    @property
    def own_runbook(self) -> bool:
        return bool(self.settings.runbook.path)

    def runbook(self) -> Runbook:
        """The team's runbook, or the bundled one. Raises UserError with all its problems."""
        from wfconsole.runbook import load_runbook
        from wfconsole.runbook.problems import RunbookError

        try:
            return load_runbook(Path(self.settings.runbook.path) if self.own_runbook else None)
        except RunbookError as error:
            raise UserError(str(error), exit_codes.RUNBOOK) from None


def ground(arguments: argparse.Namespace) -> Ground:
    """Settings from command line over environment over file. Raises UserError."""
    places = find_locations(os.environ, arguments.config)
    given = {key: vars(arguments).get(option) for option, key in _OPTIONS.items()}
    overrides = {key: str(value) if isinstance(value, Path) else value for key, value in given.items() if value}
    if vars(arguments).get("read_only"):
        overrides["actions.enabled"] = False
    settings = load_settings(places.config_file, os.environ, overrides, needed=arguments.config is not None)
    return Ground(settings, places, SystemClock(), safe(settings.console.operator or _login(), 60))


def incident_folder(base: Ground, named: str | None, *wanted: frozenset[Standing]) -> Path:
    """The folder of the incident that is meant: the named one, else the newest that stands as wanted; where there is
    none, the newest that stands as wanted next, and so on.

    It need not be there, where the journal had to go elsewhere. Raises UserError where there is none, with those that
    there are.
    """
    there = incident_names(base)
    if named:
        if named not in there:
            known = ", ".join(safe(name, 80) for name in there[-5:]) or "none yet"
            raise UserError(f"no incident {safe(named, 80)!r}; the newest are: {known}", exit_codes.INCIDENT)
        return base.incidents / named
    stands = functools.cache(lambda name: _standing(base, name))
    for standings in wanted:
        for name in reversed(there):
            if stands(name) in standings:
                return base.incidents / name
    what = "no incident is open" if there else "there are no incidents on this machine"
    raise UserError(f"{what}; `wfconsole live` and D declare one", exit_codes.INCIDENT)


def read_incident(base: Ground, folder: Path) -> tuple[list[Entry], int, JournalReport]:
    """See `session.journaling.read_entries`. Raises UserError where there are entries, and none can be read."""
    from wfconsole.session.journaling import read_entries

    entries, unknown, report = read_entries(folder, base.fallbacks)
    if report.left_out and not report.entries:
        why = safe("; ".join(report.left_out), 400)
        remedy = "it takes the login that wrote it, or rights to read it"
        raise UserError(f"the journal of {safe(folder.name, 80)} cannot be read: {why}; {remedy}", exit_codes.INCIDENT)
    return entries, unknown, report


def _standing(base: Ground, name: str) -> Standing:
    from wfconsole.incident.advance import fold

    entries, _, _ = read_incident(base, base.incidents / name)
    state = fold(entries)
    if not state.declared:
        return "not declared" if entries else "empty"
    return "resolved" if state.resolved else "open"


def incident_names(base: Ground) -> tuple[str, ...]:
    """All incidents of this machine, the oldest first, wherever their journals had to go. Raises UserError."""
    from wfconsole.journal.places import incidents_below

    try:
        names = {path.name for path in in_folder(base.incidents) if path.is_dir()}
    except OSError as error:
        where = safe(str(base.incidents), 300)
        remedy = "mend the rights of that folder, or name another one in journal.directory or WFCONSOLE_STATE_DIR"
        raise UserError(
            f"{where}: incidents cannot be listed: {error.strerror}; {remedy}", exit_codes.INCIDENT
        ) from None
    names.update(name for folder in base.fallbacks for name in incidents_below(folder))
    return tuple(sorted(names))


def stamp(instant: Millis) -> str:
    """20260107-0312 in UTC: for the names of incidents and recordings."""
    return f"{datetime.fromtimestamp(instant / 1000, UTC):%Y%m%d-%H%M}"


def _login() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
