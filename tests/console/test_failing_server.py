"""A server that answers, and badly: the pane keeps what it had, in brackets with its age, until it is well again."""

from __future__ import annotations

import re

import pytest

from tests.collector.test_faults import FAULTS, expired_and_then
from tests.console.desk import Desk, kill
from tests.sources.api_double import ApiDouble

BAD = "(?:! ERROR|≈ STALE)"  # an error, until what was seen last is old
SAID = {
    "401": "× DENIED",
    "403": "× DENIED",
    "429": "≈ STALE",
    **dict.fromkeys(("500", "410 for every list", "a body, byte by byte", "a hundred megabytes"), BAD),
}


@pytest.mark.slow
def test_every_bad_answer_leaves_the_last_that_was_seen_with_its_age_and_is_over_when_it_is_over(
    watch: Desk, double: ApiDouble
) -> None:
    well = re.compile(r"3 Pods +■")
    with watch.watching() as terminal:
        for fault, said in SAID.items():
            terminal.wait_for(well)
            double.behaviour = expired_and_then(FAULTS[fault][0])
            terminal.wait_for(re.compile(rf"3 Pods +{said} +\(.*ready\).* ([2-9]|\d\d)s$", re.MULTILINE))
            double.mend()
        terminal.wait_for(well)
        kill(terminal)
