"""What an action asks of the commander, from its intent to its verdict."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW, declared, entries
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionSettled, ActionVerified
from wfconsole.incident.action_needs import ASKED_FOR, PATIENCE, action_needs, actions_under_way
from wfconsole.incident.advance import fold
from wfconsole.incident.attention import Situation, attention
from wfconsole.incident.events import EntryStarred, Event
from wfconsole.incident.plan import Aim, Plan, Request, Signal
from wfconsole.observations.levels import Level

AIM = Aim("deployment", "gateway", "shop")
TITLE = "Scale deployment shop/gateway 4 -> 10"
PLAN = Plan(Request("scale", AIM), TITLE, "here", "R1", NOW, signal=Signal("ready pods", 10.0, window_ms=3 * MINUTE))


def intended(plan: Plan | None = PLAN) -> ActionIntended:
    return ActionIntended("r1", TITLE, "scale", str(AIM), "R1", plan=msgspec.Raw(msgspec.json.encode(plan)))


ENDED = ActionEnded("r1", "done", "10 replicas")
RAN = (declared(), intended(), ENDED)  # e1 at NOW, e2 a minute on, e3 two


def told(*events: Event, after: Millis = 0) -> list[tuple[str, Level]]:
    """What is asked so long after the last entry, of either kind."""
    made = entries(*events)
    state, now = fold(made), made[-1].at + after
    return [(need.text, need.level) for need in (*action_needs(state, now), *actions_under_way(state, now))]


def test_while_it_runs_it_says_for_how_long_and_asks_nothing() -> None:
    assert told(declared(), intended(), after=12 * SECOND) == [(f"runs for 12s: {TITLE}", Level.WATCH)]


def test_after_a_minute_without_a_word_it_is_unknown() -> None:
    ((text, level),) = told(declared(), intended(), after=PATIENCE + 1)
    assert (text.split(",")[0], level) == ("action UNKNOWN", Level.CRITICAL)


def test_while_it_is_watched_it_says_for_how_long_still() -> None:
    assert told(*RAN, after=MINUTE) == [(f"watched, does it help? 2m00s at most: {TITLE}", Level.WATCH)]
    assert told(*RAN, after=4 * MINUTE) == []


def test_the_line_of_the_record_says_that_it_is_watched_until_there_is_a_verdict() -> None:
    def line(*events: Event) -> str:
        return [line.text for line in fold(entries(*events)).lines.values() if line.kind == "ACTION"][-1]

    assert line(declared(), intended()) == f"begun: {TITLE}: not known yet how it ended"
    assert line(*RAN) == f"done, watched for 3m00s: {TITLE}: 10 replicas"
    assert line(*RAN, ActionVerified("r1", "WORKED", "10 pods")) == f"WORKED: {TITLE}: 10 pods"
    assert line(declared(), intended(None), ENDED) == f"done: {TITLE}: 10 replicas"


@pytest.mark.parametrize(
    ("events", "text", "level"),
    [
        ((ActionEnded("r1", "unknown", "no answer"),), "action UNKNOWN", Level.CRITICAL),
        ((ActionEnded("r1", "partial", "2 of 3"),), "action only done in part", Level.CRITICAL),
        ((ENDED, ActionVerified("r1", "WORSE", "")), "action made it WORSE", Level.CRITICAL),
        ((ENDED, ActionVerified("r1", "NO EFFECT", "")), "action NO EFFECT", Level.WARNING),
        ((ENDED, ActionVerified("r1", "CANNOT TELL", "")), "action CANNOT TELL", Level.WARNING),
        ((ENDED, ActionSettled("r1", False, result="failed")), "NOT taken back by itself", Level.CRITICAL),
    ],
    ids=["unknown", "partial", "worse", "no effect", "cannot tell", "not taken back"],
)
def test_an_end_that_is_not_well_asks_for_an_answer_until_somebody_has_taken_it_up(
    events: tuple[Event, ...], text: str, level: Level
) -> None:
    first = told(declared(), intended(), *events)[0]
    assert (first[0].startswith(text), first[1]) == (True, level)
    taken_up = told(declared(), intended(), *events, EntryStarred("e2", True))
    assert [each for each in taken_up if each[1] > Level.WATCH] == []


def test_what_worked_asks_nothing_and_a_verdict_is_history_after_a_while() -> None:
    assert told(*RAN, ActionVerified("r1", "WORKED", "")) == []
    assert told(*RAN, ActionVerified("r1", "NO EFFECT", ""), after=ASKED_FOR) == []


def test_it_stands_in_the_order_behind_what_is_urgent() -> None:
    state = fold(entries(*RAN))
    needs = attention(Situation(NOW + 3 * MINUTE, state))
    assert [(need.goto, need.level) for need in needs if need.goto.startswith("action:")] == [
        ("action:r1", Level.WATCH)
    ]
