"""Conditions of an object: what its controller or kubelet says of it, in its own words."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import Millis

# Conditions that are as they should be while they are True; of all others that is the trouble.
_GOOD_WHEN_TRUE: Final = ("Ready", "AbleToScale", "ScalingActive")


class ConditionRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One condition. `status` is True, False or Unknown; `since` when it became that, 0 where nobody knows."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    since: Millis = 0


def is_fine(condition: ConditionRow) -> bool:
    """Whether it is as it should be; Unknown never is."""
    return condition.status == ("True" if condition.type in _GOOD_WHEN_TRUE else "False")


def message_of(conditions: tuple[ConditionRow, ...], *types: str) -> str:
    """What the first of these conditions says that says something."""
    said = {condition.type: condition.message for condition in conditions}
    return next((said[kind] for kind in types if said.get(kind)), "")
