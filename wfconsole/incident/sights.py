"""What the scribe looks for: sights, each a condition that holds now, such as the crash loop of one workload.

Its key is "<word> <subject>", and one key is one line of the timeline. One function a source makes them of judged rows;
what is said of them, the scribe decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.judged import JudgedRows, changed_keys
from wfconsole.observations.levels import Level


class Sight(msgspec.Struct, frozen=True):
    """One condition that holds. `{name}` in the text stands for the subject's name.

    `affected` is how many things it holds for, `whole` whether nothing is left that works; `since` since when it holds,
    as far as the rows know. `happened` is how often it happened since the look before (a crash, an OOM kill), `last`
    when it last did, `counter` how often its objects say that it did; `quiet`: nothing shows it but that it happened
    lately. `sources` are those that it holds for, where it is about sources; `settled`: no other one can join them.
    `which` is what it holds for, where a change of that is worth a word: a second pressure on a node.
    """

    word: str
    family: str
    level: Level
    text: str
    since: Millis = 0
    affected: int = 1
    whole: bool = False
    happened: int = 0
    last: Millis = 0
    counter: int = 0
    quiet: bool = False
    sources: tuple[str, ...] = ()
    settled: bool = False
    which: str = ""


class Untold(msgspec.Struct, frozen=True):
    """Nobody can say whether the condition of this word holds: what was said of it stands."""

    word: str


# What was seen of a subject: a word that is not among the sights does not hold.
Sights = tuple[Sight | Untold, ...]
# What subjects were looked at for. None: there is no such thing any more.
Seen = Mapping[str, Sights | None]


def touched(before: JudgedRows, after: JudgedRows) -> set[str]:
    """The keys whose row or finding is another one."""
    keys = set() if before.rows is after.rows else changed_keys(before.rows, after.rows)
    if before.findings is not after.findings:
        both = before.findings.keys() | after.findings.keys()
        keys.update(key for key in both if before.findings.get(key) != after.findings.get(key))
    return keys


def named(kind: str, *names: str) -> str:
    """A subject, with the namespace before the name where there is one. A name from outside may hold any character."""
    return "/".join((kind, *(name.replace("/", " ") for name in names if name)))


def literal(text: str) -> str:
    """The scribe puts a name in place of `{name}`; words from outside are taken as they are."""
    return text.replace("{name}", "{ name }")
