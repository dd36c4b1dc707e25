"""What a screen is given to draw: one frozen value, whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.events import CommandEnded, Target
from wfconsole.incident.state import IncidentState
from wfconsole.observations.alert_log import AlertLog
from wfconsole.observations.judged import Judged
from wfconsole.observations.series import SeriesBook
from wfconsole.observations.statement_book import StatementBook
from wfconsole.observations.world import World

if TYPE_CHECKING:
    from wfconsole.incident.recovery import RecoveryHeld
    from wfconsole.incident.symptoms import SymptomsHeld

Mode = Literal["live", "frozen", "back", "replay"]
DrillStanding = Literal["", "plays", "stands still", "is over"]
JournalCondition = Literal["none", "opening", "durable", "fallback", "memory-only"]
RecordingCondition = Literal["off", "recording", "stopped"]


class JournalView(msgspec.Struct, frozen=True):
    """How it stands with the journal: "none" while no incident is declared, or in a replay.

    While it is "opening", and when it is "memory-only", entries are nowhere but in this process.
    """

    condition: JournalCondition = "none"
    reason: str = ""
    head: str = ""  # first characters of the head of the chain
    directory: str = ""


class RecordingView(msgspec.Struct, frozen=True):
    """How it stands with the recording of this session, without which nobody can look back. `reason`: why it is none,
    or why it stopped; `size` in bytes on disk, `lost` in lines that a slow disk did not take."""

    condition: RecordingCondition = "off"
    reason: str = ""
    path: str = ""
    size: int = 0
    lost: int = 0


class LastIncident(msgspec.Struct, frozen=True):
    """The newest incident that was declared on this machine, as its journal tells. `took_ms`: from the beginning of
    the trouble to its end, None where nobody knows; `problem`: why none of it is known, "" where it is."""

    incident: str
    title: str = ""  # the code name of a restricted one
    severity: str = ""
    status: str = ""
    declared_at: Millis = 0
    took_ms: Millis | None = None
    problem: str = ""


class View(msgspec.Struct, frozen=True):
    """The session at one moment. Panes get parts of it as attributes; nobody keeps one to ask it later."""

    world: World = World()
    heard: bool = True  # whether any source has told anything: until then `world` has those that are expected
    judged: Judged = Judged()
    series: SeriesBook = SeriesBook()
    statements: StatementBook = StatementBook()
    alerts: AlertLog = AlertLog()
    symptoms: SymptomsHeld | None = None  # since when each symptom holds; None before anything was seen
    incident: IncidentState = IncidentState()
    pending: frozenset[str] = frozenset()  # ids of entries that are not on disk yet
    journal: JournalView = JournalView()
    recording: RecordingView = RecordingView()
    drafts_trouble: str = ""  # why what somebody is writing is on no disk
    target: Target = Target()
    said: tuple[tuple[Millis, str], ...] = ()  # the collector about itself, newest last
    recovery: RecoveryHeld | None = None  # None: nothing was seen since the declaration
    last_incident: LastIncident | None = None  # None: there is none, or this console has not looked


class TransportView(msgspec.Struct, frozen=True):
    """Where in time the screen stands. `position` is the instant on show; `start` and `end` are what can be reached."""

    mode: Mode
    position: Millis
    start: Millis
    end: Millis
    paused: bool = False
    speed: float = 1.0
    markers: tuple[tuple[Millis, str], ...] = ()  # instant, kind: ALERT DECLARE STATE NOTE MARK ACTION COMMS END
    truncated: bool = False  # the recording has no end mark
    problem: str = ""  # why the recording cannot be played further
    edge: str = ""  # why it is not as early as what was asked for last, and what has that
    behind_ms: int = 0  # frozen or looking back: how far behind live
    meanwhile: str = ""  # frozen or looking back: the newest critical thing that has come since what is on show
    drill: DrillStanding = ""  # what is live here is recorded, and answers: how it stands with it

    @property
    def word(self) -> str:
        """The first word on the screen."""
        return "DRILL" if self.drill and self.mode == "live" else self.mode.upper()

    @property
    def pace(self) -> str:
        """How fast a replay plays: "x4", "x1/2"."""
        return f"x{self.speed:g}" if self.speed >= 1 else f"x1/{round(1 / self.speed)}"

    @property
    def toggles(self) -> str:
        """What the one key that freezes and goes on would do now."""
        if self.mode == "replay":
            return "play" if self.paused else "pause"
        return {"live": "freeze", "frozen": "go on"}.get(self.mode, "live")

    @property
    def goes_on(self) -> bool:
        """Whether what is on show goes on by itself; else the time bar says what it waits for."""
        return self.mode == "live" and self.drill in ("", "plays")


class Running(msgspec.Struct, frozen=True):
    """The command that runs by hand, or the one that ran last. `lines` is the end of its output, safe to show;
    `left_out` counts those before them. While it is "confirming" the intent is on its way to the disk and nothing runs.
    """

    command: str  # its id in the record
    text: str
    started_at: Millis
    deadline_ms: Millis
    stage: Literal["confirming", "running", "stopping", "over"] = "confirming"
    lines: tuple[str, ...] = ()
    left_out: int = 0
    ended: CommandEnded | None = None


class Capabilities(msgspec.Struct, frozen=True):
    """What a person may do here. `refusals` says why not, by action id, or "*" for every change; `besides` are the
    ids of what may be done where nothing else may."""

    change: bool = True
    besides: frozenset[str] = frozenset()
    refusals: Mapping[str, str] = msgspec.field(default_factory=dict)

    def lets_change(self, *, observer: bool) -> bool:
        """Whether whoever looks may change the record; `observer`: they have chosen only to look."""
        return self.change and not observer


class RecordingEntry(msgspec.Struct, frozen=True):
    """One thing that can be replayed. `command` opens it; `problem` says why it cannot be opened, "" when it can.
    `drill` practises on it, "" where nobody acted in it."""

    name: str
    kind: Literal["scenario", "recorded"]
    command: str
    drill: str = ""
    title: str = ""
    length_ms: Millis | None = None  # None: not known
    recorded_at: Millis | None = None
    severity: int | None = None  # 1 to 4
    practise: str = ""
    truncated: bool = False
    redacted: bool = False
    marks: tuple[Millis, ...] = ()  # what people said, as milliseconds from the beginning
    problem: str = ""
