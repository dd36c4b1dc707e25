"""An action that takes itself back unless somebody says that it stays, in the record."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import declared, entries
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionSettled
from wfconsole.incident.advance import fold
from wfconsole.observations.levels import Level

RAN = (
    declared(),
    ActionIntended("act-1", "Keep 203.0.113.9 out", "block-source", "source 203.0.113.9", "R2"),
    ActionEnded("act-1", "done", "it is kept out", inverse=msgspec.Raw(b'{"action":"unblock-source"}')),
)


@pytest.mark.parametrize(
    ("settled", "text", "state", "can_be_undone", "level"),
    [
        (ActionSettled("act-1", True), "it stays: Keep 203.0.113.9 out", "kept", True, Level.OK),
        (
            ActionSettled("act-1", False, "the console is gone", "done", "it is let in"),
            "taken back by itself: Keep 203.0.113.9 out: the console is gone: it is let in",
            "taken back",
            False,
            Level.OK,
        ),
        (
            ActionSettled("act-1", False, "nobody said", "failed", "no right"),
            "NOT taken back (failed): Keep 203.0.113.9 out: nobody said: no right",
            "not taken back",
            True,
            Level.CRITICAL,
        ),
    ],
    ids=["kept", "taken back", "not taken back"],
)
def test_it_has_a_line_of_its_own(
    settled: ActionSettled, text: str, state: str, can_be_undone: bool, level: Level
) -> None:
    after = fold(entries(*RAN, settled))
    receipt = after.receipts["act-1"]
    assert (receipt.settled, receipt.can_be_undone) == (state, can_be_undone)
    last = list(after.lines.values())[-1]
    assert (last.kind, last.text, last.level) == ("ACTION", text, level)


def test_until_then_it_is_open() -> None:
    receipt = fold(entries(*RAN)).receipts["act-1"]
    assert (receipt.settled, receipt.can_be_undone) == ("", True)


def test_of_one_that_is_not_here() -> None:
    last = list(fold(entries(declared(), ActionSettled("act-9", True))).lines.values())[-1]
    assert last.text == "an action that is not here: it stays"
