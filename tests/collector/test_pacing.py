"""What a source says and when, how its parts add up, how long a failing task waits, and what a full outbox does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from tests.sources.api_double import until
from wfconsole.clock import MINUTE, Clock, ManualClock, Millis, SystemClock
from wfconsole.collector.collector import Collector
from wfconsole.collector.outbox import FULL_BYTES, Outbox
from wfconsole.collector.pacer import Feed, Pacer, beat
from wfconsole.collector.settings import CollectorSettings
from wfconsole.collector.standing import combined
from wfconsole.collector.worker import OUTAGE_MS, WOKEN_EVERY_MS, Standing, Worker, wait_after
from wfconsole.observations.snapshot import Failure, Lack, in_words
from wfconsole.recording.writer import StreamWriter
from wfconsole.sources.contract import CutShort, Part, RowTable, SourceError, Task
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Limits, Server
from wfconsole.sources.kubernetes.cluster import Cluster

NOW: Millis = 1_772_375_527_000
DENIED = Failure("denied", "pods: 403, no", since=NOW - 60_000)


class ScriptedTask:
    """A task that does what it is told: each step takes the next of its steps."""

    def __init__(self, *steps: Callable[[Callable[[], None]], Millis], name: str = "scripted") -> None:
        self.name = name
        self.steps = list(steps)
        self.cuts = 0
        self.overdue = 0
        self.stepped = 0

    def overdue_ms(self) -> Millis:
        return self.overdue

    def cut(self) -> None:
        self.cuts += 1

    def step(self, proven: Callable[[], None]) -> Millis:
        self.stepped += 1
        step = self.steps.pop(0) if self.steps else _rest
        return step(proven)


def _rest(_proven: Callable[[], None]) -> Millis:
    return 3_600_000


def proving(proven: Callable[[], None]) -> Millis:
    proven()
    return 0


def raising(error: Exception) -> Callable[[Callable[[], None]], Millis]:
    def step(_proven: Callable[[], None]) -> Millis:
        raise error

    return step


class TableSource:
    """A source over one table; see `contract.Source`."""

    name = "pods"
    interval_ms: Millis = 5_000
    parts: tuple[Part, ...] = ()

    def __init__(self) -> None:
        self.table = RowTable()
        self.said_lacks: tuple[Lack, ...] = ()
        self.said_facts: dict[str, str] = {}

    def take(self) -> Mapping[str, bytes | None]:
        return self.table.take()

    def lacks(self) -> tuple[Lack, ...]:
        return self.said_lacks

    def facts(self) -> Mapping[str, str]:
        return self.said_facts


class Bench:
    """A feed with a clock that stands still."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.source = TableSource()
        task = ScriptedTask()
        self.worker = Worker(task, self.clock, lambda: None)
        self.feed = Feed(self.source, [(Part(task), self.worker)])

    def prove(self, took_ms: int = 0) -> None:
        self.worker.standing = Standing(good_at=self.clock.now(), took_ms=took_ms)

    def fail(self, attempts: int = 1, kind: Any = "timeout") -> None:
        before = self.worker.standing.failure
        failure = Failure(kind, "slow", since=before.since if before else self.clock.now(), attempts=attempts)
        self.worker.standing = msgspec.structs.replace(self.worker.standing, failure=failure)

    def says(self, flush_ms: Millis = 500) -> dict[str, Any] | None:
        said = self.feed.patch(self.clock, flush_ms)
        return None if said is None else msgspec.json.decode(said.patch)


def test_nothing_is_said_before_anything_is_known() -> None:
    bench = Bench()
    assert bench.says() is None


def test_changes_that_go_on_are_told_on_the_beat_that_all_sources_share() -> None:
    bench = Bench()
    bench.clock.advance(1_300 - bench.clock.monotonic() % 1_000)
    bench.prove()
    bench.source.table.put("a", b'{"n":1}')
    assert bench.says() == {"rows": {"a": {"n": 1}}}
    bench.source.table.put("b", b'{"n":2}')
    bench.clock.advance(699)
    assert bench.says() is None
    bench.source.table.put("b", b'{"n":3}')
    bench.source.table.remove("a")
    bench.clock.advance(1)
    bench.prove()
    assert bench.says() == {"rows": {"b": {"n": 3}, "a": None}}
    bench.source.table.put("b", b'{"n":4}')
    bench.clock.advance(999)
    bench.prove()
    assert bench.says() is None
    bench.clock.advance(1)
    assert bench.says() == {"rows": {"b": {"n": 4}}}


def test_the_pacer_looks_at_each_beat() -> None:
    clock = ManualClock(NOW)
    outbox = Outbox(lambda _line: None, lambda: None, lambda: None)
    pacer = Pacer({}, StreamWriter(outbox.put, clock), outbox, clock, 500)
    pauses = []
    for passed in (0, 1_300, 200, 499):
        clock.advance(passed)
        pauses.append(pacer.pause_ms)
    assert pauses == [500, 200, 500, 1]
    assert beat(500) % 500 == 0


def test_the_first_change_after_a_quiet_time_is_told_after_a_moment() -> None:
    bench = Bench()
    bench.prove()
    bench.source.table.put("a", b'{"n":1}')
    assert bench.says() == {"rows": {"a": {"n": 1}}}
    bench.clock.advance(1_000)
    assert bench.says() is None
    bench.source.table.put("a", b'{"n":2}')
    bench.clock.advance(499)
    assert bench.says() is None
    bench.clock.advance(1)
    bench.prove()
    assert bench.says() == {"rows": {"a": {"n": 2}}}


def test_a_look_that_found_nothing_new_is_told_once_an_interval() -> None:
    bench = Bench()
    bench.prove()
    assert bench.says() == {}
    bench.clock.advance(1_000)
    bench.prove()
    assert bench.says() is None
    bench.clock.advance(4_000)
    bench.prove()
    assert bench.says() == {}


def test_what_was_not_looked_at_is_not_told_as_looked_at() -> None:
    bench = Bench()
    bench.prove()
    bench.says()
    bench.clock.advance(60_000)
    assert bench.says() is None


def test_rows_carry_their_age_where_it_is_not_now() -> None:
    bench = Bench()
    bench.prove()
    bench.says()
    bench.clock.advance(2_000)
    bench.source.table.put("a", b"{}")
    assert bench.says() == {"rows": {"a": {}}, "age_ms": 2_000}


def test_a_failure_is_told_at_once_then_once_an_interval_and_so_is_its_end() -> None:
    bench = Bench()
    bench.prove()
    bench.says()
    bench.clock.advance(100)
    bench.fail()
    told = bench.says()
    assert told is not None
    assert set(told) == {"failure"}
    assert told["failure"]["kind"] == "timeout"
    bench.clock.advance(1_000)
    bench.fail(attempts=2)
    assert bench.says() is None
    bench.clock.advance(4_000)
    told = bench.says()
    assert told is not None
    assert told["failure"]["attempts"] == 2
    bench.clock.advance(100)
    bench.prove()
    assert bench.says() == {"failure": None}


def test_another_kind_of_failure_is_told_at_once() -> None:
    bench = Bench()
    bench.fail()
    bench.says()
    bench.clock.advance(100)
    bench.fail(kind="refused")
    told = bench.says()
    assert told is not None
    assert told["failure"]["kind"] == "refused"


def test_a_failure_that_stays_the_same_is_repeated_now_and_then() -> None:
    bench = Bench()
    bench.fail()
    bench.says()
    bench.clock.advance(20_000)
    assert bench.says() is None
    bench.clock.advance(10_000)
    assert bench.says() is not None


def test_partial_and_facts_are_told_when_they_change() -> None:
    bench = Bench()
    bench.prove()
    bench.source.said_lacks = (Lack("listing 500 of about 9000", "loading"),)
    bench.source.said_facts = {"scope": "all namespaces"}
    assert bench.says() == {
        "partial": "listing 500 of about 9000",
        "lacks": [{"text": "listing 500 of about 9000", "kind": "loading"}],
        "facts": {"scope": "all namespaces"},
    }
    assert bench.says() is None
    bench.source.said_lacks = ()
    assert bench.says() == {"partial": "", "lacks": []}


# --- parts ----------------------------------------------------------------------------------------------------------

WELL = Standing(good_at=NOW)


def parts(*standings: tuple[str, str, Standing]) -> list[tuple[Part, Standing]]:
    return [
        (Part(ScriptedTask(name=name), role, "" if role == "whole" else f"the {name}"), standing)  # type: ignore[arg-type]
        for name, role, standing in standings
    ]


def test_a_source_is_as_old_as_its_oldest_part() -> None:
    whole = combined(parts(("a", "whole", WELL), ("b", "whole", Standing(good_at=NOW - 3_000))))
    assert (whole.good_at, whole.failure, in_words(whole.lacks)) == (NOW - 3_000, None, "")


def test_one_failing_part_leaves_the_rest() -> None:
    failing = Standing(good_at=NOW - MINUTE, failure=DENIED)
    whole = combined(parts(("a", "whole", WELL), ("b", "whole", failing)))
    assert (whole.good_at, whole.failure, in_words(whole.lacks)) == (NOW, None, "pods: 403, no")


def test_all_parts_failing_is_the_failure_that_began_first() -> None:
    later = msgspec.structs.replace(DENIED, since=NOW, message="later")
    whole = combined(parts(("a", "whole", Standing(failure=later)), ("b", "whole", Standing(failure=DENIED))))
    assert whole.failure == DENIED
    assert whole.good_at is None


def test_all_parts_failing_says_when_the_first_of_them_tries_again() -> None:
    first = msgspec.structs.replace(DENIED, retry_at=NOW + 50_000)
    later = msgspec.structs.replace(DENIED, since=NOW, retry_at=NOW + 9_000)
    stuck = msgspec.structs.replace(DENIED, since=NOW)
    whole = combined(parts(*(("a", "whole", Standing(failure=each)) for each in (first, later, stuck))))
    assert whole.failure == msgspec.structs.replace(first, retry_at=NOW + 9_000)


def test_a_part_that_was_not_read_yet_is_missing() -> None:
    whole = combined(parts(("a", "whole", WELL), ("b", "whole", Standing())))
    assert in_words(whole.lacks) == "b: not read yet"


def test_nothing_read_yet_is_not_partial() -> None:
    whole = combined(parts(("a", "whole", Standing()), ("b", "part", Standing())))
    assert (whole.good_at, in_words(whole.lacks)) == (None, "")


def test_a_lesser_part_is_named_by_what_it_gives() -> None:
    whole = combined(parts(("a", "whole", WELL), ("b", "part", Standing(failure=DENIED))))
    assert (whole.failure, in_words(whole.lacks)) == (None, "the b unknown: pods: 403, no")


def test_an_extra_is_a_fact_and_not_partial() -> None:
    whole = combined(parts(("a", "whole", WELL), ("b", "extra", Standing(failure=DENIED))))
    assert (in_words(whole.lacks), whole.facts) == ("", {"the b": "unknown: pods: 403, no"})


REFUSED = msgspec.structs.replace(DENIED, remedy="Grant list on pods.", right="list pods")


def test_a_part_that_is_refused_is_told_with_the_right_and_what_mends_it() -> None:
    whole = combined(parts(("a", "whole", WELL), ("b", "part", Standing(failure=REFUSED))))
    assert whole.lacks == (Lack("the b unknown: pods: 403, no", "permission", "Grant list on pods.", "list pods"),)
    assert in_words(whole.lacks) == "the b unknown: pods: 403, no; Grant list on pods."


def test_a_part_that_fails_otherwise_is_told_without_what_would_mend_a_refusal() -> None:
    failure = msgspec.structs.replace(DENIED, kind="timeout", remedy="It is tried again.")
    (lack,) = combined(parts(("a", "whole", WELL), ("b", "part", Standing(failure=failure)))).lacks
    assert lack.kind == "failing"
    assert in_words((lack,)) == "the b unknown: pods: 403, no"


def test_an_extra_that_is_refused_is_told_without_making_the_rows_partial() -> None:
    (lack,) = combined(parts(("a", "whole", WELL), ("b", "extra", Standing(failure=REFUSED)))).lacks
    assert (lack.kind, lack.extra, lack.right) == ("permission", True, "list pods")


def test_other_rights_that_are_refused_are_told_beside_the_failure() -> None:
    other = msgspec.structs.replace(REFUSED, since=NOW, message="pods in b: 403, no", right="list pods in b")
    again = msgspec.structs.replace(REFUSED, since=NOW)
    whole = combined(parts(*(("a", "whole", Standing(failure=each)) for each in (REFUSED, other, again))))
    assert whole.failure == REFUSED
    assert [lack.right for lack in whole.lacks] == ["list pods in b"]


# --- waiting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempts", "most"), [(1, 1_000), (2, 2_000), (3, 4_000), (6, 32_000), (7, 60_000), (5000, 60_000)]
)
def test_waits_grow_to_a_minute_and_no_further(attempts: int, most: int) -> None:
    assert wait_after(attempts, None, max) == most
    assert wait_after(attempts, None, min) == 250


def test_what_the_server_asks_for_is_the_least() -> None:
    assert wait_after(1, 90_000, max) == 90_000
    assert wait_after(7, 0, max) == 60_000


def test_looks_never_fall_into_step() -> None:
    """Neither those of one console nor those of a room full of them: each wait is up to a tenth longer or shorter."""
    worker = Worker(ScriptedTask(*[lambda _proven: 10_000] * 200), SystemClock(), lambda: None)
    waits = [worker._step() for _ in range(200)]
    assert 9_000 <= min(waits) < 9_500
    assert 10_500 < max(waits) <= 11_000


def working(task: ScriptedTask) -> Worker:
    worker = Worker(task, SystemClock(), lambda: None)
    worker.start()
    return worker


def test_what_nobody_expected_is_said_without_its_secret() -> None:
    worker = working(ScriptedTask(raising(RuntimeError("password=hunter2 for op1 was refused"))))
    failure = until(lambda: worker.standing.failure, "a failure")
    assert "RuntimeError: password=(redacted) for op1 was refused" in failure.message


def test_a_failure_counts_its_attempts_and_keeps_its_beginning() -> None:
    gone = SourceError("refused", "nobody there", remedy="look", retry_after_ms=0)
    worker = working(ScriptedTask(raising(gone), raising(gone)))
    first = until(lambda: worker.standing.failure, "a failure")
    second = until(lambda: _attempt(worker, 2), "the second attempt, by itself")
    assert second.since == first.since
    assert (second.kind, second.remedy) == ("refused", "look")
    assert second.retry_at > second.since


def _attempt(worker: Worker, number: int) -> Failure | None:
    failure = worker.standing.failure
    return failure if failure is not None and failure.attempts == number else None


def test_success_ends_a_failure() -> None:
    worker = working(ScriptedTask(raising(SourceError("timeout", "slow")), proving))
    until(lambda: worker.standing.failure, "a failure")
    worker.retry()
    until(lambda: worker.standing.good_at and worker.standing.failure is None, "the end of the failure")


class TwoTasks:
    """Two tasks of one server that both failed `ago`; the first gets through when somebody asks."""

    def __init__(self, ago: Millis, error: SourceError | None = None) -> None:
        self.clock = ManualClock(NOW)
        gone = SourceError("refused", "nobody there")
        self.other = ScriptedTask(raising(error or gone), raising(gone), proving)
        self.woken: list[Worker] = []
        self.one = ScriptedTask(raising(gone), proving)
        self.first = self._worker(self.one)
        self.second = self._worker(self.other)
        for worker in (self.first, self.second):
            worker.start()
            until(lambda worker=worker: worker.standing.failure, "a failure")  # type: ignore[misc]
        self.clock.advance(ago)

    def _worker(self, task: ScriptedTask) -> Worker:
        return Worker(task, self.clock, lambda: None, self._through)

    def _through(self) -> None:
        self.woken.append(self.second)
        self.second.try_again()

    def get_through(self) -> None:
        self.first.retry()
        until(lambda: self.one.stepped == 3, "the step after the one that got through")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody tries again by itself while a test runs."""
    monkeypatch.setattr("wfconsole.collector.worker.wait_after", lambda *_: 3_600_000)


@pytest.mark.usefixtures("patient")
def test_after_an_outage_the_first_that_gets_through_wakes_the_others() -> None:
    two = TwoTasks(ago=MINUTE)
    two.get_through()
    second = until(lambda: _attempt(two.second, 2), "another try at once")
    assert second.since == NOW, "the failure goes on, and so does the count"


@pytest.mark.usefixtures("patient")
def test_who_was_woken_in_vain_is_left_alone_for_a_while() -> None:
    two = TwoTasks(ago=MINUTE)
    two.get_through()
    until(lambda: _attempt(two.second, 2), "a try in vain")
    two.clock.advance(WOKEN_EVERY_MS - 1)
    two.second.try_again()
    assert not two.second._wake.is_set()
    two.clock.advance(1)
    two.second.try_again()
    until(lambda: two.second.standing.good_at, "the next try")


@pytest.mark.usefixtures("patient")
def test_a_short_failure_wakes_nobody() -> None:
    two = TwoTasks(ago=OUTAGE_MS - 1)
    two.get_through()
    assert two.woken == []


@pytest.mark.usefixtures("patient")
def test_a_wait_that_the_server_asked_for_is_kept() -> None:
    two = TwoTasks(ago=MINUTE, error=SourceError("rate-limited", "later", retry_after_ms=3_600_000))
    two.get_through()
    assert two.woken == [two.second]
    assert not two.second._wake.is_set()
    assert two.other.stepped == 1


@pytest.mark.parametrize("error", [ValueError("x"), RecursionError(), MemoryError(), KeyError("\x1b[2J")])
def test_whatever_a_task_raises_is_a_failure_and_never_the_end(error: Exception) -> None:
    task = ScriptedTask(raising(error), proving)
    worker = working(task)
    failure = until(lambda: worker.standing.failure, "a failure")
    assert failure.kind == "bad-answer"
    assert type(error).__name__ in failure.message
    assert "\x1b" not in failure.message
    worker.retry()
    until(lambda: worker.standing.good_at, "the next step")


def test_a_step_that_was_cut_is_no_failure() -> None:
    task = ScriptedTask(raising(CutShort()), proving)
    worker = working(task)
    until(lambda: worker.standing.good_at, "the next step")
    assert worker.standing.failure is None


def test_a_step_that_hangs_is_reported_from_outside_and_cut() -> None:
    release = threading.Event()

    def hang(_proven: Callable[[], None]) -> Millis:
        release.wait(30)
        raise CutShort

    task = ScriptedTask(hang)
    worker = working(task)
    until(lambda: task.stepped, "the step began")
    task.overdue = 1_000
    worker.check()
    assert task.cuts == 0
    task.overdue = 9_000
    worker.check()
    failure = worker.standing.failure
    assert failure is not None
    assert (failure.kind, "stuck" in failure.message, task.cuts) == ("timeout", True, 1)
    task.overdue = 0
    release.set()
    until(lambda: worker.standing.failure is not None and worker.standing.failure.retry_at, "it waits to try again")


class Still(Worker):
    """A worker that does nothing, and counts who wakes it."""

    started: ClassVar[list[Still]] = []

    def __init__(self, task: Task, clock: Clock, notify: Callable[[], None], through: Callable[[], None]) -> None:
        super().__init__(task, clock, notify, through)
        self.through = through
        self.woken = 0

    def start(self) -> None:
        self.started.append(self)

    def try_again(self) -> None:
        self.woken += 1


def test_all_tasks_of_a_cluster_wake_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfconsole.collector.collector.Worker", Still)
    monkeypatch.setattr("wfconsole.collector.pacer.Pacer.run", lambda _: None)
    settings = CollectorSettings(replaces=True)  # nothing is announced
    collector = Collector(settings, ManualClock(NOW), lambda _: None, lambda: None)
    server = Server(Access("https://127.0.0.1:1", "127.0.0.1", 1), Limits())
    collector._follow(Cluster(server, (), {}).sources(settings.sources), server)
    until(lambda: len(Still.started) > len(settings.sources), "all have started")
    Still.started[0].through()
    assert {each.woken for each in Still.started} == {1}


def test_the_first_source_has_a_start_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there first is what everybody waits for; whatever it does, the others follow soon."""
    Still.started.clear()
    monkeypatch.setattr("wfconsole.collector.collector.Worker", Still)
    monkeypatch.setattr("wfconsole.collector.pacer.Pacer.run", lambda _: None)
    waited: list[tuple[int, bool]] = []
    wait = "wfconsole.collector.collector._wait_until"
    monkeypatch.setattr(wait, lambda so, _: waited.append((len(Still.started), so())))
    settings = CollectorSettings(replaces=True)
    collector = Collector(settings, ManualClock(NOW), lambda _: None, lambda: None)
    server = Server(Access("https://127.0.0.1:1", "127.0.0.1", 1), Limits())
    sources = Cluster(server, (), {}).sources(settings.sources)
    collector._follow(sources, server)
    until(lambda: len(Still.started) > len(settings.sources), "all have started")
    leads = [part.task for part in sources[0].parts]
    assert [each.task for each in Still.started[: len(leads)]] == leads
    assert waited[0] == (len(leads), False), "the others wait while none of it is over"


@pytest.mark.parametrize("step", [proving, raising(SourceError("refused", "no"))])
def test_a_first_step_is_over_when_it_went_well_or_failed(step: Callable[..., Millis]) -> None:
    release = threading.Event()

    def first(proven: Callable[[], None]) -> Millis:
        release.wait(30)
        return step(proven)

    worker = working(ScriptedTask(first))
    assert not worker.first_step_over
    release.set()
    until(lambda: worker.first_step_over, "it is over")


# --- the way out ----------------------------------------------------------------------------------------------------


def test_lines_go_out_in_order_and_a_reader_that_stands_still_makes_it_full() -> None:
    let_go = threading.Event()
    written: list[bytes] = []
    room = threading.Event()

    def write(data: bytes) -> None:
        let_go.wait(30)
        written.append(data)

    outbox = Outbox(write, lambda: None, room.set)
    line = b"x" * 1000
    count = 0
    while not outbox.full:
        outbox.put(line)
        count += 1
    assert count * len(line) >= FULL_BYTES
    assert not outbox.drain(0.01)
    let_go.set()
    assert outbox.drain(10)
    assert len(written) == count
    assert room.is_set()


def test_a_reader_that_is_gone_is_told() -> None:
    gone = threading.Event()

    def write(_data: bytes) -> None:
        raise BrokenPipeError

    Outbox(write, gone.set, lambda: None).put(b"line")
    assert gone.wait(10)
