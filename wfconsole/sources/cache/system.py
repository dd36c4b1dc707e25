"""The sources of one Redis server, put together."""

from __future__ import annotations

from collections.abc import Mapping

from wfconsole.clock import Millis
from wfconsole.config.systems import CacheSettings
from wfconsole.sources.cache.connection import Session
from wfconsole.sources.cache.examination import CacheExamination
from wfconsole.sources.cache.keys import KeysPoll
from wfconsole.sources.cache.server import ServerPoll
from wfconsole.sources.contract import Part, Source
from wfconsole.sources.polling import PolledSource


def sources(settings: CacheSettings, every_ms: Mapping[str, Millis]) -> list[Source]:
    """`every_ms` says how often each is looked at, by its name."""
    return _over(Session(settings), every_ms) if settings.configured else []


def examination(settings: CacheSettings, every_ms: Mapping[str, Millis]) -> CacheExamination:
    """What the doctor looks at; the settings must name a server."""
    session = Session(settings)
    return CacheExamination(session, _over(session, every_ms), every_ms["cache"])


def _over(session: Session, every_ms: Mapping[str, Millis]) -> list[Source]:
    server, keys = ServerPoll(session, every_ms["cache"]), KeysPoll(session, every_ms["keys"])
    return [
        PolledSource("cache", server.interval_ms, (Part(server),), server.table.take, server.lacks, session.facts),
        PolledSource("keys", keys.interval_ms, (Part(keys),), keys.table.take, facts=session.resolver.facts),
    ]
