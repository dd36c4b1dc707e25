"""An action as values: what a person asks for, what it will really do, what came of it, and whether it helped.

Request -> Plan (preflight) -> confirmed -> Evidence -> Outcome -> Readings -> Verdict -> the request that undoes it

All of it is kept in the record, and none of it ever holds a secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import decoder_of

# R1: small, and can be undone. R2: people feel it, or it cannot be undone. R3: wide, or one way only.
Danger = Literal["R1", "R2", "R3"]
Judgement = Literal["ok", "explain", "refuse"]
Colour = Literal["GREEN", "EXPLAIN", "REFUSE"]
# "done": the server has said so. "failed", "stale": certainly nothing was changed; "stale" because it is no longer what
# the plan was made from. "partial": some of it was done, as `lines` say. "unknown": sent, and nobody knows.
Result = Literal["done", "failed", "stale", "partial", "unknown"]
Found = Literal["ran", "did not run", "cannot tell"]
VerdictWord = Literal["WORKED", "NO EFFECT", "WORSE", "CANNOT TELL"]

GOOD_FOR_MS: Final[Millis] = MINUTE  # a plan; what is older is made anew
_COLOURS: Final[Mapping[Judgement, Colour]] = {"ok": "GREEN", "explain": "EXPLAIN", "refuse": "REFUSE"}
_ORDER: Final[tuple[Judgement, ...]] = ("ok", "explain", "refuse")


class Aim(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an action is done to: kind "deployment", namespace "production", name "gateway"."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    @property
    def key(self) -> str:
        """A name for it that is a file's name too."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:16]


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody wants done. `parameters` are texts, as they were typed or chosen; `undoes` is the receipt of the
    action that this one takes back."""

    action: str
    aim: Aim
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)
    undoes: str = ""

    @property
    def key(self) -> str:
        """The same for two requests that ask for the same."""
        told = (self.action, str(self.aim), sorted(self.parameters.items()))
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


class Observed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that a judgement rests on, as it was seen: `what` "HPA production/gateway", `version` its
    resourceVersion or start, `said` "min 2, max 10, now 4"."""

    what: str
    said: str
    version: str = ""


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question of the preflight and its answer. A refusal that may be overridden says so."""

    judgement: Judgement
    text: str
    evidence: tuple[Observed, ...] = ()
    overridable: bool = False


class Permission(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the server lets us: None where it cannot say. `right` "patch deployments.apps/scale in production",
    `grant` what mends a no."""

    right: str
    allowed: bool | None
    grant: str = ""


class DryRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of kind "server": the server has tried it and kept nothing. "explained": it cannot try; we say what we know.
    "failed": it has tried and refused, as `text` says."""

    kind: Literal["server", "explained", "failed"]
    text: str = ""


class Alternative(msgspec.Struct, frozen=True):
    """Something better to do, in words, and the request for it."""

    text: str
    request: Request


class Signal(msgspec.Struct, frozen=True, omit_defaults=True):
    """What shows whether it worked: a number that must come to `goal` and stay there for `hold_ms`, within `window_ms`
    of the end of the action. `more`: the goal is reached from below.

    `slack` is how much worse than before is still no worse. `probe`: the console itself reads it, from what its sources
    see: 1 where the probe holds, 0 where it does not; the process that acts has no such eyes.
    """

    text: str
    goal: float
    more: bool = True
    unit: str = ""
    window_ms: Millis = 2 * MINUTE
    hold_ms: Millis = 0
    every_ms: Millis = 2 * SECOND
    slack: float = 0.0
    probe: str = ""

    def met(self, value: float) -> bool:
        return value >= self.goal if self.more else value <= self.goal

    def worse(self, value: float, before: float) -> bool:
        """Whether it is farther from the goal than before, by more than `slack`."""
        return (before - value if self.more else value - before) > self.slack


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """The signal at one instant. `value` None: it could not be read, `text` says why. `undone`: what has taken the
    change back meanwhile, "" where it stands."""

    at: Millis
    value: float | None
    text: str = ""
    undone: str = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an action will really do, from what was observed: all that the dialog shows, and all that is needed to run
    exactly this and nothing else.

    `title` is WHAT, `place` WHERE, `blast` who feels it, `undo` how it is taken back and `lost` what that cannot bring
    back. `diff`: lines that begin with "-", "+" or " ". `by_hand`: the same as commands of the usual tools, without
    secrets. `word` has to be typed, where the class asks for it. `captures`: evidence that is taken before. `calls` is
    the action's own: what it will send, with what must still be so. `deadline_ms` bounds the run. With `reverts_ms` it
    is taken back by its inverse so long after the run, unless somebody says that it shall stay.
    """

    request: Request
    title: str
    place: str
    danger: Danger
    made_at: Millis
    blast: tuple[str, ...] = ()
    undo: str = ""
    lost: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    permissions: tuple[Permission, ...] = ()
    dry_run: DryRun = DryRun("explained")
    diff: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    word: str = ""
    captures: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    signal: Signal | None = None
    before: Reading | None = None
    inverse: Request | None = None
    deadline_ms: Millis = 30 * SECOND
    reverts_ms: Millis = 0
    calls: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def colour(self) -> Colour:
        """The worst of its checks, of its permissions and of the dry run."""
        worst: Judgement = max((check.judgement for check in self.checks), key=_ORDER.index, default="ok")
        barred = self.dry_run.kind == "failed" or any(each.allowed is False for each in self.permissions)
        return "REFUSE" if barred else _COLOURS[worst]

    @property
    def overridable(self) -> bool:
        """Whether what refuses may be overridden: never a permission, nor what the server itself has refused."""
        if self.dry_run.kind == "failed" or any(each.allowed is False for each in self.permissions):
            return False
        return all(check.overridable for check in self.checks if check.judgement == "refuse")

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why it is refused, in words."""
        told = [check.text for check in self.checks if check.judgement == "refuse"]
        told += [f"not allowed: {each.right}" for each in self.permissions if each.allowed is False]
        if self.dry_run.kind == "failed":
            told.append(f"the server refuses it: {self.dry_run.text}")
        return tuple(told)

    @property
    def digest(self) -> str:
        """What was confirmed: another plan has another one."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    @property
    def substance(self) -> str:
        """What a second person approves: the same for a plan that was made again and would do the very same."""
        told = (self.request, self.title, self.danger, self.calls, self.diff, self.refusals)
        return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()

    def stale(self, now: Millis) -> bool:
        """Whether it is too old to be run as it is."""
        return now - self.made_at > GOOD_FOR_MS


def changes(before: Plan, after: Plan) -> tuple[str, ...]:
    """What a person reads otherwise in a plan that was made again: lines that begin with "-" and "+"; versions and the
    age of what was seen are none."""
    old, new = _told(before), _told(after)
    gone = [f"- {line}" for line in old if line not in new]
    return (*gone, *(f"+ {line}" for line in new if line not in old))


def _told(plan: Plan) -> list[str]:
    """All that decides whether somebody wants it, in lines."""
    told = [f"class {plan.danger}", plan.title, plan.place, *plan.blast, f"undo: {plan.undo}"]
    told += [f"lost: {line}" for line in plan.lost]
    told += [f"{check.judgement}: {check.text}" for check in plan.checks]
    told += [f"{'may' if each.allowed else 'may not'} {each.right}" for each in plan.permissions]
    told += [f"dry run {plan.dry_run.kind}: {plan.dry_run.text}", *plan.diff]
    return [*told, f"type {plan.word}"]


class _Watched(msgspec.Struct, frozen=True):
    """As much of a kept plan as says whether it is watched."""

    signal: Signal | None = None


def watched_for(plan: msgspec.Raw) -> Millis:
    """How long after its end an action of this plan, as the record keeps it, is watched; 0 for not at all."""
    try:
        kept = decoder_of(_Watched | None).decode(plan)
    except msgspec.MsgspecError:
        return 0
    return kept.signal.window_ms if kept is not None and kept.signal is not None else 0


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was kept of the state before: `what` "log of production/gw-1, previous container", in lines. `missing`: why
    it could not be had."""

    what: str
    lines: tuple[str, ...] = ()
    left_out: int = 0
    missing: str = ""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of the calls. `inverse` where it differs from the plan's, `lost` what it cannot bring back."""

    result: Result
    text: str
    lines: tuple[str, ...] = ()
    inverse: Request | None = None
    lost: tuple[str, ...] = ()
    took_ms: Millis = 0


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether it helped, by the declared signal. `value` None: not known."""

    word: VerdictWord
    text: str
    before: float | None = None
    value: float | None = None
