"""What the scribe knows and has said, and the pen that writes it on: when a condition is worth an entry, and when not.

One condition is one key: it begins, gets worse, and ends. A flap (`Condition.is_flap`) is told in the same line, ever
more sparsely: the 2nd, 3rd, 5th, 10th, 20th, 50th time; one that lasts or gets worse gets a line of its own after all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident import scribe_words as words
from wfconsole.incident.condition import LASTS, QUIET, Concerned, Condition, Told, Worst, moved, rank, steps
from wfconsole.incident.events import Noticed, Phase
from wfconsole.incident.sights import Sight
from wfconsole.incident.state import IncidentState
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level

# Moves of replicas within this time of each other are one line; one that was not said at once is, so long after it.
MOVES_WITHIN: Final = 10 * MINUTE
MOVE_SAID_AFTER: Final = MINUTE
# While it lasts, what is told of how often it happened is not older than this.
COUNTED_WITHIN: Final = 5 * MINUTE
# So many new conditions of one kind in one look are said one by one; the others in one line.
FLOOD: Final = 12
# Ended conditions beyond this number are forgotten, the oldest first.
KEPT: Final = 2_000


class ScribeMemory(msgspec.Struct, frozen=True):
    """What was seen and what was said of it; of the `waiting` keys something may be worth a word later. `resumed_at`:
    the last entry of a journal that was taken up again."""

    conditions: Mapping[str, Condition] = msgspec.field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    judged: Judged = Judged()
    based: frozenset[str] = frozenset()  # sources whose baseline is taken
    resumed_at: Millis = 0

    @classmethod
    def from_state(cls, state: IncidentState) -> ScribeMemory:
        """The memory of whoever wrote this incident's journal so far: nothing that it holds is said twice."""
        conditions = {key: _resumed(state, key, found) for key, found in state.conditions.items()}
        last = max((line.last_at for line in state.lines.values()), default=0)
        return cls(conditions=conditions, resumed_at=last)


def _resumed(state: IncidentState, key: str, found: Noticed) -> Condition:
    line = state.lines.get(state.line_of_key.get(key, ""))
    condition = Condition(
        family=found.family,
        level=found.level,
        since=found.since or (line.at if line is not None else 0),
        text=found.text,
        subject=found.subject,
        active=found.lasts,
        count=found.count,
        counter=found.counter,
        concerned=Concerned(found.sources, told=found.sources, ever=found.sources),
        resumed=True,
    )
    if line is None:
        return condition
    worst = Worst(line.level, found.whole, found.affected, line.text, line.text_at)
    return msgspec.structs.replace(
        condition,
        began=condition.since if line.counts else max(condition.since, line.again_at),
        last=found.last_at,
        until=line.until,
        worst=worst,
        told=Told(line.last_at, found.count, worst),
    )


class Pen:
    """Writes one look into the memory; `said` collects what is worth an entry. `namespace` is left out of names,
    `resolved_at` is when the incident was called resolved, 0 where it is not."""

    def __init__(self, memory: ScribeMemory, namespace: str, now: Millis, resolved_at: Millis = 0) -> None:
        self.now = now
        self.said: list[Noticed] = []
        self._namespace = namespace
        self._known = dict(memory.conditions)
        self._waiting = set(memory.waiting)
        self._resumed_at = memory.resumed_at
        self._resolved_at = resolved_at

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """All that is known, what this look has added included."""
        return self._known

    def done(self, judged: Judged, based: frozenset[str]) -> ScribeMemory:
        """The memory with this look in it."""
        if len(self._known) > KEPT:
            ended = sorted((found.until, key) for key, found in self._known.items() if not found.active)
            for _until, key in ended[: len(self._known) - KEPT]:
                del self._known[key]
                self._waiting.discard(key)
        return ScribeMemory(self._known, frozenset(self._waiting), judged, based, self._resumed_at)

    def goes_on(self, key: str, sight: Sight) -> bool:
        """Whether what is seen is no new condition: it holds already, or this is a flap of it."""
        found = self._known.get(key)
        return found is not None and (found.active or found.is_flap(sight, self.now, self._resolved_at))

    def meet(self, key: str, sight: Sight | None, subject: str, note: str = "", *, gone: bool = False) -> None:
        """What is seen of one condition now; None: it does not hold, or (`gone`) there is no such thing any more."""
        found = self._known.get(key)
        if sight is None:
            if found is not None and found.active:
                self._end(key, found, gone=gone)
        elif found is None or not self.goes_on(key, sight):
            self._begin(key, sight, subject, note)
        elif found.active:
            self._go_on(key, found, sight, subject if sight.sources else found.subject)
        else:
            self._flap(key, found, sight)

    def begin_all(self, begun: Mapping[str, tuple[Sight, str]], note: str) -> None:
        """All new conditions of one look, each with its subject; `note` is said with each."""
        by_word: dict[str, list[str]] = {}
        for key in sorted(begun, key=lambda key: (-begun[key][0].level, key)):
            by_word.setdefault(begun[key][0].word, []).append(key)
        for word, keys in by_word.items():
            for place, key in enumerate(keys):
                self._begin(key, *begun[key], note, said=place < FLOOD)
            if len(keys) > FLOOD:
                sight, rest = begun[keys[FLOOD]][0], [begun[key][1] for key in keys[FLOOD:]]
                text = words.flood(word, rest, FLOOD, self._namespace) + note
                self._say(f"flood {word} {self.now}", Condition(sight.family, sight.level, self.now), "once", text)

    def once(self, key: str, sight: Sight, subject: str) -> None:
        """Something that happens and does not last; a key that is known was said already."""
        if key in self._known:
            return
        condition = self._condition(sight, subject, since=sight.since or self.now)
        self._known[key] = msgspec.structs.replace(condition, active=False, until=self.now)
        self._say(key, condition, "once", condition.text)

    def move(self, key: str, subject: str, before: int, after: int) -> None:
        """Replicas were moved once more. Where they turn, it is said at once: somebody else may have moved them."""
        found = self._known.get(key)
        path: tuple[int, ...] = (before, after)
        since, count, tell = self.now, 1, True
        if found is not None and self.now - found.last < MOVES_WITHIN and found.since >= self._resolved_at:
            path = moved(found.path if found.path[-1] == before else moved(found.path, before), after)
            since, count = found.since, found.count + 1
            turned = len(path) != len(found.path)
            tell = turned or self.now - found.last >= MOVE_SAID_AFTER or steps(count) > steps(found.count)
        text = words.scaled(subject, path, count, self._namespace)
        self._known[key] = Condition(
            "scale", Level.OK, since, since, text, subject, active=False, count=count, last=self.now, path=path
        )
        self._waiting.add(key)
        if tell:
            self._say_move(key)

    def say_what_lasts(self, told_of: tuple[str, ...]) -> None:
        """What came back and has lasted since is no flap; what flapped unsaid and is calm now is told to be over."""
        for key in sorted(self._waiting):
            found = self._known[key]
            if key.partition(" ")[0] not in told_of:
                continue
            if found.family == "scale":
                if self.now - found.last >= MOVE_SAID_AFTER:
                    self._say_move(key)
            elif found.active:
                if self.now - found.began >= LASTS:
                    self._stand_alone(key, found)
            elif self.now - found.until >= QUIET:
                self._say_what_waits(key)

    # --- phases

    def _begin(self, key: str, sight: Sight, subject: str, note: str, *, said: bool = True) -> None:
        self._say_what_waits(key)
        since = _began(sight, self._known.get(key), self.now)
        condition = self._condition(sight, subject, since=since, count=max(1, sight.happened), said=said)
        self._known[key] = condition
        if said:
            self._say(key, condition, "began", condition.text + note)

    def _go_on(self, key: str, found: Condition, sight: Sight, subject: str) -> None:
        more = sight.happened
        if found.resumed and found.counter:
            more = max(0, sight.counter - found.counter)
        concerned = found.concerned.after(sight, self.now)
        condition = self._condition(sight, subject, since=found.since, count=found.count + more, said=found.said)
        better = rank(sight) < found.worst.rank
        condition = msgspec.structs.replace(
            condition,
            began=found.began,
            last=max(sight.last, found.last),
            worst=found.worst if better else condition.worst,
            told=found.told,
            concerned=concerned,
            before=found.before,
        )
        self._known[key] = condition
        worse = rank(sight)[:2] > found.worst.rank[:2]
        if found.before is not None and rank(sight) > found.before.worst.rank:
            self._stand_alone(key, condition)
        elif not found.said:
            if worse and found.before is None:  # one of a flood, of which the line of the flood told
                self._known[key] = msgspec.structs.replace(condition, said=True)
                self._say(key, condition, "began", condition.text)
        elif (
            worse
            or _has_grown(found, condition, self.now)
            or (bool(found.which) and sight.which != found.which)
            or concerned.worth_telling(sight, self.now)
        ):
            self._say(key, condition.whole_line, "again", condition.text)

    def _flap(self, key: str, found: Condition, sight: Sight) -> None:
        since = _began(sight, found, self.now)
        flap = self._condition(sight, found.subject, since=since, count=max(1, sight.happened))
        tell = steps(found.count + flap.count) > steps(found.count)
        flap = msgspec.structs.replace(flap, said=tell, before=found)
        self._known[key] = flap
        self._waiting.add(key)
        if tell:
            self._say(key, flap.whole_line, "again", flap.text)

    def _stand_alone(self, key: str, found: Condition) -> Condition:
        """What seemed to be a flap is no such: its line ends as it was before, and it gets one of its own."""
        before = found.before
        self._waiting.discard(key)
        if before is not None and (found.said or not before.said):
            self._say_over(key, msgspec.structs.replace(before, told=Told()) if found.said else before)
        alone = msgspec.structs.replace(found, said=True, before=None)
        self._known[key] = alone
        self._say(key, alone, "began", alone.text, began_at=alone.since)
        return self._known[key]

    def _end(self, key: str, found: Condition, *, gone: bool) -> None:
        until = max(found.last, found.began) if found.quiet else self.now
        if found.before is not None and until - found.began >= LASTS:
            found = self._stand_alone(key, found)
        ended = msgspec.structs.replace(found, active=False, until=until, gone=gone).whole_line
        self._known[key] = ended
        if found.said:
            self._waiting.discard(key)
            self._say_over(key, ended)

    # --- words

    def _condition(self, sight: Sight, subject: str, *, since: Millis, count: int = 1, said: bool = True) -> Condition:
        text = sight.text.replace("{name}", words.name(subject, self._namespace))
        return Condition(
            family=sight.family,
            level=sight.level,
            since=since,
            began=since,
            text=text,
            subject=subject,
            said=said,
            count=count,
            last=sight.last,
            counter=sight.counter,
            quiet=sight.quiet,
            worst=Worst(*rank(sight), text, self.now),
            concerned=Concerned(sight.sources, self.now, sight.sources, sight.sources),
            which=sight.which,
        )

    def _say(self, key: str, found: Condition, phase: Phase, text: str, **more: Millis) -> None:
        told = msgspec.structs.replace(words.event(key, found, phase, text, self.now), **more)
        self.said.append(told)
        known = self._known.get(key)
        if known is not None:
            self._known[key] = msgspec.structs.replace(
                known,
                told=Told(self.now, found.count, found.worst),
                concerned=msgspec.structs.replace(known.concerned, told=told.sources),
            )

    def _say_over(self, key: str, found: Condition) -> None:
        text = words.over(key, found, self._namespace)
        self._say(key, msgspec.structs.replace(found, level=Level.OK), "ended", text)

    def _say_what_waits(self, key: str) -> None:
        """The end of a flap that was not worth a word when it came."""
        found = self._known.get(key)
        if key in self._waiting and found is not None and not found.active:
            self._waiting.discard(key)
            self._known[key] = msgspec.structs.replace(found, said=True)
            self._say_over(key, found)

    def _say_move(self, key: str) -> None:
        self._waiting.discard(key)
        found = self._known[key]
        self._say(f"{key} {found.since}", found, "once", found.text)


def _began(sight: Sight, before: Condition | None, now: Millis) -> Millis:
    """When it began, as far as its object tells: not before it was over the last time."""
    ended = before.until if before is not None else 0
    return sight.since if sight.since > ended else now


def _has_grown(found: Condition, condition: Condition, now: Millis) -> bool:
    """Whether it happened so much more often, or to so much more, that it is worth a word."""
    count = condition.whole_line.count
    old_news = count > found.told.count and now - found.told.at >= COUNTED_WITHIN
    wider = found.worst.affected > 0 and steps(condition.worst.affected) > steps(found.worst.affected)
    return old_news or wider or steps(count) > steps(found.whole_line.count)
