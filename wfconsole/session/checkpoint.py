"""The whole session at one instant: what a replay goes back to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.events import Entry, Target
from wfconsole.incident.state import IncidentState
from wfconsole.observations.alert_log import AlertLog
from wfconsole.observations.judged import Judged
from wfconsole.observations.series import SeriesBook
from wfconsole.observations.snapshot import Snapshot
from wfconsole.observations.statement_book import StatementBook
from wfconsole.observations.world import World

if TYPE_CHECKING:
    from wfconsole.incident.recovery import RecoveryHeld
    from wfconsole.incident.scribe import ScribeMemory
    from wfconsole.incident.symptoms import SymptomsHeld


class Checkpoint(msgspec.Struct, frozen=True):
    """The whole session at one instant. All parts are frozen, so keeping one costs references only."""

    world: World
    judged: Judged
    series: SeriesBook
    statements: StatementBook
    alerts: AlertLog
    symptoms: SymptomsHeld | None
    incident: IncidentState
    memory: ScribeMemory | None
    entries: tuple[Entry, ...]
    said: tuple[tuple[Millis, str], ...]
    recovery: RecoveryHeld | None


def nothing_yet(target: Target, sources: Iterable[str], at: Millis) -> Checkpoint:
    """Before anything was seen or entered; these sources have not spoken at `at`, and are not off."""
    return Checkpoint(
        world=World({source: Snapshot(source, at, keyframe_at=at) for source in sources}),
        judged=Judged(),
        series=SeriesBook(),
        statements=StatementBook(),
        alerts=AlertLog(),
        symptoms=None,
        incident=IncidentState(target=target),
        memory=None,
        entries=(),
        said=(),
        recovery=None,
    )
