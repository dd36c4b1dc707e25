"""kill -9 of the console, of the process that acts, or of both, around the intent, the effect and the result: never an
effect without an intent on disk, never two, and whoever goes on finds out what became of it."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journal.helpers import until
from tests.rig.systems.redis import Redis
from tests.session.acting_place import Desk, Machine
from tests.session.crashing import Console, gone
from wfconsole.session import act_life

VICTIMS = ("console", "acting", "both")
MOMENTS = ("planned", "intent", "effect", "result")
# A round of each is enough to fail; WFCONSOLE_CRASH_ROUNDS=200 looks longer.
ROUNDS = int(os.environ.get("WFCONSOLE_CRASH_ROUNDS", len(VICTIMS) * len(MOMENTS)))


@pytest.fixture
def machine(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(act_life, "IN_FLIGHT_MS", 100)
    return Machine(tmp_path, redis)


def rounds() -> Iterator[tuple[int, str, str]]:
    for number, (victim, moment) in enumerate(itertools.cycle(itertools.product(VICTIMS, MOMENTS)), 1):
        if number > ROUNDS:
            return
        yield number, victim, moment


def come(machine: Machine, console: Console, user: str, moment: str) -> None:
    """Wait for the moment, or for the end of the console where it was too fast for us."""
    intents, ended = len(machine.intended()), len(machine.ended())
    met: dict[str, Callable[[], bool]] = {
        "planned": lambda: "WHAT" in console.printed,
        "intent": lambda: len(machine.intended()) > intents,
        "effect": lambda: not machine.left(user),
        "result": lambda: len(machine.ended()) > ended,
    }
    until(lambda: "WHAT" in console.printed or console.code is not None, "it is planned")
    until(lambda: met[moment]() or console.code is not None, f"{moment} is there")


def strike(console: Console, victim: str) -> list[int]:
    acting = console.acting
    if victim in ("acting", "both"):
        for pid in acting:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    if victim in ("console", "both"):
        console.kill()
    else:
        assert console.end() is not None
    return acting


def test_a_kill_at_any_moment_loses_nothing_and_does_nothing_twice(machine: Machine) -> None:
    seed = int(os.environ.get("WFCONSOLE_CRASH_SEED", time.time_ns() % 10_000))
    chance = random.Random(seed)
    for number, victim, moment in rounds():
        told = f"round {number}: {victim} at {moment}, seed {seed}"
        user = f"user{number}"
        machine.log_in(user)
        before, intents = machine.effects(), len(machine.intended())
        console = machine.act(user, "--word", user)
        come(machine, console, user, moment)
        time.sleep(chance.choice((0.0, 0.0, 0.002, 0.01, 0.04)))
        acting = strike(console, victim)
        resumed = Desk(machine)
        try:
            resumed.find_out()
            until(lambda pids=acting: all(map(gone, pids)), "nobody acts any more")  # type: ignore[misc]
            judge(machine, resumed, user, machine.effects() - before, intents, told + f"\n{console.printed}")
        finally:
            resumed.close()


def judge(machine: Machine, resumed: Desk, user: str, effects: int, intents: int, told: str) -> None:
    intended = machine.intended()
    assert len(intended) <= intents + 1, told
    assert effects <= 1, told
    if len(intended) == intents:
        assert effects == 0, f"an effect without an intent on disk: {told}"
        return
    receipt = resumed.session.view.incident.receipts[intended[-1]]
    left = machine.left(user)
    match receipt.result:
        case "done":
            assert (effects, left) == (1, 0), told
        case "failed" | "stale":
            assert (effects, left) == (0, 3), f"{receipt.text}: {told}"
        case _:
            assert receipt.result == "unknown", told
