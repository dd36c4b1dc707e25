"""One condition as the scribe knows it, and when what comes back is only a flap: the rule of `Condition.is_flap`."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.sights import Sight
from wfconsole.observations.levels import Level

# What lasts so long is an outage of its own, with its own beginning and its own end.
LASTS: Final = MINUTE
# So long after a flap all is well again: what comes back then is something new.
QUIET: Final = 5 * MINUTE
# Other sources of a system are lost a moment after the first: the line names all of them once they are the same for so
# long, or no other is left.
SETTLED_AFTER: Final = 10 * SECOND
# Of replicas that go up and down, so many turning points are told.
TURNS: Final = 6


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


class Worst(msgspec.Struct, frozen=True):
    """How bad it was at the worst, in words, and when that was seen. `whole`: nothing was left that works."""

    level: Level = Level.OK
    whole: bool = False
    affected: int = 0
    text: str = ""
    at: Millis = 0

    @property
    def rank(self) -> tuple[Level, bool, int]:
        return self.level, self.whole, self.affected


class Told(msgspec.Struct, frozen=True):
    """What the last entry said: when, how often it had happened, and how bad it was at the worst."""

    at: Millis = 0
    count: int = 0
    worst: Worst = Worst()


class Condition(msgspec.Struct, frozen=True):
    """What is known of one key. `said` is whether its present phase was said; `until` is when it ended, `gone` whether
    that was because the thing itself is gone. `which` tells what it holds for, where that may change while it lasts; ""
    where that is not known, too.

    `since` is when it first began, `began` when it last did, `count` how often: how often it happened, where that is
    counted (each crash of a crash loop), the last time at `last`; `counter` is what its objects count themselves.
    `quiet`: it shows no more, and was over at `last` unless it happens again. `before` is all that its line told before
    it came back, as long as that may be a flap. `resumed`: known from a journal only. `concerned` is about sources
    only, `path` about replicas: from where they moved, where they turned, and where they are.
    """

    family: str
    level: Level
    since: Millis
    began: Millis = 0
    text: str = ""
    subject: str = ""
    active: bool = True
    gone: bool = False
    said: bool = True
    count: int = 1
    last: Millis = 0
    counter: int = 0
    quiet: bool = False
    until: Millis = 0
    worst: Worst = Worst()
    told: Told = Told()
    concerned: Concerned = Concerned()
    which: str = ""
    path: tuple[int, ...] = ()
    resumed: bool = False
    before: Condition | None = None

    def is_flap(self, sight: Sight, now: Millis, resolved_at: Millis) -> bool:
        """Whether what comes back now is told in the line that there is, with a count.

        It is a line of its own after an outage that lasted, after a quiet time, once the incident was called resolved,
        where it is worse, and for other sources. What turns out to last gets its own line then.
        """
        return (
            self.until - self.began < LASTS
            and now - self.until < QUIET
            and self.began >= resolved_at
            and rank(sight) <= self.worst.rank
            and set(sight.sources) <= set(self.concerned.ever)
        )

    def with_flap(self, flap: Condition) -> Condition:
        """Both as one line tells them: words of the worst, the first beginning, the last end."""
        return msgspec.structs.replace(
            flap,
            since=self.since,
            count=self.count + flap.count,
            worst=self.worst,
            told=flap.told if flap.said else self.told,
            concerned=msgspec.structs.replace(flap.concerned, ever=self.concerned.ever),
            before=None,
        )

    @property
    def whole_line(self) -> Condition:
        """With the flaps before it."""
        return self if self.before is None else self.before.with_flap(self)


def rank(sight: Sight) -> tuple[Level, bool, int]:
    """How bad it is; to be compared."""
    return sight.level, sight.whole, sight.affected


def moved(path: tuple[int, ...], replicas: int) -> tuple[int, ...]:
    """The path with one move more: where it began, where it turned, where it got; of many turns the highest and the
    lowest."""
    points = list(path)
    if len(points) > 1 and (points[-1] > points[-2]) == (replicas > points[-1]):
        points.pop()
    points.append(replicas)
    if len(points) > TURNS:
        kept = {0, points.index(max(points)), points.index(min(points)), len(points) - 1}
        points = [points[place] for place in sorted(kept)]
    return tuple(count for place, count in enumerate(points) if points[place + 1 : place + 2] != [count])


def steps(count: int) -> int:
    """How many of 1, 2, 3, 5, 10, 20, 50, 100, ... a count has reached."""
    reached = (count >= 3) + 0
    unit = 1
    while count >= unit:
        reached += sum(count >= step * unit for step in (1, 2, 5))
        unit *= 10
    return reached
