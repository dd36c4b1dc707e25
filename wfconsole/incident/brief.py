"""The catch-me-up for whoever joins or takes over: ten seconds of reading. Plain lines; times are UTC and say so.

It tells what the record says and what follows from it; without live data it says that nothing is known of now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from wfconsole.clock import DAY, Millis
from wfconsole.incident.checklist import Active
from wfconsole.incident.clocks import CALL_WORDS, Clock, open_calls
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.roles import holders, vacant_roles
from wfconsole.incident.state import IncidentState, Line
from wfconsole.incident.tasks import open_tasks
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.levels import Quality
from wfconsole.observations.world import World
from wfconsole.text import calendar_time, clock_time, countdown, safe

_LONGEST: Final = 300
_MOST: Final = 40  # of what was done, decided, suspected: nobody who joins reads more
_DONE_KINDS: Final = frozenset(("ACTION", "COMMS"))
_TOPIC: Final = "impact:"
_CONFIRMED: Final = re.compile(r": confirmed [\d:]+Z$")  # a line of hand-over or stand-down: said, not done


class Part(msgspec.Struct, frozen=True):
    """One question and what is known of it, the most important line first; `none` says that nothing is."""

    title: str
    lines: tuple[str, ...]
    none: bool = False


def brief(
    state: IncidentState,
    runbook: Runbook,
    now: Millis,
    *,
    clocks: tuple[Clock, ...] = (),
    checklist: Active | None = None,
    world: World | None = None,
) -> tuple[Part, ...]:
    """All parts, in the order in which they are asked for; () while nothing is declared. `world`: None is unknown."""
    if not state.declared:
        return ()
    newest = _newest(state)
    return tuple(
        Part(title, tuple(safe(line, _LONGEST) for line in lines) or (nothing,), not lines)
        for title, lines, nothing in (
            ("WHAT", list(_what(state, runbook)), ""),
            ("SINCE", [_since(state, now)], ""),
            ("IMPACT", _impact(newest), f"nobody wrote it down yet: a note that begins with '{_TOPIC}' does"),
            ("ROLES", list(_roles(state, runbook)), ""),
            ("DONE", list(_done(newest, checklist, now)), "nothing yet"),
            ("RUNNING", list(_running(state, checklist, now)), "nothing"),
            ("OWED", list(_owed(state, runbook, clocks, now)), "nothing"),
            ("DECIDED", list(_said(newest, "DECISION", now)), "nothing yet"),
            ("SUSPECTED", list(_said(newest, "HYPOTH", now)), "nobody wrote down what is suspected"),
            ("NOT KNOWN", list(_unknown(world, now)), "every source tells"),
        )
    )


def brief_text(parts: Iterable[Part]) -> str:
    """The whole brief as plain text, a line for each."""
    rows = []
    for part in parts:
        rows += [f"{part.title if place == 0 else '':<10} {line}" for place, line in enumerate(part.lines)]
    return "\n".join(rows) + "\n" if rows else ""


def _what(state: IncidentState, runbook: Runbook) -> Iterator[str]:
    yield f"{state.id}  {state.title}"
    chosen = runbook.checklist(state.playbook) if state.playbook else None
    playbook = f", playbook {chosen.title if chosen is not None else state.playbook}" if state.playbook else ""
    yield f"{state.severity} {state.status}{playbook}"
    if state.restricted:
        yield f"RESTRICTED to this room, code name {state.code_name or 'none'}"


def _since(state: IncidentState, now: Millis) -> str:
    began = state.moments.get("started") or state.declared_at
    word = "broken since" if state.moments.get("started") else "declared"
    ended = state.moments.get("resolved", 0)
    lasted = spell_duration((ended or now) - began)
    told = [f"{word} {_time(began, now)}, {'lasted ' if ended else ''}{lasted}"]
    if began != state.declared_at:
        told.append(f"declared {_time(state.declared_at, now)}")
    told.append(f"{state.status} since {_time(state.status_since, now)}")
    if state.severity_since != state.declared_at:
        told.append(f"{state.severity} since {_time(state.severity_since, now)}")
    return "; ".join(told)


def _impact(newest: list[Line]) -> list[str]:
    said = next((_words(line) for line in newest if _words(line)[: len(_TOPIC)].casefold() == _TOPIC), "")
    return [said[len(_TOPIC) :].strip()] if said else []


def _roles(state: IncidentState, runbook: Runbook) -> Iterator[str]:
    known = holders(runbook, state)
    yield ", ".join(f"{holder.role} {holder.person}" for holder in known if holder.person) or "nobody has a role"
    vacant = vacant_roles(runbook.policy, state)
    if vacant:
        yield f"{state.severity} requires {', '.join(vacant)}: nobody yet"
    for holder in known:
        if holder.waived and not holder.person:
            yield f"{holder.role}: nobody, because {holder.waived}"


def _done(newest: list[Line], checklist: Active | None, now: Millis) -> Iterator[str]:
    if checklist is not None and checklist.closed:
        yield f"{checklist.closed} of {counted(checklist.total, 'step')} closed"
    done = [line for line in newest if _is_done(line)]
    for line in done[:_MOST]:
        text = _words(line).removeprefix("done: ")
        yield f"{_time(line.at, now)} {text}{f' ({line.actor})' if line.kind == 'STEP' else ''}"
    yield from _older(len(done))


def _is_done(line: Line) -> bool:
    if line.kind in ("STEP", "TASK"):
        text = _words(line)
        return text.startswith("done: ") and not _CONFIRMED.search(text)
    return line.kind in _DONE_KINDS


def _older(count: int) -> Iterator[str]:
    if count > _MOST:
        yield f"and {count - _MOST} older ones, in the timeline"


def _running(state: IncidentState, checklist: Active | None, now: Millis) -> Iterator[str]:
    for task in open_tasks(state).values():
        left = f"{'' if task.due_at < now else 'in '}{countdown(task.due_at - now)}"
        yield f"{task.person}: {task.text}, back by {_time(task.due_at, now)}, {left}"
    for command in state.commands.values():
        if not command.outcome:
            yield f"{command.by}: {command.text}, started {_time(command.started_at, now)}; how it ended is not known"
    for receipt in state.receipts.values():
        if not receipt.result or receipt.result == "unknown":
            yield f"{receipt.by}: {receipt.title}, begun {_time(receipt.intended_at, now)}; how it ended is not known"
    if state.armed_until > now:
        yield f"armed by {state.armed_by} until {_time(state.armed_until, now)}"
    current = checklist.current if checklist is not None else None
    if checklist is not None and state.resolved and checklist.total > checklist.closed:
        yield f"nothing: it is resolved, with {counted(checklist.total - checklist.closed, 'step')} left open"
    elif checklist is not None and current is not None:
        section = checklist.section
        where = f" of {section.title}" if section is not None else ""
        role = f" ({current.step.role})" if current.step.role else ""
        yield f"step {current.number}{where}: {current.step.title}{role}"
    if checklist is not None and checklist.deferred:
        yield f"{counted(checklist.deferred, 'step')} deferred"


def _owed(state: IncidentState, runbook: Runbook, clocks: tuple[Clock, ...], now: Millis) -> Iterator[str]:
    """What has a clock, the first to run out first; then whom the severity wants called at once, in one line."""
    running = [clock for clock in clocks if clock.state != "met" and clock.kind != "task"]
    for clock in sorted(running, key=lambda clock: clock.due_at):
        what = f"follow-up, {clock.words}" if clock.kind == "follow-up" else clock.words
        if clock.state == "overdue":
            yield f"{what} {countdown(clock.left_ms)}, it was due {_time(clock.due_at, now)}"
        else:
            yield f"{what} by {_time(clock.due_at, now)}, in {countdown(clock.left_ms)}"
    if state.status != "monitoring":
        uncalled = [call for call in open_calls(runbook.policy, state) if call.within is None]
        if uncalled:
            words = "; ".join(f"{CALL_WORDS[call.kind]} {call.who}" for call in uncalled)
            yield f"not in the record that it was done: {words}"


def _said(newest: list[Line], kind: str, now: Millis) -> Iterator[str]:
    said = [line for line in newest if line.kind == kind]
    for line in said[:_MOST]:
        yield f"{_time(line.at, now)} {line.actor}: {_words(line)}"
    yield from _older(len(said))


def _unknown(world: World | None, now: Millis) -> Iterator[str]:
    """Sources of which nothing is known; those that are lost alike, of one system, in one line."""
    if world is None:
        yield "this is from the record alone: what is seen now is not known"
        return
    if not world.snapshots:
        yield "no source has told anything yet"
    alike: dict[tuple[str, str], list[tuple[str, Millis | None]]] = {}
    for name, snapshot in world.snapshots.items():
        quality = world.quality(name, now)
        if not quality.conclusive and quality != Quality.OFF:
            why = snapshot.failure.message if snapshot.failure is not None else snapshot.partial
            alike.setdefault((quality.value, why), []).append((name, snapshot.good_at))
    for (how, why), sources in alike.items():
        seen = [good_at for _, good_at in sources if good_at is not None]
        since = f", last seen {_time(max(seen), now)}" if seen else ", never seen"
        are = "are" if len(sources) > 1 else "is"
        yield f"{', '.join(name for name, _ in sources)} {are} {how}{since}{f': {why}' if why else ''}"


def _newest(state: IncidentState) -> list[Line]:
    kept = (line for line in state.lines.values() if not line.withdrawn and not line.hidden)
    return sorted(kept, key=lambda line: (-line.at, -line.seq))


def _words(line: Line) -> str:
    return line.amended or line.text


def _time(at: Millis, now: Millis) -> str:
    """The time of day, with its date where that is another day's."""
    return clock_time(at) if at // DAY == now // DAY else calendar_time(at)
