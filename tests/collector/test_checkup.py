"""The doctor's bounds: whatever hangs or breaks is told as that, in time, and holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from wfconsole.clock import SECOND, Millis
from wfconsole.collector.checkup import check_all
from wfconsole.collector.conclusions import concluded
from wfconsole.collector.examinations import Plan, plans
from wfconsole.collector.settings import CollectorSettings
from wfconsole.observations.checks import Check
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.checking import Examination, Look, Looks
from wfconsole.sources.contract import Part, Role, Source, SourceError, Task
from wfconsole.sources.polling import PolledSource
from wfconsole.wiring.collecting import CLUSTER_SOURCES

LONG_S = 30


class Step:
    """A task that does as it is told."""

    def __init__(self, does: Callable[[], object] = lambda: None, name: str = "rows") -> None:
        self.name = name
        self._does = does

    def overdue_ms(self) -> Millis:
        return 0

    def cut(self) -> None:
        """Like a task that hangs where nothing reaches it."""

    def step(self, proven: Callable[[], None]) -> Millis:
        self._does()
        proven()
        return SECOND


def raises(error: Exception) -> Callable[[], None]:
    def does() -> None:
        raise error

    return does


class Made:
    """An examination of tasks that are given."""

    where, identity = "there", "op1"
    ahead_ms: Millis | None = 0

    def __init__(self, *parts: tuple[Role, Task], who: Task | None = None, partial: str = "") -> None:
        self.tasks: Sequence[Task] = (who or Step(name="who we are"),)
        made = tuple(Part(task, role, "names") for role, task in parts)
        self.sources: Sequence[Source] = (
            PolledSource("pods", SECOND, made, dict, lacks=lambda: (Lack(partial),) if partial else ()),
        )

    def checks(self, looks: Looks) -> Sequence[Check]:
        del looks
        return ()


def told(examination: Examination, *errors: SourceError | None) -> dict[str, Check]:
    """The conclusions, by name, where the tasks ended like this: who we are first."""
    tasks = [*examination.tasks, *(part.task for source in examination.sources for part in source.parts)]
    looks = [Look(task, error) for task, error in zip(tasks, errors, strict=True)]
    return {check.name: check for check in concluded("kubernetes", examination, Looks(looks, {"pods": {"a": b"{}"}}))}


REFUSED = SourceError("refused", "nobody listens", remedy="Start it; it is tried again by itself.")
DENIED = SourceError("denied", "who are you", remedy="Log in again; it is tried again by itself.", code=401)
FORBIDDEN = SourceError("denied", "not for you", remedy="Grant list on pods.", code=403)
ABSENT = SourceError("not-served", "not served here (404)", remedy="Install it.")


def test_what_got_through_once_is_reachable_and_knows_us() -> None:
    found = told(Made(("whole", Step())), REFUSED, None)
    assert (found["reachable"].state, found["authenticated"].detail) == ("ok", "op1")
    assert found["pods"].detail == "1 row"


@pytest.mark.parametrize(
    ("error", "reachable", "authenticated"),
    [(REFUSED, "problem", "unknown"), (DENIED, "ok", "problem"), (FORBIDDEN, "ok", "ok"), (ABSENT, "ok", "unknown")],
    ids=["refused", "401", "403", "404"],
)
def test_what_every_look_failed_with_tells_how_far_we_come(
    error: SourceError, reachable: str, authenticated: str
) -> None:
    found = told(Made(("whole", Step())), error, error)
    assert (found["reachable"].state, found["authenticated"].state) == (reachable, authenticated)
    assert "by itself" not in "".join(check.remedy for check in found.values())


@pytest.mark.parametrize(
    ("ahead", "state", "detail"),
    [
        (None, "unknown", "the server does not tell its time"),
        (4_900, "ok", "+4 s"),
        (-900, "ok", "+0 s"),  # dates of HTTP have whole seconds
        (43_000, "problem", "the server's clock is ahead by 43 s"),
        (-90_000, "problem", "the server's clock is behind by 90 s"),
    ],
)
def test_a_clock_is_well_while_ages_are_about_right(ahead: Millis | None, state: str, detail: str) -> None:
    examination = Made(("whole", Step()))
    examination.ahead_ms = ahead
    clock = told(examination, None, None)["clock"]
    assert (clock.state, clock.detail) == (state, detail)


def test_who_failed_first_tells_why_and_not_who_waited_for_it() -> None:
    examination = Made(("whole", rows := Step()))
    waited = Look(examination.tasks[0], SourceError("timeout", "no answer in time"), 12_000)
    reason = Look(rows, SourceError("timeout", "the credential plugin did not answer"), 8_000)
    found = concluded("kubernetes", examination, Looks([waited, reason], {}))
    assert found[0].detail == "the credential plugin did not answer"


def test_a_part_that_fails_is_named_and_one_that_is_only_good_to_have_may_be_absent() -> None:
    found = told(Made(("whole", Step()), ("part", Step())), None, None, FORBIDDEN)["pods"]
    assert (found.state, found.detail) == ("problem", "names unknown: not for you")
    found = told(Made(("whole", Step()), ("extra", Step())), None, None, ABSENT)["pods"]
    assert (found.state, found.detail) == ("ok", "1 row; names unknown: not served here (404)")


def test_what_all_rows_rest_on_is_told_once() -> None:
    found = told(
        Made(("whole", Step()), ("check", Step(name="API server"))),
        None,
        None,
        SourceError("server-error", "etcd failed"),
    )
    assert found["API server"].detail == "etcd failed"
    assert found["pods"].state == "ok"


def test_a_part_of_the_rows_is_not_known() -> None:
    found = told(Made(("whole", Step()), partial="others are hidden"), None, None)["pods"]
    assert (found.state, found.detail) == ("unknown", "partial: others are hidden")


@pytest.fixture
def over() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_what_hangs_is_told_in_time_and_the_others_are_well(over: threading.Event) -> None:
    def stuck() -> Examination:
        over.wait(LONG_S)  # then it would be well
        return Made()

    found: list[Check] = []
    named = ("pods",)
    check_all(
        (
            Plan("one", named, stuck, ""),
            Plan("two", named, lambda: Made(("whole", Step(lambda: over.wait(LONG_S)))), ""),
            Plan("three", named, lambda: Made(("whole", Step())), ""),
            Plan("four", named, raises(RuntimeError("a bug")), ""),  # type: ignore[arg-type]
            Plan("five", named, None, "five.host"),
        ),
        found.append,
        within_ms=300,
    )
    states = {(check.system, check.name): check.state for check in found}
    assert states["one", "reachable"] == "problem"
    assert states["two", "reachable"] == "ok"
    assert states["two", "pods"] == "problem"
    assert {state for (system, _), state in states.items() if system == "three"} == {"ok"}
    assert states["four", "reachable"] == "problem"
    assert {state for (system, _), state in states.items() if system == "five"} == {"off"}


def test_every_source_of_the_console_belongs_to_a_system() -> None:
    found = [name for plan in plans(CollectorSettings()) for name in plan.sources]
    assert sorted(found) == sorted(KINDS)
    assert CollectorSettings().sources == CLUSTER_SOURCES
