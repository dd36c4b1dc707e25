"""The cache: its memory, and what is worst about it."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.observations.cache import memory_share
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World
from wfconsole.text import memory, percent

# The kinds of trouble that the fact about memory does not show, in a word.
_WORDS = {
    "loading": "cache loads its data",
    "write-errors": "cache refuses writes",
    "rejected": "cache refuses clients",
    "replication": "cache lost its master",
    "evictions": "cache evicts",
    "disk": "cache cannot save",
    "slow": "cache is slow",
    "clients": "cache clients full",
}


def cache(world: World, judged: Judged, _now: Millis) -> Facts:
    row = next(iter(world.cache.values()), None)
    if row is None:
        return Facts(("no cache",))
    finding = judged.finding("cache", row.name)
    share = memory_share(row)
    used = f"cache {percent(share)}" if share is not None else f"cache {memory(row.memory_used)}"
    worst = _WORDS.get(finding.kind, "") if finding.level > Level.OK else ""
    return Facts((worst, used) if worst else (used,), finding.level, finding.reason)
