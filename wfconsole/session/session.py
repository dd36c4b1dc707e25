"""The session: what was seen and what people do, folded into one frozen `View`.

Snapshots come from a stream's reader thread, events from the screen; both pass `Session` under one short lock, in the
order in which they arrive. The session never does I/O itself: entries go to a sink that queues them for the journal,
operator events to a keeper that queues them for the recording.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from wfconsole.clock import Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.incident.action_events import ActionsDisarmed
from wfconsole.incident.checklist import sensed_steps
from wfconsole.incident.events import SCRIBE, Declared, Entry, Event, Noticed, Target
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.state import IncidentState
from wfconsole.observations.answers import CollectorSaid, PodAnswer
from wfconsole.observations.snapshot import follow
from wfconsole.observations.world import World
from wfconsole.recording.lines import Noted, OperatorNote, SourcePatch
from wfconsole.session.checkpoint import Checkpoint
from wfconsole.session.view import JournalView, View

if TYPE_CHECKING:
    from wfconsole.incident.scribe import ScribeMemory
    from wfconsole.incident.symptoms import SymptomsHeld

# What was noticed before anybody declared, and what people entered before that: enough to see what came just before,
# bounded for a console that stays open for weeks.
ENTRIES_BEFORE_DECLARATION = 200
SAID_KEPT = 50

_OVER = "its time is over"  # of an arming

# Scribe entries get the same id live and in a replay, so that a star or a correction finds its line in both.
_SCRIBE_IDS = uuid.UUID("5f0c1f5e-5a0e-4f0b-9d3c-9b4f6a1f2c77")


class EntrySink(Protocol):
    """Where entries are kept: the journal, or nowhere in a replay."""

    def begin(self, incident: str, entries: Iterable[Entry]) -> None:
        """Go on in the journal of this incident, which is made where it is not there yet, with these entries first."""

    def append(self, entry: Entry) -> None: ...

    def show(self) -> JournalView: ...


class Session:
    """Folds a stream and people's events into `view`; see the module's docstring for its threads."""

    def __init__(
        self,
        *,
        clock: Clock,
        runbook: Runbook,
        operator: str,
        keep: Callable[[Millis, OperatorNote], None] | None = None,
        target: Target | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self.on_disk = threading.Condition(self._lock)  # told when entries are no more pending
        self._clock = clock
        self._runbook = runbook
        self._operator = operator
        self._sink: EntrySink | None = None
        self.kept_as = ""  # the incident whose journal has what is entered, declared or not yet; "" for none
        self._keep = keep
        self._changed: Callable[[], None] = lambda: None
        self._memory: ScribeMemory | None = None  # there is nothing to write down before something was seen
        self._entries: list[Entry] = []
        self._unsaved: set[str] = set()
        self._remembered: tuple[tuple[Millis, str], IncidentState] | None = None  # the last answer of `as_of`
        self._view = View(target=target or Target())

    @property
    def view(self) -> View:
        return self._view

    def keep_in(self, sink: EntrySink) -> None:
        """Where entries go from now on."""
        self._sink = sink

    def journal_as(self, incident: str, *, anew: bool) -> None:
        """Entries go to the journal of this incident from now on, whether it is declared or not. `anew`: everything so
        far goes there first; else that is where it came from."""
        with self._lock:
            if self._sink is None:
                return
            so_far = tuple(self._entries) if anew else ()
            self.kept_as = incident
            self._unsaved.update(kept.id for kept in so_far)
            self._sink.begin(incident, so_far)
            self._view = msgspec.structs.replace(self._view, journal=self._sink.show())

    def repaint(self) -> None:
        """Something that is on show is another, though not the session itself."""
        self._changed()

    @property
    def runbook(self) -> Runbook:
        return self._runbook

    def follow_runbook(self, runbook: Runbook) -> None:
        """The runbook has been read, or read again: what was seen before is looked through for its symptoms now, since
        nobody else does so until its source speaks again."""
        with self._lock:
            self._runbook = runbook
            if self._view.symptoms is not None:
                symptoms = _symptoms_of_all(self._view, runbook)
                self._view = msgspec.structs.replace(self._view, symptoms=symptoms)
        self._changed()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything of the incident so far, in order."""
        with self._lock:
            return tuple(self._entries)

    def subscribe(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def pin(self, target: Target) -> None:
        """The stream said which cluster it looks at."""
        with self._lock:
            incident = self._view.incident
            if not incident.declared:  # a declared one says in its journal where it happened
                incident = msgspec.structs.replace(incident, target=target)
            self._view = msgspec.structs.replace(self._view, target=target, incident=incident)
        self._changed()

    def observe(self, item: SourcePatch) -> None:
        """One source said something: rows, a failure, or that nothing changed."""
        from wfconsole.incident.scribe import ScribeMemory, notice  # here, because the first frame waits for none

        with self._lock:
            before, recorded = self._view.world, self._view.incident
            told = before.snapshots.get(item.source)
            snapshot = follow(told, item.source, item.at, item.patch, keyframe=item.keyframe)
            after = before.with_snapshot(snapshot)
            judged = self._view.judged.after(after, item.source, item.at)
            series = self._view.series.after(after, judged, item.source, item.at)
            statements = self._view.statements.after(after, item.source, item.at)
            alerts = self._view.alerts.after(after, item.source, item.at)
            self._view = msgspec.structs.replace(
                self._view, world=after, judged=judged, series=series, statements=statements, alerts=alerts
            )
            if over := _arming_over(self._view.incident, item.at):
                self._enter(over, SCRIBE, item.at)
            incident = self._view.incident
            self._memory, seen = notice(
                self._memory or ScribeMemory(), incident, after, item.source, item.at, judged=judged, alerts=alerts
            )
            for event in seen:
                self._enter(event, SCRIBE, item.at)
            if self._view.incident.declared:
                for step in sensed_steps(self._runbook, self._view.incident, after, item.at):
                    self._enter(step, SCRIBE, item.at)
                self._view = _with_recovery(self._view, self._runbook, before, item.source, item.at)
        # Outside the lock, because it may go through all pods and a key that enters something waits for the lock. Only
        # the stream's thread observes, so nothing is lost meanwhile.
        symptoms = _symptoms_after(self._view, self._runbook, item.source, item.at)
        if symptoms is not self._view.symptoms:
            with self._lock:
                self._view = msgspec.structs.replace(self._view, symptoms=symptoms)
        if recorded is not self._view.incident or not snapshot.only_younger(told, item.at):
            self._changed()  # else the screen's next tick, within a second or so, shows how old it is

    def hear(self, item: Noted) -> None:
        """One line of the stream that is not a snapshot: an answer, the collector's own words, somebody's event."""
        note = item.note
        with self._lock:
            if isinstance(note, PodAnswer):
                self._view = msgspec.structs.replace(self._view, world=self._view.world.with_answer(item.at, note))
            elif isinstance(note, CollectorSaid):
                said = (*self._view.said, (item.at, note.text))[-SAID_KEPT:]
                self._view = msgspec.structs.replace(self._view, said=said)
            elif isinstance(note, OperatorNote):
                event = decoder_of(Event).decode(note.event)
                self._enter(event, note.actor, item.at, entry_id=note.id)
        self._changed()

    def submit(self, event: Event, *, actor: str | None = None) -> Entry:
        """The one door for what people do. The entry is queued for the journal before this returns."""
        at = self._clock.now()
        with self._lock:
            entry = self._enter(event, actor or self._operator, at)
            if self._keep is not None:
                self._keep(
                    at, OperatorNote(id=entry.id, actor=entry.actor, event=msgspec.Raw(msgspec.json.encode(event)))
                )
        self._changed()
        return entry

    def resume(self, entries: Iterable[Entry]) -> None:
        """Go on where a journal ends: nothing the scribe has said will be said twice.

        Until a stream tells what it looks at, that is what the incident was declared on.
        """
        with self._lock:
            self._entries = list(entries)
            from wfconsole.incident.advance import fold
            from wfconsole.incident.scribe_memory import ScribeMemory

            incident = fold(self._entries)

            self._memory = ScribeMemory.from_state(incident)
            target = incident.target if self._view.target == Target() else self._view.target
            self._view = msgspec.structs.replace(self._view, incident=incident, target=target)
        self._changed()

    def as_of(self, instant: Millis, past: View) -> View:
        """What a recording shows of `instant`, with the incident as this session knows it up to then.

        A recording begins with the console that made it; an incident that was resumed is older.
        """
        with self._lock:
            if not self._entries or self._entries[0].at > instant:
                return past
            key = instant, self._entries[-1].id
            if self._remembered is None or self._remembered[0] != key:
                from wfconsole.incident.advance import fold

                self._remembered = key, fold(entry for entry in self._entries if entry.at <= instant)
            return msgspec.structs.replace(past, incident=self._remembered[1])

    def saved(self, ids: Iterable[str]) -> None:
        """These entries are on disk now; called from the journal's writer thread."""
        with self._lock:
            self._unsaved.difference_update(ids)
            self._view = msgspec.structs.replace(self._view, pending=frozenset(self._unsaved))
            self.on_disk.notify_all()
        self.journal_changed()

    def journal_changed(self) -> None:
        """The journal's condition or head is another now."""
        with self._lock:
            if self._sink is not None:
                self._view = msgspec.structs.replace(self._view, journal=self._sink.show())
        self._changed()

    def checkpoint(self) -> Checkpoint:
        with self._lock:
            view = self._view
            return Checkpoint(
                world=view.world,
                judged=view.judged,
                series=view.series,
                statements=view.statements,
                alerts=view.alerts,
                symptoms=view.symptoms,
                incident=view.incident,
                memory=self._memory,
                entries=tuple(self._entries),
                said=view.said,
                recovery=view.recovery,
            )

    def restore(self, old: Checkpoint) -> None:
        """Go back to a checkpoint."""
        with self._lock:
            self._memory = old.memory
            self._entries = list(old.entries)
            self._view = msgspec.structs.replace(
                self._view,
                world=old.world,
                judged=old.judged,
                series=old.series,
                statements=old.statements,
                alerts=old.alerts,
                symptoms=old.symptoms,
                incident=old.incident,
                said=old.said,
                recovery=old.recovery,
            )

    def _enter(self, event: Event, actor: str, at: Millis, *, entry_id: str = "") -> Entry:
        if not isinstance(event, ActionsDisarmed) and (over := _arming_over(self._view.incident, at)):
            self._enter(over, SCRIBE, at)  # before whatever came after it
        if isinstance(event, Declared):
            self._view = msgspec.structs.replace(self._view, recovery=None)
            if self._view.incident.resolved:
                self._entries.clear()
                self._view = msgspec.structs.replace(self._view, incident=IncidentState(target=self._view.target))
        entry = Entry(
            id=entry_id or _identity(event, at),
            seq=self._view.incident.head_seq + 1,
            at=at,
            actor=actor,
            event=event,
        )
        self._entries.append(entry)
        from wfconsole.incident.advance import advance, fold  # here and above: no entry is on the first frame

        incident = advance(self._view.incident, entry)
        if not incident.declared and len(self._entries) > 2 * ENTRIES_BEFORE_DECLARATION:
            self._entries = _newest(self._entries)
            incident = msgspec.structs.replace(fold(self._entries), target=self._view.target)
        if self._sink is not None and incident.declared and incident.id != self.kept_as:
            self.journal_as(incident.id, anew=True)
        elif self._sink is not None and self.kept_as:
            self._unsaved.add(entry.id)
            self._sink.append(entry)
        self._view = msgspec.structs.replace(self._view, incident=incident, pending=frozenset(self._unsaved))
        return entry


def _newest(entries: Sequence[Entry]) -> list[Entry]:
    """The newest of what the scribe noticed, and of what people entered before that."""
    before = [entry for entry in entries[:-ENTRIES_BEFORE_DECLARATION] if entry.actor != SCRIBE]
    return [*before[-ENTRIES_BEFORE_DECLARATION:], *entries[-ENTRIES_BEFORE_DECLARATION:]]


def _symptoms_after(view: View, runbook: Runbook, source: str, at: Millis) -> SymptomsHeld:
    """Since when each symptom holds that rests on the source that has just spoken."""
    from wfconsole.incident.symptoms import SymptomsHeld  # here, because the first frame has seen nothing

    return (view.symptoms or SymptomsHeld()).after(runbook, view.world, at, source, view.judged)


def _symptoms_of_all(view: View, runbook: Runbook) -> SymptomsHeld:
    """All symptoms, as if each source had just spoken."""
    from wfconsole.incident.symptoms import SymptomsHeld

    held = msgspec.structs.replace(view.symptoms or SymptomsHeld(), looked_at={})
    for source, snapshot in view.world.snapshots.items():
        held = held.after(runbook, view.world, snapshot.observed_at, source, view.judged)
    return held


def _with_recovery(view: View, runbook: Runbook, before: World, source: str, at: Millis) -> View:
    """Since when it is over, as far as the runbook's signals tell; looked at from the declaration on."""
    from wfconsole.incident.recovery import RecoveryHeld, recovery_signals  # here, because a first frame holds none

    signals = [signal for signal in recovery_signals(runbook, view.incident) if signal.live]
    if not signals:
        return view
    held = (view.recovery or RecoveryHeld()).after(signals, before, view.world, source, at)
    return msgspec.structs.replace(view, recovery=held)


def _arming_over(incident: IncidentState, at: Millis) -> ActionsDisarmed | None:
    """What the record says, once, when the time of an arming is over."""
    return ActionsDisarmed(_OVER) if incident.armed_until and at >= incident.armed_until else None


def _identity(event: Event, at: Millis) -> str:
    if isinstance(event, ActionsDisarmed) and event.reason == _OVER:
        return uuid.uuid5(_SCRIBE_IDS, f"disarmed|{event.reason}|{at}").hex
    if isinstance(event, Noticed):
        # Sources that are lost in the same instant are one line that grows, an entry for each of them.
        which = f"|{event.text}" if event.sources else ""
        return uuid.uuid5(_SCRIBE_IDS, f"{event.key}|{event.phase}|{event.count}|{at}{which}").hex
    return uuid.uuid4().hex
