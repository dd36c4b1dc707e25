"""Conditions of the API as rows, bounded: an object may carry any number of them, from anybody."""

from __future__ import annotations

from typing import Final

from wfconsole.observations.conditions import ConditionRow
from wfconsole.sources.kubernetes.payloads import Condition
from wfconsole.sources.kubernetes.values import instant
from wfconsole.text import safe

MOST: Final = 32
_WORD: Final = 100  # characters of a type or a reason
_MESSAGE: Final = 500


def condition_rows(conditions: list[Condition] | None) -> tuple[ConditionRow, ...]:
    """The first of them, in the order of the API."""
    return tuple(
        ConditionRow(
            safe(each.type, _WORD),
            safe(each.status, _WORD),
            safe(each.reason, _WORD),
            safe(each.message, _MESSAGE),
            instant(each.last_transition_time),
        )
        for each in (conditions or ())[:MOST]
    )
