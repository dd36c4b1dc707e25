"""The live console: collector, stream, session, journal, recording and looking back, put together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import msgspec

from wfconsole import __version__, exit_codes
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.errors import UserError
from wfconsole.incident.events import ConsoleStarted
from wfconsole.observations.answers import AskRules
from wfconsole.recording.lines import LIMITS, MIB, Header, Note, RecordingError
from wfconsole.session.by_hand import ByHand, end_unknown
from wfconsole.session.child import Child
from wfconsole.session.console import Outbox
from wfconsole.session.drafts import DraftBook
from wfconsole.session.feed import Feed, Stream
from wfconsole.session.followers import Follower, JournalFollower, LastIncidentFollower
from wfconsole.session.journaling import JournalSink
from wfconsole.session.live import LiveConsole, LiveTransport, Reach
from wfconsole.session.session import Session
from wfconsole.session.stream_clock import StreamClock
from wfconsole.session.view import Capabilities, DrillStanding, View
from wfconsole.text import safe
from wfconsole.wiring.ahead import collector_command
from wfconsole.wiring.collecting import collector_settings, rules_of, silent_after, sources_of
from wfconsole.wiring.earlier import Kept, earlier_recordings, recording_before
from wfconsole.wiring.ground import NO_RUNBOOK, Ground, read_incident, stamp
from wfconsole.wiring.last_incident import LastIncidents
from wfconsole.wiring.screen_files import live_files

if TYPE_CHECKING:
    from wfconsole.drills.acting import RecordedAct
    from wfconsole.guard.protocol import Begin
    from wfconsole.recording.keep import Recorder
    from wfconsole.session.acting import Acting
    from wfconsole.session.draft_folder import DraftFolder
    from wfconsole.session.lookback import LookBack
    from wfconsole.session.replay import Playback

BEGINS_WITHIN_MS = 5 * SECOND
CLAIMED_WITHIN_MS = 300
RECORDED_WITHIN_MS = 5 * SECOND
FOLLOWED_EVERY_MS = SECOND
LOOKED_EVERY_MS = MINUTE
GIVES_WAY_MS = SECOND
LOOKS_AGAIN_MS = 20
READ_ONLY = "read-only: nothing is changed from here (--read-only, or actions.enabled = false)"
RECORD_ONLY = Capabilities(refusals={"arm": READ_ONLY, "take-back": READ_ONLY, "run-command": READ_ONLY})
OBSERVER = Capabilities(change=False, refusals={"*": "observers change nothing"})
DRILL = Capabilities(refusals={"run-command": "a drill: nothing here reaches a system, so no command is run"})


class Stage(msgspec.Struct, frozen=True):
    """A world that somebody plays, in the place of the real one: its stream, and what acts in it."""

    stream: Stream
    standing: Callable[[], DrillStanding]
    act: Callable[[Begin], RecordedAct]


class LiveParts:
    """The parts of one live console. Making it tells the collector what to look at: the screen is imported while that
    connects. `source`: somebody else's stream, or the collector that was begun ahead; None for one that is begun now.

    The recorder, the journal and looking back are imported after the first frame, which needs none of them.
    `strict`: where no cluster can ever be reached as it is configured, the console ends and says why.
    """

    def __init__(
        self,
        base: Ground,
        *,
        source: int | Child | None,
        recording: bool,
        stage: Stage | None = None,
        strict: bool = False,
    ) -> None:
        self._base = base
        self._stage = stage
        self._strict = strict
        self._clock = StreamClock(base.clock)
        self._opened_at = base.clock.now()
        self._session = Session(clock=self._clock, runbook=NO_RUNBOOK, operator=base.operator, keep=self._keep)
        self._collector: Feed | None = None
        self._feed: Stream = self._collected(source) if stage is None else stage.stream
        self._recording = recording and base.settings.recording.enabled
        self._recorder: Recorder | None = None
        self._no_recording = ""
        self._earlier: list[Kept] = []  # what consoles before this one recorded, once it has been looked for
        self._sink = JournalSink(
            base.incidents,
            self._clock,
            fallbacks=base.fallbacks,
            saved=self._session.saved,
            changed=self._session.journal_changed,
        )
        self._follower: Follower | None = None
        self._drafts = DraftBook(
            self._clock,
            base.operator,
            incident=lambda: self._session.kept_as,
            open_folder=self._draft_folder,
            newest=lambda: next((entry.id for entry in reversed(self._session.entries)), ""),
            settled=lambda: not self._session.view.pending,
            changed=self._session.repaint,
        )
        if not base.settings.console.observer:
            self._session.keep_in(self._sink)

    def console(self, *, eager: bool, incident: str = "") -> LiveConsole:
        """The console. `eager` reads the runbook now, so that its problems are told before there is a screen.

        `incident` is the one to go on with, "" for none.
        """
        if eager:
            self._follow_runbook()
            self._open_recorder()
        if incident:
            self._resume(incident)
        elif self._stage is None:  # a drill is about nothing real
            self._follower = self._looking_for_the_last()
        settings = self._base.settings.console
        return LiveConsole(
            session=self._session,
            clock=self._clock,
            feed=self._feed,
            operator=self._base.operator,
            environment=settings.environment_word if self._stage is None else lambda _context: "DRILL",
            transport=self._transport(),
            sink=None if settings.observer else self._sink,
            follower=self._follower,
            open_recorder=self._open_recorder,
            capabilities=self._capabilities(),
            new_incident=self._new_incident,
            begin=lambda: self._begin(read_runbook=not eager),
            files=live_files(self._base),
            drafts=self._drafts,
            reach=Reach(open_acts=lambda: "observers change nothing") if settings.observer else self._reach(),
        )

    def _looking_for_the_last(self) -> LastIncidentFollower:
        return LastIncidentFollower(
            LastIncidents(self._base).read,
            self._session.repaint,
            wanted=lambda: not self._session.view.incident.declared,
            every_ms=LOOKED_EVERY_MS,
        )

    def _collected(self, source: int | Child | None) -> Stream:
        """What a collector of ours sees, or somebody else's stream."""
        settings = self._base.settings
        feed = Feed(
            self._clock,
            command=() if isinstance(source, int) else collector_command(),
            begun=source if isinstance(source, Child) else None,
            settings=self._collector_settings,
            source=source if isinstance(source, int) else None,
            sources=lambda: tuple(self._session.view.world.snapshots) or sources_of(settings),
            silent_ms=silent_after(settings),
        )
        feed.spawn()
        self._collector = feed
        return feed

    def _transport(self) -> LiveTransport:
        if self._stage is None:
            earlier = partial(recording_before, self._session, self._earlier)
            return LiveTransport(self._session, self._clock, self._opened_at, self._past, earlier=earlier)
        return LiveTransport(self._session, self._clock, self._opened_at, self._past, drill=self._stage.standing)

    def _capabilities(self) -> Capabilities:
        if self._base.settings.console.observer:
            return OBSERVER
        if self._stage is not None:
            return DRILL
        return Capabilities() if self._base.settings.actions.enabled else RECORD_ONLY

    def _reach(self) -> Reach:
        """Commands by hand find the cluster where the collector finds it."""
        if self._stage is not None:
            return Reach(open_acts=self._acting)
        if not self._base.settings.actions.enabled:
            return Reach(None, self._open_outbox, lambda: READ_ONLY)
        kubeconfig = self._base.settings.kubernetes.kubeconfig
        hands = ByHand(self._session, self._clock, {"KUBECONFIG": kubeconfig} if kubeconfig else {})
        return Reach(hands, self._open_outbox, self._acting)

    def _acting(self) -> Acting:
        from wfconsole.wiring.acting import acting  # here, because the first frame changes nothing

        stand_in = None if self._stage is None else self._stage.act
        return acting(self._base, self._session, self._clock, stand_in)

    def _resume(self, incident: str) -> None:
        """Fold the journal, go on writing it, and say so in it. An observer only reads on."""
        import socket

        folder = self._base.incidents / incident
        entries, unknown, report = read_incident(self._base, folder)
        if self._base.settings.console.observer:
            self._session.resume(entries)
            self._follower = JournalFollower(folder, self._base.fallbacks, self._session.resume, FOLLOWED_EVERY_MS)
            return
        self._session.resume(entries)
        self._session.journal_as(incident, anew=False)
        words = [*report.words, *self._drafts.take_over(incident, entries)]
        if unknown:
            words.append(f"{unknown} entries of a kind that this version does not know")
        started = ConsoleStarted(
            socket.gethostname(), os.getpid(), __version__, "; ".join(words), beside=report.open_consoles
        )
        self._session.submit(started)
        end_unknown(self._session)

    def _draft_folder(self, incident: str) -> DraftFolder:
        from wfconsole.session.draft_folder import DraftFolder  # here, because nobody writes on the first frame

        return DraftFolder(self._base.incidents / incident)

    def _new_incident(self, now: Millis) -> str:
        """INC-20260107-0312, with a letter behind it where that is taken, also by a console that declares just now.

        A disk that refuses or does not answer gives one that nobody else will think of: declaring never waits for it.
        """
        name = f"INC-{stamp(now)}"
        claimed: SimpleQueue[str] = SimpleQueue()
        claim = partial(_claim, self._base.incidents, name, claimed)
        threading.Thread(target=claim, name="new-incident", daemon=True).start()
        try:
            return claimed.get(timeout=CLAIMED_WITHIN_MS / SECOND)
        except Empty:
            return _unguessable(name)

    def _begin(self, *, read_runbook: bool) -> None:
        import wfconsole.incident.advance
        import wfconsole.journal.journal
        import wfconsole.journal.survey  # noqa: F401  so that declaring finds all in memory, whatever the disk does then

        if read_runbook:
            self._give_way()
            self._follow_runbook()
        own = self._recorder.state.path if self._recorder is not None else ""
        self._earlier += earlier_recordings(self._base.places.recordings, own)

    def _give_way(self) -> None:
        """Until the first look at everything is over, at most a second: of ten thousand pods it needs every core, and
        reading the runbook takes one for a fifth of a second."""
        until = self._base.clock.monotonic() + GIVES_WAY_MS
        while self._base.clock.monotonic() < until:
            told = self._session.view.world.snapshots.values()
            if told and all(snapshot.told for snapshot in told):
                return
            time.sleep(LOOKS_AGAIN_MS / SECOND)

    def _follow_runbook(self) -> None:
        """Symptoms may ask Prometheus: the collector, which was started long before, is told now."""
        runbook = self._base.runbook()
        self._session.follow_runbook(runbook)
        rules = rules_of(runbook)
        if rules:
            self._feed.ask(AskRules("symptoms", rules))

    def _collector_settings(self, before: Header | None) -> bytes:
        """What a collector reads first. The very first one is started before there is a runbook."""
        rules = rules_of(self._session.runbook)
        return collector_settings(self._base.settings, before=before, rules=rules, strict=self._strict)

    def _open_outbox(self) -> Outbox:
        from wfconsole.wiring.messages import outbox  # here, because the first frame sends nothing

        return outbox(self._base, self._session, self._clock)

    def _keep(self, at: Millis, note: Note) -> None:
        if self._recorder is not None:
            self._recorder.note(at, note)

    def _open_recorder(self) -> Recorder | str:
        """The recording of this session, or why there is none: it must never stop the console."""
        if self._collector is not None and self._strict:
            self._strict = False  # another one, hours later, is to go on trying
            _require_begun(self._collector)
        if self._recorder is None:
            self._no_recording = "this session is not recorded"
            if not self._recording:
                return self._no_recording
            try:
                self._recorder = self._record()
            except (OSError, RecordingError) as error:
                self._no_recording += f": {safe(str(error), 200)}"
                return self._no_recording
        return self._recorder

    def _record(self) -> Recorder:
        from wfconsole.recording.keep import Recorder

        folder = self._base.places.recordings
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(folder.glob("*.jsonl.gz"))[: -self._base.settings.recording.keep]:
            old.unlink()
        path = folder / f"{stamp(self._opened_at)}-{os.getpid()}.jsonl.gz"
        limits = msgspec.structs.replace(LIMITS, file=self._base.settings.recording.max_megabytes * MIB)
        return Recorder(path, self._clock, limits=limits)

    def _past(self, here: tuple[Millis, View]) -> LookBack | str:
        recorder = self._recorder
        if recorder is None:
            return f"nothing to look back at: {self._no_recording or 'the recording is being opened'}"

        from wfconsole.recording.play import Recording
        from wfconsole.session.lookback import LookBack
        from wfconsole.session.replay import Playback

        def opened() -> Playback:
            recorder.await_begun(RECORDED_WITHIN_MS)  # who looks back in the first second waits for what there is
            recording = Recording(Path(recorder.state.path), trusted=True)
            changed = self._session.repaint
            return Playback(recording, self._session.runbook, self._base.clock, changed=changed, growing=True)

        return LookBack(opened, here, self._session.repaint)


def _require_begun(collector: Feed) -> None:
    """Before anything is written: raises UserError where the collector has refused to begin."""
    if refused := collector.refusal(BEGINS_WITHIN_MS):
        collector.close()
        raise UserError(refused, exit_codes.CLUSTER)


def _claim(incidents: Path, name: str, claimed: SimpleQueue[str]) -> None:
    """Make the folder of a new incident: whoever makes it has the name."""
    for each in (name, *(f"{name}{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")):
        try:
            (incidents / each).mkdir(mode=0o700, parents=True)
        except FileExistsError:
            continue
        except OSError:
            break
        claimed.put(each)
        return
    claimed.put(_unguessable(name))


def _unguessable(name: str) -> str:
    return f"{name}-{os.urandom(3).hex()}"
