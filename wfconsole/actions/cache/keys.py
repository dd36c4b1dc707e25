"""Which keys are meant, how many there are, and what else is in the database: names alone, never a value.

The names of sessions are often what lets their owner in, so that only their beginnings are shown.
"""

from __future__ import annotations

import os.path
import re
import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from wfconsole.actions.cache.server import Cache
from wfconsole.actions.contract import BadRequestError
from wfconsole.incident.plan import Request
from wfconsole.redaction import redact_text
from wfconsole.sources.cache.keys import Walk, scanned
from wfconsole.text import ELLIPSIS, number, safe

USER: Final = "{user}"
# Keys that one SCAN looks at: a fraction of a millisecond of the server's one thread.
_COUNTED: Final = 1000
_REMOVED: Final = 500
_COUNTED_WITHIN_S: Final = 6.0
_WALKED_WITHIN_S: Final = 4.0
_NAMED: Final = 8
_SAMPLES: Final = 3
_SHOWN: Final = 4  # characters of what is a session's own
_LONGEST: Final = 200


class Chosen(msgspec.Struct, frozen=True):
    """Keys that match one of these globs, in which a star stands for anything and a backslash takes the meaning from
    the next character. `begins`: how all of them begin."""

    globs: tuple[str, ...]

    @property
    def begins(self) -> str:
        return os.path.commonprefix([*map(_literal, self.globs)])  # noqa: RUF071  character by character it is

    @property
    def beginnings(self) -> list[str]:
        """The fewest beginnings of which each of them has one."""
        kept: list[str] = []
        for each in sorted(map(_literal, self.globs)):
            if not any(each.startswith(other) for other in kept):
                kept.append(each)
        return kept

    @property
    def match(self) -> str:
        """What the server is asked for: what we take, and perhaps more."""
        return self.globs[0] if len(self.globs) == 1 else f"{escaped(self.begins)}*"

    def pattern(self) -> re.Pattern[bytes]:
        """What we take."""
        return re.compile(b"|".join(_regex(each) for each in self.globs), re.DOTALL)


class Count(NamedTuple):
    """The keys that were chosen: how many, whether these are all (`whole`), how some of them begin, and how many keys
    the database has."""

    whole: bool
    found: int
    total: int
    samples: tuple[str, ...]


class Others(NamedTuple):
    """What else is in a database, by its beginning, the most first. `walked`: so many keys were looked at."""

    whole: bool
    walked: int
    counts: tuple[tuple[str, int], ...]

    @property
    def all(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def told(self) -> str:
        """`cache: 50, ratelimit: 1`"""
        least = "" if self.whole else ", and more: not all were looked at in time"
        return ", ".join(f"{safe(name, 60)} {number(count)}" for name, count in self.counts[:_NAMED]) + least


def chosen_by(request: Request, prefixes: Sequence[str]) -> Chosen:
    """The keys that a request means: all with a prefix, or those of one user. Raises BadRequestError."""
    told = request.parameters
    user, prefix, pattern = told.get("user", ""), told.get("prefix", ""), told.get("pattern", "")
    if user and prefix:
        raise BadRequestError("either a prefix, for everybody's sessions, or a user, for one's own")
    if not user:
        prefix = prefix or request.aim.name
        if not prefix or len(prefix) > _LONGEST or pattern:
            raise BadRequestError(f"prefix {safe(prefix, 40)!r}: how the keys of sessions begin, such as session:")
        return Chosen((f"{escaped(prefix)}*",))
    if len(user) > _LONGEST:
        raise BadRequestError(f"user {safe(user, 40)!r}: at most {_LONGEST} characters")
    if not pattern:
        if not prefixes:
            raise BadRequestError("cache.session_prefixes names no keys of sessions: give a pattern with {user} in it")
        mine = [f"{escaped(each)}{escaped(user)}" for each in prefixes]
        return Chosen(tuple(glob for each in mine for glob in (each, f"{each}:*")))
    if pattern.count(USER) != 1 or len(pattern) > _LONGEST:
        raise BadRequestError(f"pattern {safe(pattern, 40)!r}: with {USER} in it once, such as session:{USER}:*")
    before, _, after = pattern.partition(USER)
    stars = ["*".join(map(escaped, part.split("*"))) for part in (before, after)]
    return Chosen((f"{stars[0]}{escaped(user)}{stars[1]}",))


def are_sessions(chosen: Chosen, prefixes: Sequence[str]) -> bool:
    """Whether all of them are what the configuration calls sessions."""
    return all(_literal(glob).startswith(tuple(prefixes)) for glob in chosen.globs) if prefixes else False


def count_chosen(cache: Cache, chosen: Chosen) -> Count:
    """How many there are, as far as one walk comes in its time. Raises SourceError."""
    takes, found, cursor = chosen.pattern(), 0, b"0"
    samples: list[str] = []
    total = int(cache.ask("DBSIZE"))
    until = time.monotonic() + _COUNTED_WITHIN_S
    while True:
        cursor, keys = scanned(cache.ask("SCAN", cursor.decode(), "MATCH", chosen.match, "COUNT", _COUNTED))
        mine = [key for key in keys if takes.fullmatch(key)]
        found += len(mine)
        samples += [masked(key, chosen.begins) for key in mine[: _SAMPLES - len(samples)]]
        if cursor == b"0" or time.monotonic() >= until:
            return Count(cursor == b"0", found, total, tuple(samples))


def count_others(cache: Cache, chosen: Chosen) -> Others:
    """What else there is, as far as one walk comes in its time. Raises SourceError."""
    walk, takes, walked = Walk(cache.settings.session_prefixes), chosen.pattern(), 0
    until = time.monotonic() + _WALKED_WITHIN_S
    while not walk.done and time.monotonic() < until:
        cursor, keys = scanned(cache.ask("SCAN", walk.cursor.decode(), "COUNT", _COUNTED))
        walk.take(cursor, [key for key in keys if not takes.fullmatch(key)])
        walked += len(keys)
    counts = sorted(((name, count) for name, count in walk.counts.items() if count), key=lambda each: -each[1])
    return Others(walk.done, walked, tuple(counts))


def walk_chosen(cache: Cache, chosen: Chosen) -> Iterator[list[bytes]]:
    """Their names, as the one who acts sees them, a few hundred at a time; a batch may be empty. Raises SourceError."""
    takes, cursor = chosen.pattern(), b"0"
    while True:
        answer = cache.read("SCAN", cursor.decode(), "MATCH", chosen.match, "COUNT", _REMOVED)
        cursor, keys = scanned(answer)
        yield [key for key in keys if takes.fullmatch(key)]
        if cursor == b"0":
            return


def masked(key: bytes, begins: str) -> str:
    """How a key begins: whoever knows the whole name of a session may be let in by it."""
    name = key.decode(errors="replace")
    kept = len(begins) + _SHOWN
    shown = name if len(name) <= kept else f"{name[:kept]}{ELLIPSIS}"
    return redact_text(safe(shown, 80))


def escaped(text: str) -> str:
    """A text in which no character has a meaning to a glob."""
    return re.sub(r"[\\*?\[\]^]", r"\\\g<0>", text)


def _literal(glob: str) -> str:
    """What it begins with before its first star."""
    return "".join(piece if literal else "" for piece, literal in _until_star(glob))


def _until_star(glob: str) -> Iterator[tuple[str, bool]]:
    for piece, literal in _pieces(glob):
        if not literal:
            return
        yield piece, literal


def _pieces(glob: str) -> Iterator[tuple[str, bool]]:
    """Its characters, each with whether it stands for itself."""
    for match in re.finditer(r"\\(.)|(\*)|(.)", glob, re.DOTALL):
        escaped_one, star, plain = match.groups()
        yield (escaped_one or plain or "", True) if star is None else ("*", False)


def _regex(glob: str) -> bytes:
    return b"".join(re.escape(piece.encode()) if literal else b".*" for piece, literal in _pieces(glob))
