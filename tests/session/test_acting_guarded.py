"""What stands between a person and a change, on a real Redis: a record on disk, one at a time, an answer that is lost,
a server that hangs while somebody leaves."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.actions.process import Actor
from tests.journal.helpers import until
from tests.rig.systems.redis import Redis
from tests.session.acting_place import Desk, Machine, ends
from tests.sources.fault_proxy import Fault, FaultProxy
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin
from wfconsole.journal.disk import Disk
from wfconsole.session import act_life, confirming
from wfconsole.session.acts import Confirmation

YES = Confirmation()
Desks = Callable[..., Desk]


@pytest.fixture
def machine(redis: Redis, tmp_path: Path) -> Machine:
    made = Machine(tmp_path, redis)
    made.log_in("eve")
    return made


@pytest.fixture
def desks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desks]:
    monkeypatch.setattr(act_life, "ASKED_EVERY_MS", 100)
    monkeypatch.setattr(act_life, "IN_FLIGHT_MS", 100)
    made: list[Desk] = []

    def sit(machine: Machine, **how: Any) -> Desk:
        made.append(Desk(machine, **how))
        return made[-1]

    yield sit
    for each in made:
        each.close()


@pytest.fixture
def proxy(machine: Machine) -> Iterator[FaultProxy]:
    """The way of whoever acts; the machine itself looks past it."""
    with FaultProxy(machine.redis.port) as made:
        told = machine.settings
        machine.settings = msgspec.structs.replace(told, cache=msgspec.structs.replace(told.cache, port=made.port))
        yield made


# --- the record


def test_with_a_record_in_memory_only_nothing_is_run(machine: Machine, desks: Desks, tmp_path: Path) -> None:
    (tmp_path / "no-folder").write_text("")
    desk = desks(machine, incidents=tmp_path / "no-folder")
    receipt = desk.plan("eve")
    until(lambda: desk.session.view.journal.condition == "memory-only", "no disk takes it")
    before = machine.effects()
    assert "the record is on no disk" in desk.acting.confirm(receipt, YES)
    assert "the record is on no disk" in desk.acting.refusal()
    assert (machine.left("eve"), machine.effects(), desk.act(receipt).stage) == (3, before, "planned")


def test_a_disk_that_dies_between_plan_and_intent(
    machine: Machine, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "CONFIRMED_WITHIN_MS", 300)
    desk = desks(machine)
    receipt = desk.plan("eve")
    until(lambda: not desk.session.view.pending, "all is on disk")

    def broken(_disk: Disk, _descriptor: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(Disk, "sync", broken)
    before = machine.effects()
    desk.acting.confirm(receipt, YES)
    until(lambda: desk.act(receipt).stage == "over", "it is over")
    assert (machine.left("eve"), machine.effects()) == (3, before)
    assert desk.result(receipt) in ("", "failed")
    assert "done" not in [result for _, result in machine.ended()]


# --- one at a time


def begin(machine: Machine, user: str) -> Begin:
    return Begin(machine.settings, request=ends(user), receipt="act-1", locks=str(machine.state / "locks"))


def test_while_another_console_acts_on_it_nothing_is_run(machine: Machine, desks: Desks) -> None:
    other = Actor(begin(machine, "eve"))
    other.plan()
    other.capture()
    desk = desks(machine)
    receipt = desk.plan("eve")
    desk.acting.confirm(receipt, YES)
    until(lambda: desk.act(receipt).stage == "over", "it is over")
    assert "another console acts on user sessions eve just now" in desk.act(receipt).trouble
    assert (machine.left("eve"), machine.intended()) == (3, [])
    other.kill()  # what it held bars nobody
    receipt = desk.plan("eve")
    desk.acting.confirm(receipt, YES)
    until(lambda: desk.result(receipt) == "done", "it is done")
    assert machine.left("eve") == 0


def test_two_at_the_same_instant_are_one(machine: Machine) -> None:
    before = machine.effects()
    with Actor(begin(machine, "eve")) as first, Actor(begin(machine, "eve")) as second:
        plans = [each.plan() for each in (first, second)]
        for each, plan in zip((first, second), plans, strict=True):
            each.say(msgspec.json.encode(protocol.Run(plan.digest)))
        outcomes = [each.until(protocol.Ran).outcome for each in (first, second)]
    assert machine.left("eve") == 0
    assert machine.effects() - before == 1, outcomes
    assert [each.text for each in outcomes].count("3 sessions ended") == 1


def test_what_another_process_still_does_is_not_said_to_have_not_run(machine: Machine) -> None:
    """A console was killed in the middle; its process goes on. Whoever asks too early would hear the wrong answer."""
    running = Actor(begin(machine, "eve"))
    plan = running.plan()
    running.capture()
    later = msgspec.structs.replace(begin(machine, "eve"), request=None, plan=plan, mode="observe")
    with Actor(later, "import wfconsole.actions.main as m; m._PATIENCE_MS = 100") as asking:
        asked = asking.until(protocol.Asked)
    assert (asked.found, "another console acts on" in asked.text) == ("cannot tell", True)
    with Actor(later) as asking:
        assert running.run(plan).result == "done"
        assert asking.until(protocol.Asked).found == "ran"
    running.leave()
    assert running.process.wait(30) == 0


# --- an answer that is lost


class Cut:
    """Loses the answer to the change, once: it has arrived, and nobody hears of it."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self.asked = 0

    def __call__(self, answer: bytes) -> bytes:
        changes = sum(b"UNLINK" in each for each in self._proxy.asked)
        if changes > self.asked:
            self.asked = changes
            raise ConnectionResetError
        return answer


def test_an_answer_that_is_lost_is_unknown_and_asked_for_and_sent_once(
    machine: Machine, proxy: FaultProxy, desks: Desks
) -> None:
    desk = desks(machine)
    receipt = desk.plan("eve")
    before, cut = machine.effects(), Cut(proxy)
    proxy.become(Fault("pass", changed=cut))
    desk.acting.confirm(receipt, YES)
    until(lambda: desk.result(receipt) == "done", "it is found out")
    until(lambda: [result for _, result in machine.ended()] == ["unknown", "done"], "the record has both")
    assert (cut.asked, machine.effects() - before, machine.left("eve")) == (1, 1, 0)


# The request is on its way, and whoever sent it is gone; it arrives when there is a file.
ON_ITS_WAY = """
import os, subprocess
from wfconsole.actions.cache.server import Cache
def change(self, *words, what):
    keys = " ".join(word.decode() for word in words[1:])
    script = "until [ -e {go} ]; do sleep 0.02; done; redis-cli -p {port} unlink " + keys
    quiet = subprocess.DEVNULL
    subprocess.Popen(["sh", "-c", script], start_new_session=True, stdin=quiet, stdout=quiet, stderr=quiet)
    os._exit(9)
Cache.change = change
"""


def test_what_is_still_on_its_way_has_not_failed(
    machine: Machine, desks: Desks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act_life, "IN_FLIGHT_MS", 3000)
    go, asked, really = tmp_path / "go", list[str](), act_life._asked

    def asked_early(*told: Any) -> protocol.Asked | None:
        found = really(*told)
        assert found is not None
        asked.append(found.found)
        go.write_text("")
        until(lambda: machine.left("eve") == 0, "it has arrived")
        return found

    monkeypatch.setattr(act_life, "_asked", asked_early)
    desk = desks(machine, prelude=ON_ITS_WAY.replace("{go}", str(go)).replace("{port}", str(machine.redis.port)))
    receipt = desk.plan("eve")
    desk.acting.confirm(receipt, YES)
    until(lambda: desk.result(receipt) == "done", "it is found out")
    assert asked == ["did not run", "ran"]
    until(lambda: [result for _, result in machine.ended()] == ["unknown", "done"], "the record has both")


# --- leaving


def test_quitting_waits_for_no_server(machine: Machine, proxy: FaultProxy, desks: Desks) -> None:
    proxy.become(Fault("silent"))
    desk = desks(machine)
    desk.acting.plan(ends("eve"))
    until(lambda: proxy.open > 0, "it is asked for a plan")
    assert desk.close() < 1
    proxy.heal()

    desk = desks(machine)
    receipt = desk.plan("eve")
    proxy.become(Fault("silent"))
    desk.acting.confirm(receipt, YES)
    until(lambda: bool(machine.intended()), "it runs, and hears nothing")
    assert desk.close() < 1
    assert machine.ended() == []
    proxy.heal()
    desk = desks(machine)
    desk.find_out()
    assert desk.result(receipt) == ("done" if machine.left("eve") == 0 else "failed")


def test_quitting_waits_for_no_watch_either(machine: Machine, proxy: FaultProxy, desks: Desks) -> None:
    desk = desks(machine, prelude="import wfconsole.actions.main as m; m.verdict_of = lambda *_: None")
    receipt = desk.plan("eve")
    desk.acting.confirm(receipt, YES)
    until(lambda: desk.act(receipt).stage == "watching", "it is watched")
    proxy.become(Fault("silent"))
    assert desk.close() < 1
    proxy.heal()
    assert dict(machine.ended())[receipt] == "done"
    desk = desks(machine)
    desk.acting.take_up()
    until(lambda: bool(desk.session.view.incident.receipts[receipt].verdict), "it is watched on")
    assert desk.session.view.incident.receipts[receipt].verdict == "WORKED"
