"""Prometheus under the doctor's eyes: whether it answers queries, how new its samples are, and what each rule gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.checks import Check, State
from wfconsole.observations.signals import SignalRow
from wfconsole.sources.checking import Looks, used_permission
from wfconsole.sources.contract import Source, Task
from wfconsole.sources.prometheus.history import HistoryPoll
from wfconsole.sources.prometheus.server import MetricsPoll, Server
from wfconsole.text import age

_SYSTEM: Final = "prometheus"
# Targets are scraped each minute or more often; a sample that is older means that scraping stands still.
OLD_MS: Final[Millis] = 2 * MINUTE
_NEWEST: Final = "time() - max(timestamp(up))"
_TARGETS: Final = "count(up)"
_RULES: Final[Mapping[str, tuple[State, str, str]]] = {
    "value": ("ok", "", ""),
    "nan": ("ok", "no number: a division by nothing, such as no traffic", ""),
    "none": ("off", "no series: its exporter is not scraped, or there is nothing to measure", ""),
    "old": ("problem", "its newest sample is old", "Is its exporter still scraped?"),
    "refused": ("problem", "", "Mend the rule's promql in [[signals.rules]]."),
    "unasked": ("unknown", "not asked for want of time", ""),
}


class MetricsExamination(MetricsPoll):
    """See `checking.Examination`."""

    def __init__(self, server: Server, sources: Sequence[Source], interval_ms: Millis) -> None:
        super().__init__("newest sample", server, interval_ms)
        self.sources = sources
        self.identity = server.settings.user  # it tells nobody who they are
        self._newest_ms: Millis | None = None
        self._targets = 0

    @property
    def tasks(self) -> Sequence[Task]:
        return (self,)

    @property
    def where(self) -> str:
        return self.server.host

    @property
    def ahead_ms(self) -> Millis | None:
        return self.server.ahead_ms

    def read(self) -> None:
        """Two queries."""
        with self.questions() as ask:
            newest, targets = ask.now(_NEWEST), ask.now(_TARGETS)
        values = [each.value for each in newest if each.value is not None]
        self._newest_ms = max(0, round(values[0] * SECOND)) if values else None
        self._targets = round(next((each.value for each in targets if each.value is not None), 0.0))

    def checks(self, looks: Looks) -> Sequence[Check]:
        """Both ways to ask, the newest sample, and each rule."""
        found = [used_permission(looks.of(self), _SYSTEM, "query")]
        history = (part.task for source in self.sources for part in source.parts if isinstance(part.task, HistoryPoll))
        found += [used_permission(looks.of(task), _SYSTEM, "query_range", "signal_history") for task in history]
        if looks.of(self).error is None:
            found.append(self._fresh())
        return [*found, *_rules(looks.rows.get("signals", {}))]

    def _fresh(self) -> Check:
        newest = self._newest_ms
        if newest is None:
            remedy = "See its page Status, Targets: what is scraped, and why not."
            return Check(
                _SYSTEM, "", "fresh", "newest sample", "problem", "nothing is scraped: no series of up", remedy
            )
        told = f"{age(newest)} old, of {self._targets} target{'' if self._targets == 1 else 's'}"
        if newest > OLD_MS:
            return Check(
                _SYSTEM, "", "fresh", "newest sample", "problem", told, "Does it scrape, and is its disk full?"
            )
        return Check(_SYSTEM, "", "fresh", "newest sample", "ok", told)


def _rules(rows: Mapping[str, bytes]) -> Iterable[Check]:
    """One check for each rule: its total, or the worst service where there is no total, stands for it."""
    told: dict[str, SignalRow] = {}
    for row in (decoder_of(SignalRow).decode(each) for each in rows.values()):
        if row.rule not in told or not row.group:
            told[row.rule] = row
    for row in sorted(told.values(), key=lambda each: each.place):
        state, detail, remedy = _RULES[row.state]
        yield Check(_SYSTEM, "signals", "rows", f"rule {row.rule}", state, detail or row.problem, remedy)
