"""The last hour of the signals, so that a console that starts in mid-incident shows the time before it."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import SECOND, Millis
from wfconsole.config.metrics import SignalRule, SignalsSettings
from wfconsole.observations.signals import SignalHistoryRow, signal_key
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import SourceError
from wfconsole.sources.prometheus.failures import REFUSED_QUERY
from wfconsole.sources.prometheus.rules import queries, rules_in_force
from wfconsole.sources.prometheus.samples import Track
from wfconsole.sources.prometheus.server import MetricsPoll, Questions, Server
from wfconsole.sources.prometheus.signals import MOST_SERVICES, service_of
from wfconsole.sources.sealing import seal

STEP_S: Final = 60
POINTS: Final = 60
_RESERVE_S: Final = 0.5


class HistoryPoll(MetricsPoll):
    """Fills `table` with the points of each signal. A rule that cannot be asked has none; its signal says why."""

    def __init__(self, server: Server, settings: SignalsSettings, interval_ms: Millis) -> None:
        super().__init__("signal history", server, interval_ms)
        self._rules = rules_in_force(settings)
        self._window = settings.window
        self._unasked = 0

    def read(self) -> None:
        # On whole minutes of the server's clock: the same minute is the same point at each look.
        end_s = self.server.now() // SECOND // STEP_S * STEP_S
        rows: dict[str, bytes] = {}
        unasked = 0
        with self.questions() as ask:
            for place, rule in enumerate(self._rules):
                if place and self.left_s() < _RESERVE_S:
                    unasked = len(self._rules) - place
                    break
                rows |= self._asked(ask, rule, end_s)
        self._unasked = unasked
        self.keep(rows)

    def lacks(self) -> tuple[Lack, ...]:
        return (Lack(f"{self._unasked} rules not asked, for want of time", "bounded"),) if self._unasked else ()

    def _asked(self, ask: Questions, rule: SignalRule, end_s: int) -> dict[str, bytes]:
        rows: dict[str, bytes] = {}
        start_s = end_s - (POINTS - 1) * STEP_S
        for promql in queries(rule, self._window):
            try:
                tracks = ask.hour(promql, start_s, end_s, STEP_S)
            except SourceError as error:
                if error.code not in (*REFUSED_QUERY, 413):
                    raise
                continue
            for track in _worst(rule, tracks):
                row = SignalHistoryRow(track.points, end_s * SECOND, STEP_S * SECOND)
                rows[signal_key(rule.name, service_of(rule, track.labels))] = seal(row)
        return rows


def _worst(rule: SignalRule, tracks: list[Track]) -> list[Track]:
    """Those that were worst at any time of the hour."""
    best = min if rule.direction == "below" else max
    sign = 1 if rule.direction == "below" else -1

    def rank(track: Track) -> tuple[bool, float]:
        known = [value for value in track.points if value is not None]
        return (not known, sign * best(known, default=0.0))

    return sorted(tracks, key=rank)[: 2 * MOST_SERVICES]
