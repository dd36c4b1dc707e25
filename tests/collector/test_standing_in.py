"""How it stands with a source that one part stands in for while the others fail."""

from __future__ import annotations

from tests.sources.test_choice import Asked
from wfconsole.collector.standing import Whole, combined
from wfconsole.collector.worker import Standing
from wfconsole.observations.snapshot import Failure, in_words
from wfconsole.sources.contract import Part
from wfconsole.text import clock_time

NOW = 1_700_000_000_000
WELL = Standing(good_at=NOW)
LOST = Failure("refused", "nobody listens", since=NOW, remedy="Start it.")
DENIED = Failure("denied", "403, no", since=NOW - 60_000, remedy="Grant it.")


def stood_in(first: Standing, second: Standing) -> Whole:
    parts = ((Part(Asked("metrics")), first), (Part(Asked("nodes"), "instead", "from the nodes"), second))
    return combined(parts)


def test_who_stands_in_makes_a_source_partial_and_says_since_when() -> None:
    whole = stood_in(Standing(good_at=NOW - 9_000, failure=LOST), Standing(good_at=NOW + 1_000, took_ms=70))
    assert (whole.failure, whole.good_at, whole.took_ms) == (None, NOW + 1_000, 70)
    assert in_words(whole.lacks) == f"from the nodes since {clock_time(NOW)}: nobody listens"


def test_what_was_good_to_have_of_the_first_choice_is_not_missed() -> None:
    usual = (Part(Asked("usual"), "extra", "the usual rate"), Standing(failure=LOST))
    parts = (
        (Part(Asked("log")), Standing(failure=LOST)),
        (Part(Asked("gateway"), "instead", "from the gateway"), WELL),
        usual,
    )
    assert combined(parts).facts == {}
    assert combined((parts[0], usual)).facts == {"the usual rate": "unknown: nobody listens"}


def test_who_could_stand_in_does_not_matter_while_nobody_has_to() -> None:
    for second in (Standing(), Standing(failure=DENIED), Standing(good_at=NOW - 99_000)):
        whole = stood_in(WELL, second)
        assert (whole.good_at, whole.failure, in_words(whole.lacks), whole.facts) == (NOW, None, "", {})


def test_a_look_of_the_stand_in_from_an_earlier_time_does_not_count() -> None:
    whole = stood_in(Standing(good_at=NOW - 9_000, failure=LOST), Standing(good_at=NOW - 1))
    assert (whole.failure, whole.good_at) == (LOST, NOW - 9_000)


def test_when_both_fail_both_say_why_and_the_rows_are_as_old_as_the_newer_ones() -> None:
    whole = stood_in(Standing(failure=LOST), Standing(good_at=NOW + 4_000, failure=DENIED))
    assert whole.failure is not None
    assert (whole.failure.kind, whole.failure.since, whole.good_at) == ("refused", NOW, NOW + 4_000)
    assert (whole.failure.message, whole.failure.remedy) == ("nobody listens; 403, no", "Start it. Grant it.")


def test_rows_that_nobody_renews_are_as_old_as_they_are() -> None:
    """The stand-in of an earlier outage left none: those of the first choice are what is shown."""
    before = Standing(good_at=NOW - 60_000, failure=DENIED)
    whole = stood_in(Standing(good_at=NOW - 9_000, failure=LOST), before)
    assert whole.good_at == NOW - 9_000
