"""Which severity the policy's own signs speak for, with the reasons. A proposal: a person decides.

When in doubt it is the worse one: a sign that cannot be told counts for its severity, as long as anything at all speaks
for an incident. What no source here can show (none is configured for it) counts for none, and is said.
"""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.policy import SeverityName, SeverityPolicy, SeverityRule
from wfconsole.incident.symptoms import SymptomSeen, SymptomsHeld, see
from wfconsole.observations.world import World

_DOUBTFUL: Final = ("cannot tell", "not yet")


class Proposal(msgspec.Struct, frozen=True):
    """`severity` is "" where nothing that is seen speaks for an incident, or where the policy names no signs.

    `reasons` say why it is this one, the strongest first; `doubts` what cannot be told of it and of worse ones;
    `unseen` names the signs that nothing here can show. `sure`: whether a sign of this very severity was seen.
    """

    severity: SeverityName | str = ""
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    sure: bool = False


def propose(
    policy: SeverityPolicy, world: World, held: SymptomsHeld, now: Millis, *, something_is_wrong: bool
) -> Proposal:
    """The worst severity for which a sign speaks, or may speak.

    `something_is_wrong`: anything else speaks for an incident, such as a symptom of a playbook. With nothing that does,
    what cannot be told, or has not held for long enough, is said and proposes nothing: rollouts are daily life.
    """
    seen = [(rule, tuple(see(sign, world, held, now) for sign in rule.signs)) for rule in policy.rules]
    unseen = tuple(sign.text for _, signs in seen for sign in signs if sign.state == "ask people")
    doubts = tuple(f"{rule.name} {_doubt(sign)}" for rule, signs in seen for sign in signs if sign.state in _DOUBTFUL)
    certain = next((rule for rule, signs in seen if _of(signs, "present")), None)
    with_signs = [rule for rule, signs in seen if signs]
    if not with_signs:
        return Proposal(reasons=("the severity policy names no signals: go by its criteria",))
    if certain is None and not something_is_wrong:
        return Proposal("", ("nothing that is seen speaks for an incident",), doubts, unseen)
    worst = next((rule for rule, signs in seen if _of(signs, "present", *_DOUBTFUL)), with_signs[-1])
    signs = next(signs for rule, signs in seen if rule is worst)
    up_to = policy.rules[: policy.rules.index(worst) + 1]
    near = tuple(text for text in doubts if any(text.startswith(rule.name) for rule in up_to))
    return Proposal(worst.name, _reasons(worst, signs, certain, seen), near, unseen, bool(_of(signs, "present")))


def _of(signs: tuple[SymptomSeen, ...], *states: str) -> list[SymptomSeen]:
    return [sign for sign in signs if sign.state in states]


def _reasons(
    worst: SeverityRule,
    signs: tuple[SymptomSeen, ...],
    certain: SeverityRule | None,
    seen: list[tuple[SeverityRule, tuple[SymptomSeen, ...]]],
) -> tuple[str, ...]:
    """What speaks for it: its own signs; else that it cannot be ruled out, and what is certain."""
    present = _of(signs, "present")
    if present:
        return tuple(f"{sign.text}: {sign.evidence}" for sign in present)
    sure = tuple(
        f"{rule.name} for certain: {sign.text}: {sign.evidence}"
        for rule, of_rule in seen
        if rule is certain
        for sign in _of(of_rule, "present")
    )
    doubtful = _of(signs, *_DOUBTFUL)
    if doubtful:
        return (*(_doubt(sign) for sign in doubtful), *sure)
    return (f"something is wrong and no sign of a severity holds: {worst.name} is the mildest one that has signs",)


def _doubt(sign: SymptomSeen) -> str:
    if sign.state == "not yet":
        return f"not certain yet: {sign.text}: {sign.evidence}"
    return f"{sign.state}: {sign.text} ({sign.evidence})"
