"""A look at many nodes: a few at a time, within one deadline, and those that went without come first next time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from websockets.sync.server import ServerConnection

from tests.sources.api_double import until
from tests.sources.gpus.exec_server import ExecServer, ended, prints
from tests.sources.gpus.nodes import cards
from wfconsole.config.metrics import GpuSettings
from wfconsole.observations.gpus import GpuRow
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.kubernetes.gpus import AT_ONCE, NvidiaSmiPoll

NODES = [f"n{number:02}" for number in range(10)]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[ExecServer]:
    with ExecServer(tmp_path) as server:
        server.pods = [f"plugin-{node}" for node in NODES]
        server.say = prints((1, cards(50).encode()))
        yield server


def a_poll(there: ExecServer, deadline_ms: int = 10_000) -> NvidiaSmiPoll:
    poll = NvidiaSmiPoll(there.server(), GpuSettings(exec_namespace="gpu-operator"), 15_000)
    poll.deadline_ms = deadline_ms
    return poll


def look(poll: NvidiaSmiPoll) -> dict[str, GpuRow]:
    poll.step(lambda: None)
    return {key: msgspec.json.decode(row, type=GpuRow) for key, row in poll.table.rows().items()}


def asked_nodes(there: ExecServer) -> list[str]:
    """The nodes that a command was sent to, in order, each once."""
    pods = [each.path.split("/pods/plugin-")[1].split("/")[0] for each in there.asked if "/pods/plugin-" in each.path]
    return list(dict.fromkeys(pods))


def test_all_are_asked_a_few_at_a_time(there: ExecServer) -> None:
    running, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    def say(talk: ServerConnection) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if running == AT_ONCE:
            full.set()
        full.wait(10)  # the first wait for one another; had they to come one by one, none would come
        with lock:
            running -= 1
        prints((1, cards(50).encode()))(talk)

    there.say = say
    assert set(look(a_poll(there))) == {f"{node}/0" for node in NODES}
    assert most == AT_ONCE


def test_who_goes_without_is_named_and_comes_first_next_time(there: ExecServer) -> None:
    there.say = lambda talk: there.over.wait(30)
    poll = a_poll(there, 1000)
    rows = look(poll)
    first = sorted(asked_nodes(there))
    assert first == NODES[:AT_ONCE]
    assert set(rows) == {f"{node}/" for node in first}, "commands that hang are findings"
    assert in_words(poll.lacks()) == f"no time to ask {', '.join(NODES[4:7])} and 3 more"
    there.say = prints((1, cards(50).encode()))
    there.asked.clear()
    poll.deadline_ms = 10_000
    rows = look(poll)
    assert asked_nodes(there)[0] in NODES[4:8]
    assert set(asked_nodes(there)) == set(NODES[4:]), "those that hang are left alone"
    assert in_words(poll.lacks()) == ""
    assert set(rows) == {*(f"{node}/" for node in first), *(f"{node}/0" for node in NODES[4:])}


def test_who_may_not_ask_one_does_not_try_them_all(there: ExecServer) -> None:
    there.refuses = (403, {}, json.dumps({"kind": "Status", "message": "forbidden", "code": 403}).encode())
    poll = a_poll(there)
    with pytest.raises(SourceError) as refused:
        look(poll)
    assert (refused.value.kind, len(asked_nodes(there)) <= 2 * AT_ONCE) == ("denied", True)
    assert refused.value.message.startswith("n00: ")
    assert "gpu-exec-role.yaml" in refused.value.remedy


def test_a_container_without_the_program_is_told_from_a_driver_in_trouble(there: ExecServer) -> None:
    there.pods = ["plugin-n00"]
    poll = a_poll(there)
    for status in (ended(127), {"status": "Failure", "message": 'exec: "nvidia-smi": executable file not found'}):
        there.say = prints((2, b"nvidia-smi: not found"), status=status)
        with pytest.raises(SourceError) as error:
            look(poll)
        assert (error.value.kind, "gpu.exec_container" in error.value.remedy) == ("not-served", True)
    there.say = prints((1, b"No devices were found\n"), status=ended(6))
    assert look(poll)["n00/"].problem == "exit code 6: No devices were found"


def test_of_two_pods_on_a_node_one_is_asked(there: ExecServer) -> None:
    there.pods = ["plugin-n00", "plugin-n00"]
    look(a_poll(there))
    assert len({each.path for each in there.asked if "query-gpu" in each.path}) == 1


def test_cutting_a_look_ends_every_command(there: ExecServer) -> None:
    begun = threading.Semaphore(0)

    def say(talk: ServerConnection) -> None:
        begun.release()
        there.over.wait(30)

    there.say = say
    poll = a_poll(there)
    ends: list[type] = []

    def step() -> None:
        try:
            poll.step(lambda: None)
        except CutShort:
            ends.append(CutShort)

    thread = threading.Thread(target=step)
    thread.start()
    for _ in range(AT_ONCE):
        assert begun.acquire(timeout=10)
    poll.cut()
    thread.join(10)
    assert ends == [CutShort]
    until(lambda: not [each for each in threading.enumerate() if each.name.startswith("nvidia-smi")], "threads end")
