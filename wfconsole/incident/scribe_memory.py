"""What the scribe knows and has said, and the pen that writes it on: when a condition is worth an entry, and when not.

One condition is one key: it begins, happens again (said ever more sparsely: the 2nd, 3rd, 5th, 10th, 20th, 50th time,
or when it lasts), and ends. One that comes back within half an hour is the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.events import Noticed
from wfconsole.incident.looks import said_when_over
from wfconsole.incident.sights import Sight
from wfconsole.incident.state import IncidentState
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level

# A condition that ended longer ago than this is a new one when it comes back.
SAME_WITHIN: Final = 30 * MINUTE
# "Again" that was not worth an entry gets one when it lasts this long, times how often it happened, at most ten times.
SAID_AFTER: Final = MINUTE
# So many new conditions of one kind in one look are said one by one; the others in one line.
FLOOD: Final = 12
# Other sources of a system are lost a moment after the first: the line names all of them once they are the same for so
# long, or no other is left.
SETTLED_AFTER: Final = 10 * SECOND
# Ended conditions beyond this number are forgotten, the oldest first.
KEPT: Final = 2_000


class Concerned(msgspec.Struct, frozen=True):
    """Which sources a condition holds for, unchanged since `at`; those that its last entry named; all that there were
    since it began."""

    now: tuple[str, ...] = ()
    at: Millis = 0
    told: tuple[str, ...] = ()
    ever: tuple[str, ...] = ()

    def after(self, sight: Sight, now: Millis) -> Concerned:
        return Concerned(
            sight.sources,
            self.at if sight.sources == self.now else now,
            self.told,
            tuple(dict.fromkeys((*self.ever, *sight.sources))),
        )

    def worth_telling(self, sight: Sight, now: Millis) -> bool:
        """Whether they are others than those that were named, and are likely to stay so."""
        return self.now != self.told and (sight.settled or now - self.at >= SETTLED_AFTER)


class Condition(msgspec.Struct, frozen=True):
    """What is known of one key. `said` is whether its present phase was said; `until` is when it ended, `gone` whether
    that was because the thing itself is gone. `which` tells what it holds for, where that may change while it lasts; ""
    where that is not known, too.

    `count` is how often it happened (each crash of a crash loop), `times` how often it began, last at `again_at`.
    `affected` is how many things it held for at most, 0 where a journal was taken up, which does not tell.
    `concerned` is about sources only.
    """

    family: str
    level: Level
    since: Millis
    text: str = ""
    subject: str = ""
    active: bool = True
    gone: bool = False
    said: bool = True
    count: int = 1
    times: int = 1
    again_at: Millis = 0
    affected: int = 1
    last_at: Millis = 0
    until: Millis = 0
    concerned: Concerned = Concerned()
    which: str = ""


class ScribeMemory(msgspec.Struct, frozen=True):
    """What was seen and what was said of it. `resumed_at`: the last entry of a journal that was taken up again."""

    conditions: Mapping[str, Condition] = msgspec.field(default_factory=dict)
    unsaid: frozenset[str] = frozenset()
    judged: Judged = Judged()
    based: frozenset[str] = frozenset()  # sources whose baseline is taken
    resumed_at: Millis = 0

    @classmethod
    def from_state(cls, state: IncidentState) -> ScribeMemory:
        """The memory of whoever wrote this incident's journal so far: nothing that it holds is said twice."""
        conditions = {}
        for key, found in state.conditions.items():
            line = state.lines.get(state.line_of_key.get(key, ""))
            conditions[key] = Condition(
                family=found.family,
                level=found.level,
                since=found.since or (line.at if line is not None else 0),
                text=found.text,
                subject=found.subject,
                active=found.lasts,
                count=found.count,
                affected=0,
                last_at=line.last_at if line is not None else 0,
                until=line.until if line is not None else 0,
                concerned=Concerned(found.sources, told=found.sources, ever=found.sources),
            )
        last = max((line.last_at for line in state.lines.values()), default=0)
        return cls(conditions=conditions, resumed_at=last)


class Pen:
    """Writes one look into the memory; `said` collects what is worth an entry. `namespace` is left out of names."""

    def __init__(self, memory: ScribeMemory, namespace: str, now: Millis) -> None:
        self.now = now
        self.said: list[Noticed] = []
        self._namespace = namespace
        self._known = dict(memory.conditions)
        self._unsaid = set(memory.unsaid)
        self._resumed_at = memory.resumed_at

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
                self._unsaid.discard(key)
        return ScribeMemory(self._known, frozenset(self._unsaid), judged, based, self._resumed_at)

    def is_known(self, key: str) -> bool:
        """Whether the condition holds, or ended so recently that it would be the same one."""
        found = self._known.get(key)
        return found is not None and (found.active or self.now - found.until < SAME_WITHIN)

    def meet(self, key: str, sight: Sight | None, subject: str, note: str = "", *, gone: bool = False) -> None:
        """What is seen of one condition now; None: it does not hold, or (`gone`) there is no such thing any more."""
        found = self._known.get(key)
        if sight is None:
            if found is not None and found.active:
                self._end(key, found, gone=gone)
        elif found is None or not self.is_known(key):
            self._begin(key, sight, subject, note)
        elif found.active:
            self._go_on(key, found, sight, subject if sight.sources else found.subject)
        else:
            self._come_back(key, found, sight)

    def begin_all(self, begun: Mapping[str, tuple[Sight, str]], note: str) -> None:
        """All new conditions of one look, each with its subject; `note` is said with each."""
        by_word: dict[str, list[str]] = {}
        for key in sorted(begun, key=lambda key: (-begun[key][0].level, key)):
            by_word.setdefault(begun[key][0].word, []).append(key)
        for word, keys in by_word.items():
            for place, key in enumerate(keys):
                self._begin(key, *begun[key], note, said=place < FLOOD)
            if len(keys) > FLOOD:
                rest = [begun[key][1] for key in keys[FLOOD:]]
                self._say_flood(word, begun[keys[FLOOD]][0], rest, note)

    def once(self, key: str, sight: Sight, subject: str) -> None:
        """Something that happens and does not last; a key that is known was said already."""
        if key in self._known:
            return
        condition = self._condition(sight, subject, since=sight.since or self.now)
        self._known[key] = msgspec.structs.replace(condition, active=False, until=self.now)
        self._say(key, condition, "once", condition.text)

    def move(self, key: str, sight: Sight, subject: str) -> None:
        """One more move of something that moves often; moves within half an hour of each other are one line."""
        found = self._known.get(key)
        if found is None or self.now - found.last_at >= SAME_WITHIN:
            condition = self._condition(sight, subject, since=self.now)
            tell = True
        else:
            condition = self._condition(sight, subject, since=found.since, count=found.count + 1)
            tell = self.now - found.last_at >= SAID_AFTER or _steps(condition.count) > _steps(found.count)
        self._known[key] = msgspec.structs.replace(condition, active=False, said=tell, until=self.now)
        self._unsaid.discard(key)
        if tell:
            self._say_move(key, condition)
        else:
            self._unsaid.add(key)

    def say_what_lasts(self, words: tuple[str, ...]) -> None:
        """What came back too often to be said at once, and has lasted since, is said now; or that it is over, where it
        ended unsaid and stays so."""
        for key in sorted(self._unsaid):
            found = self._known[key]
            patience = SAID_AFTER if found.family == "scale" else SAID_AFTER * min(found.times, 10)
            since = found.last_at if found.active or found.family == "scale" else found.until
            if key.partition(" ")[0] in words and self.now - since >= patience:
                self._unsaid.discard(key)
                self._known[key] = msgspec.structs.replace(found, said=True)
                if found.family == "scale":
                    self._say_move(key, found)
                elif found.active:
                    self._say(key, found, "again", found.text)
                else:
                    self._say_over(key, found, lasted=found.until - found.since)

    # --- phases

    def _begin(self, key: str, sight: Sight, subject: str, note: str, *, said: bool = True) -> None:
        count = max(1, sight.happened)
        condition = self._condition(sight, subject, since=sight.since or self.now, count=count, said=said)
        self._known[key] = condition
        if said:
            self._say(key, condition, "began", condition.text + note)

    def _go_on(self, key: str, found: Condition, sight: Sight, subject: str) -> None:
        condition = self._condition(
            sight, subject, since=found.since, count=found.count + sight.happened, said=found.said
        )
        other = bool(found.which) and sight.which != found.which
        concerned = found.concerned.after(sight, self.now)
        condition = msgspec.structs.replace(
            condition,
            level=max(found.level, sight.level),
            affected=max(found.affected, sight.affected),
            times=found.times,
            again_at=found.again_at,
            last_at=self.now if found.said else found.last_at,
            concerned=concerned,
        )
        self._known[key] = condition
        grown = found.affected > 0 and _steps(condition.affected) > _steps(found.affected)
        more = grown or _steps(condition.count) > _steps(found.count)
        if found.said and (more or other or sight.level > found.level or concerned.worth_telling(sight, self.now)):
            self._say(key, condition, "again", condition.text)

    def _come_back(self, key: str, found: Condition, sight: Sight) -> None:
        count = found.count + max(1, sight.happened)
        tell = _steps(found.times + 1) > _steps(found.times)
        condition = self._condition(sight, found.subject, since=found.since, count=count, said=tell)
        condition = msgspec.structs.replace(condition, times=found.times + 1, again_at=sight.since or self.now)
        self._known[key] = condition
        if tell:
            self._say(key, condition, "again", condition.text)
        else:
            self._unsaid.add(key)

    def _end(self, key: str, found: Condition, *, gone: bool) -> None:
        ended = msgspec.structs.replace(found, active=False, until=self.now, gone=gone)
        self._known[key] = ended
        if found.said:
            self._say_over(key, ended, lasted=self.now - (found.again_at or found.since))

    # --- words

    def _condition(self, sight: Sight, subject: str, *, since: Millis, count: int = 1, said: bool = True) -> Condition:
        return Condition(
            family=sight.family,
            level=sight.level,
            since=since,
            text=sight.text.replace("{name}", self._name(subject)),
            subject=subject,
            said=said,
            count=count,
            affected=sight.affected,
            last_at=self.now,
            concerned=Concerned(sight.sources, self.now, sight.sources, sight.sources),
            which=sight.which,
        )

    def _named(self, found: Condition) -> str:
        """What a condition was about, with how many sources that were."""
        name, sources = self._name(found.subject), len(found.concerned.ever)
        return f"{name}, {counted(sources, 'source')}" if sources > 1 else name

    def _name(self, subject: str) -> str:
        """The name alone for what is in the namespace that the console is pinned to, else with its namespace."""
        parts = subject.split("/")
        if len(parts) < 3 or parts[1] == self._namespace:
            return parts[-1]
        return f"{parts[1]}/{parts[-1]}"

    def _say(self, key: str, found: Condition, phase: Literal["began", "again", "ended", "once"], text: str) -> None:
        concerned = () if phase == "ended" else found.concerned.now
        over_at = found.until if phase == "ended" and found.until != self.now else 0
        noticed = Noticed(key, found.family, phase, found.level, text, found.subject, found.since)
        self.said.append(msgspec.structs.replace(noticed, count=found.count, sources=concerned, over_at=over_at))
        if key in self._known and found.concerned.told != concerned:
            told = msgspec.structs.replace(found.concerned, told=concerned)
            self._known[key] = msgspec.structs.replace(self._known[key], concerned=told)

    def _say_over(self, key: str, found: Condition, *, lasted: Millis) -> None:
        over = said_when_over(key, gone=found.gone).replace("{name}", self._named(found))
        times = f", {found.count} times" if found.count > 1 else ""
        text = f"{over}, after {spell_duration(lasted)}{times}"
        self._say(key, msgspec.structs.replace(found, level=Level.OK), "ended", text)

    def _say_move(self, key: str, found: Condition) -> None:
        moves = f" ({found.count} moves)" if found.count > 1 else ""
        self._say(f"{key} {found.since}", found, "once", found.text + moves)

    def _say_flood(self, word: str, sight: Sight, subjects: list[str], note: str) -> None:
        names = ", ".join(self._name(subject) for subject in subjects[:FLOOD])
        more = f" and {len(subjects) - FLOOD} others" if len(subjects) > FLOOD else ""
        text = f"{word}: {len(subjects)} more at once: {names}{more}{note}"
        self._say(f"flood {word} {self.now}", Condition(sight.family, sight.level, self.now), "once", text)


def _steps(count: int) -> int:
    """How many of 1, 2, 3, 5, 10, 20, 50, 100, ... a count has reached."""
    steps = (count >= 3) + 0
    unit = 1
    while count >= unit:
        steps += sum(count >= step * unit for step in (1, 2, 5))
        unit *= 10
    return steps
