"""What more or less of a setting means, for the names that settings of this kind usually have. Pure.

It says which way things go, never by how much: that the signals show afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from wfconsole.incident.plan import Check
from wfconsole.text import safe


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    more: str
    less: str


def _known(words: str, more: str, less: str) -> _Known:
    return _Known(re.compile(words, re.IGNORECASE), more, less)


_SETTINGS: Final = (
    _known(
        r"batch",
        "throughput up, latency and memory up: it may cause the very timeouts and memory kills that it is to cure",
        "latency and memory down, throughput down: queues may grow",
    ),
    _known(
        r"retr(y|ies)",
        "fewer errors are seen, and each failure is asked again: more load on what fails already",
        "less load on what fails, and more errors are seen",
    ),
    _known(
        r"time_?-?out|deadline",
        "fewer timeouts, and whoever waits holds connections and memory for longer",
        "failures come sooner, and whoever asks again adds load",
    ),
    _known(
        r"pool|max_?-?conn|connections",
        "each pod opens more connections: times its pods, against the free slots of the database",
        "fewer connections, and requests wait for one inside the application",
    ),
    _known(
        r"max_?-?(num_?-?)?(seqs?|tokens|model_?-?len)|context|sequence",
        "longer or more requests at once fit, and GPU memory goes up with them",
        "GPU memory down, and longer requests are cut or refused",
    ),
    _known(
        r"worker|thread|concurren|parallel|in_?-?flight",
        "more at once: throughput up, and CPU, memory and connections up",
        "less at once: CPU, memory and connections down, and queues may grow",
    ),
    _known(r"cache|buffer", "memory up, less work for what is behind", "memory down, more work for what is behind"),
    _known(r"(?<![a-z])(rate|limit|quota)", "more gets through to what is behind it", "more is refused at the door"),
    _known(r"interval|ttl|period", "less often: less load, older data", "more often: fresher data, more load"),
)
_NUMBER: Final = re.compile(r"([+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z%]{0,10})")
_LEAP: Final = 4.0


def direction(key: str, old: str, new: str) -> Iterator[Check]:
    """Which way it goes, whether it is a leap, and what no longer is a number."""
    before, after = _NUMBER.fullmatch(old.strip()), _NUMBER.fullmatch(new.strip())
    if before is None:
        yield Check("explain", f"not known: what {safe(key)} means for throughput, latency or memory")
        return
    if after is None:
        told = f"{safe(key)} is a number now ({safe(old, 60)}), and {safe(new, 60)!r} is none"
        yield Check("refuse", f"{told}: the program may not start with it", overridable=True)
        return
    if before[2] != after[2]:
        told = f"another unit: {safe(old, 60)} -> {safe(new, 60)}"
        yield Check("explain", f"{told}; not known: which of them is more")
        return
    was, is_ = float(before[1]), float(after[1])
    known = next((each for each in _SETTINGS if each.pattern.search(key)), None)
    if known is None:
        told = f"not known: what {'more' if is_ > was else 'less'} of {safe(key)} does to throughput, latency or memory"
    else:
        told = f"{safe(key)} {safe(old, 60)} -> {safe(new, 60)}: {known.more if is_ > was else known.less}"
    yield Check("explain", told)
    if was > 0 and (is_ >= _LEAP * was or is_ <= was / _LEAP):
        times = f"{is_ / was:.3g} times what it is"
        yield Check("explain", f"a leap: {times}. One step, then look at queue, latency and memory, then the next")
