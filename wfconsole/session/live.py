"""The live console: a stream from a collector, a journal, and a recording that makes looking back free.

What only goes on after the first frame (recording, looking back, journal) is imported after it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.incident.events import ConsoleEnded, Declared, Entry, Event, MessageQueued, Noticed, Target
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.sinks import Sink
from wfconsole.observations.answers import Ask, CollectorSaid
from wfconsole.observations.levels import Level
from wfconsole.recording.lines import Header, Item, Noted, OperatorNote, SourcePatch
from wfconsole.session.by_hand import ByHand
from wfconsole.session.console import Acts, Hands, NoActs, NoHands, Outbox
from wfconsole.session.drafts import DraftBook
from wfconsole.session.feed import Stream
from wfconsole.session.files import ExportAsked, Files
from wfconsole.session.followers import Follower
from wfconsole.session.journaling import JournalSink
from wfconsole.session.marks import Mark, alerts_in, marks_in
from wfconsole.session.session import Session
from wfconsole.session.stream_clock import StreamClock
from wfconsole.session.view import Capabilities, DrillStanding, RecordingEntry, RecordingView, TransportView, View
from wfconsole.text import clock_time, safe

if TYPE_CHECKING:
    from wfconsole.incident.symptoms import Match
    from wfconsole.journal.records import Record
    from wfconsole.recording.keep import Recorder
    from wfconsole.session.acting import Acting
    from wfconsole.session.lookback import LookBack

RECORDER_CLOSES_WITHIN_MS = 200
OUTBOX_CLOSES_WITHIN_MS = 200


class LiveTransport:
    """Freeze and look back while the world goes on. What is on show is `view`; what goes on is the session."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        opened_at: Millis,
        past: Callable[[tuple[Millis, View]], LookBack | str | None],
        *,
        drill: Callable[[], DrillStanding] = lambda: "",
        earlier: Callable[[Millis], str] = lambda _instant: "",
    ) -> None:
        """`past` opens the recording, with what is on show until it is open, or says why there is nothing to see.
        `drill`: how it stands with a recorded world, "" where the world is the real one. `earlier`: the recording of a
        console before this one that has an instant, as people name it; "" for none. It waits for no disk."""
        self._drill = drill
        self._earlier = earlier
        self._edge = ""
        self._session = session
        self._clock = clock
        self._begins_at = opened_at
        self._begun = False
        self._open_past = past
        self._past: LookBack | None = None
        self._problem = ""
        self._frozen: tuple[Millis, View] | None = None

    def begin(self, instant: Millis) -> None:
        """The first stream begins, by its own clock: so far back one can look."""
        if not self._begun:
            self._begins_at, self._begun = instant, True

    def view(self) -> View:
        if self._past is not None:
            return self._session.as_of(self._past.now(), self._past.view())
        return self._frozen[1] if self._frozen is not None else self._session.view

    def now(self) -> Millis:
        if self._past is not None:
            return self._past.now()
        return self._frozen[0] if self._frozen is not None else self._clock.now()

    def show(self) -> TransportView:
        end = self._clock.now()
        position = self.now() if self._past is None else self._past.position()
        if self._past is not None:
            mode = "back"
        else:
            mode = "frozen" if self._frozen is not None else "live"
        return TransportView(
            mode=mode,  # type: ignore[arg-type]  # one of three literals
            position=position,
            start=min(self._begins_at, position),
            end=end,
            paused=mode != "live",
            markers=self._marks() if self._past is not None else (),
            problem=self._past.problem if self._past is not None else self._problem,
            behind_ms=max(0, end - position) if mode != "live" else 0,
            meanwhile=self._meanwhile() if mode != "live" else "",
            drill=self._drill(),
            edge=self._edge,
        )

    def _meanwhile(self) -> str:
        """The newest critical condition of now that is not one, or not so bad, in what is on show."""
        shown, now = self.view().incident.conditions, self._session.view.incident
        new = [
            (now.lines[now.line_of_key[key]].last_at, condition.text)
            for key, condition in now.conditions.items()
            if _is_critical(condition) and not _is_critical(shown.get(key))
        ]
        return max(new)[1] if new else ""

    def toggle(self) -> None:
        if self._past is not None or self._frozen is not None:
            self.live()
        else:
            self._problem = ""
            self._frozen = (self._clock.now(), self._session.view)

    def seek(self, instant: Millis) -> None:
        if instant >= self._clock.now() - SECOND:
            self.live()
            return
        past = self._to_past()
        self._edge = self._edge_before(instant) if instant < self._begins_at else ""
        if past is not None:
            past.seek(max(instant, self._begins_at))

    def step(self, events: int) -> None:
        past, self._edge = self._to_past(), ""
        if past is not None:
            past.step(events)

    def marker(self, markers: int) -> None:
        from wfconsole.recording.player import place_from

        instant = place_from(self.show().position, [at for at, _ in self._marks()], markers)
        if instant is not None:
            self.seek(instant)
        elif markers < 0:
            self._to_past()
            self._edge = self._edge_before(self._begins_at)

    def faster(self, steps: int) -> None:
        """Live time has one speed."""

    def live(self) -> None:
        past, self._past, self._frozen = self._past, None, None
        self._problem = self._edge = ""
        if past is not None:
            past.close()

    def _edge_before(self, instant: Millis) -> str:
        named = self._earlier(instant)
        before = f"; before: wfconsole replay {named}" if named else ", and no recording here has what was before"
        return f"seen here only since {clock_time(self._begins_at)}{before}"

    def _marks(self) -> tuple[Mark, ...]:
        """From the session, not from the recording, which is a moment behind and begins with this console."""
        everything = (*marks_in(self._session.entries), *alerts_in(self._session.view.incident))
        return tuple(sorted(mark for mark in everything if mark[0] >= self._begins_at))

    def _to_past(self) -> LookBack | None:
        if self._past is None:
            past = self._open_past((self.now(), self.view()))
            if past is None or isinstance(past, str):
                self._problem = past or "nothing is recorded, so there is nothing to look back at"
                return None
            self._past = past
        return self._past


def _is_critical(condition: Noticed | None) -> bool:
    return condition is not None and condition.lasts and condition.level == Level.CRITICAL


class Reach(msgspec.Struct, frozen=True):
    """How far this console reaches into the world. `hands` is None for who may run nothing, `open_outbox` where nothing
    is ever sent; `open_acts` gives what acts, or says why nothing does."""

    hands: ByHand | None = None
    open_outbox: Callable[[], Outbox] | None = None
    open_acts: Callable[[], Acting | str] = lambda: "nothing is changed from here"


class LiveConsole:
    """Joins session, stream, journal and recording behind the `Console` protocol."""

    _closed = False
    _heard = False  # whether any source has told anything
    unsaved: tuple[Record, ...] = ()  # after `close`: what is on no disk

    def __init__(
        self,
        *,
        session: Session,
        clock: StreamClock,
        feed: Stream,
        operator: str,
        environment: Callable[[str], str],
        transport: LiveTransport,
        sink: JournalSink | None,
        follower: Follower | None = None,
        open_recorder: Callable[[], Recorder | str],
        capabilities: Capabilities,
        new_incident: Callable[[Millis], str],
        begin: Callable[[], None],
        files: Files = Files(),  # noqa: B008  # frozen
        drafts: DraftBook | None = None,
        reach: Reach = Reach(),  # noqa: B008  # frozen
    ) -> None:
        self.session = session
        self._reach = reach
        self.hands: Hands = reach.hands or NoHands()
        self.acts: Acts = NoActs("the console is starting")
        self._acting: Acting | None = None
        self.transport = transport
        self.capabilities = capabilities
        self.operator = operator
        self.drafts = drafts or DraftBook(clock, operator)
        self._environment = environment
        self._clock = clock
        self._feed = feed
        self._sink = sink
        self._follower = follower
        self._open_recorder = open_recorder
        self._recorder: Recorder | None = None
        self._no_recording = ""
        self._new_incident = new_incident
        self._begin = begin
        self._outbox: Outbox | None = None
        self._files = files

    @property
    def runbook(self) -> Runbook:
        return self.session.runbook

    @property
    def environment(self) -> str:
        return self._environment(self.session.view.target.context)

    def start(self) -> None:
        """Begin what is slow: the recording, the stream, then whatever else `begin` has to read."""
        threading.Thread(target=self._start, name="start", daemon=True).start()

    def items(self, items: Sequence[Item], lines: bytes) -> None:
        """From the stream's reader thread; see `feed.Receiver`."""
        if self._recorder is not None:
            if lines:
                self._recorder.keep(lines)
            else:
                self._recorder.items(items)
        for item in items:
            self._clock.keep_up(item.at)  # no further than what has been heard: the rest would look lost until it is
            if isinstance(item, SourcePatch):
                self.session.observe(item)
            elif isinstance(item, Noted) and not isinstance(item.note, OperatorNote):
                self.session.hear(item)  # what people did at another console is in that console's journal
        self._heard = self._heard or any(isinstance(item, SourcePatch) for item in items)

    def header(self, header: Header) -> None:
        """From the stream's reader thread; see `feed.Receiver`."""
        self._clock.follow(header.started_at)
        self.transport.begin(header.started_at)
        told = header.target
        if not (told.context or told.server):
            return  # a collector that could not find out; another one will tell
        declared_on = self.session.view.incident.target
        self.session.pin(Target(context=told.context, namespace=told.namespace, server=told.server))
        if declared_on.server and told.server and declared_on.server != told.server:
            text = (
                f"the incident was declared on {declared_on.context} at {declared_on.server}: this is another cluster"
            )
            self.session.hear(Noted(self._clock.now(), CollectorSaid(text)))

    def view(self) -> View:
        """What is on show, with how it stands with journal, recording, drafts and other incidents now, never of the
        past."""
        now = self.session.view
        journal = now.journal if self._sink is None else self._sink.show()  # a disk that hangs tells nobody
        shown = self.transport.view()
        return msgspec.structs.replace(
            shown,
            heard=self._heard,
            world=shown.world if self._heard else shown.world.awaiting(self._feed.expected, self._clock.now()),
            journal=journal,
            pending=now.pending,
            recording=self._recording(),
            last_incident=None if self._follower is None else self._follower.last_incident,
            drafts_trouble=self.drafts.trouble,
        )

    def now(self) -> Millis:
        return self.transport.now()

    def entries(self) -> tuple[Entry, ...]:
        return self.session.entries

    def submit(self, event: Event) -> Entry | None:
        if not self.capabilities.change:
            return None
        begun = "" if self.session.view.incident.declared else self.session.kept_as
        if isinstance(event, Declared):
            target = self.session.view.target
            incident = event.incident or begun or self._new_incident(self._clock.now())
            runbook = f"{self.runbook.title} {self.runbook.version} {self.runbook.digest[:12]}".strip()
            event = msgspec.structs.replace(event, incident=incident, target=target, runbook=runbook)
        elif not self.session.kept_as:  # what is written down before an incident is declared must not get lost either
            self.session.journal_as(self._new_incident(self._clock.now()), anew=True)
        entry = self.session.submit(event)
        if isinstance(event, MessageQueued) and self._outbox is not None:
            self._outbox.own(event.message)
        return entry

    def ask(self, ask: Ask) -> None:
        self._feed.ask(ask)

    def playbook_matches(self) -> tuple[Match, ...]:
        from wfconsole.incident.symptoms import SymptomsHeld, match_playbooks

        view = self.view()
        return match_playbooks(self.runbook, view.world, view.symptoms or SymptomsHeld(), self.now(), view.incident)

    def sinks(self) -> tuple[Sink, ...] | None:
        if self._outbox is not None:
            return self._outbox.sinks()
        return () if self._reach.open_outbox is None else None

    def recordings(self) -> tuple[RecordingEntry, ...]:
        return self._files.recordings()

    def export(self, to: str = "", *, kind: str = "", replace: bool = False) -> str:
        incident = self.session.view.incident
        return self._files.export(ExportAsked(self.entries(), incident, self.runbook, to, replace, kind))

    def subscribe(self, changed: Callable[[], None]) -> None:
        def both() -> None:
            if self._outbox is not None:
                self._outbox.look()
            changed()

        self.session.subscribe(both)

    def close(self, reason: str) -> None:
        """Ends the stream, flushes the journal, gives the recording what time is left; nothing is left behind."""
        self._closed = True
        self.transport.live()  # a look-back that is open plays on otherwise
        if self._reach.hands is not None:
            self._reach.hands.close()
        if self._acting is not None:
            self._acting.close()
        self._feed.close()
        if self._outbox is not None:
            self._outbox.close(OUTBOX_CLOSES_WITHIN_MS)
        if self._sink is not None:
            if self.session.kept_as:
                self.session.submit(ConsoleEnded(reason=reason))
            self.unsaved = self._sink.close()
        self.drafts.close()
        if self._follower is not None:
            self._follower.close()
        if self._recorder is not None:
            self._recorder.close(RECORDER_CLOSES_WITHIN_MS)
        self._feed.finish()

    def _recording(self) -> RecordingView:
        if self._recorder is None:
            return RecordingView(reason=self._no_recording)
        state = self._recorder.state
        return RecordingView(state.condition, safe(state.reason), safe(state.path), state.size, state.lost)

    def _start(self) -> None:
        opened = self._open_recorder()
        if isinstance(opened, str):
            self._no_recording = opened
        else:
            self._recorder = opened
        self._feed.start(self)
        if self._follower is not None:
            self._follower.start()
        self._begin()
        if self._closed:
            return
        opened_acts = self._reach.open_acts()
        if isinstance(opened_acts, str):
            self.acts = NoActs(opened_acts)
        else:
            self.acts = self._acting = opened_acts
            opened_acts.take_up()
        if self._reach.open_outbox is not None:
            self._outbox = self._reach.open_outbox()
            self._outbox.start()
