"""What the scribe looks for in the cache: whether it takes writes and clients, and what it throws away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.sights import Seen, Sight, Untold, literal, named, touched
from wfconsole.observations.cache import CacheRow, KeysRow, findings_of
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level

# The word of each kind of trouble. Slow answers are on the screen: they come and go with the network.
_WORDS: Final = {
    "memory": "cache-full",
    "write-errors": "cache-writes",
    "evictions": "cache-evictions",
    "rejected": "cache-clients",
    "clients": "cache-clients",
    "loading": "cache-loading",
    "replication": "cache-master",
    "disk": "cache-disk",
}


def sights_of_cache(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By server. Evictions are told together with whether the server holds sessions: then users are logged out."""
    before, after = judged_before.rows("cache"), judged.rows("cache")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: CacheRow | None = after.rows.get(key)
        sights = () if row is None else tuple(_sights(row, judged.rows("keys").rows))
        seen[named("Cache", key)] = sights
    return seen


def _sights(row: CacheRow, keys: Mapping[str, KeysRow]) -> Iterator[Sight | Untold]:
    told: dict[str, Sight | Untold] = {word: Untold(word) for word in _unknown(row)}
    for finding in findings_of(row):
        word = _WORDS.get(finding.kind, "")
        known = told.get(word)
        if not word or finding.level < Level.WARNING or (isinstance(known, Sight) and known.level >= finding.level):
            continue
        more = _sessions(keys) if word == "cache-evictions" else ""
        told[word] = Sight(word, "cache", finding.level, f"{{name}} {literal(finding.reason)}{more}")
    yield from told.values()


def _unknown(row: CacheRow) -> Iterator[str]:
    """What the row does not tell: while it loads its data, next to nothing; else rates, of which one look has none."""
    if row.loading:
        yield from set(_WORDS.values())
        return
    if row.write_errors_per_s is None:
        yield "cache-writes"
    if row.evicted_per_s is None:
        yield "cache-evictions"
    if row.rejected_per_s is None:
        yield "cache-clients"


def _sessions(keys: Mapping[str, KeysRow]) -> str:
    kept = sorted({row.prefix for row in keys.values() if row.sessions and (row.keys or row.so_far)})
    return f"; sessions are kept there too ({literal(', '.join(kept))})" if kept else ""
