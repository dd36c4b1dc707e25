"""A server that comes and goes for a day, played quickly: nothing piles up, and the next look works as the first."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import random
import re
from pathlib import Path

import pytest

from tests.sources.api_double import until
from tests.sources.fault_bench import PATIENT_MS, held
from tests.sources.fault_proxy import GARBAGE, Fault, FaultProxy
from tests.sources.polled import SYSTEMS, Where, polls_of
from wfconsole.sources.contract import SourceError

# Those that end at once: a day of the others would be a day.
QUICK = (
    Fault("refuse"),
    Fault("reset"),
    Fault("reset", after=3),
    Fault("garbage"),
    Fault("says", says=b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"),
    Fault("says", says=GARBAGE),
)
FIRST, THEN = 25, 50  # rounds: until everything is as large as it gets, and those that count


def memory_held() -> int:
    """Bytes of this process in memory, after what is not needed is given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return 1024 * int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0])


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_day_of_flapping_leaves_nothing_behind(system: str, request: pytest.FixtureRequest) -> None:
    polled, chance = SYSTEMS[system], random.Random(7)
    server = request.getfixturevalue(polled.fixture)
    with FaultProxy(server.port) as proxy:
        tasks = [task for source in polled.build(server, Where("127.0.0.1", proxy.port)) for task in polls_of(source)]

        def flap() -> None:
            proxy.become(chance.choice(QUICK))
            for task in tasks:
                task.deadline_ms = PATIENT_MS
                with contextlib.suppress(SourceError):  # who asks nobody just then does well
                    task.step(lambda: None)
            proxy.heal()
            for task in tasks:
                task.deadline_ms = PATIENT_MS
                task.step(lambda: None)

        for _ in range(FIRST):
            flap()
        before, memory = held(), memory_held()
        for _ in range(THEN):
            flap()
        until(lambda: gc.collect() >= 0 and held() <= before, f"{held()} held, {before} before", 5)
        assert memory_held() < memory * 1.05
