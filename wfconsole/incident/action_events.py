"""What happens to an action, for the record; see `wfconsole.incident.events`, whose union these belong to.

Plans and requests are kept as they were encoded: a console that only reads them never loads what they are made of.
"""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis


class ActionsArmed(msgspec.Struct, frozen=True, tag="armed", omit_defaults=True):
    """Production may be changed from here until then."""

    until: Millis
    reason: str = ""


class ActionsDisarmed(msgspec.Struct, frozen=True, tag="disarmed", omit_defaults=True):
    reason: str = ""


class EvidenceKept(msgspec.Struct, frozen=True, tag="evidence", omit_defaults=True):
    """What was there before an action, as `incident.plan.Evidence` says it."""

    receipt: str
    what: str
    lines: tuple[str, ...] = ()
    left_out: int = 0
    missing: str = ""


class ActionIntended(msgspec.Struct, frozen=True, tag="action", omit_defaults=True):
    """A person has confirmed a plan and it is about to run: in the journal before its first byte leaves.

    `receipt` is its id. `plan` is the `incident.plan.Plan`, whole. `override`: why what the preflight refused is done
    all the same. `approved_by`: the second person; `break_glass`: why there was none. `undoes`: the receipt that this
    one takes back.
    """

    receipt: str
    title: str
    action: str
    aim: str
    danger: str
    plan: msgspec.Raw = msgspec.Raw(b"null")
    reason: str = ""
    override: str = ""
    approved_by: str = ""
    break_glass: str = ""
    undoes: str = ""
    step: str = ""


class ActionEnded(msgspec.Struct, frozen=True, tag="action-ended", omit_defaults=True):
    """What came of it, as `incident.plan.Outcome` says it. `inverse`: the `incident.plan.Request` that takes it back,
    null where nothing does. `found_later`: nobody heard how it ended, and the server was asked."""

    receipt: str
    result: str
    text: str
    lines: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    inverse: msgspec.Raw = msgspec.Raw(b"null")
    took_ms: Millis = 0
    found_later: bool = False


class ActionVerified(msgspec.Struct, frozen=True, tag="action-verified", omit_defaults=True):
    """Whether it has helped: WORKED, NO EFFECT, WORSE or CANNOT TELL, and what shows it."""

    receipt: str
    verdict: str
    text: str


class ActionSettled(msgspec.Struct, frozen=True, tag="action-settled", omit_defaults=True):
    """An action that would take itself back stays, because somebody said so (`kept`); or it was taken back: `result`,
    `text` and `lines` are what came of that, `why` the reason for it."""

    receipt: str
    kept: bool
    why: str = ""
    result: str = ""
    text: str = ""
    lines: tuple[str, ...] = ()
