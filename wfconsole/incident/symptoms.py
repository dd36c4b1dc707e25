"""Which playbooks fit what is seen: "3 of 4 symptoms", with what is missing. It offers; people choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.playbook import Checklist, Runbook, Symptom
from wfconsole.incident.probing import evaluate, understood
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.levels import Quality
from wfconsole.observations.world import World

SymptomState = Literal["present", "absent", "not yet", "cannot tell", "ask people"]


class SymptomSeen(msgspec.Struct, frozen=True):
    """One symptom of a playbook as it stands, with the evidence it rests on. "ask people": no data can show it, or
    not here, where the source that would is not configured."""

    text: str
    state: SymptomState
    evidence: str = ""


class Match(msgspec.Struct, frozen=True):
    """How well one playbook fits. `watched` counts the symptoms that data can show; only those make a share."""

    playbook: str
    title: str
    present: int
    watched: int
    symptoms: tuple[SymptomSeen, ...]

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


class SymptomsHeld(msgspec.Struct, frozen=True):
    """Since when each symptom's probe holds without a break, by the probe's text."""

    since: Mapping[str, Millis] = msgspec.field(default_factory=dict)

    def after(self, runbook: Runbook, world: World, now: Millis) -> SymptomsHeld:
        """Looked again at `now`. What cannot be told keeps its beginning: a lost source is no recovery."""
        since: dict[str, Millis] = {}
        for symptom in _watched(runbook.playbooks):
            holds = evaluate(understood(symptom.live), world, now).holds
            if holds or (holds is None and symptom.live in self.since):
                since[symptom.live] = min(self.since.get(symptom.live, now), now)
        return SymptomsHeld(since)


def match_playbooks(runbook: Runbook, world: World, held: SymptomsHeld, now: Millis) -> tuple[Match, ...]:
    """All playbooks, the best match first; equally good ones in the runbook's order."""
    matches = []
    for playbook in runbook.playbooks:
        seen = tuple(_seen(symptom, world, held, now) for symptom in playbook.symptoms)
        present = sum(one.state == "present" for one in seen)
        watched = sum(one.state != "ask people" for one in seen)
        matches.append(Match(playbook.id, playbook.title, present, watched, seen))
    return tuple(sorted(matches, key=lambda match: -(match.present / match.watched if match.watched else 0.0)))


def _watched(playbooks: Iterable[Checklist]) -> Iterable[Symptom]:
    return (symptom for playbook in playbooks for symptom in playbook.symptoms if symptom.live)


def _seen(symptom: Symptom, world: World, held: SymptomsHeld, now: Millis) -> SymptomSeen:
    if not symptom.live:
        return SymptomSeen(symptom.text, "ask people")
    result = evaluate(understood(symptom.live), world, now)
    evidence = result.why or (result.lines[0] if result.lines else "")
    if result.quality == Quality.OFF:
        return SymptomSeen(symptom.text, "ask people", evidence)
    if result.holds is None:
        return SymptomSeen(symptom.text, "cannot tell", evidence)
    if not result.holds:
        return SymptomSeen(symptom.text, "absent", evidence)
    lasted = now - held.since.get(symptom.live, now)
    if lasted < symptom.hold_ms:
        waiting = f"{evidence}, for {spell_duration(lasted)} of {spell_duration(symptom.hold_ms)}"
        return SymptomSeen(symptom.text, "not yet", waiting)
    return SymptomSeen(symptom.text, "present", evidence)
