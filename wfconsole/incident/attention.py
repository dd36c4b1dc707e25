"""What needs the commander first: the order behind the DO NOW line. Fixed and published, so that it can be learned.

1. the view is not what it seems, or the record is on no disk; 2. something that was done failed, made it worse or did
nothing, takes itself back unless it is kept, or nobody knows how it ended; 3. a clock is overdue: response, update or
resolution, then a call of the severity, a task or the post-mortem meeting; then one of them is due soon (a task never
is: who gave it knows); 4. a critical alert that nobody acknowledged, the first-out first, then a new critical
condition; 5. the next step waits for an answer; 6. a source that the next step needs is lost; 7. such a warning, then
what was one and nobody has seen, a playbook whose symptoms are there while nobody has declared, any other source lost,
an action or a command that runs, an action that is watched whether it helps, then roles that the severity requires and
nobody has, once the time to respond is over; 8. the next step, then such roles before that time, and follow-ups whose
day is over; 9. the next clock, in plain words. Once it is resolved no step is asked for: the post-mortem is, with what
was left open. Ties: what does harm at this instant before what does not, then the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.alarms import AlarmGroup, Alarms
from wfconsole.incident.checklist import Active, Item
from wfconsole.incident.clocks import OF_SEVERITY, Clock, next_due
from wfconsole.incident.events import Noticed
from wfconsole.incident.ledger import owed
from wfconsole.incident.state import CommandRun, IncidentState, Line
from wfconsole.incident.wording import counted
from wfconsole.observations.board import BoardLine, pane_of
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.world import World
from wfconsole.text import age, countdown

# Frozen for longer than this, a screen is taken for live.
FROZEN_TOO_LONG: Final = 30 * SECOND
_LOST: Final = frozenset((Quality.STALE, Quality.UNKNOWN, Quality.DENIED, Quality.ERROR))
# Lost sources have a place of their own in the order, alerts are told from the alerts themselves.
_TOLD_ELSEWHERE: Final = frozenset(("source", "alert"))


class Need(msgspec.Struct, frozen=True):
    """One thing that needs somebody. `goto`: "time", "pane:3", "step:<id>", "clock:<name>", "line:<entry id>",
    "sources", "roles", "triage", "ledger", "running", "post-mortem", "action:<receipt>" or "". `pane`: where
    `goto` is a line, the number of the pane that shows what it is about."""

    text: str
    level: Level
    goto: str = ""
    pane: int = 0


class Situation(msgspec.Struct, frozen=True):
    """Everything that the order looks at, of one instant. `behind_ms`: how far the screen is behind live.

    `world` tells which sources are lost, `meanwhile` is the newest critical thing that has come while the screen shows
    what was, `record_trouble` why what is entered is on no disk, `unreadable` why a recording does not go on from here;
    `vacant`: the required roles that nobody has. `judged`: how the world's rows are judged now. `fits` says which
    playbook the symptoms speak for, "" for none. `provisional`: actions that take themselves back, by receipt: what
    they are, and when. `declare_key`: the key that declares, "" for whoever looks and may not.
    """

    now: Millis
    state: IncidentState = IncidentState()
    lines: tuple[BoardLine, ...] = ()
    clocks: tuple[Clock, ...] = ()
    checklist: Active = Active()
    mode: Literal["live", "frozen", "back", "replay"] = "live"
    behind_ms: Millis = 0
    meanwhile: str = ""
    record_trouble: str = ""
    unreadable: str = ""
    alarms: Alarms = Alarms()
    world: World = World()
    judged: Judged = Judged()
    fits: str = ""
    vacant: tuple[str, ...] = ()
    provisional: Mapping[str, tuple[str, Millis]] = msgspec.field(default_factory=dict)
    declare_key: str = "D"


def attention(seen: Situation) -> tuple[Need, ...]:
    """What needs somebody, most urgent first; never empty."""
    over = seen.state.resolved
    needs = (*_view(seen), *_failed(seen), *_clocks(seen), *_begun(seen, Level.CRITICAL))
    needs += () if over else (*_step_waits(seen), *_step_source(seen))
    needs += (*_begun(seen, Level.WARNING), *_conditions(seen, Level.WATCH), *_fits(seen), *_sources(seen))
    needs += (*_running(seen), *(_remains(seen) if over else _to_do(seen)), *_follow_ups(seen))
    return needs if any(need.goto for need in needs) else (*needs, _nothing(seen))


def _view(seen: Situation) -> Iterator[Need]:
    if seen.meanwhile:
        yield Need(f"LIVE: {seen.meanwhile}; \\ goes back to live", Level.CRITICAL, "time")
    if seen.mode == "frozen" and seen.behind_ms > FROZEN_TOO_LONG:
        yield Need(f"the screen is frozen for {age(seen.behind_ms)}; \\ goes back to live", Level.WARNING, "time")
    if seen.mode == "back":
        yield Need(f"you are looking back {age(seen.behind_ms)}; \\ goes back to live", Level.WARNING, "time")
    if seen.record_trouble:
        yield Need(f"the record is in memory only: {seen.record_trouble}", Level.CRITICAL, "sources")
    if seen.unreadable:
        yield Need(f"the recording is damaged from here on: {seen.unreadable}", Level.WARNING, "sources")
    watched = [line for line in seen.lines if line.quality != Quality.OFF]
    if watched and all(line.quality in _LOST for line in watched):
        ages = [line.age_ms for line in watched if line.age_ms is not None]
        if ages:
            text = f"all sources lost {age(min(ages))} ago; the values below are old"
            yield Need(text, Level.CRITICAL, f"pane:{watched[0].number}")
        else:
            yield Need(f"no data: {watched[0].reason}", Level.WARNING, f"pane:{watched[0].number}")


def _failed(seen: Situation) -> Iterator[Need]:
    for receipt, (title, until) in seen.provisional.items():
        text = f"keep? taken back in {countdown(until - seen.now)}: {title}"
        yield Need(text, Level.WARNING, f"action:{receipt}")
    if seen.state.receipts:
        from wfconsole.incident.action_needs import (
            action_needs,  # here, because nobody has acted before the first frame
        )

        for asked in action_needs(seen.state, seen.now):
            yield Need(asked.text, asked.level, f"action:{asked.receipt}")
    failed = [item for item in seen.checklist.items if item.mark == "failed"]
    for item in sorted(failed, key=lambda item: item.state.at):
        yield Need(f"step {item.number} failed: {item.step.title}", Level.CRITICAL, f"step:{item.step.id}")
    for message in filter(lambda each: each.pressing, owed(seen.state, seen.now)):
        yield Need(message.text, Level.WARNING, "ledger")
    for entry, run in _commands(seen, "unknown"):
        line = seen.state.lines.get(entry)
        if line is not None and not (line.starred or line.hidden or line.withdrawn):
            text = f"nobody knows how this ended, M once you have looked: {run.text.splitlines()[0]}"
            yield Need(text, Level.WARNING, f"line:{entry}")


def _running(seen: Situation) -> Iterator[Need]:
    if seen.state.receipts:
        from wfconsole.incident.action_needs import actions_under_way  # here, as above

        for asked in actions_under_way(seen.state, seen.now):
            yield Need(asked.text, asked.level, f"action:{asked.receipt}")
    for _, run in _commands(seen, ""):
        yield Need(f"by hand, for {age(seen.now - run.started_at)}: {run.text.splitlines()[0]}", Level.WATCH, "running")


def _commands(seen: Situation, outcome: str) -> Iterator[tuple[str, CommandRun]]:
    """Commands by hand that stand so, each with the entry that its line begins with."""
    for name, run in seen.state.commands.items():
        if run.outcome == outcome and run.text.strip():
            yield seen.state.line_of_key.get(f"command {name}", ""), run


def _clocks(seen: Situation) -> Iterator[Need]:
    running = sorted(
        (clock for clock in seen.clocks if clock.state != "met" and clock.kind != "follow-up"),
        key=lambda clock: (clock.kind not in OF_SEVERITY, clock.due_at),
    )
    for clock in running:
        if clock.state == "overdue":
            level = Level.CRITICAL if clock.kind in OF_SEVERITY else Level.WARNING
            yield Need(f"{clock.words} {countdown(clock.left_ms)}", level, f"clock:{clock.name}")
    for clock in sorted(running, key=lambda clock: clock.due_at):
        if clock.state == "due-soon" and clock.kind != "task":
            yield Need(f"{clock.words} due in {countdown(clock.left_ms)}", Level.WARNING, f"clock:{clock.name}")


def _follow_ups(seen: Situation) -> Iterator[Need]:
    late = [clock for clock in seen.clocks if clock.kind == "follow-up" and clock.state == "overdue"]
    for clock in sorted(late, key=lambda clock: clock.due_at):
        yield Need(f"follow-up {countdown(clock.left_ms)}: {clock.words}", Level.WATCH, f"clock:{clock.name}")


def _vacant(seen: Situation, *, late: bool) -> Iterator[Need]:
    """One line for all of them: nobody is asked for each role."""
    respond = next((clock for clock in seen.clocks if clock.kind == "respond"), None)
    over = respond is not None and seen.now > respond.due_at
    if seen.vacant and over == late:
        text = f"{seen.state.severity} requires {', '.join(seen.vacant)}: nobody yet"
        yield Need(text, Level.WARNING if late else Level.WATCH, "roles")


def _begun(seen: Situation, level: Level) -> Iterator[Need]:
    yield from _alerts(seen, level)
    yield from _conditions(seen, level)


def _alerts(seen: Situation, level: Level) -> Iterator[Need]:
    """Alerts that nobody acknowledged, in a flood by cause; none where nobody knows whether they still fire."""
    if not seen.alarms.known:
        return
    new = [group for group in seen.alarms.open if group.state == "new" and _level_of_new(group) == level]
    for group in sorted(new, key=lambda group: (not group.first_out, group.first.started_at)):
        count = f"{len(group.alarms)} x " if len(group.alarms) > 1 else ""
        first = ", first-out" if group.first_out else ""
        yield Need(f"unacked alert: {count}{group.title}{first}", level, "pane:1")


def _level_of_new(group: AlarmGroup) -> Level:
    return max(alarm.level for alarm in group.alarms if alarm.state == "new")


def _conditions(seen: Situation, level: Level) -> Iterator[Need]:
    """Conditions that last and nobody has taken up: declaring takes up what there was, a star what came after. Those
    that are no warning any more are of the level below."""
    if not seen.state.conditions:
        return
    from wfconsole.incident.condition_levels import hurts, level_now  # here, because the first frame knows of none
    from wfconsole.incident.looks import pane_of_condition

    begun = [
        (not hurts(key, found, seen.judged), found.since or line.at, key, line)
        for key, found in seen.state.conditions.items()
        if found.level >= Level.WARNING and found.lasts and found.family not in _TOLD_ELSEWHERE
        if (line := seen.state.lines.get(seen.state.line_of_key.get(key, ""))) is not None
        if not _taken_up(seen.state, found, line)
        if max(Level.WATCH, level_now(key, found, seen.judged, seen.lines)) == level
    ]
    for _, _, key, line in sorted(begun, key=lambda item: item[:3]):
        yield Need(seen.state.conditions[key].text, level, f"line:{line.entry}", pane_of_condition(key))


def _taken_up(state: IncidentState, found: Noticed, line: Line) -> bool:
    return line.starred or line.withdrawn or (state.declared and (found.since or line.at) <= state.declared_at)


def _step_waits(seen: Situation) -> Iterator[Need]:
    item = seen.checklist.current
    if item is None or item.mark == "failed":
        return
    if item.step.kind == "decide":
        yield Need(f"decide, {_of(item)}", Level.WATCH, f"step:{item.step.id}")
    elif item.state.probed_at and item.mark == "open":
        yield Need(f"evidence is there, {_of(item)}", Level.WATCH, f"step:{item.step.id}")


def _of(item: Item) -> str:
    return f"step {item.number}: {item.step.title}"


def _step_source(seen: Situation) -> Iterator[Need]:
    item = seen.checklist.current
    probe = item.step.live or item.step.sensed if item is not None else ""
    if item is None or not probe:
        return
    lines = {line.number: line for line in seen.lines}
    told: set[int] = set()
    from wfconsole.incident.probing import understood  # here, because the first frame has no open step

    for source in understood(probe).sources:
        line = lines.get(pane_of(source))
        if line is None or line.number in told:
            continue
        name, quality, reason = _standing(seen, source, line)
        if quality in _LOST:
            told.add(line.number)
            text = f"step {item.number} needs {name}, which is {quality}: {reason}"
            yield Need(text, Level.WARNING, f"pane:{line.number}")


def _standing(seen: Situation, source: str, line: BoardLine) -> tuple[str, Quality, str]:
    """How it stands with a source. A pane is lost with its first source only; the others say so themselves."""
    quality = seen.world.quality(source, seen.now)
    if line.quality in _LOST or quality not in _LOST:
        return line.name, line.quality, line.reason
    failure = seen.world.snapshots[source].failure
    return f"{source} ({line.name})", quality, failure.message if failure is not None else "no new data"


def _fits(seen: Situation) -> Iterator[Need]:
    """Once something is red and nobody has declared: where to look first. A declared incident has its playbook."""
    red = any(line.level >= Level.WARNING and line.quality not in _LOST for line in seen.lines)
    if seen.fits and red and not seen.state.declared:
        yield Need(f"{seen.fits}: a triage", Level.WATCH, "triage")


def _sources(seen: Situation) -> Iterator[Need]:
    lost = [line for line in seen.lines if line.quality in _LOST]
    for line in sorted(lost, key=lambda line: -(line.age_ms or 0)):
        since = f" for {age(line.age_ms)}" if line.age_ms is not None else ""
        yield Need(f"{line.name} is {line.quality}{since}: {line.reason}", Level.WATCH, f"pane:{line.number}")


def _to_do(seen: Situation) -> Iterator[Need]:
    yield from _vacant(seen, late=True)
    yield from _next_step(seen)
    yield from _vacant(seen, late=False)


def _remains(seen: Situation) -> Iterator[Need]:
    """Once it is resolved no step is asked for any more: what remains is the post-mortem, and what was left open."""
    clock = next_due(seen.clocks)
    meeting = ""
    if clock is not None and clock.left_ms >= 0:
        meeting = f", {clock.words.removeprefix('post-mortem ')} in {countdown(clock.left_ms)}"
    left = seen.checklist.total - seen.checklist.closed
    steps = f"; {counted(left, 'step')} left open" if left else ""
    yield Need(f"resolved. next: the post-mortem{meeting}{steps}", Level.OK, "post-mortem")
    item = seen.checklist.current
    if item is not None:
        yield Need(f"left open, {_of(item)}", Level.OK, f"step:{item.step.id}")


def _next_step(seen: Situation) -> Iterator[Need]:
    item = seen.checklist.current
    if item is not None:
        yield Need(f"next, {_of(item)}", Level.OK, f"step:{item.step.id}")


def _nothing(seen: Situation) -> Need:
    clock = next_due(seen.clocks)
    if clock is not None:
        text = f"nothing needs you. next: {clock.words} in {countdown(clock.left_ms)}"
        return Need(text, Level.OK, f"clock:{clock.name}")
    declares = f"  {seen.declare_key} declare" if seen.declare_key and not seen.state.declared else ""
    return Need(f"nothing needs you.{declares}", Level.OK)
