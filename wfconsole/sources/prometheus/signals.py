"""The signals: every rule is asked at each look, over one connection; one that is refused does not harm the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from wfconsole.clock import Millis
from wfconsole.config.metrics import SignalRule, SignalsSettings
from wfconsole.observations.answers import WatchedRule
from wfconsole.observations.signals import GOOD_FOR_MS, SignalRow, State, signal_key
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import SourceError
from wfconsole.sources.prometheus.failures import REFUSED_QUERY
from wfconsole.sources.prometheus.rules import queries, rules_in_force
from wfconsole.sources.prometheus.samples import Sample
from wfconsole.sources.prometheus.server import MetricsPoll, Questions, Server
from wfconsole.sources.sealing import seal
from wfconsole.text import cut

# Services of one rule that get a row: the worst.
MOST_SERVICES: Final = 20
# Rules that symptoms of a runbook may add.
MOST_BESIDES: Final = 40
# So much of a look is kept back for what was asked already to arrive.
_RESERVE_S: Final = 0.5
_TOO_MUCH: Final = 413


class SignalsPoll(MetricsPoll):
    """Fills `table` with a row for each rule, and for the worst services of each."""

    def __init__(self, server: Server, settings: SignalsSettings, interval_ms: Millis) -> None:
        super().__init__("signals", server, interval_ms)
        self._rules = rules_in_force(settings)
        self._own = {rule.name for rule in settings.rules}
        self._window = settings.window
        self._first = 0  # whose turn comes first: where there is no time for all, another rule goes without each time
        self._unasked: list[str] = []
        self._besides: tuple[SignalRule, ...] | None = None  # to be looked at from the next look on
        self._configured = self._rules

    def watch(self, rules: Sequence[WatchedRule]) -> None:
        """Look at these too, in place of those that were given before. Called from another thread."""
        named = {rule.name for rule in self._configured}
        self._besides = tuple(_besides(rule) for rule in rules[:MOST_BESIDES] if rule.name not in named)

    def read(self) -> None:
        besides, self._besides = self._besides, None
        if besides is not None:
            self._rules, self._first = (*self._configured, *besides), 0
        found: dict[str, SignalRow] = {}
        unasked: list[str] = []
        order = self._rules[self._first :] + self._rules[: self._first]
        with self.questions() as ask:
            for asked, rule in enumerate(order):
                if asked and self.left_s() < _RESERVE_S:
                    unasked = [each.name for each in order[asked:]]
                    found |= {each.name: self._row(each, "unasked") for each in order[asked:]}
                    self._first = (self._first + asked) % len(self._rules)
                    break
                found |= self._asked(ask, rule)
        self._unasked = unasked
        self.keep({key: seal(row) for key, row in found.items()})

    def lacks(self) -> tuple[Lack, ...]:
        """Which rules had to go without an answer; one that is refused says so itself."""
        if not self._unasked:
            return ()
        more = f" and {len(self._unasked) - 3} more" if len(self._unasked) > 3 else ""
        return (Lack(f"the server is slow: not asked for {', '.join(self._unasked[:3])}{more}", "bounded"),)

    def _asked(self, ask: Questions, rule: SignalRule) -> dict[str, SignalRow]:
        try:
            answers = [ask.now(promql) for promql in queries(rule, self._window)]
        except SourceError as error:
            if error.code not in (*REFUSED_QUERY, _TOO_MUCH):
                raise
            return {rule.name: self._row(rule, "refused", problem=error.message)}
        now = self.server.now()
        total, services = answers[0], answers[-1] if len(answers) > 1 else ()
        if len(answers) == 1:
            services = [each for each in total if service_of(rule, each.labels)]
            total = [each for each in total if not service_of(rule, each.labels)]
        rows = [self._seen(rule, each, now) for each in (*total[:1], *_worst(rule, services))]
        keyed = {signal_key(row.rule, row.group): row for row in rows}
        return keyed or {rule.name: self._row(rule, "none")}

    def _seen(self, rule: SignalRule, sample: Sample, now: Millis) -> SignalRow:
        group = service_of(rule, sample.labels)
        if now - sample.at > GOOD_FOR_MS:
            return self._row(rule, "old", group, sampled_at=sample.at)
        return self._row(rule, "value" if sample.value is not None else "nan", group, sample.value)

    def _row(
        self,
        rule: SignalRule,
        state: State,
        group: str = "",
        value: float | None = None,
        *,
        problem: str = "",
        sampled_at: Millis = 0,
    ) -> SignalRow:
        return SignalRow(
            rule=rule.name,
            title=rule.shown,
            unit=rule.unit,
            group=group,
            state=state,
            value=value,
            warning=rule.warning,
            critical=rule.critical,
            below=rule.direction == "below",
            slo=rule.slo,
            own=rule.name in self._own,
            place=next(place for place, each in enumerate(self._rules) if each is rule),
            promql=queries(rule, self._window)[0] if not group or "$by" not in rule.promql else "",
            problem=problem,
            sampled_at=sampled_at,
        )


def _besides(rule: WatchedRule) -> SignalRule:
    direction: Literal["above", "below"] = "below" if rule.below else "above"
    return SignalRule(rule.name, rule.promql, title=cut(rule.title, 24), warning=rule.bound, direction=direction)


def service_of(rule: SignalRule, labels: Mapping[str, str]) -> str:
    """The values of the rule's labels; of all labels where it names none."""
    if rule.group:
        return "/".join(labels[name] for name in rule.group if labels.get(name))
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__")


def _worst(rule: SignalRule, samples: Sequence[Sample]) -> list[Sample]:
    """The services that get a row. What has no traffic comes last."""
    sign = 1 if rule.direction == "below" else -1
    named = [each for each in samples if service_of(rule, each.labels)]
    return sorted(named, key=lambda each: (each.value is None, sign * (each.value or 0.0)))[:MOST_SERVICES]
