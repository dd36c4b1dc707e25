"""Which playbooks fit what is seen: "3 of 4 symptoms", with what is missing. It offers; people choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import HOUR, SECOND, Millis
from wfconsole.incident.playbook import Runbook, Symptom
from wfconsole.incident.policy import SeveritySign
from wfconsole.incident.probing import ProbeResult, Shared, doubt, evaluate, understood
from wfconsole.incident.state import Answered, IncidentState, symptom_key
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.judged import Judged
from wfconsole.observations.signals import form, judge_signal
from wfconsole.observations.snapshot import STALE_AFTER_INTERVALS
from wfconsole.observations.world import World
from wfconsole.text import clock_time

SymptomState = Literal["present", "absent", "not yet", "cannot tell", "ask people"]

# What somebody said so long before the incident was declared, or with none declared, is asked again.
ANSWER_GOOD_FOR: Final[Millis] = HOUR
# A source with many rows is gone through less often: 10,000 pods every 10 s, which takes some milliseconds.
_ROWS_AT_EACH_LOOK: Final = 500
_LONGEST_PACE: Final[Millis] = 10 * SECOND
# Who has none of these has no trouble with them either; a cluster without pods would be another matter.
_MAY_BE_NOWHERE: Final = frozenset(("gpus", "inference", "replicas"))
_LINES_KEPT: Final = 4  # the summary, and the first rows that it counts


class SymptomSeen(msgspec.Struct, frozen=True):
    """One symptom of a playbook as it stands, with the evidence it rests on. "ask people": no data can show it, or
    not here, where the source that would is not configured, or has nothing of the kind.

    `at` is the instant of the sample behind the evidence, `since` since when it holds without a break, as far as known;
    0 where that means nothing. `source`: the first one that it rests on, `asked` what must be true, and for how long.
    `by_people`: somebody said so, no data does.
    """

    text: str
    state: SymptomState
    evidence: str = ""
    at: Millis = 0
    since: Millis = 0
    source: str = ""
    asked: str = ""
    by_people: bool = False
    rows: tuple[str, ...] = ()  # the first of those that the evidence counts

    @property
    def may_be_answered(self) -> bool:
        """Whether a person's word counts: where data speaks, it is data that counts."""
        return self.by_people or self.state in ("ask people", "cannot tell")


class Match(msgspec.Struct, frozen=True):
    """How well one playbook fits. `watched` counts the symptoms that data can show, or that somebody has answered for;
    only those make a share."""

    playbook: str
    title: str
    present: int
    watched: int
    symptoms: tuple[SymptomSeen, ...]

    @property
    def share(self) -> float:
        """For the order: four of five is more than one of one."""
        return self.present / (self.watched + 1)

    @property
    def summary(self) -> str:
        """ "3 of 4 symptoms", and what is missing or unknown."""
        said = (
            f"{self.present} of {counted(self.watched, 'symptom')}" if self.watched else "no symptom that data can show"
        )
        absent = [seen.text for seen in self.symptoms if seen.state in ("absent", "not yet")]
        unknown = [seen.text for seen in self.symptoms if seen.state == "cannot tell"]
        parts = [said]
        if absent:
            parts.append(f"missing: {', '.join(absent)}")
        if unknown:
            parts.append(f"unknown: {', '.join(unknown)}")
        return "; ".join(parts)


class Looked(msgspec.Struct, frozen=True):
    """What a probe showed when it was looked at last, at `at`."""

    result: ProbeResult
    at: Millis


class SymptomsHeld(msgspec.Struct, frozen=True):
    """Since when each symptom's probe holds without a break, by the probe's text, and what it showed last.

    `since` goes on over a time in which nobody could tell; `sure_since` begins anew after it, and is what a bound such
    as "for 5 minutes" is held against. `looked_at`: when the symptoms of a source were gone through last.
    """

    since: Mapping[str, Millis] = msgspec.field(default_factory=dict)
    sure_since: Mapping[str, Millis] = msgspec.field(default_factory=dict)
    looked: Mapping[str, Looked] = msgspec.field(default_factory=dict)
    looked_at: Mapping[str, Millis] = msgspec.field(default_factory=dict)

    def after(
        self, runbook: Runbook, world: World, now: Millis, source: str = "", judged: Judged | None = None
    ) -> SymptomsHeld:
        """Looked again at `now`, at all of them or at those that rest on a source that has just spoken. `judged`: how
        the rows of this world were judged, where that is known.

        What cannot be told keeps its beginning: a lost source is no recovery.
        """
        if source and not self._is_due(world, source, now):
            return self
        probes = watched_probes(runbook)
        if source:
            probes = tuple(text for text in probes if source in understood(text).sources)
            if not probes:
                return self
        since, sure, looked = dict(self.since), dict(self.sure_since), dict(self.looked)
        shared = Shared(judged)
        for text in probes:
            before = self.looked.get(text)
            result = evaluate(understood(text), world, now, shared)
            looked[text] = Looked(msgspec.structs.replace(result, lines=result.lines[:_LINES_KEPT]), now)
            if result.holds is False:
                since.pop(text, None)
            elif result.holds:
                since[text] = min(since.get(text, now), now)
            if result.holds is not True:
                sure.pop(text, None)
            elif text not in sure or before is None or _long_ago(text, world, before.at, now):
                sure[text] = now
        return SymptomsHeld(since, sure, looked, {**self.looked_at, source: now} if source else self.looked_at)

    def lasted(self, probe: str, now: Millis) -> Millis:
        """For how long it has held for sure."""
        return max(0, now - self.sure_since.get(probe, self.since.get(probe, now)))

    def _is_due(self, world: World, source: str, now: Millis) -> bool:
        if source not in world.snapshots:
            return False
        rows = len(world.snapshots[source].rows)
        pace = 0 if rows <= _ROWS_AT_EACH_LOOK else min(_LONGEST_PACE, rows)
        last = self.looked_at.get(source)
        return last is None or now < last or now - last >= pace


def watched_probes(runbook: Runbook) -> tuple[str, ...]:
    """The probes of all symptoms and of all signs of a severity, each once."""
    symptoms = (symptom.live for playbook in runbook.playbooks for symptom in playbook.symptoms)
    signs = (sign.live for rule in runbook.policy.rules for sign in rule.signs)
    return tuple(dict.fromkeys(text for text in (*symptoms, *signs) if text))


def match_playbooks(
    runbook: Runbook, world: World, held: SymptomsHeld, now: Millis, incident: IncidentState | None = None
) -> tuple[Match, ...]:
    """All playbooks, the best match first; equally good ones in the runbook's order."""
    matches = []
    for playbook in runbook.playbooks:
        seen = tuple(
            _with_answer(see(symptom, world, held, now), playbook.id, incident, now) for symptom in playbook.symptoms
        )
        present = sum(one.state == "present" for one in seen)
        watched = sum(one.state != "ask people" for one in seen)
        matches.append(Match(playbook.id, playbook.title, present, watched, seen))
    return tuple(sorted(matches, key=lambda match: -match.share))


def fits(matches: tuple[Match, ...]) -> str:
    """ "2 of 4 symptoms of Service outage", for the best match where more than one symptom or half of them are there;
    one alone is daily life."""
    best = next(iter(matches), None)
    if best is None or not best.present or (best.present == 1 and best.watched > 2):
        return ""
    return f"{best.present} of {counted(best.watched, 'symptom')} of {best.title}"


def see(symptom: Symptom | SeveritySign, world: World, held: SymptomsHeld, now: Millis) -> SymptomSeen:
    """How one symptom, or one sign of a severity, stands at `now`, as far as data can show."""
    text, probe = symptom.text, symptom.live
    if not probe:
        return SymptomSeen(text, "ask people")
    sources = understood(probe).sources
    looked = held.looked.get(probe) or Looked(evaluate(understood(probe), world, now), now)
    result = looked.result
    unknown = doubt(understood(probe), world, now)
    why = result.why if result.holds is None else ""
    evidence = unknown or _of_measure(symptom, world) or why or next(iter(result.lines), "")
    at = min((world.snapshots[name].good_at or 0 for name in sources if name in world.snapshots), default=0)
    seen = SymptomSeen(text, "absent", evidence, min(at, looked.at), source=sources[0], asked=_asked(symptom))
    if any(_is_not_here(world, name) for name in sources):
        return msgspec.structs.replace(seen, state="ask people")
    if result.holds is None or unknown:
        return msgspec.structs.replace(seen, state="cannot tell")
    seen = msgspec.structs.replace(seen, rows=tuple(result.lines[1:_LINES_KEPT]))
    if not result.holds:
        return seen
    seen = msgspec.structs.replace(seen, since=held.since.get(probe, looked.at))
    lasted = held.lasted(probe, now)
    if lasted < symptom.hold_ms:
        waiting = f"{seen.evidence}, true for {spell_duration(lasted)}, needs {spell_duration(symptom.hold_ms)}"
        return msgspec.structs.replace(seen, state="not yet", evidence=waiting)
    return msgspec.structs.replace(seen, state="present")


def _is_not_here(world: World, source: str) -> bool:
    """Whether nothing of the kind is to be seen from here at all: that is no doubt about it."""
    snapshot = world.snapshots.get(source)
    return snapshot is None or (source in _MAY_BE_NOWHERE and snapshot.good_at is not None and not snapshot.rows)


def _of_measure(symptom: Symptom | SeveritySign, world: World) -> str:
    """The value of a symptom's own PromQL, or why it has none; "" for a symptom without."""
    measure = symptom.measure if isinstance(symptom, Symptom) else None
    if measure is None or "signals" not in world.snapshots:
        return ""
    rows = [row for row in world.signals.values() if row.rule == measure.rule]
    known = [row.value for row in rows if row.value is not None]
    if known:
        worst = max(known) if measure.op.startswith(">") else min(known)
        return f"{form(worst, 'count')} (asked: {measure.op} {measure.bound:g})"
    return judge_signal(rows[0], 0).reason if rows else "Prometheus was not asked for it"


def _asked(symptom: Symptom | SeveritySign) -> str:
    return f"{symptom.live} for {spell_duration(symptom.hold_ms)}" if symptom.hold_ms else symptom.live


def answer_of(incident: IncidentState, key: str, now: Millis) -> tuple[bool, Answered] | None:
    """What somebody said of a symptom; None where nobody did, or it is too long ago to count."""
    said, answered = incident.answers.get(key), incident.answered.get(key)
    if said is None or answered is None:
        return None
    begins = incident.declared_at if incident.declared else now
    return None if answered.at < begins - ANSWER_GOOD_FOR else (said, answered)


def _with_answer(seen: SymptomSeen, playbook: str, incident: IncidentState | None, now: Millis) -> SymptomSeen:
    """A person's word, where data cannot speak."""
    found = answer_of(incident, symptom_key(playbook, seen.text), now) if incident is not None else None
    if found is None or not seen.may_be_answered:
        return seen
    present, answered = found
    data = f"; data: {seen.evidence}" if seen.evidence else ""
    evidence = f"{'yes' if present else 'no'}, says {answered.by} {clock_time(answered.at)}{data}"
    return msgspec.structs.replace(
        seen, state="present" if present else "absent", evidence=evidence, at=answered.at, by_people=True
    )


def _long_ago(probe: str, world: World, before: Millis, now: Millis) -> bool:
    """Whether the look before is so old that nobody knows what was between."""
    intervals = [world.snapshots[name].interval_ms for name in understood(probe).sources if name in world.snapshots]
    allowed = max(_LONGEST_PACE + SECOND, STALE_AFTER_INTERVALS * max(intervals, default=0))
    return now < before or now - before > allowed
